use base::testing::Seeded;
use bytes::Bytes;

use super::*;
use crate::message::Framing;

const POLICY: SessionPolicy = SessionPolicy { timers: SessionTimers::Ask, expires: 1_800, min_se: 90 };
const START: Mono = Mono(0);

fn secs(secs: u64) -> Mono {
    Mono(secs * 1_000_000)
}

fn message(start: &str, lines: &str) -> Message {
    let text = format!(
        "{start}\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa\nFrom: <sip:a@a.test>;tag=a\n\
         To: <sip:b@b.test>;tag=b\nCall-ID: c\nCSeq: 1 INVITE\n{lines}Content-Length: 0\n\n"
    );
    Message::parse(Bytes::from(text.replace('\n', "\r\n")), Framing::Datagram).unwrap()
}

fn invite(lines: &str) -> Message {
    message("INVITE sip:b@b.test SIP/2.0", lines)
}

fn status(status: u16, lines: &str) -> Message {
    message(&format!("SIP/2.0 {status} Said"), lines)
}

fn with(timers: SessionTimers) -> SessionPolicy {
    SessionPolicy { timers, ..POLICY }
}

/// Session-Expires and Require of our 2xx to an INVITE with these lines.
fn settled(policy: SessionPolicy, lines: &str) -> (String, String) {
    let request = invite(lines);
    let mut draft = Draft::response(&request, 200, "");
    SessionTimer::new(policy).accept(START, &request, &mut draft);
    let line = |header| draft.get(header).unwrap_or_default().to_owned();
    (line(Header::SessionExpires), line(Header::Require))
}

/// A timer that a 2xx to our INVITE has started.
fn told(lines: &str) -> SessionTimer {
    let mut timer = SessionTimer::new(POLICY);
    timer.accepted(START, &status(200, lines));
    timer
}

fn refused(timer: &mut SessionTimer, now: Mono, method: &Method, answer: &Message) -> Refused {
    timer.refused(now, &mut Seeded::new(1), CallIdOf::Us, method, Some(answer))
}

/// RFC 4028 §9, table 2: who knows timers and who asks for which refresher.
#[test]
fn the_asked_side_settles_interval_and_refresher_as_the_table_says() {
    let table = [
        ("", "", ""),
        ("Session-Expires: 600\n", "600;refresher=uas", ""),
        ("Supported: timer\n", "1800;refresher=uac", "timer"),
        ("Supported: timer\nSession-Expires: 600\n", "600;refresher=uac", "timer"),
        ("Supported: timer\nx: 600;refresher=uas\n", "600;refresher=uas", "timer"),
        ("Require: timer\nSession-Expires: 600;refresher=uac\n", "600;refresher=uac", "timer"),
        ("Supported: timer\nSession-Expires: 7200\n", "1800;refresher=uac", "timer"),
        ("Supported: timer\nSession-Expires: 7200\nMin-SE: 3600\n", "3600;refresher=uac", "timer"),
        ("Session-Expires: 5\n", "", ""),
        ("Supported: timer\nSession-Expires: soon\n", "1800;refresher=uac", "timer"),
    ];
    for (lines, expires, require) in table {
        assert_eq!(settled(POLICY, lines), (expires.to_owned(), require.to_owned()), "{lines}");
    }
}

#[test]
fn how_much_is_made_of_timers_decides_whether_a_caller_without_a_wish_gets_one() {
    let expires = |timers, lines| settled(with(timers), lines).0;
    for timers in [SessionTimers::Off, SessionTimers::Accept] {
        assert_eq!(expires(timers, "Supported: timer\n"), "");
    }
    assert_eq!(
        expires(SessionTimers::Accept, "Supported: timer\nSession-Expires: 7200\n"),
        "7200;refresher=uac"
    );
    assert_eq!(expires(SessionTimers::Off, "Supported: timer\nSession-Expires: 7200\n"), "");
    assert_eq!(expires(SessionTimers::Require, ""), "1800;refresher=uas");
}

