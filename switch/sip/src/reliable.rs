//! Reliable provisional responses (RFC 3262), as far as numbers decide: what may be sent now, what a PRACK
//! acknowledges, and which responses come in their order. The repetition lives with the INVITE's transaction.

use std::collections::VecDeque;
use std::fmt;

use base::Entropy;
use base::limits::PROVISIONALS_WAITING;

use crate::message::{Header, Message, Method};

/// The option tag.
pub const OPTION: &str = "100rel";
/// The first RSeq is below this (RFC 3262 §3).
const FIRST_BELOW: u64 = (1 << 31) - 1;

/// A RAck value: the response that a PRACK acknowledges (RFC 3262 §7.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RAck {
    /// The RSeq of the response.
    pub rseq: u32,
    /// The number in the response's `CSeq`.
    pub cseq: u32,
    /// The method there.
    pub method: Method,
}

impl RAck {
    /// The one a PRACK bears; `None` when it is missing or malformed.
    #[must_use]
    pub fn of(prack: &Message) -> Option<Self> {
        let mut parts = prack.header(Header::RAck)?.split_ascii_whitespace();
        let value = Self {
            rseq: number(parts.next()?)?,
            cseq: number(parts.next()?)?,
            method: Method::parse(parts.next()?)?,
        };
        parts.next().is_none().then_some(value)
    }
}

impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.rseq, self.cseq, self.method)
    }
}

/// The RSeq of a provisional response that wants a PRACK; `None` for any other.
#[must_use]
pub fn rseq_of(response: &Message) -> Option<u32> {
    if !matches!(response.status(), Some(101..=199)) || !response.lists(Header::Require, OPTION) {
        return None;
    }
    response.header(Header::RSeq).and_then(|value| number(value.trim())).filter(|rseq| *rseq > 0)
}

fn number(text: &str) -> Option<u32> {
    text.bytes().all(|octet| octet.is_ascii_digit()).then(|| text.parse().ok())?
}

/// How a provisional response goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As RFC 3261 has it: lost is lost.
    Plain,
    /// Repeated until its PRACK comes.
    Reliable {
        /// It carries a session description: no 2xx before its PRACK.
        session: bool,
    },
}

/// The asked side of one INVITE: its provisional responses in their order, at most one unacknowledged.
///
/// ```text
///   say ─► [waiting] ─► next: plain ─────────────► out
///              ▲          └── reliable ─► open ──┐
///              └───────────── pracked ◄──────────┘
/// ```
#[derive(Clone, Debug)]
pub struct Provisionals<T> {
    last: Option<u32>,
    open: Option<Open>,
    waiting: VecDeque<(Manner, String, T)>,
}

#[derive(Clone, Debug)]
struct Open {
    rseq: u32,
    /// Our tag: the early dialog it belongs to.
    tag: String,
    session: bool,
}

/// Too many responses wait for a PRACK; this one is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl<T> Provisionals<T> {
    /// Nothing said yet.
    #[must_use]
    pub fn new() -> Self {
        Self { last: None, open: None, waiting: VecDeque::new() }
    }

    /// Something to say in the early dialog of this tag of ours; `next` says when.
    ///
    /// # Errors
    /// `Full` when eight wait already.
    pub fn say(&mut self, manner: Manner, tag: &str, item: T) -> Result<(), Full> {
        if self.waiting.len() >= PROVISIONALS_WAITING {
            return Err(Full);
        }
        self.waiting.push_back((manner, tag.to_owned(), item));
        Ok(())
    }

    /// What goes out now, with its RSeq when it is reliable; `None` while a PRACK is awaited or nothing waits.
    pub fn next(&mut self, entropy: &mut dyn Entropy) -> Option<(Option<u32>, T)> {
        if self.open.is_some() {
            return None;
        }
        let (manner, tag, item) = self.waiting.pop_front()?;
        match manner {
            Manner::Plain => Some((None, item)),
            Manner::Reliable { session } => {
                let first = || u32::try_from(entropy.below(FIRST_BELOW - 1)).unwrap_or(0) + 1;
                let rseq = self.last.map_or_else(first, |last| last.saturating_add(1));
                self.last = Some(rseq);
                self.open = Some(Open { rseq, tag, session });
                Some((Some(rseq), item))
            }
        }
    }

    /// A PRACK came in the early dialog of this tag, for the INVITE with this number: `true` when it
    /// acknowledges the response that is out; otherwise it gets 481.
    pub fn pracked(&mut self, tag: &str, invite: u32, rack: &RAck) -> bool {
        let fits = |open: &mut Open| {
            open.rseq == rack.rseq && rack.cseq == invite && rack.method == Method::Invite && open.tag == tag
        };
        self.open.take_if(fits).is_some()
    }

    /// Whether nothing is out unacknowledged and nothing waits.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.open.is_none() && self.waiting.is_empty()
    }

    /// Whether a 2xx has to wait: a reliable response with a session description is out (RFC 3262 §3).
    #[must_use]
    pub fn blocks_answer(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.session)
    }

    /// The RSeq of the response that waits for its PRACK; it is owed a 200 even after the final response.
    #[must_use]
    pub fn open(&self) -> Option<u32> {
        self.open.as_ref().map(|open| open.rseq)
    }
}

