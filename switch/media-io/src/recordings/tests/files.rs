//! WAV and Ogg/Opus files hold what was said, when; issue row "Recording".

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use base::media::{Channels, Gap, RecordingAct, RecordingFormat};
use media::frame::Rate;
use sha2::{Digest, Sha256};

use super::super::entry::Entry;
use super::super::keys::to_hex;
use super::rig::{Folder, Rig, START, tones, wav_channel};

const KNOWN: [u32; 3] = [500, 900, 1_400];

#[test]
fn a_wav_file_has_the_customer_left_the_agent_right_and_a_pause_left_out_exactly() {
    let folder = Folder::new();
    let mut rig = Rig::start(&folder.config());
    let recorder = rig.recorder(RecordingFormat::Wav, Channels::Stereo);
    let call = recorder.call;
    let id = rig.record(recorder, Rate::Hz8000);
    rig.hear(500, 500, 0);
    rig.act(id, RecordingAct::Pause);
    rig.hear(1_230, 1_400, 1_400);
    rig.act(id, RecordingAct::Resume);
    rig.hear(700, 0, 900);
    let file = rig.stop(id);

    assert_eq!(file.path, format!("2023/11/14/{call}-{id}.wav"));
    assert_eq!((file.audio_ms, file.gaps.as_slice()), (1_200, &[Gap { at_ms: 500, ms: 1_230 }][..]));
    assert_eq!((file.started_at, file.ended_at.since(START).as_millis()), (START, 2_430));
    let path = folder.config().folder.join(&file.path);
    let octets = fs::read(&path).unwrap();
    assert_eq!((file.octets, file.sha256), (octets.len() as u64, to_hex(&Sha256::digest(&octets))));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let left = tones(&wav_channel(&octets, 0), 8_000, &KNOWN);
    let right = tones(&wav_channel(&octets, 1), 8_000, &KNOWN);
    assert_eq!(left, [[500; 5].as_slice(), &[0; 7]].concat());
    assert_eq!(right, [[0; 5].as_slice(), &[900; 7]].concat());
}

#[test]
fn what_stands_beside_a_closed_file_stays_until_the_database_has_it() {
    let folder = Folder::new();
    let mut rig = Rig::start(&folder.config());
    let recorder = rig.recorder(RecordingFormat::Wav, Channels::Mono);
    let id = rig.record(recorder, Rate::Hz8000);
    rig.hear(1_000, 500, 0);
    let file = rig.stop(id);
    let entry = rig.entry();
    assert_eq!((entry.recording, &entry.file, entry.cut, entry.keep_days), (id, &file, false, 30));
    drop(rig);

    let mut rig = Rig::start(&folder.config());
    let again = rig.entry();
    assert_eq!(again, Entry { left_behind: true, ..entry });
    rig.library.entered(&again).unwrap();
    let used = rig.library.used();
    rig.library.delete(&file.path).unwrap();
    assert_eq!(used - rig.library.used(), file.octets);
    assert!(rig.plain(id, &file).is_err());
    let another = rig.recorder(RecordingFormat::Wav, Channels::Mono);
    rig.record(another, Rate::Hz8000);
}

/// RFC 7845: read by opusdec of the Xiph tools, which is not ours.
#[test]
fn an_opus_file_is_a_twentieth_of_the_size_and_says_the_same_in_step() {
    let folder = Folder::new();
    let mut rig = Rig::start(&folder.config());
    let recorder = rig.recorder(RecordingFormat::Opus, Channels::Stereo);
    let id = rig.record(recorder, Rate::Hz8000);
    rig.hear(2_000, 500, 0);
    rig.hear(2_000, 0, 900);
    rig.hear(1_010, 1_400, 1_400);
    let file = rig.stop(id);
    assert_eq!(file.audio_ms, 5_010);
    assert!(file.octets < 5 * 32_000 / 5, "{} octets", file.octets);

    let path = folder.config().folder.join(&file.path);
    let wav = folder.path().join("decoded.wav");
    let decoded = Command::new("opusdec")
        .args(["--quiet", "--rate", "8000"])
        .args([&path, &wav])
        .output()
        .expect("opus-tools are installed by sip-tests/run");
    assert!(decoded.status.success(), "{}", String::from_utf8_lossy(&decoded.stderr));
    assert!(decoded.stderr.is_empty(), "{}", String::from_utf8_lossy(&decoded.stderr));
    let octets = fs::read(&wav).unwrap();
    let (left, right) = (wav_channel(&octets, 0), wav_channel(&octets, 1));
    assert!((left.len() as i64 - 5_010 * 8).abs() <= 8, "{} samples", left.len());
    let inner =
        |tones: Vec<u32>| [tones[2], tones[10], tones[17], tones[22], tones[37], tones[42], tones[48]];
    assert_eq!(inner(tones(&left, 8_000, &KNOWN)), [500, 500, 500, 0, 0, 1_400, 1_400]);
    assert_eq!(inner(tones(&right, 8_000, &KNOWN)), [0, 0, 0, 900, 900, 1_400, 1_400]);
}

#[test]
fn many_recordings_at_once_each_hold_their_own() {
    let folder = Folder::new();
    let mut rig = Rig::start(&folder.config());
    let ids: Vec<_> = (0..50)
        .map(|_| {
            let recorder = rig.recorder(RecordingFormat::Wav, Channels::Stereo);
            let id = rig.record(recorder, Rate::Hz8000);
            rig.hear(10, 500, 900);
            id
        })
        .collect();
    rig.hear(1_000, 500, 900);
    for (at, id) in ids.into_iter().enumerate() {
        let file = rig.stop(id);
        assert_eq!(file.audio_ms, 1_000 + (50 - at as u64) * 10);
        assert_eq!(tones(&wav_channel(&rig.plain(id, &file).unwrap(), 1), 8_000, &KNOWN)[3], 900);
    }
}
