//! Settings that work and protect from less than they seem to.

use base::media::Srtp;
use base::wire::Transport;

use crate::{Directory, PeerUri, Trunk};

impl Directory {
    /// Trunks, and stations unless phones can reach the node by TLS, whose media keys go over signalling that anybody on
    /// the way can read (RFC 4568 §8.3); one sentence each.
    #[must_use]
    pub fn exposed_keys(&self, phones_have_tls: bool) -> Vec<String> {
        let encrypts = |srtp: Srtp| srtp != Srtp::Off;
        let trunks = self.trunks.values().filter(|trunk| encrypts(trunk.srtp) && !has_tls(trunk));
        let stations = self.stations.values().filter(|station| encrypts(station.srtp) && !phones_have_tls);
        let why = "srtp: keys go in the clear, since signalling is not over TLS";
        trunks
            .map(|trunk| format!("trunk {}: {why}", trunk.name))
            .chain(stations.map(|station| format!("station {}: {why}", station.extension)))
            .collect()
    }
}

/// A trunk without peers only sends calls here: it says by `tls_name` that it does so over TLS.
fn has_tls(trunk: &Trunk) -> bool {
    let over_tls = |uri: &PeerUri| uri.secure || uri.transport.or(trunk.transport) == Some(Transport::Tls);
    let peers_have = trunk.peers.iter().all(|peer| peer.uri.parse().is_ok_and(|uri| over_tls(&uri)));
    peers_have && !(trunk.peers.is_empty() && trunk.tls_name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Peer, Station};

    fn trunk(name: &str, srtp: Srtp, uri: &str) -> Trunk {
        let peers = vec![Peer { uri: uri.to_owned(), priority: 0, weight: Peer::WEIGHT }];
        Trunk { srtp, peers, ..Trunk::named(name) }
    }

    /// RFC 4568 §8.3: SDES is as secret as the signalling that carries it.
    #[test]
    fn keys_over_signalling_in_the_clear_are_told() {
        let mut directory = Directory::default();
        for trunk in [
            trunk("a", Srtp::Required, "sip:gw.example"),
            trunk("b", Srtp::Required, "sip:gw.example;transport=tls"),
            trunk("c", Srtp::Optional, "sips:gw.example"),
            trunk("d", Srtp::Off, "sip:gw.example"),
            Trunk { srtp: Srtp::Optional, ..Trunk::named("e") },
        ] {
            directory.trunks.insert(trunk.name.clone(), trunk);
        }
        directory
            .stations
            .insert("1001".to_owned(), Station { srtp: Srtp::Optional, ..Station::numbered("1001") });
        let told = |tls| -> Vec<String> {
            let of = |line: String| line.split(':').next().unwrap_or_default().to_owned();
            directory.exposed_keys(tls).into_iter().map(of).collect()
        };
        assert_eq!(told(true), ["trunk a", "trunk e"]);
        assert_eq!(told(false), ["trunk a", "trunk e", "station 1001"]);
    }
}
