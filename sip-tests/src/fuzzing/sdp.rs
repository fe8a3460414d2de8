//! SDP: bodies and what we answer to them.

use ::sdp::{
    Numbers, Ours, Sdp, anchor, answers_match, first_codec_name, make_answer, narrow, remote, restrict, widen,
};
use base::media::MediaFlow;

const OURS: Ours = Ours {
    ip: std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)),
    rtp_port: 20_000,
    session_id: 5,
    version: 1,
    rtcp_mux: true,
    direction: None,
};
const CODECS: &[&str] = &["PCMU", "PCMA", "G722", "opus"];

/// What is read prints so that it is read the same; an answer is always legal for its offer. RFC 8866, RFC 3264 §6.
pub(super) fn sdp(octets: &[u8]) {
    let Ok(body) = Sdp::parse(octets) else { return };
    is_read_as_printed(&body);
    let anchored = anchor(&body, &OURS);
    is_read_as_printed(&anchored);
    assert_eq!(answers_match(&body, &anchored), Ok(()), "every stream keeps its place");
    let _ = first_codec_name(&body);
    let mut narrowed = body.clone();
    if restrict(&mut narrowed, CODECS).is_ok() {
        is_read_as_printed(&narrowed);
    }
    if let Ok(answer) = make_answer(&body, &OURS, CODECS) {
        is_legal(&body, &answer);
    }
    crosses(&body, &anchored);
    let far = remote(&body, Some(&anchored));
    for at in far.rtp.into_iter().chain(far.rtcp) {
        assert!(at.port() >= 1_024 && !at.ip().is_unspecified() && !at.ip().is_multicast(), "{at}");
    }
    assert!(body.audio().is_some() || far.flow == MediaFlow::Neither);
    let mut later = anchored.clone();
    later.number_after(&anchored);
    is_read_as_printed(&later);
}

/// What goes on names no number twice, and its own answer is legal for what came. RFC 3264 §5 to §8.
fn crosses(body: &Sdp, anchored: &Sdp) {
    let mut numbers = Numbers::default();
    numbers.learn(body);
    for numbers in [Numbers::default(), numbers] {
        let mut offer = anchored.clone();
        if widen(&mut offer, &[], &numbers).is_err() {
            continue;
        }
        is_read_as_printed(&offer);
        let formats = offer.audio().map(::sdp::Media::formats).unwrap_or_default();
        assert!((1..formats.len()).all(|at| !formats[..at].contains(&formats[at])), "{formats:?}");
        let mut answer = anchor(&offer, &OURS);
        if narrow(&mut answer, body, &[]).is_ok() {
            is_read_as_printed(&answer);
            let given = answer.audio().map(::sdp::Media::formats).unwrap_or_default();
            let asked = body.audio().map(::sdp::Media::formats).unwrap_or_default();
            let number = |format: &String| format.parse::<u8>().expect("a number");
            let asked: Vec<u8> = asked.iter().filter_map(|format| format.parse().ok()).collect();
            assert!(given.iter().all(|format| asked.contains(&number(format))), "{given:?} of {asked:?}");
        }
    }
}

fn is_read_as_printed(body: &Sdp) {
    let printed = body.to_bytes();
    let again = Sdp::parse(&printed).expect("what we print, we read");
    assert_eq!(again.to_bytes(), printed, "printing is stable");
    assert_eq!(again.media().len(), body.media().len());
}

fn is_legal(offer: &Sdp, answer: &Sdp) {
    is_read_as_printed(answer);
    assert_eq!(answers_match(offer, answer), Ok(()));
    for (asked, given) in offer.media().iter().zip(answer.media()) {
        assert_eq!((asked.kind(), asked.proto()), (given.kind(), given.proto()));
        assert!(asked.port() != 0 || given.port() == 0, "a refused stream stays refused");
        if given.port() == 0 {
            continue;
        }
        assert!(given.formats().iter().all(|format| asked.formats().contains(format)));
        let (theirs, ours) = (offer.direction_of(asked), answer.direction_of(given));
        assert!(!ours.sends() || theirs.receives(), "nobody sends to who does not listen");
        assert!(!ours.receives() || theirs.sends());
        assert!(!given.rtcp_mux() || asked.rtcp_mux());
    }
}
