//! By which numbers a call was led on: Diversion (RFC 5806) and History-Info (RFC 7044), one made from the other
//! (RFC 7544).

use base::limits::FORWARDS;
use provision::{ForwardWhen, ForwardsIn};
use route::LedWhen;
use sip::message::{Draft, Header, Message, NameAddr, Params, Scheme, Uri};

/// History-Info values that are read; a longer history says nothing more.
const READ: usize = 32;

/// Why a number led a call on: the word of Diversion and the cause of History-Info (RFC 7544 §4.2, RFC 4458 §2).
const REASONS: [(&str, u16); 7] = [
    ("unknown", 404),
    ("unconditional", 302),
    ("user-busy", 486),
    ("no-answer", 408),
    ("deflection", 487),
    ("unavailable", 503),
    ("time-of-day", 404),
];

/// One number that led a call on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Forward {
    uri: Uri,
    display: Option<String>,
    reason: &'static str,
    /// How often it did so in a row.
    times: u8,
    /// It is not to be shown to who is called.
    hidden: bool,
}

/// The forwards of a call so far, the latest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Forwards(Vec<Forward>);

impl Forwards {
    /// What a trusted message tells, in whichever header tells more. What cannot be read is passed over.
    pub(crate) fn of(message: &Message) -> Self {
        let told = from_diversion(message);
        let history = from_history(message);
        let mut forwards = if history.len() > told.len() { history } else { told };
        forwards.truncate(FORWARDS);
        Self(forwards)
    }

    /// Whether one more would be one too many.
    pub(crate) fn is_full(&self) -> bool {
        self.0.iter().map(|forward| usize::from(forward.times)).sum::<usize>() >= FORWARDS
    }

    /// The number by which this switch leads the call on, and why.
    pub(crate) fn lead_on(&mut self, uri: Uri, when: LedWhen) {
        let reason = match when {
            LedWhen::Forward(ForwardWhen::Always) => "unconditional",
            LedWhen::Forward(ForwardWhen::Busy) => "user-busy",
            LedWhen::Forward(ForwardWhen::NoAnswer) => "no-answer",
            LedWhen::Forward(ForwardWhen::Unregistered) => "unavailable",
            LedWhen::AfterHours => "time-of-day",
        };
        let forward = Forward { uri, display: None, reason, times: 1, hidden: false };
        self.0.insert(0, forward);
        self.0.truncate(FORWARDS);
    }

    /// Tells them on; `to` is where the call goes now.
    pub(crate) fn tell(&self, draft: &mut Draft, shown: ForwardsIn, to: &Uri) {
        if self.0.is_empty() {
            return;
        }
        if matches!(shown, ForwardsIn::Diversion | ForwardsIn::Both) {
            for forward in &self.0 {
                draft.push(Header::Diversion, &forward.as_diversion());
            }
        }
        if matches!(shown, ForwardsIn::HistoryInfo | ForwardsIn::Both) {
            self.tell_history(draft, to);
        }
    }

    fn tell_history(&self, draft: &mut Draft, to: &Uri) {
        let mut index = String::from("1");
        let mut cause = None;
        for forward in self.0.iter().rev() {
            draft.push(Header::HistoryInfo, &entry(&forward.uri, cause, forward.hidden, &index));
            cause = REASONS.iter().find(|(word, _)| *word == forward.reason).map(|(_, cause)| *cause);
            index.push_str(".1");
        }
        draft.push(Header::HistoryInfo, &entry(to, cause, false, &index));
    }
}

impl Forward {
    fn as_diversion(&self) -> String {
        let who = NameAddr { display: self.display.clone(), ..NameAddr::new(self.uri.clone()) };
        let privacy = if self.hidden { ";privacy=full" } else { "" };
        format!("{who};reason={};counter={}{privacy}", self.reason, self.times)
    }
}

/// A History-Info value; `mp` names the entry that led here (RFC 7044 §5).
fn entry(uri: &Uri, cause: Option<u16>, hidden: bool, index: &str) -> String {
    let uri = match cause {
        Some(cause) => uri.with_param("cause", Some(&cause.to_string())),
        None => uri.clone(),
    };
    let privacy = if hidden { "?Privacy=history" } else { "" };
    let before = index.strip_suffix(".1").map(|before| format!(";mp={before}")).unwrap_or_default();
    format!("<{uri}{privacy}>;index={index}{before}")
}

fn from_diversion(message: &Message) -> Vec<Forward> {
    let read = |value: &str| {
        let who = NameAddr::parse(value).ok().filter(|who| is_number(&who.uri))?;
        let word = who.params.get("reason").unwrap_or_default();
        let reason =
            REASONS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).unwrap_or(&REASONS[0]).0;
        let times = who.params.get("counter").and_then(|times| times.parse().ok()).unwrap_or(1);
        let hidden = hides(&who.params);
        Some(Forward { uri: who.uri.without_headers(), display: who.display, reason, times, hidden })
    };
    message.values(Header::Diversion).take(READ).filter_map(read).collect()
}

fn hides(params: &Params) -> bool {
    params.get("privacy").is_some_and(|privacy| !privacy.eq_ignore_ascii_case("off"))
}

