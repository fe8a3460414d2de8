//! The library that does the work: `ropus`, Opus in Rust. ADR 0019 says why.

use std::fmt;

use ropus::{Application, Bandwidth, Bitrate, Channels, DecodeMode, InbandFec};

use crate::frame::Rate;

/// Everything that an encoder can be told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) rate: Rate,
    pub(super) stereo: bool,
    /// Per second.
    pub(super) bits: u32,
    pub(super) constant: bool,
    /// 0…10.
    pub(super) complexity: u8,
    pub(super) playback_hz: u32,
    pub(super) fec: bool,
    pub(super) dtx: bool,
    /// Percent.
    pub(super) loss: u8,
}

pub(super) struct Decoder(ropus::Decoder);

impl Decoder {
    pub(super) fn new(rate: Rate) -> Option<Self> {
        ropus::Decoder::new(rate.hz(), Channels::Mono).ok().map(Self)
    }

    /// How many samples came of a packet; `None` when it is damaged.
    pub(super) fn decode(&mut self, packet: &[u8], out: &mut [i16]) -> Option<usize> {
        self.0.decode(packet, out, DecodeMode::Normal).ok()
    }

    /// Fills `out` from the copy that `next` holds.
    pub(super) fn decode_copy(&mut self, next: &[u8], out: &mut [i16]) -> Option<usize> {
        self.0.decode(next, out, DecodeMode::Fec).ok()
    }

    /// Fills `out` with a guess.
    pub(super) fn conceal(&mut self, out: &mut [i16]) -> Option<usize> {
        self.0.decode(&[], out, DecodeMode::Normal).ok()
    }
}

pub(super) struct Encoder(ropus::Encoder);

impl Encoder {
    pub(super) fn new(settings: Settings) -> Option<Self> {
        let channels = if settings.stereo { Channels::Stereo } else { Channels::Mono };
        let built = ropus::Encoder::builder(settings.rate.hz(), channels, Application::Voip)
            .bitrate(Bitrate::Bits(settings.bits))
            .vbr(!settings.constant)
            .complexity(settings.complexity)
            .max_bandwidth(bandwidth(settings.playback_hz))
            .inband_fec(if settings.fec { InbandFec::Enabled } else { InbandFec::Disabled })
            .packet_loss_perc(settings.loss)
            .dtx(settings.dtx)
            .build();
        built.ok().map(Self)
    }

    /// How many octets came of the audio, interleaved when of two channels; `None` when it has a wrong length.
    pub(super) fn encode(&mut self, audio: &[i16], out: &mut [u8]) -> Option<usize> {
        self.0.encode(audio, out).ok()
    }

    /// Percent of packets that are lost.
    pub(super) fn expect_loss(&mut self, percent: u8) {
        // It refuses only what is above 100.
        self.0.set_packet_loss_perc(percent).ok();
    }

    /// Samples at 48 kHz by which what is decoded comes late.
    pub(super) fn delay_48k(&self) -> u32 {
        let own = self.0.lookahead();
        own * (48_000 / self.0.sample_rate().max(1))
    }
}

/// The widest band that is of use to who plays at `hz` (RFC 7587 §3.1.1).
fn bandwidth(hz: u32) -> Bandwidth {
    match hz {
        0..=8_000 => Bandwidth::Narrowband,
        8_001..=12_000 => Bandwidth::Mediumband,
        12_001..=16_000 => Bandwidth::Wideband,
        16_001..=24_000 => Bandwidth::Superwideband,
        24_001.. => Bandwidth::Fullband,
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Decoder")
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Encoder")
    }
}
