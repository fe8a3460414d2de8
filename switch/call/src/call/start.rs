//! A call begins: the caller's leg, the first facts, and the way the verdict points.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base::fact::{Endpoint, What, record_text};
use base::limits::CALL_LASTS;
use base::media::{Dtmf, Listen, ListenFor, MediaCommand, MediaRule, Standing};
use base::wire::{Flow, Target};
use base::{CallId, Cause, LegId, Party, Timers, Why};
use provision::PasswordFor;
use route::{Local, Verdict};
use sip::ServerId;
use sip::auth::Login;
use sip::message::{Header, Message};

use super::feature::Keyed;
use super::happenings::Typing;
use super::recording::Recorded;
use super::{About, Call, CallTimer, Ctx, Joined, Phase, Refusal, session};
use crate::act::Act;
use crate::headers::{self, SessionIds, Trust};
use crate::leg::{Leg, LegState};
use crate::letter::{Addressee, DialogName, Place, Wish};
use crate::mix::Mix;
use crate::negotiate::{BadBody, Negotiation, Ours, Theirs};
use crate::password;
use crate::reply;
use crate::ringing::{Incoming, Reliability};
use crate::rooms::room_of;
use crate::secure::{self, Secure};

/// An INVITE that was let in, and what was decided about it.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) call: CallId,
    pub(crate) leg: LegId,
    pub(crate) server: ServerId,
    pub(crate) request: Message,
    pub(crate) flow: Flow,
    pub(crate) from: Endpoint,
    pub(crate) caller: String,
    pub(crate) caller_name: String,
    /// The caller wants the number withheld.
    pub(crate) withheld: bool,
    /// Number and name are known, or somebody we trust stands for them.
    pub(crate) asserted: bool,
    pub(crate) trust: Trust,
    pub(crate) dialled: String,
    pub(crate) verdict: Verdict,
    /// The dialog that it shall replace (RFC 3891).
    pub(crate) replaces: Option<DialogName>,
    /// What its phone asks for in another call of its own (E74).
    pub(crate) keyed: Option<Keyed>,
    /// Where to, in provisioning's words.
    pub(crate) to: String,
    pub(crate) why: Why,
    pub(crate) codecs: Vec<String>,
    /// Where the caller's media comes from when that is not where the INVITE comes from.
    pub(crate) media_host: Option<IpAddr>,
    /// Trunks already counted for the caller's side.
    pub(crate) admitted: Vec<String>,
}

impl Call {
    /// Starts the call: ringing legs, a local far end, or a refusal come out as acts.
    pub(crate) fn start(ctx: &mut Ctx<'_>, arrival: Arrival) -> Self {
        let call_id = arrival.request.call_id().unwrap_or_default().to_owned();
        let session = SessionIds::begin(&arrival.request, ctx.entropy);
        first_facts(ctx, &arrival, &call_id, &session);
        let caller = caller_leg(ctx, &arrival, call_id);
        let mut call = Self {
            id: arrival.call,
            started: ctx.now,
            legs: vec![caller],
            phase: Phase::Talking { callee: arrival.leg },
            hunt: None,
            meeting: None,
            holding: None,
            waiting: None,
            giving: None,
            expected: None,
            attended: super::Attended::default(),
            supervises: None,
            guests: Vec::new(),
            born: arrival.leg,
            rings_for: None,
            referred_by: None,
            parked: None,
            led_on: 0,
            timers: Timers::new(),
            worker: worker_for(ctx, &arrival.verdict),
            joined: Joined::default(),
            voices: Vec::new(),
            muted_until_key: None,
            page: None,
            mix: Mix::default(),
            plays: 0,
            happenings: Vec::new(),
            typing: Typing::default(),
            recorded: Recorded::default(),
            signature: None,
            conference: None,
            inside: None,
            music: Vec::new(),
            facts: About {
                origin: arrival.from,
                caller: arrival.caller,
                caller_name: arrival.caller_name,
                withheld: arrival.withheld,
                asserted: arrival.asserted,
                dialled: arrival.dialled,
                to: arrival.to,
                codec: String::new(),
                max_forwards: hops_left(&arrival.request),
            },
            offer: None,
            session,
            trail: None,
            parting: None,
            invite: arrival.request,
            passage: None,
            held: None,
            late: None,
            relayed: Vec::new(),
            admitted: arrival.admitted,
            led: Vec::new(),
            occupied: Vec::new(),
            answered_at: None,
            on_floor: None,
            retry_after: None,
        };
        if let Endpoint::Station(extension) = &call.facts.origin {
            call.occupied.push(extension.clone());
            ctx.lines.occupy(extension);
        }
        call.timers.set(CallTimer::Lasts, ctx.now.mono + CALL_LASTS);
        if let Ok(Some(secs)) = call.invite.expires() {
            call.timers.set(CallTimer::Expires, ctx.now.mono + Duration::from_secs(secs.into()));
        }
        call.set_out(ctx, arrival.verdict, (arrival.replaces, arrival.keyed), arrival.media_host);
        call.settle(ctx);
        call.remix(ctx);
        call.tell_floor(ctx);
        call.sign(ctx);
        call
    }

