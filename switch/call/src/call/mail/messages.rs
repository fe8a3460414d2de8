//! Messages are listened to, kept, deleted, passed on.

use base::fact::What;
use base::mail::{MailMark, MailOrder};
use base::media::{CollectId, Over, PlayId, Sound};

use super::super::{Call, Ctx};
use super::said;
use super::visit::{Part, Stage, Visit};
use super::{Mail, order};
use crate::act::Act;

/// How far a key skips.
const SKIP_MS: u64 = 5_000;
/// Most digits of a mailbox's number.
const NUMBER_DIGITS: u8 = 32;

impl Visit {
    fn mark(&mut self, ctx: &mut Ctx<'_>, mark: MailMark) {
        let Some(item) = self.list.get(self.at).and_then(|at| self.messages.get_mut(*at)) else { return };
        match mark {
            MailMark::Heard => item.message.heard = true,
            MailMark::New => item.message.heard = false,
            MailMark::Deleted => item.deleted = true,
            MailMark::Restored => item.deleted = false,
        }
        let recording = item.message.file.recording;
        let mailbox = self.desk.mailbox.number.clone();
        order(ctx, MailOrder::Mark { mailbox, recording, mark });
    }

    fn at_hand(&self) -> Option<&super::visit::Item> {
        self.messages.get(*self.list.get(self.at)?)
    }
}

impl Call {
    /// From the first of the new messages, or of the saved ones: the urgent first, then the oldest.
    pub(super) fn listen_to(&mut self, ctx: &mut Ctx<'_>, mut visit: Box<Visit>, saved: bool) {
        let items = visit.messages.iter().enumerate();
        let mut list: Vec<_> =
            items.filter(|(_, item)| !item.deleted && item.message.heard == saved).collect();
        list.sort_by_key(|(_, item)| (!item.message.urgent, item.message.at));
        visit.list = list.into_iter().map(|(at, _)| at).collect();
        visit.at = 0;
        if visit.list.is_empty() {
            let none = if saved { "voicemail/no-messages" } else { "voicemail/no-new-messages" };
            let said = vec![visit.desk.speaker.prompt(none)];
            return self.main_menu(ctx, visit, said);
        }
        self.hear_message(ctx, visit, vec![]);
    }

    /// Says whose message it is; the message follows.
    fn hear_message(&mut self, ctx: &mut Ctx<'_>, mut visit: Box<Visit>, mut before: Vec<Sound>) {
        let Some(item) = visit.at_hand() else {
            let said = vec![visit.desk.speaker.prompt("voicemail/no-more-messages")];
            visit.at = visit.list.len().saturating_sub(1);
            return self.main_menu(ctx, visit, said);
        };
        let place = (visit.at, visit.list.len());
        before.extend(said::envelope(&visit.desk.speaker, place, &item.message, ctx.now.wall));
        let caller = self.caller();
        let Some(play) = self.play(ctx, caller, before, 1, Over::Alone) else { return self.mail_lost(ctx) };
        let Some(collect) = self.mail_collect(ctx, 1, true) else { return self.mail_lost(ctx) };
        visit.stage = Stage::Message { collect, part: Part::Envelope(play) };
        self.keep_mail(Mail::Visiting(visit));
    }

    pub(super) fn message_played(
        &mut self,
        ctx: &mut Ctx<'_>,
        mut visit: Box<Visit>,
        collect: CollectId,
        part: Part,
        over: PlayId,
    ) {
        match part {
            Part::Envelope(play) if play == over => self.hear_audio(ctx, visit, collect, 0),
            Part::Audio { play, .. } if play == over => {
                let said = said::message_menu(&visit.desk.speaker);
                let caller = self.caller();
                self.play(ctx, caller, said, 1, Over::Alone);
                visit.stage = Stage::Message { collect, part: Part::Menu };
                self.keep_mail(Mail::Visiting(visit));
            }
            Part::Envelope(_) | Part::Audio { .. } | Part::Menu => self.keep_mail(Mail::Visiting(visit)),
        }
    }

    /// The message itself, from a place on; it counts as heard.
    fn hear_audio(&mut self, ctx: &mut Ctx<'_>, mut visit: Box<Visit>, collect: CollectId, from_ms: u64) {
        let Some(item) = visit.at_hand() else { return self.mail_lost(ctx) };
        let (file, heard) = (item.message.file.clone(), item.message.heard);
        let (mailbox, recording) = (visit.desk.mailbox.number.clone(), file.recording);
        let caller = self.caller();
        let said = vec![Sound::Message { file, from_ms }];
        let Some(play) = self.play(ctx, caller, said, 1, Over::Alone) else { return self.mail_lost(ctx) };
        if !heard {
            visit.mark(ctx, MailMark::Heard);
            ctx.out.push(Act::Fact(What::MessageHeard { mailbox, recording }));
        }
        visit.stage = Stage::Message { collect, part: Part::Audio { play, since: ctx.now.mono, from_ms } };
        self.keep_mail(Mail::Visiting(visit));
    }

