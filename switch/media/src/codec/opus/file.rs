//! What recordings in Ogg files need of Opus (RFC 7845).

use base::media::Channels;

use super::library::{self, Settings};
use super::{COMPLEXITY, Damaged, PACKET_MAX};
use crate::frame::Rate;

/// Bits per second of a channel of a recording.
const BITS: u32 = 20_000;

/// Encoder of one or two channels that are kept in a file.
#[derive(Debug)]
pub struct FileEncoder(library::Encoder);

impl FileEncoder {
    /// For audio at `rate`; `None` when the library has none to give.
    #[must_use]
    pub fn new(rate: Rate, channels: Channels) -> Option<Self> {
        let stereo = channels == Channels::Stereo;
        let settings = Settings {
            rate,
            stereo,
            bits: if stereo { 2 * BITS } else { BITS },
            constant: false,
            complexity: COMPLEXITY,
            playback_hz: rate.hz(),
            fec: false,
            dtx: false,
            loss: 0,
        };
        library::Encoder::new(settings).map(Self)
    }

    /// Encodes 10, 20, 40 or 60 ms, two channels sample by sample in turn, into the front of `out` and says how many
    /// octets that are.
    ///
    /// # Errors
    /// `Damaged` when `out` is empty or the audio has another length.
    pub fn encode(&mut self, audio: &[i16], out: &mut [u8]) -> Result<usize, Damaged> {
        let room = out.len().min(2 * PACKET_MAX);
        self.0.encode(audio, &mut out[..room]).ok_or(Damaged)
    }

    /// Samples at 48 kHz that a player leaves out at the beginning: the pre-skip of [`head`].
    #[must_use]
    pub fn pre_skip(&self) -> u16 {
        u16::try_from(self.0.delay_48k()).unwrap_or(u16::MAX)
    }
}

/// The first packet of an Ogg file (RFC 7845 §5.1).
#[must_use]
pub fn head(channels: Channels, rate: Rate, pre_skip: u16) -> [u8; 19] {
    let mut head = *b"OpusHead\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";
    head[9] = if channels == Channels::Stereo { 2 } else { 1 };
    head[10..12].copy_from_slice(&pre_skip.to_le_bytes());
    head[12..16].copy_from_slice(&rate.hz().to_le_bytes());
    head
}

/// The second packet of an Ogg file, with comments of the kind `NAME=value` (RFC 7845 §5.2).
#[must_use]
pub fn tags(vendor: &str, comments: &[&str]) -> Vec<u8> {
    let mut tags = b"OpusTags".to_vec();
    put(&mut tags, vendor);
    tags.extend_from_slice(&(comments.len() as u32).to_le_bytes());
    comments.iter().for_each(|comment| put(&mut tags, comment));
    tags
}

fn put(tags: &mut Vec<u8>, text: &str) {
    tags.extend_from_slice(&(text.len() as u32).to_le_bytes());
    tags.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::super::super::Decoder;
    use super::super::{OpusDecoder, samples_48k};
    use super::*;

    #[test]
    fn both_channels_of_a_recording_are_heard_in_one_when_a_telephone_plays_it() {
        let rate = Rate::Hz8000;
        let mut encoder = FileEncoder::new(rate, Channels::Stereo).unwrap();
        let mut decoder = OpusDecoder::new(rate).unwrap();
        let sine =
            |at: usize, hz: f64| (8_000.0 * (std::f64::consts::TAU * hz * at as f64 / 8_000.0).sin()) as i16;
        let mut heard = Vec::new();
        for packet in 0..50 {
            let both = |at: usize| [sine(packet * 160 + at, 500.0), sine(packet * 160 + at, 900.0)];
            let audio: Vec<i16> = (0..160).flat_map(both).collect();
            let mut out = [0; 1_000];
            let octets = encoder.encode(&audio, &mut out).unwrap();
            assert_eq!(samples_48k(&out[..octets]), Some(960));
            let mut mono = [0; 160];
            decoder.decode(&out[..octets], &mut mono).unwrap();
            heard.extend_from_slice(&mono);
        }
        for hz in [500, 900] {
            let level = crate::dsp::level::tone_dbm0(&heard[3_200..6_400], hz, 8_000);
            assert!((level + 15.1).abs() < 1.5, "{hz} Hz at {level} dBm0");
        }
    }

    /// RFC 7845 §5.1, §5.2: octet by octet.
    #[test]
    fn the_headers_of_a_file_are_those_of_the_rfc() {
        let head = head(Channels::Stereo, Rate::Hz16000, 312);
        assert_eq!(&head[..], b"OpusHead\x01\x02\x38\x01\x80\x3e\x00\x00\x00\x00\x00");
        assert_eq!(tags("t", &["A=b"]), b"OpusTags\x01\0\0\0t\x01\0\0\0\x03\0\0\0A=b");
    }

    #[test]
    fn the_delay_that_a_player_leaves_out_is_the_same_at_every_rate() {
        for rate in [Rate::Hz8000, Rate::Hz16000, Rate::Hz48000] {
            assert_eq!(FileEncoder::new(rate, Channels::Mono).unwrap().pre_skip(), 312);
        }
    }
}
