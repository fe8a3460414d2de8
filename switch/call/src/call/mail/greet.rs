//! A greeting is recorded by phone.

use base::RecordingId;
use base::mail::{GreetingKind, MailFile, MailOrder, MailPart};
use base::media::{CollectId, Over, PlayId, Sound};

use super::super::{Call, Ctx};
use super::said;
use super::visit::{Stage, Visit};
use super::{Closed, MOMENT_MS, Mail, Taking, order};

/// How far a greeting has come.
#[derive(Debug)]
pub(super) enum GreetingStage {
    /// Which one?
    Which {
        collect: CollectId,
    },
    /// What to do is said, then the tone.
    Beep {
        play: PlayId,
        kind: GreetingKind,
    },
    Recording {
        taking: Taking,
        kind: GreetingKind,
    },
    /// The file is being closed.
    Closing {
        recording: RecordingId,
        silent_ms: u32,
        kind: GreetingKind,
    },
    /// It is heard; shall it be so?
    Agree {
        file: MailFile,
        silent_ms: u32,
        kind: GreetingKind,
        collect: CollectId,
    },
}

impl GreetingStage {
    pub(super) fn takes(&self, recording: RecordingId) -> bool {
        match self {
            Self::Recording { taking, .. } => taking.recording == recording,
            Self::Closing { recording: known, .. } => *known == recording,
            Self::Which { .. } | Self::Beep { .. } | Self::Agree { .. } => false,
        }
    }

    pub(super) fn taking(&mut self) -> Option<&mut Taking> {
        match self {
            Self::Recording { taking, .. } => Some(taking),
            Self::Which { .. } | Self::Beep { .. } | Self::Closing { .. } | Self::Agree { .. } => None,
        }
    }

    pub(super) fn recording(&self) -> Option<RecordingId> {
        match self {
            Self::Recording { taking, .. } => Some(taking.recording),
            Self::Closing { recording, .. } => Some(*recording),
            Self::Agree { file, .. } => Some(file.recording),
            Self::Which { .. } | Self::Beep { .. } => None,
        }
    }
}

impl Call {
    pub(super) fn choose_greeting(&mut self, ctx: &mut Ctx<'_>, mut visit: Box<Visit>, before: Vec<Sound>) {
        let said = before.into_iter().chain(said::greeting_menu(&visit.desk.speaker)).collect();
        match self.mail_ask(ctx, said, 1, true) {
            Some(collect) => {
                visit.stage = Stage::Greeting(GreetingStage::Which { collect });
                self.keep_mail(Mail::Visiting(visit));
            }
            None => self.mail_lost(ctx),
        }
    }

    pub(super) fn greeting_typed(
        &mut self,
        ctx: &mut Ctx<'_>,
        visit: Box<Visit>,
        collect: CollectId,
        digits: &str,
    ) {
        let Stage::Greeting(stage) = &visit.stage else { return self.keep_mail(Mail::Visiting(visit)) };
        match stage {
            GreetingStage::Which { collect: known } if *known == collect => {
                self.greeting_chosen(ctx, visit, digits);
            }
            GreetingStage::Recording { taking, .. }
                if taking.collect == Some(collect) && !digits.is_empty() =>
            {
                self.close_greeting(ctx, visit);
            }
            GreetingStage::Agree { collect: known, file, silent_ms, kind } if *known == collect => {
                let (recording, silent_ms, kind) = (file.recording, *silent_ms, *kind);
                let speaker = visit.desk.speaker.clone();
                if digits == "1" {
                    order(ctx, MailOrder::Keep { recording, urgent: false, silent_ms });
                    return self.main_menu(ctx, visit, vec![speaker.prompt("voicemail/greeting-saved")]);
                }
                order(ctx, MailOrder::Drop { recording });
                if digits == "2" {
                    return self.begin_greeting(ctx, visit, kind);
                }
                self.main_menu(ctx, visit, vec![speaker.prompt("menu/cancelled")]);
            }
            GreetingStage::Which { .. }
            | GreetingStage::Beep { .. }
            | GreetingStage::Recording { .. }
            | GreetingStage::Closing { .. }
            | GreetingStage::Agree { .. } => self.keep_mail(Mail::Visiting(visit)),
        }
    }

