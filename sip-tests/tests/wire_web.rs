//! JsSIP over WebSocket: it registers, calls a phone and is called (RFC 7118).

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use sip_tests::wire::{Block, Node, Sipp, Transport};

/// A JsSIP in Node; dropping it ends it.
struct WebPhone {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl WebPhone {
    fn start(node: &Node, url: &str, what: &[&str]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/jssip/phone.mjs");
        let mut child = Command::new("node")
            .args([script, url, "tandem.test", "1001", "secret-1001"])
            .args(what)
            .env("TANDEM_TEST_NODE_PATH", node_path())
            .current_dir(node.block.folder())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("Node is installed, as sip-tests/run does");
        let said = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, said }
    }

    fn says(&mut self, expected: &str) {
        let mut line = String::new();
        self.said.read_line(&mut line).expect("text");
        if line.trim() != expected {
            let mut complaint = String::new();
            self.child.stderr.take().expect("piped").read_to_string(&mut complaint).expect("text");
            panic!("instead of {expected:?} it says {line:?}\n{complaint}");
        }
    }
}

impl Drop for WebPhone {
    fn drop(&mut self) {
        // It may have ended already, which is what this wants.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn a_web_phone_registers_over_websocket_calls_a_phone_and_is_called() {
    both_ways(Node::ws);
}

#[test]
fn a_web_phone_registers_over_secure_websocket_calls_a_phone_and_is_called() {
    both_ways(Node::wss);
}

fn both_ways(url: impl Fn(&Node) -> String) {
    let block = Block::claim();
    let caller = block.ip(2);
    let provisioning = format!(
        "[[trunk]]\nname = \"caller\"\nhosts = [\"{caller}\"]\nhealth_secs = 0\n\n\
         [[station]]\nextension = \"1001\"\npassword = \"secret-1001\"\n\n\
         [[station]]\nextension = \"1002\"\npassword = \"secret-1002\"\n\n\
         [[number]]\ndid = \"1001\"\nto = \"station:1001\"\n"
    );
    let node = Node::start_secure(block, &provisioning, "");
    let url = url(&node);
    let sipp = |scenario, host| {
        Sipp::new(scenario, node.block.folder(), node.block.at(host, 5_060), Transport::Udp).calls(1)
    };
    sipp("phone-registers.xml", 12).from("1002").password("1002", "secret-1002").call(node.sip()).end();
    let answers = sipp("answers.xml", 12).listen();
    let mut phone = WebPhone::start(&node, &url, &["call", "1002"]);
    for step in ["registered", "confirmed", "ended by local", "unregistered"] {
        phone.says(step);
    }
    assert_eq!(answers.end().successful, 1);
    drop(phone);

    let mut phone = WebPhone::start(&node, &url, &["answer"]);
    phone.says("registered");
    let calls = sipp("trunk-calls.xml", 2).from("+15550123").to("1001").talking_ms(200).call(node.sip());
    for step in ["confirmed", "ended by remote", "unregistered"] {
        phone.says(step);
    }
    assert_eq!(calls.end().successful, 1);
    node.records(2);
}

/// Where `sip-tests/run` keeps jssip and ws.
fn node_path() -> PathBuf {
    if let Some(path) = std::env::var_os("TANDEM_TEST_NODE_PATH") {
        return path.into();
    }
    let home = std::env::var_os("HOME").expect("somebody's home");
    let cache =
        std::env::var_os("XDG_CACHE_HOME").map_or_else(|| PathBuf::from(home).join(".cache"), PathBuf::from);
    cache.join("tandem-tests/node_modules")
}
