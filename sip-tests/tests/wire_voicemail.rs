//! Voice mail with real phones and a real mail server: what is said is kept, sent and heard again.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use sip_tests::wire::{Baresip, Block, Desk, MailServer, Node, level_at, node_path, read_wav, until};

/// What stands before the microphones of 1001 and 1002.
const TONES: [f64; 2] = [440.0, 1_200.0];
const PASSWORD: &str = "a-long-password-for-tests";
const MAIL_HOST: u8 = 7;
const MAIL_PORT: u16 = 2_525;

fn provisioning() -> &'static str {
    "[[user]]\nlogin = \"ana\"\nrole = \"agent\"\npassword = \"a-long-password-for-tests\"\n\n\
     [[station]]\nextension = \"1001\"\nuser = \"ana\"\npassword = \"secret-1001\"\n\n\
     [[station]]\nextension = \"1002\"\npassword = \"secret-1002\"\n\n\
     [[mailbox]]\nnumber = \"1001\"\nemail = \"ana@example.com\"\nemail_attach = true\nlanguage = \"es\"\n\
     time_zone = \"Europe/Madrid\"\nsilence_secs = 0\nmin_ms = 500\n\n\
     [[number]]\ndid = \"555\"\nto = \"voicemail:1001\"\n"
}

fn node() -> Node {
    let block = Block::claim();
    let at = block.at(MAIL_HOST, MAIL_PORT);
    let mail = format!(
        "\n[mail]\nhost = \"{}\"\nport = {}\nsecurity = \"none\"\nfrom = \"Tandem <pbx@example.com>\"\n",
        at.ip(),
        at.port()
    );
    Node::start_with(block, provisioning(), &mail)
}

fn mail_server(node: &Node) -> MailServer {
    MailServer::start(&node.block, node.block.at(MAIL_HOST, MAIL_PORT))
}

fn messages(node: &Node) -> Vec<Value> {
    node.api().items("/api/v1/voicemail-messages?mailbox=1001")
}

/// Begins to leave a message: the greeting is skipped, the tone is said for so long. Nothing is heard meanwhile.
fn speak(phone: &mut Baresip, ms: u64) {
    phone.dial("555");
    phone.talks();
    phone.hears(400);
    phone.press("#");
    // Nothing is played to whoever is recorded.
    until("the tone to be over", || {
        let before = phone.heard().len();
        thread::park_timeout(Duration::from_millis(400));
        (phone.heard().len() == before).then_some(())
    });
    thread::park_timeout(Duration::from_millis(ms));
}

/// CROCO-15: left by one phone, mailed, shown, and heard by the other with its own tone in it.
#[test]
fn a_message_is_left_mailed_shown_and_heard_again() {
    let node = node();
    let server = mail_server(&node);
    let mut owner = Baresip::with_lamp(&node.block, 21, "1001", TONES[0]);
    lamp(&owner, "no", "0/0");
    let mut leaver = Baresip::desk(&node.block, 22, "1002", TONES[1]);
    speak(&mut leaver, 1_200);
    leaver.hang_up();
    lamp(&owner, "yes", "1/0");
    let message = until("the message", || messages(&node).pop());
    assert_eq!((&message["caller"], &message["heard_at"]), (&Value::from("1002"), &Value::Null));
    let id = message["id"].as_str().expect("an id");
    assert!(id.starts_with("1001.rec_"), "{id}");

    let letter = until("the letter", || server.letters().pop());
    assert!(letter.contains("\nTo: ana@example.com") && letter.contains("From: Tandem"), "{letter}");
    assert!(letter.contains("Mensaje de voz") && letter.contains("CET"), "{}", &letter[..600]);
    let sound = attachment(&letter);
    let (status, shown) =
        node.api().octets(&format!("/api/v1/voicemail-messages/{id}/audio"), None).expect("audio");
    assert_eq!((status, shown == sound), (200, true), "the mail has the same sound");
    let file = node.block.folder().join("left.wav");
    fs::write(&file, &sound).expect("our folder");
    let samples = read_wav(&file);
    let middle = &samples[samples.len() / 4..samples.len() / 4 * 3];
    assert!(samples.len() > 8_000 && level_at(middle, TONES[1]) > 0.8, "{} samples", samples.len());
    let heard = node.api().json(&format!("/api/v1/voicemail-messages/{id}"));
    assert!(heard["heard_at"].is_string() && heard["listens"][0]["who"] == "test", "{heard:#}");

    // Listened to by the API it is a saved one.
    lamp(&owner, "no", "0/1");
    owner.dial("*97");
    owner.talks();
    owner.hears(600);
    owner.press("2");
    // Who left it, and when, is cut short.
    owner.hears(300);
    owner.press("8");
    owner.hears_tone(TONES[1]);
    owner.press("3");
    until("the message to be gone", || messages(&node).is_empty().then_some(()));
    owner.hang_up();
    lamp(&owner, "no", "0/0");
}

/// features.md §3.3: what is uploaded as a greeting is what a caller hears, and takes the place of the one before it.
#[test]
fn an_uploaded_greeting_is_what_a_caller_hears() {
    let node = node();
    let mut caller = Baresip::desk(&node.block, 22, "1002", TONES[1]);
    let path = "/api/v1/mailboxes/1001/greetings/unavailable";
    let mut made_at = Value::Null;
    for hertz in [700.0, 1_600.0] {
        let (status, body) = node.api().send("PUT", path, &tone(hertz)).expect("an answer");
        assert_eq!(status, 202, "{body}");
        made_at = until("the greeting", || {
            let shown = node.api().json("/api/v1/mailboxes/1001/greetings");
            let made = &shown["items"];
            let new = made.as_array()?.len() == 1 && made[0]["made_at"] != made_at;
            new.then(|| made[0]["made_at"].clone())
        });
        caller.dial("555");
        caller.talks();
        caller.hears_tone(hertz);
        caller.hang_up();
    }
    let (status, body) = node.api().send("PUT", path, b"no sound").expect("an answer");
    assert_eq!(status, 415, "{body}");
    let folder = node.block.folder();
    let found = Command::new("find").arg(folder).args(["-path", "*voicemail/*", "-type", "f"]).output();
    let files = String::from_utf8(found.expect("find runs").stdout).expect("names");
    assert_eq!(files.lines().count(), 1, "the one before is gone, and what stood beside: {files}");
}

