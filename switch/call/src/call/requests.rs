//! Requests inside the call's dialogs.

use base::fact::Endpoint;
use base::wire::{Flow, Target};
use base::{Cause, LegId};
use sip::ServerId;
use sip::message::{Header, Message, Method};

use super::answer::is_route;
use super::{Call, Ctx, Refusal};
use crate::act::Act;
use crate::leg::{Leg, LegState};
use crate::reply::{self, Agent, introduce, reply};

impl Call {
    /// Answers, passes on or refuses a request of one leg's far end.
    pub(super) fn request(
        &mut self,
        ctx: &mut Ctx<'_>,
        leg: LegId,
        server: ServerId,
        request: Message,
        flow: Flow,
    ) {
        let Some(method) = request.method().cloned() else { return };
        if method == Method::Bye && self.held.take_if(|held| held.leg == leg).is_some() {
            refuse(ctx, server, &request, 200);
            return self.leg_refused(ctx, leg, Refusal::of(Cause::NoAnswer));
        }
        let Some(at) = self.leg_mut(leg) else { return };
        if let Err(status) = at.accepts(&request, &method) {
            return refuse(ctx, server, &request, status);
        }
        let early = at.talking().is_none();
        at.follow(flow);
        at.learn(&request);
        if matches!(method, Method::Invite | Method::Update)
            && let Err(brief) = at.session.policy().judge(&request)
        {
            return ctx
                .out
                .push(Act::Respond { server, draft: reply::too_brief(&request, brief, ctx.config) });
        }
        #[expect(clippy::wildcard_enum_match_arm, reason = "every other method gets the same refusal")]
        match method {
            Method::Bye => self.bye(ctx, leg, server, &request),
            Method::Invite => self.reinvited(ctx, leg, server, request),
            Method::Prack => self.pracked(ctx, leg, server, request),
            Method::Update if early => self.updated_early(ctx, leg, server, request),
            Method::Update => self.updated(ctx, leg, server, request),
            Method::Info => self.informed(ctx, leg, server, &request),
            Method::Message => self.relay(ctx, leg, server, &request),
            Method::Options => self.answer_options(ctx, leg, server, &request),
            Method::Refer => self.referred(ctx, leg, server, &request),
            Method::Subscribe => {
                let draft = reply::not_subscribed(&request, &ctx.config.user_agent);
                ctx.out.push(Act::Respond { server, draft });
            }
            // Nobody has subscribed here (RFC 6665 §4.1.3).
            Method::Notify => refuse(ctx, server, &request, 481),
            _ => refuse(ctx, server, &request, 405),
        }
    }

    fn answer_options(&self, ctx: &mut Ctx<'_>, leg: LegId, server: ServerId, request: &Message) {
        let agent = &ctx.config.user_agent;
        let mut draft = reply(request, 200, None, agent);
        if let Some(leg) = self.leg(leg) {
            introduce(&mut draft, &leg.contact, Agent::Server(agent));
        }
        draft.push(Header::Accept, reply::ACCEPTED);
        ctx.out.push(Act::Respond { server, draft });
    }
}

impl Leg {
    /// Whether a request belongs here now; else the status it gets. Before the answer that is BYE of the caller, PRACK
    /// and UPDATE.
    fn accepts(&mut self, request: &Message, method: &Method) -> Result<(), u16> {
        let near = self.near_of(request);
        match &self.state {
            LegState::Talking(_) => {}
            LegState::Incoming(_) if *method == Method::Bye => return Ok(()),
            LegState::Incoming(_) if matches!(method, Method::Prack | Method::Update) => {}
            LegState::Calling(_) if *method == Method::Update => {}
            // It answered our INVITE, and its 2xx is late or lost: RFC 3261 §14.2.
            LegState::Calling(_) if *method == Method::Invite => return Err(491),
            LegState::Ended | LegState::Cancelling if *method == Method::Bye => return Err(200),
            LegState::Incoming(_) | LegState::Calling(_) | LegState::Cancelling | LegState::Ended => {
                return Err(481);
            }
        }
        let (dialog, _) = self.dialog(near.as_deref()).ok_or(481_u16)?;
        dialog.accepts(request)
    }

    /// A phone behind NAT, or one whose connection was opened anew, is reached where it last spoke from. From another
    /// address it has shown its password first.
    fn follow(&mut self, flow: Flow) {
        if let Target::Flow(known) = self.target
            && known.transport == flow.transport
            && (known.remote.ip() == flow.remote.ip() || matches!(self.endpoint, Endpoint::Station(_)))
        {
            let is_routed = self.talking().is_some_and(|talking| is_route(talking.dialog.next_hop()));
            let kept =
                is_routed || matches!(self.endpoint, Endpoint::Trunk(_)) && flow.transport.is_connected();
            self.target =
                Target::Flow(Flow { remote: if kept { known.remote } else { flow.remote }, ..flow });
        }
    }
}

/// Answers with a status and nothing more to say.
pub(super) fn refuse(ctx: &mut Ctx<'_>, server: ServerId, request: &Message, status: u16) {
    let mut draft = reply(request, status, None, &ctx.config.user_agent);
    if status == 500 {
        draft.push(Header::RetryAfter, &(ctx.entropy.below(10) + 1).to_string());
    }
    ctx.out.push(Act::Respond { server, draft });
}
