//! What a finished negotiation means for the media workers.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use base::media::{Carries, Payload, Remote, Wishes};
use smallvec::SmallVec;

use crate::codec::{Codec, codec_of};
use crate::crypto::agreed;
use crate::media::{Direction, Media};
use crate::text::Sdp;
use crate::wishes::wishes;

/// Below are the ports of services, which no media belongs to.
const FIRST_PORT: u16 = 1_024;

/// Where and how the far end takes media: `theirs` is its offer or answer, `ours` the other half as we sent
/// it, `None` while we have sent none.
///
/// Payload types are the formats both halves know by codec, under the number either side gave them. Multicast,
/// unspecified and broadcast addresses, host names and ports below 1024 give no destination. No usable audio: nothing flows.
/// `host`, `rule` and `standing` are the caller's to fill in.
#[must_use]
pub fn remote(theirs: &Sdp, ours: Option<&Sdp>) -> Remote {
    let Some(media) = theirs.audio() else {
        return fax(theirs, ours).unwrap_or_default();
    };
    let our_media = ours.map(Sdp::audio);
    let our_direction = ours.zip(our_media.flatten()).map(|(sdp, media)| sdp.direction_of(media));
    let allowed = match (our_media, our_direction) {
        (None, _) => Direction::SendRecv,
        (Some(_), direction) => direction.unwrap_or(Direction::Inactive),
    };
    let (rtp, ip) = address_of(theirs, media);
    Remote {
        rtp,
        rtcp: rtcp_address(media, ip),
        mux: media.rtcp_mux() && our_media.flatten().is_some_and(Media::rtcp_mux),
        payloads: payloads(media, our_media.flatten()),
        wishes: wishes_of(media),
        keys: our_media.flatten().and_then(|ours| agreed(media, ours)).map(Arc::new),
        flow: theirs.direction_of(media).reversed().and(allowed).flow(),
        ..Remote::default()
    }
}

/// A fax that both halves agree on.
fn fax(theirs: &Sdp, ours: Option<&Sdp>) -> Option<Remote> {
    let (media, ours) = (theirs.fax()?, ours?);
    let allowed = ours.direction_of(ours.fax()?);
    Some(Remote {
        rtp: address_of(theirs, media).0,
        carries: Carries::Udptl,
        flow: theirs.direction_of(media).reversed().and(allowed).flow(),
        ..Remote::default()
    })
}

fn address_of(theirs: &Sdp, media: &Media) -> (Option<SocketAddr>, Option<IpAddr>) {
    let ip = theirs.connection_of(media).and_then(|host| host.ip()).filter(|ip| is_sendable(*ip));
    let rtp = ip.map(|ip| SocketAddr::new(ip, media.port)).filter(|at| at.port() >= FIRST_PORT);
    (rtp, ip)
}

fn wishes_of(theirs: &Media) -> Wishes {
    let opus = numbered(theirs).find(|(_, codec)| codec.name.eq_ignore_ascii_case("opus"));
    wishes(theirs, opus.map(|(number, _)| parameters(theirs, number)).unwrap_or_default())
}

fn is_sendable(ip: IpAddr) -> bool {
    let broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    !(ip.is_unspecified() || ip.is_multicast() || broadcast)
}

fn rtcp_address(media: &Media, ip: Option<IpAddr>) -> Option<SocketAddr> {
    let Some(written) = media.rtcp() else {
        let port = media.port.checked_add(1).filter(|port| *port > FIRST_PORT)?;
        return Some(SocketAddr::new(ip?, port));
    };
    let ip = match written.host {
        Some(host) => host.ip().filter(|ip| is_sendable(*ip)),
        None => ip,
    };
    (written.port >= FIRST_PORT).then_some(SocketAddr::new(ip?, written.port))
}

fn payloads(theirs: &Media, ours: Option<&Media>) -> SmallVec<[Payload; 4]> {
    let mut agreed = SmallVec::new();
    for (number, codec) in numbered(theirs) {
        let same: Option<SmallVec<[u8; 2]>> =
            ours.map(|ours| numbered(ours).filter(|(_, other)| *other == codec).map(|(n, _)| n).collect());
        match same {
            None => add(&mut agreed, number, codec, parameters(theirs, number)),
            Some(same) if same.is_empty() => {}
            Some(same) => {
                add(&mut agreed, number, codec, parameters(theirs, number));
                let parameters = parameters(theirs, number);
                same.into_iter().for_each(|number| add(&mut agreed, number, codec, parameters));
            }
        }
    }
    agreed
}

fn parameters(media: &Media, number: u8) -> &str {
    media.fmtp(&number.to_string()).unwrap_or_default()
}

