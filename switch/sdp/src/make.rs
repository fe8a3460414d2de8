//! Bodies that Tandem writes itself: for what it answers and calls on its own.

use base::media::Codec;

use crate::across::{events_beside, noise_beside};
use crate::anchor::{Ours, anchor, point_session_to};
use crate::attributes::Line;
use crate::codecs::NoCodecLeft;
use crate::formats::{self, Format};
use crate::media::{Direction, Media, MediaKind};
use crate::numbers::Numbers;
use crate::text::Sdp;

/// An offer of the named codecs that we can write, in their order, and telephone-event, under the numbers of the dialog.
///
/// # Errors
/// When no name is known.
pub fn make_offer(ours: &Ours, codecs: &[&str], numbers: &Numbers) -> Result<Sdp, NoCodecLeft> {
    let mut formats: Vec<Format> = codecs.iter().filter_map(|name| named(name)).collect();
    if formats.is_empty() {
        return Err(NoCodecLeft);
    }
    formats.extend(Format::ours(Codec::TelephoneEvent));
    numbers.assign(&mut formats);
    let mut lines = vec![Line::new('a', "ptime:20")];
    if ours.rtcp_mux {
        lines.push(Line::flag("rtcp-mux"));
    }
    lines.push(Line::flag(ours.direction.unwrap_or(Direction::SendRecv).name()));
    let mut audio = Media {
        kind: MediaKind::Audio,
        port: ours.rtp_port,
        port_count: String::new(),
        proto: "RTP/AVP".to_owned(),
        formats: Vec::new(),
        lines,
    };
    formats::write(&mut audio, &formats);
    let session = vec![Line::new('v', "0"), Line::new('s', "-"), Line::new('t', "0 0")];
    let mut sdp = Sdp { session, media: vec![audio] };
    point_session_to(&mut sdp, ours);
    Ok(sdp)
}

/// Our answer to an offer: one codec, the first offered one that is named, and telephone-event and comfort noise if
/// offered. Flows as far
/// as the offer and `ours.direction` allow (RFC 3264 §6.1); every other stream is refused.
///
/// # Errors
/// When no named codec is offered in a stream we can use.
pub fn make_answer(offer: &Sdp, ours: &Ours, codecs: &[&str]) -> Result<Sdp, NoCodecLeft> {
    let offered = offer.audio().ok_or(NoCodecLeft)?;
    let formats = formats::read(offered);
    let wanted = |format: &&Format| format.carries_speech() && format.rank(codecs).is_some();
    let speech = formats.iter().find(wanted).ok_or(NoCodecLeft)?;
    let fmtp = Format::ours(speech.codec).map_or_else(|| speech.fmtp.clone(), |ours| ours.fmtp);
    let noise = noise_beside(speech, &formats).filter(|_| speech.codec.is_speech());
    let beside = noise.into_iter().chain(events_beside(speech, &formats)).cloned();
    let formats: Vec<Format> = std::iter::once(Format { fmtp, ..speech.clone() }).chain(beside).collect();
    let mirrored = offer.direction_of(offered).reversed();
    let direction = mirrored.and(ours.direction.unwrap_or(Direction::SendRecv));
    let rtcp_mux = ours.rtcp_mux && offered.rtcp_mux();
    let mut sdp = anchor(offer, &Ours { rtcp_mux, direction: Some(direction), ..*ours });
    if let Some(audio) = sdp.audio_mut() {
        formats::write(audio, &formats);
        audio.lines.retain(is_answered);
    }
    sdp.session.retain(|line| line.kind != 'a');
    Ok(sdp)
}

fn named(name: &str) -> Option<Format> {
    let ours = Codec::SPEECH.into_iter().filter_map(Format::ours);
    ours.into_iter().find(|format| format.name.eq_ignore_ascii_case(name))
}

/// An answer of ours claims only what we understand.
fn is_answered(line: &Line) -> bool {
    let understood = ["rtpmap", "fmtp", "ptime", "rtcp-mux"];
    understood.iter().chain(&Direction::NAMES).any(|name| line.is_attribute(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offer_answer::answers_match;

    fn ours() -> Ours {
        let ip = "2001:db8::7".parse().unwrap();
        Ours { ip, rtp_port: 20_000, session_id: 5, version: 1, rtcp_mux: true, direction: None }
    }

    fn text(sdp: &Sdp) -> String {
        sdp.to_string().replace("\r\n", "\n")
    }

    #[test]
    fn an_offer_of_ours_names_its_codecs_in_order() {
        let offer = make_offer(
            &Ours { rtcp_mux: false, ..ours() },
            &["PCMA", "opus", "G722", "GSM"],
            &Numbers::default(),
        )
        .unwrap();
        let expected = "v=0\no=tandem 5 1 IN IP6 2001:db8::7\ns=-\nc=IN IP6 2001:db8::7\nt=0 0\n\
            m=audio 20000 RTP/AVP 8 96 9 101\na=rtpmap:8 PCMA/8000\na=rtpmap:96 opus/48000/2\n\
            a=rtpmap:9 G722/8000\na=rtpmap:101 telephone-event/8000\na=fmtp:96 useinbandfec=1\na=fmtp:101 0-15\na=ptime:20\na=sendrecv\n";
        assert_eq!(text(&offer), expected);
        assert_eq!(make_offer(&ours(), &["GSM"], &Numbers::default()), Err(NoCodecLeft));
    }

    #[test]
    fn an_answer_takes_one_codec_and_refuses_other_streams() {
        let offer = Sdp::parse(
            b"v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\na=sendonly\na=tool:x\n\
            m=audio 4000 RTP/AVP 18 8 0 13 96 97\na=rtpmap:96 telephone-event/48000\n\
            a=rtpmap:97 telephone-event/8000\na=fmtp:97 0-15\na=ptime:30\na=x-odd:1\nm=video 4002 RTP/AVP 31\n",
        );
        let offer = offer.unwrap();
        let answer = make_answer(&offer, &ours(), &["PCMU", "PCMA"]).unwrap();
        let expected = "v=0\no=tandem 5 1 IN IP6 2001:db8::7\ns=-\nc=IN IP6 2001:db8::7\nt=0 0\n\
            m=audio 20000 RTP/AVP 8 13 97\na=rtpmap:97 telephone-event/8000\na=fmtp:97 0-15\na=ptime:30\n\
            a=recvonly\nm=video 0 RTP/AVP 31\n";
        assert_eq!(text(&answer), expected);
        assert_eq!(answers_match(&offer, &answer), Ok(()));
        assert_eq!(make_answer(&offer, &ours(), &["GSM"]), Err(NoCodecLeft));
    }
}
