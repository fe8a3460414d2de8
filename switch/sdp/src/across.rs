//! One side's offer and the other side's answer, where we can write what one does not read.
//!
//! ```text
//!   offer of the near end ── widen ──► offer to the far end: what came, then what we can make of it
//!   answer to the near end ◄── narrow ── answer of the far end: the same codec if offered, else the nearest we can make
//! ```

use std::cmp::Reverse;

use base::media::Codec;

use crate::codecs::NoCodecLeft;
use crate::formats::{self, Format};
use crate::numbers::Numbers;
use crate::text::Sdp;

/// Makes an offer to the far end of an anchored one: the near end's codecs as far as `allowed` names them, in its order,
/// then those that we can make of them; empty allows all. Keypad events are always offered, comfort noise when it came
/// or is named. Payload types keep the numbers they have in that dialog.
///
/// # Errors
/// When no speech codec is left, or there is no stream to anchor; the body is then unchanged.
pub fn widen(offer: &mut Sdp, allowed: &[String], numbers: &Numbers) -> Result<(), NoCodecLeft> {
    let audio = offer.audio_mut().ok_or(NoCodecLeft)?;
    let came = formats::read(audio);
    let mut formats = allowed_of(&came, allowed);
    if let Some(from) = came.iter().find(|format| format.codec.is_speech()) {
        for format in made_of(from.codec, allowed) {
            if !formats.iter().any(|known| known.is_like(&format)) {
                formats.push(beside(&came, format));
            }
        }
    }
    if formats.is_empty() {
        return Err(NoCodecLeft);
    }
    formats.extend(comfort_noise(&came, allowed));
    let events = came.iter().filter(|format| format.codec == Codec::TelephoneEvent).cloned();
    let had = formats.len();
    formats.extend(events);
    if formats.len() == had {
        formats.extend(Format::ours(Codec::TelephoneEvent).map(|ours| beside(&came, ours)));
    }
    numbers.assign(&mut formats);
    formats::write(audio, &formats);
    Ok(())
}

/// Makes the answer to the near end's `offer` of the far end's anchored one: one speech codec, which is the far end's
/// choice where it was offered, else the first of `order` that we can make of it, else the one that loses least; keypad
/// events where offered, comfort noise where both have it or audio is worked on. The far end's codec that is then in use comes back; `None` when
/// it has refused the stream.
///
/// # Errors
/// When the two have nothing in common that we could carry.
pub fn narrow(answer: &mut Sdp, offer: &Sdp, order: &[String]) -> Result<Option<Codec>, NoCodecLeft> {
    let Some(audio) = answer.audio_mut() else { return Ok(None) };
    let far = formats::read(audio);
    let near = formats::read(offer.audio().ok_or(NoCodecLeft)?);
    let (speech, in_use) = shared(&near, &far).or_else(|| made(&near, &far, order)).ok_or(NoCodecLeft)?;
    let noise = noise_beside(&speech, &near);
    let works = speech.codec != in_use;
    let noise = noise.filter(|noise| works || far.iter().any(|format| format.is_like(noise))).cloned();
    let events = events_beside(&speech, &near).map(|events| {
        let of_far = far.iter().find(|format| format.is_like(events));
        Format { fmtp: of_far.map_or_else(|| events.fmtp.clone(), |far| far.fmtp.clone()), ..events.clone() }
    });
    let formats: Vec<Format> = std::iter::once(speech).chain(noise).chain(events).collect();
    formats::write(audio, &formats);
    Ok(Some(in_use))
}

/// The keypad events to answer with: of the clock of the speech, else of 8 kHz, else any (RFC 4733 §2.1).
pub(crate) fn events_beside<'a>(speech: &Format, offered: &'a [Format]) -> Option<&'a Format> {
    let events = || offered.iter().filter(|format| format.codec == Codec::TelephoneEvent);
    let with = |clock_hz: u32| events().find(|events| events.clock_hz == clock_hz);
    with(speech.clock_hz).or_else(|| with(8_000)).or_else(|| events().next())
}

/// The comfort noise to answer with: of the clock of the speech, whose silence it stands for (RFC 3389 §4).
pub(crate) fn noise_beside<'a>(speech: &Format, offered: &'a [Format]) -> Option<&'a Format> {
    let fits = |format: &&Format| format.codec == Codec::ComfortNoise && format.clock_hz == speech.clock_hz;
    offered.iter().find(fits)
}

/// Those that carry speech and are named, in the order of the names.
fn allowed_of(came: &[Format], allowed: &[String]) -> Vec<Format> {
    let speech = came.iter().filter(|format| format.carries_speech());
    if allowed.is_empty() {
        return speech.cloned().collect();
    }
    let mut named: Vec<(usize, &Format)> =
        speech.filter_map(|format| Some((format.rank(allowed)?, format))).collect();
    named.sort_by_key(|(rank, _)| *rank);
    named.into_iter().map(|(_, format)| format.clone()).collect()
}

