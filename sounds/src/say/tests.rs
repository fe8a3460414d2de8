//! What is said, word by word, against what people say.

use std::time::Duration;

use base::media::Sound;
use proptest::prelude::*;

use super::{Agreement, Clock, Date, Speaker, TimeOfDay};
use crate::catalogue;

/// The words of what is said, `|` for a pause; a prompt that does not exist is an error of the grammar.
fn words(sounds: &[Sound]) -> String {
    let word = |sound: &Sound| match sound {
        Sound::Prompt(name) => {
            let shipped = catalogue::find(&name.language, &name.id);
            shipped.unwrap_or_else(|| panic!("no prompt {name:?}")).text().to_owned()
        }
        Sound::Silence(_) => "|".to_owned(),
        Sound::Tone(_) | Sound::Music { .. } | Sound::Message { .. } => panic!("no words"),
    };
    sounds.iter().map(word).collect::<Vec<_>>().join(" ")
}

fn en() -> Speaker {
    Speaker::new("en")
}

fn es() -> Speaker {
    Speaker::new("es")
}

#[test]
fn english_numbers() {
    for (number, said) in [
        (0, "zero"),
        (7, "seven"),
        (21, "twenty one"),
        (100, "one hundred"),
        (115, "one hundred fifteen"),
        (999, "nine hundred ninety nine"),
        (1_000, "one thousand"),
        (1_001, "one thousand one"),
        (21_300, "twenty one thousand three hundred"),
        (1_000_000, "one million"),
        (200_000_017, "two hundred million seventeen"),
        (
            999_999_999,
            "nine hundred ninety nine million nine hundred ninety nine thousand nine hundred ninety nine",
        ),
        (1_000_000_002, "one zero zero zero zero zero zero zero zero two"),
    ] {
        assert_eq!(words(&en().number(number, Agreement::Alone)), said);
    }
}

#[test]
fn spanish_numbers_agree_with_what_they_count() {
    use Agreement::{Alone, Feminine, Masculine};
    for (number, agreement, said) in [
        (0, Alone, "cero"),
        (1, Alone, "uno"),
        (1, Masculine, "un"),
        (1, Feminine, "una"),
        (11, Feminine, "once"),
        (16, Alone, "dieciséis"),
        (21, Alone, "veintiuno"),
        (21, Masculine, "veintiún"),
        (21, Feminine, "veintiuna"),
        (31, Masculine, "treinta y un"),
        (71, Feminine, "setenta y una"),
        (100, Alone, "cien"),
        (101, Masculine, "ciento un"),
        (110, Alone, "ciento diez"),
        (200, Feminine, "doscientas"),
        (500, Alone, "quinientos"),
        (731, Feminine, "setecientas treinta y una"),
        (1_000, Alone, "mil"),
        (1_100, Alone, "mil cien"),
        (2_001, Alone, "dos mil uno"),
        (21_000, Alone, "veintiún mil"),
        (21_021, Feminine, "veintiuna mil veintiuna"),
        (100_000, Alone, "cien mil"),
        (300_500, Feminine, "trescientas mil quinientas"),
        (1_000_000, Alone, "un millón"),
        (2_000_000, Feminine, "dos millones"),
        (21_001_001, Alone, "veintiún millones mil uno"),
        (100_000_000, Alone, "cien millones"),
    ] {
        assert_eq!(words(&es().number(number, agreement)), said, "{number} {agreement:?}");
    }
}

#[test]
fn ordinals() {
    for (number, said) in [
        (1, "first"),
        (22, "twenty second"),
        (100, "one hundredth"),
        (113, "one hundred thirteenth"),
        (200, "number two hundred"),
        (0, "number zero"),
    ] {
        assert_eq!(words(&en().ordinal(number, Agreement::Alone)), said);
    }
    for (number, agreement, said) in [
        (1, Agreement::Masculine, "primer"),
        (1, Agreement::Feminine, "primera"),
        (3, Agreement::Alone, "tercero"),
        (10, Agreement::Feminine, "décima"),
        (12, Agreement::Alone, "número doce"),
    ] {
        assert_eq!(words(&es().ordinal(number, agreement)), said);
    }
}

