//! What is set up at the switch, from a few words.

use provision::{DialRule, Directory, Entity, Number, Peer, Station, Trunk};

use crate::digest::sha256_hex;
use crate::md5_hex;

/// The digest realm of the switch.
pub const REALM: &str = "tandem.test";

/// A destination in provisioning's words.
///
/// # Panics
/// When there is no such destination.
#[must_use]
pub fn destination(words: &str) -> provision::Destination {
    words.parse().expect("a destination")
}

pub(crate) fn station(extension: &str, password: &str) -> Entity {
    let secret = format!("{extension}:{REALM}:{password}");
    let (ha1_md5, ha1_sha256) = (md5_hex(&secret), sha256_hex(&secret));
    Entity::Station(Station { ha1_md5, ha1_sha256, spoken_refusals: false, ..Station::numbered(extension) })
}

pub(crate) fn trunk(name: &str, addr: std::net::SocketAddr, transport: base::wire::Transport) -> Entity {
    let uri = format!("sip:{addr}");
    let hosts = vec![addr.ip().to_string().parse().expect("an address is a source")];
    let peers = vec![Peer { uri, priority: 0, weight: Peer::WEIGHT }];
    Entity::Trunk(Trunk { hosts, peers, transport: Some(transport), health_secs: 0, ..Trunk::named(name) })
}

pub(crate) fn number(directory: &mut Directory, did: &str, to: &str) {
    directory.put(Entity::Number(Number::leading(did, destination(to))));
}

pub(crate) fn rule(directory: &mut Directory, pattern: &str, trunks: &[&str]) {
    let trunks = trunks.iter().map(|name| (*name).to_owned()).collect();
    directory.put(Entity::DialRule(DialRule { trunks, ..DialRule::matching(pattern) }));
}
