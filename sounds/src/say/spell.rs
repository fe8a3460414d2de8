//! Sign by sign: telephone numbers, extensions, names.

use base::media::Sound;

use super::Speaker;

/// Silence between groups of digits, in milliseconds.
const PAUSE_MS: u32 = 180;
/// Signs said of a text; further ones are left out.
const SIGNS: usize = 40;

impl Speaker {
    /// Each sign by its name: digits, letters, `*`, `#` and the like. What has no name is left out.
    #[must_use]
    pub fn spell(&self, text: &str) -> Vec<Sound> {
        text.chars().filter_map(sign).take(SIGNS).map(|id| self.prompt(&id)).collect()
    }

    /// A telephone number, digit by digit in groups of three and four with a short pause between.
    #[must_use]
    pub fn telephone(&self, number: &str) -> Vec<Sound> {
        let signs: Vec<char> = number.chars().filter(|sign| sign_of_number(*sign)).take(SIGNS).collect();
        let plus = usize::from(signs.first() == Some(&'+'));
        let (before, signs) = signs.split_at(plus);
        let country = if plus == 1 && signs.len() == 11 && signs.first() == Some(&'1') { 1 } else { 0 };
        let (country, mut rest) = signs.split_at(country);
        let mut sounds = self.signs(before);
        if !country.is_empty() {
            sounds.extend(self.signs(country));
            sounds.push(Sound::Silence(PAUSE_MS));
        }
        while !rest.is_empty() {
            let (group, after) = rest.split_at(group_length(rest.len()));
            sounds.extend(self.signs(group));
            if !after.is_empty() {
                sounds.push(Sound::Silence(PAUSE_MS));
            }
            rest = after;
        }
        sounds
    }

    /// `extension two zero one`.
    #[must_use]
    pub fn extension(&self, number: &str) -> Vec<Sound> {
        let mut sounds = self.sounds(["word/extension"]);
        sounds.extend(self.spell(number));
        sounds
    }

    fn signs(&self, signs: &[char]) -> Vec<Sound> {
        signs.iter().filter_map(|it| sign(*it)).map(|id| self.prompt(&id)).collect()
    }
}

/// Of the first group: 10 digits are 3, 3, 4; 8 are 4, 4; 11 are 3, 4, 4.
fn group_length(left: usize) -> usize {
    match left {
        0..=4 => left,
        8 => 4,
        5.. => 3,
    }
}

fn sign_of_number(sign: char) -> bool {
    sign.is_ascii_digit() || matches!(sign, '+' | '*' | '#')
}

fn sign(sign: char) -> Option<String> {
    let id = match sign {
        '0'..='9' => format!("number/{sign}"),
        'a'..='z' | 'A'..='Z' => format!("letter/{}", sign.to_ascii_lowercase()),
        'ñ' | 'Ñ' => "letter/n-tilde".to_owned(),
        '*' => "symbol/star".to_owned(),
        '#' => "symbol/pound".to_owned(),
        '+' => "symbol/plus".to_owned(),
        '-' => "symbol/dash".to_owned(),
        '.' => "symbol/dot".to_owned(),
        '@' => "symbol/at".to_owned(),
        '/' => "symbol/slash".to_owned(),
        '_' => "symbol/underscore".to_owned(),
        ' ' => "symbol/space".to_owned(),
        _ => return None,
    };
    Some(id)
}