/// RFC 4028 §6, §9: 422 only to who knows timers.
#[test]
fn an_interval_below_our_least_is_too_brief_for_who_knows_timers() {
    let policy = SessionPolicy { min_se: 120, ..POLICY };
    assert_eq!(
        policy.judge(&invite("Supported: timer\nSession-Expires: 100\n")),
        Err(TooBrief { min_se: 120 })
    );
    assert_eq!(policy.judge(&invite("Session-Expires: 100\n")), Ok(()));
    assert_eq!(policy.judge(&invite("Supported: timer\nSession-Expires: 120\n")), Ok(()));
    let off = SessionPolicy { timers: SessionTimers::Off, ..policy };
    assert_eq!(off.judge(&invite("Supported: timer\nSession-Expires: 100\n")), Ok(()));
}

/// RFC 4028 §7.3: the next try asks for the Min-SE of the 422 and repeats it.
#[test]
fn a_422_makes_us_ask_for_longer_and_only_when_it_is_longer() {
    let refusal = status(422, "Min-SE: 3600\n");
    assert_eq!(POLICY.ask_longer(0, &refusal), Some(3_600));
    assert_eq!(POLICY.ask_longer(3_600, &refusal), None);
    assert_eq!(POLICY.ask_longer(0, &status(422, "Min-SE: 99999999999\n")), None);
    assert_eq!(POLICY.ask_longer(0, &status(422, "")), None);
    assert_eq!(with(SessionTimers::Accept).ask_longer(0, &refusal), None);
    let mut draft = Draft::request(Method::Invite, "sip:b@b.test");
    POLICY.ask_for(&mut draft, 3_600);
    assert_eq!((draft.get(Header::SessionExpires), draft.get(Header::MinSe)), (Some("3600"), Some("3600")));
}

#[test]
fn an_invite_of_ours_asks_or_requires_or_says_nothing() {
    let asked = |timers| {
        let mut draft = Draft::request(Method::Invite, "sip:b@b.test");
        with(timers).ask(&mut draft);
        (draft.get(Header::SessionExpires).map(str::to_owned), draft.has(Header::Require))
    };
    assert_eq!(asked(SessionTimers::Off), (None, false));
    assert_eq!(asked(SessionTimers::Accept), (None, false));
    assert_eq!(asked(SessionTimers::Ask), (Some("1800".to_owned()), false));
    assert_eq!(asked(SessionTimers::Require), (Some("1800".to_owned()), true));
}

/// RFC 4028 §7.4 and §10.
#[test]
fn we_refresh_at_half_the_interval_and_give_up_32_seconds_before_its_end() {
    let mut timer = told("Session-Expires: 1800;refresher=uac\n");
    assert_eq!(timer.deadline(), Some(secs(900)));
    assert_eq!(timer.due(secs(899)), None);
    assert_eq!(timer.due(secs(900)), Some(SessionDue::Refresh));
    assert_eq!(timer.deadline(), Some(secs(1_768)), "while the refresh is under way");
    assert_eq!(timer.due(secs(1_768)), Some(SessionDue::Expired));
    assert!(!timer.is_running());
}

#[test]
fn a_brief_session_ends_a_third_before_its_end_when_they_do_not_refresh() {
    let mut timer = told("Session-Expires: 90;refresher=uas\n");
    assert_eq!(timer.deadline(), Some(secs(60)));
    timer.accepted(secs(50), &status(200, "Session-Expires: 90;refresher=uas\n"));
    assert_eq!(timer.due(secs(60)), None, "refreshed");
    assert_eq!(timer.due(secs(110)), Some(SessionDue::Expired));
}

