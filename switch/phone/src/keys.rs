//! Codes pressed in a call: told from keys that are meant for the far end.
//!
//! ```text
//!   key ─► nothing held, begins no code ──────────────► passed on
//!       └► may become a code ─► held ─► is one ────────► swallowed, told
//!                                   ├► is none any more ► passed on, the last key looked at anew
//!                                   └► nothing more comes ► passed on
//! ```

use std::time::Duration;

use base::Mono;

/// How long keys are held that may become a code (features.md §0.3).
pub const HELD: Duration = Duration::from_millis(1_500);
/// The same once a number is being typed: people look it up.
pub const HELD_IN_NUMBER: Duration = Duration::from_secs(4);
/// Keys of a number in a code; one with more is none.
pub const NUMBER_KEYS: usize = 32;

/// What a phone asks for in a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InCall {
    /// `*0`: a supervisor's help, or no longer.
    Help,
    /// `*1`: the call is recorded, or no longer.
    Record,
    /// `*2`n`#`: speak to somebody else while the far end waits.
    Consult(String),
    /// `*3`: all speak together.
    Merge,
    /// `*4`q`#`: the far end waits in a queue.
    Enqueue(String),
    /// `*5`: what is said counts as a signature, up to the next `*5`.
    Signature,
    /// `*6`n: a prerecorded message, 1…9, is played into the call.
    Message(char),
    /// `*60`: the far end hears a prerecorded message to its end, the phone is released at once.
    VoicemailDrop,
    /// `*7`: the recording pauses, or goes on.
    PauseRecording,
    /// `*8`: hold, retrieve, alternate.
    Hold,
    /// `*9`: the far end is released, the phone stays.
    ReleaseFarEnd,
    /// `##`n`#`: the far end goes to somebody else.
    Transfer(String),
    /// `*#`: back from who was consulted.
    Return,
}

impl InCall {
    /// What these keys ask for, all of them together.
    #[must_use]
    pub fn of(keys: &str) -> Option<Self> {
        match read(keys) {
            Reading::Code(code) => Some(code),
            Reading::Part { .. } | Reading::None => None,
        }
    }

    /// The keys that ask for it.
    #[must_use]
    pub fn keys(&self) -> String {
        match self {
            Self::Help => "*0".to_owned(),
            Self::Record => "*1".to_owned(),
            Self::Consult(number) => format!("*2{number}#"),
            Self::Merge => "*3".to_owned(),
            Self::Enqueue(queue) => format!("*4{queue}#"),
            Self::Signature => "*5".to_owned(),
            Self::Message(number) => format!("*6{number}"),
            Self::VoicemailDrop => "*60".to_owned(),
            Self::PauseRecording => "*7".to_owned(),
            Self::Hold => "*8".to_owned(),
            Self::ReleaseFarEnd => "*9".to_owned(),
            Self::Transfer(number) => format!("##{number}#"),
            Self::Return => "*#".to_owned(),
        }
    }
}

/// One key, pressed and released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pressed {
    /// `0`…`9`, `*`, `#`, `A`…`D`.
    pub digit: char,
    /// How long it was down.
    pub lasted: Duration,
}

/// What comes of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Keys for the far end, in the order in which they were pressed.
    pub passed: Vec<Pressed>,
    /// The code that is complete; it was pressed after what is passed.
    pub code: Option<InCall>,
}

/// The keys of one phone in its call.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// What may become a code; at most `NUMBER_KEYS` and what stands around them.
    held: Vec<Pressed>,
    /// When the last of them was released.
    since: Mono,
}

impl Keys {
    /// Takes a key when it is released.
    pub fn press(&mut self, now: Mono, key: Pressed) -> Outcome {
        let mut outcome = Outcome { passed: self.give_up(now), code: None };
        self.held.push(key);
        self.since = now;
        let mut reading = read(&self.text());
        if matches!(reading, Reading::None) && self.held.len() > 1 {
            self.held.pop();
            outcome.passed.append(&mut self.held);
            self.held.push(key);
            reading = read(&self.text());
        }
        match reading {
            Reading::Part { .. } => {}
            Reading::Code(code) => {
                self.held.clear();
                outcome.code = Some(code);
            }
            Reading::None => outcome.passed.append(&mut self.held),
        }
        outcome
    }

    /// Keys that waited too long, for the far end.
    pub fn give_up(&mut self, now: Mono) -> Vec<Pressed> {
        let is_due = self.deadline().is_some_and(|due| now >= due);
        if is_due { self.let_go() } else { Vec::new() }
    }

    /// All that is held, for the far end: codes are no longer taken.
    pub fn let_go(&mut self) -> Vec<Pressed> {
        std::mem::take(&mut self.held)
    }

    /// When `give_up` is next wanted.
    #[must_use]
    pub fn deadline(&self) -> Option<Mono> {
        match read(&self.text()) {
            Reading::Part { in_number: false } if !self.held.is_empty() => Some(self.since + HELD),
            Reading::Part { in_number: true } => Some(self.since + HELD_IN_NUMBER),
            Reading::Part { in_number: false } | Reading::Code(_) | Reading::None => None,
        }
    }

    fn text(&self) -> String {
        self.held.iter().map(|key| key.digit).collect()
    }
}

enum Reading {
    /// It may become a code.
    Part {
        /// A key of a number has been typed.
        in_number: bool,
    },
    Code(InCall),
    /// It is none and never will be.
    None,
}

fn read(keys: &str) -> Reading {
    let part = Reading::Part { in_number: false };
    let mut chars = keys.chars();
    let code = match (chars.next(), chars.next()) {
        (None, _) | (Some('*' | '#'), None) => return part,
        (Some('*'), Some('2')) => return number(chars.as_str(), InCall::Consult),
        (Some('*'), Some('4')) => return number(chars.as_str(), InCall::Enqueue),
        (Some('#'), Some('#')) => return number(chars.as_str(), InCall::Transfer),
        (Some('*'), Some('6')) => match chars.next() {
            None => return part,
            Some('0') => InCall::VoicemailDrop,
            Some(number @ '1'..='9') => InCall::Message(number),
            Some(_) => return Reading::None,
        },
        (Some('*'), Some('0')) => InCall::Help,
        (Some('*'), Some('1')) => InCall::Record,
        (Some('*'), Some('3')) => InCall::Merge,
        (Some('*'), Some('5')) => InCall::Signature,
        (Some('*'), Some('7')) => InCall::PauseRecording,
        (Some('*'), Some('8')) => InCall::Hold,
        (Some('*'), Some('9')) => InCall::ReleaseFarEnd,
        (Some('*'), Some('#')) => InCall::Return,
        (Some(_), _) => return Reading::None,
    };
    Reading::Code(code)
}

/// A number up to `#`. It may be a feature code: `##*85#` parks.
fn number(typed: &str, code: fn(String) -> InCall) -> Reading {
    let (number, ends) = match typed.strip_suffix('#') {
        Some(number) => (number, true),
        None => (typed, false),
    };
    let fits = number.len() <= NUMBER_KEYS && number.bytes().all(|b| b.is_ascii_digit() || b == b'*');
    match (fits, ends, number.is_empty()) {
        (false, _, _) | (true, true, true) => Reading::None,
        (true, true, false) => Reading::Code(code(number.to_owned())),
        (true, false, is_empty) => Reading::Part { in_number: !is_empty },
    }
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
