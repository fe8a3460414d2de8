//! A leg out: its INVITE, and what the answers to it mean.

use std::net::IpAddr;
use std::sync::Arc;

use base::fact::Endpoint;
use base::wire::{Flow, Target};
use base::{Cause, LegId};
use peer::{Binding, PeerAt};
use provision::{ForwardsIn, HeaderRule, ShownIn, Trunk, Vendor};
use route::TrunkTry;
use sdp::Sdp;
use sip::Dialog;
use sip::auth::Login;
use sip::message::{Header, Host, Message, Method, Uri};

use super::hunt::phone_target;
use super::{Call, Ctx, Refusal, session};
use crate::act::{Act, Failure, Purpose};
use crate::headers::Trust;
use crate::leg::{Leg, LegState, towards};
use crate::reasons;
use crate::reply;
use crate::ringing::{Calling, Reliability};
use crate::secure;

/// What is known of a leg before it begins.
#[derive(Debug)]
pub(super) struct LegOut {
    pub(super) endpoint: Endpoint,
    pub(super) dialled: String,
    pub(super) uri: Uri,
    pub(super) target: Target,
    /// Route values, nearest first.
    pub(super) path: Vec<String>,
    /// Where its media comes from when that is not where its signalling comes from.
    pub(super) media_host: Option<IpAddr>,
    /// The phone itself, which may have other flows (RFC 5626).
    pub(super) instance: Option<Box<str>>,
    pub(super) codecs: Vec<String>,
    pub(super) credentials: Option<Arc<Login>>,
    pub(super) trunk: Option<(String, PeerAt)>,
    /// The number to show; `None` shows the caller's own.
    pub(super) caller: Option<String>,
    /// That number is set up here.
    pub(super) caller_is_ours: bool,
    /// The domain of From and To; `None` takes our address.
    pub(super) domain: Option<Host>,
    pub(super) rules: Vec<HeaderRule>,
    pub(super) trust: Trust,
    /// Where a trusted trunk reads who calls.
    pub(super) shown: ShownIn,
    /// Where it reads by which numbers the call has come.
    pub(super) forwards: ForwardsIn,
    /// Its share of the breadth that the call may take (RFC 5393).
    pub(super) breadth: Option<u8>,
    pub(super) reliability: Reliability,
    /// Whoever picks up is asked whether to take the call.
    pub(super) asks: bool,
    /// Who made the phone, where that is known.
    pub(super) vendor: Option<Vendor>,
}

impl LegOut {
    pub(super) fn to_phone(binding: Binding, codecs: Vec<String>, reliability: Reliability) -> Self {
        let target = phone_target(&binding);
        let uri = Uri::parse(&binding.contact)
            .unwrap_or_else(|_malformed| Uri::sip(Some(&binding.aor), target.remote().ip(), None));
        Self {
            endpoint: Endpoint::Station(binding.aor.clone()),
            uri,
            target,
            path: binding.path().to_vec(),
            media_host: binding.media_host(),
            instance: binding.flow_phone().map(Box::from),
            dialled: binding.aor,
            codecs,
            credentials: None,
            trunk: None,
            caller: None,
            caller_is_ours: false,
            domain: None,
            rules: Vec::new(),
            trust: Trust::None,
            shown: ShownIn::From,
            forwards: ForwardsIn::Diversion,
            breadth: None,
            reliability,
            asks: false,
            vendor: None,
        }
    }

    pub(super) fn to_trunk(
        trunk: &Trunk,
        attempt: &TrunkTry,
        peer: &PeerAt,
        credentials: Option<Arc<Login>>,
    ) -> Self {
        let at = Uri::parse(&peer.uri).ok();
        let host = at.as_ref().and_then(|uri| uri.host().cloned());
        let port = at.as_ref().and_then(Uri::port);
        let host = host.unwrap_or_else(|| peer.addr.ip().into());
        let domain = if trunk.domain.is_empty() { host.clone() } else { self::host(&trunk.domain) };
        Self {
            endpoint: Endpoint::Trunk(trunk.name.clone()),
            dialled: attempt.number.clone(),
            uri: Uri::sip(Some(&attempt.number), host, port),
            target: peer.target(),
            path: Vec::new(),
            media_host: None,
            instance: None,
            codecs: trunk.codecs.clone(),
            credentials,
            trunk: Some((trunk.name.clone(), peer.clone())),
            caller: Some(attempt.caller.clone()),
            caller_is_ours: attempt.caller_is_ours,
            domain: Some(domain),
            rules: trunk.headers.clone(),
            trust: if trunk.trust { Trust::Full } else { Trust::None },
            shown: trunk.identity,
            forwards: trunk.forwards,
            breadth: None,
            reliability: trunk.reliable.into(),
            asks: false,
            vendor: None,
        }
    }

