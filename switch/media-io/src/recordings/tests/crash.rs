//! A process may be killed, and the system may refuse a write, at any time.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;
use std::{env, fs};

use base::media::{Channels, MediaEvent, Recorder, RecordingFormat};
use media::frame::Rate;

use super::rig::{Folder, Rig, config, tones, wav_channel};

const FOLDER: &str = "TANDEM_TEST_RECORDINGS";
const CHILD: &str = "recordings::tests::crash::a_child_records_until_it_is_killed";
const READY: &str = "all blocks are back";
const KNOWN: [u32; 2] = [500, 900];
const KINDS: [(RecordingFormat, bool); 4] = [
    (RecordingFormat::Wav, false),
    (RecordingFormat::Wav, true),
    (RecordingFormat::Opus, false),
    (RecordingFormat::Opus, true),
];

/// Does nothing unless started by one of the tests below: records 2.5 s in each form and waits to be killed.
#[test]
fn a_child_records_until_it_is_killed() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    let mut rig = Rig::start(&config(&PathBuf::from(folder)));
    for (format, encrypted) in KINDS {
        let recorder = rig.recorder(format, Channels::Stereo);
        rig.record(Recorder { encrypted, ..recorder }, Rate::Hz8000);
    }
    rig.hear(2_500, 500, 900);
    while rig.written < 4 * 12 {
        thread::park_timeout(Duration::from_millis(5));
        rig.carry();
    }
    while let Ok(event) = rig.events.try_recv() {
        if let MediaEvent::RecordingFailed { fault, .. } = event {
            say(&format!("{fault:?}"));
        }
    }
    say(READY);
    loop {
        thread::park();
    }
}

fn say(line: &str) {
    use std::io::Write;
    let mut out = std::io::stdout();
    writeln!(out, "\n{line}").and_then(|()| out.flush()).expect("the test listens");
}

/// Runs the child after a piece of shell until it is ready, kills it with SIGKILL, and returns what it said.
fn run_and_kill(folder: &Folder, shell: &str) -> Vec<String> {
    let mut child: Child = Command::new("sh")
        .args(["-c", &format!("{shell} exec \"$0\" --exact {CHILD} --nocapture")])
        .arg(env::current_exe().unwrap())
        .env(FOLDER, folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let said = lines.take_while(|line| line != READY).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    said
}

fn plain_wav(folder: &Folder) -> Vec<u8> {
    let names = fs::read_dir(folder.config().folder.join("2023/11/14")).unwrap();
    let mut paths = names.map(|entry| entry.unwrap().path());
    fs::read(paths.find(|path| path.extension().is_some_and(|end| end == "wav")).unwrap()).unwrap()
}

#[test]
fn killed_with_kill_9_every_kind_of_file_plays_up_to_its_last_second() {
    let folder = Folder::new();
    run_and_kill(&folder, "");
    // As it lies there, the plain file plays.
    let left = wav_channel(&plain_wav(&folder), 0);
    assert_eq!(tones(&left, 8_000, &KNOWN), [500; 24]);

    // The next start closes all four.
    let rig = Rig::start(&folder.config());
    for _ in KINDS {
        let entry = rig.entry();
        let file = &entry.file;
        assert!(entry.cut && file.sha256.len() == 64, "{entry:?}");
        let plain = rig.plain(entry.recording, file).unwrap();
        match file.format {
            RecordingFormat::Wav => {
                assert_eq!(file.audio_ms, 2_400);
                assert_eq!(tones(&wav_channel(&plain, 1), 8_000, &KNOWN), [900; 24]);
            }
            RecordingFormat::Opus => {
                let mut reader = ogg::PacketReader::new(std::io::Cursor::new(plain));
                let packets = std::iter::from_fn(|| reader.read_packet().unwrap()).count();
                assert_eq!(packets, 2 + 2_400 / 20);
                assert!((2_390..=2_400).contains(&file.audio_ms), "{} ms", file.audio_ms);
            }
        }
        rig.library.entered(&entry).unwrap();
    }
}

/// The kernel refuses to let files grow beyond 32 kB, as a full disk would.
#[test]
fn a_write_that_the_system_refuses_ends_the_recording_and_the_file_stays_whole() {
    let folder = Folder::new();
    let said = run_and_kill(&folder, "trap '' XFSZ; ulimit -f 64;");
    assert_eq!(said.iter().filter(|line| *line == "DiskFull").count(), 2, "{said:?}");
    let left = wav_channel(&plain_wav(&folder), 0);
    assert_eq!(tones(&left, 8_000, &KNOWN), [500; 6]);
}
