//! Who calls: what is believed of it, and how it is told on (RFC 3323, RFC 3325).

use provision::ShownIn;
use sip::message::{Draft, Header, Host, Message, NameAddr, Uri};

use super::Trust;

/// The user part of callers who are nobody in particular.
const ANONYMOUS: &str = "anonymous";
/// The host that RFC 3323 §4.1.1.3 gives them.
const NOWHERE: &str = "anonymous.invalid";

/// Who a caller says to be, as far as that is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    /// The number or user.
    pub(crate) user: String,
    /// The name; empty when there is none.
    pub(crate) name: String,
    /// The caller wants the number withheld from the callee.
    pub(crate) withheld: bool,
    /// A far end that we trust stands for it; a mere From is nobody's word.
    pub(crate) asserted: bool,
}

/// What a request says about who sends it: P-Asserted-Identity, else Remote-Party-ID, from those we trust; From
/// from everybody.
pub(crate) fn claim(request: &Message, from: &NameAddr, trust: Trust) -> Claim {
    let asserted = if trust == Trust::Full { asserted(request) } else { None };
    let withheld = is_nobody(from)
        || wants_privacy(request)
        || asserted.as_ref().is_some_and(|who| {
            who.params.get("privacy").is_some_and(|privacy| matches!(privacy, "full" | "uri"))
        });
    let own_name = from.display.clone().filter(|_| !is_nobody(from));
    match asserted {
        Some(who) => {
            let name = who.display.or(own_name).unwrap_or_default();
            Claim { user: user_of(&who.uri), name, withheld, asserted: true }
        }
        None => {
            let name = own_name.unwrap_or_default();
            Claim { user: user_of(&from.uri), name, withheld, asserted: false }
        }
    }
}

/// The first identity of a trusted request that can be read and is somebody's.
fn asserted(request: &Message) -> Option<NameAddr> {
    let read = |value: &str| NameAddr::parse(value).ok();
    let is_somebody = |who: &NameAddr| !is_nobody(who) && !user_of(&who.uri).is_empty();
    let is_caller =
        |who: &NameAddr| who.params.get("party").is_none_or(|party| party.eq_ignore_ascii_case("calling"));
    let pai = request.values(Header::PAssertedIdentity).filter_map(read).find(is_somebody);
    pai.or_else(|| {
        let rpid = request.values(Header::RemotePartyId).filter_map(read);
        rpid.filter(is_caller).find(is_somebody)
    })
}

/// Whether a request asks that its sender be hidden (RFC 3323 §4.2, RFC 3325 §9.3).
fn wants_privacy(request: &Message) -> bool {
    let wants = |value: &str| {
        let mut words = value.split(';').map(str::trim);
        words.any(|word| ["id", "user", "header"].iter().any(|hides| word.eq_ignore_ascii_case(hides)))
    };
    request.values(Header::Privacy).any(wants)
}

fn is_nobody(who: &NameAddr) -> bool {
    let host = match who.uri.host() {
        Some(Host::Name(name)) => name.eq_ignore_ascii_case(NOWHERE),
        Some(Host::V4(_) | Host::V6(_)) | None => false,
    };
    host || who.uri.user().is_some_and(|user| user.eq_ignore_ascii_case(ANONYMOUS))
}

/// The user of an address, or the number of a `tel` URI without what only makes it readable; parameters of the
/// user part (`phone-context`, `verstat`, `tgrp`) are not part of it (RFC 3966, RFC 4904).
pub(crate) fn user_of(uri: &Uri) -> String {
    let user = uri.user_decoded().unwrap_or_default();
    match user.split_once(';') {
        Some((user, _params)) => user.to_owned(),
        None => user,
    }
}

/// How much of who calls we can stand for (RFC 3325 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// Nothing: it is what somebody says of himself.
    Nothing,
    /// The number, which is set up here.
    Number,
    /// All of it: a phone that has shown its password, or the word of a far end that we trust.
    All,
}

/// Who calls, as one leg is to be told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity<'a> {
    pub(crate) number: &'a str,
    pub(crate) name: &'a str,
    pub(crate) domain: &'a Host,
    /// From shows nobody.
    pub(crate) hidden: bool,
    /// The caller asked for it, which a trusted far end is told even where From shows the number.
    pub(crate) withheld: bool,
    pub(crate) known: Known,
}

