//! An offer of one side, passed through to the other: a re-INVITE as a re-INVITE, an UPDATE as an UPDATE where
//! the other side takes one (RFC 3261 §14, RFC 3264 §8, RFC 3311 §5).

use base::LegId;
use base::limits::EXCHANGE;
use sdp::{Direction, Sdp};
use sip::ServerId;
use sip::message::{Draft, Message, Method};

use super::requests::refuse;
use super::{Call, CallTimer, Ctx, Phase};
use crate::act::{Act, Purpose};
use crate::headers;
use crate::leg::{Leg, Talking};
use crate::negotiate::BadBody;
use crate::reply::{self, Agent, introduce};

/// An exchange under way from one leg to the other.
#[derive(Debug)]
pub(crate) struct Passage {
    pub(super) from: LegId,
    pub(super) to: LegId,
    /// Before the answer: our tag towards the caller, which names the early dialogs of both sides.
    pub(super) near: Option<String>,
    pub(super) server: ServerId,
    pub(super) request: Message,
    /// What the other side got.
    pub(super) sent: Method,
    /// The offer as it came and as it was passed on; `None` when the other side shall offer.
    pub(super) offer: Option<(Sdp, Sdp)>,
}

impl Passage {
    pub(super) fn came_as(&self, method: &Method) -> bool {
        self.request.method() == Some(method)
    }
}

impl Call {
    pub(super) fn reinvited(&mut self, ctx: &mut Ctx<'_>, leg: LegId, server: ServerId, request: Message) {
        if let Some(status) = self.must_wait(leg) {
            return refuse(ctx, server, &request, status);
        }
        let Some(to) = self.other(leg) else { return self.reinvited_alone(ctx, leg, server, &request) };
        match self.offer_for_other(leg, to, &request) {
            Ok(offer) => self.pass_offer_on(ctx, leg, to, server, request, Method::Invite, offer),
            Err(bad) => refuse(ctx, server, &request, bad.status()),
        }
    }

    /// An UPDATE in a confirmed dialog. Without a body it says where its sender is, and that it lives.
    pub(super) fn updated(&mut self, ctx: &mut Ctx<'_>, leg: LegId, server: ServerId, request: Message) {
        if matches!(self.phase, Phase::Over(_)) {
            return refuse(ctx, server, &request, 481);
        }
        if self.is_updating(leg) {
            return refuse(ctx, server, &request, 500);
        }
        if request.body().is_empty() {
            return self.accept_update(ctx, leg, server, &request, None, None);
        }
        let Some(to) = self.other(leg) else { return self.updated_alone(ctx, leg, server, &request) };
        let by = match self.leg(to) {
            Some(other) if other.allows_update => Method::Update,
            Some(_) | None => Method::Invite,
        };
        if let Some(status) = self.update_must_wait(leg, to, &by) {
            return refuse(ctx, server, &request, status);
        }
        match self.offer_for_other(leg, to, &request) {
            Ok(offer) => self.pass_offer_on(ctx, leg, to, server, request, by, offer),
            Err(bad) => refuse(ctx, server, &request, bad.status()),
        }
    }

    /// Whether an UPDATE of this leg is still unanswered: a second one gets 500 (RFC 3311 §5.2).
    pub(super) fn is_updating(&self, leg: LegId) -> bool {
        self.passage.as_ref().is_some_and(|passage| passage.from == leg && passage.came_as(&Method::Update))
    }

    /// The offer of a request as it came and as the other leg gets it.
    pub(super) fn offer_for_other(
        &self,
        from: LegId,
        to: LegId,
        request: &Message,
    ) -> Result<Option<(Sdp, Sdp)>, BadBody> {
        let Some(theirs) = self.offered_by(from, request)? else { return Ok(None) };
        let media = self.media_of(to).ok_or(BadBody::Media)?;
        let codecs = self.leg(to).map_or(&[][..], |leg| leg.codecs.as_slice());
        // Who is held without media hears our music all the same; the stream to it stays alive.
        let held = theirs.direction() == Direction::Inactive && matches!(self.phase, Phase::Talking { .. });
        let ours = media.pass_offer_flowing(&theirs, codecs, held.then_some(Direction::SendOnly))?;
        Ok(Some((theirs, ours)))
    }

    #[expect(clippy::too_many_arguments, reason = "all of it is one exchange")]
    fn pass_offer_on(
        &mut self,
        ctx: &mut Ctx<'_>,
        from: LegId,
        to: LegId,
        server: ServerId,
        request: Message,
        sent: Method,
        offer: Option<(Sdp, Sdp)>,
    ) {
        let body = offer.as_ref().map(|(_, ours)| ours.clone());
        let passage = Passage { from, to, near: None, server, request, sent, offer };
        self.pass_on(ctx, passage, body.as_ref(), |_draft| {});
    }

