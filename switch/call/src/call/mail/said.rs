//! What a mailbox says.

use base::Wall;
use base::mail::{GreetingKind, MailCounts, MailMessage, MailState};
use base::media::Sound;
use provision::GreetingChoice;
use sounds::say::{Agreement, Clock, Date, Speaker, TimeOfDay};

use super::{Desk, MOMENT_MS};

const DAY_SECS: i64 = 86_400;
/// Most characters of a number that are read out.
const READ_OUT: usize = 20;

/// The recorded greeting where there is one, else that the extension is not available, and what to do.
pub(super) fn greeting(desk: &Desk, kind: GreetingKind, state: Option<&MailState>) -> Vec<Sound> {
    let greetings = state.map(|state| state.greetings.as_slice()).unwrap_or_default();
    let of = |kind| greetings.iter().find(|(of, _)| *of == kind);
    let wanted = [GreetingKind::Temporary, kind, GreetingKind::Unavailable];
    let personal = wanted.into_iter().find_map(of).filter(|_| {
        // Whoever sets the standard one does not want the others heard.
        desk.mailbox.greeting == GreetingChoice::Personal
    });
    if let Some((_, file)) = personal {
        return vec![Sound::Message { file: file.clone(), from_ms: 0 }];
    }
    let speaker = &desk.speaker;
    let number = &desk.mailbox.number;
    let is_extension = number.bytes().all(|b| b.is_ascii_digit()) && number.len() <= READ_OUT;
    let mut said = match (kind, is_extension) {
        (GreetingKind::Busy, _) => vec![speaker.prompt("voicemail/on-the-phone")],
        (GreetingKind::Unavailable | GreetingKind::Temporary, true) => {
            let mut said = vec![speaker.prompt("voicemail/person-at-extension")];
            said.extend(speaker.spell(number));
            said.push(speaker.prompt("voicemail/is-not-available"));
            said
        }
        (GreetingKind::Unavailable | GreetingKind::Temporary, false) => {
            vec![speaker.prompt("voicemail/not-available")]
        }
    };
    said.push(speaker.prompt("voicemail/leave-message"));
    said
}

/// What can be done with a message before it is sent.
pub(super) fn review(speaker: &Speaker, urgent: bool) -> Vec<Sound> {
    let ids = ["voicemail/review-accept", "voicemail/review-listen", "voicemail/review-again"];
    let urgent = (!urgent).then_some("voicemail/urgent");
    ids.into_iter().chain(urgent).map(|id| speaker.prompt(id)).collect()
}

/// How many messages there are.
pub(super) fn counts(speaker: &Speaker, counts: MailCounts) -> Vec<Sound> {
    if counts.new + counts.old == 0 {
        return vec![speaker.prompt("voicemail/no-messages")];
    }
    let mut said = vec![speaker.prompt("voicemail/you-have")];
    let kinds = [
        (counts.new, "voicemail/new-message", "voicemail/new-messages"),
        (counts.old, "voicemail/saved-message", "voicemail/saved-messages"),
    ];
    let mut first = true;
    for (count, one, many) in kinds.into_iter().filter(|(count, ..)| *count > 0) {
        if !std::mem::take(&mut first) {
            said.push(speaker.prompt("unit/and"));
        }
        said.extend(speaker.count(u64::from(count), one, many, Agreement::Masculine));
    }
    said
}

/// What can be done in a mailbox.
pub(super) fn main_menu(speaker: &Speaker, counts: MailCounts) -> Vec<Sound> {
    let new = (counts.new > 0).then_some("voicemail/menu-listen");
    let old = (counts.old > 0).then_some("voicemail/menu-saved");
    let always = ["voicemail/menu-greeting", "voicemail/menu-password"];
    let silence = std::iter::once(Sound::Silence(MOMENT_MS));
    let ids = new.into_iter().chain(old).chain(always);
    silence.chain(ids.map(|id| speaker.prompt(id))).collect()
}

/// Who has left a message, and when, in the mailbox's own time.
pub(super) fn envelope(
    speaker: &Speaker,
    place: (usize, usize),
    message: &MailMessage,
    now: Wall,
) -> Vec<Sound> {
    let which = match place {
        (0, _) => "voicemail/first-message",
        (at, all) if at + 1 == all => "voicemail/last-message",
        (_, _) => "voicemail/next-message",
    };
    let mut said = vec![speaker.prompt(which), speaker.prompt("voicemail/received")];
    let local = local_secs(message.at, message.ahead_secs);
    let today = local_secs(now, message.ahead_secs).div_euclid(DAY_SECS);
    match today - local.div_euclid(DAY_SECS) {
        0 => said.push(speaker.prompt("date/today")),
        1 => said.push(speaker.prompt("date/yesterday")),
        _ => said.extend(date_of(local).map(|date| speaker.date(date)).unwrap_or_default()),
    }
    said.extend(time_of(local).map(|time| speaker.time(time, Clock::Twelve)).unwrap_or_default());
    let number: String = message.caller.chars().take(READ_OUT).collect();
    if number.bytes().any(|b| b.is_ascii_digit()) {
        said.push(speaker.prompt("voicemail/from"));
        said.extend(speaker.telephone(&number));
    } else {
        said.push(speaker.prompt("voicemail/from-unknown"));
    }
    said
}

/// What can be done with a message that was heard.
pub(super) fn message_menu(speaker: &Speaker) -> Vec<Sound> {
    let ids = ["menu-again", "menu-save", "menu-delete", "menu-forward", "menu-call-back", "menu-next"];
    let ids = ids.into_iter().chain(["menu-previous"]).map(|id| speaker.prompt(&format!("voicemail/{id}")));
    std::iter::once(Sound::Silence(MOMENT_MS)).chain(ids).chain([speaker.prompt("menu/main")]).collect()
}

/// Which greeting is to be recorded.
pub(super) fn greeting_menu(speaker: &Speaker) -> Vec<Sound> {
    let ids = ["voicemail/not-available", "menu/press", "number/1", "voicemail/on-the-phone", "menu/press"];
    ids.into_iter().chain(["number/2", "menu/or-press", "number/3"]).map(|id| speaker.prompt(id)).collect()
}

/// The time of day of so many seconds since 1970.
pub(in crate::call) fn time_of(secs: i64) -> Option<TimeOfDay> {
    let minute = secs.rem_euclid(DAY_SECS) / 60;
    TimeOfDay::new((minute / 60) as u8, (minute % 60) as u8)
}

/// Seconds since 1970 by a clock that is so far ahead of UTC.
pub(in crate::call) fn local_secs(at: Wall, ahead_secs: i32) -> i64 {
    at.0.div_euclid(1_000_000) + i64::from(ahead_secs)
}

/// The day of so many seconds since 1970, in the calendar as it is now used. The year is not said.
pub(in crate::call) fn date_of(secs: i64) -> Option<Date> {
    // Days since the first of March of the year 0, so that a leap day is the last of its year.
    let days = secs.div_euclid(DAY_SECS) + 719_468;
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march + 2) / 5 + 1;
    let month = if march < 10 { march + 3 } else { march - 9 };
    Date::new(None, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (secs, month, day) in [
            (0, 1, 1),
            (951_782_399, 2, 28),
            (951_782_400, 2, 29),
            (951_868_800, 3, 1),
            (1_795_132_800, 11, 20),
            (-1, 12, 31),
        ] {
            assert_eq!(date_of(secs), Date::new(None, month, day), "{secs}");
        }
    }
}
