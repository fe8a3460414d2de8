//! `*77`: a prompt is recorded by phone, and `play:custom/NNN` says it from then on.
//!
//! ```text
//!   number ─► tone ─► recording ─► closing ─► heard: 1 keeps, 2 again ─► in the library
//! ```

use std::sync::Arc;

use base::RecordingId;
use base::fact::What;
use base::mail::{MailFile, MailOrder, MailPart};
use base::media::{CollectId, Over, PlayId, RecordingFormat, Sound};
use provision::{Mailbox, Role};

use super::super::{Call, CallTimer, Ctx};
use super::{Closed, Desk, MOMENT_MS, Mail, PATIENCE, TRIES, Taking, order};
use crate::act::Act;

/// Most digits of a prompt's number.
const NUMBER_DIGITS: u8 = 6;
/// The folder of recordings that become prompts.
const FOLDER: &str = "prompts";

/// A prompt that is being recorded.
#[derive(Debug)]
pub(in crate::call) struct Prompting {
    desk: Desk,
    /// Its id, such as `custom/12`; empty before its number is known.
    id: String,
    stage: Stage,
    tries: u8,
}

#[derive(Debug)]
enum Stage {
    Number {
        collect: CollectId,
    },
    Beep {
        play: PlayId,
    },
    Recording(Taking),
    Closing {
        recording: RecordingId,
        silent_ms: u32,
    },
    Agree {
        file: MailFile,
        silent_ms: u32,
        collect: CollectId,
    },
    /// It is being taken into the library.
    Keeping,
}

impl Prompting {
    pub(super) fn takes(&self, recording: RecordingId) -> bool {
        match &self.stage {
            Stage::Recording(taking) => taking.recording == recording,
            Stage::Closing { recording: known, .. } => *known == recording,
            Stage::Number { .. } | Stage::Beep { .. } | Stage::Agree { .. } | Stage::Keeping => false,
        }
    }

    pub(super) fn taking(&mut self) -> Option<&mut Taking> {
        match &mut self.stage {
            Stage::Recording(taking) => Some(taking),
            Stage::Number { .. }
            | Stage::Beep { .. }
            | Stage::Closing { .. }
            | Stage::Agree { .. }
            | Stage::Keeping => None,
        }
    }

    /// The caller is gone: what was not agreed to is not kept.
    pub(super) fn leave_off(&self, ctx: &mut Ctx<'_>) {
        let recording = match &self.stage {
            Stage::Recording(taking) => taking.recording,
            Stage::Closing { recording, .. } => *recording,
            Stage::Agree { file, .. } => file.recording,
            Stage::Number { .. } | Stage::Beep { .. } | Stage::Keeping => return,
        };
        order(ctx, MailOrder::Drop { recording });
    }

    /// Its language: that of whoever records it.
    fn language(&self) -> Arc<str> {
        match self.desk.speaker.prompt(&self.id) {
            Sound::Prompt(name) => name.language,
            Sound::Tone(_) | Sound::Silence(_) | Sound::Music { .. } | Sound::Message { .. } => "en".into(),
        }
    }
}

impl Call {
    /// Supervisors may, on the phones that are theirs.
    pub(in crate::call) fn record_prompt(&mut self, ctx: &mut Ctx<'_>, number: &str) {
        let station = self.calling_station().and_then(|extension| ctx.routes.station(extension));
        let user = station.and_then(|station| ctx.routes.user(&station.user));
        if user.is_none_or(|user| user.role < Role::Supervisor) {
            ctx.out.push(Act::Count("prompts_refused"));
            let said = vec![self.speaker(ctx, self.caller(), "").prompt("feature/not-available")];
            return self.mail_end(ctx, said);
        }
        let mailbox = Mailbox { format: RecordingFormat::Wav, ..Mailbox::numbered(FOLDER) };
        let desk = self.desk(ctx, mailbox);
        let stage = Stage::Beep { play: PlayId(0) };
        let prompting = Box::new(Prompting { desk, id: String::new(), stage, tries: 0 });
        if number.is_empty() {
            return self.ask_prompt(ctx, prompting, vec![]);
        }
        self.prompt_named(ctx, prompting, number);
    }

    fn keep_prompting(&mut self, prompting: Box<Prompting>) {
        self.keep_mail(Mail::Prompting(prompting));
    }

    fn ask_prompt(&mut self, ctx: &mut Ctx<'_>, mut prompting: Box<Prompting>, before: Vec<Sound>) {
        let question = prompting.desk.speaker.prompt("menu/enter-number");
        let said = [Sound::Silence(MOMENT_MS)].into_iter().chain(before).chain([question]).collect();
        match self.mail_ask(ctx, said, NUMBER_DIGITS, true) {
            Some(collect) => {
                prompting.stage = Stage::Number { collect };
                self.keep_prompting(prompting);
            }
            None => self.mail_lost(ctx),
        }
    }

    fn prompt_named(&mut self, ctx: &mut Ctx<'_>, mut prompting: Box<Prompting>, number: &str) {
        let fits = (1..=usize::from(NUMBER_DIGITS)).contains(&number.len())
            && number.bytes().all(|b| b.is_ascii_digit());
        if fits {
            prompting.id = format!("custom/{number}");
            return self.begin_prompt(ctx, prompting);
        }
        prompting.tries += 1;
        let said = vec![prompting.desk.speaker.prompt("menu/invalid")];
        if prompting.tries >= TRIES {
            return self.mail_end(ctx, said);
        }
        self.ask_prompt(ctx, prompting, said);
    }

