//! What a mailbox may be.

use crate::Mailbox;
use crate::check::{Checker, quoted};

/// Octets of an address of e-mail (RFC 5321 §4.5.3.1.3, the brackets left out).
const ADDRESS_OCTETS: usize = 254;
/// Octets of the part before the `@` (RFC 5321 §4.5.3.1.1).
const LOCAL_OCTETS: usize = 64;
/// Users that a mailbox may have.
const OWNERS: usize = 32;

pub(crate) fn check_mailbox(checker: &mut Checker<'_>, mailbox: &Mailbox) {
    checker.name("number", &mailbox.number);
    checker.text("name", &mailbox.name);
    checker.range("owners", mailbox.owners.len(), 0..=OWNERS);
    mailbox.owners.iter().for_each(|login| checker.user_exists("owners", login));
    let pin = &mailbox.pin;
    if !pin.is_empty() && (!(4..=12).contains(&pin.len()) || !pin.bytes().all(|b| b.is_ascii_digit())) {
        checker.say("pin", "does not fit; allowed: 4 to 12 digits");
    }
    let email = &mailbox.email;
    if !email.is_empty() && !is_address(email) {
        checker.say("email", format!("found {}; allowed: an address such as ana@example.com", quoted(email)));
    }
    if email.is_empty() && mailbox.email_attach {
        checker.say("email_attach", "is set, and there is no email");
    }
    if mailbox.delete_after_email && !mailbox.email_attach {
        let why = "is set without email_attach: the message would be lost";
        checker.say("delete_after_email", why);
    }
    checker.speech(&mailbox.language, "");
    if !is_zone(&mailbox.time_zone) {
        let found = quoted(&mailbox.time_zone);
        checker.say("time_zone", format!("found {found}; allowed: a name such as Europe/Madrid"));
    }
    checker.range("max_secs", mailbox.max_secs, 5..=600);
    checker.range("min_ms", mailbox.min_ms, 0..=30_000);
    if mailbox.silence_secs != 0 {
        checker.range("silence_secs", mailbox.silence_secs, 2..=60);
    }
    checker.range("max_messages", mailbox.max_messages, 1..=1_000);
    checker.range("keep_days", mailbox.keep_days, 0..=36_500);
}

/// Whether it is an address as they are used: printable ASCII without quotes, lists or comments.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~.-".contains(&b);
    let host = |b: u8| b.is_ascii_alphanumeric() || b"-.".contains(&b);
    let dots = |part: &str| !part.starts_with('.') && !part.ends_with('.') && !part.contains("..");
    text.len() <= ADDRESS_OCTETS
        && (1..=LOCAL_OCTETS).contains(&local.len())
        && !domain.is_empty()
        && local.bytes().all(atom)
        && domain.bytes().all(host)
        && dots(local)
        && dots(domain)
}

/// `Europe/Madrid`, or nothing.
fn is_zone(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"_+-/".contains(&b);
    text.len() <= 64 && text.bytes().all(fits) && !text.starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5321 §4.1.2; nothing that could begin another header line.
    #[test]
    fn addresses_of_mail_are_plain_ones() {
        for good in ["ana@example.com", "a.b+c@x", "o'neill@mail.example"] {
            assert!(is_address(good), "{good}");
        }
        for bad in
            ["", "ana", "@x", "ana@", "a@b\r\nBcc: c@d", "a b@c", "a@b>,<c@d", ".a@b", "a..b@c", "a@.b"]
        {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
