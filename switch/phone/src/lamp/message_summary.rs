//! Messages that wait, as the `message-summary` package tells them (RFC 3842).

use std::fmt::Write as _;

/// The body of a NOTIFY.
pub const MESSAGE_SUMMARY: &str = "application/simple-message-summary";

/// How many voice messages a mailbox holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Messages {
    /// Nobody has heard them.
    pub new: u32,
    /// Heard and kept.
    pub old: u32,
    /// Of the new ones those marked urgent.
    pub urgent_new: u32,
    /// Of the old ones those marked urgent.
    pub urgent_old: u32,
}

impl Messages {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The document (RFC 3842 §5.2); `account` is the URI to call for listening.
    #[must_use]
    pub fn document(&self, account: &str) -> String {
        let Self { new, old, urgent_new, urgent_old } = self;
        let waiting = if *new > 0 { "yes" } else { "no" };
        let mut text = format!("Messages-Waiting: {waiting}\r\n");
        // A line of its own must not come in with the account. Writing to a String cannot fail.
        if !account.is_empty() && !account.contains(['\r', '\n']) {
            write!(text, "Message-Account: {account}\r\n").unwrap_or_default();
        }
        write!(text, "Voice-Message: {new}/{old} ({urgent_new}/{urgent_old})\r\n").unwrap_or_default();
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 3842 §4: four new and eight old, one of them urgent and new, two urgent and old.
    #[test]
    fn messages_are_told_as_in_the_example() {
        let messages = Messages { new: 4, old: 8, urgent_new: 1, urgent_old: 2 };
        let expected = "Messages-Waiting: yes\r\nMessage-Account: sip:alice@vmail.example.com\r\n\
                        Voice-Message: 4/8 (1/2)\r\n";
        assert_eq!(messages.document("sip:alice@vmail.example.com"), expected);
        assert_eq!(
            Messages::default().document("a\r\nb"),
            "Messages-Waiting: no\r\nVoice-Message: 0/0 (0/0)\r\n"
        );
    }
}
