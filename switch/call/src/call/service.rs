//! What Tandem itself says and plays as the far end of a call: announcements, test tones, conferences.

use std::time::Duration;

use base::media::{Collect, CollectId, DigitSet, MediaCommand, Over, PlayId, Sound};
use base::{Cause, LegId, Party};
use provision::{Conference, Feature};
use route::Local;

use super::feature::Dialling;
use super::happenings::Typing;
use super::joining::open_port;
use super::local::LocalEnd;
use super::mail::Mail;
use super::{Call, Ctx, Phase, Refusal};
use crate::act::Act;
use crate::pins::Guesser;

/// What is heard first after the answer, in milliseconds: phones need a moment.
const MOMENT_MS: u32 = 300;
/// Between two times that the same is said, in milliseconds.
const BETWEEN_MS: u32 = 700;
/// Wrong PINs before the call ends.
const TRIES: u8 = 3;
/// Most digits of a PIN.
const PIN_DIGITS: u8 = 12;
/// How long the first digit of a PIN may take, and the next.
const PIN_WAITS: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(4)];
/// Before each question for the PIN of a conference that too many get wrong.
const ATTACKED_MS: u32 = 4_000;

/// What Tandem does as the far end.
#[derive(Debug)]
pub(super) enum Service {
    /// The caller made no offer: it begins with the answer to ours.
    Waiting(Local),
    /// A mailbox: a message is left, or messages are listened to.
    Mail(Box<Mail>),
    /// Something is said; the call ends after it.
    Saying(PlayId),
    /// A tone, for as long as the caller listens.
    Sounding,
    /// Why the call is refused, before it is.
    Refusing { refusal: Refusal, by: Party, play: PlayId },
    /// The PIN of a conference is asked for after this: too many get it wrong just now.
    Pausing { conference: String, language: String, tries: u8, play: PlayId },
    /// The PIN of a conference is asked for.
    Asking { conference: String, language: String, tries: u8, collect: CollectId },
    /// A number is dialled by keys.
    Dialling(Dialling),
    /// In the room of a conference, or waiting to be let in.
    Inside,
}

impl Call {
    /// Answers and begins; once the caller has said where it listens.
    pub(super) fn serve(&mut self, ctx: &mut Ctx<'_>, local: Local) {
        if !self.pick_up(ctx) {
            return;
        }
        if self.late.is_some() {
            return self.stand(Service::Waiting(local));
        }
        self.begin_service(ctx, local);
    }

    /// The answer to our offer has come.
    pub(super) fn service_heard(&mut self, ctx: &mut Ctx<'_>) {
        let Phase::Local(LocalEnd::Serving(service)) = &mut self.phase else { return };
        if let Service::Waiting(local) = &**service {
            let local = local.clone();
            self.begin_service(ctx, local);
        }
    }

    pub(super) fn stand(&mut self, service: Service) {
        self.phase = Phase::Local(LocalEnd::Serving(Box::new(service)));
    }

    fn begin_service(&mut self, ctx: &mut Ctx<'_>, local: Local) {
        let caller = self.caller();
        match local {
            Local::Milliwatt => {
                self.play(ctx, caller, vec![Sound::Tone(sounds::tones::milliwatt())], 0, Over::Alone);
                self.stand(Service::Sounding);
            }
            Local::OwnNumber => {
                let speaker = self.speaker(ctx, caller, "");
                let mut said = vec![speaker.prompt("feature/your-extension-is")];
                said.extend(speaker.spell(&self.facts.caller));
                self.say(ctx, said, 1);
            }
            Local::Slot { slot, .. } => {
                let said = self.slot_words(ctx, caller, slot);
                self.say(ctx, said, 1);
            }
            Local::Reach(change) => self.change_reach(ctx, change),
            Local::Play { prompt, times, language } => {
                let said = vec![self.speaker(ctx, caller, &language).prompt(&prompt)];
                self.say(ctx, said, times);
            }
            Local::Conference { name, language } => self.come_in(ctx, name, language),
            Local::Voicemail { mailbox, greeting } => self.greet(ctx, &mailbox, greeting),
            Local::Mailbox { own } => self.open_mailbox(ctx, own),
            Local::Feature { feature: Feature::Page, rest } => self.page(ctx, &rest),
            Local::Feature { feature, rest } => self.spoken_feature(ctx, feature, &rest),
            Local::Echo | Local::Test(_) => {}
        }
    }

    /// Says this so many times, then hangs up.
    pub(super) fn say(&mut self, ctx: &mut Ctx<'_>, said: Vec<Sound>, times: u16) {
        let caller = self.caller();
        let mut items = vec![Sound::Silence(MOMENT_MS)];
        items.extend(said);
        items.push(Sound::Silence(BETWEEN_MS));
        match self.play(ctx, caller, items, times, Over::Alone) {
            Some(play) => self.stand(Service::Saying(play)),
            None => self.finish(ctx, Refusal::of(Cause::Internal), Party::System),
        }
    }

