//! The words in which sounds of users are spoken of: names that fit into a file system, what a file held, and what was
//! wrong with it.

use std::fmt;
use std::str::FromStr;

/// Characters of a prompt's id.
const ID_CHARS: usize = 80;
/// Characters of one part of a name.
const PART_CHARS: usize = 40;
/// Parts of a prompt's id.
const ID_PARTS: usize = 4;
/// What music is called where languages are called by their tags.
const MUSIC: &str = "music";

/// What a sound is: a prompt in a language, or a piece of a class of music. Each part has small letters, digits, `-`
/// and `_`, so that it is a good name of a file too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SoundName {
    /// `es`, `queue/welcome`.
    Prompt {
        /// The language's tag.
        language: String,
        /// The id within it.
        id: String,
    },
    /// `default`, `morning`.
    Music {
        /// The class.
        class: String,
        /// The piece within it.
        piece: String,
    },
}

/// A name that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadName {
    /// Which part of it.
    pub part: NamePart,
    /// What was found.
    pub found: String,
}

/// The parts of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamePart {
    /// A language.
    Language,
    /// The id of a prompt.
    Id,
    /// A class of music.
    Class,
    /// A piece of music.
    Piece,
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let allowed = match self.part {
            NamePart::Language => "a language like es or es-mx, in small letters",
            NamePart::Id => {
                "1 to 4 parts of small letters, digits, - and _ with / between them, 80 characters in all"
            }
            NamePart::Class | NamePart::Piece => "1 to 40 small letters, digits, - and _",
        };
        write!(f, "found {:?}; allowed: {allowed}", self.found)
    }
}

impl std::error::Error for BadName {}

impl SoundName {
    /// A prompt.
    ///
    /// # Errors
    /// Which part is none.
    pub fn prompt(language: &str, id: &str) -> Result<Self, BadName> {
        if !is_language(language) {
            return Err(BadName { part: NamePart::Language, found: shortened(language) });
        }
        let parts = id.split('/').count();
        if parts > ID_PARTS || id.len() > ID_CHARS || !id.split('/').all(is_part) {
            return Err(BadName { part: NamePart::Id, found: shortened(id) });
        }
        Ok(Self::Prompt { language: language.to_owned(), id: id.to_owned() })
    }

    /// A piece of music.
    ///
    /// # Errors
    /// Which part is none.
    pub fn music(class: &str, piece: &str) -> Result<Self, BadName> {
        for (part, found) in [(NamePart::Class, class), (NamePart::Piece, piece)] {
            if !is_part(found) {
                return Err(BadName { part, found: shortened(found) });
            }
        }
        Ok(Self::Music { class: class.to_owned(), piece: piece.to_owned() })
    }

    /// The language, or the class.
    #[must_use]
    pub fn group(&self) -> &str {
        match self {
            Self::Prompt { language, .. } => language,
            Self::Music { class, .. } => class,
        }
    }

    /// The id, or the piece.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Prompt { id, .. } => id,
            Self::Music { piece, .. } => piece,
        }
    }

    /// Whether it is music.
    #[must_use]
    pub fn is_music(&self) -> bool {
        matches!(self, Self::Music { .. })
    }
}

impl fmt::Display for SoundName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prompt { language, id } => write!(f, "{language}/{id}"),
            Self::Music { class, piece } => write!(f, "{MUSIC}/{class}/{piece}"),
        }
    }
}

impl FromStr for SoundName {
    type Err = BadName;

    /// As it is displayed, which is also its path without what kind of file it is.
    fn from_str(text: &str) -> Result<Self, BadName> {
        let (group, rest) = text.split_once('/').unwrap_or((text, ""));
        if group == MUSIC {
            let (class, piece) = rest.split_once('/').unwrap_or((rest, ""));
            return Self::music(class, piece);
        }
        Self::prompt(group, rest)
    }
}

/// Two or three letters, and what may follow after `-` (RFC 5646 in small letters).
fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let letters = |part: &str| part.chars().all(|sign| sign.is_ascii_lowercase());
    let first = parts.next().is_some_and(|part| (2..=3).contains(&part.len()) && letters(part));
    first && parts.clone().count() <= 2 && parts.all(|part| (2..=8).contains(&part.len()) && is_part(part))
}

