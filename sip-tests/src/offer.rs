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

/// A body with these formats in place of its own; as an answer, with the first of them that is offered and keypad events.
#[must_use]
pub(crate) fn spoken(body: &str, formats: &[&str], offer: Option<&str>) -> String {
    if formats.is_empty() {
        return body.to_owned();
    }
    let offered: Vec<(&str, &str)> = offer.map(maps_of).unwrap_or_default();
    let mut chosen: Vec<(&str, &str, &str)> = formats.iter().map(|format| split_format(format)).collect();
    if offer.is_some() {
        chosen = chosen
            .into_iter()
            .filter_map(|(_, map, fmtp)| {
                let same = |(_, other): &&(&str, &str)| other.eq_ignore_ascii_case(map);
                Some((offered.iter().find(same)?.0, map, fmtp))
            })
            .collect();
        let events = |map: &str| map.starts_with("telephone-event");
        let speech = chosen.iter().find(|(_, map, _)| !events(map)).copied();
        chosen = speech.into_iter().chain(chosen.into_iter().filter(|(_, map, _)| events(map))).collect();
    }
    let numbers: Vec<&str> = chosen.iter().map(|(number, ..)| *number).collect();
    let own = |line: &&str| !line.starts_with("a=rtpmap:") && !line.starts_with("a=fmtp:");
    let mut text = String::new();
    for line in body.lines().filter(own) {
        match line.split_once(" RTP/AVP ") {
            Some((media, _)) => text.push_str(&format!("{media} RTP/AVP {}\r\n", numbers.join(" "))),
            None => text.push_str(&format!("{line}\r\n")),
        }
    }
    for (number, map, fmtp) in chosen {
        text.push_str(&format!("a=rtpmap:{number} {map}\r\n"));
        if !fmtp.is_empty() {
            text.push_str(&format!("a=fmtp:{number} {fmtp}\r\n"));
        }
    }
    text
}

fn split_format(format: &str) -> (&str, &str, &str) {
    let mut words = format.splitn(3, ' ');
    let mut word = || words.next().unwrap_or_default();
    (word(), word(), word())
}

/// The formats of a body in its order: number and what it stands for.
#[must_use]
pub fn maps_of(body: &str) -> Vec<(&str, &str)> {
    let Some((_, numbers)) = body.lines().find_map(|line| line.split_once(" RTP/AVP ")) else {
        return Vec::new();
    };
    let map = |number| {
        let maps = body.lines().filter_map(|line| line.strip_prefix("a=rtpmap:")?.split_once(' '));
        maps.into_iter().find(|(of, _)| *of == number).map(|(_, map)| map)
    };
    let fixed = |number| match number {
        "0" => "PCMU/8000",
        "8" => "PCMA/8000",
        "9" => "G722/8000",
        "18" => "G729/8000",
        _unexplained => "",
    };
    numbers.split(' ').map(|number| (number, map(number).unwrap_or_else(|| fixed(number)))).collect()
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
