//! Who has offered and who has answered (RFC 3264 §4, RFC 6337 §2).
//!
//! ```text
//!              local_offer                  remote_offer
//!            ┌──────────────► Local ┐  ┌ Remote ◄─────────────┐
//!   Stable ──┤                      │  │                      ├── Stable
//!            └◄ remote_answer, ─────┘  └───── local_answer, ─►┘
//!               withdraw                      withdraw
//! ```

use crate::text::Sdp;

/// An offer that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pending {
    /// Nobody's.
    Nothing,
    /// Ours.
    Local(Sdp),
    /// The far end's.
    Remote(Sdp),
}

/// Why an offer or answer does not fit here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfferAnswerError {
    /// Our offer is still unanswered: the far end's gets 491 (RFC 3261 §14.2).
    #[error("our offer is still unanswered")]
    OurOfferWaits,
    /// The far end's offer is still unanswered: a second one gets 500 with Retry-After (RFC 3261 §14.2).
    #[error("their offer is still unanswered")]
    TheirOfferWaits,
    /// An answer to no offer.
    #[error("an answer without an offer")]
    NothingOffered,
    /// An answer with another number of `m=` lines than its offer (RFC 3264 §6).
    #[error("{offered} streams offered, {answered} answered")]
    StreamCount {
        /// `m=` lines of the offer.
        offered: usize,
        /// `m=` lines of the answer.
        answered: usize,
    },
}

/// The exchange within one dialog, and the bodies last agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferAnswer {
    pending: Pending,
    agreed: Option<(Sdp, Sdp)>,
}

impl OfferAnswer {
    /// Nothing offered yet.
    #[must_use]
    pub fn new() -> Self {
        Self { pending: Pending::Nothing, agreed: None }
    }

    /// We offer.
    ///
    /// # Errors
    /// When an offer of either side waits.
    pub fn local_offer(&mut self, offer: Sdp) -> Result<(), OfferAnswerError> {
        self.expect_stable()?;
        self.pending = Pending::Local(offer);
        Ok(())
    }

    /// The far end offers.
    ///
    /// # Errors
    /// When an offer of either side waits.
    pub fn remote_offer(&mut self, offer: Sdp) -> Result<(), OfferAnswerError> {
        self.expect_stable()?;
        self.pending = Pending::Remote(offer);
        Ok(())
    }

    /// We answer.
    ///
    /// # Errors
    /// Without an offer of the far end, or when the streams do not match it.
    pub fn local_answer(&mut self, answer: Sdp) -> Result<(), OfferAnswerError> {
        let Pending::Remote(offer) = &self.pending else { return Err(OfferAnswerError::NothingOffered) };
        answers_match(offer, &answer)?;
        if let Pending::Remote(offer) = std::mem::replace(&mut self.pending, Pending::Nothing) {
            self.agreed = Some((answer, offer));
        }
        Ok(())
    }

    /// The far end answers.
    ///
    /// # Errors
    /// Without an offer of ours, or when the streams do not match it; the offer then still waits.
    pub fn remote_answer(&mut self, answer: Sdp) -> Result<(), OfferAnswerError> {
        let Pending::Local(offer) = &self.pending else { return Err(OfferAnswerError::NothingOffered) };
        answers_match(offer, &answer)?;
        if let Pending::Local(offer) = std::mem::replace(&mut self.pending, Pending::Nothing) {
            self.agreed = Some((offer, answer));
        }
        Ok(())
    }

    /// The request that carried the offer failed: what was agreed before holds (RFC 6337 §3.4).
    pub fn withdraw(&mut self) {
        self.pending = Pending::Nothing;
    }

    /// The offer that waits.
    #[must_use]
    pub fn pending(&self) -> &Pending {
        &self.pending
    }

    /// Our body last agreed.
    #[must_use]
    pub fn local(&self) -> Option<&Sdp> {
        self.agreed.as_ref().map(|(local, _)| local)
    }

    /// The far end's body last agreed.
    #[must_use]
    pub fn remote(&self) -> Option<&Sdp> {
        self.agreed.as_ref().map(|(_, remote)| remote)
    }

    /// Whether no offer waits.
    #[must_use]
    pub fn is_stable(&self) -> bool {
        self.pending == Pending::Nothing
    }

    fn expect_stable(&self) -> Result<(), OfferAnswerError> {
        match self.pending {
            Pending::Nothing => Ok(()),
            Pending::Local(_) => Err(OfferAnswerError::OurOfferWaits),
            Pending::Remote(_) => Err(OfferAnswerError::TheirOfferWaits),
        }
    }
}

impl Default for OfferAnswer {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether an answer has a stream for every stream of the offer (RFC 3264 §6).
///
/// # Errors
/// `StreamCount` when not.
pub fn answers_match(offer: &Sdp, answer: &Sdp) -> Result<(), OfferAnswerError> {
    let (offered, answered) = (offer.media().len(), answer.media().len());
    if offered == answered { Ok(()) } else { Err(OfferAnswerError::StreamCount { offered, answered }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(streams: usize) -> Sdp {
        Sdp::parse(format!("v=0\n{}", "m=audio 4000 RTP/AVP 0\n".repeat(streams)).as_bytes()).unwrap()
    }

    #[test]
    fn a_second_offer_is_refused_until_the_first_is_answered_or_withdrawn() {
        let mut exchange = OfferAnswer::new();
        exchange.local_offer(body(1)).unwrap();
        assert_eq!(exchange.remote_offer(body(1)), Err(OfferAnswerError::OurOfferWaits));
        exchange.remote_answer(body(1)).unwrap();
        exchange.remote_offer(body(2)).unwrap();
        assert_eq!(exchange.local_offer(body(1)), Err(OfferAnswerError::TheirOfferWaits));
        exchange.withdraw();
        assert!(exchange.is_stable());
        assert_eq!(exchange.remote(), Some(&body(1)));
    }

    #[test]
    fn an_answer_needs_an_offer_and_as_many_streams() {
        let mut exchange = OfferAnswer::new();
        assert_eq!(exchange.remote_answer(body(1)), Err(OfferAnswerError::NothingOffered));
        exchange.remote_offer(body(2)).unwrap();
        let wrong = OfferAnswerError::StreamCount { offered: 2, answered: 1 };
        assert_eq!(exchange.local_answer(body(1)), Err(wrong));
        assert_eq!(exchange.pending(), &Pending::Remote(body(2)));
        let mut padded = body(1);
        padded.pad_like(&body(2));
        exchange.local_answer(padded.clone()).unwrap();
        assert_eq!(exchange.local(), Some(&padded));
        assert_eq!(padded.media()[1].port(), 0);
    }
}