/// What we can make of a codec: what is named in the order of the names, else all, what loses and costs least first.
fn made_of(from: Codec, allowed: &[String]) -> Vec<Format> {
    let mut made: Vec<Format> = Codec::SPEECH.into_iter().rev().filter_map(Format::ours).collect();
    if allowed.is_empty() {
        made.sort_by_key(|format| loss(from, format.codec));
    } else {
        made.retain(|format| format.rank(allowed).is_some());
        made.sort_by_key(|format| format.rank(allowed));
    }
    made
}

/// One of ours under a number that nobody among those brings; of few that came one is always free.
fn beside(came: &[Format], ours: Format) -> Format {
    let is_free = |number: &u8| came.iter().all(|format| format.number != *number);
    let number = std::iter::once(ours.number).chain(96..=127).find(is_free).unwrap_or(ours.number);
    Format { number, ..ours }
}

/// Whether audio is lost on the way from one codec to another, how much, and how much is written for nothing.
fn loss(from: Codec, to: Codec) -> (Reverse<u32>, u32) {
    (Reverse(from.audio_hz().min(to.audio_hz())), to.audio_hz())
}

fn comfort_noise(came: &[Format], allowed: &[String]) -> Option<Format> {
    let ours = Format::ours(Codec::ComfortNoise)?;
    let is_named = ours.rank(allowed).is_some();
    let theirs = came.iter().find(|format| format.codec == Codec::ComfortNoise).cloned();
    match theirs {
        Some(theirs) => (allowed.is_empty() || is_named).then_some(theirs),
        None => is_named.then_some(ours),
    }
}

/// The far end's first choice that was offered, under the number of the offer and with the far end's parameters.
fn shared(near: &[Format], far: &[Format]) -> Option<(Format, Codec)> {
    let speech = far.iter().filter(|format| format.carries_speech());
    speech
        .filter_map(|far| Some((far, near.iter().find(|near| near.is_like(far))?)))
        .next()
        .map(|(far, near)| (Format { fmtp: far.fmtp.clone(), ..near.clone() }, far.codec))
}