    /// The same where whoever picks up is asked first: nothing that comes before the answer is for the caller.
    pub(super) fn asking(self, asks: bool) -> Self {
        let reliability = if asks { Reliability::Never } else { self.reliability };
        Self { asks, reliability, ..self }
    }

    /// The same with its share of the call's breadth.
    pub(super) fn with_breadth(self, breadth: Option<u8>) -> Self {
        Self { breadth, ..self }
    }
}

impl Call {
    /// Our Contact on a leg out; a call that was asked for by sips takes only secure hops (RFC 5630 §4).
    fn contact_towards(&self, ctx: &Ctx<'_>, target: &Target) -> Result<String, Refusal> {
        if reply::is_sips(&self.invite) {
            let insecure = Refusal { status: 480, ..Refusal::of(Cause::Incompatible) };
            return reply::sips_contact(ctx.locals, target).ok_or(insecure);
        }
        reply::contact(ctx.locals, target).ok_or_else(|| Refusal::of(Cause::NetworkFailure))
    }

    /// Sends the INVITE of a leg out.
    pub(super) fn start_leg(&mut self, ctx: &mut Ctx<'_>, out: LegOut) -> Result<LegId, Refusal> {
        let unreachable = Refusal::of(Cause::NetworkFailure);
        if self.is_led_too_far(&out) || self.legs.len() >= base::limits::LEGS_PER_CALL {
            return Err(Refusal::of(Cause::Loop));
        }
        let contact = self.contact_towards(ctx, &out.target)?;
        let ours = ctx.locals.signalling(out.target.transport(), out.target.remote()).ok_or(unreachable)?;
        let id = ctx.ids.leg();
        let call_id =
            base::wire::marked_call_id(ctx.config.shard, ctx.entropy.next_u64(), ctx.entropy.next_u64());
        let leg = Leg {
            contact: contact.clone(),
            trust: out.trust,
            codecs: out.codecs.clone(),
            srtp: secure::setting(ctx.routes, &out.endpoint),
            credentials: out.credentials.clone(),
            instance: out.instance.clone(),
            ..Leg::new(
                id,
                out.endpoint.clone(),
                out.dialled.clone(),
                call_id,
                ctx.entropy.token(),
                out.target,
                session::policy(ctx.config, ctx.routes, &out.endpoint),
            )
        };
        self.legs.push(leg);
        if !self.open_port(ctx, id, out.media_host) {
            self.legs.pop();
            return Err(Refusal::of(Cause::LimitReached));
        }
        let offer = match self.offer_for(id, out.asks) {
            Ok(offer) => offer,
            Err(refusal) => {
                self.drop_unstarted(ctx, id);
                return Err(refusal);
            }
        };
        let caller_tag = self.caller_tag(ctx);
        let Some(leg) = self.leg(id) else { return Err(unreachable) };
        let reliable = self.invites_reliably(out.reliability);
        let draft = self.first_invite(ctx, &out, leg, ours.ip(), offer.as_ref());
        Self::leg_started(ctx, leg);
        ctx.out.push(Act::Enlist { call_id: leg.call_id.clone(), local_tag: leg.local_tag.clone(), leg: id });
        let target = leg.target;
        let calling = Calling {
            invite: (out.credentials.is_some() || leg.session.policy().asks()).then(|| draft.clone()),
            interval: 0,
            raised: 0,
            offer,
            reliable,
            forks: Vec::new(),
            heard: false,
            ringing: false,
            asks: out.asks,
            caller_tag,
            trunk: out.trunk,
            instance: out.instance,
        };
        let Some(leg) = self.leg_mut(id) else { return Err(unreachable) };
        leg.state = LegState::Calling(Box::new(calling));
        leg.pending += 1;
        ctx.out.push(Act::Request { leg: id, purpose: Purpose::Invite, target, draft });
        self.expect_obedience(ctx, id, &out.endpoint);
        Ok(id)
    }

    /// Whether a callee may answer provisionally and reliably. Where the caller makes no offer and takes none before
    /// the answer, a callee's early offer would find nobody to answer it.
    pub(super) fn invites_reliably(&self, there: Reliability) -> bool {
        match there {
            _ if self.meeting.is_some() => false,
            Reliability::Never => false,
            Reliability::Able => self.offer.is_some() || self.takes_reliable(),
            Reliability::Always => true,
        }
    }

    /// The caller's offer; our own to one who is asked before the caller has said anything, or who is rung for a meeting.
    fn offer_for(&self, leg: LegId, asks: bool) -> Result<Option<Sdp>, Refusal> {
        let Some(offer) = self.offer.as_ref().filter(|_| self.meeting.is_none()) else {
            let ours = asks || self.meeting.is_some();
            return if ours { Ok(Some(self.own_words(leg, None)?)) } else { Ok(None) };
        };
        Ok(Some(self.offer_to(leg, offer)?))
    }

