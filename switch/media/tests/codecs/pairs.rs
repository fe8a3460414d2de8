//! What is said in one codec is heard in the other.

use base::media::{Codec, Foreign, Wishes};
use media::codec;
use media::dsp::level::{dbm0, tone_dbm0};
use media::frame::Rate;

use crate::world::{RATES, heard, sent, tone};

fn pairs() -> impl Iterator<Item = (Codec, Codec)> {
    Codec::SPEECH.into_iter().flat_map(|from| Codec::SPEECH.map(|to| (from, to)))
}

/// The widest rate that a codec has.
fn best(codec: Codec) -> Rate {
    *RATES.iter().find(|rate| rate.hz() == codec.audio_hz()).expect("one of three")
}

/// Issue: transcoding between any two; here at every rate that a room may have between them.
#[test]
fn a_tone_said_in_any_codec_is_heard_in_any_other_at_its_own_level() {
    for (from, to) in pairs() {
        for room in RATES {
            let said = tone(1_000, best(from), 600);
            let in_room = heard(from, room, &sent(from, best(from), &said));
            let out = heard(to, best(to), &sent(to, room, &in_room));
            let level = tone_dbm0(&out[best(to).frame() * 20..best(to).frame() * 50], 1_000, best(to).hz());
            assert!((level + 15.0).abs() < 0.6, "{from:?} to {to:?} by {room:?}: {level} dBm0");
        }
    }
}

#[test]
fn nothing_but_the_tone_comes_of_it() {
    for (from, to) in pairs() {
        let room = best(from).min(best(to));
        let in_room = heard(from, room, &sent(from, best(from), &tone(1_000, best(from), 600)));
        let out = heard(to, best(to), &sent(to, room, &in_room));
        let out = &out[best(to).frame() * 20..best(to).frame() * 50];
        let (all, wanted) = (dbm0(out), tone_dbm0(out, 1_000, best(to).hz()));
        let other = 10f32.powf(all / 10.0) - 10f32.powf(wanted / 10.0);
        let noise = 10.0 * other.max(1e-9).log10();
        assert!(noise < wanted - 18.0, "{from:?} to {to:?}: noise at {noise} beside {wanted} dBm0");
    }
}

/// G.722 and Opus keep what the telephone band leaves out when both sides have them.
#[test]
fn wide_band_stays_wide_between_those_that_have_it() {
    for (from, to) in [(Codec::G722, Codec::Opus), (Codec::Opus, Codec::G722), (Codec::G722, Codec::G722)] {
        let said = tone(6_000, best(from), 600);
        let in_room = heard(from, Rate::Hz16000, &sent(from, best(from), &said));
        let out = heard(to, best(to), &sent(to, Rate::Hz16000, &in_room));
        let level = tone_dbm0(&out[best(to).frame() * 20..best(to).frame() * 50], 6_000, best(to).hz());
        assert!((level + 15.0).abs() < 3.0, "{from:?} to {to:?}: {level} dBm0");
    }
}

#[test]
fn what_is_not_speech_has_no_coder() {
    for codec in [Codec::TelephoneEvent, Codec::ComfortNoise, Codec::Other(Foreign::of("G729", 8_000, 1, ""))]
    {
        assert!(codec::decoder(codec, Rate::Hz8000).is_none());
        assert!(codec::encoder(codec, &Wishes::default(), Rate::Hz8000).is_none());
    }
}

/// RFC 7587 §6.1, RFC 3551 §4.5: all have 10…60 ms, Opus only what its frames add up to.
#[test]
fn every_wished_packet_length_has_one_that_the_codec_can_do() {
    for codec in Codec::SPEECH {
        for wished in 0..=u8::MAX {
            let ms = codec::packet_ms(codec, wished);
            assert!((10..=60).contains(&ms) && (ms <= wished || wished < 10));
            let audio = vec![0; Rate::Hz16000.frame() * usize::from(ms) / 10];
            let mut encoder = codec::encoder(codec, &Wishes::default(), Rate::Hz16000).expect("speech");
            assert!(encoder.encode(&audio, &mut [0; 1_500]).is_ok(), "{codec:?} {ms} ms");
        }
    }
}
