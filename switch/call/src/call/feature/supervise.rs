//! A supervisor's own call: it listens to an agent, says something to the agent alone or to all, takes the call over,
//! and goes with the agent from call to call (VOX-44, BP-94, BP-95; docs/adr/0037).
//!
//! ```text
//!   waits ── the agent talks ─► Attend ─► Sight: hears ── the agent is gone ─► over, or waits (follows)
//! ```
//!
//! Keys: 1 listen, 2 whisper, 3 barge, 4 take over, # follow or no longer.

use std::time::Duration;

use base::media::{Gain, MediaCommand, Over, Sound, Tone, TonePart};
use base::{CallId, Cause, LegId, Party, PortId, SuperviseOrder, Supervision};
use phone::floor::{Spot, SpotState, Standing};
use provision::{Supervisor, may_supervise};
use smallvec::SmallVec;

use super::super::joining::open_port;
use super::super::local::LocalEnd;
use super::super::{Call, CallTimer, Ctx, Phase, Refusal};
use crate::act::Act;
use crate::leg::Leg;
use crate::letter::{Addressee, Attend, Place, Sight, Wish, Word};
use crate::mix::Part;
use crate::view::SupervisionView;

/// Lines of the floor where supervisors stand while they supervise, each by its extension.
pub(crate) const SUPERVISES: &str = "supervise.";
/// How long a supervisor waits for an agent that has gone to another call.
const COMES_BACK: Duration = Duration::from_secs(2);

/// What a supervisor does.
#[derive(Debug)]
pub(in crate::call) struct Supervising {
    /// The extension.
    agent: String,
    mode: Supervision,
    /// Goes with each next call.
    follows: bool,
    /// The agent's call and leg in it.
    at: Option<(CallId, LegId)>,
    /// What there is to be heard.
    sight: Option<Sight>,
    /// Where the agent was before.
    left: Option<(CallId, LegId)>,
}

impl Call {
    /// A station dialled the code and this extension behind it.
    pub(in crate::call) fn supervise(&mut self, ctx: &mut Ctx<'_>, mode: Supervision, agent: &str) {
        let Some(own) = self.calling_station().map(str::to_owned) else {
            return self.turn_away(ctx, Refusal::of(Cause::Forbidden), Party::System);
        };
        if let Err((cause, _why)) = may_supervise(ctx.routes.directory(), Supervisor::Station(&own), agent) {
            ctx.out.push(Act::Count("supervisions_refused"));
            return self.turn_away(ctx, Refusal::of(cause), Party::System);
        }
        if !ctx.floor.is_busy(agent) {
            return self.turn_away(ctx, Refusal::of(Cause::Unavailable), Party::System);
        }
        if !self.pick_up(ctx) {
            return;
        }
        ctx.out.push(Act::Count("supervisions"));
        ctx.out.push(Act::Watch(vec![agent.into(), format!("{SUPERVISES}{own}").into()]));
        self.hold_own_keys(ctx, true);
        let agent = agent.to_owned();
        let new = Supervising { agent, mode, follows: false, at: None, sight: None, left: None };
        self.supervises = Some(Box::new(new));
        self.agent_moves(ctx);
    }

    /// Whom the caller supervises.
    pub(in crate::call) fn supervised_agent(&self) -> Option<&str> {
        self.supervises.as_ref().map(|it| it.agent.as_str())
    }