fn numbered(media: &Media) -> impl Iterator<Item = (u8, Codec<'_>)> {
    media.formats.iter().filter_map(move |format| {
        let number = format.parse().ok().filter(|number| *number < 128)?;
        Some((number, codec_of(media, format)?))
    })
}

/// The word among the parameters of an encoding that we only pass on by which its packets differ (AMR, RFC 4867 §8.1). The
/// rest is between the far ends, who have told each other.
fn packing(parameters: &str) -> &str {
    let mut words = parameters.split(';').map(str::trim);
    words.find(|word| word.eq_ignore_ascii_case("octet-align=1")).unwrap_or_default()
}

fn add(agreed: &mut SmallVec<[Payload; 4]>, number: u8, codec: Codec<'_>, parameters: &str) {
    if !agreed.iter().any(|payload| payload.number == number) {
        agreed.push(Payload { number, clock_hz: codec.clock_hz, codec: codec.known(packing(parameters)) });
    }
}

#[cfg(test)]
mod tests {
    use base::media::MediaFlow;

    use super::*;

    fn sdp(body: &str) -> Sdp {
        Sdp::parse(format!("v=0\no=- 1 1 IN IP4 h\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n{body}").as_bytes())
            .unwrap()
    }

    fn numbers(remote: &Remote) -> Vec<u8> {
        remote.payloads.iter().map(|payload| payload.number).collect()
    }

    #[test]
    fn an_answer_says_where_media_goes_and_which_payloads_are_agreed() {
        let offer = sdp("m=audio 20000 RTP/AVP 0 8 101\na=rtpmap:101 telephone-event/8000\n");
        let answer = sdp("m=audio 4000 RTP/AVP 8 96\na=rtpmap:96 telephone-event/8000\n");
        let remote = remote(&answer, Some(&offer));
        assert_eq!(remote.rtp, Some("192.0.2.1:4000".parse().unwrap()));
        assert_eq!(remote.rtcp, Some("192.0.2.1:4001".parse().unwrap()));
        assert_eq!(numbers(&remote), [8, 96, 101]);
        assert_eq!((remote.mux, remote.flow), (false, MediaFlow::Both));
    }

    #[test]
    fn rtcp_goes_where_rfc_3605_says_and_mux_needs_both_sides() {
        let theirs = sdp("m=audio 4000 RTP/AVP 0\na=rtcp:5009 IN IP4 192.0.2.9\na=rtcp-mux\n");
        let ours = sdp("m=audio 20000 RTP/AVP 0\n");
        let plain = remote(&theirs, Some(&ours));
        assert_eq!((plain.rtcp, plain.mux), (Some("192.0.2.9:5009".parse().unwrap()), false));
        assert!(remote(&theirs, Some(&theirs)).mux);
    }

    #[test]
    fn holds_stop_what_they_say_they_stop() {
        let ours = sdp("m=audio 20000 RTP/AVP 0\n");
        let held = sdp("m=audio 4000 RTP/AVP 0\nc=IN IP4 0.0.0.0\n");
        assert_eq!(remote(&held, Some(&ours)).flow, MediaFlow::Receive);
        assert_eq!(remote(&held, Some(&ours)).rtp, None);
        let inactive = sdp("m=audio 4000 RTP/AVP 0\na=inactive\n");
        assert_eq!(remote(&inactive, Some(&ours)).flow, MediaFlow::Neither);
        assert_eq!(remote(&ours, Some(&inactive)).flow, MediaFlow::Neither);
        assert_eq!(remote(&sdp("m=audio 0 RTP/AVP 0\n"), Some(&ours)).flow, MediaFlow::Neither);
    }

    /// Conformance M7.
    #[test]
    fn no_media_goes_to_the_ports_of_services() {
        for port in [1, 53, 1_023] {
            let far = remote(&sdp(&format!("m=audio {port} RTP/AVP 0\n")), None);
            assert_eq!((far.rtp, far.rtcp), (None, None), "{port}");
            let theirs = sdp(&format!("m=audio 4000 RTP/AVP 0\na=rtcp:{port}\n"));
            assert_eq!(remote(&theirs, None).rtcp, None, "{port}");
        }
    }

    /// Conformance M7.
    #[test]
    fn nobody_is_flooded_by_multicast_or_broadcast() {
        for address in ["224.0.0.1", "255.255.255.255", "pbx.example.com"] {
            let theirs = sdp(&format!("m=audio 4000 RTP/AVP 0\nc=IN IP4 {address}\n"));
            assert_eq!(remote(&theirs, None).rtp, None, "{address}");
        }
    }
}
