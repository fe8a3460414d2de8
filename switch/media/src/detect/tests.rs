use base::media::{Announcement, Detected};

use super::testing::{ALL, Sound, TONES, peak};

/// Levels and shares of frequency at which all must be heard.
const WAYS: [(f64, f64); 6] =
    [(-10.0, 1.0), (-40.0, 1.0), (-3.0, 1.0), (-20.0, 1.01), (-20.0, 0.99), (-37.0, 1.01)];

/// A country, its tones, milliseconds on and off.
type Ringing = (&'static str, &'static [f64], &'static [(u32, u32)]);

fn what(told: &[(u32, Detected)]) -> Vec<Detected> {
    told.iter().map(|(_, what)| *what).collect()
}

/// The level of each so that all together have that one.
fn each(tones: &[f64], dbm0: f64) -> f64 {
    dbm0 - 3.0 * (tones.len() as f64 - 1.0)
}

fn at(tones: &[f64], off: f64) -> Vec<f64> {
    tones.iter().map(|hz| hz * off).collect()
}

/// Tones and milliseconds on and off, by the supplement to ITU-T E.180.
#[test]
fn ringing_of_many_countries_is_heard_within_the_first_pause() {
    let cases: [Ringing; 9] = [
        ("North America", &[440.0, 480.0], &[(2_000, 4_000)]),
        ("Germany", &[425.0], &[(1_000, 4_000)]),
        ("Spain", &[425.0], &[(1_500, 3_000)]),
        ("France", &[440.0], &[(1_500, 3_500)]),
        ("United Kingdom", &[400.0, 450.0], &[(400, 200), (400, 2_000)]),
        ("Sweden", &[425.0], &[(1_000, 5_000)]),
        ("Russia", &[425.0], &[(800, 3_200)]),
        ("China", &[450.0], &[(1_000, 4_000)]),
        ("Mexico", &[425.0], &[(1_000, 4_000)]),
    ];
    for (country, tones, cadence) in cases {
        for (dbm0, off) in WAYS {
            let mut sound = Sound::quiet(0);
            for (on, pause) in cadence {
                sound = sound.tone(&at(tones, off), each(tones, dbm0), *on).pause(*pause);
            }
            let told = sound.repeated(3).heard(TONES);
            assert_eq!(what(&told), [Detected::Ringback], "{country} at {dbm0}: {told:?}");
            assert!(told[0].0 <= 3_000, "{country}: {told:?}");
        }
    }
}

#[test]
fn busy_and_congestion_are_told_apart_by_their_pace() {
    let cases: [(&str, &[f64], u32, Detected); 8] = [
        ("North America", &[480.0, 620.0], 500, Detected::Busy),
        ("North America", &[480.0, 620.0], 250, Detected::Congestion),
        ("Germany", &[425.0], 480, Detected::Busy),
        ("Germany", &[425.0], 240, Detected::Congestion),
        ("United Kingdom", &[400.0], 375, Detected::Busy),
        ("Spain", &[425.0], 200, Detected::Congestion),
        ("China", &[450.0], 350, Detected::Busy),
        ("Italy", &[425.0], 500, Detected::Busy),
    ];
    for (country, tones, ms, wanted) in cases {
        for (dbm0, off) in WAYS {
            let sound = Sound::quiet(0).tone(&at(tones, off), each(tones, dbm0), ms).pause(ms).repeated(8);
            let told = sound.heard(TONES);
            assert_eq!(what(&told), [wanted], "{country} {ms} at {dbm0} {off}: {told:?}");
            assert!(told[0].0 <= 4 * ms + 100, "{country}: {told:?}");
        }
    }
    let british = Sound::quiet(0).tone(&[400.0], -12.0, 400).pause(350).tone(&[400.0], -12.0, 225).pause(525);
    assert_eq!(what(&british.repeated(4).heard(TONES)), [Detected::Congestion]);
}

#[test]
fn a_dial_tone_is_told_by_its_length() {
    for (dbm0, off) in WAYS {
        let american = Sound::quiet(100).tone(&at(&[350.0, 440.0], off), dbm0 - 3.0, 4_000).heard(TONES);
        assert_eq!(what(&american), [Detected::DialTone], "{dbm0} {off}");
        assert!(american[0].0 <= 1_200);
        let german = Sound::quiet(100).tone(&at(&[425.0], off), dbm0, 6_000).heard(TONES);
        assert_eq!(what(&german), [Detected::DialTone], "{dbm0} {off}");
        assert!(german[0].0 <= 3_200);
    }
}

/// Telcordia SR-2275 §6.21.2, and the general one of ITU-T E.180 §7.
#[test]
fn special_information_tones_say_which_announcement_follows() {
    const SHORT: u32 = 276;
    const LONG: u32 = 380;
    let cases = [
        ([(913.8, SHORT), (1_370.6, SHORT), (1_776.7, LONG)], Announcement::Intercept),
        ([(985.2, LONG), (1_370.6, SHORT), (1_776.7, LONG)], Announcement::VacantCode),
        ([(913.8, SHORT), (1_428.5, LONG), (1_776.7, LONG)], Announcement::Reorder),
        ([(985.2, SHORT), (1_370.6, LONG), (1_776.7, LONG)], Announcement::Reorder),
        ([(985.2, LONG), (1_428.5, LONG), (1_776.7, LONG)], Announcement::NoCircuit),
        ([(913.8, LONG), (1_370.6, LONG), (1_776.7, LONG)], Announcement::NoCircuit),
        ([(913.8, LONG), (1_428.5, SHORT), (1_776.7, LONG)], Announcement::General),
        ([(950.0, 330), (1_400.0, 330), (1_800.0, 330)], Announcement::General),
    ];
    for (tones, wanted) in cases {
        for (dbm0, off) in WAYS {
            let mut sound = Sound::quiet(200);
            for (hz, ms) in tones {
                sound = sound.tone(&[hz * off], dbm0, ms);
            }
            let told = sound.pause(1_000).heard(TONES);
            assert_eq!(what(&told), [Detected::SpecialInformation(wanted)], "{wanted:?} {dbm0} {off}");
            assert!(told[0].0 <= 1_300, "{told:?}");
        }
    }
}

/// ITU-T T.30 §4.3.1.1.
#[test]
fn a_fax_that_calls_is_told_after_its_first_tone() {
    for (dbm0, off) in WAYS {
        for (hz, on) in [(1_100.0, 500), (1_062.0 / off.min(1.0), 430), (1_138.0 / off.max(1.0), 570)] {
            let told = Sound::quiet(500).tone(&[hz * off], dbm0, on).pause(3_000).repeated(2).heard(TONES);
            assert_eq!(what(&told), [Detected::FaxCalling], "{dbm0} {off} {hz}");
            assert!(told[0].0 <= 500 + on + 320, "{told:?}");
        }
    }
    let short = Sound::quiet(500).tone(&[1_100.0], -10.0, 300).pause(3_000).repeated(3);
    let long = Sound::quiet(500).tone(&[1_100.0], -10.0, 900).pause(3_000).repeated(3);
    assert_eq!((what(&short.heard(TONES)), what(&long.heard(TONES))), (vec![], vec![]));
}

/// ITU-T V.25, V.8 §5.
#[test]
fn answers_of_faxes_and_modems_are_told_apart() {
    let turning = |t: f64| if ((t / 0.45) as u32).is_multiple_of(2) { 0.0 } else { std::f64::consts::PI };
    let swelling = |t: f64| 1.0 + 0.2 * (std::f64::consts::TAU * 15.0 * t).sin();
    for (dbm0, off) in WAYS {
        let tau = std::f64::consts::TAU * 2_100.0 * off;
        let answer = |amplitude: &dyn Fn(f64) -> f64, phase: &dyn Fn(f64) -> f64| {
            let wave = |t: f64| peak(dbm0 - 1.6) * amplitude(t) * (tau * t + phase(t)).sin();
            let told = Sound::quiet(300).wave(3_300, wave).pause(300).heard(TONES);
            assert!(told.first().is_some_and(|(ms, _)| *ms <= 1_450), "{told:?}");
            what(&told)
        };
        let (even, still) = (|_| 1.0, |_| 0.0);
        assert_eq!(answer(&even, &still), [Detected::FaxAnswer], "{dbm0} {off}");
        assert_eq!(answer(&even, &turning), [Detected::ModemAnswer], "{dbm0} {off}");
        assert_eq!(answer(&swelling, &still), [Detected::ModemAnswer], "{dbm0} {off}");
        assert_eq!(answer(&swelling, &turning), [Detected::ModemAnswer], "{dbm0} {off}");
    }
}

#[test]
fn noise_15_db_below_the_tones_hides_none() {
    let ring = Sound::quiet(0).tone(&[425.0], -15.0, 1_000).pause(4_000).repeated(2).noisy(-30.0);
    assert_eq!(what(&ring.heard(TONES)), [Detected::Ringback]);
    let busy = Sound::quiet(0).tone(&[480.0, 620.0], -18.0, 500).pause(500).repeated(4).noisy(-30.0);
    assert_eq!(what(&busy.heard(TONES)), [Detected::Busy]);
    let fax = Sound::quiet(500).tone(&[1_100.0], -15.0, 500).pause(3_000).repeated(2).noisy(-30.0);
    assert_eq!(what(&fax.heard(TONES)), [Detected::FaxCalling]);
    let answer = Sound::quiet(500).tone(&[2_100.0], -15.0, 3_000).pause(500).noisy(-30.0);
    assert_eq!(what(&answer.heard(TONES)), [Detected::FaxAnswer]);
}

/// Bursts of harmonics that glide, as long as syllables: enough like talk for a level, and for nothing else.
fn babble(seconds: u32) -> Sound {
    Sound::quiet(300).wave(seconds * 1_000, |t| {
        let syllable = (t * 4.0).fract();
        let envelope = (std::f64::consts::PI * syllable).sin().powi(2);
        let pitch = 120.0 + 40.0 * (t * 1.3).sin() + 25.0 * (t * 7.0).sin();
        let vowel = 500.0 + 300.0 * (t * 2.1).sin();
        let harmonics = (1..24).map(|n| {
            let hz = pitch * f64::from(n);
            let loud =
                1.0 / (1.0 + ((hz - vowel) / 150.0).powi(2)) + 0.2 / (1.0 + ((hz - 1_700.0) / 250.0).powi(2));
            loud * (std::f64::consts::TAU * pitch * f64::from(n) * t).sin()
        });
        envelope * peak(-18.0) * harmonics.sum::<f64>()
    })
}

#[test]
fn talk_is_told_within_300_ms_and_silence_after_600() {
    let told = babble(3).pause(1_500).heard(ALL);
    assert_eq!(what(&told), [Detected::Speech, Detected::Silence], "{told:?}");
    assert!((300..=700).contains(&told[0].0) && (3_700..=3_950).contains(&told[1].0), "{told:?}");
    let noisy = babble(3).pause(1_500).noisy(-45.0).heard(ALL);
    assert_eq!(what(&noisy), [Detected::Speech, Detected::Silence], "{noisy:?}");
}

#[test]
fn noise_and_tones_are_no_talk() {
    let hiss = Sound::quiet(500).pause(6_000).noisy(-25.0).heard(ALL);
    assert!(!what(&hiss).contains(&Detected::Speech), "{hiss:?}");
    let tone = Sound::quiet(500).tone(&[425.0], -15.0, 1_000).pause(2_500).repeated(3).heard(ALL);
    assert!(!what(&tone).contains(&Detected::Speech), "{tone:?}");
}

#[test]
fn talk_noise_and_music_are_no_tones() {
    assert_eq!(babble(120).heard(TONES), []);
    assert_eq!(Sound::quiet(0).pause(60_000).noisy(-12.0).heard(TONES), []);
    let scale = [262.0, 294.0, 330.0, 349.0, 392.0, 425.0, 440.0, 494.0, 523.0, 587.0, 659.0, 1_100.0];
    let mut music = Sound::quiet(0);
    for n in 0..400_usize {
        let (first, second) = (scale[n * 7 % 12], scale[n * 5 % 12] * 1.5);
        let ms = 120 + (n as u32 * 37) % 400;
        music = music.tone(&[first, second, first * 2.0, second * 2.0], -20.0, ms);
    }
    assert_eq!(music.heard(TONES), []);
}
