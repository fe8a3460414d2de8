//! What allocates per packet: nothing of ours, and how much of the Opus library.

use base::media::{Codec, Wishes};
use media::codec;
use media::dsp::Resampler;
use media::frame::Rate;

const RATES: [Rate; 3] = [Rate::Hz8000, Rate::Hz16000, Rate::Hz48000];

/// Allocations of ten packets there and back, after ten that may have filled tables.
fn allocations(codec: Codec, rate: Rate) -> u64 {
    let mut encoder = codec::encoder(codec, &Wishes::default(), rate).expect("speech");
    let mut decoder = codec::decoder(codec, rate).expect("speech");
    let audio: Vec<i16> = (0..2 * rate.frame()).map(|at| (at as i16).wrapping_mul(2_897) / 4).collect();
    let (mut payload, mut out) = ([0; 1_500], [0; 960]);
    let mut pass = || {
        for _ in 0..10 {
            let octets = encoder.encode(&audio, &mut payload).expect("20 ms");
            decoder.decode(&payload[..octets], &mut out).expect("our own packet");
            decoder.conceal(None, &mut out[..audio.len()]);
        }
    };
    pass();
    allocation_counter::measure(pass).count_total
}

/// Issue: nothing allocates per frame.
#[test]
fn g711_and_g722_allocate_nothing_at_any_rate() {
    for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722] {
        for rate in RATES {
            assert_eq!(allocations(codec, rate), 0, "{codec:?} at {rate:?}");
        }
    }
}

#[test]
fn a_resampler_allocates_nothing() {
    for from in RATES {
        for to in RATES {
            let mut resampler = Resampler::new(from, to);
            let (input, mut out) = ([100; 480], [0; 480]);
            let mut frame = || resampler.process(&input[..from.frame()], &mut out);
            frame();
            let counted = allocation_counter::measure(|| assert_eq!(frame(), to.frame()));
            assert_eq!(counted.count_total, 0);
        }
    }
}

/// ADR 0019: the library in Rust takes its scratch space from the allocator; the one in C has it on the stack.
#[test]
fn what_opus_allocates_is_known() {
    for rate in RATES {
        let most = if cfg!(feature = "libopus") { 0 } else { 2_500 };
        let count = allocations(Codec::Opus, rate);
        assert!(count <= most, "{count} allocations in ten packets at {rate:?}");
    }
}
