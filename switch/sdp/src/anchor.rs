//! A body on its way through the switch: media comes to us, and what only works end to end is left out.

use std::net::IpAddr;

use crate::address::connection_value;
use crate::attributes::Line;
use crate::media::{Direction, Media};
use crate::secure::make_plain;
use crate::text::Sdp;

/// Our end of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ours {
    /// The address far ends reach us at.
    pub ip: IpAddr,
    /// The leased RTP port; RTCP is on the next one.
    pub rtp_port: u16,
    /// `o=` session id, one for the whole dialog.
    pub session_id: u64,
    /// `o=` version; see [`Sdp::number_after`].
    pub version: u64,
    /// Whether to write `a=rtcp-mux`. In an answer only when the offer has it (RFC 5761 §5.1.1).
    pub rtcp_mux: bool,
    /// Overrides which way media flows; `None` keeps what the body says.
    pub direction: Option<Direction>,
}

/// Attributes that describe one transport and mean nothing behind an anchor: ICE, keys, RTCP feedback and
/// address, sources, bundles.
const NOT_ACROSS: [&str; 27] = [
    "candidate",
    "remote-candidates",
    "end-of-candidates",
    "ice-ufrag",
    "ice-pwd",
    "ice-options",
    "ice-lite",
    "ice-mismatch",
    "ice-pacing",
    "fingerprint",
    "setup",
    "tls-id",
    "identity",
    "crypto",
    "key-mgmt",
    "ssrc",
    "ssrc-group",
    "rtcp",
    "rtcp-mux",
    "rtcp-mux-only",
    "rtcp-fb",
    "rtcp-rsize",
    "group",
    "bundle-only",
    "msid",
    "msid-semantic",
    "source-filter",
];

/// The body to send on when media is relayed through us.
///
/// The first usable audio stream, or without one the first fax, points to `ours`; every other stream is refused in its place, so the count
/// and order of `m=` lines hold (RFC 3264 §6, §8). A hold by address becomes a hold by attribute. Formats,
/// `rtpmap`, `fmtp`, `ptime` and unknown lines pass. The profile becomes `RTP/AVP`; keys are each leg's own.
#[must_use]
pub fn anchor(body: &Sdp, ours: &Ours) -> Sdp {
    let mut out = body.clone();
    let fax = || body.media.iter().position(Media::is_fax);
    let anchored = body.media.iter().position(Media::is_usable_audio).or_else(fax);
    out.session.retain(|line| crosses(line) && line.kind != 'k');
    for (index, media) in out.media.iter_mut().enumerate() {
        if Some(index) == anchored {
            point_to(media, ours, body);
        } else {
            media.refuse();
        }
    }
    point_session_to(&mut out, ours);
    out
}

pub(crate) fn point_session_to(sdp: &mut Sdp, ours: &Ours) {
    let address = connection_value(ours.ip);
    let origin = format!("tandem {} {} {address}", ours.session_id, ours.version);
    sdp.set_session_line('o', origin, "siuepcbtrzka");
    sdp.set_session_line('c', address, "btrzka");
}

fn point_to(media: &mut Media, ours: &Ours, body: &Sdp) {
    let hold_by_address = body.direction_of(media) != body.written_direction_of(media);
    let effective = body.direction_of(media);
    media.port = ours.rtp_port;
    media.port_count.clear();
    if !media.is_fax() {
        make_plain(media);
    }
    media.lines.retain(|line| crosses(line) && line.kind != 'c' && line.kind != 'k');
    if ours.rtcp_mux && !media.is_fax() {
        media.lines.push(Line::flag("rtcp-mux"));
    }
    match ours.direction {
        Some(direction) => media.set_direction(direction),
        None if hold_by_address => media.set_direction(effective),
        None => {}
    }
}

fn crosses(line: &Line) -> bool {
    !NOT_ACROSS.iter().any(|name| line.is_attribute(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Ours {
        let ip = "198.51.100.7".parse().unwrap();
        Ours { ip, rtp_port: 20_000, session_id: 5, version: 1, rtcp_mux: false, direction: None }
    }

    fn anchored(text: &str, ours: &Ours) -> String {
        anchor(&Sdp::parse(text.as_bytes()).unwrap(), ours).to_string().replace("\r\n", "\n")
    }

    #[test]
    fn an_offer_passes_with_our_address_and_without_what_is_end_to_end() {
        let offer = "v=0\no=alice 1 9 IN IP4 192.0.2.1\ns=call\nt=0 0\na=group:BUNDLE 0\na=ice-lite\n\
            m=video 4002 RTP/AVP 31\na=rtpmap:31 H261/90000\n\
            m=audio 4000 RTP/AVP 0 101\nc=IN IP4 192.0.2.1\na=rtcp:4009 IN IP4 192.0.2.1\na=rtcp-mux\n\
            a=candidate:1 1 UDP 1 192.0.2.1 4000 typ host\na=ssrc:1 cname:x\na=rtpmap:101 telephone-event/8000\n\
            a=fmtp:101 0-16\na=ptime:20\na=x-kept:yes\na=sendonly\n\
            m=audio 4004 RTP/AVP 8\n";
        let expected = "v=0\no=tandem 5 1 IN IP4 198.51.100.7\ns=call\nc=IN IP4 198.51.100.7\nt=0 0\n\
            m=video 0 RTP/AVP 31\n\
            m=audio 20000 RTP/AVP 0 101\na=rtpmap:101 telephone-event/8000\na=fmtp:101 0-16\na=ptime:20\n\
            a=x-kept:yes\na=sendonly\n\
            m=audio 0 RTP/AVP 8\n";
        assert_eq!(anchored(offer, &ours()), expected);
    }

    #[test]
    fn audio_with_a_key_that_nobody_can_use_is_refused_and_the_plain_stream_beside_it_taken() {
        let offer = "v=0\no=- 1 1 IN IP4 h\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n\
            m=audio 4000 RTP/SAVP 0\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\nm=audio 4002 RTP/AVP 0\n";
        let out = anchored(offer, &ours());
        assert!(out.contains("m=audio 0 RTP/SAVP 0\nm=audio 20000 RTP/AVP 0\n") && !out.contains("crypto"));
    }

    #[test]
    fn a_hold_by_address_stays_a_hold_behind_the_anchor() {
        let held = "v=0\no=- 1 1 IN IP4 h\ns=-\nc=IN IP4 0.0.0.0\nt=0 0\nm=audio 4000 RTP/AVP 0\n";
        assert!(anchored(held, &ours()).ends_with("a=sendonly\n"));
    }

    #[test]
    fn direction_and_mux_are_written_when_told() {
        let text =
            "v=0\no=- 1 1 IN IP4 h\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\nm=audio 4000 RTP/AVP 0\na=sendrecv\n";
        let told = Ours { rtcp_mux: true, direction: Some(Direction::Inactive), ..ours() };
        assert!(anchored(text, &told).ends_with("m=audio 20000 RTP/AVP 0\na=rtcp-mux\na=inactive\n"));
    }
}
