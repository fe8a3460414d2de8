//! A caller's whole visit, as a value: inputs change it, acts come out.
//!
//! ```text
//!             ┌──────── every leg refused ────────┐
//!   INVITE ─► Hunting ── a leg answers ─► Talking ─┤
//!        └──► Local ───── (echo, tests) ───────────┴─► Over ─► settled: record complete
//! ```

mod answer;
mod asking;
mod carried;
mod challenge;
mod digits;
mod diverting;
mod early;
mod exchange;
mod feature;
mod first;
mod floor;
mod giving;
mod happenings;
mod hunt;
mod invite;
mod joining;
mod local;
mod mail;
mod manner;
mod media;
mod meeting;
mod order;
mod outside;
mod passage;
mod picture;
mod playing;
mod prack;
mod reach;
mod recording;
mod redirect;
mod refresh;
mod refusal;
mod relay;
mod release;
mod requests;
mod service;
mod session;
mod spoken;
mod start;
mod telling;
mod together;
mod unanswered;
mod visit;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use base::fact::Endpoint;
use base::mail::{MailMessage, MailState};
use base::media::MediaEvent;
use base::wire::{Flow, Locals, Target};
use base::{CallId, CallIds, CallOrder, Cause, Entropy, LegId, Mono, Now, Party, TimerKind, Timers, Wall};
use peer::{Binding, PeerAt, Registrar, Trunks};
use phone::floor::{Floor, Spot};
use provision::Settings;
use route::{Onward, RingStage, Snapshot, TrunkTry};
use sdp::Sdp;
use sip::ServerId;
use sip::message::{Header, Message, Method};

use crate::act::{Act, Failure, Purpose};
use crate::headers::{Border, End, Parting, SessionIds, Trust};
use crate::io::ShardConfig;
use crate::leg::Leg;
use crate::letter::Word;
use crate::lines::Lines;
use crate::mix::Mix;
use crate::pins::Pins;
use crate::ports::Ports;
use crate::ringing::Held;
use crate::rooms::{RoomPicture, Rooms};
use crate::trails::{Trail, Trails};
use crate::view::HappeningView;

use asking::Asked;
use feature::{Attended, Conference, Holding, Inside, Page, Parked, Signature, Supervising, Waiting};
pub(crate) use feature::{Keyed, RoomChange, SUPERVISES, read_replaces};
use giving::{Expected, Giving};
use happenings::Typing;
use joining::{Joined, Voice};
use local::LocalEnd;
use meeting::Meeting;
pub(crate) use passage::Passage;
use playing::Music;
use recording::Recorded;
use refusal::Refusal;
pub(crate) use session::policy as session_policy;
pub(crate) use start::Arrival;
use together::Walk;
use visit::Visit;

/// Everything a call may read, and the few tables it may take from, for one turn.
pub(crate) struct Ctx<'a> {
    pub(crate) now: Now,
    pub(crate) entropy: &'a mut dyn Entropy,
    pub(crate) locals: &'a dyn Locals,
    pub(crate) ids: &'a mut CallIds,
    pub(crate) ports: &'a mut Ports,
    pub(crate) lines: &'a mut Lines,
    pub(crate) floor: &'a Floor,
    pub(crate) trails: &'a mut Trails,
    pub(crate) pins: &'a mut Pins,
    pub(crate) mailboxes: &'a BTreeMap<Arc<str>, Arc<MailState>>,
    pub(crate) rooms: &'a Rooms,
    pub(crate) routes: &'a Snapshot,
    pub(crate) trunks: &'a mut Trunks,
    pub(crate) registrar: &'a Registrar,
    pub(crate) settings: &'a Settings,
    pub(crate) config: &'a ShardConfig,
    pub(crate) out: Vec<Act>,
}

impl Ctx<'_> {
    /// Whether an extension has a call, beside this one.
    pub(crate) fn is_engaged(&self, extension: &str, but: CallId) -> bool {
        self.floor.line(extension).any(|at| at.call != but)
    }
}

