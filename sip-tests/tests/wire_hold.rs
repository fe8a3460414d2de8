//! Hold, music and new offers in the middle of a call, by what both ends hear.

use base::media::Codec;
use sip_tests::wire::{Audio, Heard, Pairs, TONE_DBM0, in_three_tries};

const CALLER: u32 = 400;
const CALLEE: u32 = 1_100;
/// Steps of the piece of music, each a tone of its own.
const STEPS: usize = 40;
const STEP_MS: u32 = 250;
const LOWEST: u32 = 1_300;
const APART: u32 = 40;

fn tone_of(step: usize) -> u32 {
    LOWEST + APART * u32::try_from(step).expect("a few")
}

/// A WAV file of music that says of each moment which it is.
fn piece() -> Vec<u8> {
    let mut samples = Vec::new();
    for step in 0..STEPS {
        for at in 0..STEP_MS * 8 {
            let turn = f64::from(tone_of(step)) * f64::from(at) / 8_000.0;
            let sample = ((std::f64::consts::TAU * turn).sin() * 4_096.0).round() as i16;
            samples.extend(sample.to_le_bytes());
        }
    }
    let octets = u32::try_from(samples.len()).expect("a small file");
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + octets).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(8_000_u32.to_le_bytes());
    wav.extend(16_000_u32.to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend(octets.to_le_bytes());
    wav.extend(samples);
    wav
}

/// The first and the last step that are heard.
fn steps(heard: &Heard) -> (usize, usize) {
    let tones: Vec<u32> = (0..STEPS).map(tone_of).collect();
    let found = heard.segments(&tones);
    let step = |hz| tones.iter().position(|tone| *tone == hz).expect("one of them");
    let (first, last) = (found.first().expect("music"), found.last().expect("music"));
    (step(first.hz), step(last.hz))
}

fn assert_talk(calls: &mut Pairs) {
    calls.near[0].forget();
    calls.far[0].forget();
    calls.converse(700);
    for (phone, theirs, own) in [(&calls.near[0], CALLEE, CALLER), (&calls.far[0], CALLER, CALLEE)] {
        let heard = phone.heard();
        let (clear, echo) = (heard.last_tone(theirs, 300), heard.last_tone(own, 300));
        // Opus shapes a tone as it thinks fit.
        assert!((clear - TONE_DBM0).abs() < 2.0, "{theirs} Hz has {clear:.1} dBm0");
        assert!(echo < -45.0, "{own} Hz has {echo:.1} dBm0");
    }
}

fn call(codecs: (Codec, Codec), trunk: &str) -> Pairs {
    let mut calls = Pairs::with(&[codecs], trunk, "");
    calls.near[0].say(&Audio::tones(codecs.0, &[(CALLER, 10_000)]));
    calls.far[0].say(&Audio::tones(codecs.1, &[(CALLEE, 10_000)]));
    calls
}

/// RFC 3264 §8.4.
#[test]
fn who_is_held_hears_music_alone_then_the_other_again_and_the_music_goes_on_where_it_was() {
    in_three_tries(hold);
}

fn hold() {
    let mut calls = call((Codec::Pcmu, Codec::Pcma), "music = \"steps\"\n");
    let path = "/api/v1/music?class=steps&piece=one&level=false";
    let (status, problem) = calls.node.api().send("POST", path, &piece()).expect("an answer");
    assert_eq!(status, 201, "{problem}");
    assert_talk(&mut calls);
    let (talks, mut cseq) = (calls.near[0].sdp(), 2);
    // A carrier that sends while it holds has music of its own.
    let holds = talks.clone() + "a=inactive\r\n";
    let mut pieces = Vec::new();
    for _ in 0..2 {
        calls.reoffer(cseq, &holds);
        calls.far[0].forget();
        calls.converse(1_000);
        let heard = calls.far[0].heard();
        for own in [CALLER, CALLEE] {
            let level = heard.last_tone(own, 500);
            assert!(level < -40.0, "{own} Hz has {level:.1} dBm0 beside the music");
        }
        pieces.push(steps(&heard));
        calls.reoffer(cseq + 1, &talks);
        assert_talk(&mut calls);
        cseq += 2;
    }
    let ((began, left), (went_on, _)) = (pieces[0], pieces[1]);
    assert!(left != began, "it moves: {pieces:?}");
    let steps = (went_on + STEPS - left) % STEPS;
    assert!(steps <= 2, "{pieces:?}");
}

/// RFC 3264 §8.3.
#[test]
fn a_phone_that_takes_another_codec_in_the_call_goes_on_hearing_and_being_heard() {
    in_three_tries(change_codec);
}

fn change_codec() {
    let mut calls = call((Codec::Pcmu, Codec::Pcmu), "");
    assert_talk(&mut calls);
    for (cseq, codec) in [(2, Codec::G722), (3, Codec::Opus), (4, Codec::Pcma)] {
        calls.near[0].change(codec);
        let offer = calls.near[0].sdp();
        calls.reoffer(cseq, &offer);
        calls.near[0].say(&Audio::tones(codec, &[(CALLER, 10_000)]));
        assert_talk(&mut calls);
    }
}
