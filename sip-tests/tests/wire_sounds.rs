//! A prompt that a user uploads over HTTP is what a caller hears over RTP.

use sip_tests::wire::{Block, Node, Party, level_at, write_tone};

/// ITU-T G.711, µ-law.
fn linear(code: u8) -> i16 {
    let code = !code;
    let magnitude = ((i16::from(code & 0x0f) << 3) + 0x84) << ((code & 0x70) >> 4);
    if code & 0x80 == 0 { magnitude - 0x84 } else { 0x84 - magnitude }
}

#[test]
fn a_caller_hears_what_was_uploaded_and_the_shipped_prompt_once_that_is_deleted() {
    let block = Block::claim();
    let provisioning = format!(
        "[[trunk]]\nname = \"caller\"\nhosts = [\"{}\"]\nhealth_secs = 0\n\n\
         [[number]]\ndid = \"+15550160\"\nto = \"play:menu/hello\"\n",
        block.ip(2)
    );
    let node = Node::start(block, &provisioning);
    let file = std::env::temp_dir().join(format!("tandem-upload-{}.wav", std::process::id()));
    write_tone(&file, 1_000.0, 1);
    let tone = std::fs::read(&file).expect("our file");
    std::fs::remove_file(&file).expect("our file");

    let path = "/api/v1/prompts?language=en&id=menu/hello";
    let (status, problem) = node.api().send("POST", path, &tone[..tone.len() / 2]).expect("an answer");
    assert!(status == 422 && problem.contains("damaged 0.49"), "{status} {problem}");
    let (status, made) = node.api().send("POST", path, &tone).expect("an answer");
    assert!(status == 201 && made.contains("\"overrides\":true"), "{status} {made}");
    let (status, audio) = node.api().get("/api/v1/prompts/en%2Fmenu%2Fhello/audio").expect("an answer");
    assert!(status == 200 && audio.starts_with("RIFF"), "{status}");

    let heard = call(&node, "first");
    assert!(level_at(&heard, 1_000.0) > 0.95, "{}", level_at(&heard, 1_000.0));

    let (status, problem) = node.api().ask("DELETE", "/api/v1/prompts/en%2Fmenu%2Fhello").expect("an answer");
    assert_eq!(status, 204, "{problem}");
    let heard = call(&node, "second");
    assert!(heard.iter().any(|sample| sample.unsigned_abs() > 3_000), "somebody says hello");
    assert!(level_at(&heard, 1_000.0) < 0.5);
}

/// What a caller of the number hears until the switch hangs up, without the silence at its ends.
fn call(node: &Node, id: &str) -> Vec<i16> {
    let caller = Party::new(node.block.at(2, 5_060));
    caller.invite(node.sip(), "+15550160", id);
    let ok = caller.expect("SIP/2.0 200");
    caller.acknowledge(&ok, node.sip(), id);
    let heard = caller.hear_out();
    let bye = caller.expect("BYE");
    caller.reply(&bye, node.sip(), "200 OK", "");
    let samples = heard.iter().flat_map(|packet| &packet.payload).map(|code| linear(*code));
    let samples: Vec<i16> = samples.collect();
    let loud = |sample: &i16| sample.unsigned_abs() > 100;
    let first = samples.iter().position(loud).expect("not only silence");
    let last = samples.iter().rposition(loud).expect("not only silence");
    samples[first..=last].to_vec()
}