/// One call.
#[derive(Debug)]
pub(crate) struct Call {
    id: CallId,
    started: Now,
    /// The caller's leg is the first.
    legs: Vec<Leg>,
    phase: Phase,
    /// Whom to ring for the side that waits.
    hunt: Option<Box<Hunt>>,
    /// Those who talk, once they do so through the switch.
    meeting: Option<Box<Meeting>>,
    /// Somebody keeps others waiting.
    holding: Option<Box<Holding>>,
    /// What is done once no offer passes between the two.
    waiting: Option<Box<Waiting>>,
    /// Who has brought others in.
    conference: Option<Box<Conference>>,
    /// The room that it is in.
    inside: Option<Box<Inside>>,
    /// A leg that goes to another call.
    giving: Option<Box<Giving>>,
    /// A leg of another call that will come.
    expected: Option<Expected>,
    /// Supervisors who take part from calls of their own.
    attended: Attended,
    /// The agent with whom the caller, a supervisor, takes part.
    supervises: Option<Box<Supervising>>,
    /// Legs that have come from other calls: number and name of who stands there.
    guests: Vec<(LegId, String, String)>,
    /// The leg with which the call began.
    born: LegId,
    /// For whom somebody is rung: who is shown, and the side that waits.
    rings_for: Option<(LegId, u8)>,
    /// Who refers, as the next INVITE says (RFC 3892).
    referred_by: Option<String>,
    /// Somebody is parked here, or is about to be.
    parked: Option<Box<Parked>>,
    /// How often it was led on.
    led_on: u8,
    timers: Timers<CallTimer, 14>,
    worker: u8,
    joined: Joined,
    /// Far ends that do not take part as usual.
    voices: Vec<Voice>,
    /// Nobody hears it until it presses a key.
    muted_until_key: Option<LegId>,
    /// Phones that hear the caller by themselves.
    page: Option<Box<Page>>,
    /// Who hears whom, as the media workers were told last.
    mix: Mix,
    /// Playings and collectings so far; each is named by its number.
    plays: u32,
    /// What was heard in it, the latest last.
    happenings: Vec<HappeningView>,
    /// What the keys are that the caller presses.
    typing: Typing,
    recorded: Recorded,
    /// What counts as a signature in it, at most one at a time.
    signature: Option<Box<Signature>>,
    /// What those who were held have heard.
    music: Vec<Music>,
    facts: About,
    invite: Message,
    session: SessionIds,
    /// Kept as long as the call may come round to us.
    trail: Option<Trail>,
    /// What a side said with its last word.
    parting: Option<Box<Parting>>,
    /// The offer in the caller's INVITE.
    offer: Option<Sdp>,
    passage: Option<Passage>,
    /// A 2xx of a leg out that waits for the caller's PRACK.
    held: Option<Box<Held>>,
    /// An offer of the far side that our 2xx passed on, as it came and as we sent it: the ACK answers it.
    late: Option<(Sdp, Sdp)>,
    /// Requests passed on that wait for the other side's answer.
    relayed: Vec<(ServerId, Message)>,
    /// Trunks whose caps this call counts against.
    admitted: Vec<String>,
    /// Who has led the call on, in order.
    led: Vec<Onward>,
    /// Extensions whose lines this call holds.
    occupied: Vec<String>,
    answered_at: Option<Wall>,
    /// Where it stands, as the floor was told last; `None` on no line.
    on_floor: Option<Arc<[Spot]>>,
    /// When a callee that refused says to try again, and with which status.
    retry_after: Option<(u16, u32)>,
}

/// What the record and the legs out need of the INVITE.
#[derive(Debug)]
struct About {
    origin: Endpoint,
    caller: String,
    caller_name: String,
    /// The caller wants the number withheld.
    withheld: bool,
    /// Number and name are known, or somebody we trust stands for them.
    asserted: bool,
    dialled: String,
    to: String,
    codec: String,
    max_forwards: u8,
}

#[derive(Debug)]
enum Phase {
    /// Legs out ring one after the other or together; the caller waits.
    Hunting,
    /// Tandem itself is the far end.
    Local(LocalEnd),
    /// Caller and this leg talk.
    Talking { callee: LegId },
    /// Those of the meeting talk.
    Meeting,
    /// The caller goes to another call.
    Visiting(Visit),
    /// Over; figures and loose ends of the protocol remain.
    Over(Ending),
}