#[test]
fn money() {
    for (minor, currency, english, spanish) in [
        (100, "USD", "one dollar", "un dólar"),
        (501, "USD", "five dollars and one cent", "cinco dólares con un centavo"),
        (75, "EUR", "seventy five cents", "setenta y cinco céntimos"),
        (0, "MXN", "zero pesos", "cero pesos"),
        (2_100, "GBP", "twenty one pounds", "veintiuna libras"),
        (2_101, "GBP", "twenty one pounds and one penny", "veintiuna libras con un penique"),
        (100_000_000, "USD", "one million dollars", "un millón de dólares"),
        (21_000, "CLP", "twenty one thousand pesos", "veintiún mil pesos"),
        (-1_250, "PEN", "minus twelve soles and fifty centimos", "menos doce soles con cincuenta céntimos"),
        (1_205, "SEK", "twelve point zero five S E K", "doce punto cero cinco S E K"),
    ] {
        assert_eq!(words(&en().amount(minor, currency)), english);
        assert_eq!(words(&es().amount(minor, currency)), spanish);
    }
}

#[test]
fn times_of_day() {
    for (hour, minute, english, spanish) in [
        (0, 0, "midnight", "medianoche"),
        (0, 10, "twelve ten A.M.", "las doce y diez de la noche"),
        (1, 0, "one A.M.", "la una de la madrugada"),
        (9, 5, "nine oh five A.M.", "las nueve y cinco de la mañana"),
        (12, 0, "noon", "mediodía"),
        (13, 15, "one fifteen P.M.", "la una y cuarto de la tarde"),
        (15, 30, "three thirty P.M.", "las tres y media de la tarde"),
        (21, 59, "nine fifty nine P.M.", "las nueve y cincuenta y nueve de la noche"),
    ] {
        let time = TimeOfDay::new(hour, minute).unwrap();
        assert_eq!(words(&en().time(time, Clock::Twelve)), english);
        assert_eq!(words(&es().time(time, Clock::Twelve)), spanish);
    }
    for (hour, minute, english, spanish) in [
        (0, 0, "zero hundred hours", "las cero horas"),
        (1, 0, "oh one hundred hours", "la una"),
        (9, 30, "oh nine thirty", "las nueve y treinta"),
        (21, 0, "twenty one hundred hours", "las veintiuna horas"),
        (21, 45, "twenty one forty five", "las veintiuna y cuarenta y cinco"),
    ] {
        let time = TimeOfDay::new(hour, minute).unwrap();
        assert_eq!(words(&en().time(time, Clock::TwentyFour)), english);
        assert_eq!(words(&es().time(time, Clock::TwentyFour)), spanish);
    }
    assert_eq!(TimeOfDay::new(24, 0), None);
}

#[test]
fn dates() {
    for (year, month, day, english, spanish) in [
        (
            Some(2026),
            11,
            20,
            "November twentieth twenty twenty six",
            "veinte de noviembre de dos mil veintiséis",
        ),
        (Some(2006), 1, 1, "January first two thousand six", "primero de enero de dos mil seis"),
        (
            Some(1905),
            5,
            31,
            "May thirty first nineteen oh five",
            "treinta y uno de mayo de mil novecientos cinco",
        ),
        (Some(2100), 2, 3, "February third two thousand one hundred", "tres de febrero de dos mil cien"),
        (None, 12, 24, "December twenty fourth", "veinticuatro de diciembre"),
    ] {
        let date = Date::new(year, month, day).unwrap();
        assert_eq!(words(&en().date(date)), english);
        assert_eq!(words(&es().date(date)), spanish);
    }
    assert_eq!(Date::new(None, 13, 1), None);
    assert_eq!(es().weekday(3).map(|day| words(&[day])).as_deref(), Some("miércoles"));
}

