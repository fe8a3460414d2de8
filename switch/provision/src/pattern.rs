//! Patterns over numbers: regular expressions without backtracking, bounded in size, ASCII classes.

use regex::bytes::{Captures, Regex, RegexBuilder};

/// Characters a pattern may have.
pub(crate) const PATTERN_CHARS: usize = 256;
/// Octets the compiled form of one pattern may take.
const COMPILED_OCTETS: usize = 65_536;
/// Octets the lazily built automaton of one pattern may take; beyond it matching gets slower, never wrong.
const AUTOMATON_OCTETS: usize = 262_144;
/// Depth of groups within groups.
const NESTING: u32 = 16;

/// A compiled pattern. Matching takes time linear in the number, whatever the pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    regex: Regex,
}

/// A pattern that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadPattern(String);

impl Pattern {
    /// Compiles a pattern that may match anywhere unless it says `^` and `$`.
    ///
    /// # Errors
    /// When it is empty, longer than 256 characters, no regular expression, or too large when compiled.
    pub fn search(text: &str) -> Result<Self, BadPattern> {
        Self::compile(text, text.to_owned())
    }

    /// Compiles a pattern that must match the whole number, with or without `^` and `$`.
    ///
    /// # Errors
    /// As `search`.
    pub fn whole(text: &str) -> Result<Self, BadPattern> {
        Self::compile(text, format!("^(?:{text})$"))
    }

    fn compile(text: &str, expression: String) -> Result<Self, BadPattern> {
        if text.is_empty() {
            return Err(BadPattern("is empty".to_owned()));
        }
        if text.chars().count() > PATTERN_CHARS {
            return Err(BadPattern(format!("is longer than {PATTERN_CHARS} characters")));
        }
        let built = RegexBuilder::new(&expression)
            .unicode(false)
            .size_limit(COMPILED_OCTETS)
            .dfa_size_limit(AUTOMATON_OCTETS)
            .nest_limit(NESTING)
            .build();
        built.map(|regex| Self { text: text.to_owned(), regex }).map_err(|error| BadPattern(reason(&error)))
    }

    /// Whether `number` matches.
    #[must_use]
    pub fn matches(&self, number: &str) -> bool {
        self.regex.is_match(number.as_bytes())
    }

    /// The replaced number when `number` matches.
    #[must_use]
    pub fn rewrite(&self, number: &str, by: &Replacement) -> Option<String> {
        let groups = self.regex.captures(number.as_bytes())?;
        Some(by.expand(&groups))
    }

    /// How many groups it has.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.regex.captures_len() - 1
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The characters every match begins with: `+49` of `^\+49[0-9]*$`. Empty when it has no `^`.
    #[must_use]
    pub fn literal_prefix(&self) -> String {
        let Some(rest) = self.text.strip_prefix('^') else { return String::new() };
        if rest.contains('|') {
            return String::new();
        }
        let mut prefix = String::new();
        let mut chars = rest.chars().peekable();
        while let Some(c) = chars.next() {
            let literal = match c {
                '\\' => chars.next_if(|next| !next.is_ascii_alphanumeric()),
                '.' | '[' | '(' | '*' | '+' | '?' | '{' | '$' | '^' | ')' => None,
                plain => Some(plain),
            };
            match literal {
                Some(literal) if !matches!(chars.peek(), Some('?' | '*' | '{')) => prefix.push(literal),
                Some(_) | None => break,
            }
        }
        prefix
    }
}

fn reason(error: &regex::Error) -> String {
    if let regex::Error::CompiledTooBig(_) = error {
        return format!("is too large: it would take more than {COMPILED_OCTETS} octets compiled");
    }
    let text = error.to_string();
    let last = text.lines().last().unwrap_or("does not compile").trim().to_owned();
    last.strip_prefix("error: ").unwrap_or(&last).to_owned()
}

/// What replaces a match: text in which `$1` is the first group, `$0` the whole match, `$$` a dollar sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Group(usize),
}

impl Replacement {
    /// Reads a replacement for a pattern with `groups` groups.
    ///
    /// # Errors
    /// When a `$` stands before neither a group that exists nor another `$`.
    pub fn read(text: &str, groups: usize) -> Result<Self, BadPattern> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            if c != '$' {
                plain.push(c);
                continue;
            }
            match chars.next() {
                Some('$') => plain.push('$'),
                Some(digit) if digit.to_digit(10).is_some_and(|group| group as usize <= groups) => {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                    parts.push(Part::Group(digit.to_digit(10).unwrap_or(0) as usize));
                }
                other => {
                    let found = other.map_or_else(|| "$".to_owned(), |c| format!("${c}"));
                    return Err(BadPattern(format!(
                        "has {found:?}, and the pattern has {groups} groups; allowed: $0 to ${groups}, and $$ for a dollar sign"
                    )));
                }
            }
        }
        parts.push(Part::Text(plain));
        Ok(Self(parts))
    }

    fn expand(&self, groups: &Captures<'_>) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Group(index) => {
                    if let Some(found) = groups.get(*index) {
                        out.push_str(&String::from_utf8_lossy(found.as_bytes()));
                    }
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str) -> String {
        Pattern::search(text).expect("compiles").literal_prefix()
    }

    #[test]
    fn a_digit_after_a_group_is_text_and_not_part_of_its_number() {
        let pattern = Pattern::whole("0([0-9]+)").expect("compiles");
        let by = Replacement::read("+49$10", pattern.groups()).expect("one group");
        assert_eq!(pattern.rewrite("030", &by), Some("+49300".to_owned()));
        assert_eq!(pattern.rewrite("130", &by), None);
        assert!(Replacement::read("$2", 1).is_err());
        assert!(Replacement::read("5$", 1).is_err());
    }

    #[test]
    fn the_literal_prefix_ends_before_anything_that_may_vary() {
        assert_eq!(prefix(r"^\+49[0-9]+$"), "+49");
        assert_eq!(prefix("^1555?$"), "155");
        assert_eq!(prefix(r"^00\d+$"), "00");
        assert_eq!(prefix("^1|2$"), "");
        assert_eq!(prefix("1555"), "");
        assert_eq!(prefix("^90+$"), "90");
    }

    #[test]
    fn a_pattern_that_explodes_when_compiled_is_refused() {
        assert!(Pattern::search("^((a{1,999}){1,999})$").is_err());
        assert!(Pattern::search(&"(".repeat(200)).is_err());
        assert!(Pattern::search(&"1".repeat(257)).is_err());
        assert!(Pattern::search("").is_err());
    }

    #[test]
    fn classes_are_ascii_and_any_text_may_be_asked() {
        let digits = Pattern::whole(r"\d+").expect("compiles");
        assert!(digits.matches("0123"));
        assert!(!digits.matches("٠١"));
        assert!(Pattern::whole(".*").expect("compiles").matches("ü"));
    }
}
