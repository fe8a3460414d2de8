//! Calls recorded by the built switch: from real RTP to what the API gives out. Issue row "Recording".

use std::f64::consts::TAU;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use base::media::{Codec, Wishes};
use media::codec;
use media::frame::Rate;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sip_tests::wire::{Block, Node, Party, RtpPacket, level_at, node_path, sdp_port, until};

const ID: &str = "recorded";
/// For so long each side keeps a tone before it goes on to the next.
const STEP_MS: usize = 400;
/// What the first tones of the two sides are, and how far apart two tones of one side are.
const CALLER_HZ: usize = 500;
const CALLEE_HZ: usize = 2_100;
const APART_HZ: usize = 100;
/// How far a boundary between two tones may be from where it belongs.
const NEAR_MS: i64 = 40;

/// A call between a caller on host 2 and a carrier's phone on host 3.
struct Call {
    node: Node,
    caller: Party,
    callee: Party,
    ok: String,
    /// Where the caller and the callee send their RTP.
    near: SocketAddr,
    far: SocketAddr,
}

impl Call {
    /// One that is up, to a number that is recorded by `policy`: the rest of a `recording_policy` table, and what else is
    /// to be set up.
    fn up(policy: &str) -> Self {
        let block = Block::claim();
        let (from, carrier) = (block.ip(2), block.at(3, 5_060));
        let provisioning = format!(
            "[[recording_policy]]\nname = \"p\"\n{policy}\n\n\
             [[trunk]]\nname = \"caller\"\nhosts = [\"{from}\"]\nhealth_secs = 0\n\n\
             [[trunk]]\nname = \"carrier\"\npeer = \"sip:{carrier}\"\nhealth_secs = 0\n\n\
             [[number]]\ndid = \"+15550170\"\nto = \"trunk:carrier\"\nrecording = \"p\"\n"
        );
        let node = Node::start(block, &provisioning);
        let caller = Party::new(node.block.at(2, 5_060));
        let callee = Party::new(node.block.at(3, 5_060));
        caller.invite(node.sip(), "+15550170", ID);
        let invite = callee.expect("INVITE");
        callee.reply(&invite, node.sip(), "200 OK", &callee.sdp());
        let ok = caller.expect("SIP/2.0 200");
        let near = caller.acknowledge(&ok, node.sip(), ID);
        callee.expect("ACK");
        let far = SocketAddr::new(node.sip().ip(), sdp_port(&invite));
        Self { node, caller, callee, ok, near, far }
    }

    /// Both sides walk through so many tones of their own, while something else is done. Returns what that gave, and how
    /// far in milliseconds a tone may be from where it belongs, given how late this busy machine sends.
    fn talk<T>(&self, steps: usize, meanwhile: impl FnOnce() -> T) -> (T, i64) {
        thread::scope(|scope| {
            let caller = scope.spawn(|| self.caller.play(self.near, &tones(CALLER_HZ, steps)));
            let callee = scope.spawn(|| self.callee.play(self.far, &tones(CALLEE_HZ, steps)));
            let done = meanwhile();
            let late = [caller, callee].map(|side| side.join().expect("it has played")).into_iter().max();
            (done, NEAR_MS + late.map_or(0, |late| late.as_millis() as i64))
        })
    }

    fn act(&self, act: &str) {
        let live = until("a live call", || self.node.live().pop());
        let id = live["id"].as_str().expect("an id");
        let path = format!("/api/v1/calls/{id}/recording");
        let (status, answer) = self.node.api().post(&path, &json!({ "act": act })).expect("an answer");
        assert!(status == 200 || status == 202, "{act}: {status} {answer}");
    }

    fn end(&self) {
        self.caller.hang_up(&self.ok, self.node.sip(), ID);
        let bye = self.callee.expect("BYE");
        self.callee.reply(&bye, self.node.sip(), "200 OK", "");
    }

    /// The one recording, once it is in the list.
    fn recording(&self) -> Value {
        until("a recording in the list", || self.node.api().items("/api/v1/recordings").pop())
    }

    /// Its audio as the API gives it out.
    fn audio(&self, recording: &Value) -> Vec<u8> {
        let (status, audio) = self.node.api().octets(&path(recording), None).expect("an answer");
        assert_eq!(status, 200, "{recording:#}");
        audio
    }

    /// The files of recordings on disk.
    fn files(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.node.block.folder().join("data/recordings")];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder").flatten() {
                let path = entry.path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        let is_audio = |file: &PathBuf| {
            let name = file.to_string_lossy();
            !name.contains("/keys/") && !name.ends_with(".entry")
        };
        files.retain(is_audio);
        files
    }
}