    fn begin_prompt(&mut self, ctx: &mut Ctx<'_>, mut prompting: Box<Prompting>) {
        let caller = self.caller();
        let said = vec![Sound::Silence(MOMENT_MS), Sound::Tone(sounds::tones::beep())];
        let Some(play) = self.play(ctx, caller, said, 1, Over::Alone) else { return self.mail_lost(ctx) };
        prompting.stage = Stage::Beep { play };
        self.keep_prompting(prompting);
    }

    pub(super) fn prompting_played(
        &mut self,
        ctx: &mut Ctx<'_>,
        mut prompting: Box<Prompting>,
        over: PlayId,
    ) {
        if matches!(prompting.stage, Stage::Beep { play } if play == over) {
            let (id, language) = (prompting.id.clone(), prompting.language().to_string());
            let what = MailPart::Prompt { id, language };
            let Some(taking) = self.take(ctx, &prompting.desk, what) else { return self.mail_lost(ctx) };
            prompting.stage = Stage::Recording(taking);
        }
        self.keep_prompting(prompting);
    }

    pub(super) fn prompting_typed(
        &mut self,
        ctx: &mut Ctx<'_>,
        prompting: Box<Prompting>,
        collect: CollectId,
        digits: &str,
    ) {
        match &prompting.stage {
            Stage::Number { collect: known } if *known == collect => {
                self.prompt_named(ctx, prompting, digits)
            }
            Stage::Recording(taking) if taking.collect == Some(collect) && !digits.is_empty() => {
                self.close_prompt(ctx, prompting);
            }
            Stage::Agree { collect: known, file, silent_ms } if *known == collect => {
                let (recording, silent_ms) = (file.recording, *silent_ms);
                self.prompt_heard(ctx, prompting, (recording, silent_ms), digits);
            }
            Stage::Number { .. }
            | Stage::Beep { .. }
            | Stage::Recording(_)
            | Stage::Closing { .. }
            | Stage::Agree { .. }
            | Stage::Keeping => self.keep_prompting(prompting),
        }
    }

    /// 1 keeps it, 2 records it again; nothing keeps nothing.
    fn prompt_heard(
        &mut self,
        ctx: &mut Ctx<'_>,
        mut prompting: Box<Prompting>,
        (recording, silent_ms): (RecordingId, u32),
        digits: &str,
    ) {
        if digits == "1" {
            order(ctx, MailOrder::Keep { recording, urgent: false, silent_ms });
            let prompt = prompting.id.clone();
            ctx.out.push(Act::Fact(What::PromptRecorded { prompt, recording }));
            self.timers.set(CallTimer::Script, ctx.now.mono + PATIENCE);
            prompting.stage = Stage::Keeping;
            return self.keep_prompting(prompting);
        }
        order(ctx, MailOrder::Drop { recording });
        if digits == "2" {
            return self.begin_prompt(ctx, prompting);
        }
        self.mail_end(ctx, vec![prompting.desk.speaker.prompt("menu/cancelled")]);
    }

    /// Silence has lasted, or something takes too long.
    pub(super) fn prompting_due(&mut self, ctx: &mut Ctx<'_>, prompting: Box<Prompting>) {
        match &prompting.stage {
            Stage::Recording(_) => self.close_prompt(ctx, prompting),
            Stage::Closing { .. } | Stage::Keeping => {
                prompting.leave_off(ctx);
                self.prompt_lost(ctx, &prompting);
            }
            Stage::Number { .. } | Stage::Beep { .. } | Stage::Agree { .. } => self.keep_prompting(prompting),
        }
    }

    fn prompt_lost(&mut self, ctx: &mut Ctx<'_>, prompting: &Prompting) {
        ctx.out.push(Act::Count("prompts_failed"));
        self.mail_end(ctx, vec![prompting.desk.speaker.prompt("feature/not-available")]);
    }

    fn close_prompt(&mut self, ctx: &mut Ctx<'_>, mut prompting: Box<Prompting>) {
        if let Stage::Recording(taking) = &prompting.stage {
            let (recording, silent_ms) = (taking.recording, taking.silent_ms(ctx.now.mono));
            self.stop_taking(ctx, recording);
            prompting.stage = Stage::Closing { recording, silent_ms };
        }
        self.keep_prompting(prompting);
    }

    /// The file is closed, or there is none: the disk is full, or refuses.
    pub(super) fn prompting_closed(
        &mut self,
        ctx: &mut Ctx<'_>,
        mut prompting: Box<Prompting>,
        closed: Closed,
    ) {
        self.timers.stop(CallTimer::Script);
        let silent_ms = match &prompting.stage {
            Stage::Closing { silent_ms, .. } => *silent_ms,
            Stage::Recording(taking) => taking.silent_ms(ctx.now.mono),
            Stage::Number { .. } | Stage::Beep { .. } | Stage::Agree { .. } | Stage::Keeping => 0,
        };
        let Some((file, _)) = closed else { return self.prompt_lost(ctx, &prompting) };
        let audio = Sound::Message { file: file.clone(), from_ms: 0 };
        let said = vec![audio, prompting.desk.speaker.prompt("menu/if-correct")];
        match self.mail_ask(ctx, said, 1, false) {
            Some(collect) => {
                prompting.stage = Stage::Agree { file, silent_ms, collect };
                self.keep_prompting(prompting);
            }
            None => self.mail_lost(ctx),
        }
    }

    /// It is in the library, or it is not and will not be.
    pub(super) fn prompt_kept(&mut self, ctx: &mut Ctx<'_>, prompting: Box<Prompting>, kept: bool) {
        if !matches!(prompting.stage, Stage::Keeping) {
            return self.keep_prompting(prompting);
        }
        self.timers.stop(CallTimer::Script);
        if kept {
            self.mail_end(ctx, vec![prompting.desk.speaker.prompt("menu/saved")]);
        } else {
            self.prompt_lost(ctx, &prompting);
        }
    }
}
