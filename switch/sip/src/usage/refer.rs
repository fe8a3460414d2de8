//! Referrals: what a REFER asks for, and how its outcome is told (RFC 3515, RFC 3420, RFC 4488, RFC 7614, RFC 7647).

use crate::message::{Draft, Header, Message, Method, NameAddr, Scheme, Uri, reason_phrase};

use super::UsageRefusal;

/// Octets of the headers that a Refer-To may embed; more is answered 400.
const EMBEDDED_OCTETS: usize = 1_024;

/// What a REFER asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refer {
    /// Whom to ask, without method and embedded headers.
    pub to: Uri,
    /// With which method; INVITE when none is named.
    pub method: Method,
    /// Headers embedded in the URI, still escaped: `Replaces=…`.
    pub headers: Option<String>,
    /// Who refers, as Referred-By says it (RFC 3892); nobody vouches for it.
    pub by: Option<String>,
    /// How its outcome is wanted.
    pub report: Report,
    /// The REFER's CSeq number, the `id` of its subscription.
    pub cseq: u32,
}

/// How the outcome of a referral is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// By NOTIFYs of a subscription that the REFER itself makes (RFC 3515 §2.4.4).
    Implicit,
    /// Not at all: `Refer-Sub: false` (RFC 4488) or `Require: nosub` (RFC 7614).
    Nothing,
}

impl Refer {
    /// Reads a REFER.
    ///
    /// # Errors
    /// 400 for none or several Refer-To (RFC 3515 §2.4.1) and for what cannot be read, 403 for lists, which would ask many
    /// in the name of one (RFC 5363 §8), 416 for a scheme that calls cannot be sent to, 421 never.
    pub fn read(request: &Message) -> Result<Self, UsageRefusal> {
        let bad = UsageRefusal::Status(400);
        let mut targets = request.values(Header::ReferTo);
        let target = targets.next().ok_or(bad)?;
        if targets.next().is_some() {
            return Err(bad);
        }
        let is_list = request
            .header(Header::ContentType)
            .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/resource-lists"));
        if is_list {
            return Err(UsageRefusal::Status(403));
        }
        let target = NameAddr::parse(target).map_err(|_malformed| bad)?.uri;
        if !matches!(target.scheme(), Scheme::Sip | Scheme::Sips | Scheme::Tel) {
            return Err(UsageRefusal::Status(416));
        }
        let headers = target.headers().map(str::to_owned);
        if headers.as_ref().is_some_and(|headers| headers.len() > EMBEDDED_OCTETS) {
            return Err(bad);
        }
        let plain = target.without_headers();
        Ok(Self {
            method: plain.param("method").map_or(Some(Method::Invite), Method::parse).ok_or(bad)?,
            to: plain.without_param("method"),
            headers,
            by: request.header(Header::ReferredBy).map(str::to_owned),
            report: report(request)?,
            cseq: request.cseq().map_err(|_malformed| bad)?.number,
        })
    }

    /// What the 2xx says of the subscription; nothing when one was made.
    pub fn accept(&self, draft: &mut Draft) {
        if self.report == Report::Nothing {
            draft.push(Header::ReferSub, "false");
        }
    }
}

/// RFC 4488 §4, RFC 7614 §4: `explicitsub` needs an event server of its own, which we are not.
fn report(request: &Message) -> Result<Report, UsageRefusal> {
    let requires = |tag: &str| request.values(Header::Require).any(|value| value.eq_ignore_ascii_case(tag));
    if requires("explicitsub") {
        return Err(UsageRefusal::Status(420));
    }
    let said =
        request.header(Header::ReferSub).map(|value| value.split(';').next().unwrap_or_default().trim());
    match said {
        Some(value) if value.eq_ignore_ascii_case("false") => Ok(Report::Nothing),
        Some(value) if !value.eq_ignore_ascii_case("true") => Err(UsageRefusal::Status(400)),
        Some(_) | None if requires("nosub") => Ok(Report::Nothing),
        Some(_) | None => Ok(Report::Implicit),
    }
}

/// The NOTIFYs of one referral: from 100 to the final status, which ends the subscription (RFC 3515 §2.4.5).
#[derive(Debug)]
pub struct Referral {
    cseq: u32,
    told: u16,
}

impl Referral {
    /// A referral that has been taken; its first report is due at once.
    #[must_use]
    pub fn new(refer: &Refer) -> Self {
        Self { cseq: refer.cseq, told: 0 }
    }

    /// Puts the report of a status on a NOTIFY; `false` when there is nothing new to tell: a provisional status that was
    /// told already, or anything after the final one.
    pub fn report(&mut self, status: u16, notify: &mut Draft) -> bool {
        if self.told >= 200 || status == self.told {
            return false;
        }
        self.told = status;
        notify.push(Header::Event, &format!("refer;id={}", self.cseq));
        let state = if status < 200 { "active;expires=180" } else { "terminated;reason=noresource" };
        notify.push(Header::SubscriptionState, state);
        notify.body("message/sipfrag;version=2.0", sipfrag(status).into());
        true
    }