fn path(recording: &Value) -> String {
    format!("/api/v1/recordings/{}/audio", recording["id"].as_str().expect("an id"))
}

/// Packets of 20 ms of PCMU: a tone, then the next one.
fn tones(first_hz: usize, steps: usize) -> Vec<Vec<u8>> {
    let mut encoder = codec::encoder(Codec::Pcmu, &Wishes::default(), Rate::Hz8000).expect("G.711");
    let packet = |number: usize| {
        let hz = (first_hz + APART_HZ * (number * 20 / STEP_MS)) as f64;
        let sine = |n: usize| (TAU * hz * (number * 160 + n) as f64 / 8_000.0).sin() * 8_000.0;
        let audio: Vec<i16> = (0..160).map(|n| sine(n) as i16).collect();
        let mut payload = vec![0; 160];
        encoder.encode(&audio, &mut payload).expect("20 ms");
        payload
    };
    (0..steps * STEP_MS / 20).map(packet).collect()
}

/// The two channels of a WAV file of 16 bits.
fn channels(wav: &[u8]) -> [Vec<i16>; 2] {
    assert_eq!((&wav[..4], &wav[8..16], wav[22]), (&b"RIFF"[..], &b"WAVEfmt "[..], 2), "a stereo WAV file");
    assert_eq!(wav[24..28], 8_000_u32.to_le_bytes());
    let data = wav.windows(4).position(|four| four == b"data").expect("audio") + 8;
    let sample = |at: &[u8]| i16::from_le_bytes([at[0], at[1]]);
    let frames = wav[data..].chunks_exact(4);
    [
        frames.clone().map(|frame| sample(&frame[..2])).collect(),
        frames.map(|frame| sample(&frame[2..])).collect(),
    ]
}

/// Which of a side's tones is all that is heard in these milliseconds; `None` for silence, and between two of them.
fn step(samples: &[i16], first_hz: usize) -> Option<usize> {
    let loud = samples.iter().any(|sample| sample.unsigned_abs() > 2_000);
    let level = |step: &usize| level_at(samples, (first_hz + APART_HZ * step) as f64);
    (0..12).find(|step| loud && level(step) > 0.85)
}

/// Each tone of a channel with where it begins, in milliseconds.
fn walked(channel: &[i16], first_hz: usize) -> Vec<(usize, i64)> {
    let mut walked: Vec<(usize, i64)> = Vec::new();
    for (window, at) in channel.windows(320).step_by(80).zip((0..).step_by(10)) {
        if let Some(step) = step(window, first_hz)
            && walked.last().is_none_or(|(last, _)| *last != step)
        {
            walked.push((step, at));
        }
    }
    walked
}

/// What a recording's record says is left out: where in the audio, and how much, in milliseconds.
fn gaps(recording: &Value) -> Vec<(i64, i64)> {
    let gaps = recording["gaps"].as_array().expect("gaps");
    gaps.iter().map(|gap| (millis(&gap["at_ms"]), millis(&gap["ms"]))).collect()
}

/// A channel holds the first `steps` tones of its side in order, nothing of the other side, and each begins when it
/// should; where something is left out the clock has gone on.
fn assert_walked(channel: &[i16], first_hz: usize, steps: usize, gaps: &[(i64, i64)], near: i64) {
    let other_hz = if first_hz == CALLER_HZ { CALLEE_HZ } else { CALLER_HZ };
    for window in channel.chunks_exact(800) {
        assert_eq!(step(window, other_hz), None, "the other side is not heard");
    }
    let left_out = |at: i64| gaps.iter().filter(|gap| gap.0 <= at).map(|gap| gap.1).sum::<i64>();
    let found: Vec<(usize, i64)> =
        walked(channel, first_hz).into_iter().map(|(step, at)| (step, at + left_out(at))).collect();
    let belongs = |step: usize| (step * STEP_MS) as i64;
    let hidden = |from: i64, to: i64| {
        let hides = |gap: &(i64, i64)| {
            let gap_begins = gap.0 + left_out(gap.0 - 1);
            gap_begins < to && gap_begins + gap.1 > from
        };
        gaps.iter().any(hides)
    };
    // A jitter buffer that has been too patient, or too hasty, moves what follows: the middle of all is the measure.
    let whole = || found.iter().filter(|(_, at)| !hidden(at - near, *at));
    let begins = || whole().map(|(step, at)| at - belongs(*step));
    let begin = begins().min().zip(begins().max()).map_or(0, |(least, most)| least.midpoint(most));
    let shown = format!("begin {begin}, near {near}, gaps {gaps:?}: {found:?}");
    assert!(found.is_sorted_by(|a, b| a.0 < b.0), "each once and in order: {shown}");
    for step in 0..steps {
        let wanted = begin + belongs(step);
        let at = found.iter().find(|(known, _)| *known == step).map(|(_, at)| *at);
        let seen = at.is_some_and(|at| (at - wanted).abs() <= near);
        assert!(seen || hidden(wanted - near, wanted + STEP_MS as i64 / 2), "tone {step}: {shown}");
    }
    assert!(found.iter().all(|(step, _)| *step < steps), "{shown}");
}

