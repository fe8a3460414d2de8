//! What one side says with its last word, for the other side to hear: Reason (RFC 3326, RFC 8606) and
//! User-to-User (RFC 7433).

use base::limits::UUI_OCTETS;
use sip::message::{Draft, Header, Message, Values};

/// Octets of all Reason values that cross; more are left out.
const REASON_OCTETS: usize = 512;
/// Reason values that cross; more are left out.
const REASONS: usize = 4;

/// A last word.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Parting {
    reasons: String,
    user_to_user: Vec<String>,
}

impl Parting {
    /// What a BYE, a CANCEL or a refusal says; `None` when it says nothing.
    pub(crate) fn of(message: &Message) -> Option<Box<Self>> {
        let said =
            Self { reasons: reasons(message), user_to_user: user_to_user(message).unwrap_or_default() };
        (said != Self::default()).then(|| Box::new(said))
    }

    /// The Reason value to send: what was said, and our Q.850 value where none was.
    pub(crate) fn reason(&self, ours: String) -> String {
        if self.reasons.is_empty() {
            return ours;
        }
        let has_q850 = Values::of(&self.reasons).any(|value| protocol(value).eq_ignore_ascii_case("Q.850"));
        if has_q850 { self.reasons.clone() } else { format!("{}, {ours}", self.reasons) }
    }

    /// Adds what the users tell each other.
    pub(crate) fn tell(&self, draft: &mut Draft) {
        for value in &self.user_to_user {
            draft.push(Header::UserToUser, value);
        }
    }
}

/// What the users tell each other; `None` when it is more than crosses.
pub(crate) fn user_to_user(message: &Message) -> Option<Vec<String>> {
    let values: Vec<String> = message.headers(Header::UserToUser).map(str::to_owned).collect();
    (values.iter().map(String::len).sum::<usize>() <= UUI_OCTETS).then_some(values)
}

fn reasons(message: &Message) -> String {
    let mut text = String::new();
    let values = message.values(Header::Reason).filter(|value| is_reason(value));
    for value in values.take(REASONS) {
        if text.len() + value.len() > REASON_OCTETS {
            break;
        }
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(value);
    }
    text
}

/// A protocol, and a cause that is a number where there is one.
fn is_reason(value: &str) -> bool {
    let protocol = protocol(value);
    let is_token = !protocol.is_empty()
        && protocol.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&b));
    let mut params = value.split(';').skip(1).filter_map(|param| param.split_once('='));
    is_token
        && params
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("cause"))
            .is_none_or(|(_, cause)| cause.trim().parse::<u16>().is_ok())
}

fn protocol(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use sip::message::Framing;

    use super::*;

    fn said(lines: &str) -> Option<Box<Parting>> {
        let text = format!("BYE sip:b@h SIP/2.0\r\n{lines}\r\n");
        Parting::of(&Message::parse(Bytes::from(text), Framing::Datagram).unwrap())
    }

    /// RFC 3326 §2 allows a value per protocol, RFC 8606 §4 adds the location.
    #[test]
    fn reasons_cross_with_their_location_and_a_q850_value_is_always_there() {
        let ours = || "Q.850;cause=16".to_owned();
        let both = said("Reason: SIP;cause=600;text=\"a, b\", Q.850;cause=17;location=LN\r\n").unwrap();
        assert_eq!(both.reason(ours()), "SIP;cause=600;text=\"a, b\", Q.850;cause=17;location=LN");
        let sip = said("Reason: SIP;cause=480\r\nReason: x y;cause=1\r\nReason: Q.850;cause=x\r\n").unwrap();
        assert_eq!(sip.reason(ours()), "SIP;cause=480, Q.850;cause=16");
        assert_eq!(said(""), None);
        let many = said(&"Reason: Q.850;cause=16\r\n".repeat(20)).unwrap();
        assert_eq!(many.reason(ours()).matches("cause").count(), REASONS);
        assert_eq!(said(&format!("Reason: SIP;text=\"{}\"\r\n", "x".repeat(600))), None);
    }

    /// RFC 7433 §4; conformance §5.2: 64 kB are dropped.
    #[test]
    fn what_users_tell_each_other_crosses_up_to_its_bound() {
        let uui = |octets: usize| said(&format!("User-to-User: {};encoding=hex\r\n", "a".repeat(octets)));
        assert!(uui(256).is_some_and(|said| said.user_to_user.len() == 1));
        assert_eq!(uui(UUI_OCTETS), None);
    }
}
