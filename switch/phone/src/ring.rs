//! What an INVITE says to a phone beside who calls: to answer by itself, how to ring, where a record about the caller is.
//!
//! | phones | answer by themselves | ring |
//! |---|---|---|
//! | Yealink | `Alert-Info: <…>;info=alert-autoanswer;delay=0` | `Alert-Info: <…>;info=NAME` |
//! | Polycom | `Alert-Info: Ring Answer` | `Alert-Info: NAME` |
//! | Snom | `Call-Info: <…>;answer-after=0` | `Alert-Info: <…>;info=alert-NAME` |
//! | Grandstream | both of the first two | as Yealink |
//! | Cisco SPA | `Call-Info: <…>;answer-after=0` | `Alert-Info: <…/NAME>` |
//! | programs, unknown | both, and `Answer-Mode: Auto` (RFC 5373 §4.1) | as Yealink; by kind as RFC 7462 has it |

use provision::{AutoAnswer, Vendor};

/// What kind of call it is, as a phone may tell by its ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// From a station of ours.
    Internal,
    /// From outside.
    Outside,
    /// To a group.
    Group,
    /// It comes back to whoever has led it on.
    Recall,
    /// Somebody speaks to the phone at once.
    Intercom,
    /// Somebody speaks to several phones at once.
    Page,
}

/// What a phone is told.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Who made the phone, where that is known.
    pub vendor: Option<Vendor>,
    /// What kind of call it is.
    pub kind: Kind,
    /// How it is to answer by itself; `Off` lets it ring.
    pub answers: AutoAnswer,
    /// How it rings: empty as it likes, `auto` by the kind of call, else a name that it knows.
    pub ring: &'a str,
    /// Our host, which stands in addresses that say nothing.
    pub host: &'a str,
}

/// A header line: its name and its value.
pub type Line = (&'static str, String);

/// The name of a ring that is chosen by the kind of call.
const BY_KIND: &str = "auto";
/// Characters of the address of a record, parts filled in.
const URL_CHARS: usize = 2_048;

/// Who made a phone that calls itself this in User-Agent.
#[must_use]
pub fn maker(user_agent: &str) -> Option<Vendor> {
    const NAMES: &[(&str, Vendor)] = &[
        ("yealink", Vendor::Yealink),
        ("poly", Vendor::Polycom),
        ("snom", Vendor::Snom),
        ("grandstream", Vendor::Grandstream),
        ("cisco/spa", Vendor::CiscoSpa),
        ("cisco-spa", Vendor::CiscoSpa),
        ("linksys/spa", Vendor::CiscoSpa),
        ("sipura", Vendor::CiscoSpa),
        ("linphone", Vendor::Softphone),
        ("baresip", Vendor::Softphone),
        ("zoiper", Vendor::Softphone),
    ];
    let begins = |name: &str| user_agent.get(..name.len()).is_some_and(|it| it.eq_ignore_ascii_case(name));
    NAMES.iter().find(|(name, _)| begins(name)).map(|(_, vendor)| *vendor)
}

/// The header lines of a call to a phone. A phone that answers by itself is told no ring beside it.
#[must_use]
pub fn lines(call: &Call<'_>) -> Vec<Line> {
    let ways = ways(call);
    let host = call.host;
    let mut lines = Vec::new();
    if ways.call_info {
        lines.push(("Call-Info", format!("<sip:{host}>;answer-after=0")));
    }
    if ways.alert_info {
        let value = match call.vendor {
            Some(Vendor::Polycom) => "Ring Answer".to_owned(),
            Some(
                Vendor::Yealink | Vendor::Snom | Vendor::Grandstream | Vendor::CiscoSpa | Vendor::Softphone,
            )
            | None => format!("<http://{host}>;info=alert-autoanswer;delay=0"),
        };
        lines.push(("Alert-Info", value));
    } else if let Some(value) = ring(call) {
        lines.push(("Alert-Info", value));
    }
    if ways.answer_mode {
        lines.push(("Answer-Mode", "Auto".to_owned()));
    }
    lines
}

/// By which headers a phone is told to answer.
#[derive(Clone, Copy, Default)]
struct Ways {
    call_info: bool,
    alert_info: bool,
    answer_mode: bool,
}

fn ways(call: &Call<'_>) -> Ways {
    let (call_info, alert_info, answer_mode) = match (call.answers, call.vendor) {
        (AutoAnswer::Off, _) => (false, false, false),
        (AutoAnswer::CallInfo, _) => (true, false, false),
        (AutoAnswer::AlertInfo, _) => (false, true, false),
        (AutoAnswer::Auto, Some(Vendor::Yealink | Vendor::Polycom)) => (false, true, false),
        (AutoAnswer::Auto, Some(Vendor::Snom | Vendor::CiscoSpa)) => (true, false, false),
        (AutoAnswer::Auto, Some(Vendor::Grandstream)) => (true, true, false),
        (AutoAnswer::Auto, Some(Vendor::Softphone) | None) => (true, true, true),
    };
    Ways { call_info, alert_info, answer_mode }
}

/// The ring, in the form of the vendor; `None` leaves it to the phone.
fn ring(call: &Call<'_>) -> Option<String> {
    let host = call.host;
    if call.ring.is_empty() || !is_plain(call.ring) {
        return None;
    }
    let by_kind = call.ring == BY_KIND;
    let name = if by_kind { name(call.kind) } else { call.ring };
    Some(match call.vendor {
        Some(Vendor::Polycom) => name.to_owned(),
        Some(Vendor::Snom) if by_kind => {
            let snom = match call.kind {
                Kind::Internal | Kind::Intercom | Kind::Page => "internal",
                Kind::Outside => "external",
                Kind::Group => "group",
                Kind::Recall => "recall",
            };
            format!("<http://{host}>;info=alert-{snom}")
        }
        Some(Vendor::CiscoSpa) if by_kind => format!("<http://{host}/Bellcore-dr{}>", bellcore(call.kind)),
        Some(Vendor::CiscoSpa) => format!("<http://{host}/{}>", name.replace(' ', "-")),
        Some(Vendor::Softphone) | None if by_kind => format!("<urn:alert:{}>", urn(call.kind)),
        Some(Vendor::Yealink | Vendor::Grandstream | Vendor::Snom | Vendor::Softphone) | None => {
            let name = if name.contains(' ') { format!("\"{name}\"") } else { name.to_owned() };
            format!("<http://{host}>;info={name}")
        }
    })
}

/// Nothing that could end a value or the line it stands in.
fn is_plain(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b" ._-".contains(&b))
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Internal => "internal",
        Kind::Outside => "external",
        Kind::Group => "group",
        Kind::Recall => "recall",
        Kind::Intercom => "intercom",
        Kind::Page => "page",
    }
}

