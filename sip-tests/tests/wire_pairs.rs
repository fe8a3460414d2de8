//! Every two codecs between two phones on the wire: what is said is heard, as loud, in order and in time.

use std::time::Duration;

use base::media::Codec;
use sip_tests::wire::{Audio, Pairs, Phone, TONE_DBM0, in_three_tries};

const CODECS: [Codec; 4] = [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus];
const CALLER: [u32; 3] = [400, 1_100, 700];
const CALLEE: [u32; 3] = [1_300, 500, 900];
/// Milliseconds of a tone, from one to the next, and before the first.
const TONE: usize = 500;
const STEP: usize = 700;
const LEAD: usize = 600;
/// From a phone's sending to the other's receiving, beside what the machine has no time for.
const DELAY: Duration = Duration::from_millis(150);

fn said(codec: Codec, [first, second, third]: [u32; 3]) -> Audio {
    Audio::tones(
        codec,
        &[(0, 600), (first, 500), (0, 200), (second, 500), (0, 200), (third, 500), (0, 1_500)],
    )
}

/// `from` has said three tones, and `to` has heard them.
fn assert_heard(from: &Phone, to: &Phone, tones: [u32; 3], others: [u32; 3], opus: bool, what: &str) {
    let heard = to.heard();
    let found = heard.segments(&tones);
    assert_eq!(found.iter().map(|tone| tone.hz).collect::<Vec<_>>(), tones, "{what}: {found:?}");
    let mut delays = Vec::new();
    for (tone, onset) in found.iter().zip((LEAD..).step_by(STEP)) {
        assert!(tone.ms.abs_diff(TONE) <= 60, "{what}: {found:?}");
        let (begin, end) = (tone.from + 150, tone.from + 400);
        let (level, wrong) = (heard.usual_tone(tone.hz, begin, end), if opus { 2.0 } else { 1.0 });
        assert!((level - TONE_DBM0).abs() < wrong, "{what}: {} Hz has {level:.1} dBm0", tone.hz);
        for other in others {
            let echo = heard.usual_tone(other, begin, end);
            assert!(echo < -45.0, "{what}: {other} Hz has {echo:.1} dBm0");
        }
        delays.push(heard.came_at(tone.from).duration_since(from.said_at(onset)));
    }
    delays.sort();
    let late = Duration::from_millis(2 * from.late_ms() as u64);
    assert!(delays[0] < DELAY + late, "{what}: {delays:?}");
}

/// Feature row "Transcoding between any two".
#[test]
fn between_every_two_codecs_tones_arrive_as_loud_in_order_and_in_time() {
    in_three_tries(every_pair);
}

fn every_pair() {
    // Each call goes both ways.
    let all: Vec<(Codec, Codec)> =
        (0..4).flat_map(|one| (one..4).map(move |other| (CODECS[one], CODECS[other]))).collect();
    let mut calls = Pairs::up(&all);
    let said = CODECS.map(|codec| (codec, said(codec, CALLER), said(codec, CALLEE)));
    for (call, (one, other)) in all.iter().enumerate() {
        let of = |codec: &Codec| said.iter().find(|said| said.0 == *codec).expect("one of the four");
        calls.near[call].say(&of(one).1);
        calls.far[call].say(&of(other).2);
    }
    calls.converse(2_900);
    for ((one, other), (caller, callee)) in all.into_iter().zip(calls.near.iter().zip(&calls.far)) {
        let opus = one == Codec::Opus || other == Codec::Opus;
        assert_heard(caller, callee, CALLER, CALLEE, opus, &format!("{one:?} to {other:?}"));
        assert_heard(callee, caller, CALLEE, CALLER, opus, &format!("{other:?} back to {one:?}"));
    }
}