#[test]
fn lengths_of_time() {
    for (seconds, english, spanish) in [
        (0, "zero seconds", "cero segundos"),
        (1, "one second", "un segundo"),
        (61, "one minute and one second", "un minuto y un segundo"),
        (3_600, "one hour", "una hora"),
        (7_500, "two hours and five minutes", "dos horas y cinco minutos"),
        (75_600, "twenty one hours", "veintiuna horas"),
        (90_061, "one day one hour one minute and one second", "un día una hora un minuto y un segundo"),
    ] {
        assert_eq!(words(&en().duration(Duration::from_secs(seconds))), english);
        assert_eq!(words(&es().duration(Duration::from_secs(seconds))), spanish);
    }
}

#[test]
fn places_in_a_queue_and_waits() {
    assert_eq!(words(&en().position(1)), "You are next in line.");
    assert_eq!(words(&en().position(3)), "You are number three in the queue.");
    assert_eq!(words(&es().position(21)), "Usted es el número veintiuno en la fila de espera.");
    let wait = |seconds| Duration::from_secs(seconds);
    assert_eq!(words(&en().wait_time(wait(59))), "The estimated wait time is less than one minute.");
    assert_eq!(words(&en().wait_time(wait(241))), "The estimated wait time is about five minutes");
    assert_eq!(words(&es().wait_time(wait(9_000))), "El tiempo de espera estimado es de más de dos horas");
}

#[test]
fn telephone_numbers_come_in_groups() {
    for (number, said) in [
        ("5551234", "five five five | one two three four"),
        ("+15551234567", "plus one | five five five | one two three | four five six seven"),
        ("(555) 123-4567", "five five five | one two three | four five six seven"),
        ("55512345", "five five five one | two three four five"),
        ("201", "two zero one"),
        ("*97#", "star nine seven pound"),
    ] {
        assert_eq!(words(&en().telephone(number)), said);
    }
    assert_eq!(words(&es().extension("2010")), "extensión dos cero uno cero");
    assert_eq!(words(&es().spell("Ñu-7")), "Ñ U guion siete");
}

proptest! {
    #[test]
    fn every_number_has_its_prompts(number in 0_u64..1_000_000_000, which in 0_usize..3) {
        let agreement = [Agreement::Alone, Agreement::Masculine, Agreement::Feminine][which];
        prop_assert!(!words(&en().number(number, agreement)).is_empty());
        prop_assert!(!words(&es().number(number, agreement)).is_empty());
        words(&en().ordinal(number, agreement));
        words(&es().ordinal(number, agreement));
    }

    #[test]
    fn no_two_numbers_sound_the_same(a in 0_u64..1_000_000_000, b in 0_u64..1_000_000_000) {
        prop_assume!(a != b);
        for speaker in [en(), es()] {
            prop_assert_ne!(
                words(&speaker.number(a, Agreement::Alone)),
                words(&speaker.number(b, Agreement::Alone))
            );
        }
    }

    #[test]
    fn every_amount_time_and_length_has_its_prompts(minor: i64, minutes in 0_u16..1_440, seconds: u32, year in 1_u16..3_000) {
        for speaker in [en(), es()] {
            for currency in ["USD", "EUR", "GBP", "MXN", "CLP", "PEN", "BRL", "JPY", "INR", "CHF", "GTQ", "CRC", "HNL", "PYG", "VES", "BOB", "XYZ"] {
                words(&speaker.amount(minor, currency));
            }
            let time = TimeOfDay::new((minutes / 60) as u8, (minutes % 60) as u8).unwrap();
            words(&speaker.time(time, Clock::Twelve));
            words(&speaker.time(time, Clock::TwentyFour));
            words(&speaker.duration(Duration::from_secs(u64::from(seconds))));
            words(&speaker.date(Date::new(Some(year), 1 + (minutes % 12) as u8, 1 + (minutes % 31) as u8).unwrap()));
            words(&speaker.percent(u64::from(seconds)));
        }
    }

    #[test]
    fn anything_can_be_spelled(text in ".{0,80}") {
        for speaker in [en(), es()] {
            words(&speaker.spell(&text.replace(['ñ', 'Ñ'], "")));
            words(&speaker.telephone(&text));
        }
    }
}
