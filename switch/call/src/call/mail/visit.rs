//! Somebody is inside a mailbox: what is there, and what to do with it.

use std::sync::Arc;

use base::fact::What;
use base::mail::{MailCounts, MailMessage, MailOrder};
use base::media::{CollectId, PlayId, Sound};
use base::{Mono, RecordingId};
use provision::Mailbox;

use super::super::happenings::Typing;
use super::super::{Call, CallTimer, Ctx};
use super::greet::GreetingStage;
use super::said;
use super::{Closed, Desk, MOMENT_MS, Mail, PATIENCE, TRIES, Taking, order};
use crate::act::Act;

/// A visit.
#[derive(Debug)]
pub(in crate::call) struct Visit {
    pub(super) desk: Desk,
    pub(super) stage: Stage,
    pub(super) messages: Vec<Item>,
    /// Those that are being listened to, by their place among all.
    pub(super) list: Vec<usize>,
    /// Which of the list is at hand.
    pub(super) at: usize,
    /// Questions in a row that got no answer or a wrong one.
    pub(super) tries: u8,
}

/// A message, and whether it is deleted for now.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) message: MailMessage,
    pub(super) deleted: bool,
}

#[derive(Debug)]
pub(super) enum Stage {
    /// The messages were asked for.
    Reading,
    /// What to do?
    Main { collect: CollectId },
    /// A message is heard, or what to do with it.
    Message { collect: CollectId, part: Part },
    /// To whom does it go?
    ForwardTo { collect: CollectId },
    /// A greeting is made.
    Greeting(GreetingStage),
    /// A new PIN, and once more.
    NewPin { collect: CollectId, first: Option<String> },
}

/// How far a message was heard.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    /// Who, and when.
    Envelope(PlayId),
    /// The message from a place in it.
    Audio { play: PlayId, since: Mono, from_ms: u64 },
    /// What can be done with it.
    Menu,
}

impl Visit {
    pub(super) fn takes(&self, recording: RecordingId) -> bool {
        matches!(&self.stage, Stage::Greeting(stage) if stage.takes(recording))
    }

    pub(super) fn taking(&mut self) -> Option<&mut Taking> {
        match &mut self.stage {
            Stage::Greeting(stage) => stage.taking(),
            Stage::Reading
            | Stage::Main { .. }
            | Stage::Message { .. }
            | Stage::ForwardTo { .. }
            | Stage::NewPin { .. } => None,
        }
    }

    /// A greeting that was not agreed to is none.
    pub(super) fn leave_off(&self, ctx: &mut Ctx<'_>) {
        if let Stage::Greeting(stage) = &self.stage
            && let Some(recording) = stage.recording()
        {
            order(ctx, MailOrder::Drop { recording });
        }
    }

    pub(super) fn counts(&self) -> MailCounts {
        let mut counts = MailCounts::default();
        for Item { message, .. } in self.messages.iter().filter(|item| !item.deleted) {
            let (all, urgent) = match message.heard {
                true => (&mut counts.old, &mut counts.urgent_old),
                false => (&mut counts.new, &mut counts.urgent_new),
            };
            *all += 1;
            *urgent += u32::from(message.urgent);
        }
        counts
    }
}

impl Call {
    /// The caller may come in: the messages are asked for.
    pub(super) fn visit(&mut self, ctx: &mut Ctx<'_>, mailbox: Mailbox) {
        self.typing = Typing::Open;
        let name = mailbox.number.clone();
        ctx.out.push(Act::Fact(What::MailboxOpened { mailbox: name.clone() }));
        order(ctx, MailOrder::Read { call: self.id, mailbox: name });
        let desk = self.desk(ctx, mailbox);
        self.timers.set(CallTimer::Script, ctx.now.mono + PATIENCE);
        let visit = Visit { desk, stage: Stage::Reading, messages: vec![], list: vec![], at: 0, tries: 0 };
        self.keep_mail(Mail::Visiting(Box::new(visit)));
    }

    pub(super) fn visit_read(
        &mut self,
        ctx: &mut Ctx<'_>,
        mut visit: Box<Visit>,
        messages: Option<&Arc<[MailMessage]>>,
    ) {
        if !matches!(visit.stage, Stage::Reading) {
            return self.keep_mail(Mail::Visiting(visit));
        }
        self.timers.stop(CallTimer::Script);
        let Some(messages) = messages else { return self.mail_closed(ctx, &visit) };
        visit.messages =
            messages.iter().map(|message| Item { message: message.clone(), deleted: false }).collect();
        let said = said::counts(&visit.desk.speaker, visit.counts());
        self.main_menu(ctx, visit, said);
    }

