//! Amounts of money.

use base::media::Sound;

use super::{Agreement, Speaker};

/// A currency's prompts, and of which gender its Spanish name is.
struct Name {
    group: &'static str,
    /// How many of its small units make a whole one.
    parts: u64,
    whole: Agreement,
    part: Agreement,
}

impl Speaker {
    /// `minor` hundredths of a currency by its code (ISO 4217), or whole ones where it has none:
    /// `five dollars and one cent`. A currency without a name here is spelled after the figure.
    #[must_use]
    pub fn amount(&self, minor: i64, currency: &str) -> Vec<Sound> {
        let mut ids = Vec::new();
        if minor < 0 {
            ids.push("number/minus".to_owned());
        }
        let Some(name) = name(currency) else {
            return self.spelled_amount(ids, minor.unsigned_abs(), currency);
        };
        let (whole, part) = (minor.unsigned_abs() / name.parts, minor.unsigned_abs() % name.parts);
        let prompt = |form: &str| format!("currency/{}/{form}", name.group);
        if whole > 0 || part == 0 {
            ids.extend(self.count_ids(whole, &prompt("one"), &prompt("many"), name.whole));
        }
        if whole > 0 && part > 0 {
            ids.push("currency/and".to_owned());
        }
        if part > 0 {
            ids.extend(self.count_ids(part, &prompt("cent"), &prompt("cents"), name.part));
        }
        self.sounds(ids)
    }

    fn spelled_amount(&self, mut ids: Vec<String>, minor: u64, currency: &str) -> Vec<Sound> {
        ids.extend(self.number_ids(minor / 100, Agreement::Alone));
        if !minor.is_multiple_of(100) {
            ids.push("number/point".to_owned());
            ids.extend([format!("number/{}", minor / 10 % 10), format!("number/{}", minor % 10)]);
        }
        let mut sounds = self.sounds(ids);
        sounds.extend(self.spell(currency));
        sounds
    }
}

fn name(currency: &str) -> Option<Name> {
    let (group, parts) = match currency.to_ascii_uppercase().as_str() {
        "USD" | "CAD" | "AUD" | "NZD" | "HKD" | "SGD" => ("usd", 100),
        "EUR" => ("eur", 100),
        "GBP" => ("gbp", 100),
        "MXN" | "ARS" | "COP" | "UYU" | "DOP" | "CUP" | "PHP" => ("mxn", 100),
        "CLP" => ("mxn", 1),
        "PEN" => ("pen", 100),
        "BRL" => ("brl", 100),
        "JPY" => ("jpy", 1),
        "INR" => ("inr", 100),
        "CHF" => ("chf", 100),
        "GTQ" => ("gtq", 100),
        "CRC" => ("crc", 100),
        "HNL" => ("hnl", 100),
        "PYG" => ("pyg", 1),
        "VES" => ("ves", 100),
        "BOB" => ("bob", 100),
        _ => return None,
    };
    let whole = if matches!(group, "gbp" | "inr") { Agreement::Feminine } else { Agreement::Masculine };
    let part = if group == "inr" { Agreement::Feminine } else { Agreement::Masculine };
    Some(Name { group, parts, whole, part })
}
