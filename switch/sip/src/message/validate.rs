//! What every message must hold beyond its framing (RFC 3261 §8.1.1, §8.2, §18.1.2).

use base::limits::{SIP_CONTACTS, SIP_ROUTES, SIP_VIAS};

use super::header::{Contacts, Via};
use super::malformed::Malformed;
use super::message::Message;
use super::method::Method;
use super::name::Header;
use super::octets::is_blank;
use super::uri::Scheme;

/// Why a well-framed message is refused: answer a request with it, drop a response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status} {text}")]
pub struct Invalid {
    /// What to answer.
    pub status: u16,
    /// The reason phrase, naming what is wrong.
    pub text: String,
}

impl Message {
    /// Checks mandatory and single headers, the addresses, Via and Contact values with their limits,
    /// CSeq and Max-Forwards, and of a request also its URI.
    ///
    /// # Errors
    /// `Invalid` with 400, or 416 for a Request-URI of a scheme that is neither SIP nor `tel`.
    pub fn validate(&self) -> Result<(), Invalid> {
        self.check_single()?;
        self.check_vias()?;
        self.from()?;
        self.to()?;
        self.check_call_id()?;
        let cseq = self.cseq()?;
        if self.method().is_some_and(|method| *method != cseq.method) {
            return Err(bad("CSeq Method Differs"));
        }
        self.max_forwards()?;
        self.check_contacts()?;
        self.check_routes()?;
        if self.is_request() { self.check_uri() } else { Ok(()) }
    }

    fn check_single(&self) -> Result<(), Invalid> {
        const SINGLE: [Header<'_>; 6] = [
            Header::From,
            Header::To,
            Header::CallId,
            Header::CSeq,
            Header::MaxForwards,
            Header::ContentType,
        ];
        match SINGLE.iter().find(|header| self.count(**header) > 1) {
            Some(twice) => Err(bad(&format!("Multiple {twice}"))),
            None => Ok(()),
        }
    }

    fn check_vias(&self) -> Result<(), Invalid> {
        let mut vias = 0;
        for value in self.values(Header::Via) {
            Via::parse(value)?;
            vias += 1;
            if vias > SIP_VIAS {
                return Err(bad("Too Many Via"));
            }
        }
        if vias == 0 { Err(Malformed::Missing("Via").into()) } else { Ok(()) }
    }

    fn check_call_id(&self) -> Result<(), Invalid> {
        let id = self.call_id().ok_or(Malformed::Missing("Call-ID"))?;
        if id.bytes().any(is_blank) { Err(Malformed::Syntax("Call-ID").into()) } else { Ok(()) }
    }

    fn check_contacts(&self) -> Result<(), Invalid> {
        match self.contacts()? {
            Contacts::Star if self.method() != Some(&Method::Register) => {
                Err(Malformed::Syntax("Contact").into())
            }
            Contacts::List(list) if list.len() > SIP_CONTACTS => Err(bad("Too Many Contact")),
            Contacts::Star | Contacts::List(_) => Ok(()),
        }
    }

    fn check_routes(&self) -> Result<(), Invalid> {
        if self.routes()?.len() > SIP_ROUTES || self.record_routes()?.len() > SIP_ROUTES {
            return Err(bad("Too Many Route"));
        }
        Ok(())
    }

    /// Headers in a Request-URI are not allowed (RFC 3261 §19.1.1, table 1).
    fn check_uri(&self) -> Result<(), Invalid> {
        let uri = self.uri()?;
        match uri.scheme() {
            Scheme::Other => Err(Invalid { status: 416, text: "Unsupported URI Scheme".to_owned() }),
            Scheme::Sip | Scheme::Sips if uri.headers().is_some() => Err(bad("Headers In Request-URI")),
            Scheme::Sip | Scheme::Sips | Scheme::Tel => Ok(()),
        }
    }
}

fn bad(text: &str) -> Invalid {
    Invalid { status: 400, text: text.to_owned() }
}

