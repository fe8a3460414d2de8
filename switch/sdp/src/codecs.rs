//! Which codecs may cross, and in which order they are asked for.

use crate::codec::codec_of;
use crate::media::Media;
use crate::text::Sdp;

/// No codec both sides may use is left: answered 488.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no codec is left")]
pub struct NoCodecLeft;

/// Leaves only the named codecs in the anchored stream, in the order of `codecs`; telephone-event stays, last.
///
/// # Errors
/// When no speech codec would be left, or there is no stream to anchor; the body is then unchanged.
pub fn restrict(sdp: &mut Sdp, codecs: &[&str]) -> Result<(), NoCodecLeft> {
    let audio = sdp.audio_mut().ok_or(NoCodecLeft)?;
    let mut kept: Vec<(usize, String)> = audio
        .formats
        .iter()
        .filter_map(|format| Some((rank(audio, format, codecs)?, format.clone())))
        .collect();
    if !kept.iter().any(|(_, format)| codec_of(audio, format).is_some_and(|codec| !codec.is_auxiliary())) {
        return Err(NoCodecLeft);
    }
    kept.sort_by_key(|(rank, _)| *rank);
    let kept = kept.into_iter().map(|(_, format)| format).collect();
    keep_formats(audio, kept);
    Ok(())
}

/// Takes keypad events out of the stream that we anchor: for a far end whose digits go another way.
pub fn without_events(sdp: &mut Sdp) {
    let Some(audio) = sdp.audio_mut() else { return };
    let is_event = |format: &String| codec_of(audio, format).is_some_and(|codec| codec.is_telephone_event());
    let kept: Vec<String> = audio.formats.iter().filter(|format| !is_event(format)).cloned().collect();
    if !kept.is_empty() && kept.len() < audio.formats.len() {
        keep_formats(audio, kept);
    }
}

/// Replaces the formats and drops the `rtpmap` and `fmtp` of those that are gone.
pub(crate) fn keep_formats(audio: &mut Media, formats: Vec<String>) {
    let gone: Vec<String> =
        audio.formats.iter().filter(|format| !formats.contains(format)).cloned().collect();
    audio.formats = formats;
    audio.lines.retain(|line| {
        let Some((name, Some(value))) = line.attribute() else { return true };
        let bound_to_a_format = name.eq_ignore_ascii_case("rtpmap") || name.eq_ignore_ascii_case("fmtp");
        let format = value.split_ascii_whitespace().next().unwrap_or_default();
        !(bound_to_a_format && gone.iter().any(|number| number == format))
    });
}

fn rank(audio: &Media, format: &str, codecs: &[&str]) -> Option<usize> {
    let codec = codec_of(audio, format)?;
    let listed = codecs.iter().position(|name| name.eq_ignore_ascii_case(codec.name));
    listed.or_else(|| codec.is_telephone_event().then_some(codecs.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &[u8] = b"v=0\nm=audio 4000 RTP/AVP 18 101 0 8\na=fmtp:18 annexb=no\n\
        a=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15\na=ptime:20\n";

    #[test]
    fn the_allow_list_filters_and_orders_and_keeps_keypad_events() {
        let mut sdp = Sdp::parse(OFFER).unwrap();
        restrict(&mut sdp, &["pcma", "PCMU"]).unwrap();
        assert_eq!(sdp.media()[0].formats(), ["8", "0", "101"]);
        assert_eq!(sdp.media()[0].fmtp("18"), None);
        assert_eq!(sdp.media()[0].fmtp("101"), Some("0-15"));
    }

    #[test]
    fn keypad_events_are_taken_out_and_a_stream_is_never_left_empty() {
        let mut sdp = Sdp::parse(OFFER).unwrap();
        without_events(&mut sdp);
        assert_eq!(sdp.media()[0].formats(), ["18", "0", "8"]);
        assert_eq!((sdp.media()[0].fmtp("101"), sdp.media()[0].ptime()), (None, Some(20)));
        let alone = b"v=0\nm=audio 4000 RTP/AVP 101\na=rtpmap:101 telephone-event/8000\n";
        let mut sdp = Sdp::parse(alone).unwrap();
        without_events(&mut sdp);
        assert_eq!(sdp.media()[0].formats(), ["101"]);
    }

    #[test]
    fn keypad_events_alone_are_not_a_call() {
        let mut sdp = Sdp::parse(OFFER).unwrap();
        assert_eq!(restrict(&mut sdp, &["opus"]), Err(NoCodecLeft));
        assert_eq!(sdp, Sdp::parse(OFFER).unwrap());
    }
}
