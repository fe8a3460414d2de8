//! Numbers, money, times and the like as a speaker of the language would say them, as lists of prompts.

mod clock;
mod english;
mod money;
mod number;
mod spanish;
mod spell;
mod wait;

pub use clock::{Clock, Date, TimeOfDay};
pub use number::Agreement;

use std::sync::Arc;

use base::media::{PromptName, Sound};

/// Says things in one language. Languages without a grammar here are spoken to by the English one, with the prompts
/// that users uploaded in them.
#[derive(Clone, Debug)]
pub struct Speaker {
    language: Arc<str>,
    grammar: Grammar,
}

/// Grammars that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grammar {
    English,
    Spanish,
}

impl Speaker {
    /// Of a language tag: `en`, `es`, `es-mx`.
    #[must_use]
    pub fn new(language: &str) -> Self {
        let plain = language.split('-').next().unwrap_or(language);
        let grammar = if plain.eq_ignore_ascii_case("es") { Grammar::Spanish } else { Grammar::English };
        Self { language: Arc::from(language), grammar }
    }

    /// One prompt by its id.
    #[must_use]
    pub fn prompt(&self, id: &str) -> Sound {
        Sound::Prompt(PromptName { language: Arc::clone(&self.language), id: Arc::from(id) })
    }

    fn sounds<'a>(&self, ids: impl IntoIterator<Item = impl AsRef<str> + 'a>) -> Vec<Sound> {
        ids.into_iter().map(|id| self.prompt(id.as_ref())).collect()
    }
}

#[cfg(test)]
mod tests;
