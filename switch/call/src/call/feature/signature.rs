//! Voice signature (BP-39): what both say between two presses of `*5` is a recording of its own.

use base::fact::What;
use base::media::{MediaCommand, MediaEvent, Over, RecordingAct, RecordingFault, Sound};
use base::{PortId, RecordingId, Why};
use provision::{RecordWhen, RecordingPolicy};

use super::super::{Call, Ctx, Phase};
use crate::act::Act;

/// A signature that is being spoken, or whose file is being closed.
#[derive(Debug)]
pub(in crate::call) struct Signature {
    recording: RecordingId,
    /// The port that it hangs on.
    port: PortId,
    policy: String,
    /// Its file is open.
    begun: bool,
    /// It was ended as it was begun.
    complete: bool,
}

impl Call {
    pub(super) fn begin_or_end_signature(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let done = if self.signature.is_some() { self.end_signature(ctx) } else { self.begin_signature(ctx) };
        if !done {
            return false;
        }
        for leg in self.recorded_legs() {
            self.play(ctx, leg, vec![Sound::Tone(sounds::tones::record_beep())], 1, Over::Mixed);
        }
        true
    }

    fn end_signature(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let Some(signature) = self.signature.as_mut().filter(|signature| !signature.complete) else {
            return false;
        };
        signature.complete = true;
        let (port, recording, act) = (signature.port, signature.recording, RecordingAct::Stop);
        ctx.out.push(Act::Media(MediaCommand::Recording { port, recording, act }));
        true
    }

    fn begin_signature(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let callee = match self.phase {
            Phase::Talking { callee } => callee,
            Phase::Meeting => self.caller(),
            Phase::Hunting | Phase::Local(_) | Phase::Visiting(_) | Phase::Over(_) => return false,
        };
        let policy = match self.policy_of(ctx, callee) {
            Some((policy, _)) if policy.when == RecordWhen::Never => return false,
            Some((policy, _)) => policy,
            None => RecordingPolicy::named(""),
        };
        let Some((port, recorder)) = self.recorder(ctx, &policy) else { return false };
        let recording = recorder.id;
        ctx.out.push(Act::Media(MediaCommand::Record { port, recorder: Box::new(recorder) }));
        let (policy, begun, complete) = (policy.name, false, false);
        self.signature = Some(Box::new(Signature { recording, port, policy, begun, complete }));
        true
    }

    /// Whether what a media worker reports is about the signature.
    pub(in crate::call) fn is_of_signature(&self, event: &MediaEvent) -> bool {
        self.signature.as_ref().is_some_and(|signature| event.recording() == Some(signature.recording))
    }

    /// A media worker, or a thread that writes, reports on it.
    pub(in crate::call) fn signature_event(&mut self, ctx: &mut Ctx<'_>, event: MediaEvent) {
        let Some(signature) = &mut self.signature else { return };
        let recording = signature.recording;
        if let MediaEvent::RecordingStarted { .. } = event {
            signature.begun = true;
            let (policy, why) = (signature.policy.clone(), Why::new("voice signature"));
            ctx.out.push(Act::Fact(What::RecordingStarted { recording, policy, why }));
        } else if let MediaEvent::RecordingFailed { fault, .. } = event {
            ctx.out.push(Act::Fact(What::RecordingFailed { recording, fault }));
            ctx.out.push(Act::Count("recordings_failed"));
            if fault != RecordingFault::TooSlow && !signature.begun {
                self.signature = None;
            } else {
                signature.complete &= fault == RecordingFault::TooSlow;
            }
        } else if let MediaEvent::Recorded { file, .. } = event {
            let complete = signature.complete;
            self.signature = None;
            ctx.out.push(Act::Fact(What::Recorded { recording, file }));
            ctx.out.push(Act::Fact(What::Signature { recording, complete }));
        }
    }
}
