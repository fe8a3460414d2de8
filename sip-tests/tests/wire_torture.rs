//! The torture messages of RFC 4475 and RFC 5118 over UDP and TCP: whatever comes, others are served as before.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sip_tests::wire::{Block, Node, Party};

/// The corpus has 50 messages of RFC 4475 and twice 12 of RFC 5118.
const MESSAGES: usize = 74;

fn messages() -> Vec<PathBuf> {
    let corpus = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/torture"));
    let folders = ["rfc4475", "rfc5118", "rfc5118-crlf"].map(|folder| corpus.join(folder));
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("the corpus is there"));
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("readable").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "dat"));
    files.sort();
    files
}

fn node() -> Node {
    let block = Block::claim();
    let caller = block.ip(2);
    let provisioning = format!(
        "[[trunk]]\nname = \"caller\"\nhosts = [\"{caller}\"]\nhealth_secs = 0\n\n\
         [[station]]\nextension = \"1001\"\npassword = \"secret-1001\"\n"
    );
    Node::start(block, &provisioning)
}

/// Asks with OPTIONS, as liveness checks do.
fn is_served(party: &Party, node: &Node, id: usize) {
    let (me, switch) = (party.address(), node.sip());
    let options = format!(
        "OPTIONS sip:{switch} SIP/2.0\r\nVia: SIP/2.0/UDP {me};rport;branch=z9hG4bKalive{id}\r\nMax-Forwards: 70\r\n\
         From: <sip:alive@{me}>;tag=a{id}\r\nTo: <sip:{switch}>\r\nCall-ID: alive{id}@{me}\r\nCSeq: 1 OPTIONS\r\n\
         Content-Length: 0\r\n\r\n"
    );
    party.send(switch, options);
    party.expect("SIP/2.0 200");
}

#[test]
fn after_each_torture_message_over_udp_the_next_party_is_answered() {
    let mut node = node();
    let torturer = Party::new(node.block.at(2, 5_060));
    let other = Party::new(node.block.at(4, 5_060));
    let messages = messages();
    assert_eq!(messages.len(), MESSAGES);
    for (id, file) in messages.iter().enumerate() {
        torturer.send(node.sip(), fs::read(file).expect("readable"));
        is_served(&other, &node, id);
        assert!(node.lives(), "{}", file.display());
    }
    assert!(!node.log().contains("panic"), "{}", node.log());
    assert!(node.api().items("/api/v1/registrations").is_empty(), "nobody has shown a password");
}

#[test]
fn after_each_torture_message_over_tcp_the_next_party_is_answered() {
    let mut node = node();
    let other = Party::new(node.block.at(4, 5_060));
    for (id, file) in messages().iter().enumerate() {
        let mut stream = TcpStream::connect(node.sip()).expect("it takes connections");
        stream.set_read_timeout(Some(Duration::from_millis(50))).expect("an open socket");
        stream.write_all(&fs::read(file).expect("readable")).expect("it takes octets");
        // An answer, a close, or nothing at all: each is right for some of them.
        drop(stream.read(&mut [0; 4_096]));
        is_served(&other, &node, id);
        assert!(node.lives(), "{}", file.display());
    }
    assert!(!node.log().contains("panic"), "{}", node.log());
}
