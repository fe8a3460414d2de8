//! Why a leg or a call ended, and the same in the languages of SIP, Q.850 and people.

use serde::{Deserialize, Serialize};

/// Who ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The side that called.
    Caller,
    /// The side that was called.
    Callee,
    /// Tandem itself: a limit, a timer, an operator, a fault.
    System,
}

macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, sip $sip:literal, q850 $q850:literal;)*) => {
        /// Why a leg or call ended. Maps to SIP status codes, Q.850 cause values (as RFC 3398 §7.2.6 and §8.2.6
        /// relate them) and the word that records carry.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Cause {
            $($(#[$doc])* $name,)*
        }

        impl Cause {
            /// Every cause.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The word in records: `busy`, `no_answer`, ….
            #[must_use]
            pub fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The status with which we refuse an INVITE for this cause; 200 where the call had been answered.
            #[must_use]
            pub fn sip(self) -> u16 {
                match self { $(Self::$name => $sip,)* }
            }

            /// The Q.850 cause value, 1…127.
            #[must_use]
            pub fn q850(self) -> u8 {
                match self { $(Self::$name => $q850,)* }
            }

            /// Reads the word back.
            #[must_use]
            pub fn from_text(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

causes! {
    /// Answered, talked, hung up.
    Normal = "normal", sip 200, q850 16;
    /// The caller gave up before the answer.
    Cancelled = "cancelled", sip 487, q850 16;
    /// Whoever was there talks in another call now.
    Transferred = "transferred", sip 487, q850 16;
    /// Another leg of the same call was answered.
    AnsweredElsewhere = "answered_elsewhere", sip 487, q850 26;
    /// Busy.
    Busy = "busy", sip 486, q850 17;
    /// It rang and nobody answered.
    NoAnswer = "no_answer", sip 480, q850 19;
    /// No answer of any kind came from the far end.
    NoResponse = "no_response", sip 408, q850 18;
    /// The station is known and no phone is registered for it.
    NotRegistered = "not_registered", sip 480, q850 20;
    /// Whoever is called does not want to be disturbed.
    DoNotDisturb = "do_not_disturb", sip 480, q850 21;
    /// Whoever is called takes no calls at this time.
    Unavailable = "unavailable", sip 480, q850 20;
    /// Declined by a person.
    Declined = "declined", sip 603, q850 21;
    /// A person marks calls like this one as unwanted; it must not be tried again (RFC 8197).
    Unwanted = "unwanted", sip 607, q850 21;
    /// An analysis on the way took the call for unwanted (RFC 8688).
    Blocked = "blocked", sip 608, q850 21;
    /// Callers who withhold their number are not taken (RFC 5079).
    AnonymousRefused = "anonymous_refused", sip 433, q850 24;
    /// Refused by the far end's policy.
    Rejected = "rejected", sip 403, q850 21;
    /// Not allowed by our policy.
    Forbidden = "forbidden", sip 403, q850 57;
    /// No such number.
    Unallocated = "unallocated", sip 404, q850 1;
    /// No rule leads there.
    NoRoute = "no_route", sip 404, q850 3;
    /// The number has changed or gone.
    Gone = "gone", sip 410, q850 22;
    /// The number is incomplete or malformed.
    InvalidNumber = "invalid_number", sip 484, q850 28;
    /// The far end is broken or unreachable.
    OutOfOrder = "out_of_order", sip 502, q850 27;
    /// The next hop says it is temporarily unable.
    Congestion = "congestion", sip 503, q850 42;
    /// A cap on calls or call rate is reached.
    LimitReached = "limit_reached", sip 503, q850 34;
    /// The node is draining.
    Draining = "draining", sip 503, q850 41;
    /// The network lost the far end.
    NetworkFailure = "network_failure", sip 503, q850 38;
    /// A protocol timer ran out.
    Timeout = "timeout", sip 504, q850 102;
    /// No media format in common, or an SDP that could not be used.
    Incompatible = "incompatible", sip 488, q850 88;
    /// The body or extension is of no kind we take.
    Unsupported = "unsupported", sip 415, q850 79;
    /// Too many hops, or the call came round to us again.
    Loop = "loop", sip 482, q850 25;
    /// A message that breaks the protocol.
    ProtocolError = "protocol_error", sip 400, q850 111;
    /// Media stopped for longer than allowed.
    MediaTimeout = "media_timeout", sip 200, q850 31;
    /// The far end stopped refreshing its session, or did not answer our refresh (RFC 4028).
    SessionExpired = "session_expired", sip 408, q850 102;
    /// An operator ended it.
    Operator = "operator", sip 480, q850 31;
    /// The process ended while the call was up.
    Interrupted = "interrupted", sip 500, q850 41;
    /// A fault of ours.
    Internal = "internal", sip 500, q850 41;
    /// A refusal that has no closer word; the SIP status stands beside it in the record.
    Other = "other", sip 500, q850 31;
}

impl Cause {
    /// What a final response to an INVITE means. `status` 300…699; others read as `Other`.
    #[must_use]
    pub fn from_sip(status: u16) -> Self {
        match status {
            400 | 405 | 406 | 420 | 421 | 423 | 481 | 493 | 505 | 513 => Self::ProtocolError,
            401 | 402 | 403 | 407 => Self::Rejected,
            404 | 604 => Self::Unallocated,
            408 => Self::NoResponse,
            410 => Self::Gone,
            413..=416 => Self::Unsupported,
            480 => Self::NoAnswer,
            433 => Self::AnonymousRefused,
            440 | 482 | 483 => Self::Loop,
            484 | 485 => Self::InvalidNumber,
            486 | 600 => Self::Busy,
            487 => Self::Cancelled,
            488 | 606 => Self::Incompatible,
            500..=502 => Self::OutOfOrder,
            503 => Self::Congestion,
            504 => Self::Timeout,
            603 => Self::Declined,
            607 => Self::Unwanted,
            608 => Self::Blocked,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_reads_back_from_its_word_and_has_valid_numbers() {
        for cause in Cause::ALL {
            assert_eq!(Cause::from_text(cause.text()), Some(*cause));
            assert!((200..700).contains(&cause.sip()), "{cause:?}");
            assert!((1..=127).contains(&cause.q850()), "{cause:?}");
            assert_eq!(snake_case(*cause), cause.text());
        }
    }

    /// The variant's name as serde's `snake_case` writes it.
    fn snake_case(cause: Cause) -> String {
        format!("{cause:?}").chars().fold(String::new(), |mut word, c| {
            if c.is_uppercase() && !word.is_empty() {
                word.push('_');
            }
            word.extend(c.to_lowercase());
            word
        })
    }

    #[test]
    fn a_refusal_keeps_its_meaning_through_sip() {
        for cause in [
            Cause::Busy,
            Cause::Unallocated,
            Cause::Gone,
            Cause::Incompatible,
            Cause::Declined,
            Cause::Unwanted,
            Cause::Blocked,
        ] {
            assert_eq!(Cause::from_sip(cause.sip()), cause);
        }
    }
}
