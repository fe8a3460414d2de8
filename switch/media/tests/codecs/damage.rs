//! Payloads that are not what they should be: refused or noise, never a panic, and the stream goes on.

use base::media::{Codec, Wishes};
use media::codec::{self, Decoder};
use media::dsp::level::tone_dbm0;
use proptest::prelude::*;

use crate::world::{RATES, sent, tone};

fn decoders() -> Vec<(Codec, Box<dyn Decoder>)> {
    let at_rates = |codec| RATES.map(|rate| (codec, codec::decoder(codec, rate).expect("speech")));
    Codec::SPEECH.into_iter().flat_map(at_rates).collect()
}

/// Feeds a payload in all ways that a receiver may.
fn feed(decoder: &mut dyn Decoder, payload: &[u8]) {
    let mut out = [0; 5_760];
    let said = decoder.samples_in(payload);
    if let Ok(samples) = decoder.decode(payload, &mut out) {
        assert_eq!(said, Some(samples));
    }
    let short = decoder.rate().frame();
    decoder.conceal(Some(payload), &mut out[..2 * short]);
    decoder.conceal(None, &mut out[..short]);
    if let Ok(samples) = decoder.decode(payload, &mut out[..short]) {
        assert!(samples <= short);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_octets_are_refused_or_decoded(payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 1..6)) {
        for (_, mut decoder) in decoders() {
            for payload in &payloads {
                feed(decoder.as_mut(), payload);
            }
        }
    }

    #[test]
    fn any_audio_is_encoded(seed in any::<u32>(), loud in any::<bool>()) {
        let mut state = seed | 1;
        let mut audio = [0i16; 960];
        for sample in &mut audio {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *sample = if loud { if state >> 31 == 0 { i16::MIN } else { i16::MAX } } else { (state >> 16) as i16 };
        }
        for codec in Codec::SPEECH {
            for rate in RATES {
                let mut encoder = codec::encoder(codec, &Wishes::default(), rate).expect("speech");
                for _ in 0..3 {
                    prop_assert!(encoder.encode(&audio[..2 * rate.frame()], &mut [0; 1_500]).is_ok());
                }
            }
        }
    }
}

/// True packets with octets changed, cut off, doubled and out of order.
#[test]
fn mutated_packets_of_a_true_stream_are_survived() {
    let mut state = 99u32;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    for (codec, mut decoder) in decoders() {
        let rate = decoder.rate();
        let packets = sent(codec, rate, &tone(700, rate, 2_000));
        for _ in 0..3 {
            for packet in &packets {
                let mut packet = packet.clone();
                for _ in 0..=random(4) {
                    let at = random(packet.len());
                    packet[at] = random(256) as u8;
                }
                if random(4) == 0 {
                    packet.truncate(random(packet.len() + 1));
                }
                feed(decoder.as_mut(), &packet);
            }
        }
    }
}

/// After any rubbish a sound stream is heard again, within a second: a steady tone is what Opus predicts longest from its past.
#[test]
fn a_stream_recovers_from_rubbish_in_it() {
    for (codec, mut decoder) in decoders() {
        let rate = decoder.rate();
        let rubbish: Vec<u8> = (0..160u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for _ in 0..10 {
            feed(decoder.as_mut(), &rubbish);
        }
        let mut heard = Vec::new();
        for packet in sent(codec, rate, &tone(1_000, rate, 1_500)) {
            let mut out = [0; 960];
            let samples = decoder.decode(&packet, &mut out).expect("a whole packet");
            heard.extend_from_slice(&out[..samples]);
        }
        let level = tone_dbm0(&heard[rate.frame() * 100..rate.frame() * 150], 1_000, rate.hz());
        assert!((level + 15.0).abs() < 1.5, "{codec:?} at {rate:?}: {level} dBm0");
    }
}