    fn drop_unstarted(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        let Some(leg) = self.leg_mut(leg) else { return };
        // The record has never heard of this leg: its figures are nobody's.
        leg.media_pending = false;
        if let Some(media) = &mut leg.media {
            media.close();
            ctx.out.push(Act::Media(base::media::MediaCommand::Close { port: media.port() }));
        }
    }

    /// Our tag towards the caller while a leg rings. The first leg uses the tag of the caller's leg itself.
    fn caller_tag(&self, ctx: &mut Ctx<'_>) -> String {
        let caller = &self.legs.first().expect("a call starts with its caller's leg").local_tag;
        let used =
            self.legs.iter().any(|leg| leg.calling().is_some_and(|calling| &calling.caller_tag == caller));
        let tried = self.legs.iter().filter(|leg| leg.is_over()).count() > 0;
        if used || tried { ctx.entropy.token() } else { caller.clone() }
    }

    /// A response to the INVITE of a leg out.
    pub(super) fn invite_response(
        &mut self,
        ctx: &mut Ctx<'_>,
        leg: LegId,
        status: u16,
        response: &Message,
        flow: Flow,
    ) {
        if let Some(secs) = reasons::retry_after(response).filter(|_| status >= 400) {
            self.retry_after = Some((status, secs));
        }
        let Some(at) = self.leg_mut(leg) else { return };
        match (&mut at.state, status) {
            (LegState::Calling(calling), 100..=199) => {
                calling.heard = true;
                if status > 100 {
                    self.provisional(ctx, leg, status, response);
                }
            }
            (LegState::Calling(_), 200..=299) => self.answered(ctx, leg, response, flow),
            (LegState::Calling(_), 300..=399) => self.redirected(ctx, leg, response),
            (LegState::Calling(_), _) => {
                let refusal = Refusal::from_response(status, response);
                self.hear_refusal(refusal, response);
                self.leg_refused(ctx, leg, refusal);
            }
            (LegState::Talking(_), 200..=299) => self.answered_again(ctx, leg, response),
            (LegState::Cancelling | LegState::Ended, 200..=299) => self.end_stray(ctx, leg, response),
            (LegState::Cancelling, 300..) => at.state = LegState::Ended,
            (LegState::Incoming(_) | LegState::Talking(_) | LegState::Cancelling | LegState::Ended, _) => {}
        }
    }

    /// The INVITE of a leg out got no answer, or could not be sent.
    pub(super) fn invite_failed(&mut self, ctx: &mut Ctx<'_>, leg: LegId, failure: Failure) {
        let Some(at) = self.leg_mut(leg) else { return };
        match &at.state {
            LegState::Calling(_) => {
                // A phone that is gone is gone, however that is noticed; a carrier out of reach is our trouble.
                let is_trunk = matches!(at.endpoint, Endpoint::Trunk(_));
                let refusal = match failure {
                    Failure::Unreachable if is_trunk => Refusal::of(Cause::NetworkFailure),
                    Failure::Unreachable | Failure::TimedOut => Refusal::of(Cause::NoResponse),
                };
                self.leg_refused(ctx, leg, refusal);
            }
            LegState::Cancelling => at.state = LegState::Ended,
            LegState::Incoming(_) | LegState::Talking(_) | LegState::Ended => {}
        }
    }

    /// A 2xx nobody wants any more: acknowledged, then ended (RFC 3261 §13.2.2.4).
    pub(super) fn end_stray(&mut self, ctx: &mut Ctx<'_>, leg: LegId, response: &Message) {
        let Some(at) = self.leg_mut(leg) else { return };
        if matches!(at.state, LegState::Cancelling) {
            at.state = LegState::Ended;
        }
        let Some(mut dialog) = Dialog::uac(response).ok().or_else(|| Dialog::salvage(response)) else {
            return;
        };
        let mut ack = dialog.ack(dialog.local_cseq());
        dialog.skip_to(at.numbered);
        for (header, value) in &at.authorization {
            ack.set(*header, value);
        }
        let is_trunk = matches!(at.endpoint, Endpoint::Trunk(_));
        let says_where = [Header::Contact, Header::RecordRoute].iter().any(|way| response.has(*way));
        let hop = towards(at.target, dialog.next_hop()).filter(|_| is_trunk && says_where);
        let target = hop.unwrap_or(at.target);
        ctx.out.push(Act::Ack { leg, target, draft: ack });
        let bye = dialog.request(Method::Bye);
        at.send_to(&mut ctx.out, Purpose::ByeStray, bye, target);
    }
}

fn host(text: &str) -> Host {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return ip.into();
    }
    Host::parse(text).unwrap_or_else(|_bad| Host::Name(text.into()))
}