    fn set_out(
        &mut self,
        ctx: &mut Ctx<'_>,
        verdict: Verdict,
        (replaces, keyed): (Option<DialogName>, Option<Keyed>),
        media_host: Option<IpAddr>,
    ) {
        if let Verdict::Refuse(cause) = verdict
            && keyed.is_none()
        {
            self.offer = self.offered_by(self.caller(), &self.invite).ok().flatten();
            return self.turn_away(ctx, Refusal::of(cause), Party::System);
        }
        let set_up = match &self.facts.origin {
            Endpoint::Trunk(name) => ctx.routes.trunk(name).map(|route| route.trunk().reliable),
            Endpoint::Station(extension) => ctx.routes.station(extension).map(|station| station.reliable),
            Endpoint::Local(_) | Endpoint::Stranger(_) => None,
        };
        if !self.agrees_on_reliability(ctx, set_up.unwrap_or_default().into()) {
            return;
        }
        match self.offered_by(self.caller(), &self.invite) {
            Ok(offer) => self.offer = offer,
            Err(bad) => {
                if bad == BadBody::Secrecy {
                    ctx.out.push(Act::Count("srtp_refused"));
                }
                let cause = Cause::from_sip(bad.status());
                let refusal = Refusal { cause, status: bad.status(), q850: cause.q850() };
                return self.finish(ctx, refusal, Party::System);
            }
        }
        let caller = self.caller();
        if !self.open_port(ctx, caller, media_host) {
            return self.finish(ctx, Refusal::of(Cause::LimitReached), Party::System);
        }
        if let Some(name) = replaces {
            let wish = Wish::Replace(Place::Dialog(name.clone()));
            return self.ask_to_enter(ctx, Addressee::Dialog(name), wish);
        }
        if let Some(keyed) = keyed {
            return self.ask_first_line(ctx, keyed);
        }
        self.go(ctx, verdict);
    }

    /// Settles which provisional responses the caller gets; `false` when it was refused for what it says of them.
    pub(super) fn agrees_on_reliability(&mut self, ctx: &mut Ctx<'_>, set_up: Reliability) -> bool {
        match set_up.agreed(&self.invite) {
            Ok(agreed) => {
                if let Some(incoming) = self.legs.first_mut().and_then(Leg::incoming_mut) {
                    incoming.reliability = agreed;
                }
                true
            }
            Err(status) => {
                let cause = Cause::ProtocolError;
                self.finish(ctx, Refusal { cause, status, q850: cause.q850() }, Party::System);
                false
            }
        }
    }

    /// Takes a port for a leg of this call and opens it; `false` when none is left. Its media is expected from `host`,
    /// or from where its signalling comes from.
    pub(super) fn open_port(&mut self, ctx: &mut Ctx<'_>, leg: LegId, host: Option<IpAddr>) -> bool {
        let Some(lease) = ctx.ports.take(self.worker) else { return false };
        let session_id = ctx.entropy.next_u64() >> 2;
        let srtp = self.leg(leg).map(|leg| leg.srtp).unwrap_or_default();
        let secure = Secure::new(srtp, ctx.entropy);
        let Some(at) = self.leg_mut(leg) else { return false };
        let far = at.target.remote();
        let far = host.map_or(far, |host| SocketAddr::new(host, far.port()));
        let ours = Ours { ip: ctx.locals.media(far), ports: ctx.config.media_ports.clone(), session_id };
        let (dtmf, listen) = digits_and_tones(ctx, &at.endpoint);
        let theirs =
            Theirs { host: far.ip(), rule: media_rule(ctx, &at.endpoint), standing: standing(at), dtmf };
        at.media = Some(Negotiation::new(lease, ours, theirs, secure));
        at.media_pending = true;
        ctx.out.push(Act::Media(MediaCommand::Open { port: lease.port }));
        if listen != Listen::default() {
            ctx.out.push(Act::Media(MediaCommand::Listen { port: lease.port, listen }));
        }
        true
    }
}

/// The worker of the room where the call goes into one, else the next.
fn worker_for(ctx: &mut Ctx<'_>, verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Local(Local::Conference { name, .. }) => room_of(name, ctx.config.workers).worker(),
        Verdict::Local(_)
        | Verdict::Ring(_)
        | Verdict::Onward(_)
        | Verdict::Trunks { .. }
        | Verdict::Refuse(_) => ctx.ports.home(),
    }
}

/// That it has come, and where it was decided that it goes.
fn first_facts(ctx: &mut Ctx<'_>, arrival: &Arrival, call_id: &str, session: &SessionIds) {
    let user_to_user = told_by_users(ctx, &arrival.request);
    ctx.out.push(Act::Fact(What::CallStarted {
        leg: arrival.leg,
        from: arrival.from.clone(),
        caller: record_text(&arrival.caller),
        caller_name: record_text(&arrival.caller_name),
        dialled: record_text(&arrival.dialled),
        sip_call_id: record_text(call_id),
        session_id: format!("{:032x}", session.caller()),
        user_to_user,
    }));
    ctx.out.push(Act::Fact(What::Routed { to: record_text(&arrival.to), why: arrival.why.clone() }));
}

