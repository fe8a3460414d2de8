//! What a payload type stands for, and what a far end wishes of it.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};

/// The encodings this switch knows by heart; every other one passes untouched between legs that agree on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 µ-law, 8 kHz.
    Pcmu,
    /// G.711 A-law, 8 kHz.
    Pcma,
    /// G.722 at 64 kbit/s: 16 kHz of audio, 8 kHz of RTP clock (RFC 3551 §4.5.2).
    G722,
    /// Opus (RFC 6716, RFC 7587), 48 kHz of RTP clock.
    Opus,
    /// Keypad events (RFC 4733).
    TelephoneEvent,
    /// Comfort noise (RFC 3389).
    ComfortNoise,
    /// Anything else: it can be relayed and nothing more.
    Other(Foreign),
}

/// An encoding that is only passed on. Two are equal when name, clock, channels and parameters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Foreign(u64);

impl Foreign {
    /// From its name in any case, and all else that its SDP says of it.
    #[must_use]
    pub fn of(name: &str, clock_hz: u32, channels: u8, parameters: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        name.to_ascii_uppercase().hash(&mut hasher);
        (clock_hz, channels, parameters.trim()).hash(&mut hasher);
        Self(hasher.finish())
    }
}

impl Codec {
    /// Those that can be decoded and encoded here, the most wanted for a telephone first.
    pub const SPEECH: [Self; 4] = [Self::Opus, Self::G722, Self::Pcma, Self::Pcmu];

    /// By its name in SDP, in any case.
    #[must_use]
    pub fn named(name: &str, clock_hz: u32, channels: u8, parameters: &str) -> Self {
        let known = match (name.to_ascii_uppercase().as_str(), clock_hz) {
            ("PCMU", 8_000) => Some(Self::Pcmu),
            ("PCMA", 8_000) => Some(Self::Pcma),
            ("G722", 8_000) => Some(Self::G722),
            ("OPUS", 48_000) => Some(Self::Opus),
            ("TELEPHONE-EVENT", _) => Some(Self::TelephoneEvent),
            ("CN", 8_000) => Some(Self::ComfortNoise),
            (_, _) => None,
        };
        known.unwrap_or_else(|| Self::Other(Foreign::of(name, clock_hz, channels, parameters)))
    }

    /// Whether we can decode and encode it.
    #[must_use]
    pub fn is_speech(self) -> bool {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 | Self::Opus => true,
            Self::TelephoneEvent | Self::ComfortNoise | Self::Other(_) => false,
        }
    }

    /// Samples a second of the audio it carries at its best; 0 for what we cannot decode.
    #[must_use]
    pub fn audio_hz(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma => 8_000,
            Self::G722 => 16_000,
            Self::Opus => 48_000,
            Self::TelephoneEvent | Self::ComfortNoise | Self::Other(_) => 0,
        }
    }
}

/// One agreed payload type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload {
    /// 0…127 as it stands in packets.
    pub number: u8,
    /// RTP timestamp ticks per second.
    pub clock_hz: u32,
    /// What it is.
    pub codec: Codec,
}

/// How a far end wants the packets that we send it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wishes {
    /// Milliseconds of audio in a packet, 10…60 in steps of 10: `a=ptime` within `a=maxptime`.
    pub packet_ms: u8,
    /// For Opus.
    pub opus: OpusWishes,
}

impl Default for Wishes {
    fn default() -> Self {
        Self { packet_ms: 20, opus: OpusWishes::default() }
    }
}

/// What a far end's `a=fmtp` asks of an Opus encoder (RFC 7587 §6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpusWishes {
    /// `useinbandfec`: packets that help out for a lost one before them.
    pub fec: bool,
    /// `usedtx`: nothing is sent in silence.
    pub dtx: bool,
    /// `cbr`: packets of one size.
    pub constant: bool,
    /// `maxplaybackrate`: no audio above half of it, 8,000…48,000.
    pub playback_hz: u32,
    /// `maxaveragebitrate` in bit/s, 6,000…510,000; `None` leaves it to us.
    pub bits: Option<u32>,
}

impl Default for OpusWishes {
    fn default() -> Self {
        Self { fec: false, dtx: false, constant: false, playback_hz: 48_000, bits: None }
    }
}
