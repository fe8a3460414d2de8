//! The floors: codecs and nothing else.

use std::rc::Rc;

use base::media::{Codec, Wishes};
use media::codec::{self, Decoder, Encoder};
use media::frame::Rate;

use crate::race::Course;
use crate::signal;

/// Legs by twos: each one's packets are decoded and the other's audio is encoded for it.
#[derive(Debug)]
pub(crate) struct Coders {
    legs: Vec<Leg>,
    at: usize,
    out: Box<[u8; 1_500]>,
}

#[derive(Debug)]
struct Leg {
    decoder: Box<dyn Decoder>,
    encoder: Box<dyn Encoder>,
    payloads: Rc<[Vec<u8>]>,
    said: Vec<i16>,
}

impl Leg {
    fn new(codec: Codec, rate: Rate, payloads: &Rc<[Vec<u8>]>) -> Self {
        Self {
            decoder: codec::decoder(codec, rate).expect("a codec of speech"),
            encoder: codec::encoder(codec, &Wishes::default(), rate).expect("a codec of speech"),
            payloads: Rc::clone(payloads),
            said: vec![0; 2 * rate.frame()],
        }
    }
}

impl Coders {
    /// So many calls between two codecs, worked on at `rate`.
    pub(crate) fn calls(codecs: [Codec; 2], rate: Rate, calls: u32) -> Self {
        let spoken = codecs.map(signal::voices);
        let leg = |call: u32, side: usize| Leg::new(codecs[side], rate, signal::of(&spoken[side], call));
        let legs = (0..calls).flat_map(|call| [leg(call, 0), leg(call, 1)]).collect();
        Self { legs, at: 0, out: Box::new([0; 1_500]) }
    }
}

impl Course for Coders {
    fn legs(&self) -> u32 {
        self.legs.len() as u32
    }

    fn step(&mut self) {
        self.at = (self.at + 1) % signal::PACKETS;
        for leg in &mut self.legs {
            leg.decoder.decode(&leg.payloads[self.at], &mut leg.said).expect("a whole packet");
        }
        for place in 0..self.legs.len() {
            let (one, other) = (place, place ^ 1);
            let said = std::mem::take(&mut self.legs[other].said);
            self.legs[one].encoder.encode(&said, &mut self.out[..]).expect("20 ms");
            self.legs[other].said = said;
        }
    }
}

/// Calls between PCMU and Opus at 8 kHz, the Opus leg by its library without anything of ours in between. Its settings
/// are those that the switch gives it.
pub(crate) struct Library {
    calls: Vec<LibraryCall>,
    at: usize,
    out: Box<[u8; 1_500]>,
}

struct LibraryCall {
    near: Leg,
    decoder: ropus::Decoder,
    encoder: ropus::Encoder,
    payloads: Rc<[Vec<u8>]>,
    said: Vec<i16>,
}

impl Library {
    /// So many calls.
    pub(crate) fn calls(calls: u32) -> Self {
        let spoken = [Codec::Pcmu, Codec::Opus].map(signal::voices);
        let call = |number: u32| {
            let [near, far] = spoken.each_ref().map(|spoken| signal::of(spoken, number));
            let encoder = ropus::Encoder::builder(8_000, ropus::Channels::Mono, ropus::Application::Voip)
                .bitrate(ropus::Bitrate::Bits(14_000))
                .vbr(true)
                .complexity(5)
                .max_bandwidth(ropus::Bandwidth::Fullband)
                .build();
            LibraryCall {
                near: Leg::new(Codec::Pcmu, Rate::Hz8000, near),
                decoder: ropus::Decoder::new(8_000, ropus::Channels::Mono).expect("8 kHz, one channel"),
                encoder: encoder.expect("settings in range"),
                payloads: Rc::clone(far),
                said: vec![0; 160],
            }
        };
        Self { calls: (0..calls).map(call).collect(), at: 0, out: Box::new([0; 1_500]) }
    }
}

impl Course for Library {
    fn legs(&self) -> u32 {
        2 * self.calls.len() as u32
    }

    fn step(&mut self) {
        self.at = (self.at + 1) % signal::PACKETS;
        for call in &mut self.calls {
            let near = &mut call.near;
            near.decoder.decode(&near.payloads[self.at], &mut near.said).expect("a whole packet");
            let mode = ropus::DecodeMode::Normal;
            call.decoder.decode(&call.payloads[self.at], &mut call.said, mode).expect("a whole packet");
            near.encoder.encode(&call.said, &mut self.out[..]).expect("20 ms");
            call.encoder.encode(&near.said, &mut self.out[..]).expect("20 ms");
        }
    }
}
