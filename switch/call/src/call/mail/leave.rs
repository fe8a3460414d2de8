//! Somebody leaves a message.

use base::fact::What;
use base::mail::{GreetingKind, MailFile, MailOrder, MailPart};
use base::media::{CollectId, Over, PlayId, Sound};
use base::{Cause, Party, RecordingId};

use super::super::{Call, CallTimer, Ctx, Refusal};
use super::said;
use super::{Closed, Desk, MOMENT_MS, Mail, TRIES, Taking, order};
use crate::act::Act;

/// A message that is being left.
#[derive(Debug)]
pub(in crate::call) struct Leaving {
    desk: Desk,
    stage: Stage,
    urgent: bool,
    /// Times that nothing came of a question or a recording.
    tries: u8,
}

#[derive(Debug)]
enum Stage {
    /// The greeting is heard, or the beep alone.
    Greeting {
        play: PlayId,
        collect: Option<CollectId>,
    },
    Recording(Taking),
    /// The file is being closed.
    Closing {
        recording: RecordingId,
        silent_ms: u32,
    },
    /// It can be heard, recorded again, marked.
    Review {
        file: MailFile,
        silent_ms: u32,
        collect: CollectId,
    },
}

impl Leaving {
    pub(super) fn takes(&self, recording: RecordingId) -> bool {
        match &self.stage {
            Stage::Recording(taking) => taking.recording == recording,
            Stage::Closing { recording: known, .. } => *known == recording,
            Stage::Greeting { .. } | Stage::Review { .. } => false,
        }
    }

    pub(super) fn taking(&mut self) -> Option<&mut Taking> {
        match &mut self.stage {
            Stage::Recording(taking) => Some(taking),
            Stage::Greeting { .. } | Stage::Closing { .. } | Stage::Review { .. } => None,
        }
    }
}

impl Call {
    /// The greeting, then the tone; a full mailbox says so instead.
    pub(in crate::call) fn greet(&mut self, ctx: &mut Ctx<'_>, mailbox: &str, kind: GreetingKind) {
        let Some(mailbox) = ctx.routes.mailbox(mailbox) else {
            return self.finish(ctx, Refusal::of(Cause::NoRoute), Party::System);
        };
        let desk = self.desk(ctx, mailbox);
        let state = ctx.mailboxes.get(desk.mailbox.number.as_str()).cloned();
        let counts = state.as_ref().map(|state| state.counts).unwrap_or_default();
        if counts.new.saturating_add(counts.old) >= desk.mailbox.max_messages {
            ctx.out.push(Act::Count("mailboxes_full"));
            let said = vec![desk.speaker.prompt("voicemail/full")];
            return self.mail_end(ctx, said);
        }
        let mut said = vec![Sound::Silence(MOMENT_MS)];
        said.extend(said::greeting(&desk, kind, state.as_deref()));
        said.push(Sound::Tone(sounds::tones::beep()));
        self.begin_leaving(ctx, Leaving { desk, stage: nothing_yet(), urgent: false, tries: 0 }, said, true);
    }

    fn begin_leaving(&mut self, ctx: &mut Ctx<'_>, mut leaving: Leaving, said: Vec<Sound>, may_press: bool) {
        let caller = self.caller();
        let Some(play) = self.play(ctx, caller, said, 1, Over::Alone) else { return self.mail_lost(ctx) };
        let collect = if may_press { self.mail_collect(ctx, 1, false) } else { None };
        leaving.stage = Stage::Greeting { play, collect };
        self.keep_mail(Mail::Leaving(Box::new(leaving)));
    }

    fn beep_alone(&mut self, ctx: &mut Ctx<'_>, leaving: Leaving, before: Vec<Sound>) {
        let said = before.into_iter().chain([Sound::Tone(sounds::tones::beep())]).collect();
        self.begin_leaving(ctx, leaving, said, false);
    }

