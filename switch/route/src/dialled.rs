//! Numbers as people write them, made comparable.

use std::borrow::Cow;

/// Characters that only make a number easier to read (RFC 3966 §5.1.1, and the blank).
const SEPARATORS: [char; 5] = [' ', '-', '.', '(', ')'];

/// Drops visual separators from what is otherwise a number; a name such as `j.user` stays as it is.
pub(crate) fn plain(dialled: &str) -> Cow<'_, str> {
    let is_number = dialled
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '+' | '*' | '#') || SEPARATORS.contains(&c));
    if is_number && dialled.contains(SEPARATORS) {
        Cow::Owned(dialled.replace(SEPARATORS, ""))
    } else {
        Cow::Borrowed(dialled)
    }
}

/// What a phone dials before a number to withhold its own on this one call.
const WITHHOLD: [&str; 2] = ["*67", "#31#"];

/// The number behind a prefix that withholds the caller's own; `None` when there is no such prefix.
#[must_use]
pub fn behind_withhold(dialled: &str) -> Option<&str> {
    let rest = WITHHOLD.iter().find_map(|prefix| dialled.strip_prefix(prefix));
    rest.filter(|rest| !rest.is_empty())
}

/// Whether two numbers are one in two formats: `+4930123`, `004930123` and `030123`.
#[must_use]
pub fn same_number(one: &str, other: &str) -> bool {
    /// Digits that tell subscribers of one place apart.
    const TELLING: usize = 6;
    let digits = |number: &str| -> Vec<u8> {
        number.bytes().filter(u8::is_ascii_digit).skip_while(|digit| *digit == b'0').collect()
    };
    let (one_digits, other_digits) = (digits(one), digits(other));
    let shorter = one_digits.len().min(other_digits.len());
    plain(one) == plain(other)
        || (shorter >= TELLING
            && (one_digits.ends_with(&other_digits) || other_digits.ends_with(&one_digits)))
}

/// The form by which exact numbers are compared: `+15550100` and `15550100` are one number.
pub(crate) fn key(number: &str) -> Cow<'_, str> {
    match plain(number) {
        Cow::Borrowed(number) => Cow::Borrowed(number.strip_prefix('+').unwrap_or(number)),
        Cow::Owned(number) => Cow::Owned(number.strip_prefix('+').map(str::to_owned).unwrap_or(number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_go_from_numbers_and_stay_in_names() {
        assert_eq!(plain("+1 (555) 010-0"), "+15550100");
        assert_eq!(plain("j.user"), "j.user");
        assert_eq!(plain("*43"), "*43");
        assert_eq!(key("+1.555"), "1555");
    }

    #[test]
    fn a_number_is_the_same_in_every_format_and_another_is_not() {
        for format in ["+49 30 123456", "0049.30.123456", "030123456"] {
            assert!(same_number("+4930123456", format), "{format}");
        }
        assert!(!same_number("+4930123456", "+4930123457"));
        assert!(!same_number("1001", "2001") && same_number("1001", "1001"));
    }

    #[test]
    fn a_prefix_withholds_only_before_a_number() {
        assert_eq!(behind_withhold("*67030123"), Some("030123"));
        assert_eq!(behind_withhold("#31#112"), Some("112"));
        assert_eq!((behind_withhold("*67"), behind_withhold("030")), (None, None));
    }
}