    fn greeting_chosen(&mut self, ctx: &mut Ctx<'_>, visit: Box<Visit>, digits: &str) {
        let kind = match digits {
            "1" | "7" => GreetingKind::Unavailable,
            "2" | "8" => GreetingKind::Busy,
            "3" | "9" => GreetingKind::Temporary,
            "#" => return self.main_menu(ctx, visit, vec![]),
            _other => {
                return self.puzzled(ctx, visit, digits, |call, ctx, visit, said| {
                    call.choose_greeting(ctx, visit, said);
                });
            }
        };
        if matches!(digits, "1" | "2" | "3") {
            return self.begin_greeting(ctx, visit, kind);
        }
        order(ctx, MailOrder::Ungreet { mailbox: visit.desk.mailbox.number.clone(), kind });
        let said = vec![visit.desk.speaker.prompt("voicemail/greeting-removed")];
        self.main_menu(ctx, visit, said);
    }

    fn begin_greeting(&mut self, ctx: &mut Ctx<'_>, mut visit: Box<Visit>, kind: GreetingKind) {
        let ask = visit.desk.speaker.prompt("voicemail/record-greeting");
        let said = vec![Sound::Silence(MOMENT_MS), ask, Sound::Tone(sounds::tones::beep())];
        let caller = self.caller();
        let Some(play) = self.play(ctx, caller, said, 1, Over::Alone) else { return self.mail_lost(ctx) };
        visit.stage = Stage::Greeting(GreetingStage::Beep { play, kind });
        self.keep_mail(Mail::Visiting(visit));
    }

    pub(super) fn greeting_played(&mut self, ctx: &mut Ctx<'_>, mut visit: Box<Visit>, over: PlayId) {
        if let Stage::Greeting(GreetingStage::Beep { play, kind }) = visit.stage
            && play == over
        {
            let what = MailPart::Greeting { kind };
            let Some(taking) = self.take(ctx, &visit.desk, what) else { return self.mail_lost(ctx) };
            visit.stage = Stage::Greeting(GreetingStage::Recording { taking, kind });
        }
        self.keep_mail(Mail::Visiting(visit));
    }

    /// Silence has lasted, or the file is not closed in time.
    pub(super) fn greeting_due(&mut self, ctx: &mut Ctx<'_>, visit: Box<Visit>) {
        match &visit.stage {
            Stage::Greeting(GreetingStage::Recording { .. }) => self.close_greeting(ctx, visit),
            Stage::Greeting(GreetingStage::Closing { .. }) => {
                visit.leave_off(ctx);
                let said = vec![visit.desk.speaker.prompt("feature/not-available")];
                self.main_menu(ctx, visit, said);
            }
            Stage::Greeting(_)
            | Stage::Reading
            | Stage::Main { .. }
            | Stage::Message { .. }
            | Stage::ForwardTo { .. }
            | Stage::NewPin { .. } => self.keep_mail(Mail::Visiting(visit)),
        }
    }

    fn close_greeting(&mut self, ctx: &mut Ctx<'_>, mut visit: Box<Visit>) {
        if let Stage::Greeting(GreetingStage::Recording { taking, kind }) = &visit.stage {
            let (recording, silent_ms, kind) = (taking.recording, taking.silent_ms(ctx.now.mono), *kind);
            self.stop_taking(ctx, recording);
            visit.stage = Stage::Greeting(GreetingStage::Closing { recording, silent_ms, kind });
        }
        self.keep_mail(Mail::Visiting(visit));
    }

    pub(super) fn greeting_closed(&mut self, ctx: &mut Ctx<'_>, mut visit: Box<Visit>, closed: Closed) {
        let (silent_ms, kind) = match &visit.stage {
            Stage::Greeting(GreetingStage::Closing { silent_ms, kind, .. }) => (*silent_ms, *kind),
            Stage::Greeting(GreetingStage::Recording { taking, kind }) => {
                (taking.silent_ms(ctx.now.mono), *kind)
            }
            Stage::Greeting(_)
            | Stage::Reading
            | Stage::Main { .. }
            | Stage::Message { .. }
            | Stage::ForwardTo { .. }
            | Stage::NewPin { .. } => return self.keep_mail(Mail::Visiting(visit)),
        };
        let speaker = visit.desk.speaker.clone();
        let Some((file, _)) = closed else {
            return self.main_menu(ctx, visit, vec![speaker.prompt("feature/not-available")]);
        };
        let audio = Sound::Message { file: file.clone(), from_ms: 0 };
        let said = vec![speaker.prompt("voicemail/greeting-is"), audio, speaker.prompt("menu/if-correct")];
        match self.mail_ask(ctx, said, 1, false) {
            Some(collect) => {
                visit.stage = Stage::Greeting(GreetingStage::Agree { file, silent_ms, kind, collect });
                self.keep_mail(Mail::Visiting(visit));
            }
            None => self.mail_lost(ctx),
        }
    }
}
