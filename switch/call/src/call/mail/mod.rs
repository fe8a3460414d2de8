//! A mailbox as the far end of a call: a message is left, or messages are listened to.
//!
//! ```text
//!   greeting ─► recording ─► closing ─► review ─► kept          (leave)
//!      └ * ─► number, PIN ─► counts and menu ─► messages        (open, visit)
//!                                    └► greetings, new PIN      (greet, secret)
//! ```
//!
//! Deliberately absent: files and the store. What is to be kept is said by [`base::mail::MailOrder`]; messages come as
//! an answer to one.

mod greet;
mod leave;
mod messages;
mod open;
mod prompt;
pub(super) mod said;
mod secret;
mod take;
mod visit;

use std::sync::Arc;
use std::time::Duration;

use base::mail::{MailFile, MailMessage, MailOrder};
use base::media::{Collect, CollectId, DigitSet, MediaCommand, MediaEvent, Over, PlayId, Sound};
use base::{Cause, Party, RecordingId};
use provision::Mailbox;
use sounds::say::Speaker;

use super::happenings::Typing;
use super::joining::open_port;
use super::local::LocalEnd;
use super::service::Service;
use super::{Call, CallTimer, Ctx, Phase, Refusal};
use crate::act::Act;

use leave::Leaving;
use open::Opening;
use prompt::Prompting;
use take::Taking;
use visit::Visit;

/// What is heard first, in milliseconds: phones need a moment.
const MOMENT_MS: u32 = 300;
/// How long an answer to a question may take.
const ANSWER: Duration = Duration::from_secs(6);
/// How long the first digit of a number may take, and how long the next.
const NUMBER: Duration = Duration::from_secs(10);
const BETWEEN: Duration = Duration::from_secs(4);
/// Questions in a row that get no answer or a wrong one before the call ends.
const TRIES: u8 = 3;
/// How long a file may take to be closed, and messages to be found.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where a call with a mailbox stands.
#[derive(Debug)]
pub(super) enum Mail {
    /// Somebody leaves a message.
    Leaving(Box<Leaving>),
    /// Somebody says which mailbox, and shows that it may be opened.
    Opening(Opening),
    /// Somebody is inside.
    Visiting(Box<Visit>),
    /// Somebody records a prompt.
    Prompting(Box<Prompting>),
}

/// Whose mailbox, and who speaks.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    mailbox: Mailbox,
    speaker: Speaker,
}

impl Call {
    /// Whether a mailbox is the far end.
    pub(super) fn is_at_mailbox(&self) -> bool {
        let Phase::Local(LocalEnd::Serving(service)) = &self.phase else { return false };
        matches!(**service, Service::Mail(_))
    }

    /// A playing is over.
    pub(super) fn mail_played(&mut self, ctx: &mut Ctx<'_>, over: PlayId) {
        match self.take_mail() {
            Some(Mail::Leaving(leaving)) => self.leaving_played(ctx, *leaving, over),
            Some(Mail::Visiting(visit)) => self.visit_played(ctx, visit, over),
            Some(Mail::Prompting(prompting)) => self.prompting_played(ctx, prompting, over),
            Some(mail @ Mail::Opening(_)) => self.keep_mail(mail),
            None => {}
        }
    }

    /// Digits have been typed; `false` when they are not for a mailbox.
    pub(super) fn mail_typed(&mut self, ctx: &mut Ctx<'_>, collect: CollectId, digits: &str) -> bool {
        match self.take_mail() {
            Some(Mail::Leaving(leaving)) => self.leaving_typed(ctx, *leaving, collect, digits),
            Some(Mail::Opening(opening)) => self.opening_typed(ctx, opening, collect, digits),
            Some(Mail::Visiting(visit)) => self.visit_typed(ctx, visit, collect, digits),
            Some(Mail::Prompting(prompting)) => self.prompting_typed(ctx, prompting, collect, digits),
            None => return false,
        }
        true
    }

    /// The time of something is over; `false` when it is none of a mailbox.
    pub(super) fn mail_due(&mut self, ctx: &mut Ctx<'_>) -> bool {
        match self.take_mail() {
            Some(Mail::Leaving(leaving)) => self.leaving_due(ctx, *leaving),
            Some(Mail::Visiting(visit)) => self.visit_due(ctx, visit),
            Some(Mail::Prompting(prompting)) => self.prompting_due(ctx, prompting),
            Some(mail @ Mail::Opening(_)) => self.keep_mail(mail),
            None => return false,
        }
        true
    }

    /// A media worker reports on a recording; `false` when it is none for a mailbox.
    pub(super) fn mail_recording(&mut self, ctx: &mut Ctx<'_>, event: &MediaEvent) -> bool {
        let Some((recording, closed)) = closed_by(event) else { return false };
        match self.take_mail() {
            Some(Mail::Leaving(leaving)) if leaving.takes(recording) => {
                self.leaving_closed(ctx, *leaving, closed);
            }
            Some(Mail::Visiting(visit)) if visit.takes(recording) => {
                self.visit_closed(ctx, visit, closed);
            }
            Some(Mail::Prompting(prompting)) if prompting.takes(recording) => {
                self.prompting_closed(ctx, prompting, closed);
            }
            Some(mail) => {
                self.keep_mail(mail);
                return false;
            }
            None => return false,
        }
        true
    }

