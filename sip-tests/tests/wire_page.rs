//! The status page in a real browser: what happens on the node appears by itself.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use sip_tests::wire::{Block, Node, Sipp, Transport, node_path};

/// Long enough to be seen by a page that looks every two seconds.
const TALK_MS: u32 = 6_000;
const PASSWORD: &str = "a-long-password-for-tests";

#[test]
fn trunks_registrations_and_calls_appear_on_the_status_page_without_a_reload() {
    let block = Block::claim();
    let (caller, callee) = (block.ip(2), block.at(3, 5_060));
    let provisioning = format!(
        "[[user]]\nlogin = \"boss\"\nrole = \"admin\"\npassword = \"{PASSWORD}\"\n\n\
         [[trunk]]\nname = \"caller\"\nhosts = [\"{caller}\"]\nhealth_secs = 0\n\n\
         [[trunk]]\nname = \"callee\"\npeer = \"sip:{callee}\"\nhealth_secs = 0\n\n\
         [[station]]\nextension = \"1002\"\npassword = \"secret-1002\"\n\n\
         [[number]]\ndid = \"1002\"\nto = \"station:1002\"\n"
    );
    let node = Node::start(block, &provisioning);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/browser/status-page.mjs");
    let mut browser = Command::new("timeout")
        .args(["-k", "2", "100", "node", script, &format!("http://{}", node.http()), "boss", PASSWORD])
        .env("TANDEM_TEST_NODE_PATH", node_path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Node is installed, as sip-tests/run does");
    let mut said = BufReader::new(browser.stdout.take().expect("piped"));
    let mut line = String::new();
    said.read_line(&mut line).expect("text");
    if line.trim() == "shown" {
        let sipp = |scenario, host| {
            Sipp::new(scenario, node.block.folder(), node.block.at(host, 5_060), Transport::Udp).calls(1)
        };
        let registers = sipp("phone-registers.xml", 12).from("1002").password("1002", "secret-1002");
        registers.call(node.sip()).end();
        let answers = sipp("answers.xml", 12).listen();
        let calls = sipp("trunk-calls.xml", 2).from("+15550123").to("1002").talking_ms(TALK_MS);
        calls.call(node.sip()).end();
        answers.end();
    }
    let output = browser.wait_with_output().expect("our child");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
