//! Which calls are recorded, by which policy, and what people do with a recording.
//!
//! A call that a policy records is recorded from its answer on. An announcement is played to both sides while the
//! recording has begun already, so that nothing said over it is missing; neither it nor the warning tone is in the
//! file, which holds what the far ends say. The customer, left, is who comes or is reached by a trunk, else who calls.
//! Of a call in a conference it holds what that far end says, left, and all that it hears, right: others' voices, and
//! the announcements and tones made for it.

use std::sync::Arc;
use std::time::Duration;

use base::fact::{Endpoint, What};
use base::media::{
    Channels, Ear, MediaCommand, MediaEvent, Over, PlayId, Recorder, RecordingAct, RecordingFault, Sound,
    Tone, TonePart, WhenFull,
};
use base::{Cause, LegId, Party, PortId, RecordOrder, RecordingId, TenantId, Why};
use provision::{RecordWhen, RecordingPolicy};
use route::Recordable;
use smallvec::{SmallVec, smallvec};

use super::joining::{Joined, open_port};
use super::{Call, Ctx, Phase, Refusal};
use crate::act::Act;
use crate::leg::Leg;

/// The warning tone, as the FCC has had it (47 CFR 64.501): 1,400 Hz.
const BEEP_HZ: u16 = 1_400;
/// How long it sounds, in milliseconds.
const BEEP_MS: u32 = 200;
/// How loud it is in dBm0; the talk goes on beneath it.
const BEEP_DBM0: f32 = -22.0;

/// What is known of a call's recording.
#[derive(Debug, Default)]
pub(crate) enum Recorded {
    /// Nobody has looked yet whether it is to be recorded.
    #[default]
    Undecided,
    /// It is not.
    Not,
    /// It is.
    Running(Box<Running>),
}

/// A recording of a call.
#[derive(Debug)]
pub(crate) struct Running {
    recorder: Recorder,
    /// The port that it hangs on.
    port: PortId,
    why: Why,
    beep_secs: u32,
    beeps: SmallVec<[(LegId, PlayId); 2]>,
    stage: Stage,
    /// Its file is open.
    begun: bool,
    /// Whoever it hangs on is gone: it goes on in a further file as soon as this one is closed.
    goes_on: bool,
    right: StopRight,
}

/// Who may end a recording that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StopRight {
    /// Whoever is in the call.
    Anybody,
    /// Supervisors: a policy records every call. Anybody may let it pause.
    Supervisors,
    /// Supervisors, who alone may let it pause, too: a call that cannot be recorded does not happen.
    SupervisorsOnly,
}

/// How far a recording has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    On,
    Paused,
    /// It was stopped; its file is being closed.
    Closing,
}

impl Call {
    /// Decides once, when two have begun to talk, and follows who talks from then on.
    pub(super) fn record(&mut self, ctx: &mut Ctx<'_>) {
        match &self.recorded {
            Recorded::Undecided => self.decide_recording(ctx),
            Recorded::Running(running) if running.stage != Stage::Closing => self.follow_talk(ctx),
            Recorded::Not | Recorded::Running(_) => {}
        }
    }

    /// Does what somebody asks.
    pub(super) fn record_ordered(&mut self, ctx: &mut Ctx<'_>, order: RecordOrder) {
        match order {
            RecordOrder::Start => self.record_on_demand(ctx),
            RecordOrder::Act(act) => self.act_on_recording(ctx, act),
        }
    }

    /// A media worker, or a thread that writes, reports.
    pub(super) fn recording_event(&mut self, ctx: &mut Ctx<'_>, event: MediaEvent) {
        if self.mail_recording(ctx, &event) {
            return;
        }
        if self.is_of_signature(&event) {
            return self.signature_event(ctx, event);
        }
        let Recorded::Running(running) = &mut self.recorded else { return };
        let known = running.recorder.id;
        if let MediaEvent::RecordingStarted { recording, .. } = event
            && recording == known
        {
            running.begun = true;
            let (policy, why) = (running.recorder.policy.to_string(), running.why.clone());
            ctx.out.push(Act::Fact(What::RecordingStarted { recording, policy, why }));
        } else if let MediaEvent::RecordingFailed { recording, fault, .. } = event
            && recording == known
        {
            self.recording_failed(ctx, recording, fault);
        } else if let MediaEvent::Recorded { recording, file, .. } = event
            && recording == known
        {
            self.recording_over(ctx);
            ctx.out.push(Act::Fact(What::Recorded { recording, file }));
        }
    }

