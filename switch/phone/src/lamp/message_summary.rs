//! Messages that wait, as the `message-summary` package tells them (RFC 3842).

use std::fmt::Write as _;

use base::mail::MailCounts;

/// The body of a NOTIFY.
pub const MESSAGE_SUMMARY: &str = "application/simple-message-summary";

/// The document (RFC 3842 §5.2); `account` is the URI to call for listening.
#[must_use]
pub fn message_summary(counts: MailCounts, account: &str) -> String {
    let MailCounts { new, old, urgent_new, urgent_old } = counts;
    let waiting = if new > 0 { "yes" } else { "no" };
    let mut text = format!("Messages-Waiting: {waiting}\r\n");
    // A line of its own must not come in with the account. Writing to a String cannot fail.
    if !account.is_empty() && !account.contains(['\r', '\n']) {
        write!(text, "Message-Account: {account}\r\n").unwrap_or_default();
    }
    write!(text, "Voice-Message: {new}/{old} ({urgent_new}/{urgent_old})\r\n").unwrap_or_default();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 3842 §4: four new and eight old, one of them urgent and new, two urgent and old.
    #[test]
    fn messages_are_told_as_in_the_example() {
        let messages = MailCounts { new: 4, old: 8, urgent_new: 1, urgent_old: 2 };
        let expected = "Messages-Waiting: yes\r\nMessage-Account: sip:alice@vmail.example.com\r\n\
                        Voice-Message: 4/8 (1/2)\r\n";
        assert_eq!(message_summary(messages, "sip:alice@vmail.example.com"), expected);
        assert_eq!(
            message_summary(MailCounts::default(), "a\r\nb"),
            "Messages-Waiting: no\r\nVoice-Message: 0/0 (0/0)\r\n"
        );
    }
}