/// Whom to try, and what came of it so far.
#[derive(Debug)]
struct Hunt {
    stages: VecDeque<Stage>,
    /// What holds for all stages of a plan.
    walk: Option<Box<Walk>>,
    /// Those who have picked up and think about taking the call.
    asked: Vec<Asked>,
    /// Peers of the trunk being tried that are still to come.
    trunk: Option<TrunkHunt>,
    best: Option<Refusal>,
    /// Further flows of phones that ring, for when the one in use has failed (RFC 5626 §7).
    spare: Vec<Binding>,
    emergency: bool,
    ring_secs: u32,
    tried: usize,
    /// The leg whose early media the caller hears, and our tag towards the caller for that fork of it.
    early: Option<(LegId, String)>,
    /// The caller has been told that it rings, in these or other words.
    rung: bool,
    /// A 180 has come.
    rang: bool,
    /// Who waits in a meeting: this side of it.
    side: u8,
}

#[derive(Debug)]
enum Stage {
    /// Those who ring together.
    Together(RingStage),
    /// A trunk, peer after peer.
    Trunk(TrunkTry),
}

#[derive(Debug)]
struct TrunkHunt {
    attempt: TrunkTry,
    peers: VecDeque<PeerAt>,
}

/// How the call ended.
#[derive(Clone, Copy, Debug)]
struct Ending {
    refusal: Refusal,
    by: Party,
    at: Mono,
    told: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CallTimer {
    /// The legs of this stage have rung long enough.
    Ring,
    /// A leg out from which nothing at all has come is given up.
    Silence,
    /// The next step of a local far end.
    Script,
    /// Figures that never came are no longer waited for; then, the whole call.
    Linger,
    /// A leg's session wants a refresh, or is over for want of one (RFC 4028).
    Session,
    /// The caller waits no longer: its INVITE's Expires (RFC 3261 §13.3.1).
    Expires,
    /// A re-INVITE that was passed on has waited long enough for its final answer.
    Exchange,
    /// The call has lasted as long as any may.
    Lasts,
    /// The caller has heard nothing for a minute (RFC 3261 §13.3.1.1).
    StillRings,
    /// A leg of another call, or a word of it, is no longer waited for.
    Guest,
    /// An offer of our own that met one of theirs is made again.
    Renew,
    /// Whoever parked a call is rung with it.
    Recall,
    /// Keys that were held have become no code.
    Keys,
    /// Phones that were told to answer by themselves have had the time to.
    Obeys,
}

impl TimerKind for CallTimer {
    const ALL: &'static [Self] = &[
        Self::Ring,
        Self::Silence,
        Self::Script,
        Self::Linger,
        Self::Session,
        Self::Expires,
        Self::Exchange,
        Self::Lasts,
        Self::StillRings,
        Self::Guest,
        Self::Renew,
        Self::Recall,
        Self::Keys,
        Self::Obeys,
    ];
    fn index(self) -> usize {
        self as usize
    }
}

/// What can happen to a call.
#[derive(Debug)]
pub(crate) enum CallInput {
    /// The caller's CANCEL, or one for a re-INVITE.
    Cancelled { server: ServerId, request: Message },
    /// A request inside a dialog of the call.
    Request { leg: LegId, server: ServerId, request: Message, flow: Flow },
    /// An ACK for a 2xx of ours.
    Ack { leg: LegId, request: Message },
    /// A response to a request of ours.
    Response { leg: LegId, purpose: Purpose, response: Message, flow: Flow },
    /// A request of ours came to nothing.
    Failed { leg: LegId, purpose: Purpose, failure: Failure },
    /// Our 2xx was never acknowledged.
    Unacknowledged { leg: LegId },
    /// A reliable provisional response of ours to the caller was never acknowledged.
    Unpracked,
    /// A media worker reports on a leg's port.
    Media { leg: LegId, event: MediaEvent },
    /// A recording of the call begins, ends or fails.
    Recording(MediaEvent),
    /// Somebody does something with the call.
    Order(CallOrder),
    /// Messages that the call asked for; `None` where they cannot be had.
    Mail(Option<Arc<[MailMessage]>>),
    /// The slot that was asked for; `None` where there is none.
    Slot(Option<u32>),
    /// Something has changed on a line that it watches.
    Line,
    /// Another call writes.
    Letter { from: CallId, word: Word },
    /// A room that the call is in is other than before.
    Room { picture: RoomPicture, change: RoomChange },
    /// The node ends it.
    HangUp { cause: Cause },
}

