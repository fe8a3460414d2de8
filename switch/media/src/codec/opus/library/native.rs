//! `libopus`, the reference in C, through `audiopus`.

use audiopus::coder;
use audiopus::{Application, Bandwidth, Bitrate, Channels, SampleRate, ffi};

use super::{Band, Settings, band};
use crate::frame::Rate;

#[derive(Debug)]
pub(in super::super) struct Decoder(coder::Decoder);

impl Decoder {
    pub(in super::super) fn new(rate: Rate) -> Option<Self> {
        coder::Decoder::new(sample_rate(rate), Channels::Mono).ok().map(Self)
    }

    /// How many samples came of a packet; `None` when it is damaged.
    pub(in super::super) fn decode(&mut self, packet: &[u8], out: &mut [i16]) -> Option<usize> {
        self.0.decode(Some(packet), out, false).ok()
    }

    /// Fills `out` from the copy that `next` holds.
    pub(in super::super) fn decode_copy(&mut self, next: &[u8], out: &mut [i16]) -> Option<usize> {
        self.0.decode(Some(next), out, true).ok()
    }

    /// Fills `out` with a guess.
    pub(in super::super) fn conceal(&mut self, out: &mut [i16]) -> Option<usize> {
        self.0.decode(None::<&[u8]>, out, false).ok()
    }
}

#[derive(Debug)]
pub(in super::super) struct Encoder {
    coder: coder::Encoder,
    channels: usize,
    rate: Rate,
}

impl Encoder {
    pub(in super::super) fn new(settings: Settings) -> Option<Self> {
        let channels = if settings.stereo { Channels::Stereo } else { Channels::Mono };
        let coder = coder::Encoder::new(sample_rate(settings.rate), channels, Application::Voip).ok()?;
        let mut made = Self { coder, channels: if settings.stereo { 2 } else { 1 }, rate: settings.rate };
        made.set(settings).ok()?;
        Some(made)
    }

    /// How many octets came of the audio, interleaved when of two channels; `None` when it has a wrong length.
    pub(in super::super) fn encode(&mut self, audio: &[i16], out: &mut [u8]) -> Option<usize> {
        // The binding hands on the length without a look at what does not divide.
        let whole = audio.len().is_multiple_of(self.channels);
        if !whole || audio.is_empty() || out.is_empty() {
            return None;
        }
        self.coder.encode(audio, out).ok()
    }

    /// Percent of packets that are lost.
    pub(in super::super) fn expect_loss(&mut self, percent: u8) {
        // It refuses only what is above 100.
        self.coder.set_packet_loss_perc(percent).ok();
    }

    /// Samples at 48 kHz by which what is decoded comes late.
    pub(in super::super) fn delay_48k(&self) -> u32 {
        self.coder.lookahead().unwrap_or(0) * (Rate::Hz48000.hz() / self.rate.hz())
    }

    fn set(&mut self, settings: Settings) -> audiopus::Result<()> {
        let coder = &mut self.coder;
        coder.set_bitrate(Bitrate::BitsPerSecond(settings.bits.cast_signed()))?;
        coder.set_vbr(!settings.constant)?;
        coder.set_complexity(settings.complexity)?;
        coder.set_max_bandwidth(bandwidth(settings.playback_hz))?;
        coder.set_inband_fec(settings.fec)?;
        coder.set_packet_loss_perc(settings.loss)?;
        coder.set_encoder_ctl_request(ffi::OPUS_SET_DTX_REQUEST, settings.dtx.into())
    }
}

fn sample_rate(rate: Rate) -> SampleRate {
    match rate {
        Rate::Hz8000 => SampleRate::Hz8000,
        Rate::Hz16000 => SampleRate::Hz16000,
        Rate::Hz48000 => SampleRate::Hz48000,
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
