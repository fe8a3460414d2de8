//! English, as it is spoken in America.

use super::clock::{Clock, Date, TimeOfDay};

/// Below 1,000,000,000.
pub(super) fn cardinal(number: u64) -> Vec<String> {
    let mut ids = Vec::new();
    for (size, word) in [(1_000_000, Some("number/million")), (1_000, Some("number/thousand")), (1, None)] {
        let group = number / size % 1_000;
        if group > 0 {
            ids.extend(below_thousand(group));
            ids.extend(word.map(str::to_owned));
        }
    }
    if ids.is_empty() {
        ids.push("number/0".to_owned());
    }
    ids
}

fn below_thousand(number: u64) -> Vec<String> {
    let parts = [number / 100 * 100, number % 100];
    parts.into_iter().filter(|part| *part > 0).map(|part| format!("number/{part}")).collect()
}

pub(super) fn ordinal(number: u64) -> Option<Vec<String>> {
    match (number, number % 100) {
        (100, _) => Some(vec!["ordinal/100".to_owned()]),
        (1..1_000_000_000, last @ 1..) => {
            let mut ids = if number > last { cardinal(number - last) } else { Vec::new() };
            ids.push(format!("ordinal/{last}"));
            Some(ids)
        }
        (_, _) => None,
    }
}

pub(super) fn time(time: TimeOfDay, clock: Clock) -> Vec<String> {
    match (clock, time.hour, time.minute) {
        (Clock::Twelve, 0, 0) => vec!["time/midnight".to_owned()],
        (Clock::Twelve, 12, 0) => vec!["time/noon".to_owned()],
        (Clock::Twelve, hour, minute) => {
            let mut ids = vec![format!("number/{}", (hour + 11) % 12 + 1)];
            ids.extend(two_digits(minute));
            ids.push(if hour < 12 { "time/am" } else { "time/pm" }.to_owned());
            ids
        }
        (Clock::TwentyFour, hour, minute) => {
            let mut ids = if hour == 0 { vec!["number/0".to_owned()] } else { two_digits(hour) };
            match minute {
                0 => ids.push("time/hundred".to_owned()),
                1.. => ids.extend(two_digits(minute)),
            }
            ids
        }
    }
}

/// `oh five`, `fifteen`; nothing for 0.
fn two_digits(number: u8) -> Vec<String> {
    match number {
        0 => Vec::new(),
        1..10 => vec!["time/oh".to_owned(), format!("number/{number}")],
        10.. => vec![format!("number/{number}")],
    }
}

pub(super) fn date(date: Date) -> Vec<String> {
    let mut ids = vec![format!("month/{}", date.month), format!("ordinal/{}", date.day)];
    ids.extend(date.year.map(year).unwrap_or_default());
    ids
}

/// `twenty twenty six`, `nineteen oh five`, but `two thousand six`.
fn year(year: u16) -> Vec<String> {
    let (century, rest) = (year / 100, year % 100);
    match (century, rest) {
        (0..=9 | 20, 0..=9) | (0..=9 | 100.., _) | (_, 0) => cardinal(u64::from(year)),
        (_, 1..) => {
            let mut ids = vec![format!("number/{century}")];
            ids.extend(two_digits(rest as u8));
            ids
        }
    }
}
