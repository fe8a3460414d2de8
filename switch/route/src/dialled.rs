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
}
