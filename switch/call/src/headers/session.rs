//! One pair of names for a call over all its legs, for whoever looks for it in captures (RFC 7989).

use base::Entropy;
use sip::message::{Header, Message};

/// The names of the two ends; 0 is the nil of one that is not known yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SessionIds {
    caller: u128,
    callee: u128,
}

/// The end of a call on which a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Caller,
    Callee,
}

impl SessionIds {
    /// A call begins: the caller's name is the one it brings, else one of ours.
    pub(crate) fn begin(invite: &Message, entropy: &mut dyn Entropy) -> Self {
        Self { caller: named(invite).unwrap_or_else(|| name(entropy)), callee: 0 }
    }

    /// A message of one end may bring its name. An end that never does gets one of ours.
    pub(crate) fn hear(&mut self, end: End, message: &Message, entropy: &mut dyn Entropy) {
        let known = match end {
            End::Caller => &mut self.caller,
            End::Callee => &mut self.callee,
        };
        match named(message) {
            Some(name) => *known = name,
            None if *known == 0 => *known = name(entropy),
            None => {}
        }
    }

    /// The caller's name.
    pub(crate) fn caller(&self) -> u128 {
        self.caller
    }

    /// The caller's name and the callee's.
    pub(crate) fn pair(&self) -> (u128, u128) {
        (self.caller, self.callee)
    }

    /// The header's value in messages to this end: the other end's name comes first (RFC 7989 §5).
    pub(crate) fn towards(&self, end: End) -> String {
        let (local, remote) = match end {
            End::Caller => (self.callee, self.caller),
            End::Callee => (self.caller, self.callee),
        };
        format!("{local:032x};remote={remote:032x}")
    }
}

/// The name of the sender: 32 hexadecimal digits. RFC 7329 has no `remote` behind them.
fn named(message: &Message) -> Option<u128> {
    let value = message.header(Header::SessionId)?;
    let digits = value.split(';').next()?.trim();
    let is_name = digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u128::from_str_radix(digits, 16).ok().filter(|name| is_name && *name != 0)
}

/// A random UUID (RFC 4122 §4.4).
fn name(entropy: &mut dyn Entropy) -> u128 {
    let random = u128::from(entropy.next_u64()) << 64 | u128::from(entropy.next_u64());
    random & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62)
}

#[cfg(test)]
mod tests {
    use base::testing::Seeded;
    use bytes::Bytes;
    use sip::message::Framing;

    use super::*;

    const A: &str = "ab30317f1a784dc48ff824d0d3715d86";
    const B: &str = "47755a9de7794ba387653f2099600ef2";
    const NIL: &str = "00000000000000000000000000000000";

    fn message(value: &str) -> Message {
        let text = format!("INVITE sip:b@h SIP/2.0\r\nSession-ID: {value}\r\n\r\n");
        Message::parse(Bytes::from(text), Framing::Datagram).unwrap()
    }

    /// RFC 7989 §8, §10.
    #[test]
    fn each_end_is_told_the_others_name_and_its_own() {
        let mut entropy = Seeded::new(1);
        let mut ids = SessionIds::begin(&message(&format!("{A};remote={NIL}")), &mut entropy);
        assert_eq!(ids.towards(End::Callee), format!("{A};remote={NIL}"));
        ids.hear(End::Callee, &message(&format!("{B};remote={A}")), &mut entropy);
        assert_eq!(ids.towards(End::Caller), format!("{B};remote={A}"));
        assert_eq!(ids.towards(End::Callee), format!("{A};remote={B}"));
    }

    /// RFC 7989 §11: RFC 7329 has the name alone.
    #[test]
    fn an_end_without_a_name_gets_one_and_a_name_alone_is_one() {
        let mut entropy = Seeded::new(1);
        assert_eq!(
            SessionIds::begin(&message(A), &mut entropy).towards(End::Callee),
            format!("{A};remote={NIL}")
        );
        for none in ["", NIL, "abc", "ab30317f1a784dc48ff824d0d3715dxx", "+b30317f1a784dc48ff824d0d3715d86"] {
            let mut ids = SessionIds::begin(&message(none), &mut entropy);
            ids.hear(End::Callee, &message(none), &mut entropy);
            let value = ids.towards(End::Caller);
            assert!(!value.contains(NIL) && value.len() == 72, "{value}");
            assert_eq!((value.get(12..13), value.get(52..53)), (Some("4"), Some("4")), "version 4: {value}");
        }
    }
}
