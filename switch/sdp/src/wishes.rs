//! How a far end wants what is sent to it.

use base::media::{OpusWishes, Wishes};

use crate::media::Media;

/// Milliseconds of audio that our packets may hold, in steps of 10.
const PACKET_MS: std::ops::RangeInclusive<u8> = 10..=60;
/// `maxaveragebitrate` within RFC 7587 §6.1, bit/s.
const OPUS_BITS: std::ops::RangeInclusive<u32> = 6_000..=510_000;
/// `maxplaybackrate` within RFC 7587 §6.1, hertz.
const OPUS_HZ: std::ops::RangeInclusive<u32> = 8_000..=48_000;

/// What a stream asks by `a=ptime`, `a=maxptime` (RFC 8866 §6.4) and the parameters of its Opus, `""` without.
pub(crate) fn wishes(theirs: &Media, opus: &str) -> Wishes {
    Wishes { packet_ms: packet_ms(theirs), opus: opus_wishes(opus) }
}

fn packet_ms(theirs: &Media) -> u8 {
    let said = |name| theirs.attribute(name).and_then(|text| text.parse::<u32>().ok()).filter(|ms| *ms > 0);
    let wanted = said("ptime").unwrap_or_else(|| Wishes::default().packet_ms.into());
    let bounded = u8::try_from(said("maxptime").map_or(wanted, |most| wanted.min(most))).unwrap_or(u8::MAX);
    bounded.clamp(*PACKET_MS.start(), *PACKET_MS.end()) / 10 * 10
}

fn opus_wishes(parameters: &str) -> OpusWishes {
    let mut wishes = OpusWishes::default();
    for (name, value) in parameters.split(';').filter_map(|word| word.split_once('=')) {
        let (value, on) = (value.trim(), value.trim() == "1");
        match name.trim().to_ascii_lowercase().as_str() {
            "useinbandfec" => wishes.fec = on,
            "usedtx" => wishes.dtx = on,
            "cbr" => wishes.constant = on,
            "maxplaybackrate" => {
                let hz = value.parse().unwrap_or(wishes.playback_hz);
                wishes.playback_hz = hz.clamp(*OPUS_HZ.start(), *OPUS_HZ.end());
            }
            "maxaveragebitrate" => {
                wishes.bits =
                    value.parse().ok().map(|bits: u32| bits.clamp(*OPUS_BITS.start(), *OPUS_BITS.end()));
            }
            _between_the_far_ends => {}
        }
    }
    wishes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sdp;

    fn asked(attributes: &str) -> Wishes {
        let body = format!(
            "v=0\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 96 0\na=rtpmap:96 opus/48000/2\n{attributes}"
        );
        crate::remote(&Sdp::parse(body.as_bytes()).unwrap(), None).wishes
    }

    /// RFC 8866 §6.4.
    #[test]
    fn packets_are_as_long_as_the_far_end_wants_within_what_it_takes_and_we_make() {
        let ms = |attributes: &str| asked(attributes).packet_ms;
        assert_eq!([ms(""), ms("a=ptime:30\n"), ms("a=ptime:25\n"), ms("a=ptime:5\n")], [20, 30, 20, 10]);
        assert_eq!([ms("a=ptime:200\n"), ms("a=ptime:40\na=maxptime:20\n")], [60, 20]);
        assert_eq!([ms("a=maxptime:10\n"), ms("a=ptime:0\n"), ms("a=ptime:x\n")], [10, 20, 20]);
    }

    /// RFC 7587 §6.1.
    #[test]
    fn the_parameters_of_opus_are_wishes_to_our_encoder() {
        let text =
            "a=fmtp:96 useinbandfec=1; usedtx=1;maxplaybackrate=16000; maxaveragebitrate=20000;stereo=1\n";
        let wanted =
            OpusWishes { fec: true, dtx: true, constant: false, playback_hz: 16_000, bits: Some(20_000) };
        assert_eq!(asked(text).opus, wanted);
        let odd = asked("a=fmtp:96 cbr=1;maxplaybackrate=1;maxaveragebitrate=9999999\n").opus;
        assert_eq!((odd.constant, odd.playback_hz, odd.bits), (true, 8_000, Some(510_000)));
        assert_eq!(asked("").opus, OpusWishes::default());
    }
}