    /// Sends the request of a passage with this body; `add` puts further headers on it.
    pub(super) fn pass_on(
        &mut self,
        ctx: &mut Ctx<'_>,
        passage: Passage,
        body: Option<&Sdp>,
        add: impl FnOnce(&mut Draft),
    ) {
        let border = self.border(passage.from, passage.to);
        let Some(at) = self.leg_mut(passage.to) else { return };
        let contact = at.contact.clone();
        let Some((dialog, target)) = at.dialog(passage.near.as_deref()) else {
            return refuse(ctx, passage.server, &passage.request, 481);
        };
        let mut draft = dialog.request(passage.sent.clone());
        introduce(&mut draft, &contact, Agent::Client(&ctx.config.user_agent));
        if passage.near.is_none() {
            at.keep_timer(&mut draft);
        }
        headers::pass(&passage.request, &mut draft, border);
        add(&mut draft);
        if let Some(body) = body {
            draft.body(reply::ACCEPT, body.to_bytes().into());
        }
        let purpose = if passage.sent == Method::Invite { Purpose::Reinvite } else { Purpose::Passed };
        at.send_to(&mut ctx.out, purpose, draft, target);
        self.passage = Some(passage);
        self.timers.set(CallTimer::Exchange, ctx.now.mono + EXCHANGE);
    }

    /// The other side says that it works on our re-INVITE and then nothing: it is taken back.
    pub(super) fn exchange_over(&self, ctx: &mut Ctx<'_>) {
        if let Some(passage) = self.passage.as_ref().filter(|passage| passage.sent == Method::Invite) {
            ctx.out.push(Act::Cancel { leg: passage.to, reason: None });
        }
    }

    /// The status that a re-INVITE gets while another exchange is open: 491 when it is ours on that leg, 500
    /// when it is theirs (RFC 3261 §14.2).
    pub(super) fn must_wait(&self, leg: LegId) -> Option<u16> {
        if let Some(status) = self.passage_in_the_way(leg) {
            return Some(status);
        }
        let talking = self.leg(leg).and_then(Leg::talking)?;
        if talking.unacked.is_some() {
            return Some(500);
        }
        let other = self.other(leg).and_then(|other| self.leg(other)).and_then(Leg::talking);
        let busy = |other: &Talking| other.owes_ack || other.refreshing || other.unacked.is_some();
        (talking.owes_ack || talking.refreshing || other.is_some_and(busy)).then_some(491)
    }

    /// The same for an offer in an UPDATE, which need not wait for the ACK of an answer (RFC 3311 §5.2).
    fn update_must_wait(&self, leg: LegId, to: LegId, by: &Method) -> Option<u16> {
        if let Some(status) = self.passage_in_the_way(leg) {
            return Some(status);
        }
        let open = |at: LegId| self.leg(at).and_then(Leg::talking).is_some_and(|talking| talking.refreshing);
        if open(leg) || open(to) {
            return Some(491);
        }
        let other = self.leg(to).and_then(Leg::talking)?;
        let reinvites_too_early = *by == Method::Invite && other.unacked.is_some();
        (self.late.is_some() || reinvites_too_early).then_some(491)
    }

    pub(super) fn passage_in_the_way(&self, leg: LegId) -> Option<u16> {
        self.passage.as_ref().map(|passage| if passage.from == leg { 500 } else { 491 })
    }

    /// A re-INVITE to Tandem itself: answered from what we would say today, with our offer where it brings none.
    fn reinvited_alone(&mut self, ctx: &mut Ctx<'_>, leg: LegId, server: ServerId, request: &Message) {
        let offer = match self.offered_by(leg, request) {
            Ok(offer) => offer,
            Err(bad) => return refuse(ctx, server, request, bad.status()),
        };
        match (self.own_words(leg, offer.as_ref()), &offer) {
            (Ok(answer), Some(offer)) => {
                self.agree(ctx, leg, &answer, offer);
                self.accept_reinvite(ctx, leg, server, request, None, &answer);
            }
            (Ok(ours), None) => {
                self.accept_reinvite(ctx, leg, server, request, None, &ours);
                self.late = Some((ours.clone(), ours));
            }
            (Err(bad), _) => refuse(ctx, server, request, bad.status()),
        }
    }

    /// An offer in an UPDATE to Tandem itself.
    pub(super) fn updated_alone(
        &mut self,
        ctx: &mut Ctx<'_>,
        leg: LegId,
        server: ServerId,
        request: &Message,
    ) {
        if self.late.is_some() {
            return refuse(ctx, server, request, 491);
        }
        let answer = self.offered_by(leg, request).and_then(|offer| {
            let offer = offer.ok_or(BadBody::Media)?;
            Ok((self.own_words(leg, Some(&offer))?, offer))
        });
        match answer {
            Ok((answer, offer)) => {
                self.agree(ctx, leg, &answer, &offer);
                self.accept_update(ctx, leg, server, request, None, Some(&answer));
            }
            Err(bad) => refuse(ctx, server, request, bad.status()),
        }
    }
}