/// One of the distinctive rings of GR-506, which are numbered.
fn bellcore(kind: Kind) -> u8 {
    match kind {
        Kind::Internal | Kind::Intercom | Kind::Page => 1,
        Kind::Outside => 2,
        Kind::Group => 3,
        Kind::Recall => 4,
    }
}

/// RFC 7462 §8.2.
fn urn(kind: Kind) -> &'static str {
    match kind {
        Kind::Internal | Kind::Intercom | Kind::Page | Kind::Group => "source:internal",
        Kind::Outside => "source:external",
        Kind::Recall => "service:recall:transfer",
    }
}

/// The name that a phone shows: the label before the caller's name or, where there is none, number.
#[must_use]
pub fn display(label: &str, name: &str, number: &str) -> String {
    let caller = if name.is_empty() { number } else { name };
    match (label.is_empty(), caller.is_empty()) {
        (true, _) => name.to_owned(),
        (false, true) => label.to_owned(),
        (false, false) => format!("{label}: {caller}"),
    }
}

/// The address of a record, `{caller}`, `{dialled}` and `{call}` filled in; `None` when it would be too long.
#[must_use]
pub fn record(template: &str, caller: &str, dialled: &str, call: &str) -> Option<Line> {
    let mut url = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        url.push_str(before);
        let (part, after) = after.split_once('}')?;
        match part {
            "caller" => encode(caller, &mut url),
            "dialled" => encode(dialled, &mut url),
            "call" => encode(call, &mut url),
            _ => return None,
        }
        rest = after;
    }
    url.push_str(rest);
    (url.len() <= URL_CHARS).then(|| ("Call-Info", format!("<{url}>;purpose=info")))
}

