//! Opus (RFC 6716, RFC 7587) by a library behind the module `library`; nothing else here knows which.
//!
//! The library decodes to and encodes from 8, 16 or 48 kHz by itself, so no resampler is ever needed beside it, and it
//! makes one channel of two.

mod file;
mod library;
mod packet;

pub use file::{FileEncoder, head, tags};
pub use packet::{copies_the_one_before, samples_48k};

use base::media::OpusWishes;

use self::library::Settings;
use super::{Damaged, Decoder, Encoder};
use crate::frame::Rate;

/// How much effort the encoder makes, 0…10: about half the CPU time of 9, for a little more coding noise (ADR 0019).
const COMPLEXITY: u8 = 5;
/// Percent of our packets that a far end which asked for help is thought to lose before its reports say so.
const LOSS_AT_FIRST: u8 = 5;
/// Octets above which a packet is none: the largest that RFC 6716 §3.2.1 lets one frame have, and its header.
const PACKET_MAX: usize = 1_276;
/// Packets of so many octets say nothing and need not be sent (DTX).
const SAYS_NOTHING: usize = 2;

/// Decoder to one channel.
#[derive(Debug)]
pub(super) struct OpusDecoder {
    library: library::Decoder,
    rate: Rate,
}

impl OpusDecoder {
    pub(super) fn new(rate: Rate) -> Option<Self> {
        Some(Self { library: library::Decoder::new(rate)?, rate })
    }
}

impl Decoder for OpusDecoder {
    fn rate(&self) -> Rate {
        self.rate
    }

    fn samples_in(&self, payload: &[u8]) -> Option<usize> {
        Some(samples_48k(payload)? * self.rate.frame() / Rate::Hz48000.frame())
    }

    fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, Damaged> {
        let samples = self.samples_in(payload).ok_or(Damaged)?;
        let out = out.get_mut(..samples).ok_or(Damaged)?;
        match self.library.decode(payload, out) {
            Some(decoded) if decoded == samples => Ok(samples),
            _ => Err(Damaged),
        }
    }

    fn conceal(&mut self, next: Option<&[u8]>, out: &mut [i16]) -> bool {
        let length = out.len();
        let made = match next.filter(|next| copies_the_one_before(next)) {
            Some(next) => self.library.decode_copy(next, out),
            None => self.library.conceal(out),
        };
        made == Some(length)
    }
}

/// Encoder of one channel of speech.
#[derive(Debug)]
pub(super) struct OpusEncoder {
    library: library::Encoder,
    rate: Rate,
    wishes: OpusWishes,
}

impl OpusEncoder {
    pub(super) fn new(wishes: &OpusWishes, rate: Rate) -> Option<Self> {
        let settings = Settings {
            rate,
            stereo: false,
            bits: bits(wishes, rate),
            constant: wishes.constant,
            complexity: COMPLEXITY,
            playback_hz: wishes.playback_hz,
            fec: wishes.fec,
            dtx: wishes.dtx,
            loss: if wishes.fec { LOSS_AT_FIRST } else { 0 },
        };
        Some(Self { library: library::Encoder::new(settings)?, rate, wishes: *wishes })
    }
}

impl Encoder for OpusEncoder {
    fn rate(&self) -> Rate {
        self.rate
    }

    fn encode(&mut self, audio: &[i16], out: &mut [u8]) -> Result<usize, Damaged> {
        let room = out.len().min(PACKET_MAX);
        let octets = self.library.encode(audio, &mut out[..room]).ok_or(Damaged)?;
        Ok(if self.wishes.dtx && octets <= SAYS_NOTHING { 0 } else { octets })
    }

    fn expect_loss(&mut self, percent: u8) {
        if self.wishes.fec {
            self.library.expect_loss(percent.min(100));
        }
    }
}

