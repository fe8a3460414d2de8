//! Before the answer: ringing, early media, and challenges.

use base::LegId;
use base::fact::What;
use sip::auth::Challenged;
use sip::message::{Header, Message};

use super::{Call, Ctx, Phase};
use crate::act::{Act, Purpose};
use crate::headers;
use crate::leg::LegState;
use crate::negotiate::body_of;
use crate::reply::{self, Agent, introduce, reply};

/// A first challenge and one that says our nonce was stale (RFC 7616 §3.3); more is a peer that plays with us.
const MOST_CHALLENGES: u8 = 2;

impl Call {
    /// 180, 183 and their kin: the caller hears the first leg that rings and the first that sends media.
    pub(super) fn provisional(&mut self, ctx: &mut Ctx<'_>, leg: LegId, status: u16, response: &Message) {
        let delayed = self.offer.is_none();
        let body = if delayed { None } else { body_of(response).ok().flatten() };
        let Some(calling) = self.leg_mut(leg).and_then(crate::leg::Leg::calling_mut) else { return };
        let first = !calling.ringing;
        calling.ringing |= matches!(status, 180 | 183);
        let news = body.is_some() && calling.early.is_none();
        if let Some(body) = body.clone().filter(|_| news) {
            calling.early = Some((response.to_tag().unwrap_or_default().to_owned(), body));
        }
        if first && calling.ringing {
            ctx.out.push(Act::Fact(What::LegRinging { leg, early_media: body.is_some() }));
        }
        let Phase::Hunting(hunt) = &mut self.phase else { return };
        let hears = body.is_some() && *hunt.early.get_or_insert(leg) == leg;
        let as_ringing = status == 180 || (status == 183 && !hears);
        let first_ring = as_ringing && !std::mem::replace(&mut hunt.rang, true);
        let tells = (hears && news) || !hunt.rung || first_ring;
        hunt.rung |= matches!(status, 180 | 183);
        let answer = if hears { body.and_then(|body| self.early_media(ctx, leg, &body)) } else { None };
        if tells {
            self.tell_provisional(ctx, leg, status, response, answer.as_ref());
        }
    }

    /// Connects the caller to the early media of a leg; the answer for the caller comes back.
    fn early_media(&mut self, ctx: &mut Ctx<'_>, leg: LegId, body: &sdp::Sdp) -> Option<sdp::Sdp> {
        let offer = self.offer.clone()?;
        let sent = self.leg(leg)?.calling()?.offer.clone()?;
        let caller = self.caller();
        let answer = self.leg(caller)?.media.as_ref()?.pass_answer(body, &offer);
        self.agree(ctx, leg, &sent, body);
        self.agree(ctx, caller, &answer, &offer);
        self.join(ctx, caller, leg);
        Some(answer)
    }

    fn tell_provisional(
        &self,
        ctx: &mut Ctx<'_>,
        leg: LegId,
        status: u16,
        response: &Message,
        answer: Option<&sdp::Sdp>,
    ) {
        let Some(tag) = self.leg(leg).and_then(|leg| leg.calling()).map(|calling| calling.caller_tag.clone())
        else {
            return;
        };
        let Some(caller) = self.legs.first() else { return };
        let LegState::Incoming { invite, request } = &caller.state else { return };
        let status = match (status, answer) {
            (183, None) => 180,
            (other, _) => other,
        };
        let mut draft = reply(request, status, Some(&tag), &ctx.config.user_agent);
        introduce(&mut draft, &caller.contact, Agent::Server(&ctx.config.user_agent));
        headers::pass(response, &mut draft, self.border(leg, caller.id));
        if let Some(answer) = answer {
            draft.body(reply::ACCEPT, answer.to_bytes().into());
        }
        ctx.out.push(Act::Enlist { call_id: caller.call_id.clone(), local_tag: tag, leg: caller.id });
        ctx.out.push(Act::Respond { server: *invite, draft });
    }

    /// A trunk asks who we are: answered with that trunk's own credentials, and not without end.
    /// `true` when the request goes out again.
    pub(super) fn authenticate(
        &mut self,
        ctx: &mut Ctx<'_>,
        leg: LegId,
        purpose: Purpose,
        response: &Message,
    ) -> bool {
        let Some(at) = self.leg_mut(leg) else { return false };
        if at.credentials.is_none() {
            return false;
        }
        let draft = match (&mut at.state, purpose) {
            (LegState::Calling(calling), Purpose::Invite) => calling.invite.clone(),
            _ => at.sent.take_if(|(sent, _)| *sent == purpose).map(|(_, draft)| draft),
        };
        let Some(mut draft) = draft else { return false };
        if at.challenges >= MOST_CHALLENGES {
            return false;
        }
        let Some(method) = draft.method().cloned() else { return false };
        let Some(asked) = Challenged::by(response, ctx.entropy) else { return false };
        at.challenges += 1;
        at.challenged.retain(|known| known.header() != asked.header());
        at.challenged.push(asked);
        at.authorize(&mut draft);
        let number = match &mut at.state {
            LegState::Talking(talking) => talking.dialog.next_cseq(),
            LegState::Calling(_) | LegState::Incoming { .. } | LegState::Cancelling | LegState::Ended => {
                response.cseq().map_or(1, |cseq| cseq.number).saturating_add(1)
            }
        };
        draft.set(Header::CSeq, &format!("{number} {method}"));
        if let LegState::Calling(calling) = &mut at.state {
            calling.invite = Some(draft.clone());
        }
        at.pending += 1;
        ctx.out.push(Act::Request { leg, purpose, target: at.target, draft });
        true
    }
}
