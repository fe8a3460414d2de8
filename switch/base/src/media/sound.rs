//! What can be played to a far end.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::mail::MailFile;

/// Names one playing on a port; given by whoever asks, unique there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PlayId(pub u32);

/// Sounds one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Play {
    /// Which; a playing of the same name is replaced.
    pub id: PlayId,
    /// What; at most `limits::PLAY_ITEMS`.
    pub items: Arc<[Sound]>,
    /// How many times over; 0 for without end.
    pub times: u16,
    /// Whether the far end hears its sources meanwhile.
    pub over: Over,
    /// Whether a digit of the far end ends it.
    pub until_digit: bool,
    /// How much louder or softer.
    pub gain: Gain,
}

/// What becomes of those whom the far end hears while something plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// They are not heard.
    Alone,
    /// They are heard too.
    Mixed,
}

/// One sound.
#[derive(Clone, Debug, PartialEq)]
pub enum Sound {
    /// A prompt by its id and the languages in which it is looked for, the first that has it.
    Prompt(PromptName),
    /// A tone or a cadence of tones.
    Tone(Tone),
    /// Nothing, for so many milliseconds.
    Silence(u32),
    /// A message or a greeting of a mailbox, from a place in it on.
    Message {
        /// Its file.
        file: MailFile,
        /// Milliseconds from its beginning.
        from_ms: u64,
    },
    /// A piece of music that runs on as if it played all the time: `at_ms` from its beginning, modulo its length.
    Music {
        /// Its class: `default`, or one the users uploaded.
        class: Arc<str>,
        /// Where in it to begin.
        at_ms: u64,
    },
}

/// Names a prompt: `queue/position` in `es`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PromptName {
    /// The language: `en`, `es`, or another that users have uploaded prompts in.
    pub language: Arc<str>,
    /// The id within the language.
    pub id: Arc<str>,
}

/// A cadence.
#[derive(Clone, Debug, PartialEq)]
pub struct Tone {
    /// Its parts in order; at most `limits::TONE_PARTS`.
    pub parts: SmallVec<[TonePart; 3]>,
    /// How many times over; 0 for without end.
    pub times: u16,
}

/// Up to four frequencies together for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TonePart {
    /// In hertz; 0 for none. All 0 is a pause.
    pub hz: [u16; 4],
    /// Level of each in dBm0, as G.711 has it: full scale is +3.17.
    pub dbm0: f32,
    /// For how many milliseconds; 0 for without end.
    pub ms: u32,
}

/// A factor on an amplitude, in hundredths of a decibel; [`Gain::OFF`] lets nothing through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Gain(i16);

impl Gain {
    /// As it came.
    pub const UNITY: Self = Self(0);
    /// Nothing.
    pub const OFF: Self = Self(i16::MIN);

    /// From hundredths of a decibel, kept within −60…+20 dB.
    #[must_use]
    pub fn centibels(hundredths_of_db: i32) -> Self {
        Self(hundredths_of_db.clamp(-6_000, 2_000) as i16)
    }

    /// The same number again; `i16::MIN` for nothing at all.
    #[must_use]
    pub fn hundredths_of_db(self) -> i16 {
        self.0
    }

    /// The factor on the amplitude.
    #[must_use]
    pub fn factor(self) -> f32 {
        if self == Self::OFF { 0.0 } else { 10f32.powf(f32::from(self.0) / 2_000.0) }
    }
}

impl Default for Gain {
    fn default() -> Self {
        Self::UNITY
    }
}
