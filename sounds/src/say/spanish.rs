//! Spanish, as it is spoken in America.

use super::clock::{Clock, Date, TimeOfDay};
use super::number::Agreement;

/// Below 1,000,000,000.
pub(super) fn cardinal(number: u64, agreement: Agreement) -> Vec<String> {
    let (millions, thousands, rest) = (number / 1_000_000, number / 1_000 % 1_000, number % 1_000);
    let mut ids = Vec::new();
    if millions > 0 {
        ids.extend(below_thousand(millions, Agreement::Masculine));
        ids.push(if millions == 1 { "number/million" } else { "number/millions" }.to_owned());
    }
    if thousands > 0 {
        // Just mil; veintiún mil, but veintiuna mil personas.
        let agreement = if agreement == Agreement::Alone { Agreement::Masculine } else { agreement };
        if thousands > 1 {
            ids.extend(below_thousand(thousands, agreement));
        }
        ids.push("number/thousand".to_owned());
    }
    if rest > 0 || ids.is_empty() {
        ids.extend(below_thousand(rest, agreement));
    }
    ids
}

fn below_thousand(number: u64, agreement: Agreement) -> Vec<String> {
    let (hundreds, rest) = (number / 100, number % 100);
    let mut ids = Vec::new();
    match (hundreds, rest) {
        (0, _) => {}
        (1, 0) => ids.push("number/100".to_owned()),
        (1, _) => ids.push("number/100-and".to_owned()),
        (2.., _) if agreement == Agreement::Feminine => ids.push(format!("number/{hundreds}00-f")),
        (2.., _) => ids.push(format!("number/{hundreds}00")),
    }
    if rest > 0 || hundreds == 0 {
        ids.push(below_hundred(rest, agreement));
    }
    ids
}

/// Those that end in one have a form for each gender; eleven does not.
fn below_hundred(number: u64, agreement: Agreement) -> String {
    let ends_in_one = number % 10 == 1 && number != 11;
    match agreement {
        Agreement::Masculine if ends_in_one => format!("number/{number}-m"),
        Agreement::Feminine if ends_in_one => format!("number/{number}-f"),
        Agreement::Alone | Agreement::Masculine | Agreement::Feminine => format!("number/{number}"),
    }
}

/// Beyond ten hardly anybody says them.
pub(super) fn ordinal(number: u64, agreement: Agreement) -> Option<Vec<String>> {
    let id = match (number, agreement) {
        (1 | 3, Agreement::Masculine) => format!("ordinal/{number}-m"),
        (1..=10, Agreement::Feminine) => format!("ordinal/{number}-f"),
        (1..=10, Agreement::Alone | Agreement::Masculine) => format!("ordinal/{number}"),
        (_, _) => return None,
    };
    Some(vec![id])
}

pub(super) fn time(time: TimeOfDay, clock: Clock) -> Vec<String> {
    let ids: Vec<String> = match (clock, time.hour, time.minute) {
        (Clock::Twelve, 0, 0) => vec!["time/midnight".to_owned()],
        (Clock::Twelve, 12, 0) => vec!["time/noon".to_owned()],
        (Clock::Twelve, hour, minute) => {
            let mut ids = hour_with_article((hour + 11) % 12 + 1);
            ids.extend(minutes(minute));
            ids.push(part_of_day(hour).to_owned());
            ids
        }
        (Clock::TwentyFour, 1, 0) => hour_with_article(1),
        (Clock::TwentyFour, hour, 0) => {
            let mut ids = hour_with_article(hour);
            ids.push("time/hours".to_owned());
            ids
        }
        (Clock::TwentyFour, hour, minute) => {
            let mut ids = hour_with_article(hour);
            ids.extend(["time/and".to_owned(), format!("number/{minute}")]);
            ids
        }
    };
    ids
}

/// `la una`, `las veintiuna`.
fn hour_with_article(hour: u8) -> Vec<String> {
    let article = if hour == 1 { "time/la" } else { "time/las" };
    vec![article.to_owned(), below_hundred(u64::from(hour), Agreement::Feminine)]
}

fn minutes(minute: u8) -> Vec<String> {
    let word = match minute {
        0 => return Vec::new(),
        15 => "time/quarter".to_owned(),
        30 => "time/half".to_owned(),
        1..15 | 16..30 | 31.. => format!("number/{minute}"),
    };
    vec!["time/and".to_owned(), word]
}

fn part_of_day(hour: u8) -> &'static str {
    match hour {
        1..6 => "time/dawn",
        6..12 => "time/morning",
        12..19 => "time/afternoon",
        0 | 19.. => "time/evening",
    }
}

pub(super) fn date(date: Date) -> Vec<String> {
    let day = if date.day == 1 { "ordinal/1".to_owned() } else { format!("number/{}", date.day) };
    let mut ids = vec![day, "date/of".to_owned(), format!("month/{}", date.month)];
    if let Some(year) = date.year {
        ids.push("date/of".to_owned());
        ids.extend(cardinal(u64::from(year), Agreement::Alone));
    }
    ids
}
