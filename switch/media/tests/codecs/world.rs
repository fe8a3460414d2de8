//! Tones, and the way through two coders.

use base::media::{Codec, Wishes};
use media::codec;
use media::frame::Rate;

pub(crate) const RATES: [Rate; 3] = [Rate::Hz8000, Rate::Hz16000, Rate::Hz48000];

/// A sine at −15 dBm0, whole frames of it.
pub(crate) fn tone(hz: u32, rate: Rate, ms: usize) -> Vec<i16> {
    let peak = 32_768.0 * 10f64.powf((-15.0 - 3.17) / 20.0);
    let step = std::f64::consts::TAU * f64::from(hz) / f64::from(rate.hz());
    (0..rate.frame() * ms / 10).map(|at| (peak * (step * at as f64).sin()).round() as i16).collect()
}

/// Audio as the packets of a far end, 20 ms each.
pub(crate) fn sent(codec: Codec, rate: Rate, audio: &[i16]) -> Vec<Vec<u8>> {
    let mut encoder = codec::encoder(codec, &Wishes::default(), rate).expect("a codec of speech");
    assert_eq!(encoder.rate(), rate);
    let mut out = [0; 1_500];
    let packet = |audio: &[i16]| {
        let octets = encoder.encode(audio, &mut out).expect("20 ms");
        out[..octets].to_vec()
    };
    audio.chunks_exact(rate.frame() * 2).map(packet).collect()
}

/// What those packets sound like.
pub(crate) fn heard(codec: Codec, rate: Rate, packets: &[Vec<u8>]) -> Vec<i16> {
    let mut decoder = codec::decoder(codec, rate).expect("a codec of speech");
    assert_eq!(decoder.rate(), rate);
    let mut audio = Vec::new();
    for packet in packets {
        let mut out = [0; 960];
        let samples = decoder.decode(packet, &mut out).expect("a whole packet");
        assert_eq!(decoder.samples_in(packet), Some(samples));
        audio.extend_from_slice(&out[..samples]);
    }
    audio
}