/// An entry is a forward when the one behind it says for which cause it was led there (RFC 7544 §4.1), or when it
/// says itself why it failed (RFC 4244).
fn from_history(message: &Message) -> Vec<Forward> {
    let read = |value: &str| NameAddr::parse(value).ok().filter(|who| is_number(&who.uri));
    let entries: Vec<NameAddr> = message.values(Header::HistoryInfo).take(READ).filter_map(read).collect();
    let mut forwards = Vec::new();
    for (at, who) in entries.iter().enumerate() {
        let Some(next) = entries.get(at + 1) else { break };
        let cause =
            next.uri.param("cause").and_then(|cause| cause.parse().ok()).or_else(|| own_cause(&who.uri));
        let Some(cause) = cause else { continue };
        let reason = REASONS.iter().find(|(_, known)| *known == cause).unwrap_or(&REASONS[0]).0;
        let hidden =
            who.uri.headers().is_some_and(|headers| headers.to_ascii_lowercase().contains("privacy="));
        let uri = who.uri.without_headers().without_param("cause");
        forwards.push(Forward { uri, display: who.display.clone(), reason, times: 1, hidden });
    }
    forwards.reverse();
    forwards
}

/// The cause in the escaped Reason of an entry.
fn own_cause(uri: &Uri) -> Option<u16> {
    let headers = uri.headers()?.to_ascii_lowercase();
    let behind = headers.split_once("reason=sip%3b")?.1.split_once("cause%3d")?.1;
    behind.get(..3)?.parse().ok()
}

fn is_number(uri: &Uri) -> bool {
    match uri.scheme() {
        Scheme::Sip | Scheme::Sips | Scheme::Tel => true,
        Scheme::Other => false,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use sip::message::{Framing, Method};

    use super::*;

    fn forwards(lines: &str) -> Forwards {
        let text = format!("INVITE sip:b@h SIP/2.0\r\n{lines}\r\n");
        Forwards::of(&Message::parse(Bytes::from(text), Framing::Datagram).unwrap())
    }

    fn told(forwards: &Forwards, shown: ForwardsIn) -> Vec<String> {
        let mut draft = Draft::request(Method::Invite, "sip:x@y");
        forwards.tell(&mut draft, shown, &Uri::parse("sip:+493@out").unwrap());
        let text = String::from_utf8(draft.finish().to_vec()).unwrap();
        text.lines()
            .filter(|line| line.starts_with("Diversion") || line.starts_with("History"))
            .map(str::to_owned)
            .collect()
    }

    const DIVERSION: &str = "Diversion: \"B\" <sip:+492@h>;reason=user-busy;counter=1;privacy=full, <tel:+491>;reason=no-answer\r\n";
    const HISTORY: [&str; 3] = [
        "History-Info: <tel:+491>;index=1",
        "History-Info: <sip:+492@h;cause=408?Privacy=history>;index=1.1;mp=1",
        "History-Info: <sip:+493@out;cause=486>;index=1.1.1;mp=1.1",
    ];

    /// RFC 7544 §4, §5: either header is made from the other.
    #[test]
    fn diversion_and_history_info_are_made_from_each_other() {
        let from_diversion = forwards(DIVERSION);
        assert_eq!(told(&from_diversion, ForwardsIn::HistoryInfo), HISTORY);
        let history = forwards(&(HISTORY.join("\r\n") + "\r\n"));
        assert_eq!(
            told(&history, ForwardsIn::Diversion),
            [
                "Diversion: <sip:+492@h>;reason=user-busy;counter=1;privacy=full",
                "Diversion: <tel:+491>;reason=no-answer;counter=1"
            ]
        );
        assert_eq!(told(&history, ForwardsIn::Both).len(), 5);
        let of_old =
            "History-Info: <sip:+491@h?Reason=SIP%3Bcause%3D302>;index=1, <sip:+492@h>;index=1.1\r\n";
        assert_eq!(
            told(&forwards(of_old), ForwardsIn::Diversion),
            ["Diversion: <sip:+491@h>;reason=unconditional;counter=1"]
        );
        assert_eq!(
            told(&forwards("History-Info: <sip:a@h>;index=1, <sip:b@h>;index=1.1\r\n"), ForwardsIn::Both),
            [""; 0]
        );
    }

    /// Conformance §5.2, §8 (AST-2020-003, AST-2020-004, AST-2021-001): peers' forwards do no harm and do not grow.
    #[test]
    fn odd_and_endless_forwards_are_cut_and_counted() {
        for odd in ["tel:", "<tel:+491", "<mailto:a@h>;reason=x", "", "sip:a@h?x=y", "\"", "<>;counter=9"] {
            assert_eq!(
                forwards(&format!("Diversion: {odd}\r\nHistory-Info: {odd}\r\n")),
                Forwards::default(),
                "{odd}"
            );
        }
        let counted = forwards("Diversion: <tel:+491>;counter=5\r\n");
        assert!(counted.is_full() && !forwards("Diversion: <tel:+491>;counter=4\r\n").is_full());
        assert!(!forwards("Diversion: <tel:+491>;counter=-1\r\n").is_full());
        let mut many = forwards(&"Diversion: <tel:+491>;counter=200\r\n".repeat(50));
        many.lead_on(Uri::parse("tel:+499").unwrap(), ForwardWhen::Always.into());
        assert_eq!((many.0.len(), many.is_full()), (FORWARDS, true));
        let history: String =
            (0..60).map(|at| format!("History-Info: <tel:+{at};cause=302>;index=1.{at}\r\n")).collect();
        assert_eq!(told(&forwards(&history), ForwardsIn::HistoryInfo).len(), FORWARDS + 1);
    }
}
