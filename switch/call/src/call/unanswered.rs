//! UPDATE before the answer, and an offer in a PRACK for a response that was ours alone (RFC 3311 §5.1, RFC 6337).
//!
//! | state of the other side's early dialog | an offer gets |
//! |---|---|
//! | its exchange is complete and it takes UPDATE | passed on as UPDATE, its answer passed back |
//! | its exchange is still open, or an offer is under way | 491 (ours) or 500 with Retry-After (theirs) |
//! | it takes no UPDATE, or no reliable responses, so nothing can be said before the answer | 488 |
//! | there is no other side: Tandem answers | our answer |
//!
//! A PRACK whose offer cannot be passed on is answered here with the codec agreed before, since it cannot be refused.

use base::LegId;
use sip::ServerId;
use sip::message::{Message, Method};

use super::requests::refuse;
use super::{Call, Ctx, Passage, Phase};
use crate::leg::{Leg, LegState};
use crate::ringing::Reliability;

impl Call {
    /// An UPDATE in an early dialog of either side.
    pub(super) fn updated_early(
        &mut self,
        ctx: &mut Ctx<'_>,
        leg: LegId,
        server: ServerId,
        request: Message,
    ) {
        if self.is_updating(leg) {
            return refuse(ctx, server, &request, 500);
        }
        if request.body().is_empty() {
            return self.accept_update(ctx, leg, server, &request, None, None);
        }
        self.offered_early(ctx, leg, server, request);
    }

    /// An offer in an early dialog, by UPDATE or in a PRACK that has nothing else to bring.
    pub(super) fn offered_early(
        &mut self,
        ctx: &mut Ctx<'_>,
        leg: LegId,
        server: ServerId,
        request: Message,
    ) {
        let near = self.leg(leg).and_then(|at| at.near_of(&request));
        if matches!(self.phase, Phase::Local(_)) {
            return self.offered_alone(ctx, leg, server, &request);
        }
        let to = match self.way_for_early_offer(leg, near.as_deref()) {
            Ok(to) => to,
            Err(_) if request.method() == Some(&Method::Prack) => {
                return self.answer_as_agreed(ctx, leg, server, &request);
            }
            Err(status) => return refuse(ctx, server, &request, status),
        };
        match self.offer_for_other(leg, to, &request) {
            Ok(Some((theirs, ours))) => {
                let body = ours.clone();
                let offer = Some((theirs, ours));
                let passage = Passage { from: leg, to, near, server, request, sent: Method::Update, offer };
                self.pass_on(ctx, passage, Some(&body), |_draft| {});
            }
            Ok(None) => refuse(ctx, server, &request, 200),
            Err(bad) => refuse(ctx, server, &request, bad.status()),
        }
    }

    /// The leg that an early offer goes to, or the status it gets here.
    fn way_for_early_offer(&self, leg: LegId, near: Option<&str>) -> Result<LegId, u16> {
        if let Some(status) = self.passage_in_the_way(leg) {
            return Err(status);
        }
        let near = near.ok_or(481_u16)?;
        let caller = self.caller();
        let incoming = self.legs.first().and_then(Leg::incoming).ok_or(481_u16)?;
        let at = self.fork_by(near).ok_or(481_u16)?;
        let fork = self.fork(at).ok_or(481_u16)?;
        let near_settled = incoming
            .dialogs
            .iter()
            .any(|known| known.dialog.local_tag() == near && known.session.is_settled());
        let callee = self.leg(at.leg).ok_or(481_u16)?;
        if leg == caller {
            return match (near_settled, fork.session.is_settled()) {
                (false, _) if self.offer.is_some() => Err(500),
                (false, _) | (true, false) => Err(491),
                (true, true) if !callee.allows_update => Err(488),
                (true, true) => Ok(at.leg),
            };
        }
        let caller_takes = self.leg(caller).is_some_and(|leg| leg.allows_update);
        match (fork.session.is_settled(), near_settled) {
            (false, _) if self.offer.is_some() => Err(491),
            (false, _) => Err(500),
            (true, _) if !caller_takes || incoming.reliability == Reliability::Never => Err(488),
            (true, false) => Err(491),
            (true, true) => Ok(caller),
        }
    }

    /// The other side cannot be asked, and a PRACK is not to be refused (RFC 6337 §3.2): what was agreed before is
    /// agreed again, 488 where it is not offered.
    pub(super) fn answer_as_agreed(
        &mut self,
        ctx: &mut Ctx<'_>,
        leg: LegId,
        server: ServerId,
        request: &Message,
    ) {
        let tag = request.to_tag().unwrap_or_default().to_owned();
        let near = self.leg_mut(leg).and_then(Leg::incoming_mut).and_then(|incoming| incoming.near(&tag));
        let codec = near.and_then(|near| sdp::first_codec_name(near.session.pair()?.0));
        let offer = self.offered_by(leg, request).ok().flatten();
        let answer = codec.zip(offer).and_then(|(codec, offer)| {
            Some((self.media_of(leg)?.own_answer(&offer, &[codec.as_str()]).ok()?, offer))
        });
        let Some((answer, offer)) = answer else { return refuse(ctx, server, request, 488) };
        self.exchanged(ctx, leg, Some(&tag), &answer, &offer);
        self.accept_prack(ctx, server, request, Some(&answer));
    }

    /// Tandem is the far end.
    fn offered_alone(&mut self, ctx: &mut Ctx<'_>, leg: LegId, server: ServerId, request: &Message) {
        let tag = request.to_tag().unwrap_or_default().to_owned();
        let settled = match self.leg_mut(leg).map(|leg| &mut leg.state) {
            Some(LegState::Incoming(incoming)) => {
                incoming.near(&tag).is_some_and(|near| near.session.is_settled())
            }
            Some(LegState::Talking(_)) => true,
            Some(LegState::Calling(_) | LegState::Cancelling | LegState::Ended) | None => false,
        };
        if !settled {
            return refuse(ctx, server, request, if self.offer.is_some() { 500 } else { 491 });
        }
        let Some((answer, offer)) = self.own_early_answer(leg, request) else {
            return refuse(ctx, server, request, 488);
        };
        self.exchanged(ctx, leg, Some(&tag), &answer, &offer);
        if request.method() == Some(&Method::Prack) {
            self.accept_prack(ctx, server, request, Some(&answer));
        } else {
            self.accept_update(ctx, leg, server, request, None, Some(&answer));
        }
    }
}