#[test]
fn a_far_end_that_says_405_to_update_is_refreshed_anew_at_once() {
    let mut timer = told("Session-Expires: 100\n");
    assert_eq!(timer.due(secs(50)), Some(SessionDue::Refresh));
    assert_eq!(refused(&mut timer, secs(51), &Method::Update, &status(405, "")), Refused::NotByUpdate);
    assert_eq!(timer.due(secs(51)), Some(SessionDue::Refresh));
}

#[test]
fn no_answer_408_and_481_end_the_session_and_other_refusals_do_not() {
    for ends in [408, 481] {
        let mut timer = told("Session-Expires: 100\n");
        assert_eq!(refused(&mut timer, secs(50), &Method::Invite, &status(ends, "")), Refused::Ends);
    }
    let mut timer = told("Session-Expires: 100\n");
    assert_eq!(timer.due(secs(50)), Some(SessionDue::Refresh));
    assert_eq!(refused(&mut timer, secs(50), &Method::Invite, &status(488, "")), Refused::LivesOn);
    let next = timer.deadline().unwrap();
    assert!(next > secs(54) && next < secs(68), "{next:?}");
}

/// RFC 3261 §14.1: 2.1 to 4 s for who chose the Call-ID, 0 to 2 s for the other.
#[test]
fn a_refresh_that_met_another_waits_as_glare_asks() {
    for seed in 0..200 {
        for (call_id, range) in [(CallIdOf::Us, 2_100..=4_000), (CallIdOf::Them, 0..=2_000)] {
            let mut timer = told("Session-Expires: 1800\n");
            timer.due(secs(900));
            timer.refused(
                secs(900),
                &mut Seeded::new(seed),
                call_id,
                &Method::Invite,
                Some(&status(491, "")),
            );
            let waits = timer.deadline().unwrap().since(secs(900)).as_millis();
            assert!(range.contains(&waits) && waits.is_multiple_of(10), "{waits}");
        }
    }
}

#[test]
fn a_422_to_a_refresh_raises_the_interval_once_and_the_refresh_follows_at_once() {
    let mut timer = told("Session-Expires: 100\n");
    timer.due(secs(50));
    let refusal = status(422, "Min-SE: 300\n");
    assert_eq!(refused(&mut timer, secs(50), &Method::Invite, &refusal), Refused::LivesOn);
    assert_eq!(timer.due(secs(50)), Some(SessionDue::Refresh));
    let mut draft = Draft::request(Method::Invite, "sip:b@b.test");
    timer.word_request(&mut draft);
    assert_eq!(draft.get(Header::SessionExpires), Some("300;refresher=uac"));
    assert_eq!(draft.get(Header::MinSe), Some("300"));
    refused(&mut timer, secs(51), &Method::Invite, &refusal);
    assert!(timer.deadline().unwrap() > secs(55), "the same 422 is no reason to hurry");
}

/// RFC 4028 §7.2: a 2xx may change the refresher, or end the timer by not naming one.
#[test]
fn roles_change_with_each_2xx_and_a_2xx_without_the_header_ends_the_timer() {
    let mut timer = told("Session-Expires: 100;refresher=uac\n");
    timer.accepted(secs(50), &status(200, "Session-Expires: 100;refresher=uas\n"));
    assert_eq!(timer.deadline(), Some(secs(118)), "theirs now");
    let request = invite("Supported: timer\nSession-Expires: 100;refresher=uas\n");
    timer.accept(secs(90), &request, &mut Draft::response(&request, 200, ""));
    assert_eq!(timer.deadline(), Some(secs(140)), "ours again");
    timer.accepted(secs(140), &status(200, ""));
    assert_eq!(timer.deadline(), None);
}

#[test]
fn an_interval_beyond_reason_is_held_within_a_day() {
    let mut timer = told("Session-Expires: 4294967296000;refresher=uas\n");
    assert_eq!(timer.due(secs(86_400)), Some(SessionDue::Expired));
    let brief = told("Session-Expires: 1;refresher=uas\n");
    assert_eq!(brief.deadline(), Some(secs(60)));
}
