//! Encryption at rest: envelope, per tenant keys, every change noticed; issue row "Recording".

use std::fs;
use std::os::unix::fs::PermissionsExt;

use base::TenantId;
use base::media::{Channels, Recorder, RecordingFile, RecordingFormat};
use media::dsp::level;
use media::frame::Rate;

use super::super::playback::PlaybackError;
use super::super::sealed::SealedError;
use super::rig::{Folder, Rig, tones, wav_channel};

const KNOWN: [u32; 2] = [500, 900];

fn encrypted(rig: &mut Rig, format: RecordingFormat, tenant: u32) -> (base::RecordingId, RecordingFile) {
    let recorder = rig.recorder(format, Channels::Stereo);
    let id = rig.record(Recorder { encrypted: true, tenant: TenantId(tenant), ..recorder }, Rate::Hz8000);
    rig.hear(2_000, 500, 900);
    (id, rig.stop(id))
}

#[test]
fn an_encrypted_file_says_nothing_of_the_audio_and_is_played_as_it_was_said() {
    let folder = Folder::new();
    let mut rig = Rig::start(&folder.config());
    let (id, file) = encrypted(&mut rig, RecordingFormat::Wav, 1);
    assert!(file.path.ends_with(".wav.sealed") && file.encrypted);
    let octets = fs::read(folder.config().folder.join(&file.path)).unwrap();
    assert_eq!(octets.len() as u64, file.octets);
    let pairs = octets[200..].chunks_exact(2);
    let as_audio: Vec<i16> = pairs.map(|two| i16::from_le_bytes([two[0], two[1]])).collect();
    for hz in KNOWN {
        assert!(level::tone_dbm0(&as_audio[..16_000], hz, 16_000) < -20.0);
    }

    let plain = rig.plain(id, &file).unwrap();
    assert_eq!(tones(&wav_channel(&plain, 0), 8_000, &KNOWN), [500; 20]);
    assert_eq!(tones(&wav_channel(&plain, 1), 8_000, &KNOWN), [900; 20]);
    let playback = rig.library.open(&file.path, id, true).unwrap();
    for at in [0, 20, 44, 19_000, 40_000, plain.len() as u64 - 3] {
        let mut part = [0; 30_000];
        let read = playback.read_at(at, &mut part).unwrap();
        assert!(read > 0 && part[..read] == plain[at as usize..at as usize + read], "from {at}");
    }
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.config().key_file), 0o600);
    assert_eq!(mode(&folder.config().folder.join("keys/1-1.key")), 0o600);
}

#[test]
fn an_encrypted_opus_file_is_the_same_ogg_stream_when_played() {
    let folder = Folder::new();
    let mut rig = Rig::start(&folder.config());
    let (id, file) = encrypted(&mut rig, RecordingFormat::Opus, 1);
    let plain = rig.plain(id, &file).unwrap();
    let mut reader = ogg::PacketReader::new(std::io::Cursor::new(plain));
    let mut packets = 0;
    while let Some(packet) = reader.read_packet().unwrap() {
        packets += 1;
        assert_eq!(packet.last_in_stream(), packets == 103, "packet {packets}");
    }
    assert_eq!(packets, 103, "two heads, 2 s of 20 ms and the encoder's delay");
}

/// The construction's promise: cutting, changing, moving and swapping is noticed.
#[test]
fn a_file_that_was_changed_cut_or_put_in_anothers_place_is_not_played() {
    let folder = Folder::new();
    let mut rig = Rig::start(&folder.config());
    let (id, file) = encrypted(&mut rig, RecordingFormat::Wav, 1);
    let (other, other_file) = encrypted(&mut rig, RecordingFormat::Wav, 1);
    let path = folder.config().folder.join(&file.path);
    let genuine = fs::read(&path).unwrap();
    let chunk = 4 + 600 * 32 + 16;
    let head = genuine.len() - (3 * chunk + 4 + 200 * 32 + 16);
    let chunks = |from: usize, to: usize| genuine[head + from * chunk..head + to * chunk].to_vec();
    let flipped = {
        let mut octets = genuine.clone();
        octets[head + chunk + 1_000] ^= 1;
        octets
    };
    let cases = [
        ("changed", flipped),
        ("cut after a chunk", genuine[..head + 3 * chunk].to_vec()),
        ("cut within one", genuine[..genuine.len() - 100].to_vec()),
        (
            "two chunks swapped",
            [&genuine[..head], &chunks(1, 2), &chunks(0, 1), &genuine[head + 2 * chunk..]].concat(),
        ),
        ("one left out", [&genuine[..head], &genuine[head + chunk..]].concat()),
        ("lengthened", [genuine.as_slice(), &chunks(0, 1)].concat()),
        ("another's", fs::read(folder.config().folder.join(&other_file.path)).unwrap()),
    ];
    for (what, octets) in cases {
        fs::write(&path, octets).unwrap();
        let played = rig.plain(id, &file);
        assert!(matches!(played, Err(PlaybackError::Sealed(SealedError::Changed))), "{what}: {played:?}");
    }
    fs::write(&path, genuine).unwrap();
    assert!(rig.plain(id, &file).is_ok() && rig.plain(other, &other_file).is_ok());
}

#[test]
fn tenants_have_keys_of_their_own_and_a_new_key_of_the_node_begets_new_ones() {
    let folder = Folder::new();
    let mut rig = Rig::start(&folder.config());
    let (first, first_file) = encrypted(&mut rig, RecordingFormat::Wav, 1);
    let (second, second_file) = encrypted(&mut rig, RecordingFormat::Wav, 2);
    drop(rig);

    let key_file = folder.config().key_file;
    let old = fs::read_to_string(&key_file).unwrap();
    fs::write(&key_file, format!("{old}2 {}\n", "5a".repeat(32))).unwrap();
    let mut rig = Rig::start(&folder.config());
    let (third, third_file) = encrypted(&mut rig, RecordingFormat::Wav, 1);
    for (id, file) in [(first, &first_file), (second, &second_file), (third, &third_file)] {
        assert!(rig.plain(id, file).is_ok(), "{}", file.path);
    }
    let keys = folder.config().folder.join("keys");
    assert!(keys.join("1-2.key").exists() && !keys.join("2-2.key").exists());
    fs::remove_file(keys.join("2-1.key")).unwrap();
    assert!(rig.plain(second, &second_file).is_err() && rig.plain(first, &first_file).is_ok());
    drop(rig);

    fs::write(&key_file, format!("2 {}\n", "5a".repeat(32))).unwrap();
    let rig = Rig::start(&folder.config());
    assert!(rig.plain(first, &first_file).is_err() && rig.plain(third, &third_file).is_ok());
}
