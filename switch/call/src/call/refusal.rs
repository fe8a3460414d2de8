//! Why a leg out came to nothing, and what the caller is told of it.

use base::Cause;
use sip::message::Message;

use crate::negotiate::BadBody;
use crate::reasons;

/// Why a leg out came to nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusal {
    pub(super) cause: Cause,
    pub(super) status: u16,
    pub(super) q850: u8,
}

impl Refusal {
    pub(super) fn of(cause: Cause) -> Self {
        Self { cause, status: cause.sip(), q850: cause.q850() }
    }

    /// What a final response of 300 or more means.
    pub(super) fn from_response(status: u16, response: &Message) -> Self {
        let cause = Cause::from_sip(status);
        Self { cause, status, q850: reasons::q850_of(response).unwrap_or_else(|| cause.q850()) }
    }

    /// The status the caller is given: never a challenge or a redirection that was meant for us.
    pub(super) fn outward(&self) -> u16 {
        match self.status {
            300..=399 => Cause::NoAnswer.sip(),
            401 | 402 | 407 => Cause::Rejected.sip(),
            408 | 430 => Cause::NoAnswer.sip(),
            400 | 420 | 421 | 481 | 491 => 500,
            status @ 400..=699 => status,
            _ => 500,
        }
    }

    /// How much a refusal says about the person called; the lowest is told to the caller.
    pub(super) fn rank(&self) -> u8 {
        match self.status {
            600..=699 => 0,
            486 => 1,
            404 | 410 | 484 | 488 => 2,
            480 => 4,
            408 => 5,
            400..=499 => 3,
            _ => 6,
        }
    }
}

impl From<BadBody> for Refusal {
    fn from(bad: BadBody) -> Self {
        let cause = Cause::from_sip(bad.status());
        Self { cause, status: bad.status(), q850: cause.q850() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3261 §8.2.2.3: a 420 names what the caller required, and it was not the caller who asked the callee.
    #[test]
    fn what_a_callee_says_about_our_own_request_does_not_reach_the_caller() {
        let outward = |status| Refusal { cause: Cause::from_sip(status), status, q850: 0 }.outward();
        let told: Vec<u16> = [302, 407, 420, 421, 481, 486, 603].into_iter().map(outward).collect();
        assert_eq!(told, [480, 403, 500, 500, 500, 486, 603]);
    }
}
