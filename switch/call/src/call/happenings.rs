//! What was heard in a call, for its page: digits, detected sounds, troubles, prompts that do not exist, who
//! listens in.

use base::media::MediaEvent;
use base::{LegId, Now};

use super::Call;
use crate::view::HappeningView;

/// What the keys are that a caller presses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Typing {
    /// Anybody may see them.
    #[default]
    Open,
    /// A PIN or the like: that a key was pressed is shown, which one is not.
    Secret,
}

/// Stands for a key that is nobody's business.
const HIDDEN: &str = "•";
/// Happenings of a call that are kept; older ones go.
const KEPT: usize = 32;

impl Call {
    /// Keeps what its page shows of an event.
    pub(super) fn keep(&mut self, now: Now, leg: LegId, event: &MediaEvent) {
        let Some((what, mut detail)) = told(event) else { return };
        let is_key = matches!(event, MediaEvent::Digit { .. });
        if is_key && self.typing == Typing::Secret && leg == self.caller() {
            HIDDEN.clone_into(&mut detail);
        }
        let place = self.legs.iter().position(|known| known.id == leg).unwrap_or(0);
        self.note(HappeningView { at: now.wall, leg: place, what, detail });
    }

    /// A far end that speaks what we cannot read would not speak anything else.
    pub(super) fn cannot_be_heard(&mut self, now: Now, leg: LegId, status: u16) {
        let detail = match status {
            0 => "an exchange was open when it was asked for another codec".to_owned(),
            status => format!("it was asked for another codec and refused with {status}"),
        };
        let place = self.legs.iter().position(|known| known.id == leg).unwrap_or(0);
        self.note(HappeningView { at: now.wall, leg: place, what: "not_understood", detail });
    }

    /// A phone pressed a code, and it was done or not.
    pub(super) fn coded(&mut self, now: Now, leg: LegId, code: String, done: bool) {
        let place = self.legs.iter().position(|known| known.id == leg).unwrap_or(0);
        let what = if done { "code" } else { "code_refused" };
        self.note(HappeningView { at: now.wall, leg: place, what, detail: code });
    }

    /// A phone was told to answer by itself and does not.
    pub(super) fn ignored(&mut self, now: Now, leg: LegId, extension: String) {
        let place = self.legs.iter().position(|known| known.id == leg).unwrap_or(0);
        self.note(HappeningView { at: now.wall, leg: place, what: "auto_answer_ignored", detail: extension });
    }

    /// Somebody listens in on a leg from now on.
    pub(super) fn tapped(&mut self, now: Now, leg: LegId, by: String) {
        let place = self.legs.iter().position(|known| known.id == leg).unwrap_or(0);
        self.note(HappeningView { at: now.wall, leg: place, what: "tapped", detail: by });
    }

    /// A supervisor takes part, or no longer.
    pub(super) fn note_supervisor(&mut self, now: Now, leg: LegId, detail: String) {
        let place = self.legs.iter().position(|known| known.id == leg).unwrap_or(0);
        self.note(HappeningView { at: now.wall, leg: place, what: "supervised", detail });
    }

    fn note(&mut self, happening: HappeningView) {
        if self.happenings.len() >= KEPT {
            self.happenings.remove(0);
        }
        self.happenings.push(happening);
    }
}

/// The word for an event and what more there is to it; `None` for what has its own place or none.
fn told(event: &MediaEvent) -> Option<(&'static str, String)> {
    use base::media::PlayEnd::Missing;
    match event {
        MediaEvent::Digit { digit, .. } => Some(("digit", digit.to_string())),
        MediaEvent::Detected { what, .. } => Some(("detected", format!("{what:?}"))),
        MediaEvent::Trouble { trouble, now: true, .. } => Some(("trouble", format!("{trouble:?}"))),
        MediaEvent::Trouble { trouble, now: false, .. } => Some(("trouble_over", format!("{trouble:?}"))),
        MediaEvent::Played { end: Missing(prompt), .. } => {
            Some(("prompt_missing", format!("{}/{}", prompt.language, prompt.id)))
        }
        MediaEvent::Silent { .. } => Some(("silent", String::new())),
        MediaEvent::Heard { .. } => Some(("heard", String::new())),
        MediaEvent::Leased { .. }
        | MediaEvent::Latched { .. }
        | MediaEvent::Played { .. }
        | MediaEvent::Collected { .. }
        | MediaEvent::RecordingStarted { .. }
        | MediaEvent::Recorded { .. }
        | MediaEvent::RecordingFailed { .. }
        | MediaEvent::Speaker { .. }
        | MediaEvent::Quality { .. }
        | MediaEvent::TapEnded { .. }
        | MediaEvent::Closed { .. } => None,
    }
}