    pub(super) fn leaving_played(&mut self, ctx: &mut Ctx<'_>, mut leaving: Leaving, over: PlayId) {
        if !matches!(leaving.stage, Stage::Greeting { play, .. } if play == over) {
            return self.keep_mail(Mail::Leaving(Box::new(leaving)));
        }
        let what = MailPart::Message {
            caller: if self.facts.withheld { String::new() } else { self.facts.caller.clone() },
            caller_name: if self.facts.withheld { String::new() } else { self.facts.caller_name.clone() },
        };
        let Some(taking) = self.take(ctx, &leaving.desk, what) else { return self.mail_lost(ctx) };
        leaving.stage = Stage::Recording(taking);
        self.keep_mail(Mail::Leaving(Box::new(leaving)));
    }

    pub(super) fn leaving_typed(
        &mut self,
        ctx: &mut Ctx<'_>,
        leaving: Leaving,
        collect: CollectId,
        digits: &str,
    ) {
        match &leaving.stage {
            Stage::Greeting { collect: known, .. } if *known == Some(collect) => match digits {
                "*" => self.open_from_greeting(ctx, leaving.desk.mailbox.number),
                "" => self.keep_mail(Mail::Leaving(Box::new(leaving))),
                _any => self.beep_alone(ctx, leaving, vec![]),
            },
            Stage::Recording(taking) if taking.collect == Some(collect) && !digits.is_empty() => {
                self.close_message(ctx, leaving);
            }
            Stage::Review { collect: known, .. } if *known == collect => {
                self.reviewed(ctx, leaving, digits);
            }
            Stage::Greeting { .. } | Stage::Recording(_) | Stage::Closing { .. } | Stage::Review { .. } => {
                self.keep_mail(Mail::Leaving(Box::new(leaving)));
            }
        }
    }

    /// Silence has lasted, or a file is not closed in time.
    pub(super) fn leaving_due(&mut self, ctx: &mut Ctx<'_>, leaving: Leaving) {
        match &leaving.stage {
            Stage::Recording(_) => self.close_message(ctx, leaving),
            Stage::Closing { .. } => {
                self.leave_off(ctx, &leaving);
                self.mail_end(ctx, vec![leaving.desk.speaker.prompt("voicemail/sent")]);
            }
            Stage::Greeting { .. } | Stage::Review { .. } => self.keep_mail(Mail::Leaving(Box::new(leaving))),
        }
    }

    fn close_message(&mut self, ctx: &mut Ctx<'_>, mut leaving: Leaving) {
        if let Stage::Recording(taking) = &leaving.stage {
            let (recording, silent_ms) = (taking.recording, taking.silent_ms(ctx.now.mono));
            self.stop_taking(ctx, recording);
            leaving.stage = Stage::Closing { recording, silent_ms };
        }
        self.keep_mail(Mail::Leaving(Box::new(leaving)));
    }

    /// The file is there, or it is not and will not be.
    pub(super) fn leaving_closed(&mut self, ctx: &mut Ctx<'_>, mut leaving: Leaving, closed: Closed) {
        self.timers.stop(CallTimer::Script);
        let speaker = leaving.desk.speaker.clone();
        let Some((file, audio_ms)) = closed else {
            ctx.out.push(Act::Count("messages_failed"));
            return self.mail_end(ctx, vec![speaker.prompt("feature/not-available")]);
        };
        let (silent_ms, full) = match &leaving.stage {
            Stage::Closing { silent_ms, .. } => (*silent_ms, false),
            Stage::Recording(taking) => (taking.silent_ms(ctx.now.mono), true),
            Stage::Greeting { .. } | Stage::Review { .. } => (0, false),
        };
        if audio_ms.saturating_sub(u64::from(silent_ms)) < u64::from(leaving.desk.mailbox.min_ms) {
            order(ctx, MailOrder::Drop { recording: file.recording });
            leaving.tries += 1;
            let said = vec![speaker.prompt("voicemail/too-short")];
            if leaving.tries >= TRIES {
                return self.mail_end(ctx, said);
            }
            return self.beep_alone(ctx, leaving, said);
        }
        let before = if full { vec![speaker.prompt("voicemail/too-long")] } else { vec![] };
        self.review(ctx, leaving, (file, silent_ms), before);
    }