impl<T> Default for Provisionals<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// The asking side of one early dialog: the latest reliable response that came in its order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard(Option<u32>);

/// What a reliable response is to the one who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The next: acknowledged and used.
    Next,
    /// Seen before: its PRACK is on its way (RFC 3262 §4).
    Again,
    /// One before it is missing: neither acknowledged nor used; it will come again.
    Early,
}

impl Heard {
    /// Takes the RSeq of a response.
    pub fn take(&mut self, rseq: u32) -> Order {
        match self.0 {
            Some(last) if rseq <= last => Order::Again,
            Some(last) if rseq > last.saturating_add(1) => Order::Early,
            Some(_) | None => {
                self.0 = Some(rseq);
                Order::Next
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use base::testing::Seeded;
    use bytes::Bytes;

    use super::*;
    use crate::message::Framing;

    const WITH_SDP: Manner = Manner::Reliable { session: true };

    fn rack(rseq: u32, cseq: u32) -> RAck {
        RAck { rseq, cseq, method: Method::Invite }
    }

    /// RFC 3262 §3: one unacknowledged at a time, numbers rise by one, and plain ones keep their place.
    #[test]
    fn the_second_response_waits_for_the_prack_of_the_first() {
        let (mut said, mut entropy) = (Provisionals::new(), Seeded::new(1));
        for (manner, item) in
            [(WITH_SDP, "183"), (Manner::Plain, "180"), (Manner::Reliable { session: false }, "182")]
        {
            said.say(manner, "t", item).unwrap();
        }
        let (first, item) = said.next(&mut entropy).unwrap();
        let first = first.unwrap();
        assert_eq!((item, said.next(&mut entropy), said.blocks_answer()), ("183", None, true));
        assert!((1..1 << 31).contains(&first));
        assert!(said.pracked("t", 7, &rack(first, 7)));
        assert_eq!(said.next(&mut entropy), Some((None, "180")));
        assert_eq!(said.next(&mut entropy), Some((Some(first + 1), "182")));
        assert!(!said.blocks_answer(), "no session description waits");
    }

    /// RFC 3262 §3: a PRACK that fits nothing gets 481.
    #[test]
    fn a_prack_fits_by_number_invite_and_early_dialog() {
        let (mut said, mut entropy) = (Provisionals::new(), Seeded::new(2));
        said.say(WITH_SDP, "t", ()).unwrap();
        let rseq = said.next(&mut entropy).unwrap().0.unwrap();
        assert!(!said.pracked("t", 7, &rack(rseq + 1, 7)));
        assert!(!said.pracked("t", 7, &rack(rseq, 8)));
        assert!(!said.pracked("other", 7, &rack(rseq, 7)));
        assert!(!said.pracked("t", 7, &RAck { method: Method::Update, ..rack(rseq, 7) }));
        assert!(said.pracked("t", 7, &rack(rseq, 7)));
        assert!(!said.pracked("t", 7, &rack(rseq, 7)), "once only");
    }

    #[test]
    fn the_ninth_that_waits_is_left_out() {
        let mut said = Provisionals::new();
        (0..8).for_each(|_| said.say(Manner::Plain, "t", ()).unwrap());
        assert_eq!(said.say(Manner::Plain, "t", ()), Err(Full));
    }

    /// RFC 3262 §4.
    #[test]
    fn responses_are_taken_in_their_order_and_once() {
        let mut heard = Heard::default();
        let orders = [5, 5, 7, 6, 7, 4].map(|rseq| heard.take(rseq));
        assert_eq!(orders, [Order::Next, Order::Again, Order::Early, Order::Next, Order::Next, Order::Again]);
    }

    fn message(text: &str) -> Message {
        let tail = "Via: SIP/2.0/UDP h;branch=z9hG4bKa\r\nFrom: <sip:a@h>;tag=a\r\nTo: <sip:b@h>;tag=b\r\n\
                    Call-ID: c\r\nCSeq: 2 PRACK\r\nContent-Length: 0\r\n\r\n";
        Message::parse(Bytes::from(format!("{text}{tail}")), Framing::Datagram).unwrap()
    }

    #[test]
    fn rack_and_rseq_are_read_and_nonsense_is_not() {
        let prack = |value: &str| RAck::of(&message(&format!("PRACK sip:b@h SIP/2.0\r\nRAck: {value}\r\n")));
        assert_eq!(prack("776656 1 INVITE"), Some(rack(776_656, 1)));
        assert_eq!(prack("776656 1 INVITE").unwrap().to_string(), "776656 1 INVITE");
        for bad in ["1 INVITE", "-1 1 INVITE", "1 1 INVITE x", "4294967296 1 INVITE", "+1 1 INVITE"] {
            assert_eq!(prack(bad), None, "{bad}");
        }
        let said = |lines: &str| rseq_of(&message(&format!("SIP/2.0 183 P\r\n{lines}")));
        assert_eq!(said("Require: x, 100rel\r\nRSeq: 9\r\n"), Some(9));
        assert_eq!(said("RSeq: 9\r\n"), None);
        assert_eq!(said("Require: 100rel\r\nRSeq: 0\r\n"), None);
    }
}