impl Call {
    pub(crate) fn handle(&mut self, ctx: &mut Ctx<'_>, input: CallInput) {
        match input {
            CallInput::Cancelled { server, request } => self.cancelled(ctx, server, &request),
            CallInput::Request { leg, server, request, flow } => {
                self.hear_session(ctx, leg, &request);
                self.request(ctx, leg, server, request, flow)
            }
            CallInput::Ack { leg, request } => self.acknowledged(ctx, leg, &request),
            CallInput::Response { leg, purpose, response, flow } => {
                self.response(ctx, leg, purpose, &response, flow);
            }
            CallInput::Failed { leg, purpose, failure } => self.failed(ctx, leg, purpose, failure),
            CallInput::Unacknowledged { leg } => self.unacknowledged(ctx, leg),
            CallInput::Unpracked => self.unpracked(ctx),
            CallInput::Media { leg, event } => self.media(ctx, leg, event),
            CallInput::Recording(event) => self.recording_event(ctx, event),
            CallInput::Order(order) if self.order_waits(&order) => {}
            CallInput::Order(order) => self.ordered(ctx, order),
            CallInput::Mail(messages) => self.mail_read(ctx, messages.as_ref()),
            CallInput::Slot(slot) => self.slot_told(ctx, slot),
            CallInput::Line => self.agent_moves(ctx),
            CallInput::Letter { from, word } => self.told(ctx, from, word),
            CallInput::Room { picture, change } => self.room_changed(ctx, picture, &change),
            CallInput::HangUp { cause } => self.hang_up(ctx, cause),
        }
        self.move_on(ctx);
        self.settle(ctx);
        self.hold_music(ctx);
        self.remix(ctx);
        self.record(ctx);
        self.take_codes(ctx);
        self.tell_floor(ctx);
        self.sign(ctx);
    }

    /// Puts the call's Session-ID on all that this turn sends (RFC 7989 §8).
    fn sign(&self, ctx: &mut Ctx<'_>) {
        let caller = self.leg(self.born).map(|leg| leg.call_id.as_str());
        for act in &mut ctx.out {
            let (Act::Respond { draft, .. }
            | Act::RespondReliably { draft, .. }
            | Act::Request { draft, .. }
            | Act::Ack { draft, .. }) = act
            else {
                continue;
            };
            let end = if draft.get(Header::CallId) == caller { End::Caller } else { End::Callee };
            draft.set(Header::SessionId, &self.session.towards(end));
        }
    }

    /// What a message of `leg` says about the Session-ID of its end.
    fn hear_session(&mut self, ctx: &mut Ctx<'_>, leg: LegId, message: &Message) {
        let end = if leg == self.born { End::Caller } else { End::Callee };
        self.session.hear(end, message, ctx.entropy);
        if let Some(at) = self.leg_mut(leg).filter(|_| message.has(Header::RecvInfo)) {
            at.learn(message);
        }
    }

    pub(crate) fn tick(&mut self, ctx: &mut Ctx<'_>) {
        while let Some(timer) = self.timers.due(ctx.now.mono) {
            match timer {
                CallTimer::Ring => self.rung_out(ctx),
                CallTimer::Silence => self.unheard(ctx),
                CallTimer::Script => self.script(ctx),
                CallTimer::Linger => self.linger_over(ctx),
                CallTimer::Session => self.sessions_due(ctx),
                CallTimer::Expires => self.invite_expired(ctx),
                CallTimer::Exchange => self.exchange_over(ctx),
                CallTimer::Lasts => self.finish(ctx, Refusal::of(Cause::Timeout), Party::System),
                CallTimer::StillRings => self.still_rings(ctx),
                CallTimer::Guest => self.guest_missing(ctx),
                CallTimer::Renew => {
                    self.waited_too_long(ctx);
                    self.renewals(ctx);
                }
                CallTimer::Recall => self.recall_due(ctx),
                CallTimer::Keys => self.keys_due(ctx),
                CallTimer::Obeys => self.obedience_due(ctx),
            }
        }
        self.move_on(ctx);
        self.settle(ctx);
        self.hold_music(ctx);
        self.remix(ctx);
        self.record(ctx);
        self.take_codes(ctx);
        self.tell_floor(ctx);
        self.sign(ctx);
    }

