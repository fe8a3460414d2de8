//! Numbers in words.

use base::media::Sound;

use super::{Grammar, Speaker, english, spanish};

/// What a number agrees with. English does not care.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Agreement {
    /// Nothing: `veintiuno`.
    #[default]
    Alone,
    /// A masculine noun after it: `veintiún minutos`.
    Masculine,
    /// A feminine noun: `veintiuna horas`.
    Feminine,
}

/// Numbers from here on are said digit by digit.
const TOO_LARGE: u64 = 1_000_000_000;

impl Speaker {
    /// How many: `two hundred`. Of 1,000,000,000 and more each digit.
    #[must_use]
    pub fn number(&self, number: u64, agreement: Agreement) -> Vec<Sound> {
        self.sounds(self.number_ids(number, agreement))
    }

    /// Which in a row: `third`. Where the language has no common word for it, `number` and how many.
    #[must_use]
    pub fn ordinal(&self, number: u64, agreement: Agreement) -> Vec<Sound> {
        let ids = match self.grammar {
            Grammar::English => english::ordinal(number),
            Grammar::Spanish => spanish::ordinal(number, agreement),
        };
        self.sounds(ids.unwrap_or_else(|| self.numbered(number)))
    }

    /// So many of something that has prompts `one` and `many`.
    #[must_use]
    pub fn count(&self, number: u64, one: &str, many: &str, agreement: Agreement) -> Vec<Sound> {
        self.sounds(self.count_ids(number, one, many, agreement))
    }

    /// Hundredths of a whole: `forty two percent`.
    #[must_use]
    pub fn percent(&self, number: u64) -> Vec<Sound> {
        let mut ids = self.number_ids(number, Agreement::Alone);
        ids.push("unit/percent".to_owned());
        self.sounds(ids)
    }

    pub(super) fn number_ids(&self, number: u64, agreement: Agreement) -> Vec<String> {
        if number >= TOO_LARGE {
            return number.to_string().chars().map(|digit| format!("number/{digit}")).collect();
        }
        match self.grammar {
            Grammar::English => english::cardinal(number),
            Grammar::Spanish => spanish::cardinal(number, agreement),
        }
    }

    pub(super) fn count_ids(&self, number: u64, one: &str, many: &str, agreement: Agreement) -> Vec<String> {
        let mut ids = self.number_ids(number, agreement);
        // A million is a noun in Spanish: un millón de dólares.
        if self.grammar == Grammar::Spanish
            && number > 0
            && number.is_multiple_of(1_000_000)
            && number < TOO_LARGE
        {
            ids.push("date/of".to_owned());
        }
        ids.push(if number == 1 { one } else { many }.to_owned());
        ids
    }

    fn numbered(&self, number: u64) -> Vec<String> {
        let mut ids = vec!["word/number".to_owned()];
        ids.extend(self.number_ids(number, Agreement::Alone));
        ids
    }
}
