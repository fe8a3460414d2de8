//! How a far end's audio is encoded.

use base::media::{Codec, Wishes};
use media::codec::{self, Decoder, Encoder};
use media::frame::Rate;

/// The codec of a far end, which speaks no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// G.711 µ-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
    /// G.722, wideband.
    G722,
}

impl Coding {
    /// Those who stand in a row take turns.
    pub(super) fn of(at: usize) -> Self {
        match at % 3 {
            0 => Self::Pcma,
            1 => Self::Pcmu,
            _two => Self::G722,
        }
    }

    /// Its name in SDP.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
        }
    }

    /// Its static payload type (RFC 3551 §6).
    pub(super) fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
            Self::G722 => 9,
        }
    }

    /// The rate of its audio.
    pub(super) fn rate(self) -> Rate {
        match self {
            Self::Pcmu | Self::Pcma => Rate::Hz8000,
            Self::G722 => Rate::Hz16000,
        }
    }

    /// Both ways.
    pub(super) fn coders(self) -> (Box<dyn Encoder>, Box<dyn Decoder>) {
        let (codec, rate) = (self.codec(), self.rate());
        let encoder = codec::encoder(codec, &Wishes::default(), rate).expect("speech that is known here");
        (encoder, codec::decoder(codec, rate).expect("speech that is known here"))
    }

    fn codec(self) -> Codec {
        match self {
            Self::Pcmu => Codec::Pcmu,
            Self::Pcma => Codec::Pcma,
            Self::G722 => Codec::G722,
        }
    }
}