    /// Whether the final status has been told.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.told >= 200
    }
}

/// A status line as a body (RFC 3420 §2); it names no host and no header of the far side.
#[must_use]
pub fn sipfrag(status: u16) -> String {
    format!("SIP/2.0 {status} {}\r\n", reason_phrase(status))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::message::Framing;

    fn read(lines: &str) -> Result<Refer, UsageRefusal> {
        let text = format!(
            "REFER sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n\
             Call-ID: x\r\nCSeq: 7 REFER\r\nMax-Forwards: 70\r\nContact: <sip:a@h>\r\n{lines}Content-Length: 0\r\n\r\n"
        );
        Refer::read(&Message::parse(Bytes::from(text), Framing::Datagram).expect("a message"))
    }

    /// RFC 3515 §2.1, §4; RFC 3891's Replaces stays escaped for whoever uses it.
    #[test]
    fn a_refer_names_whom_how_and_with_what() {
        let refer = read(
            "Refer-To: <sip:dave@x.test;method=INVITE?Replaces=1%40h%3Bto-tag%3D2>\r\nReferred-By: <sip:a@b>\r\n",
        );
        let refer = refer.expect("readable");
        assert_eq!((refer.to.as_str(), &refer.method, refer.cseq), ("sip:dave@x.test", &Method::Invite, 7));
        assert_eq!(refer.headers.as_deref(), Some("Replaces=1%40h%3Bto-tag%3D2"));
        assert_eq!((refer.by.as_deref(), refer.report), (Some("<sip:a@b>"), Report::Implicit));
        assert_eq!(read("Refer-To: sip:d@x;method=BYE\r\n").expect("readable").to.as_str(), "sip:d@x");
    }

    /// RFC 3515 §2.4.1, RFC 5363 §8, RFC 4488 §4, RFC 7614 §4.
    #[test]
    fn what_cannot_be_done_has_its_status() {
        let status = |lines: &str| match read(lines) {
            Err(UsageRefusal::Status(status)) => status,
            Err(UsageRefusal::TooBrief(_)) | Ok(_) => 200,
        };
        assert_eq!(status(""), 400);
        assert_eq!(status("Refer-To: <sip:a@b>\r\nRefer-To: <sip:c@d>\r\n"), 400);
        assert_eq!(status("Refer-To: <sip:a@b>, <sip:c@d>\r\n"), 400);
        assert_eq!(status("Refer-To: <sip:a@\r\n"), 400);
        assert_eq!(status("Refer-To: <http://a.test/>\r\n"), 416);
        assert_eq!(status(&format!("Refer-To: <sip:a@b?X={}>\r\n", "x".repeat(1_100))), 400);
        let list = "Refer-To: <cid:list@a>\r\nContent-Type: application/resource-lists+xml\r\n";
        assert_eq!(status(list), 403);
        assert_eq!(status("Refer-To: <sip:a@b>\r\nRequire: explicitsub\r\n"), 420);
        assert_eq!(status("Refer-To: <sip:a@b>\r\nRefer-Sub: perhaps\r\n"), 400);
    }

    /// RFC 4488 §4, RFC 7614 §5.
    #[test]
    fn a_referrer_may_want_no_report() {
        for lines in ["Refer-Sub: false\r\n", "Require: nosub\r\n", "Refer-Sub: False;x\r\n"] {
            let refer = read(&format!("Refer-To: <sip:a@b>\r\n{lines}")).expect("readable");
            assert_eq!(refer.report, Report::Nothing, "{lines}");
        }
    }

    /// RFC 3515 §2.4.5, RFC 3420 §2: from 100 to the final status, each once, and nothing after it.
    #[test]
    fn the_outcome_is_told_from_100_to_the_end_and_no_further() {
        let refer = read("Refer-To: <sip:a@b>\r\n").expect("readable");
        let mut referral = Referral::new(&refer);
        let mut tell = |status| {
            let mut draft = Draft::request(Method::Notify, "sip:a@h");
            let told = referral.report(status, &mut draft);
            (told, String::from_utf8_lossy(&draft.finish()).into_owned())
        };
        let (told, first) = tell(100);
        assert!(
            told && first.contains("Event: refer;id=7\r\n") && first.ends_with("SIP/2.0 100 Trying\r\n"),
            "{first}"
        );
        assert!(!tell(100).0);
        assert!(tell(180).1.contains("Subscription-State: active"));
        let (told, last) = tell(486);
        assert!(told && last.contains("Subscription-State: terminated;reason=noresource"), "{last}");
        assert!(!tell(200).0);
        assert!(referral.is_over());
    }
}