    pub(super) fn message_chosen(
        &mut self,
        ctx: &mut Ctx<'_>,
        mut visit: Box<Visit>,
        part: Part,
        digits: &str,
    ) {
        let speaker = visit.desk.speaker.clone();
        if !digits.is_empty() {
            visit.tries = 0;
        }
        match digits {
            "1" => self.hear_message(ctx, visit, vec![]),
            "2" => {
                visit.mark(ctx, MailMark::Heard);
                visit.at += 1;
                self.hear_message(ctx, visit, vec![speaker.prompt("voicemail/saved")]);
            }
            "3" if visit.at_hand().is_some_and(|item| item.deleted) => {
                visit.mark(ctx, MailMark::Restored);
                self.what_next(ctx, visit, vec![speaker.prompt("voicemail/restored")]);
            }
            "3" => {
                visit.mark(ctx, MailMark::Deleted);
                self.what_next(ctx, visit, vec![speaker.prompt("voicemail/deleted")]);
            }
            "4" => self.ask_whither(ctx, visit, vec![]),
            "5" => self.call_sender(ctx, visit),
            "6" => {
                visit.at += 1;
                self.hear_message(ctx, visit, vec![]);
            }
            "7" => {
                visit.at = visit.at.saturating_sub(1);
                self.hear_message(ctx, visit, vec![]);
            }
            "8" | "9" => self.skip(ctx, visit, part, digits == "9"),
            "#" => self.main_menu(ctx, visit, vec![]),
            "*" => self.what_next(ctx, visit, vec![]),
            _other => {
                self.puzzled(ctx, visit, digits, |call, ctx, visit, said| call.what_next(ctx, visit, said));
            }
        }
    }

    /// What can be done with the message at hand.
    fn what_next(&mut self, ctx: &mut Ctx<'_>, mut visit: Box<Visit>, before: Vec<Sound>) {
        let said = before.into_iter().chain(said::message_menu(&visit.desk.speaker)).collect();
        match self.mail_ask(ctx, said, 1, true) {
            Some(collect) => {
                visit.stage = Stage::Message { collect, part: Part::Menu };
                self.keep_mail(Mail::Visiting(visit));
            }
            None => self.mail_lost(ctx),
        }
    }

    /// Back or on within the message.
    fn skip(&mut self, ctx: &mut Ctx<'_>, visit: Box<Visit>, part: Part, ahead: bool) {
        let Some(audio_ms) = visit.at_hand().map(|item| item.message.audio_ms) else {
            return self.mail_lost(ctx);
        };
        let heard = match part {
            Part::Envelope(_) => 0,
            Part::Audio { since, from_ms, .. } => {
                from_ms + u64::try_from(ctx.now.mono.since(since).as_millis()).unwrap_or(u64::MAX)
            }
            Part::Menu => audio_ms,
        };
        let to = if ahead { heard + SKIP_MS } else { heard.saturating_sub(SKIP_MS) };
        let Some(collect) = self.mail_collect(ctx, 1, true) else { return self.mail_lost(ctx) };
        self.hear_audio(ctx, visit, collect, to.min(audio_ms));
    }

    fn ask_whither(&mut self, ctx: &mut Ctx<'_>, mut visit: Box<Visit>, before: Vec<Sound>) {
        let question = visit.desk.speaker.prompt("voicemail/enter-mailbox");
        let said = before.into_iter().chain([question]).collect();
        match self.mail_ask(ctx, said, NUMBER_DIGITS, true) {
            Some(collect) => {
                visit.stage = Stage::ForwardTo { collect };
                self.keep_mail(Mail::Visiting(visit));
            }
            None => self.mail_lost(ctx),
        }
    }

    pub(super) fn forward_to(&mut self, ctx: &mut Ctx<'_>, mut visit: Box<Visit>, digits: &str) {
        let speaker = visit.desk.speaker.clone();
        let own = visit.desk.mailbox.number.as_str();
        let known = digits != own && ctx.routes.mailbox(digits).is_some();
        let recording = visit.at_hand().map(|item| item.message.file.recording);
        match recording.filter(|_| known) {
            Some(recording) => {
                visit.tries = 0;
                let (mailbox, to) = (own.to_owned(), digits.to_owned());
                order(ctx, MailOrder::Forward { mailbox, recording, to });
                self.what_next(ctx, visit, vec![speaker.prompt("voicemail/forwarded")]);
            }
            None => {
                let said = vec![speaker.prompt("voicemail/no-mailbox")];
                self.puzzled(ctx, visit, "", |call, ctx, visit, _| call.what_next(ctx, visit, said));
            }
        }
    }

    /// Calls whoever left the message, as the phone would; the visit ends with that.
    fn call_sender(&mut self, ctx: &mut Ctx<'_>, visit: Box<Visit>) {
        let sender = visit.at_hand().map(|item| item.message.caller.clone()).unwrap_or_default();
        if !sender.is_empty() && self.go_on_to(ctx, &sender).is_ok() {
            return;
        }
        let said = vec![visit.desk.speaker.prompt("feature/not-available")];
        self.what_next(ctx, visit, said);
    }
}
