//! Every prompt of both languages is listened to by machine: it is there, it is the file of the manifest, our own
//! decoder reads it, it lasts as long as its text, it is as loud as the others, and nothing in it is clipped or silent.

use std::f64::consts::TAU;
use std::path::PathBuf;
use std::sync::Arc;

use base::media::{Announcement, Gain, Over, Play, PlayId, Sound, Tone};
use media::frame::{Frame, Rate};
use media::play::{NoClips, Player};
use media_io::Prompts;
use sha2::{Digest as _, Sha256};
use sounds::catalogue::{self, Shipped};
use sounds::shelf::SoundName;
use sounds::tones::{self, Country, Signal};

/// Samples of 10 ms at 16 kHz.
const FRAME: usize = 160;
/// Root mean square of a sine of 0 dBm0.
const RMS_0_DBM0: f64 = 16_085.0;
/// Root mean square of what nobody hears any more; a final th is hardly louder.
const HUM: f64 = 50.0;
/// −3 dB of full scale.
const PEAK: u16 = 23_197;

fn samples(prompts: &Prompts, name: &SoundName) -> Vec<i16> {
    let wav = prompts.wav(name).unwrap_or_else(|| panic!("{name} cannot be read"));
    wav[44..].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

fn levels(samples: &[i16]) -> Vec<f64> {
    let rms = |frame: &[i16]| {
        (frame.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / frame.len() as f64).sqrt()
    };
    samples.chunks(FRAME).map(rms).collect()
}

/// Level of what is speech in dBm0, pauses left out, after the manner of ITU-T P.56.
fn speech_dbm0(levels: &[f64]) -> f64 {
    let loudest = levels.iter().copied().fold(0.0, f64::max);
    let active: Vec<f64> = levels.iter().copied().filter(|level| *level > loudest / 15.8).collect();
    let mean = active.iter().map(|level| level * level).sum::<f64>() / active.len() as f64;
    20.0 * (mean.sqrt() / RMS_0_DBM0).log10()
}

/// Milliseconds of the longest silence between two sounds.
fn longest_pause(levels: &[f64]) -> usize {
    let heard: Vec<usize> = (0..levels.len()).filter(|at| levels[*at] > 50.0).collect();
    heard.windows(2).map(|pair| (pair[1] - pair[0] - 1) * 10).max().unwrap_or(usize::MAX)
}

/// What is wrong with a prompt, in words.
fn complaints(prompts: &Prompts, shipped: &Shipped) -> Vec<String> {
    let name = SoundName::prompt(shipped.group(), shipped.id()).expect("ids of the manifest are good names");
    let samples = samples(prompts, &name);
    let levels = levels(&samples);
    let ms = samples.len() / 16;
    let letters = shipped.text().chars().filter(|sign| sign.is_alphabetic()).count();
    let level = speech_dbm0(&levels);
    let peak = samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
    let edge = |frames: &[f64]| frames.iter().take_while(|level| **level < HUM).count() * 10;
    let backwards: Vec<f64> = levels.iter().rev().copied().collect();
    let digest: String = Sha256::digest(shipped.ogg()).iter().map(|octet| format!("{octet:02x}")).collect();
    let checks = [
        (digest == shipped.sha256(), "its file is another one than the manifest's".to_owned()),
        (ms.abs_diff(shipped.ms() as usize) <= 1, format!("it lasts {ms} ms, not {}", shipped.ms())),
        // From the slowest letter that is spelled to the fastest sentence.
        ((30 * letters..=250 * letters + 600).contains(&ms), format!("{ms} ms for {letters} letters")),
        ((-20.0..=-14.0).contains(&level), format!("its level is {level:.1} dBm0")),
        (peak <= PEAK, format!("its peak is {peak}")),
        (longest_pause(&levels) <= 700, format!("a pause of {} ms", longest_pause(&levels))),
        ((10..=250).contains(&edge(&levels)), format!("{} ms of silence before", edge(&levels))),
        ((10..=250).contains(&edge(&backwards)), format!("{} ms of silence after", edge(&backwards))),
        (!shipped.licence().is_empty() && !shipped.voice().is_empty(), "no licence or voice".to_owned()),
    ];
    checks.into_iter().filter(|(good, _)| !good).map(|(_, complaint)| complaint).collect()
}

/// Every prompt of a language, of which there are at least so many.
fn listen_to(language: &str, least: usize) {
    let prompts = Prompts::start(None).expect("a thread");
    let all: Vec<&Shipped> =
        catalogue::prompts().iter().filter(|prompt| prompt.group() == language).collect();
    let wrong: Vec<String> = all
        .iter()
        .flat_map(|shipped| {
            complaints(&prompts, shipped).into_iter().map(move |what| format!("{shipped:?}: {what}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} complaints:\n{}", wrong.len(), wrong.join("\n"));
    assert!(all.len() >= least, "{}", all.len());
}

#[test]
fn every_english_prompt_is_what_its_text_says_by_ear_of_a_machine() {
    listen_to("en", 600);
}

#[test]
fn every_spanish_prompt_is_what_its_text_says_by_ear_of_a_machine() {
    listen_to("es", 550);
}

#[test]
fn music_is_softer_than_speech_and_ends_where_it_begins() {
    let prompts = Prompts::start(None).expect("a thread");
    for shipped in catalogue::music() {
        let name = SoundName::music(shipped.group(), shipped.id()).expect("a good name");
        let samples = samples(&prompts, &name);
        let all = levels(&samples);
        let mean = (all.iter().map(|level| level * level).sum::<f64>() / all.len() as f64).sqrt();
        let level = 20.0 * (mean / RMS_0_DBM0).log10();
        assert!((-24.0..=-18.0).contains(&level), "{shipped:?}: {level:.1} dBm0");
        assert!(samples.iter().all(|sample| sample.unsigned_abs() <= PEAK), "{shipped:?} has peaks");
        assert!((60_000..=90_000).contains(&shipped.ms()), "{shipped:?}");
        assert!(longest_pause(&all) < 500, "{shipped:?} falls silent");
        let seam = samples[0].abs_diff(samples[samples.len() - 1]);
        assert!(seam < 3_000, "{shipped:?}: a step of {seam} from its end to its beginning");
    }
}

/// Every file under the folders of the manifest is named by it: nothing lies about that nobody plays.
#[test]
fn no_file_lies_beside_the_manifest() {
    let sounds = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../sounds");
    for language in ["en", "es", "music"] {
        let mut folders = vec![sounds.join(language)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let name = path.strip_prefix(&sounds).expect("below it").with_extension("");
                let name: SoundName = name.to_str().expect("UTF-8").parse().expect("a name");
                let all = if name.is_music() { catalogue::music() } else { catalogue::prompts() };
                let named = all.iter().any(|it| it.group() == name.group() && it.id() == name.id());
                assert!(named, "{name} is in no manifest");
            }
        }
    }
}

fn played(tone: Tone, ms: usize) -> Vec<i16> {
    let (id, items) = (PlayId(1), Arc::from([Sound::Tone(tone)]));
    let play = Play { id, items, times: 1, over: Over::Alone, until_digit: false, gain: Gain::UNITY };
    let mut player = Player::new(Arc::new(play));
    let mut frame = Frame::silent(Rate::Hz8000);
    let mut heard = Vec::new();
    for _ in 0..ms / 10 {
        player.frame(&NoClips, &mut frame);
        heard.extend_from_slice(frame.samples());
    }
    heard
}

/// Level of one pitch in dBm0 over whole samples at 8 kHz, after Goertzel.
fn goertzel(samples: &[i16], hz: f64) -> f64 {
    let turn = TAU * hz / 8_000.0;
    let (mut one, mut two) = (0.0, 0.0);
    for sample in samples {
        (one, two) = (f64::from(*sample) + 2.0 * turn.cos() * one - two, one);
    }
    let power = one * one + two * two - 2.0 * turn.cos() * one * two;
    20.0 * (2.0 * power.sqrt() / samples.len() as f64 / 32_768.0).log10() + 3.17
}

/// ITU-T E.180: every tone of every country is heard with the pitches, levels and lengths of its table.
#[test]
fn the_tones_of_every_country_are_heard_as_its_table_has_them() {
    for country in Country::all() {
        for signal in Signal::ALL {
            assert_heard(&country.tone(signal), &format!("{} {signal:?}", country.code()));
        }
    }
}

/// Telcordia SR-2275 §6.21.2: what was wrong is told by pitches and lengths.
#[test]
fn special_information_tones_are_told_apart() {
    let kinds = [
        Announcement::General,
        Announcement::Intercept,
        Announcement::VacantCode,
        Announcement::Reorder,
        Announcement::NoCircuit,
    ];
    for kind in kinds {
        assert_heard(&tones::special_information(kind), &format!("{kind:?}"));
    }
}

#[test]
fn the_test_tone_and_the_beeps_are_exact() {
    for (tone, hz, dbm0) in [
        (tones::milliwatt(), 1_004.0, 0.0),
        (tones::record_beep(), 1_400.0, -18.0),
        (tones::beep(), 1_000.0, -13.0),
    ] {
        let heard = played(tone, 180);
        let level = goertzel(&heard[160..1_360], hz);
        assert!((level - dbm0).abs() < 0.1, "{hz} Hz at {level:.2} dBm0");
    }
}

/// Walks through the parts of a tone: its pitches at their level in the middle, silence in pauses.
fn assert_heard(tone: &Tone, what: &str) {
    let ms: u32 = tone.parts.iter().map(|part| if part.ms == 0 { 500 } else { part.ms }).sum();
    let heard = played(tone.clone(), ms as usize + 10);
    let mut begin = 0;
    for part in &tone.parts {
        let length = if part.ms == 0 { 500 } else { part.ms } as usize * 8;
        let inner = &heard[begin + 24..begin + length - 24];
        begin += length;
        if part.hz == [0; 4] {
            assert!(inner.iter().all(|sample| *sample == 0), "{what}: noise in a pause");
            continue;
        }
        let pitches = part.hz.into_iter().filter(|hz| *hz > 0);
        let power: f64 =
            inner.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / inner.len() as f64;
        let wanted = f64::from(part.dbm0) + 10.0 * (pitches.clone().count() as f64).log10();
        let found = 20.0 * (power.sqrt() / RMS_0_DBM0).log10();
        // Two pitches that beat slowly are not whole beats in a short part.
        let whole = inner.len() >= 1_600;
        assert!(
            (found - wanted).abs() < if whole { 0.5 } else { 3.0 },
            "{what}: {found:.1} instead of {wanted:.1}"
        );
        for hz in pitches {
            let level = goertzel(inner, f64::from(hz));
            let apart = (level - f64::from(part.dbm0)).abs();
            assert!(apart < if whole { 0.6 } else { 3.0 }, "{what}: {hz} Hz at {level:.1} dBm0");
        }
    }
}