    fn response(&mut self, ctx: &mut Ctx<'_>, leg: LegId, purpose: Purpose, response: &Message, flow: Flow) {
        let status = response.status().unwrap_or(0);
        if status >= 200 {
            self.settled_one(leg);
            if matches!(status, 401 | 407) && self.authenticate(ctx, leg, purpose, response, flow) {
                return;
            }
            if status == 422 && purpose == Purpose::Invite && self.ask_longer(ctx, leg, response) {
                return;
            }
        }
        if status > 100 {
            self.hear_session(ctx, leg, response);
        }
        if matches!(purpose, Purpose::Reinvite | Purpose::Refresh)
            && (200..300).contains(&status)
            && response.cseq().is_ok_and(|cseq| cseq.method == Method::Invite)
        {
            self.acknowledge_late(ctx, leg, response);
        }
        match purpose {
            Purpose::Invite => self.invite_response(ctx, leg, status, response, flow),
            Purpose::Reinvite | Purpose::Passed => self.passage_response(ctx, leg, status, response),
            Purpose::Refresh => self.refresh_response(ctx, leg, status, response),
            Purpose::Relay(server) => self.relay_response(ctx, leg, server, status, response),
            Purpose::Digit => self.digit_response(ctx, leg, status, response),
            Purpose::Bye | Purpose::ByeStray | Purpose::Prack | Purpose::Report => {}
        }
    }

    fn failed(&mut self, ctx: &mut Ctx<'_>, leg: LegId, purpose: Purpose, failure: Failure) {
        self.settled_one(leg);
        match purpose {
            Purpose::Invite => self.invite_failed(ctx, leg, failure),
            Purpose::Reinvite | Purpose::Passed => self.passage_failed(ctx, leg),
            Purpose::Refresh => self.refresh_failed(ctx, leg, failure),
            Purpose::Relay(server) => self.relay_failed(ctx, server),
            Purpose::Digit => self.digit_told(ctx, leg),
            Purpose::Bye | Purpose::ByeStray | Purpose::Prack | Purpose::Report => {}
        }
    }

    /// What has waited for the turn to be quiet.
    fn move_on(&mut self, ctx: &mut Ctx<'_>) {
        self.no_longer_waits(ctx);
        self.hand_over(ctx);
        self.renewals(ctx);
        self.meeting_sounds(ctx);
        self.show_supervisors(ctx);
    }

    /// When `tick` is next wanted.
    pub(crate) fn deadline(&self) -> Option<Mono> {
        self.timers.next()
    }

    /// Legs in a dialog or on the way to one.
    pub(crate) fn legs_up(&self) -> usize {
        self.legs.iter().filter(|leg| !leg.is_over()).count()
    }

    /// Who stands at a leg's far end, and where it is reached.
    pub(crate) fn far_end(&self, leg: LegId) -> Option<(&Endpoint, &Target)> {
        self.leg(leg).map(|leg| (&leg.endpoint, &leg.target))
    }

    fn leg(&self, id: LegId) -> Option<&Leg> {
        self.legs.iter().find(|leg| leg.id == id)
    }

    fn leg_mut(&mut self, id: LegId) -> Option<&mut Leg> {
        self.legs.iter_mut().find(|leg| leg.id == id)
    }

    fn caller(&self) -> LegId {
        self.legs.first().map(|leg| leg.id).expect("a call starts with its caller's leg and never drops it")
    }

    /// The leg at the other side of the conversation.
    fn other(&self, leg: LegId) -> Option<LegId> {
        let Phase::Talking { callee } = self.phase else { return None };
        Some(if leg == callee { self.caller() } else { callee })
    }

    fn party(&self, leg: LegId) -> Party {
        if leg == self.caller() { Party::Caller } else { Party::Callee }
    }

    /// What the headers of a message from one leg to another cross.
    fn border(&self, from: LegId, to: LegId) -> Border {
        let trust = |leg| self.leg(leg).map_or(Trust::None, |leg| leg.trust);
        Border::between(trust(from), trust(to))
    }

    /// Our tag towards the caller where the call is refused.
    pub(crate) fn our_tag(&self) -> &str {
        self.legs.first().map_or("", |leg| &leg.local_tag)
    }

    fn settled_one(&mut self, leg: LegId) {
        if let Some(leg) = self.leg_mut(leg) {
            leg.pending = leg.pending.saturating_sub(1);
        }
    }
}
