//! The prompts and the music that ship with the switch, each with its file.

use std::fmt;
use std::sync::Arc;

use base::media::PromptName;

include!(concat!(env!("OUT_DIR"), "/shipped.rs"));

/// One sound of the manifest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Shipped {
    group: &'static str,
    id: &'static str,
    text: &'static str,
    voice: &'static str,
    licence: &'static str,
    ms: u32,
    sha256: &'static str,
    ogg: &'static [u8],
}

impl Shipped {
    /// The language of a prompt, the class of a piece of music.
    #[must_use]
    pub fn group(&self) -> &'static str {
        self.group
    }

    /// Its id within the language or class: `queue/position-before`.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// What it says; of music, what it is.
    #[must_use]
    pub fn text(&self) -> &'static str {
        self.text
    }

    /// Who says it: a voice of the manifest.
    #[must_use]
    pub fn voice(&self) -> &'static str {
        self.voice
    }

    /// Its licence, as SPDX names it.
    #[must_use]
    pub fn licence(&self) -> &'static str {
        self.licence
    }

    /// Its length in milliseconds.
    #[must_use]
    pub fn ms(&self) -> u32 {
        self.ms
    }

    /// SHA-256 of the file, in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> &'static str {
        self.sha256
    }

    /// The file: Ogg/Opus, mono.
    #[must_use]
    pub fn ogg(&self) -> &'static [u8] {
        self.ogg
    }
}

impl fmt::Debug for Shipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shipped({}/{}, {:?}, {} ms)", self.group, self.id, self.text, self.ms)
    }
}

/// Every prompt, by language and id.
#[must_use]
pub fn prompts() -> &'static [Shipped] {
    PROMPTS
}

/// Every piece of music, by class and name.
#[must_use]
pub fn music() -> &'static [Shipped] {
    MUSIC
}

/// A prompt in exactly this language.
#[must_use]
pub fn find(language: &str, id: &str) -> Option<&'static Shipped> {
    PROMPTS
        .binary_search_by(|prompt| (prompt.group, prompt.id).cmp(&(language, id)))
        .ok()
        .map(|at| &PROMPTS[at])
}

/// The languages that may stand in for one, itself first: `es-mx`, `es`, then English.
pub fn fallbacks(language: &str) -> impl Iterator<Item = &str> {
    let plain = language.split_once('-').map(|(plain, _)| plain);
    let english = (language != "en" && plain != Some("en")).then_some("en");
    [Some(language), plain, english].into_iter().flatten()
}

/// The name of a prompt.
#[must_use]
pub fn name(language: &str, id: &str) -> PromptName {
    PromptName { language: Arc::from(language), id: Arc::from(id) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_found_by_language_and_id() {
        assert_eq!(find("es", "number/21-m").map(Shipped::text), Some("veintiún"));
        assert_eq!(find("fr", "number/21"), None);
        assert!(PROMPTS.is_sorted_by_key(|prompt| (prompt.group, prompt.id)));
    }

    #[test]
    fn what_both_languages_should_say_both_say() {
        let grammar = ["number/", "ordinal/", "time/", "date/", "letter/", "currency/", "word/"];
        let ids = |language: &str| -> Vec<&str> {
            let of = prompts().iter().filter(|prompt| prompt.group == language).map(Shipped::id);
            of.filter(|id| !grammar.iter().any(|kind| id.starts_with(kind))).collect()
        };
        assert_eq!(ids("en"), ids("es"));
    }

    #[test]
    fn a_language_falls_back_to_its_plain_form_and_then_to_english() {
        assert_eq!(fallbacks("es-mx").collect::<Vec<_>>(), ["es-mx", "es", "en"]);
        assert_eq!(fallbacks("en-gb").collect::<Vec<_>>(), ["en-gb", "en"]);
        assert_eq!(fallbacks("en").collect::<Vec<_>>(), ["en"]);
    }
}
