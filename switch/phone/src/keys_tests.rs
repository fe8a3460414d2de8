use proptest::prelude::*;

use super::*;

fn ms(ms: u64) -> Mono {
    Mono(ms * 1_000)
}

fn key(digit: char) -> Pressed {
    Pressed { digit, lasted: Duration::from_millis(100) }
}

/// What comes of keys with these milliseconds between them, in order: passed keys as they are, codes in brackets.
fn told(keys: &[(u64, char)]) -> String {
    let (mut matcher, mut now, mut told) = (Keys::default(), 0, String::new());
    for (wait, digit) in keys {
        now += wait;
        told.extend(matcher.give_up(ms(now)).iter().map(|key| key.digit));
        let outcome = matcher.press(ms(now), key(*digit));
        told.extend(outcome.passed.iter().map(|key| key.digit));
        told.extend(outcome.code.map(|code| format!("[{}]", code.keys())));
    }
    now += 10_000;
    told.extend(matcher.give_up(ms(now)).iter().map(|key| key.digit));
    assert_eq!(matcher.deadline(), None);
    told
}

fn typed(keys: &str) -> String {
    told(&keys.chars().map(|digit| (300, digit)).collect::<Vec<_>>())
}

/// features.md §0.3.
#[test]
fn each_code_is_swallowed_with_all_its_keys() {
    for code in [
        "*0",
        "*1",
        "*2100#",
        "*3",
        "*47#",
        "*5",
        "*61",
        "*69",
        "*60",
        "*7",
        "*8",
        "*9",
        "##1003#",
        "*#",
        "##*85#",
        "##004930123456#",
    ] {
        assert_eq!(typed(code), format!("[{code}]"));
        assert_eq!(typed(&format!("12{code}3")), format!("12[{code}]3"));
    }
}

#[test]
fn what_is_no_code_is_passed_on_at_once_and_in_order() {
    for keys in
        ["5", "0123456789", "ABCD", "*A", "#1", "**", "#*5A", "*6*", "*6#", "##A", "*2A", "*2#", "*4#"]
    {
        assert_eq!(typed(keys).replace(['[', ']'], ""), keys);
    }
    let mut matcher = Keys::default();
    assert_eq!(matcher.press(ms(0), key('5')).passed, [key('5')]);
    assert_eq!(matcher.press(ms(1), key('#')), Outcome::default());
    assert_eq!(matcher.press(ms(2), key('1')).passed, [key('#'), key('1')]);
    assert_eq!(matcher.deadline(), None);
}

/// E75: `*` typed at a bank.
#[test]
fn keys_that_do_not_become_a_code_are_passed_on_after_a_second_and_a_half() {
    let mut matcher = Keys::default();
    assert_eq!(matcher.press(ms(0), key('*')), Outcome::default());
    assert_eq!(matcher.deadline(), Some(ms(1_500)));
    assert_eq!(matcher.give_up(ms(1_499)), []);
    assert_eq!(matcher.give_up(ms(1_500)), [key('*')]);
    assert_eq!(told(&[(0, '*'), (1_600, '1')]), "*1");
    assert_eq!(told(&[(0, '*'), (1_400, '1')]), "[*1]");
}

#[test]
fn a_number_may_be_typed_slowly_but_not_for_ever() {
    assert_eq!(told(&[(0, '#'), (900, '#'), (1_400, '1'), (3_900, '0'), (3_900, '#')]), "[##10#]");
    assert_eq!(told(&[(0, '#'), (900, '#'), (1_400, '1'), (4_100, '0')]), "##10");
    let longest: String = "##".chars().chain("7".repeat(NUMBER_KEYS).chars()).chain(['#']).collect();
    assert_eq!(typed(&longest), format!("[{longest}]"));
    let longer = format!("##{}#", "7".repeat(NUMBER_KEYS + 1));
    assert_eq!(typed(&longer), longer);
}

#[test]
fn a_code_begins_anew_with_the_key_that_ended_another() {
    assert_eq!(typed("**1"), "*[*1]");
    assert_eq!(typed("#*1"), "#[*1]");
    assert_eq!(typed("###1003#"), "###1003#");
}

#[test]
fn lengths_are_kept() {
    let mut matcher = Keys::default();
    let long = Pressed { digit: '*', lasted: Duration::from_millis(730) };
    matcher.press(ms(0), long);
    assert_eq!(matcher.let_go(), [long]);
}

proptest! {
    /// Every key is either swallowed in a code or passed on exactly once, in the order of pressing, and never later
    /// than its time.
    #[test]
    fn every_key_is_swallowed_or_passed_once_in_order(
        keys in proptest::collection::vec(
            (prop_oneof![4 => 0_u64..1_400, 1 => 1_400_u64..6_000],
             proptest::sample::select("0123456789*#***###ABCD".chars().collect::<Vec<_>>())),
            0..80,
        ),
    ) {
        let told = told(&keys);
        let all: String = keys.iter().map(|(_, digit)| *digit).collect();
        prop_assert_eq!(told.replace(['[', ']'], ""), all);
        for code in told.split('[').skip(1).filter_map(|rest| rest.split(']').next()) {
            prop_assert_eq!(typed(code), format!("[{code}]"));
        }
    }
}

/// Every sequence of up to five keys of those that matter.
#[test]
fn no_short_sequence_loses_or_doubles_a_key() {
    let keys: Vec<char> = "*#0126A".chars().collect();
    for length in 1..=5_u32 {
        for number in 0..keys.len().pow(length) {
            let mut rest = number;
            let sequence: String = (0..length)
                .map(|_| {
                    let key = keys[rest % keys.len()];
                    rest /= keys.len();
                    key
                })
                .collect();
            assert_eq!(typed(&sequence).replace(['[', ']'], ""), sequence);
        }
    }
}