    fn review(
        &mut self,
        ctx: &mut Ctx<'_>,
        mut leaving: Leaving,
        (file, silent_ms): (MailFile, u32),
        before: Vec<Sound>,
    ) {
        let said = before.into_iter().chain(said::review(&leaving.desk.speaker, leaving.urgent)).collect();
        match self.mail_ask(ctx, said, 1, false) {
            Some(collect) => {
                leaving.stage = Stage::Review { file, silent_ms, collect };
                self.keep_mail(Mail::Leaving(Box::new(leaving)));
            }
            None => {
                self.keep_message(ctx, &leaving, file.recording, silent_ms);
                self.mail_lost(ctx);
            }
        }
    }

    fn reviewed(&mut self, ctx: &mut Ctx<'_>, mut leaving: Leaving, digits: &str) {
        let Stage::Review { file, silent_ms, .. } = &leaving.stage else { return };
        let (file, silent_ms) = (file.clone(), *silent_ms);
        let speaker = leaving.desk.speaker.clone();
        match digits {
            "1" | "#" => self.send(ctx, &leaving, file.recording, silent_ms),
            "2" => {
                let said = vec![Sound::Message { file: file.clone(), from_ms: 0 }];
                self.review(ctx, leaving, (file, silent_ms), said);
            }
            "3" => {
                order(ctx, MailOrder::Drop { recording: file.recording });
                self.beep_alone(ctx, leaving, vec![]);
            }
            "4" => {
                leaving.urgent = !leaving.urgent;
                let on = if leaving.urgent { "menu/on" } else { "menu/off" };
                self.review(ctx, leaving, (file, silent_ms), vec![speaker.prompt(on)]);
            }
            _wrong if leaving.tries + 1 >= TRIES => self.send(ctx, &leaving, file.recording, silent_ms),
            wrong => {
                leaving.tries += 1;
                let said = if wrong.is_empty() { vec![] } else { vec![speaker.prompt("menu/invalid")] };
                self.review(ctx, leaving, (file, silent_ms), said);
            }
        }
    }

    fn send(&mut self, ctx: &mut Ctx<'_>, leaving: &Leaving, recording: RecordingId, silent_ms: u32) {
        self.keep_message(ctx, leaving, recording, silent_ms);
        self.mail_end(ctx, vec![leaving.desk.speaker.prompt("voicemail/sent")]);
    }

    fn keep_message(&self, ctx: &mut Ctx<'_>, leaving: &Leaving, recording: RecordingId, silent_ms: u32) {
        let (mailbox, urgent) = (leaving.desk.mailbox.number.clone(), leaving.urgent);
        order(ctx, MailOrder::Keep { recording, urgent, silent_ms });
        ctx.out.push(Act::Fact(What::MessageLeft { mailbox, recording, urgent }));
        ctx.out.push(Act::Count("messages_left"));
    }

    /// The caller is gone: what was said stays where it is long enough.
    pub(super) fn leave_off(&self, ctx: &mut Ctx<'_>, leaving: &Leaving) {
        match &leaving.stage {
            Stage::Recording(taking) => {
                let (recording, silent_ms) = (taking.recording, taking.silent_ms(ctx.now.mono));
                if taking.said_ms(ctx.now.mono) < u64::from(leaving.desk.mailbox.min_ms) {
                    order(ctx, MailOrder::Drop { recording });
                } else {
                    self.keep_message(ctx, leaving, recording, silent_ms);
                }
            }
            Stage::Closing { recording, silent_ms } => {
                self.keep_message(ctx, leaving, *recording, *silent_ms);
            }
            Stage::Review { file, silent_ms, .. } => {
                self.keep_message(ctx, leaving, file.recording, *silent_ms);
            }
            Stage::Greeting { .. } => {}
        }
    }
}

fn nothing_yet() -> Stage {
    Stage::Greeting { play: PlayId(0), collect: None }
}
