//! Encodings of speech, behind one trait.
//!
//! Coders work at one of three rates and know nothing of packets' headers, time or loss statistics. None of them
//! allocates after it was made.

mod converted;
pub mod g711;
pub mod g722;
pub mod opus;

use std::fmt;

use base::media::{Codec, Wishes};

use self::converted::Converted;
use self::g711::{G711, Law};
use self::g722::{G722Decoder, G722Encoder};
use self::opus::{OpusDecoder, OpusEncoder};
use crate::frame::Rate;

/// Makes a decoder of `codec` whose audio comes out at `rate`; `None` for what is not speech or not known here.
#[must_use]
pub fn decoder(codec: Codec, rate: Rate) -> Option<Box<dyn Decoder>> {
    match codec {
        Codec::Pcmu => Some(decoder_at(G711::new(Law::Mu), rate)),
        Codec::Pcma => Some(decoder_at(G711::new(Law::A), rate)),
        Codec::G722 => Some(decoder_at(G722Decoder::new(), rate)),
        Codec::Opus => Some(Box::new(OpusDecoder::new(rate)?)),
        Codec::TelephoneEvent | Codec::ComfortNoise | Codec::Other(_) => None,
    }
}

/// Makes an encoder of `codec` for audio at `rate`, as the far end wishes; `None` for what is not speech or not known
/// here.
#[must_use]
pub fn encoder(codec: Codec, wishes: &Wishes, rate: Rate) -> Option<Box<dyn Encoder>> {
    match codec {
        Codec::Pcmu => Some(encoder_at(G711::new(Law::Mu), rate)),
        Codec::Pcma => Some(encoder_at(G711::new(Law::A), rate)),
        Codec::G722 => Some(encoder_at(G722Encoder::new(), rate)),
        Codec::Opus => Some(Box::new(OpusEncoder::new(&wishes.opus, rate)?)),
        Codec::TelephoneEvent | Codec::ComfortNoise | Codec::Other(_) => None,
    }
}

/// The length of packets that comes nearest to the wished one without being longer, in milliseconds: 10…60, and for
/// Opus only lengths that its frames have.
#[must_use]
pub fn packet_ms(codec: Codec, wished: u8) -> u8 {
    let whole = wished.clamp(10, 60) / 10 * 10;
    match (codec, whole) {
        (Codec::Opus, 30) => 20,
        (Codec::Opus, 50) => 40,
        (_, whole) => whole,
    }
}

fn decoder_at<D: Decoder + 'static>(inner: D, rate: Rate) -> Box<dyn Decoder> {
    if inner.rate() == rate { Box::new(inner) } else { Box::new(Converted::from_coder(inner, rate)) }
}

fn encoder_at<E: Encoder + 'static>(inner: E, rate: Rate) -> Box<dyn Encoder> {
    if inner.rate() == rate { Box::new(inner) } else { Box::new(Converted::to_coder(inner, rate)) }
}

/// A payload that is not what its type says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a payload that its codec cannot read")]
pub struct Damaged;

/// Turns payloads of one stream into audio, in order.
pub trait Decoder: Send + fmt::Debug {
    /// The rate of what comes out.
    fn rate(&self) -> Rate;

    /// How many samples a payload holds, without decoding it; `None` when it is not one.
    fn samples_in(&self, payload: &[u8]) -> Option<usize>;

    /// Decodes a payload into the front of `out` and says how many samples that were.
    ///
    /// # Errors
    /// `Damaged` when the payload is not one of this codec or holds more than `out` takes. The decoder goes on.
    fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, Damaged>;

    /// Fills `out` with what was likely lost. `next` is the payload after the gap when it is there already: it may hold
    /// a copy of the lost one (forward error correction), which takes an `out` as long as a packet. `false`: this codec
    /// knows nothing, conceal by other means.
    fn conceal(&mut self, next: Option<&[u8]>, out: &mut [i16]) -> bool;
}

/// Turns audio of one stream into payloads, in order.
pub trait Encoder: Send + fmt::Debug {
    /// The rate of what goes in.
    fn rate(&self) -> Rate;

    /// Encodes one packet's audio, 10…60 ms of it, into the front of `out` and says how many octets that are; 0 when
    /// nothing is to be sent (DTX).
    ///
    /// # Errors
    /// `Damaged` when `out` is too short or the length is none the codec has.
    fn encode(&mut self, audio: &[i16], out: &mut [u8]) -> Result<usize, Damaged>;

    /// The far end loses so many percent of our packets: more or less forward error correction.
    fn expect_loss(&mut self, percent: u8);
}
