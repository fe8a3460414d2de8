//! `ropus`: Opus in Rust, exact to the bit with the reference in C.

use std::fmt;

use ropus::{Application, Bandwidth, Bitrate, Channels, DecodeMode, InbandFec};

use super::{Band, Settings, band};
use crate::frame::Rate;

pub(in super::super) struct Decoder(ropus::Decoder);

impl Decoder {
    pub(in super::super) fn new(rate: Rate) -> Option<Self> {
        ropus::Decoder::new(rate.hz(), Channels::Mono).ok().map(Self)
    }

    /// How many samples came of a packet; `None` when it is damaged.
    pub(in super::super) fn decode(&mut self, packet: &[u8], out: &mut [i16]) -> Option<usize> {
        self.0.decode(packet, out, DecodeMode::Normal).ok()
    }

    /// Fills `out` from the copy that `next` holds.
    pub(in super::super) fn decode_copy(&mut self, next: &[u8], out: &mut [i16]) -> Option<usize> {
        self.0.decode(next, out, DecodeMode::Fec).ok()
    }

    /// Fills `out` with a guess.
    pub(in super::super) fn conceal(&mut self, out: &mut [i16]) -> Option<usize> {
        self.0.decode(&[], out, DecodeMode::Normal).ok()
    }
}

pub(in super::super) struct Encoder(ropus::Encoder);

impl Encoder {
    pub(in super::super) fn new(settings: Settings) -> Option<Self> {
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
    pub(in super::super) fn encode(&mut self, audio: &[i16], out: &mut [u8]) -> Option<usize> {
        self.0.encode(audio, out).ok()
    }

    /// Percent of packets that are lost.
    pub(in super::super) fn expect_loss(&mut self, percent: u8) {
        // It refuses only what is above 100.
        self.0.set_packet_loss_perc(percent).ok();
    }

    /// Samples at 48 kHz by which what is decoded comes late.
    pub(in super::super) fn delay_48k(&self) -> u32 {
        let own = self.0.lookahead();
        own * (48_000 / self.0.sample_rate().max(1))
    }
}

fn bandwidth(hz: u32) -> Bandwidth {
    match band(hz) {
        Band::Narrow => Bandwidth::Narrowband,
        Band::Medium => Bandwidth::Mediumband,
        Band::Wide => Bandwidth::Wideband,
        Band::SuperWide => Bandwidth::Superwideband,
        Band::Full => Bandwidth::Fullband,
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
