//! Codes pressed in a call, each to whoever does it (features.md §0.3).

use base::fact::{Endpoint, What};
use base::media::{Over, RecordingAct, Sound};
use base::{ConsultAct, LegId, RecordOrder};
use phone::keys::InCall;
use provision::Role;

use super::super::recording::StopRight;
use super::super::{Call, Ctx};
use super::transfer::Blind;
use crate::act::Act;

impl Call {
    /// A phone asks for something by a code; whether it was done. It hears so, as long as it is there.
    pub(in crate::call) fn in_call(&mut self, ctx: &mut Ctx<'_>, leg: LegId, code: &InCall) -> bool {
        let before = ctx.out.len();
        let done = match code {
            InCall::Help => self.ask_for_help(ctx, leg),
            InCall::Record => self.start_or_stop_recording(ctx, leg),
            InCall::PauseRecording => self.pause_or_resume_recording(ctx, leg),
            InCall::Signature => self.begin_or_end_signature(ctx),
            InCall::Message(number) => self.play_message(ctx, leg, *number),
            InCall::VoicemailDrop => self.drop_message(ctx, leg),
            InCall::Consult(number) => self.consult(ctx, leg, number).is_ok(),
            InCall::Merge => self.consulted(ctx, leg, ConsultAct::Merge),
            InCall::Return => self.consulted(ctx, leg, ConsultAct::Abandon) || self.drop_last(ctx, leg),
            InCall::Hold => {
                self.consulted(ctx, leg, ConsultAct::Alternate)
                    || self.retrieve(ctx, leg)
                    || self.hold(ctx, leg)
            }
            InCall::Transfer(number) | InCall::Enqueue(number) => {
                let blind = Blind { to: number, failing: None, stays: false, report: None };
                self.lead_on(ctx, leg, blind).is_ok()
            }
            InCall::ReleaseFarEnd => self.end_for_all(ctx, leg) || self.release_far_ends(ctx, leg),
        };
        let keyed = What::Keyed { leg, code: code.keys(), done };
        ctx.out.insert(before, Act::Fact(keyed));
        self.coded(ctx.now, leg, code.keys(), done);
        let tone = if done { sounds::tones::accepted() } else { sounds::tones::refused() };
        self.play(ctx, leg, vec![Sound::Tone(tone)], 1, Over::Mixed);
        done
    }

    fn ask_for_help(&mut self, ctx: &mut Ctx<'_>, leg: LegId) -> bool {
        let Some(at) = self.leg_mut(leg) else { return false };
        at.wants_help = !at.wants_help;
        let wanted = at.wants_help;
        ctx.out.push(Act::Fact(What::HelpWanted { leg, wanted }));
        true
    }

    /// E59: a recording that a policy asks for is not ended by an agent.
    fn start_or_stop_recording(&mut self, ctx: &mut Ctx<'_>, leg: LegId) -> bool {
        if self.recording_word().is_empty() {
            self.record_ordered(ctx, RecordOrder::Start);
            return !self.recording_word().is_empty();
        }
        if self.stop_right() != StopRight::Anybody && !self.is_supervisor(ctx, leg) {
            ctx.out.push(Act::Count("recordings_refused"));
            return false;
        }
        self.record_ordered(ctx, RecordOrder::Act(RecordingAct::Stop));
        true
    }

    fn pause_or_resume_recording(&mut self, ctx: &mut Ctx<'_>, leg: LegId) -> bool {
        let act = match self.recording_word() {
            "on" => RecordingAct::Pause,
            "paused" => RecordingAct::Resume,
            _not_recorded => return false,
        };
        if self.stop_right() == StopRight::SupervisorsOnly && !self.is_supervisor(ctx, leg) {
            ctx.out.push(Act::Count("recordings_refused"));
            return false;
        }
        self.record_ordered(ctx, RecordOrder::Act(act));
        true
    }

    fn is_supervisor(&self, ctx: &Ctx<'_>, leg: LegId) -> bool {
        let Some(Endpoint::Station(extension)) = self.leg(leg).map(|leg| &leg.endpoint) else { return false };
        let station = ctx.routes.station(extension);
        let user = station.and_then(|station| ctx.routes.user(&station.user));
        user.is_some_and(|user| user.role >= Role::Supervisor)
    }
}