fn caller_leg(ctx: &mut Ctx<'_>, arrival: &Arrival, call_id: String) -> Leg {
    let target = Target::Flow(arrival.flow);
    let local_tag = ctx.entropy.token();
    ctx.out.push(Act::Enlist { call_id: call_id.clone(), local_tag: local_tag.clone(), leg: arrival.leg });
    let mut leg = Leg {
        contact: Some(&arrival.request)
            .filter(|request| reply::is_sips(request))
            .and_then(|_| reply::sips_contact(ctx.locals, &target))
            .or_else(|| reply::contact(ctx.locals, &target))
            .unwrap_or_else(|| format!("<sip:{}>", arrival.flow.local)),
        state: LegState::Incoming(Box::new(Incoming::new(
            arrival.server,
            arrival.request.clone(),
            Reliability::Never,
        ))),
        trust: arrival.trust,
        codecs: arrival.codecs.clone(),
        srtp: secure::setting(ctx.routes, &arrival.from),
        credentials: credentials(ctx, &arrival.from),
        theirs: true,
        ..Leg::new(
            arrival.leg,
            arrival.from.clone(),
            arrival.dialled.clone(),
            call_id,
            local_tag,
            target,
            session::policy(ctx.config, ctx.routes, &arrival.from),
        )
    };
    leg.learn(&arrival.request);
    leg
}

/// What the caller's side tells the callee's, for whoever takes the call.
fn told_by_users(ctx: &mut Ctx<'_>, request: &Message) -> String {
    headers::user_to_user(request).map(|told| told.join(", ")).unwrap_or_else(|| {
        ctx.out.push(Act::Count("uui_too_long"));
        String::new()
    })
}

/// What provisioning says about where its media may come from.
fn media_rule(ctx: &Ctx<'_>, at: &Endpoint) -> MediaRule {
    let of_trunk = |name: &String| {
        ctx.routes.trunk(name).map(|route| {
            let trunk = route.trunk();
            let from = (!trunk.media_from.is_empty()).then(|| trunk.media_from.as_slice().into());
            MediaRule { nat: trunk.nat, from }
        })
    };
    let of_station = |extension: &String| {
        ctx.routes.station(extension).map(|station| MediaRule { nat: station.nat, from: None })
    };
    let rule = match at {
        Endpoint::Trunk(name) => of_trunk(name),
        Endpoint::Station(extension) => of_station(extension),
        Endpoint::Local(_) | Endpoint::Stranger(_) => None,
    };
    rule.unwrap_or_default()
}

/// How digits go to whom stands there and come from it, and what is listened for in its audio.
pub(super) fn digits_and_tones(ctx: &Ctx<'_>, at: &Endpoint) -> (Dtmf, Listen) {
    let set = |dtmf: Dtmf, wanted: &[ListenFor]| (dtmf, Listen::to(dtmf, wanted));
    let found = match at {
        Endpoint::Trunk(name) => ctx.routes.trunk(name).map(|route| {
            let trunk = route.trunk();
            set(trunk.dtmf, &trunk.listen)
        }),
        Endpoint::Station(extension) => {
            ctx.routes.station(extension).map(|station| set(station.dtmf, &station.listen))
        }
        Endpoint::Local(_) | Endpoint::Stranger(_) => None,
    };
    found.unwrap_or_default()
}

/// Who calls by datagrams from a trunk's address has shown nothing yet: that address may be forged. A connection, a
/// password and an answer to a request of ours show that the far end reads what we send.
fn standing(leg: &Leg) -> Standing {
    match (&leg.state, &leg.endpoint) {
        (LegState::Incoming { .. }, Endpoint::Trunk(_)) if !leg.target.transport().is_connected() => {
            Standing::Early
        }
        (
            LegState::Incoming { .. }
            | LegState::Calling(_)
            | LegState::Talking(_)
            | LegState::Cancelling
            | LegState::Ended,
            _,
        ) => Standing::Settled,
    }
}

/// What a trunk's challenges are answered with in a call that it placed, where that is set up; those of phones are not.
fn credentials(ctx: &Ctx<'_>, at: &Endpoint) -> Option<Arc<Login>> {
    let Endpoint::Trunk(name) = at else { return None };
    let trunk = ctx.routes.trunk(name)?.trunk();
    match trunk.password_for {
        PasswordFor::AllCalls => password::login(trunk),
        PasswordFor::OwnCalls => None,
    }
}

/// Max-Forwards for the legs out: one less than came, 70 when none came (RFC 3261 §8.1.1.6, §16.6).
fn hops_left(request: &Message) -> u8 {
    request
        .header(Header::MaxForwards)
        .and_then(|value| value.trim().parse::<u8>().ok())
        .map_or(70, |hops| hops.saturating_sub(1).min(70))
}