/// What somebody heard is what the other side said, packet by packet.
fn assert_relayed(heard: &[RtpPacket], said: &[Vec<u8>]) {
    assert_eq!(heard.len(), said.len());
    for (packet, (payload, sequence)) in heard.iter().zip(said.iter().zip(heard[0].sequence..)) {
        assert_eq!(packet.sequence, sequence, "none is lost");
        assert!(packet.payload == *payload, "packet {sequence} is another");
    }
}

fn sha256(octets: &[u8]) -> String {
    Sha256::digest(octets).iter().map(|octet| format!("{octet:02x}")).collect()
}

fn millis(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("milliseconds: {value}"))
}

/// RFC 9110 §14.2 for the range.
#[test]
#[expect(clippy::disallowed_methods, reason = "how long the pause was is what the record is measured by")]
fn a_recorded_call_has_the_customer_left_the_other_right_and_a_marked_gap_for_its_pause() {
    let call = Call::up("when = \"all\"");
    let ((least, most), near) = call.talk(8, || {
        thread::sleep(Duration::from_millis(900));
        let first = Instant::now();
        call.act("pause");
        let second = Instant::now();
        thread::sleep(Duration::from_millis(950));
        let third = Instant::now();
        call.act("resume");
        ((third - second).as_millis() as i64, first.elapsed().as_millis() as i64)
    });
    assert_relayed(&call.callee.hear(160), &tones(CALLER_HZ, 8));
    assert_relayed(&call.caller.hear(160), &tones(CALLEE_HZ, 8));
    call.end();

    let recording = call.recording();
    let gaps = gaps(&recording);
    let pause = gaps.iter().map(|gap| gap.1).max().expect("a gap");
    assert!((least - near..=most + near).contains(&pause), "{least} to {most}: {gaps:?}");
    let wav = call.audio(&recording);
    let [left, right] = channels(&wav);
    assert_eq!(left.len() as i64 / 8, millis(&recording["audio_ms"]));
    assert_walked(&left, CALLER_HZ, 8, &gaps, near);
    assert_walked(&right, CALLEE_HZ, 8, &gaps, near);
    let steps: Vec<usize> = walked(&left, CALLER_HZ).iter().map(|(step, _)| *step).collect();
    assert!(!steps.contains(&3), "what was said in the pause is not there: {steps:?}");

    let files = call.files();
    assert_eq!(files.len(), 1, "{files:?}");
    let on_disk = fs::read(&files[0]).expect("a file");
    assert_eq!(recording["sha256"], sha256(&on_disk));
    assert!(on_disk == wav, "what the API gives out is the file");
    let (status, part) = call.node.api().octets(&path(&recording), Some("4000-4999")).expect("an answer");
    assert_eq!((status, &part[..]), (206, &wav[4_000..5_000]));
    assert_eq!((recording["policy"].as_str(), recording["cut"].as_bool()), (Some("p"), Some(false)));
}

/// RFC 7845: what is sealed on disk comes out of the API as Ogg/Opus that opusdec plays.
#[test]
fn an_encrypted_opus_recording_is_sealed_on_disk_and_plays_through_the_api() {
    let call = Call::up("when = \"all\"\nformat = \"opus\"\nencrypt = true");
    let ((), near) = call.talk(4, || {});
    call.end();
    let recording = call.recording();
    let files = call.files();
    let sealed = fs::read(&files[0]).expect("a file");
    assert!(!sealed.windows(4).any(|four| four == b"OggS" || four == b"Opus"), "nothing of it is readable");
    assert_eq!(recording["sha256"], sha256(&sealed));
    let (opus, wav) = (call.node.block.folder().join("it.opus"), call.node.block.folder().join("it.wav"));
    fs::write(&opus, call.audio(&recording)).expect("our folder");
    let decoded = Command::new("opusdec").args(["--quiet", "--rate", "8000"]).args([&opus, &wav]).output();
    let decoded = decoded.expect("opusdec is installed, as sip-tests/run does");
    assert!(decoded.status.success(), "{}", String::from_utf8_lossy(&decoded.stderr));
    let [left, right] = channels(&fs::read(&wav).expect("decoded"));
    for (channel, first_hz) in [(left, CALLER_HZ), (right, CALLEE_HZ)] {
        assert_walked(&channel, first_hz, 4, &gaps(&recording), near);
    }
}

