//! Keypad digits in INFO, as phones and carriers have sent them since before RFC 6086: `application/dtmf-relay` and
//! `application/dtmf`. No RFC describes them.

use std::collections::VecDeque;
use std::time::Duration;

use base::limits;
use base::media::{digit_of, event_of};
use sip::message::{Header, Message};

/// The type we write.
pub(crate) const DTMF_RELAY: &str = "application/dtmf-relay";
const DTMF: &str = "application/dtmf";
/// Octets of such a body; a longer one is none.
const BODY_OCTETS: usize = 256;
/// How long a digit lasts that does not say so.
const UNSAID: Duration = Duration::from_millis(160);
/// The longest that is believed.
const LONGEST: Duration = Duration::from_secs(60);

/// What an INFO says of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It was pressed.
    Digit { digit: char, lasted: Duration },
    /// The hook was flashed.
    Flash,
}

/// What is wrong with such an INFO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadDigit {
    /// The body says nothing of a key: 400.
    Syntax,
    /// It is packed: 415.
    Packed,
}

impl BadDigit {
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Syntax => 400,
            Self::Packed => 415,
        }
    }
}

/// The digit of an INFO; `None` when it is about something else.
pub(crate) fn told(request: &Message) -> Option<Result<Told, BadDigit>> {
    if request.has(Header::InfoPackage) {
        return None;
    }
    let kind = request.header(Header::ContentType)?.split(';').next()?.trim();
    let relayed = kind.eq_ignore_ascii_case(DTMF_RELAY);
    if !relayed && !kind.eq_ignore_ascii_case(DTMF) {
        return None;
    }
    if request.values(Header::ContentEncoding).any(|packing| !packing.eq_ignore_ascii_case("identity")) {
        return Some(Err(BadDigit::Packed));
    }
    let body = request.body();
    let text = std::str::from_utf8(&body).ok().filter(|text| text.len() <= BODY_OCTETS);
    Some(text.and_then(read).ok_or(BadDigit::Syntax))
}

/// `Signal=5`, `Duration=160` on lines of their own, or the digit alone.
fn read(text: &str) -> Option<Told> {
    if !text.contains('=') {
        return key(text, UNSAID);
    }
    let lines = text.lines().filter_map(|line| line.split_once('='));
    let value = |wanted: &str| {
        lines
            .clone()
            .find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.trim())
    };
    let lasted = match value("duration") {
        None | Some("" | "0") => UNSAID,
        Some(ms) => Duration::from_millis(ms.parse().ok()?),
    };
    key(value("signal")?, Some(lasted).filter(|lasted| *lasted <= LONGEST)?)
}

/// A digit as itself or as the number of its event; 16 is the hook.
fn key(text: &str, lasted: Duration) -> Option<Told> {
    let text = text.trim();
    let mut chars = text.chars();
    if let (Some(digit), None) = (chars.next(), chars.next())
        && event_of(digit).is_some()
    {
        return Some(Told::Digit { digit: digit.to_ascii_uppercase(), lasted });
    }
    match text {
        "!" | "16" => Some(Told::Flash),
        _ => Some(Told::Digit { digit: digit_of(text.parse().ok()?)?, lasted }),
    }
}

/// The body that tells a digit.
pub(crate) fn body(digit: char, lasted: Duration) -> String {
    format!("Signal={digit}\r\nDuration={}\r\n", lasted.as_millis().max(1))
}

/// Digits for one far end that takes them in INFO. One is on its way at a time: they come in order.
#[derive(Debug, Default)]
pub(crate) struct Typed {
    waiting: VecDeque<(char, Duration)>,
    on_way: bool,
}

impl Typed {
    /// Queues a digit; `false` when too many wait.
    pub(crate) fn push(&mut self, digit: char, lasted: Duration) -> bool {
        let room = self.waiting.len() < limits::COLLECTED_DIGITS;
        if room {
            self.waiting.push_back((digit, lasted));
        }
        room
    }

    /// The one that goes out now, unless one is on its way.
    pub(crate) fn next(&mut self) -> Option<(char, Duration)> {
        let next = self.waiting.pop_front_if(|_| !self.on_way);
        self.on_way |= next.is_some();
        next
    }

    /// The one on its way was answered, or never will be.
    pub(crate) fn told(&mut self) {
        self.on_way = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digit(digit: char, ms: u64) -> Option<Told> {
        Some(Told::Digit { digit, lasted: Duration::from_millis(ms) })
    }

    #[test]
    fn bodies_read_as_phones_and_gateways_write_them() {
        assert_eq!(read("Signal=5\r\nDuration=160\r\n"), digit('5', 160));
        assert_eq!(read("Signal= *\nDuration= 250"), digit('*', 250));
        assert_eq!(read("signal=d\r\n"), digit('D', 160));
        assert_eq!(read("Signal=11\r\nDuration=0\r\n"), digit('#', 160));
        assert_eq!(
            (read("7"), read(" #\r\n"), read("10")),
            (digit('7', 160), digit('#', 160), digit('*', 160))
        );
        assert_eq!((read("Signal=16\r\n"), read("!")), (Some(Told::Flash), Some(Told::Flash)));
    }

    #[test]
    fn what_names_no_key_is_wrong() {
        for odd in [
            "",
            "\r\n",
            "Signal=\r\n",
            "Signal=17\r\n",
            "Signal=E\r\n",
            "Duration=160\r\n",
            "55",
            "Signal=-1",
        ] {
            assert_eq!(read(odd), None, "{odd:?}");
        }
        for odd in ["long", "-5", "60001", "99999999999999999999", "1.5"] {
            assert_eq!(read(&format!("Signal=1\r\nDuration={odd}\r\n")), None, "{odd:?}");
        }
    }

    #[test]
    fn what_we_write_is_read() {
        assert_eq!(read(&body('#', Duration::from_millis(120))), digit('#', 120));
    }

    #[test]
    fn one_digit_is_on_its_way_at_a_time_and_only_so_many_wait() {
        let mut typed = Typed::default();
        let queued = (0..99).filter(|_| typed.push('1', UNSAID)).count();
        assert_eq!(queued, limits::COLLECTED_DIGITS);
        assert!(typed.next().is_some() && typed.next().is_none());
        typed.told();
        assert!(typed.next().is_some());
    }
}
