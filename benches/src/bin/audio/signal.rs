//! What is said: the same numbers in every run.

use std::rc::Rc;

use base::media::{Codec, Wishes};
use media::codec;
use media::frame::Rate;

/// Packets of a stream before it begins anew.
pub(crate) const PACKETS: usize = 250;

/// A voice-like sound: a row of harmonics in syllables with a little noise; `who` makes each one differ.
pub(crate) fn voice(rate: Rate, who: u32, samples: usize) -> Vec<i16> {
    let pitch = 110.0 + f64::from(who % 12) * 9.0;
    let mut state = who.wrapping_mul(2_654_435_761) | 1;
    let sample = |at: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = f64::from((state >> 16) as u16 as i16) * 0.005;
        let time = at as f64 / f64::from(rate.hz());
        let phase = std::f64::consts::TAU * pitch * time;
        let tone: f64 = (1..16).map(|n| (phase * f64::from(n)).sin() / f64::from(n)).sum();
        let syllable = (std::f64::consts::TAU * (1.7 + f64::from(who % 5) * 0.1) * time).sin().max(0.02);
        (tone * 4_000.0 * syllable + noise) as i16
    };
    (0..samples).map(sample).collect()
}

/// What far ends of a codec say: four voices that they share.
pub(crate) type Voices = [Rc<[Vec<u8>]>; 4];

/// All of a codec's.
pub(crate) fn voices(codec: Codec) -> Voices {
    std::array::from_fn(|who| payloads(codec, who as u32).into())
}

/// The one that a far end of that number has.
pub(crate) fn of(voices: &Voices, number: u32) -> &Rc<[Vec<u8>]> {
    &voices[number as usize % voices.len()]
}

/// Five seconds of it as payloads of 20 ms.
fn payloads(codec: Codec, who: u32) -> Vec<Vec<u8>> {
    let rate = best(codec);
    let mut encoder = codec::encoder(codec, &Wishes::default(), rate).expect("a codec of speech");
    let audio = voice(rate, who, rate.frame() * 2 * PACKETS);
    let mut out = [0; 1_500];
    let payload = |audio: &[i16]| {
        let octets = encoder.encode(audio, &mut out).expect("20 ms");
        out[..octets].to_vec()
    };
    audio.chunks_exact(rate.frame() * 2).map(payload).collect()
}

/// The rate that a codec has at its best.
pub(crate) fn best(codec: Codec) -> Rate {
    let rates = [Rate::Hz8000, Rate::Hz16000, Rate::Hz48000];
    rates.into_iter().find(|rate| rate.hz() == codec.audio_hz()).unwrap_or_default()
}
