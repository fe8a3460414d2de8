//! The page of prompts in a real browser: a prompt is heard and seen, a file is brought and deleted, a damaged one refused.

use std::fs;
use std::process::Command;

use sip_tests::wire::{Block, Node, node_path, write_tone};

const PASSWORD: &str = "a-long-password-for-tests";

#[test]
fn prompts_are_heard_brought_and_deleted_on_their_page() {
    let provisioning = format!("[[user]]\nlogin = \"boss\"\nrole = \"admin\"\npassword = \"{PASSWORD}\"\n");
    let node = Node::start(Block::claim(), &provisioning);
    let (tone, damaged) = (node.block.folder().join("tone.wav"), node.block.folder().join("damaged.wav"));
    write_tone(&tone, 1_000.0, 1);
    let whole = fs::read(&tone).expect("our file");
    fs::write(&damaged, &whole[..whole.len() / 2]).expect("our folder");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/browser/prompts-page.mjs");
    let output = Command::new("timeout")
        .args(["-k", "2", "100", "node", script, &format!("http://{}", node.http()), "boss", PASSWORD])
        .args([&tone, &damaged])
        .env("TANDEM_TEST_NODE_PATH", node_path())
        .output()
        .expect("Node is installed, as sip-tests/run does");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
