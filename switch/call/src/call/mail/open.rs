//! Which mailbox, and whether the caller may open it.

use base::fact::Endpoint;
use base::media::{CollectId, Sound};

use super::super::happenings::Typing;
use super::super::{Call, Ctx};
use super::{MOMENT_MS, Mail, TRIES};
use crate::act::Act;

/// Most digits of a mailbox's number.
const NUMBER_DIGITS: u8 = 32;
/// Most digits of a PIN.
const PIN_DIGITS: u8 = 12;

/// A mailbox that is being opened.
#[derive(Debug)]
pub(in crate::call) struct Opening {
    /// What was typed, or whose phone it is.
    number: Option<String>,
    /// The number is asked for again after a wrong PIN.
    any: bool,
    collect: CollectId,
    tries: u8,
}

impl Call {
    /// The station's own mailbox, or any one by its number.
    pub(in crate::call) fn open_mailbox(&mut self, ctx: &mut Ctx<'_>, own: Option<String>) {
        let Some(number) = own else { return self.ask_number(ctx, 0, vec![]) };
        let Some(mailbox) = ctx.routes.mailbox(&number) else {
            let speaker = self.speaker(ctx, self.caller(), "");
            return self.mail_end(ctx, vec![speaker.prompt("voicemail/no-mailbox")]);
        };
        if mailbox.skip_pin || mailbox.pin.is_empty() {
            return self.visit(ctx, mailbox);
        }
        self.ask_mail_pin(ctx, number, false, 0, vec![]);
    }

    /// The owner calls in and is greeted like anybody: with the PIN it gets inside.
    pub(super) fn open_from_greeting(&mut self, ctx: &mut Ctx<'_>, number: String) {
        self.ask_mail_pin(ctx, number, false, 0, vec![]);
    }

    fn ask_number(&mut self, ctx: &mut Ctx<'_>, tries: u8, before: Vec<Sound>) {
        let question = self.speaker(ctx, self.caller(), "").prompt("voicemail/enter-mailbox");
        let said = [Sound::Silence(MOMENT_MS)].into_iter().chain(before).chain([question]).collect();
        match self.mail_ask(ctx, said, NUMBER_DIGITS, tries == 0) {
            Some(collect) => {
                self.keep_mail(Mail::Opening(Opening { number: None, any: true, collect, tries }));
            }
            None => self.mail_lost(ctx),
        }
    }

    fn ask_mail_pin(&mut self, ctx: &mut Ctx<'_>, number: String, any: bool, tries: u8, before: Vec<Sound>) {
        self.typing = Typing::Secret;
        let question = self.speaker(ctx, self.caller(), "").prompt("voicemail/enter-password");
        let said = [Sound::Silence(MOMENT_MS)].into_iter().chain(before).chain([question]).collect();
        match self.mail_ask(ctx, said, PIN_DIGITS, tries == 0) {
            Some(collect) => {
                self.keep_mail(Mail::Opening(Opening { number: Some(number), any, collect, tries }));
            }
            None => self.mail_lost(ctx),
        }
    }

    pub(super) fn opening_typed(
        &mut self,
        ctx: &mut Ctx<'_>,
        opening: Opening,
        collect: CollectId,
        digits: &str,
    ) {
        if opening.collect != collect {
            return self.keep_mail(Mail::Opening(opening));
        }
        let Some(number) = opening.number else {
            if digits.is_empty() {
                return self.wrong_mailbox(ctx, None, true, opening.tries);
            }
            return self.ask_mail_pin(ctx, digits.to_owned(), true, opening.tries, vec![]);
        };
        let refused = self.is_guessing(ctx, &number);
        let mailbox = ctx.routes.mailbox(&number);
        match mailbox.filter(|it| !refused && !it.pin.is_empty() && it.pin == digits) {
            Some(mailbox) => self.visit(ctx, mailbox),
            None => self.wrong_mailbox(ctx, Some(number), opening.any, opening.tries),
        }
    }

    /// Whether no PIN is looked at: of whom got too many wrong, and from outside where too many did.
    fn is_guessing(&self, ctx: &Ctx<'_>, number: &str) -> bool {
        let outside = !matches!(self.guest(), Endpoint::Station(_));
        let attacked = || ctx.pins.is_attacked(ctx.now.mono, &guessed(number));
        ctx.pins.refuses(ctx.now.mono, &self.guesser()) || outside && attacked()
    }

    /// Nobody learns whether the number or the PIN was wrong.
    fn wrong_mailbox(&mut self, ctx: &mut Ctx<'_>, number: Option<String>, any: bool, tries: u8) {
        let guesser = self.guesser();
        if let Some(number) = &number {
            ctx.out.push(Act::Count("mailbox_pins_wrong"));
            let known = ctx.routes.mailbox(number).is_some();
            let name = if known { guessed(number) } else { "voicemail".to_owned() };
            ctx.pins.wrong(ctx.now.mono, &name, &guesser);
        }
        self.typing = Typing::Open;
        let wrong = self.speaker(ctx, self.caller(), "").prompt("voicemail/wrong-password");
        if tries + 1 >= TRIES || ctx.pins.refuses(ctx.now.mono, &guesser) {
            return self.mail_end(ctx, vec![wrong]);
        }
        match number.filter(|_| !any) {
            Some(number) => self.ask_mail_pin(ctx, number, any, tries + 1, vec![wrong]),
            None => self.ask_number(ctx, tries + 1, vec![wrong]),
        }
    }
}

/// The name under which wrong PINs of a mailbox count.
fn guessed(number: &str) -> String {
    format!("voicemail:{number}")
}
