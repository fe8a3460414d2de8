//! Somebody speaks and is recorded: a message or a greeting.

use std::sync::Arc;
use std::time::Duration;

use base::mail::{MailPart, MailSlip};
use base::media::{
    Channels, CollectId, Detected, Ear, Listen, MediaCommand, Recorder, RecordingAct, WhenFull,
};
use base::{Mono, RecordingId, TenantId};
use smallvec::smallvec;

use super::super::joining::open_port;
use super::super::start::digits_and_tones;
use super::super::{Call, CallTimer, Ctx};
use super::Desk;
use crate::act::Act;

/// Silence is told so long after it began.
const TOLD_LATE: Duration = Duration::from_millis(500);

/// A recording that runs.
#[derive(Debug)]
pub(super) struct Taking {
    pub(super) recording: RecordingId,
    /// Any key ends it.
    pub(super) collect: Option<CollectId>,
    since: Mono,
    /// Since when nothing is said.
    silent: Option<Mono>,
    /// Silence of so long ends it; nought for none.
    patience: Duration,
}

impl Taking {
    /// Whether the time to stop is another now: `Some(None)` for none.
    pub(super) fn hear(&mut self, now: Mono, what: Detected) -> Option<Option<Mono>> {
        match what {
            Detected::Silence if !self.patience.is_zero() => {
                self.silent = Some(now);
                Some(Some(now + self.patience.saturating_sub(TOLD_LATE)))
            }
            Detected::Speech if self.silent.take().is_some() => Some(None),
            Detected::Speech
            | Detected::Silence
            | Detected::Ringback
            | Detected::Busy
            | Detected::Congestion
            | Detected::DialTone
            | Detected::SpecialInformation(_)
            | Detected::FaxCalling
            | Detected::FaxAnswer
            | Detected::ModemAnswer => None,
        }
    }

    /// Milliseconds of silence at its end, if it ended now.
    pub(super) fn silent_ms(&self, now: Mono) -> u32 {
        let silent = self.silent.map(|since| now.since(since) + TOLD_LATE);
        silent.map_or(0, |silent| u32::try_from(silent.as_millis()).unwrap_or(u32::MAX))
    }

    /// Milliseconds that were said, as far as the call can tell.
    pub(super) fn said_ms(&self, now: Mono) -> u64 {
        let all = u64::try_from(now.since(self.since).as_millis()).unwrap_or(u64::MAX);
        all.saturating_sub(u64::from(self.silent_ms(now)))
    }
}

impl Call {
    /// Starts to record the caller for a mailbox.
    pub(super) fn take(&mut self, ctx: &mut Ctx<'_>, desk: &Desk, what: MailPart) -> Option<Taking> {
        let port = self.leg(self.caller()).and_then(open_port)?;
        let mailbox = &desk.mailbox;
        let least_ms = mailbox.min_ms;
        let slip = MailSlip { mailbox: mailbox.number.clone(), what, least_ms };
        let recorder = Recorder {
            id: ctx.ids.recording(),
            tenant: TenantId::DEFAULT,
            call: self.id,
            at: ctx.now.wall,
            policy: Arc::from(""),
            of: smallvec![Ear::From(port)],
            channels: Channels::Mono,
            format: mailbox.format,
            when_full: WhenFull::GoOn,
            encrypted: mailbox.encrypt,
            at_most: Duration::from_secs(u64::from(mailbox.max_secs)),
            keep_days: 0,
            mail: Some(Box::new(slip)),
        };
        let recording = recorder.id;
        self.listen(ctx, true);
        ctx.out.push(Act::Media(MediaCommand::Record { port, recorder: Box::new(recorder) }));
        let collect =
            self.mail_collect_for(ctx, Duration::from_secs(u64::from(mailbox.max_secs) + 60), 1, false);
        let patience = Duration::from_secs(u64::from(mailbox.silence_secs));
        Some(Taking { recording, collect, since: ctx.now.mono, silent: None, patience })
    }

    /// Ends a recording; its file is told later.
    pub(super) fn stop_taking(&mut self, ctx: &mut Ctx<'_>, recording: RecordingId) {
        self.listen(ctx, false);
        if let Some(port) = self.leg(self.caller()).and_then(open_port) {
            let act = RecordingAct::Stop;
            ctx.out.push(Act::Media(MediaCommand::Recording { port, recording, act }));
        }
        self.timers.set(CallTimer::Script, ctx.now.mono + super::PATIENCE);
    }

    /// Listens for talk and silence too, or as usual again.
    fn listen(&self, ctx: &mut Ctx<'_>, speech: bool) {
        let Some(leg) = self.leg(self.caller()) else { return };
        let Some(port) = open_port(leg) else { return };
        let (_, usual) = digits_and_tones(ctx, &leg.endpoint);
        let listen = Listen { speech: usual.speech || speech, ..usual };
        ctx.out.push(Act::Media(MediaCommand::Listen { port, listen }));
    }
}