/// What was offered and we can make of the far end's first choice that we can read.
fn made(near: &[Format], far: &[Format], order: &[String]) -> Option<(Format, Codec)> {
    let from = far.iter().find(|format| format.codec.is_speech())?.codec;
    let offered = near.iter().filter(|format| format.codec.is_speech());
    let chosen = if order.is_empty() {
        offered.min_by_key(|format| loss(from, format.codec))?
    } else {
        offered.min_by_key(|format| format.rank(order).unwrap_or(order.len()))?
    };
    let fmtp = Format::ours(chosen.codec)?.fmtp;
    Some((Format { fmtp, ..chosen.clone() }, from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sdp(audio: &str) -> Sdp {
        Sdp::parse(format!("v=0\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP {audio}").as_bytes()).unwrap()
    }

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    fn widened(audio: &str, allowed: &[&str]) -> String {
        let mut offer = sdp(audio);
        widen(&mut offer, &names(allowed), &Numbers::default()).unwrap();
        offer.media()[0].formats().join(" ")
    }

    fn narrowed(far: &str, near: &str, order: &[&str]) -> (String, Option<Codec>) {
        let mut answer = sdp(far);
        let in_use = narrow(&mut answer, &sdp(near), &names(order)).unwrap();
        (answer.media()[0].formats().join(" "), in_use)
    }

    const OPUS: &str =
        "111 100\na=rtpmap:111 opus/48000/2\na=fmtp:111 stereo=1\na=rtpmap:100 telephone-event/48000\n";
    const PHONE: &str = "0 101\na=rtpmap:101 telephone-event/8000\na=fmtp:101 0-16\n";

    /// RFC 3264 §5.1: the order of an offer is its preference.
    #[test]
    fn an_offer_goes_on_with_what_came_first_and_what_we_can_make_of_it_after() {
        assert_eq!(widened("0\n", &[]), "0 8 9 96 101");
        assert_eq!(
            widened("18 8\n", &[]),
            "18 8 0 9 96 101",
            "a stranger passes, and the rest is made of PCMA"
        );
        assert_eq!(widened(OPUS, &[]), "111 9 0 8 100");
        assert_eq!(widened("18\n", &[]), "18 101", "nothing can be made of what we cannot read");
    }

    #[test]
    fn the_list_of_the_far_end_limits_and_orders() {
        assert_eq!(widened("0 8\n", &["opus", "PCMA"]), "8 96 101", "what came needs no work and is first");
        assert_eq!(widened("0 18\n", &["pcma"]), "8 101");
        assert_eq!(widened("0 13\n", &["PCMU"]), "0 101", "comfort noise is not named");
        assert_eq!(widened("0\n", &["PCMU", "CN"]), "0 13 101");
        let mut offer = sdp("18\n");
        assert_eq!(widen(&mut offer, &names(&["PCMU"]), &Numbers::default()), Err(NoCodecLeft));
    }

    #[test]
    fn parameters_stay_with_their_formats_and_added_ones_are_explained() {
        let mut offer = sdp("0 101\na=rtpmap:101 telephone-event/8000\na=fmtp:101 0-16\na=ptime:30\na=x:1\n");
        widen(&mut offer, &names(&["PCMU", "opus"]), &Numbers::default()).unwrap();
        let expected = "m=audio 4000 RTP/AVP 0 96 101\na=rtpmap:96 opus/48000/2\n\
            a=rtpmap:101 telephone-event/8000\na=fmtp:96 useinbandfec=1\na=fmtp:101 0-16\na=ptime:30\na=x:1\n";
        assert_eq!(offer.media()[0].to_string().replace("\r\n", "\n"), expected);
    }

    /// RFC 3264 §8.3.2: a number never means anything else in a dialog.
    #[test]
    fn numbers_are_those_of_the_dialog_and_never_clash() {
        let mut numbers = Numbers::default();
        numbers.learn(&sdp("98 96\na=rtpmap:98 opus/48000/2\na=rtpmap:96 telephone-event/8000\n"));
        let mut offer = sdp("0 98 101\na=rtpmap:98 telephone-event/8000\na=rtpmap:101 iLBC/8000\n");
        widen(&mut offer, &[], &numbers).unwrap();
        assert_eq!(offer.media()[0].formats().join(" "), "0 101 8 9 98 96");
        let clash = "0 96 97\na=rtpmap:96 iLBC/8000\na=rtpmap:97 telephone-event/8000\n";
        assert_eq!(widened(clash, &[]), "0 96 8 9 98 97", "opus of ours finds a free number");
    }

    #[test]
    fn the_answer_takes_what_the_far_end_chose_where_it_was_offered() {
        assert_eq!(
            narrowed("8 0 101\na=rtpmap:101 telephone-event/8000\n", PHONE, &[]),
            ("0 101".into(), Some(Codec::Pcmu))
        );
        assert_eq!(narrowed("18\n", "0 18\n", &[]).0, "18");
        let far = "96 101\na=rtpmap:96 opus/48000/2\na=fmtp:96 usedtx=1\na=rtpmap:101 telephone-event/8000\n";
        let mut answer = sdp(far);
        narrow(&mut answer, &sdp(OPUS), &[]).unwrap();
        assert_eq!(answer.media()[0].formats(), ["111", "100"], "numbers are those of the offer");
        assert_eq!(answer.media()[0].fmtp("111"), Some("usedtx=1"), "the far end's wishes pass");
    }

    #[test]
    fn else_the_answer_takes_what_loses_least_or_what_is_wanted_most() {
        assert_eq!(narrowed("8\n", PHONE, &[]), ("0 101".into(), Some(Codec::Pcma)));
        assert_eq!(narrowed("9\n", "0 8 96\na=rtpmap:96 opus/48000/2\n", &[]).0, "96");
        assert_eq!(narrowed("8\n", "96 0\na=rtpmap:96 opus/48000/2\n", &[]).0, "0");
        assert_eq!(narrowed("9\n", "96 0\na=rtpmap:96 opus/48000/2\n", &["PCMU", "opus"]).0, "0");
        assert_eq!(narrow(&mut sdp("18\n"), &sdp(PHONE), &[]), Err(NoCodecLeft));
    }

    #[test]
    fn keypad_events_are_answered_though_the_far_end_has_none_and_noise_when_it_has_or_audio_is_worked_on() {
        assert_eq!(narrowed("0\n", PHONE, &[]).0, "0 101");
        assert_eq!(narrowed("0\n", "0 13\n", &[]).0, "0");
        assert_eq!(narrowed("0 13\n", "0 13\n", &[]).0, "0 13");
        assert_eq!(narrowed("8\n", "0 13\n", &[]).0, "0 13");
        assert_eq!(narrowed("8\n", "96 13\na=rtpmap:96 opus/48000/2\n", &[]).0, "96", "of another clock");
        let mut refused = sdp("0\n");
        refused.media[0].port = 0;
        assert_eq!(narrow(&mut refused, &sdp(PHONE), &[]), Ok(None));
    }
}
