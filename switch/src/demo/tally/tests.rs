use super::super::coding::Coding;
use super::super::summary::Summary;
use super::*;

fn pitch(side: Side) -> Pitch {
    Pitch::of(side, 1)
}

/// Two seconds of an end that heard so much of the other.
fn hearing(side: Side, heard: u64) -> Hearing {
    let other = match side {
        Side::Caller => Side::Callee,
        Side::Callee => Side::Caller,
    };
    Hearing {
        side,
        kind: Kind::Talk,
        coding: Coding::Pcmu,
        ours: pitch(side),
        theirs: (heard > 0).then_some(pitch(other)),
        sent: 100,
        heard,
        echo: 0,
        sound: 0,
        others: usize::from(heard >= 25),
        held: Duration::ZERO,
        held_at: None,
        lasted: Duration::from_secs(2),
    }
}

fn after(hearings: &[Hearing]) -> Tally {
    let mut tally = Tally::default();
    hearings.iter().for_each(|hearing| tally.hear(*hearing));
    tally.close();
    tally
}

#[test]
fn a_call_counts_when_both_ends_heard_each_other() {
    let (caller, callee) = (hearing(Side::Caller, 98), hearing(Side::Callee, 97));
    assert!(!after(&[caller]).is_good());
    let same = after(&[caller, callee]);
    assert_eq!((same.is_good(), same.transcoded), (true, 0));
    let other = after(&[caller, Hearing { coding: Coding::G722, ..callee }]);
    assert_eq!((other.both_ways, other.transcoded), (1, 1));
}

#[test]
fn calls_with_the_same_tones_that_end_at_once_are_told_apart_by_their_length() {
    let long = |side| Hearing { sent: 500, lasted: Duration::from_secs(10), ..hearing(side, 490) };
    let (caller, callee) = (hearing(Side::Caller, 98), hearing(Side::Callee, 98));
    let tally = after(&[caller, long(Side::Caller), callee, long(Side::Callee)]);
    assert_eq!((tally.both_ways, tally.failures), (2, 0));
}

#[test]
fn lost_audio_crossed_lines_and_echoes_are_failures() {
    let callee = hearing(Side::Callee, 100);
    let crossed = Hearing { theirs: Some(Pitch::of(Side::Caller, 2)), ..callee };
    let echo = Hearing { echo: 50, ..callee };
    for second in [hearing(Side::Callee, 10), crossed, echo] {
        let tally = after(&[hearing(Side::Caller, 100), second]);
        assert!(!tally.is_good() && tally.failures > 0, "{second:?}");
    }
}

#[test]
fn a_hold_counts_when_music_was_heard_and_silence_is_a_failure() {
    let waiter = Hearing { sound: 40, sent: 100, ..hearing(Side::Caller, 50) };
    let holder = Hearing {
        held: Duration::from_secs(1),
        held_at: Some(Mono(5)),
        sent: 50,
        ..hearing(Side::Callee, 48)
    };
    let tally = after(&[waiter, holder]);
    assert_eq!((tally.held, tally.both_ways, tally.failures), (1, 1, 0));
    let silent = Hearing { sound: 3, ..waiter };
    let early = after(&[silent, holder]);
    assert_eq!((early.held, early.failures), (0, 0));
    let late = after(&[waiter, holder, silent, Hearing { held_at: Some(Mono(9)), ..holder }]);
    assert_eq!((late.held, late.failures), (1, 1));
}

#[test]
fn announcements_and_conferences_count_by_what_was_heard_in_them() {
    let announcement = Hearing { kind: Kind::Announcement, sound: 150, ..hearing(Side::Caller, 0) };
    let conference = Hearing { kind: Kind::Conference, others: 2, ..hearing(Side::Caller, 90) };
    let tally = after(&[announcement, conference]);
    assert_eq!((tally.announced, tally.mixed, tally.failures), (1, 1, 0));
    let lasted = Duration::from_secs(5);
    let deaf = [Hearing { sound: 2, lasted, ..announcement }, Hearing { others: 1, lasted, ..conference }];
    assert_eq!(after(&deaf).failures, 2);
}

#[test]
fn a_recording_holds_both_ends_each_on_its_side() {
    let (left, right) = (Some(pitch(Side::Caller)), Some(pitch(Side::Callee)));
    let mut tally = Tally::default();
    tally.check_recording(&Recording { lasts: Duration::from_secs(3), left, right });
    assert_eq!((tally.recorded_both, tally.failures), (1, 0));
    tally.check_recording(&Recording { lasts: Duration::from_secs(3), left, right: left });
    tally.check_recording(&Recording { lasts: Duration::from_secs(3), left, right: None });
    tally.check_recording(&Recording { lasts: Duration::from_millis(300), left, right: None });
    assert_eq!((tally.recordings, tally.recorded_both, tally.failures), (4, 1, 2));
    assert!(Summary(&tally).to_string().contains("recordings           4 of 9 s\n  both sides heard   1\n"));
}

#[test]
fn what_was_not_shown_in_time_is_a_failure() {
    let mut tally = after(&[hearing(Side::Caller, 98), hearing(Side::Callee, 97)]);
    tally.expect_all(Duration::from_secs(10));
    assert!(tally.is_good());
    tally.expect_all(Duration::from_secs(20));
    assert_eq!(tally.failures, 5);
    assert!(Summary(&tally).to_string().contains("  nobody heard an announcement\n"));
}

#[test]
fn who_talked_to_nobody_is_told_at_the_end() {
    let told = Summary(&after(&[hearing(Side::Caller, 0)])).to_string();
    assert!(told.contains("a Caller talked to nobody for 2.0 s: sent 100, heard 0"), "{told}");
}

#[test]
fn a_call_of_an_instant_neither_counts_nor_fails() {
    let tally = after(&[Hearing { lasted: Duration::from_millis(300), ..hearing(Side::Caller, 0) }]);
    assert_eq!((tally.too_short, tally.failures), (1, 0));
}
