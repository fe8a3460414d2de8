//! Session descriptions of the agents, as text.

use std::net::{IpAddr, SocketAddr};

/// A body with PCMU, PCMA and telephone-event from this address.
#[must_use]
pub fn body(at: SocketAddr, version: u32, direction: &str) -> String {
    let family = if at.is_ipv6() { "IP6" } else { "IP4" };
    let (ip, port) = (at.ip(), at.port());
    format!(
        "v=0\r\no=- 7 {version} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na={direction}\r\n"
    )
}

/// Where a body wants its audio; port 0 when it wants none.
#[must_use]
pub fn media_of(body: &str) -> Option<SocketAddr> {
    let port =
        body.lines().find_map(|line| line.strip_prefix("m=audio "))?.split(' ').next()?.parse().ok()?;
    let ip: IpAddr =
        body.lines().rev().find_map(|line| line.strip_prefix("c=IN IP"))?.split(' ').nth(1)?.parse().ok()?;
    Some(SocketAddr::new(ip, port))
}

/// The direction of a body: `sendrecv` when it names none.
#[must_use]
pub fn direction_of(body: &str) -> &str {
    let known = ["sendrecv", "sendonly", "recvonly", "inactive"];
    body.lines()
        .filter_map(|line| line.strip_prefix("a="))
        .find(|value| known.contains(value))
        .unwrap_or("sendrecv")
}

/// The direction that answers one.
pub(crate) fn mirrored(direction: &str) -> &'static str {
    match direction {
        "sendonly" => "recvonly",
        "recvonly" => "sendonly",
        "inactive" => "inactive",
        _ => "sendrecv",
    }
}