/// A WAV file of four seconds, mono at 8 kHz.
fn tone(hertz: f64) -> Vec<u8> {
    let sample = |at: u32| (f64::from(at) * hertz * std::f64::consts::TAU / 8_000.0).sin() * 8_000.0;
    #[expect(clippy::cast_possible_truncation, reason = "a quarter of the range of i16")]
    let audio: Vec<u8> = (0..32_000).flat_map(|at| (sample(at) as i16).to_le_bytes()).collect();
    let mut file = b"RIFF".to_vec();
    file.extend_from_slice(&(audio.len() as u32 + 36).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend_from_slice(&8_000_u32.to_le_bytes());
    file.extend_from_slice(&16_000_u32.to_le_bytes());
    file.extend_from_slice(b"\x02\0\x10\0data");
    file.extend_from_slice(&(audio.len() as u32).to_le_bytes());
    file.extend_from_slice(&audio);
    file
}

/// Messages on the page for whose they are, by the hands of a browser, in Spanish.
#[test]
fn the_page_plays_marks_and_deletes_a_message() {
    let node = node();
    let mut leaver = Baresip::desk(&node.block, 22, "1002", TONES[1]);
    speak(&mut leaver, 1_000);
    leaver.hang_up();
    until("the message", || messages(&node).pop());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/browser/voicemail-page.mjs");
    let output = Command::new("timeout")
        .args(["-k", "2", "60", "node", script, &format!("http://{}", node.http()), "ana", PASSWORD])
        .env("TANDEM_TEST_NODE_PATH", node_path())
        .output()
        .expect("Node is installed, as sip-tests/run does");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(messages(&node).is_empty());
}

/// RFC 3842 §3.5: what the phone is told waits.
fn lamp(phone: &Baresip, waits: &str, counts: &str) {
    let wanted = [format!("Messages-Waiting: {waits}"), format!("Voice-Message: {counts} (0/0)")];
    until(&format!("{wanted:?}"), || {
        let told = phone.waiting();
        wanted.iter().all(|line| told.contains(line)).then_some(())
    });
}

/// A message never is without its file, nor a file without its message, whatever ends the process.
#[test]
fn what_was_said_until_the_process_was_killed_is_a_message() {
    let mut node = node();
    let mut leaver = Baresip::desk(&node.block, 22, "1002", TONES[1]);
    speak(&mut leaver, 2_000);
    node.kill();
    node.serve();
    let message = until("the message", || messages(&node).pop());
    assert_eq!(message["cut"], true, "{message:#}");
    // Nobody takes the notice yet.
    let notice = until("a try", || {
        let notice = node.api().items("/api/v1/voicemail-notices").pop()?;
        (notice["tries"].as_u64() >= Some(1)).then_some(notice)
    });
    assert!(notice["given_up"] == false && notice["error"].is_string(), "{notice:#}");
    let server = mail_server(&node);
    let letter = until("the letter", || server.letters().pop());
    assert!(letter.contains("Content-Type: audio/wav"), "{letter}");
    until("no notice to wait", || node.api().items("/api/v1/voicemail-notices").is_empty().then_some(()));
    let id = message["id"].as_str().expect("an id");
    let (status, sound) =
        node.api().octets(&format!("/api/v1/voicemail-messages/{id}/audio"), None).expect("audio");
    assert_eq!(status, 200);
    let file = node.block.folder().join("cut.wav");
    fs::write(&file, &sound).expect("our folder");
    let samples = read_wav(&file);
    assert!(level_at(&samples[samples.len() / 2..], TONES[1]) > 0.8, "{} samples", samples.len());
    let (status, _) =
        node.api().ask("DELETE", &format!("/api/v1/voicemail-messages/{id}")).expect("an answer");
    assert_eq!((status, messages(&node).len()), (204, 0));
}

/// What is being said when the switch is told to end, twice, is a message as if its caller had hung up.
#[test]
fn what_was_said_until_the_switch_ended_is_a_message() {
    let mut node = node();
    let mut leaver = Baresip::desk(&node.block, 22, "1002", TONES[1]);
    speak(&mut leaver, 1_000);
    node.terminate();
    until("the drain", || node.log().contains("draining").then_some(()));
    node.terminate();
    node.ended();
    node.serve();
    let message = until("the message", || messages(&node).pop());
    assert_eq!(message["cut"], false, "{message:#}");
    assert!(message["audio_ms"].as_u64() > Some(700), "{message:#}");
    assert_eq!(messages(&node).len(), 1);
}

/// The octets of the one part that is audio.
fn attachment(letter: &str) -> Vec<u8> {
    let letter = letter.replace("\r\n", "\n");
    let part = letter.split("Content-Type: audio/wav").nth(1).expect("a sound");
    let body = part.split("\n\n").nth(1).expect("a body");
    let text: String = body.lines().take_while(|line| !line.starts_with("--")).collect();
    unbase64(&text)
}

fn unbase64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut octets, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for value in text.bytes().filter_map(|b| ALPHABET.iter().position(|known| *known == b)) {
        bits = bits << 6 | value as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            octets.push((bits >> held) as u8);
        }
    }
    octets
}