    /// A playing is over: what was said last before the end has been said.
    pub(super) fn served(&mut self, ctx: &mut Ctx<'_>, leg: LegId, over: PlayId) {
        let Phase::Local(LocalEnd::Serving(service)) = &mut self.phase else { return };
        match &mut **service {
            Service::Saying(play) if *play == over => {
                self.finish(ctx, Refusal::of(Cause::Normal), Party::Callee);
            }
            Service::Refusing { refusal, by, play } if *play == over => {
                let (refusal, by) = (*refusal, *by);
                self.finish(ctx, refusal, by);
            }
            Service::Pausing { conference, language, tries, play } if *play == over => {
                let (conference, language, tries) = (conference.clone(), language.clone(), *tries);
                self.ask_pin(ctx, conference, language, tries, vec![]);
            }
            Service::Mail(_) => self.mail_played(ctx, over),
            Service::Inside => self.alone_heard(over),
            Service::Waiting(_)
            | Service::Saying(_)
            | Service::Sounding
            | Service::Refusing { .. }
            | Service::Pausing { .. }
            | Service::Asking { .. }
            | Service::Dialling(_) => {
                let _elsewhere = leg;
            }
        }
    }

    fn come_in(&mut self, ctx: &mut Ctx<'_>, name: String, language: String) {
        let Some(conference) = ctx.routes.conference(&name) else {
            return self.finish(ctx, Refusal::of(Cause::NoRoute), Party::System);
        };
        if conference.pin.is_empty() && conference.moderator_pin.is_empty() {
            return self.enter(ctx, name, false);
        }
        let language = if language.is_empty() { conference.language.clone() } else { language };
        self.typing = Typing::Secret;
        self.question(ctx, name, language, 0);
    }

    /// The next question for a PIN, at once or after a pause; none to who has got too many wrong.
    fn question(&mut self, ctx: &mut Ctx<'_>, conference: String, language: String, tries: u8) {
        let caller = self.caller();
        let wrong = self.speaker(ctx, caller, &language).prompt("conference/wrong-pin");
        if tries >= TRIES || ctx.pins.refuses(ctx.now.mono, &self.guesser()) {
            return self.say(ctx, vec![wrong], 1);
        }
        let said = if tries > 0 { vec![wrong] } else { vec![] };
        if !ctx.pins.is_attacked(ctx.now.mono, &conference) {
            return self.ask_pin(ctx, conference, language, tries, said);
        }
        let items = [Sound::Silence(MOMENT_MS)].into_iter().chain(said).chain([Sound::Silence(ATTACKED_MS)]);
        match self.play(ctx, caller, items.collect(), 1, Over::Alone) {
            Some(play) => self.stand(Service::Pausing { conference, language, tries, play }),
            None => self.finish(ctx, Refusal::of(Cause::Internal), Party::System),
        }
    }

    /// Whose wrong PINs count together.
    pub(super) fn guesser(&self) -> Guesser {
        Guesser::of(self.guest(), &self.facts.caller)
    }

    /// Asks for the PIN, after these words.
    fn ask_pin(
        &mut self,
        ctx: &mut Ctx<'_>,
        conference: String,
        language: String,
        tries: u8,
        before: Vec<Sound>,
    ) {
        let caller = self.caller();
        let question = self.speaker(ctx, caller, &language).prompt("conference/enter-pin");
        let said = [Sound::Silence(MOMENT_MS)].into_iter().chain(before).chain([question]);
        self.play(ctx, caller, said.collect(), 1, Over::Alone);
        let Some(port) = self.leg(caller).and_then(open_port) else { return };
        self.plays += 1;
        let id = CollectId(self.plays);
        let [first, between] = PIN_WAITS;
        let collect = Box::new(Collect {
            id,
            most: PIN_DIGITS,
            first,
            between,
            terminators: DigitSet::of("#"),
            barges_in: true,
            type_ahead: tries == 0,
        });
        ctx.out.push(Act::Media(MediaCommand::Collect { port, collect }));
        self.stand(Service::Asking { conference, language, tries, collect: id });
    }

    /// Digits have been typed.
    pub(super) fn collected(&mut self, ctx: &mut Ctx<'_>, collect: CollectId, digits: &str) {
        if self.mail_typed(ctx, collect, digits) {
            return;
        }
        if let Some(dialling) = self.take_dialling() {
            return self.dialling_typed(ctx, dialling, collect, digits);
        }
        let Phase::Local(LocalEnd::Serving(service)) = &self.phase else { return };
        let Service::Asking { conference, language, tries, collect: asked } = &**service else { return };
        if *asked != collect {
            return;
        }
        let (name, language, tries) = (conference.clone(), language.clone(), *tries);
        let refused = ctx.pins.refuses(ctx.now.mono, &self.guesser());
        let who = ctx.routes.conference(&name).map(|it| Key::of(it, digits).filter(|_| !refused));
        match who {
            Some(Some(key)) => self.enter(ctx, name, key == Key::Moderator),
            Some(None) => {
                ctx.out.push(Act::Count("conference_pins_wrong"));
                ctx.pins.wrong(ctx.now.mono, &name, &self.guesser());
                self.question(ctx, name, language, tries + 1);
            }
            None => self.finish(ctx, Refusal::of(Cause::NoRoute), Party::System),
        }
    }
}

/// What a PIN opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Member,
    Moderator,
}

impl Key {
    fn of(conference: &Conference, digits: &str) -> Option<Self> {
        let moderates = !digits.is_empty() && conference.moderator_pin == digits;
        match moderates {
            true => Some(Self::Moderator),
            false => (conference.pin == digits).then_some(Self::Member),
        }
    }
}