    /// Whether the end of a recording is still to be told.
    pub(super) fn awaits_recording(&self) -> bool {
        matches!(self.recorded, Recorded::Running(_)) || self.signature.is_some()
    }

    /// `on`, `paused`, or empty: for the call's view.
    pub(super) fn recording_word(&self) -> &'static str {
        match &self.recorded {
            Recorded::Undecided | Recorded::Not => "",
            Recorded::Running(running) => match running.stage {
                Stage::On => "on",
                Stage::Paused => "paused",
                Stage::Closing => "",
            },
        }
    }

    /// Who may end the recording that runs.
    pub(super) fn stop_right(&self) -> StopRight {
        match &self.recorded {
            Recorded::Undecided | Recorded::Not => StopRight::Anybody,
            Recorded::Running(running) => running.right,
        }
    }

    fn decide_recording(&mut self, ctx: &mut Ctx<'_>) {
        if matches!(self.phase, Phase::Over(_)) {
            self.recorded = Recorded::Not;
            return;
        }
        let callee = match self.phase {
            Phase::Talking { callee } => callee,
            Phase::Local(_) if matches!(self.joined, Joined::Room(_)) => self.caller(),
            Phase::Meeting => return self.follow_talk(ctx),
            Phase::Local(_) | Phase::Hunting | Phase::Visiting(_) | Phase::Over(_) => return,
        };
        if self.answered_at.is_none() {
            return;
        }
        self.recorded = Recorded::Not;
        let Some((policy, why)) = self.policy_of(ctx, callee) else { return };
        if policy.when == RecordWhen::All {
            self.start_recording(ctx, &policy, why);
        }
    }

    fn record_on_demand(&mut self, ctx: &mut Ctx<'_>) {
        if matches!(self.recorded, Recorded::Running(_)) || self.answered_at.is_none() {
            return;
        }
        let callee = match self.phase {
            Phase::Talking { callee } => callee,
            Phase::Local(_) | Phase::Meeting => self.caller(),
            Phase::Hunting | Phase::Visiting(_) | Phase::Over(_) => return,
        };
        let (policy, why) = match self.policy_of(ctx, callee) {
            Some((policy, _)) if policy.when == RecordWhen::Never => {
                ctx.out.push(Act::Count("recordings_refused"));
                return;
            }
            Some((policy, why)) => (policy, Why::new(format!("asked for; {why}"))),
            None => (RecordingPolicy::named(""), Why::new("asked for; no policy holds")),
        };
        self.start_recording(ctx, &policy, why);
    }

    /// Records what a room hears, by this call; `false` when it may not or does already.
    pub(super) fn record_room(&mut self, ctx: &mut Ctx<'_>) -> bool {
        if matches!(self.recorded, Recorded::Running(_)) {
            return false;
        }
        let found = self.policy_of(ctx, self.caller());
        let policy = found.map_or_else(|| RecordingPolicy::named(""), |(policy, _)| policy);
        if policy.when == RecordWhen::Never {
            ctx.out.push(Act::Count("recordings_refused"));
            return false;
        }
        let policy = RecordingPolicy { channels: Channels::Mono, announce: String::new(), ..policy };
        self.start_recording(ctx, &policy, Why::new("the conference is recorded"));
        matches!(self.recorded, Recorded::Running(_))
    }

    pub(super) fn policy_of(&self, ctx: &Ctx<'_>, callee: LegId) -> Option<(RecordingPolicy, Why)> {
        let call = Recordable {
            from: &self.facts.origin,
            dialled: &self.facts.dialled,
            answered_by: &self.leg(callee)?.endpoint,
        };
        ctx.routes.recording_policy(&call).map(|(policy, why)| (policy.clone(), why))
    }

    fn start_recording(&mut self, ctx: &mut Ctx<'_>, policy: &RecordingPolicy, why: Why) {
        let Some((port, recorder)) = self.recorder(ctx, policy) else { return };
        ctx.out.push(Act::Media(MediaCommand::Record { port, recorder: Box::new(recorder.clone()) }));
        let (beep_secs, beeps, stage) = (policy.beep_secs, SmallVec::new(), Stage::On);
        let right = match (policy.when, policy.when_full) {
            (RecordWhen::All, WhenFull::EndCall) => StopRight::SupervisorsOnly,
            (RecordWhen::All, WhenFull::GoOn) => StopRight::Supervisors,
            (RecordWhen::OnDemand | RecordWhen::Never, _) => StopRight::Anybody,
        };
        let running =
            Running { recorder, port, why, beep_secs, beeps, stage, begun: false, goes_on: false, right };
        self.recorded = Recorded::Running(Box::new(running));
        if !policy.announce.is_empty() {
            for leg in self.recorded_legs() {
                let said = vec![self.speaker(ctx, leg, "").prompt(&policy.announce)];
                self.play(ctx, leg, said, 1, Over::Mixed);
            }
        }
        self.start_beeps(ctx);
    }

    /// A recorder of those who talk, and the port that it hangs on: one that is there to the end.
    pub(super) fn recorder(&self, ctx: &mut Ctx<'_>, policy: &RecordingPolicy) -> Option<(PortId, Recorder)> {
        let of = self.ears();
        let port = self.legs.iter().filter(|leg| leg.talking().is_some()).find_map(open_port)?;
        let recorder = Recorder {
            id: ctx.ids.recording(),
            tenant: TenantId::DEFAULT,
            call: self.id,
            at: ctx.now.wall,
            policy: Arc::from(policy.name.as_str()),
            channels: if of.len() < 2 { Channels::Mono } else { policy.channels },
            of,
            format: policy.format,
            when_full: policy.when_full,
            encrypted: policy.encrypt,
            at_most: Duration::from_secs(u64::from(policy.max_minutes) * 60),
            keep_days: u16::try_from(policy.retention_days).unwrap_or(u16::MAX),
            mail: None,
        };
        Some((port, recorder))
    }

    /// Whoever talks now is listened to: a transfer goes on in the same file.
    fn follow_talk(&mut self, ctx: &mut Ctx<'_>) {
        let of = self.ears();
        let Recorded::Running(running) = &mut self.recorded else { return };
        let port = running.port;
        if !self.legs.iter().any(|leg| open_port(leg) == Some(port)) {
            return self.cut_recording();
        }
        let Recorded::Running(running) = &mut self.recorded else { return };
        if !of.is_empty() && running.recorder.of != of {
            running.recorder.of = of;
            let (port, recorder) = (running.port, Box::new(running.recorder.clone()));
            ctx.out.push(Act::Media(MediaCommand::Record { port, recorder }));
        }
    }

    /// Whoever the recording hangs on leaves: its file ends there.
    fn cut_recording(&mut self) {
        if let Recorded::Running(running) = &mut self.recorded {
            running.stage = Stage::Closing;
            running.goes_on = true;
        }
    }

    /// A leg leaves for another call; what hangs on its port ends first.
    pub(super) fn take_recording_off(&mut self, ctx: &mut Ctx<'_>, port: PortId) {
        let Recorded::Running(running) = &self.recorded else { return };
        if running.port == port && running.stage != Stage::Closing {
            let recording = running.recorder.id;
            let act = RecordingAct::Stop;
            ctx.out.push(Act::Media(MediaCommand::Recording { port, recording, act }));
            self.cut_recording();
        }
    }

    fn act_on_recording(&mut self, ctx: &mut Ctx<'_>, act: RecordingAct) {
        let Recorded::Running(running) = &mut self.recorded else { return };
        let stage = match (act, running.stage) {
            (RecordingAct::Pause, Stage::On) => Stage::Paused,
            (RecordingAct::Resume, Stage::Paused) => Stage::On,
            (RecordingAct::Stop, Stage::On | Stage::Paused) => Stage::Closing,
            (RecordingAct::Pause | RecordingAct::Resume | RecordingAct::Stop, _) => return,
        };
        running.stage = stage;
        let (port, recording) = (running.port, running.recorder.id);
        ctx.out.push(Act::Media(MediaCommand::Recording { port, recording, act }));
        match stage {
            Stage::On => self.start_beeps(ctx),
            Stage::Paused | Stage::Closing => self.stop_beeps(ctx),
        }
    }

    /// A recording that never began has no end to wait for; of one that did, what there is follows.
    fn recording_failed(&mut self, ctx: &mut Ctx<'_>, recording: RecordingId, fault: RecordingFault) {
        ctx.out.push(Act::Fact(What::RecordingFailed { recording, fault }));
        ctx.out.push(Act::Count("recordings_failed"));
        let Recorded::Running(running) = &mut self.recorded else { return };
        let ends_call = running.recorder.when_full == WhenFull::EndCall;
        if fault != RecordingFault::TooSlow {
            running.stage = Stage::Closing;
            if !running.begun {
                self.recording_over(ctx);
            }
        }
        if ends_call {
            self.finish(ctx, Refusal::of(Cause::Internal), Party::System);
        }
    }

    fn recording_over(&mut self, ctx: &mut Ctx<'_>) {
        self.stop_beeps(ctx);
        let Recorded::Running(running) = std::mem::replace(&mut self.recorded, Recorded::Not) else { return };
        let talks = matches!(self.phase, Phase::Talking { .. } | Phase::Meeting);
        if running.goes_on && talks {
            let known = ctx.routes.directory().recording_policies.get(&*running.recorder.policy).cloned();
            let policy = known.unwrap_or_else(|| RecordingPolicy::named(""));
            self.start_recording(ctx, &policy, Why::new(format!("{}; goes on", running.why)));
        }
    }

    fn start_beeps(&mut self, ctx: &mut Ctx<'_>) {
        let Recorded::Running(running) = &self.recorded else { return };
        let secs = running.beep_secs;
        if secs == 0 {
            return;
        }
        let mut beeps = SmallVec::new();
        for leg in self.recorded_legs() {
            let pause = Sound::Silence(secs.saturating_mul(1_000).saturating_sub(BEEP_MS));
            let play = self.play(ctx, leg, vec![Sound::Tone(beep()), pause], 0, Over::Mixed);
            beeps.extend(play.map(|play| (leg, play)));
        }
        if let Recorded::Running(running) = &mut self.recorded {
            running.beeps = beeps;
        }
    }

    fn stop_beeps(&mut self, ctx: &mut Ctx<'_>) {
        let Recorded::Running(running) = &mut self.recorded else { return };
        for (leg, play) in std::mem::take(&mut running.beeps) {
            self.stop_play(ctx, leg, Some(play));
        }
    }

    pub(super) fn recorded_legs(&self) -> SmallVec<[LegId; 2]> {
        self.legs
            .iter()
            .filter(|leg| leg.talking().is_some() && open_port(leg).is_some())
            .map(|leg| leg.id)
            .collect()
    }

    /// Those who talk, the customer first; in a conference what one of them says and hears.
    fn ears(&self) -> SmallVec<[Ear; 2]> {
        let talks = |leg: &&Leg| leg.talking().is_some();
        let is_outside = |leg: &Leg| matches!(leg.endpoint, Endpoint::Trunk(_));
        let mut legs: SmallVec<[&Leg; 4]> = self.legs.iter().filter(talks).collect();
        if legs.first().is_some_and(|first| !is_outside(first))
            && let Some(customer) = legs.iter().position(|leg| is_outside(leg))
        {
            legs.swap(0, customer);
        }
        let ports = legs.into_iter().filter_map(open_port);
        match self.joined {
            Joined::Room(_) => ports.take(1).flat_map(|port| [Ear::From(port), Ear::To(port)]).collect(),
            Joined::Nobody | Joined::Two(..) | Joined::Itself(_) | Joined::Sides => {
                ports.chain(self.barging()).map(Ear::From).collect()
            }
        }
    }
}

fn beep() -> Tone {
    let part = TonePart { hz: [BEEP_HZ, 0, 0, 0], dbm0: BEEP_DBM0, ms: BEEP_MS };
    Tone { parts: smallvec![part], times: 1 }
}
