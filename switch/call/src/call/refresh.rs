//! UPDATEs of our own: without a body, to show that we live and to learn that they do (RFC 3311 §5.1).

use base::LegId;
use sip::message::{Draft, Message, Method};

use super::{Call, Ctx, Refusal};
use crate::act::Purpose;
use crate::leg::Leg;
use crate::reply::{Agent, introduce};

impl Call {
    /// Sends an UPDATE without a body on a confirmed leg; `add` puts further headers on it. `false` when the leg
    /// is not up, its far end does not take UPDATE, or an exchange is open there.
    pub(super) fn refresh(&mut self, ctx: &mut Ctx<'_>, leg: LegId, add: impl FnOnce(&mut Draft)) -> bool {
        let busy = self.passage.as_ref().is_some_and(|passage| passage.to == leg || passage.from == leg);
        let Some(at) = self.leg_mut(leg).filter(|leg| leg.allows_update && !busy) else { return false };
        let contact = at.contact.clone();
        let Some(talking) = at.talking_mut() else { return false };
        let mut draft = talking.dialog.request(Method::Update);
        introduce(&mut draft, &contact, Agent::Client(&ctx.config.user_agent));
        add(&mut draft);
        at.send(&mut ctx.out, Purpose::Refresh, draft);
        true
    }

    /// The answer to such an UPDATE: a far end that knows no dialog any more has none (RFC 5057 §5.2).
    pub(super) fn refresh_response(&mut self, ctx: &mut Ctx<'_>, leg: LegId, response: &Message) {
        let status = response.status().unwrap_or(0);
        match status {
            0..=199 => {}
            200..=299 => {
                if let Some(at) = self.leg_mut(leg) {
                    at.refresh_target(response);
                }
            }
            408 | 481 => {
                let by = self.party(leg);
                if self.leg(leg).and_then(Leg::talking).is_some() {
                    self.finish(ctx, Refusal::from_response(status, response), by);
                }
            }
            _ => {}
        }
    }

    /// Nobody answered it.
    pub(super) fn refresh_failed(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        if self.leg(leg).and_then(Leg::talking).is_some() {
            self.finish(ctx, Refusal::of(base::Cause::NoResponse), base::Party::System);
        }
    }
}
