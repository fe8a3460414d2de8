//! What is asked while an offer passes between the two who talk: it is done as soon as that is over. Phones that hold and
//! refer in one go send their REFER before their re-INVITE is answered.

use std::time::Duration;

use base::{CallOrder, LegId};
use sip::ServerId;
use sip::message::Message;

use super::super::requests::refuse;
use super::super::{Call, CallTimer, Ctx, Phase};
use crate::leg::Leg;

/// How long a REFER waits for its answer.
const ANSWERED_WITHIN: Duration = Duration::from_millis(1_500);

/// What waits for an exchange to be over; one thing at a time.
#[derive(Debug)]
pub(in crate::call) enum Waiting {
    /// A REFER that is not answered yet.
    Refer {
        /// Of whom.
        leg: LegId,
        /// Its transaction.
        server: ServerId,
        /// Itself.
        request: Message,
    },
    /// An order.
    Order(CallOrder),
}

impl Call {
    /// Whether the two who talk cannot be taken apart just now, but soon.
    fn is_exchanging(&self) -> bool {
        let unacked = |leg: &Leg| leg.talking().is_some_and(|talking| talking.unacked.is_some());
        matches!(self.phase, Phase::Talking { .. })
            && self.answered_at.is_some()
            && (self.passage.is_some() || self.late.is_some() || self.legs.iter().any(unacked))
    }

    /// Keeps a REFER for later; `false` when it can be looked at now, or another one waits. For an ACK of the other side it
    /// waits not: that may never come, and a REFER wants its answer.
    pub(super) fn refer_waits(
        &mut self,
        ctx: &Ctx<'_>,
        leg: LegId,
        server: ServerId,
        request: &Message,
    ) -> bool {
        let own = self.leg(leg).and_then(Leg::talking).is_some_and(|talking| talking.unacked.is_some());
        if !own && self.passage.is_none() && self.late.is_none() {
            return false;
        }
        let waits = self.put_off(|| Waiting::Refer { leg, server, request: request.clone() });
        if waits {
            self.timers.set(CallTimer::Renew, ctx.now.mono + ANSWERED_WITHIN);
        }
        waits
    }

    /// Keeps an order for later; `false` when it can be done now, or something waits already.
    pub(in crate::call) fn order_waits(&mut self, order: &CallOrder) -> bool {
        let parts = match order {
            CallOrder::Transfer { .. }
            | CallOrder::Consult { .. }
            | CallOrder::Hold { .. }
            | CallOrder::Park { .. }
            | CallOrder::Invite { .. }
            | CallOrder::Merge { .. }
            | CallOrder::TakePart { .. } => true,
            CallOrder::Play { .. }
            | CallOrder::Stop { .. }
            | CallOrder::Digits { .. }
            | CallOrder::Voice { .. }
            | CallOrder::Consulted { .. }
            | CallOrder::PickUp { .. }
            | CallOrder::Drop { .. }
            | CallOrder::Record(_)
            | CallOrder::Supervise(_)
            | CallOrder::Code { .. }
            | CallOrder::Tap { .. }
            | CallOrder::Conference { .. } => false,
        };
        parts && self.put_off(|| Waiting::Order(order.clone()))
    }

    fn put_off(&mut self, what: impl FnOnce() -> Waiting) -> bool {
        let waits = self.waiting.is_none() && self.is_exchanging();
        if waits {
            self.waiting = Some(Box::new(what()));
        }
        waits
    }

    /// A REFER that has waited long enough: its sender may try again (RFC 3261 §8.1.3.2 knows no provisional answer to it).
    pub(in crate::call) fn waited_too_long(&mut self, ctx: &mut Ctx<'_>) {
        if !matches!(self.waiting.as_deref(), Some(Waiting::Refer { .. })) {
            return;
        }
        if let Some(Waiting::Refer { server, request, .. }) = self.waiting.take().map(|waiting| *waiting) {
            refuse(ctx, server, &request, 500);
        }
    }

    /// The exchange is over: what has waited for that is done.
    pub(in crate::call) fn no_longer_waits(&mut self, ctx: &mut Ctx<'_>) {
        if self.waiting.is_none() || self.is_exchanging() {
            return;
        }
        match self.waiting.take().map(|waiting| *waiting) {
            Some(Waiting::Refer { server, request, .. }) if matches!(self.phase, Phase::Over(_)) => {
                refuse(ctx, server, &request, 481);
            }
            Some(Waiting::Refer { leg, server, request }) => self.referred(ctx, leg, server, &request),
            Some(Waiting::Order(order)) => self.ordered(ctx, order),
            None => {}
        }
    }
}