/// Bits per second: good speech at the rate we have (RFC 7587 §3.1.1), no more than the far end takes.
fn bits(wishes: &OpusWishes, rate: Rate) -> u32 {
    let heard_hz = rate.hz().min(wishes.playback_hz);
    let good = match heard_hz {
        0..=8_000 => 14_000,
        8_001..=16_000 => 24_000,
        16_001.. => 32_000,
    };
    // Copies of lost packets are paid for out of the same budget.
    let good = if wishes.fec { good + 6_000 } else { good };
    good.min(wishes.bits.unwrap_or(good)).max(6_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::level::{dbm0, tone_dbm0};

    const RATES: [Rate; 3] = [Rate::Hz8000, Rate::Hz16000, Rate::Hz48000];

    /// Syllables of a voice-like sound: harmonics of 140 Hz that come and go.
    fn voice(rate: Rate, ms: usize) -> Vec<i16> {
        let hz = f64::from(rate.hz());
        let sample = |at: usize| {
            let time = at as f64 / hz;
            let harmonics =
                (1..20).map(|n| (std::f64::consts::TAU * 140.0 * f64::from(n) * time).sin() / f64::from(n));
            let syllable = (std::f64::consts::TAU * 2.0 * time).sin().max(0.05);
            (harmonics.sum::<f64>() * 5_000.0 * syllable) as i16
        };
        (0..rate.frame() * ms / 10).map(sample).collect()
    }

    fn tone(rate: Rate, hz: f64, ms: usize) -> Vec<i16> {
        let step = std::f64::consts::TAU * hz / f64::from(rate.hz());
        (0..rate.frame() * ms / 10).map(|at| (8_000.0 * (step * at as f64).sin()) as i16).collect()
    }

    fn packets(wishes: &OpusWishes, rate: Rate, audio: &[i16], packet_ms: usize) -> Vec<Vec<u8>> {
        let mut encoder = OpusEncoder::new(wishes, rate).unwrap();
        let encode = |audio: &[i16]| {
            let mut out = [0; 1_500];
            let octets = encoder.encode(audio, &mut out).unwrap();
            out[..octets].to_vec()
        };
        audio.chunks_exact(rate.frame() * packet_ms / 10).map(encode).collect()
    }

    /// RFC 6716 §2.1.1, §3.1: any rate may be decoded at any other.
    #[test]
    fn a_tone_keeps_its_level_between_all_rates_and_packet_lengths() {
        for from in RATES {
            for to in RATES {
                for packet_ms in [10, 20, 40, 60] {
                    let mut decoder = OpusDecoder::new(to).unwrap();
                    let mut audio = Vec::new();
                    for packet in packets(&OpusWishes::default(), from, &tone(from, 1_000.0, 600), packet_ms)
                    {
                        let mut out = [0; 5_760];
                        let samples = decoder.decode(&packet, &mut out).unwrap();
                        assert_eq!(samples, to.frame() * packet_ms / 10);
                        audio.extend_from_slice(&out[..samples]);
                    }
                    let heard = tone_dbm0(&audio[to.frame() * 20..to.frame() * 50], 1_000, to.hz());
                    let sent = dbm0(&tone(from, 1_000.0, 600));
                    assert!(
                        (heard - sent).abs() < 1.0,
                        "{from:?} to {to:?}, {packet_ms} ms: {heard} for {sent}"
                    );
                }
            }
        }
    }

    /// RFC 6716 §4.2.5, RFC 7587 §3.3: a packet may hold a coarser copy of the one before it.
    #[test]
    fn a_lost_packet_comes_back_from_the_next_one_when_the_far_end_asked_for_help() {
        let rate = Rate::Hz16000;
        let audio = voice(rate, 2_000);
        let distance = |fec: bool| {
            let wishes = OpusWishes { fec, ..OpusWishes::default() };
            let sent = packets(&wishes, rate, &audio, 20);
            let (mut whole, mut holed) = (OpusDecoder::new(rate).unwrap(), OpusDecoder::new(rate).unwrap());
            let (mut error, mut energy) = (0.0, 0.0);
            for (number, packet) in sent.iter().enumerate() {
                let (mut truth, mut heard) = ([0; 320], [0; 320]);
                whole.decode(packet, &mut truth).unwrap();
                if number % 7 == 3 && number > 20 {
                    assert!(holed.conceal(sent.get(number + 1).map(Vec::as_slice), &mut heard));
                    for (truth, heard) in truth.iter().zip(heard) {
                        error += (f64::from(*truth) - f64::from(heard)).powi(2);
                        energy += f64::from(*truth).powi(2);
                    }
                } else {
                    holed.decode(packet, &mut heard).unwrap();
                }
            }
            error / energy
        };
        let (helped, alone) = (distance(true), distance(false));
        assert!(helped < 0.5 * alone, "error {helped} with copies, {alone} without");
    }

    /// RFC 7587 §3.1.3: nothing is sent in silence, but for an update now and then.
    #[test]
    fn silence_is_not_sent_when_the_far_end_asked_for_that() {
        let rate = Rate::Hz16000;
        let mut audio = voice(rate, 1_000);
        audio.resize(rate.frame() * 400, 0);
        let sent = |dtx| {
            let wishes = OpusWishes { dtx, ..OpusWishes::default() };
            packets(&wishes, rate, &audio, 20).iter().skip(100).filter(|packet| !packet.is_empty()).count()
        };
        assert_eq!(sent(false), 100);
        assert!((1..=10).contains(&sent(true)), "{} of 100 packets in silence", sent(true));
    }

    #[test]
    fn the_bit_rate_that_the_far_end_allows_is_kept_and_constant_packets_have_one_size() {
        let rate = Rate::Hz48000;
        let audio = voice(rate, 2_000);
        for bits in [8_000, 16_000, 64_000] {
            let wishes = OpusWishes { bits: Some(bits), ..OpusWishes::default() };
            let octets: usize = packets(&wishes, rate, &audio, 20).iter().map(Vec::len).sum();
            assert!(octets * 4 <= bits as usize * 11 / 10, "{} bit/s of {bits}", octets * 4);
        }
        let constant = OpusWishes { constant: true, ..OpusWishes::default() };
        let sizes: Vec<_> = packets(&constant, rate, &audio, 20).iter().map(Vec::len).collect();
        assert!(sizes.windows(2).all(|pair| pair[0] == pair[1]), "{sizes:?}");
    }

    /// RFC 7587 §6.1 `maxplaybackrate`.
    #[test]
    fn nothing_is_encoded_above_what_the_far_end_plays() {
        let rate = Rate::Hz48000;
        let audio: Vec<i16> =
            tone(rate, 1_000.0, 600).iter().zip(tone(rate, 6_000.0, 600)).map(|(a, b)| a + b).collect();
        let high = |playback_hz| {
            let wishes = OpusWishes { playback_hz, bits: Some(40_000), ..OpusWishes::default() };
            let mut decoder = OpusDecoder::new(rate).unwrap();
            let mut heard = Vec::new();
            for packet in packets(&wishes, rate, &audio, 20) {
                let mut out = [0; 960];
                decoder.decode(&packet, &mut out).unwrap();
                heard.extend_from_slice(&out);
            }
            tone_dbm0(&heard[9_600..24_000], 6_000, 48_000)
        };
        assert!(high(48_000) > high(8_000) + 30.0, "{} and {}", high(48_000), high(8_000));
    }

    #[test]
    fn lengths_that_opus_does_not_have_are_refused() {
        let mut encoder = OpusEncoder::new(&OpusWishes::default(), Rate::Hz8000).unwrap();
        for length in [0, 1, 81, 240, 400] {
            assert_eq!(encoder.encode(&vec![0; length], &mut [0; 500]), Err(Damaged), "{length} samples");
        }
        assert_eq!(encoder.encode(&[0; 160], &mut []), Err(Damaged));
    }
}