    /// Talk or silence where somebody records; `false` when nobody does.
    pub(super) fn mail_hears(&mut self, ctx: &mut Ctx<'_>, what: base::media::Detected) -> bool {
        let Phase::Local(LocalEnd::Serving(service)) = &mut self.phase else { return false };
        let Service::Mail(mail) = &mut **service else { return false };
        let taking = match &mut **mail {
            Mail::Leaving(leaving) => leaving.taking(),
            Mail::Visiting(visit) => visit.taking(),
            Mail::Prompting(prompting) => prompting.taking(),
            Mail::Opening(_) => None,
        };
        let Some(taking) = taking else { return false };
        match taking.hear(ctx.now.mono, what) {
            Some(Some(at)) => self.timers.set(CallTimer::Script, at),
            Some(None) => self.timers.stop(CallTimer::Script),
            None => {}
        }
        true
    }

    /// The messages that were asked for, or word of a prompt.
    pub(super) fn mail_read(&mut self, ctx: &mut Ctx<'_>, messages: Option<&Arc<[MailMessage]>>) {
        match self.take_mail() {
            Some(Mail::Visiting(visit)) => self.visit_read(ctx, visit, messages),
            Some(Mail::Prompting(prompting)) => self.prompt_kept(ctx, prompting, messages.is_some()),
            Some(mail @ (Mail::Leaving(_) | Mail::Opening(_))) => self.keep_mail(mail),
            None => {}
        }
    }

    /// The call ends: what was said until now is kept where it is long enough.
    pub(super) fn mail_over(&mut self, ctx: &mut Ctx<'_>) {
        match self.take_mail() {
            Some(Mail::Leaving(leaving)) => self.leave_off(ctx, &leaving),
            Some(Mail::Visiting(visit)) => visit.leave_off(ctx),
            Some(Mail::Prompting(prompting)) => prompting.leave_off(ctx),
            Some(Mail::Opening(_)) | None => {}
        }
    }

    /// Plays something, then asks for digits: so many at most, ended by `#` where there may be more than one.
    fn mail_ask(&mut self, ctx: &mut Ctx<'_>, said: Vec<Sound>, most: u8, ahead: bool) -> Option<CollectId> {
        let caller = self.caller();
        self.play(ctx, caller, said, 1, Over::Alone)?;
        self.mail_collect(ctx, most, ahead)
    }

    /// Asks for digits.
    fn mail_collect(&mut self, ctx: &mut Ctx<'_>, most: u8, ahead: bool) -> Option<CollectId> {
        self.mail_collect_for(ctx, if most > 1 { NUMBER } else { ANSWER }, most, ahead)
    }

    /// The same, and the first may take so long.
    fn mail_collect_for(
        &mut self,
        ctx: &mut Ctx<'_>,
        first: Duration,
        most: u8,
        ahead: bool,
    ) -> Option<CollectId> {
        let port = self.leg(self.caller()).and_then(open_port)?;
        self.plays += 1;
        let id = CollectId(self.plays);
        let ends = if most > 1 { "#" } else { "" };
        let collect = Box::new(Collect {
            id,
            most,
            first,
            between: BETWEEN,
            terminators: DigitSet::of(ends),
            barges_in: true,
            type_ahead: ahead,
        });
        ctx.out.push(Act::Media(MediaCommand::Collect { port, collect }));
        Some(id)
    }

    /// Says this, then hangs up.
    fn mail_end(&mut self, ctx: &mut Ctx<'_>, said: Vec<Sound>) {
        self.typing = Typing::Open;
        self.timers.stop(CallTimer::Script);
        self.say(ctx, said, 1);
    }

    fn mail_lost(&mut self, ctx: &mut Ctx<'_>) {
        self.finish(ctx, Refusal::of(Cause::Internal), Party::System);
    }

    fn desk(&self, ctx: &Ctx<'_>, mailbox: Mailbox) -> Desk {
        let speaker = self.speaker(ctx, self.caller(), &mailbox.language);
        Desk { mailbox, speaker }
    }

    fn keep_mail(&mut self, mail: Mail) {
        self.stand(Service::Mail(Box::new(mail)));
    }

    fn take_mail(&mut self) -> Option<Mail> {
        let Phase::Local(end) = &mut self.phase else { return None };
        let LocalEnd::Serving(service) = end else { return None };
        if !matches!(**service, Service::Mail(_)) {
            return None;
        }
        match std::mem::replace(end, LocalEnd::Up) {
            LocalEnd::Serving(service) => match *service {
                Service::Mail(mail) => Some(*mail),
                Service::Waiting(_)
                | Service::Saying(_)
                | Service::Sounding
                | Service::Refusing { .. }
                | Service::Pausing { .. }
                | Service::Asking { .. }
                | Service::Dialling(_)
                | Service::Inside => None,
            },
            LocalEnd::Ringing | LocalEnd::Early(_) | LocalEnd::Up => None,
        }
    }
}

/// A recording that is over: its file and length, or that there is none.
type Closed = Option<(MailFile, u64)>;

fn closed_by(event: &MediaEvent) -> Option<(RecordingId, Closed)> {
    if let MediaEvent::Recorded { recording, file, .. } = event {
        let path = Arc::from(file.path.as_str());
        return Some((*recording, Some((MailFile { recording: *recording, path }, file.audio_ms))));
    }
    if let MediaEvent::RecordingFailed { recording, fault, .. } = event
        && *fault != base::media::RecordingFault::TooSlow
    {
        return Some((*recording, None));
    }
    None
}

fn order(ctx: &mut Ctx<'_>, order: MailOrder) {
    ctx.out.push(Act::Mail(order));
}