#[test]
fn on_demand_both_hear_the_announcement_which_is_not_in_the_file_and_the_call_outlives_the_recording() {
    let call = Call::up("when = \"on_demand\"\nannounce = \"recording/is-recorded\"");
    assert_eq!(call.node.api().items("/api/v1/recordings").len(), 0);
    call.act("start");
    let [by_caller, by_callee] = [&call.caller, &call.callee].map(Party::hear_out);
    for heard in [by_caller, by_callee] {
        // ITU-T G.711, µ-law: the larger the code without its sign, the softer.
        let loud = |packet: &&RtpPacket| packet.payload.iter().any(|code| code & 0x7f < 0x30);
        assert!(heard.iter().filter(loud).count() > 20, "somebody speaks, {} packets", heard.len());
    }
    let ((), near) = call.talk(3, || {});
    call.act("stop");
    let recording = call.recording();
    assert_eq!(call.node.live().len(), 1, "the call goes on");
    assert_relayed(&call.callee.hear(60), &tones(CALLER_HZ, 3));
    assert_relayed(&call.caller.hear(60), &tones(CALLEE_HZ, 3));
    call.end();
    let [left, right] = channels(&call.audio(&recording));
    assert!(left.len() > 3 * STEP_MS * 8 + 4_000, "it began before the announcement");
    assert_walked(&left, CALLER_HZ, 3, &gaps(&recording), near);
    assert_walked(&right, CALLEE_HZ, 3, &gaps(&recording), near);
}

#[test]
fn a_recording_cut_off_by_kill_9_plays_and_is_in_the_list_after_the_next_start() {
    let mut call = Call::up("when = \"all\"");
    let ((), near) = call.talk(6, || {});
    call.node.kill();
    call.node.serve();
    let recording = call.recording();
    assert_eq!(recording["cut"], true, "{recording:#}");
    let [left, right] = channels(&call.audio(&recording));
    // The last second may be missing.
    for (channel, first_hz) in [(left, CALLER_HZ), (right, CALLEE_HZ)] {
        let steps = walked(&channel, first_hz).last().map_or(0, |(step, _)| step + 1);
        assert!((4..=6).contains(&steps), "{steps} of 6 tones");
        assert_walked(&channel, first_hz, steps, &gaps(&recording), near);
    }
}

/// Issue row "Recording": "a page in English and Spanish", here the Spanish one.
#[test]
fn on_its_page_a_recording_is_found_heard_from_its_gap_on_and_deleted_when_somebody_is_sure() {
    const PASSWORD: &str = "a-long-password-for-tests";
    let user = format!("[[user]]\nlogin = \"boss\"\nrole = \"admin\"\npassword = \"{PASSWORD}\"");
    let call = Call::up(&format!("when = \"all\"\n\n{user}"));
    call.talk(8, || {
        thread::park_timeout(Duration::from_millis(800));
        call.act("pause");
        thread::park_timeout(Duration::from_millis(300));
        call.act("resume");
    });
    call.end();
    let id = call.recording();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/browser/recordings-page.mjs");
    let output = Command::new("timeout")
        .args(["-k", "2", "100", "node", script, &format!("http://{}", call.node.http()), "boss", PASSWORD])
        .env("TANDEM_TEST_NODE_PATH", node_path())
        .output()
        .expect("Node is installed, as sip-tests/run does");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (status, problem) = call.node.api().octets(&path(&id), None).expect("an answer");
    assert_eq!(status, 410, "{}", String::from_utf8_lossy(&problem));
    assert!(call.files().is_empty(), "nothing is left on disk");
    let heard = call.node.api().json(&format!("/api/v1/recordings/{}", id["id"].as_str().expect("an id")));
    assert_eq!((&heard["deleted_by"], &heard["listens"][0]["who"]), (&json!("boss"), &json!("boss")));
}