fn is_part(text: &str) -> bool {
    let sign = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || matches!(sign, '-' | '_');
    (1..=PART_CHARS).contains(&text.len()) && text.chars().all(sign)
}

fn shortened(text: &str) -> String {
    text.chars().take(ID_CHARS).collect()
}

/// A sound that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// Its name.
    pub name: SoundName,
    /// Where it comes from.
    pub origin: Origin,
    /// Its length in milliseconds; `None` when the file does not say.
    pub ms: Option<u64>,
    /// Octets of its file.
    pub octets: u64,
}

/// Where a sound comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// It ships with the switch.
    Shipped {
        /// What it says.
        text: &'static str,
        /// Its licence.
        licence: &'static str,
    },
    /// A user gave it.
    User {
        /// When, in seconds since 1970.
        at_s: u64,
        /// Whether one that ships is not heard because of it.
        overrides: bool,
    },
}

/// How an upload is to be treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Levelling {
    /// Brought to the level of our own sounds, silence at its ends cut.
    Level,
    /// As it is.
    Leave,
}

/// What is wrong with an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UploadFault {
    /// There is nothing in it.
    Empty,
    /// More octets than may be.
    TooLarge {
        /// How many may be.
        most: usize,
    },
    /// It is none of the kinds that are read.
    UnknownKind,
    /// A kind that is read, with something in it that is not.
    Unsupported(String),
    /// Its audio is broken.
    Damaged {
        /// How much of it could be read, in milliseconds.
        at_ms: u64,
        /// What the reader of that kind says.
        detail: String,
    },
    /// It plays longer than may be.
    TooLong {
        /// How many milliseconds may be.
        most_ms: u64,
    },
    /// It plays for less than a hundredth of a second.
    TooShort,
    /// There is only silence in it.
    Silent,
    /// There is no room for more sounds.
    Full,
    /// This node keeps no sounds of users: it has no data folder.
    NoFolder,
    /// Whoever sent it has gone.
    Stopped,
    /// The disk refused.
    Disk(String),
}

impl fmt::Display for UploadFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "the file is empty"),
            Self::TooLarge { most } => write!(f, "the file is too large; {} MB may be", most / 1_048_576),
            Self::UnknownKind => write!(f, "this is no WAV, MP3, Ogg (Vorbis or Opus) or FLAC file"),
            Self::Unsupported(what) => write!(f, "the file has something that cannot be read: {what}"),
            Self::Damaged { at_ms, detail } => {
                write!(
                    f,
                    "the file is damaged {}.{:03} s after its beginning: {detail}",
                    at_ms / 1_000,
                    at_ms % 1_000
                )
            }
            Self::TooLong { most_ms } => write!(f, "it plays too long; {} s may be", most_ms / 1_000),
            Self::TooShort => write!(f, "there is no audio in the file"),
            Self::Silent => write!(f, "there is only silence in the file"),
            Self::Full => write!(f, "there is no room for more sounds; delete some first"),
            Self::NoFolder => write!(f, "this node has no data folder to keep sounds in"),
            Self::Stopped => write!(f, "whoever sent the file has gone"),
            Self::Disk(detail) => write!(f, "it could not be stored: {detail}"),
        }
    }
}

impl std::error::Error for UploadFault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_a_file_may_be_called() {
        for good in ["es/hello", "es-mx/queue/welcome", "music/default/morning", "deu/a-b_c/1"] {
            assert_eq!(good.parse::<SoundName>().map(|name| name.to_string()).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "es",
            "es/",
            "es//a",
            "es/../a",
            "es/a/b/c/d/e",
            "ES/a",
            "es/A",
            "es/a.b",
            "e/a",
            "es-/a",
            "music/x",
            "music/x/y/z",
            "music/../y",
            "es/a b",
            "es/é",
            "es/a\0",
        ] {
            assert!(bad.parse::<SoundName>().is_err(), "{bad:?}");
        }
    }
}