/// RFC 3986 §2.1: all but unreserved characters.
fn encode(text: &str, to: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            to.push(char::from(byte));
        } else {
            let digit = |half: u8| char::from(DIGITS.get(usize::from(half)).copied().unwrap_or(b'0'));
            to.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(vendor: Option<Vendor>, kind: Kind, answers: AutoAnswer, ring: &str) -> Vec<String> {
        let call = Call { vendor, kind, answers, ring, host: "192.0.2.1" };
        lines(&call).into_iter().map(|(name, value)| format!("{name}: {value}")).collect()
    }

    /// features.md §0.3 (SIP auto-answer), CROCO-38; RFC 5373 §4.1.
    #[test]
    fn each_vendors_phones_are_told_to_answer_as_they_understand_it() {
        let call = "Call-Info: <sip:192.0.2.1>;answer-after=0";
        let alert = "Alert-Info: <http://192.0.2.1>;info=alert-autoanswer;delay=0";
        for (vendor, wanted) in [
            (Some(Vendor::Yealink), &[alert][..]),
            (Some(Vendor::Polycom), &["Alert-Info: Ring Answer"]),
            (Some(Vendor::Snom), &[call]),
            (Some(Vendor::Grandstream), &[call, alert]),
            (Some(Vendor::CiscoSpa), &[call]),
            (Some(Vendor::Softphone), &[call, alert, "Answer-Mode: Auto"]),
            (None, &[call, alert, "Answer-Mode: Auto"]),
        ] {
            assert_eq!(said(vendor, Kind::Intercom, AutoAnswer::Auto, ""), wanted, "{vendor:?}");
            assert_eq!(said(vendor, Kind::Intercom, AutoAnswer::Off, ""), [""; 0], "{vendor:?}");
            assert_eq!(said(vendor, Kind::Intercom, AutoAnswer::CallInfo, ""), [call], "{vendor:?}");
        }
        assert_eq!(said(Some(Vendor::Snom), Kind::Page, AutoAnswer::AlertInfo, "x"), [alert]);
    }

    #[test]
    fn a_phone_rings_by_the_kind_of_call_or_as_it_is_set_up() {
        let rings = |vendor, kind, ring| said(vendor, kind, AutoAnswer::Off, ring);
        assert_eq!(rings(None, Kind::Outside, ""), [""; 0]);
        assert_eq!(rings(None, Kind::Outside, "auto"), ["Alert-Info: <urn:alert:source:external>"]);
        assert_eq!(rings(None, Kind::Recall, "auto"), ["Alert-Info: <urn:alert:service:recall:transfer>"]);
        assert_eq!(
            rings(Some(Vendor::Snom), Kind::Group, "auto"),
            ["Alert-Info: <http://192.0.2.1>;info=alert-group"]
        );
        let spa = rings(Some(Vendor::CiscoSpa), Kind::Recall, "auto");
        assert_eq!(spa, ["Alert-Info: <http://192.0.2.1/Bellcore-dr4>"]);
        let yealink = rings(Some(Vendor::Yealink), Kind::Outside, "family");
        assert_eq!(yealink, ["Alert-Info: <http://192.0.2.1>;info=family"]);
        assert_eq!(rings(Some(Vendor::Polycom), Kind::Outside, "Loud Ring"), ["Alert-Info: Loud Ring"]);
    }

    /// A name from outside ends no header.
    #[test]
    fn a_ring_that_could_end_its_header_is_none() {
        for bad in ["x\r\nEvil: 1", "a;b", "<a>", "a\"b", "ü", &"x".repeat(65)] {
            assert_eq!(said(None, Kind::Outside, AutoAnswer::Off, bad), [""; 0], "{bad:?}");
        }
    }

    /// CROCO-43, CROCO-49; RFC 3261 §20.9.
    #[test]
    fn the_record_of_a_caller_is_told_with_what_is_dangerous_encoded() {
        let (name, value) =
            record("https://crm.example/who?n={caller}&d={dialled}&id={call}", "+49 30>;x", "100", "a/b")
                .unwrap();
        assert_eq!(name, "Call-Info");
        assert_eq!(value, "<https://crm.example/who?n=%2B49%2030%3E%3Bx&d=100&id=a%2Fb>;purpose=info");
        assert_eq!(record("https://x/{who}", "", "", ""), None);
        assert_eq!(record("https://x/{caller}", &"+".repeat(1_000), "", ""), None);
    }

    /// CROCO-43.
    #[test]
    fn the_label_stands_before_who_calls() {
        assert_eq!(display("Sales", "Ana", "1001"), "Sales: Ana");
        assert_eq!(display("Sales", "", "1001"), "Sales: 1001");
        assert_eq!(display("Sales", "", ""), "Sales");
        assert_eq!(display("", "Ana", "1001"), "Ana");
    }

    #[test]
    fn phones_are_known_by_what_they_call_themselves() {
        for (agent, vendor) in [
            ("Yealink SIP-T46S 66.85.0.5", Some(Vendor::Yealink)),
            ("PolycomVVX-VVX_411-UA/5.9", Some(Vendor::Polycom)),
            ("PolyEdge-Edge_E350-UA/8", Some(Vendor::Polycom)),
            ("snom370/8.7.5.35", Some(Vendor::Snom)),
            ("Grandstream GXP2170 1.0.11", Some(Vendor::Grandstream)),
            ("Cisco/SPA504G-7.6.2", Some(Vendor::CiscoSpa)),
            ("baresip v3.1.0", Some(Vendor::Softphone)),
            ("somebody's phone", None),
            ("é", None),
        ] {
            assert_eq!(maker(agent), vendor, "{agent}");
        }
    }
}
