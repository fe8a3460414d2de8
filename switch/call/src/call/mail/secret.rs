//! A mailbox gets a new PIN.

use base::mail::MailOrder;
use base::media::Sound;

use super::super::happenings::Typing;
use super::super::{Call, Ctx};
use super::visit::{Stage, Visit};
use super::{Mail, order};

/// Digits of a PIN, at least and at most.
const DIGITS: std::ops::RangeInclusive<usize> = 4..=12;

impl Call {
    /// Asks for a new PIN, or for the same once more.
    pub(super) fn ask_new_pin(
        &mut self,
        ctx: &mut Ctx<'_>,
        mut visit: Box<Visit>,
        first: Option<String>,
        before: Vec<Sound>,
    ) {
        self.typing = Typing::Secret;
        let id = if first.is_some() { "voicemail/password-again" } else { "voicemail/new-password" };
        let said = before.into_iter().chain([visit.desk.speaker.prompt(id)]).collect();
        match self.mail_ask(ctx, said, 12, true) {
            Some(collect) => {
                visit.stage = Stage::NewPin { collect, first };
                self.keep_mail(Mail::Visiting(visit));
            }
            None => self.mail_lost(ctx),
        }
    }

    pub(super) fn new_pin_typed(&mut self, ctx: &mut Ctx<'_>, mut visit: Box<Visit>, digits: &str) {
        let Stage::NewPin { first, .. } = &mut visit.stage else {
            return self.keep_mail(Mail::Visiting(visit));
        };
        let first = first.take();
        self.typing = Typing::Open;
        let speaker = visit.desk.speaker.clone();
        let fits = DIGITS.contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        match first {
            None if fits => self.ask_new_pin(ctx, visit, Some(digits.to_owned()), vec![]),
            None => {
                let said = vec![speaker.prompt("voicemail/password-too-short")];
                self.puzzled(ctx, visit, "", |call, ctx, visit, _| call.main_menu(ctx, visit, said));
            }
            Some(first) if first == digits => {
                let mailbox = visit.desk.mailbox.number.clone();
                order(ctx, MailOrder::Pin { mailbox, pin: first });
                visit.tries = 0;
                self.main_menu(ctx, visit, vec![speaker.prompt("voicemail/password-changed")]);
            }
            Some(_) => {
                let said = vec![speaker.prompt("voicemail/passwords-differ")];
                self.puzzled(ctx, visit, "", |call, ctx, visit, _| call.main_menu(ctx, visit, said));
            }
        }
    }
}