    /// The messages cannot be had now.
    fn mail_closed(&mut self, ctx: &mut Ctx<'_>, visit: &Visit) {
        self.mail_end(ctx, vec![visit.desk.speaker.prompt("feature/not-available")]);
    }

    pub(super) fn main_menu(&mut self, ctx: &mut Ctx<'_>, mut visit: Box<Visit>, before: Vec<Sound>) {
        let menu = said::main_menu(&visit.desk.speaker, visit.counts());
        let said = [Sound::Silence(MOMENT_MS)].into_iter().chain(before).chain(menu).collect();
        match self.mail_ask(ctx, said, 1, visit.tries == 0) {
            Some(collect) => {
                visit.stage = Stage::Main { collect };
                self.keep_mail(Mail::Visiting(visit));
            }
            None => self.mail_lost(ctx),
        }
    }

    pub(super) fn visit_typed(
        &mut self,
        ctx: &mut Ctx<'_>,
        visit: Box<Visit>,
        collect: CollectId,
        digits: &str,
    ) {
        match &visit.stage {
            Stage::Main { collect: known } if *known == collect => self.main_chosen(ctx, visit, digits),
            Stage::Message { collect: known, part } if *known == collect => {
                let part = *part;
                self.message_chosen(ctx, visit, part, digits);
            }
            Stage::ForwardTo { collect: known } if *known == collect => {
                self.forward_to(ctx, visit, digits);
            }
            Stage::NewPin { collect: known, .. } if *known == collect => {
                self.new_pin_typed(ctx, visit, digits);
            }
            Stage::Greeting(_) => self.greeting_typed(ctx, visit, collect, digits),
            Stage::Reading
            | Stage::Main { .. }
            | Stage::Message { .. }
            | Stage::ForwardTo { .. }
            | Stage::NewPin { .. } => self.keep_mail(Mail::Visiting(visit)),
        }
    }

    fn main_chosen(&mut self, ctx: &mut Ctx<'_>, mut visit: Box<Visit>, digits: &str) {
        let speaker = visit.desk.speaker.clone();
        if !digits.is_empty() {
            visit.tries = 0;
        }
        match digits {
            "1" => self.listen_to(ctx, visit, false),
            "2" => self.listen_to(ctx, visit, true),
            "3" => self.choose_greeting(ctx, visit, vec![]),
            "4" => self.ask_new_pin(ctx, visit, None, vec![]),
            "#" => self.mail_end(ctx, vec![speaker.prompt("menu/goodbye")]),
            "*" => self.main_menu(ctx, visit, vec![]),
            _other => {
                self.puzzled(ctx, visit, digits, |call, ctx, visit, said| call.main_menu(ctx, visit, said))
            }
        }
    }

    /// No answer, or one that is none: the same again, but not for ever.
    pub(super) fn puzzled(
        &mut self,
        ctx: &mut Ctx<'_>,
        mut visit: Box<Visit>,
        digits: &str,
        again: impl FnOnce(&mut Self, &mut Ctx<'_>, Box<Visit>, Vec<Sound>),
    ) {
        visit.tries += 1;
        let speaker = &visit.desk.speaker;
        if visit.tries >= TRIES {
            let said = vec![speaker.prompt("menu/goodbye")];
            return self.mail_end(ctx, said);
        }
        let said = if digits.is_empty() { vec![] } else { vec![speaker.prompt("menu/invalid")] };
        again(self, ctx, visit, said);
    }

    pub(super) fn visit_played(&mut self, ctx: &mut Ctx<'_>, visit: Box<Visit>, over: PlayId) {
        match &visit.stage {
            Stage::Message { collect, part } => {
                let (collect, part) = (*collect, *part);
                self.message_played(ctx, visit, collect, part, over);
            }
            Stage::Greeting(_) => self.greeting_played(ctx, visit, over),
            Stage::Reading | Stage::Main { .. } | Stage::ForwardTo { .. } | Stage::NewPin { .. } => {
                self.keep_mail(Mail::Visiting(visit));
            }
        }
    }

    pub(super) fn visit_due(&mut self, ctx: &mut Ctx<'_>, visit: Box<Visit>) {
        match &visit.stage {
            Stage::Reading => self.mail_closed(ctx, &visit),
            Stage::Greeting(_) => self.greeting_due(ctx, visit),
            Stage::Main { .. } | Stage::Message { .. } | Stage::ForwardTo { .. } | Stage::NewPin { .. } => {
                self.keep_mail(Mail::Visiting(visit));
            }
        }
    }

    pub(super) fn visit_closed(&mut self, ctx: &mut Ctx<'_>, visit: Box<Visit>, closed: Closed) {
        self.timers.stop(CallTimer::Script);
        self.greeting_closed(ctx, visit, closed);
    }
}
