//! Trunks over TLS between built switches: each proves its name to the other, and a stranger is nobody.

use std::fs;
use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use sip_tests::wire::{Block, Node, Party, Sipp, Transport, until};

/// Signs certificates into the folder of a block.
struct Ca {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Ca {
    fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "an authority of a test");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    fn sign(&self, block: &Block, name: &str) {
        let names = vec![name.to_owned(), block.ip(1).to_string()];
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(names).expect("plain names");
        let cert = params.signed_by(&key, &self.issuer).expect("a certificate");
        fs::write(block.folder().join("cert.pem"), cert.pem()).expect("our folder");
        fs::write(block.folder().join("key.pem"), key.serialize_pem()).expect("our folder");
    }
}

/// `[tls]` with the files that `Ca::sign` made and the authority to believe.
fn tls(block: &Block, believed: &Ca) -> String {
    let file = |name| -> PathBuf { block.folder().join(name) };
    fs::write(file("ca.pem"), &believed.pem).expect("our folder");
    let (cert, key, ca) = (file("cert.pem"), file("key.pem"), file("ca.pem"));
    format!("[tls]\ncert = {cert:?}\nkey = {key:?}\nca = {ca:?}\n")
}

/// A switch that sends what a caller on its host 2 dials to `far` over TLS.
fn near(block: Block, far: &Node, more: &str) -> Node {
    let (caller, far) = (block.ip(2), far.tls());
    let provisioning = format!(
        "[[trunk]]\nname = \"caller\"\nhosts = [\"{caller}\"]\nhealth_secs = 0\n\n\
         [[trunk]]\nname = \"far\"\npeer = \"sip:{far}\"\ntransport = \"tls\"\nhealth_secs = 0\n\n\
         [[number]]\ndid = \"+15550199\"\nto = \"trunk:far\"\n"
    );
    Node::start_secure(block, &provisioning, more)
}

/// A call of the caller that must not go through.
fn is_refused(node: &Node) -> bool {
    let caller = Party::new(node.block.at(2, 5_060));
    caller.invite(node.sip(), "+15550199", "refused");
    let last = caller.message_where(None, |message| !message.starts_with("SIP/2.0 1"));
    last.is_some_and(|message| message.starts_with("SIP/2.0 4") || message.starts_with("SIP/2.0 5"))
}

fn call(node: &Node) -> sip_tests::wire::Stats {
    Sipp::new("trunk-calls.xml", node.block.folder(), node.block.at(2, 5_060), Transport::Udp)
        .from("+15550123")
        .to("+15550199")
        .calls(1)
        .talking_ms(100)
        .call(node.sip())
        .end()
}

/// RFC 5922, RFC 5923; GHSA-qqxj-v78h-hrf9: one that shows the right name on the word of another authority, and one
/// that sends from anywhere without any, are no trunk.
#[test]
fn two_switches_prove_their_names_to_each_other_and_a_stranger_gets_no_call() {
    let (ca, other) = (Ca::new(), Ca::new());
    let block = Block::claim();
    ca.sign(&block, "far.example");
    let more = tls(&block, &ca);
    let far = Node::start_secure(
        block,
        "[[trunk]]\nname = \"near\"\ntls_name = \"near.example\"\nhosts = [\"127.0.0.0/8\"]\nhealth_secs = 0\n\n\
         [[number]]\ndid = \"+15550199\"\nto = \"test:answer\"\n",
        &more,
    );
    let block = Block::claim();
    ca.sign(&block, "near.example");
    let more = tls(&block, &ca);
    let known = near(block, &far, &more);
    assert_eq!(call(&known).successful, 1);
    assert_eq!(far.records(1)[0]["from"], "trunk:near");
    assert_eq!(known.records(1)[0]["answered_by"], "trunk:far");

    let block = Block::claim();
    other.sign(&block, "near.example");
    let more = tls(&block, &ca);
    let stranger = near(block, &far, &more);
    assert!(is_refused(&stranger));
    far.records(1);

    let block = Block::claim();
    ca.sign(&block, "near.example");
    let more = tls(&block, &other);
    let believes_others = near(block, &far, &more);
    assert!(is_refused(&believes_others));
    far.records(1);

    fs::write(far.block.folder().join("cert.pem"), "no certificate").expect("our folder");
    far.reload();
    until("the reload to be refused", || far.log().contains("TLS stays as it was").then_some(()));
    assert_eq!(call(&known).successful, 1);
    ca.sign(&far.block, "far.example");
    far.reload();
    assert_eq!(call(&known).successful, 1);
    far.records(3);
}