impl Identity<'_> {
    /// What From shows, without a tag.
    pub(crate) fn from(&self) -> NameAddr {
        if self.hidden {
            let nobody = Uri::sip(Some(ANONYMOUS), Host::Name(NOWHERE.into()), None);
            return NameAddr { display: Some("Anonymous".to_owned()), ..NameAddr::new(nobody) };
        }
        self.address(self.name)
    }

    /// Tells a trusted far end who calls, where it wants to read that: as our word only what we can stand for.
    pub(crate) fn assert(&self, draft: &mut Draft, shown: ShownIn) {
        let (name, screened) = match self.known {
            Known::Nothing => (self.name, false),
            Known::Number => ("", true),
            Known::All => (self.name, true),
        };
        let is_somebody = !self.number.is_empty() && !self.number.eq_ignore_ascii_case(ANONYMOUS);
        match shown {
            ShownIn::Pai => {
                if is_somebody && screened {
                    draft.push(Header::PAssertedIdentity, &self.address(name).to_string());
                }
                if self.withheld {
                    draft.push(Header::Privacy, "id");
                }
            }
            ShownIn::Rpid => {
                if is_somebody {
                    let privacy = if self.withheld { "full" } else { "off" };
                    let screen = if screened { "yes" } else { "no" };
                    let who = self.address(name);
                    let value = format!("{who};party=calling;screen={screen};privacy={privacy}");
                    draft.push(Header::RemotePartyId, &value);
                }
            }
            ShownIn::From => {}
        }
    }

    fn address(&self, name: &str) -> NameAddr {
        let user = Some(self.number).filter(|user| !user.is_empty());
        NameAddr {
            display: Some(name.to_owned()).filter(|name| !name.is_empty()),
            ..NameAddr::new(Uri::sip(user, self.domain.clone(), None))
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use sip::message::Framing;

    use super::*;

    fn claimed(from: &str, lines: &str, trust: Trust) -> (String, String, bool) {
        let text = format!("INVITE sip:b@h SIP/2.0\r\nFrom: {from};tag=1\r\n{lines}\r\n");
        let request = Message::parse(Bytes::from(text), Framing::Datagram).unwrap();
        let Claim { user, name, withheld, asserted: _ } = claim(&request, &request.from().unwrap(), trust);
        (user, name, withheld)
    }

    /// RFC 3325 §5: an identity counts from those we trust and from nobody else.
    #[test]
    fn an_asserted_identity_is_believed_from_a_trusted_far_end_alone() {
        let boss = "P-Asserted-Identity: \"Boss\" <sip:+491@h>\r\n";
        let who = |user: &str, name: &str| (user.to_owned(), name.to_owned(), false);
        assert_eq!(claimed("\"A\" <sip:+492@h>", boss, Trust::None), who("+492", "A"));
        assert_eq!(claimed("\"A\" <sip:+492@h>", boss, Trust::Admin), who("+492", "A"));
        assert_eq!(claimed("\"A\" <sip:+492@h>", boss, Trust::Full), who("+491", "Boss"));
        let tel = "P-Asserted-Identity: tel:+49-30-1;phone-context=x, <sip:a@h>\r\n";
        assert_eq!(claimed("\"A\" <sip:+492@h>", tel, Trust::Full), who("+49301", "A"));
        let rpid = "Remote-Party-ID: <sip:called@h>;party=called, <sip:+493@h>;party=calling;privacy=off\r\n";
        assert_eq!(claimed("<sip:+492@h>", rpid, Trust::Full), who("+493", ""));
    }

    /// RFC 8217 §4: a bare URI with a parameter has it in the header, one with `?` or a comma is none.
    #[test]
    fn an_identity_that_cannot_be_read_is_passed_over() {
        for bad in ["sip:a@h?x=y", "<sip:", "\"open <sip:a@h>", "", "<sip:anonymous@anonymous.invalid>"] {
            let line = format!("P-Asserted-Identity: {bad}\r\n");
            assert_eq!(claimed("<sip:+492@h>", &line, Trust::Full).0, "+492", "{bad}");
        }
        let param = "P-Asserted-Identity: sip:+491@h;p\r\n";
        assert_eq!(claimed("<sip:+492@h>", param, Trust::Full).0, "+491");
    }

    /// RFC 3323 §4.1.1.3, §4.2.
    #[test]
    fn a_caller_withholds_the_number_by_privacy_or_by_an_anonymous_from() {
        let withheld = |from: &str, lines: &str| claimed(from, lines, Trust::Full).2;
        assert!(withheld("\"Anonymous\" <sip:anonymous@ANONYMOUS.invalid>", ""));
        assert!(withheld("<sip:x@anonymous.invalid>", ""));
        for hides in ["id", "ID;critical", "header; user", "none, id"] {
            assert!(withheld("<sip:+492@h>", &format!("Privacy: {hides}\r\n")), "{hides}");
        }
        for shows in ["none", "session", "history", "identity"] {
            assert!(!withheld("<sip:+492@h>", &format!("Privacy: {shows}\r\n")), "{shows}");
        }
        assert!(withheld("<sip:+492@h>", "Remote-Party-ID: <sip:+492@h>;privacy=full\r\n"));
    }

    #[test]
    fn a_number_is_the_same_as_sip_and_as_tel_whatever_is_attached_to_it() {
        for uri in [
            "tel:+49-30-1;isub=7;ext=2",
            "sip:+49301@h;user=phone",
            "sip:+49301;phone-context=+49@h",
            "tel:+49301;tgrp=x;trunk-context=y",
        ] {
            assert_eq!(user_of(&Uri::parse(uri).unwrap()), "+49301", "{uri}");
        }
    }
}