    /// Something has changed about the agent's calls, or about other calls of this supervisor.
    pub(in crate::call) fn agent_moves(&mut self, ctx: &mut Ctx<'_>) {
        if !matches!(self.phase, Phase::Local(_)) {
            return;
        }
        let Some(it) = &self.supervises else { return };
        if it.follows && self.is_superseded(ctx) {
            return self.finish(ctx, Refusal::of(Cause::Normal), Party::System);
        }
        let stays = it.at.is_some_and(|at| it.follows && is_kept_waiting(ctx, &it.agent, at));
        if it.at.is_some() && !stays {
            return;
        }
        let is_new = |at: &Standing<'_>| {
            let at = Some((at.call, at.spot.leg));
            at != it.left && at != it.at
        };
        let talks = |at: &Standing<'_>| at.spot.state == SpotState::Confirmed;
        let mut answered: Vec<Standing<'_>> = ctx.floor.calls_of(&it.agent).filter(is_new).collect();
        answered.sort_by_key(|at| (talks(at), at.spot.since.mono));
        let found = answered.last().filter(|at| it.at.is_none() || talks(at));
        match found.map(|at| (at.call, at.spot.leg)) {
            Some((call, leg)) => self.go_to_agent(ctx, call, leg),
            None if it.at.is_some() || it.follows || ctx.floor.ringing(&it.agent).next().is_some() => {}
            // It was on its way somewhere, and may come there yet.
            None if self.timers.is_set(CallTimer::Script) || self.agent_dials(ctx) => {}
            None => self.finish(ctx, Refusal::of(Cause::Normal), Party::Callee),
        }
    }

    /// The agent waits for somebody to answer.
    fn agent_dials(&self, ctx: &Ctx<'_>) -> bool {
        let agent = self.supervised_agent().unwrap_or_default();
        ctx.floor.line(agent).any(|at| !at.spot.state.is_answered())
    }

    /// The same supervisor has begun to supervise by another call since (BP-95).
    fn is_superseded(&self, ctx: &Ctx<'_>) -> bool {
        let Some(own) = self.calling_station() else { return false };
        let line = format!("{SUPERVISES}{own}");
        let since =
            ctx.floor.spots_of(self.id).iter().find(|spot| *spot.line == *line).map(|it| it.since.mono);
        let Some(since) = since else { return false };
        ctx.floor.line(&line).any(|at| at.call != self.id && at.spot.since.mono > since)
    }

    fn go_to_agent(&mut self, ctx: &mut Ctx<'_>, call: CallId, leg: LegId) {
        self.leave_agent(ctx);
        self.timers.stop(CallTimer::Script);
        if let Some(it) = &mut self.supervises {
            it.at = Some((call, leg));
            it.left = None;
        }
        self.attend(ctx);
    }

    /// Tells the agent's call how the supervisor takes part.
    fn attend(&mut self, ctx: &mut Ctx<'_>) {
        let Some(it) = &self.supervises else { return };
        let Some((call, leg)) = it.at else { return };
        let Some(port) = self.leg(self.caller()).and_then(open_port) else { return };
        let by = self.calling_station().unwrap_or_default().to_owned();
        let attend = Attend { leg, port, mode: it.mode, by };
        self.write(ctx, call, Word::Attend(attend));
    }

    fn leave_agent(&mut self, ctx: &mut Ctx<'_>) {
        let Some(it) = &mut self.supervises else { return };
        it.sight = None;
        if let Some(at) = it.at.take() {
            it.left = Some(at);
            self.write(ctx, at.0, Word::Leave);
        }
    }

    /// The agent's call says what there is to be heard.
    pub(in crate::call) fn sees(&mut self, ctx: &mut Ctx<'_>, from: CallId, sight: Sight) {
        match &mut self.supervises {
            Some(it) if it.at.is_some_and(|(call, _)| call == from) => {
                self.worker = sight.worker;
                it.sight = Some(sight);
            }
            Some(_) | None => self.write(ctx, from, Word::Leave),
        }
    }

    /// The agent is not in that call any more.
    pub(in crate::call) fn agent_parted(&mut self, ctx: &mut Ctx<'_>, from: CallId, moved: bool) {
        let Some(it) = self.supervises.as_mut().filter(|it| it.at.is_some_and(|(call, _)| call == from))
        else {
            return;
        };
        it.sight = None;
        it.left = it.at.take();
        if !it.follows && !moved {
            return self.finish(ctx, Refusal::of(Cause::Normal), Party::Callee);
        }
        if !it.follows {
            self.timers.set(CallTimer::Script, ctx.now.mono + COMES_BACK);
        }
        self.agent_moves(ctx);
    }

    /// The supervisor pressed a key.
    pub(in crate::call) fn supervise_key(&mut self, ctx: &mut Ctx<'_>, leg: LegId, digit: char) {
        if leg != self.caller() {
            return;
        }
        let order = match digit {
            '1' => SuperviseOrder::Mode(Supervision::Listen),
            '2' => SuperviseOrder::Mode(Supervision::Whisper),
            '3' => SuperviseOrder::Mode(Supervision::Barge),
            '4' => SuperviseOrder::TakeOver,
            '#' => SuperviseOrder::Follow(self.supervises.as_ref().is_some_and(|it| !it.follows)),
            _nothing => return,
        };
        self.supervise_ordered(ctx, order);
    }

    /// Somebody changes how the supervisor takes part.
    pub(in crate::call) fn supervise_ordered(&mut self, ctx: &mut Ctx<'_>, order: SuperviseOrder) {
        let is_free = matches!(self.phase, Phase::Local(_));
        let Some(it) = self.supervises.as_mut().filter(|_| is_free) else { return };
        match order {
            SuperviseOrder::Mode(mode) => {
                it.mode = mode;
                self.attend(ctx);
                self.note_by_tone(ctx, true);
            }
            SuperviseOrder::Follow(follows) => {
                it.follows = follows;
                self.note_by_tone(ctx, follows);
                self.agent_moves(ctx);
            }
            SuperviseOrder::TakeOver => self.take_over(ctx),
        }
    }

    /// Two notes up for what is on from now on, two down for what is off.
    fn note_by_tone(&mut self, ctx: &mut Ctx<'_>, on: bool) {
        let part = |hz| TonePart { hz: [hz, 0, 0, 0], dbm0: -24.0, ms: 80 };
        let parts = if on { [part(659), part(880)] } else { [part(880), part(659)] };
        let tone = Tone { parts: SmallVec::from_iter(parts), times: 1 };
        let caller = self.caller();
        self.play(ctx, caller, vec![Sound::Tone(tone)], 1, Over::Mixed);
    }

    /// The supervisor has the agent's place in the call.
    fn take_over(&mut self, ctx: &mut Ctx<'_>) {
        let Some(it) = &self.supervises else { return };
        let Some((call, leg)) = it.at.filter(|_| it.sight.as_ref().is_some_and(|sight| !sight.only_listen))
        else {
            return self.note_by_tone(ctx, false);
        };
        self.hold_own_keys(ctx, false);
        self.ask_to_enter(ctx, Addressee::Call(call), Wish::Replace(Place::Leg(leg)));
    }

    /// The agent's place is not to be had: everything is as before; `false` where nothing was.
    pub(in crate::call) fn supervision_goes_on(&mut self, ctx: &mut Ctx<'_>) -> bool {
        if self.supervises.is_none() || self.leg(self.caller()).is_none_or(|leg| leg.talking().is_none()) {
            return false;
        }
        self.phase = Phase::Local(LocalEnd::Up);
        self.timers.stop(CallTimer::Guest);
        self.hold_own_keys(ctx, true);
        self.note_by_tone(ctx, false);
        self.agent_moves(ctx);
        true
    }

    /// Keys are for us and not for whoever hears the supervisor.
    fn hold_own_keys(&self, ctx: &mut Ctx<'_>, held: bool) {
        if let Some(port) = self.port_of(self.caller()) {
            ctx.out.push(Act::Media(MediaCommand::HoldDigits { port, held }));
        }
    }

    /// The supervisor's call is over: the agent's goes on.
    pub(in crate::call) fn end_supervision(&mut self, ctx: &mut Ctx<'_>) {
        if self.supervises.is_some() {
            self.leave_agent(ctx);
            self.supervises = None;
            ctx.out.push(Act::Watch(Vec::new()));
        }
    }

    /// What a supervisor hears, and whether a room hears it; `None` for whoever is none.
    pub(in crate::call) fn part_of_supervisor(&self, leg: &Leg, port: PortId) -> Option<Part> {
        let it = self.supervises.as_ref().filter(|_| leg.id == self.caller())?;
        let mut part = Part::alone(port, self.worker);
        if let Some(sight) = &it.sight {
            part.room = sight.room;
            part.sources.extend(sight.sources.iter().copied());
            part.speaks =
                sight.room.filter(|_| sight.mode == Supervision::Barge).map(|room| (room, Gain::UNITY));
        }
        Some(part)
    }

    /// As the API shows it.
    pub(in crate::call) fn supervision_view(&self) -> Option<SupervisionView> {
        let it = self.supervises.as_ref()?;
        Some(SupervisionView {
            agent: it.agent.clone(),
            mode: it.sight.as_ref().map_or(it.mode, |sight| sight.mode).word(),
            follows: it.follows,
            call: it.at.map(|(call, _)| call),
        })
    }
}

/// Whether the agent keeps this call waiting while it talks in another.
fn is_kept_waiting(ctx: &Ctx<'_>, agent: &str, (call, leg): (CallId, LegId)) -> bool {
    let is_it = |spot: &Spot| spot.leg == leg;
    let held = ctx.floor.spots_of(call).iter().any(|spot| is_it(spot) && spot.state == SpotState::Held);
    held && ctx.floor.calls_of(agent).any(|at| at.spot.state == SpotState::Confirmed && at.call != call)
}