impl From<Malformed> for Invalid {
    fn from(malformed: Malformed) -> Self {
        bad(&malformed.to_string())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::message::Framing;

    const GOOD: &str = "INVITE sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: sip:b@h\r\n\
                        Call-ID: x@y\r\nCSeq: 1 INVITE\r\n";

    fn refusal(octets: &str) -> Option<String> {
        let message = Message::parse(Bytes::copy_from_slice(octets.as_bytes()), Framing::Datagram).unwrap();
        message.validate().err().map(|invalid| invalid.to_string())
    }

    fn with(lines: &str) -> Option<String> {
        refusal(&format!("{GOOD}{lines}\r\n"))
    }

    fn instead(old: &str, new: &str) -> Option<String> {
        refusal(&format!("{}\r\n", GOOD.replace(old, new)))
    }

    #[test]
    fn mandatory_headers_are_missed_by_name() {
        assert_eq!(with(""), None);
        for (name, long) in
            [("Via", "Via"), ("From", "From"), ("To", "To"), ("Call-ID", "Call-ID"), ("CSeq", "CSeq")]
        {
            assert_eq!(instead(&format!("\r\n{name}: "), "\r\nX: "), Some(format!("400 Missing {long}")));
        }
        assert_eq!(instead("x@y", ""), Some("400 Missing Call-ID".to_owned()));
    }

    #[test]
    fn wrong_and_repeated_values_are_refused() {
        for (line, text) in [
            ("t: sip:c@h\r\n", "400 Multiple To"),
            ("Max-Forwards: 256\r\n", "400 Bad Max-Forwards"),
            ("Max-Forwards: x\r\n", "400 Bad Max-Forwards"),
            ("m: *\r\n", "400 Bad Contact"),
            ("m: \"open <sip:a@h>\r\n", "400 Bad Contact"),
            ("Via: SIP/2.0/UDP 192.0.2.15;;,;,,\r\n", "400 Bad Via"),
            ("Route: sip:\r\n", "400 Bad Route"),
        ] {
            assert_eq!(with(line).as_deref(), Some(text), "{line}");
        }
        assert_eq!(instead("1 INVITE", "1 BYE").as_deref(), Some("400 CSeq Method Differs"));
        assert_eq!(instead("1 INVITE", "2147483648 INVITE").as_deref(), Some("400 Bad CSeq"));
        assert_eq!(instead("x@y", "x y").as_deref(), Some("400 Bad Call-ID"));
        assert_eq!(instead("sip:h SIP", "sip:h?Route=x SIP").as_deref(), Some("400 Headers In Request-URI"));
        assert_eq!(instead("sip:h SIP", "sip: SIP").as_deref(), Some("400 Bad Request-URI"));
        assert_eq!(instead("sip:h SIP", "http://h SIP").as_deref(), Some("416 Unsupported URI Scheme"));
    }

    /// Conformance S10.
    #[test]
    fn lists_are_bounded() {
        let list = |name: &str, value: &str, count: usize| {
            with(&format!("{name}: {}\r\n", vec![value; count].join(",")))
        };
        assert_eq!(list("Via", "SIP/2.0/UDP h", SIP_VIAS - 1), None);
        assert_eq!(list("Via", "SIP/2.0/UDP h", SIP_VIAS).as_deref(), Some("400 Too Many Via"));
        assert_eq!(list("Contact", "<sip:h>", SIP_CONTACTS), None);
        assert_eq!(list("Contact", "<sip:h>", SIP_CONTACTS + 1).as_deref(), Some("400 Too Many Contact"));
        for name in ["Route", "Record-Route"] {
            assert_eq!(list(name, "<sip:h;lr>", SIP_ROUTES), None);
            assert_eq!(list(name, "<sip:h;lr>", SIP_ROUTES + 1).as_deref(), Some("400 Too Many Route"));
        }
    }
}
