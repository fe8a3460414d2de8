//! What a file's reader gives, piece by piece: mixed to one channel and brought to our rate, within its bounds.

use base::limits::{UPLOAD_CHANNELS, UPLOAD_HZ, UPLOAD_SAMPLES};
use media::dsp::Resampler;
use sounds::shelf::UploadFault;

use super::read::RATE;

/// The lowest rate that is taken; the highest is `UPLOAD_HZ`.
const LEAST_HZ: u32 = 4_000;

/// Refuses rates and numbers of channels that are not taken.
pub(super) fn check(rate: u32, channels: usize) -> Result<(), UploadFault> {
    if (LEAST_HZ..=UPLOAD_HZ).contains(&rate) && (1..=UPLOAD_CHANNELS).contains(&channels) {
        return Ok(());
    }
    Err(UploadFault::Unsupported(format!("{rate} Hz with {channels} channels")))
}

/// Milliseconds that a file may play: many channels at a high rate have less, as they cost more to read.
pub(super) fn most_ms(rate: u32, channels: usize, most_ms: u64) -> u64 {
    most_ms.min(UPLOAD_SAMPLES * 1_000 / (u64::from(rate) * channels as u64))
}

/// Audio so far. Only what we keep is held, never all of the file at its own rate.
pub(super) struct Gathered {
    rate: u32,
    resampler: Resampler,
    /// Samples of each channel so far, at the file's rate.
    heard: u64,
    mixed: Vec<i16>,
    audio: Vec<i16>,
}

impl Gathered {
    pub(super) fn new(rate: u32) -> Self {
        let resampler = Resampler::between(rate, RATE);
        Self { rate, resampler, heard: 0, mixed: Vec::new(), audio: Vec::new() }
    }

    /// Takes in one piece of a file that may play `most` milliseconds.
    pub(super) fn take(
        &mut self,
        rate: u32,
        channels: usize,
        piece: &[f32],
        most: u64,
    ) -> Result<(), UploadFault> {
        if rate != self.rate {
            return Err(UploadFault::Unsupported("a sampling rate that changes".to_owned()));
        }
        let most_ms = most_ms(rate, channels, most);
        self.heard += (piece.len() / channels) as u64;
        if self.heard * 1_000 > most_ms * u64::from(rate) {
            return Err(UploadFault::TooLong { most_ms });
        }
        self.mixed.clear();
        self.mixed.extend(piece.chunks_exact(channels).map(mixed));
        self.resample();
        Ok(())
    }

    /// Where the reader is: samples, and how many are a second.
    pub(super) fn place(&self) -> (u64, u32) {
        (self.heard, self.rate)
    }

    /// All of it, the delay of the filter taken out.
    pub(super) fn finish(mut self) -> Vec<i16> {
        let delay = self.resampler.delay();
        let tail = (delay as u64 * u64::from(self.rate)).div_ceil(u64::from(RATE)) + 2;
        self.mixed.clear();
        self.mixed.resize(tail as usize, 0);
        self.resample();
        self.audio.drain(..delay.min(self.audio.len()));
        self.audio.truncate((self.heard * u64::from(RATE)).div_ceil(u64::from(self.rate)) as usize);
        self.audio
    }

    fn resample(&mut self) {
        let before = self.audio.len();
        let most = (self.mixed.len() as u64 * u64::from(RATE)).div_ceil(u64::from(self.rate)) as usize + 1;
        self.audio.resize(before + most, 0);
        let written = self.resampler.process(&self.mixed, &mut self.audio[before..]);
        self.audio.truncate(before + written);
    }
}

fn mixed(channels: &[f32]) -> i16 {
    (channels.iter().sum::<f32>() / channels.len() as f32 * 32_768.0).round() as i16
}
