//! The flows of RFC 3665 and RFC 3666 on the wire: SIPp plays every phone, carrier and gateway, over UDP and
//! over TCP. The ladders of the same flows stand in `rfc3665` and `rfc3666`.

use std::net::UdpSocket;

use sip_tests::wire::{Block, Node, Script, Sipp, Transport};

/// Hosts of the block: two carriers that may call and be called, a third peer, Alice's and Bob's phones.
const NGW1: u8 = 3;
const NGW2: u8 = 4;
const DEAD: u8 = 5;
const ALICE: u8 = 11;
const BOB: u8 = 12;
const HERE: &str = "Contact: <sip:[caller]@[local_ip]:[local_port];transport=[transport]>";

/// A node and the names of its flows' files.
struct Stage {
    node: Node,
    transport: Transport,
    /// Takes datagrams at the dead gateway and says nothing: a closed port would be told.
    _silent: UdpSocket,
}

impl Stage {
    fn new(transport: Transport) -> Self {
        let block = Block::claim();
        let provisioning = provisioning(&block, transport);
        let silent = UdpSocket::bind(block.at(DEAD, 5_060)).expect("an address of the block");
        Self { node: Node::start(block, &provisioning), transport, _silent: silent }
    }

    fn sipp(&self, flow: &str, script: &Script, host: u8) -> Sipp {
        let at = self.node.block.at(host, 5_060);
        let user = match host {
            ALICE => "1001",
            BOB => "1002",
            _ => "+13145551111",
        };
        let sipp =
            Sipp::script(script, &format!("{flow}-{host}"), self.node.block.folder(), at, self.transport);
        sipp.from(user).password(user, &format!("secret-{user}")).calls(1)
    }

    /// Plays one flow: who is called waits, then the caller calls `number`; every script runs to its end.
    fn play(&self, flow: &str, caller: (u8, Script), number: &str, callees: &[(u8, Script)]) {
        let waiting: Vec<_> =
            callees.iter().map(|(host, script)| self.sipp(flow, script, *host).listen()).collect();
        let called = self.sipp(flow, &caller.1, caller.0).to(number).call(self.node.sip()).end();
        assert_eq!(called.successful, 1, "{flow}");
        for callee in waiting {
            assert_eq!(callee.end().successful, 1, "{flow}");
        }
    }

    fn register(&self, host: u8) {
        let script = register(&[HERE, "Expires: 600"], 200);
        self.play("register", (host, script), "", &[]);
    }
}

/// A challenge, an answer, and what comes of it.
fn register(lines: &[&str], status: u16) -> Script {
    registers(Script::new(), lines, status)
}

fn registers(script: Script, lines: &[&str], status: u16) -> Script {
    let with = |script: Script| lines.iter().fold(script, |script, line| script.header(line));
    with(with(script).ask("REGISTER").expect(401).login()).ask("REGISTER").expect(status)
}

/// An INVITE of Alice's phone, which is asked for its password.
fn alice_calls() -> Script {
    Script::new().sdp().ask("INVITE").expect(407).ask("ACK-REFUSAL").sdp().login().ask("INVITE")
}

fn carrier_calls() -> Script {
    Script::new().sdp().ask("INVITE")
}

fn answers() -> Script {
    Script::new().take("INVITE").reply(180).listen()
}

fn refuses(status: u16) -> Script {
    Script::new().take("INVITE").reply(status).take("ACK")
}

#[test]
fn the_flows_of_rfc_3665_run_over_udp() {
    rfc3665(Transport::Udp);
}

#[test]
fn the_flows_of_rfc_3665_run_over_tcp() {
    rfc3665(Transport::Tcp);
}

#[test]
fn the_flows_of_rfc_3666_run_over_udp() {
    rfc3666(Transport::Udp);
}

#[test]
fn the_flows_of_rfc_3666_run_over_tcp() {
    rfc3666(Transport::Tcp);
}

fn rfc3665(transport: Transport) {
    let stage = Stage::new(transport);
    registrations(&stage);
    stage.register(BOB);
    stage.play("s3_1", (ALICE, alice_calls().expect(180).talk()), "1002", &[(BOB, answers())]);

    let behind_a_proxy = Script::new()
        .take("INVITE")
        .header("Record-Route: <sip:[local_ip]:[local_port];transport=[transport];lr>")
        .sdp()
        .reply(200)
        .take("ACK")
        .saying("Route: .*lr")
        .take("BYE")
        .saying("Route: .*lr")
        .reply(200);
    stage.play("s3_2", (NGW1, carrier_calls().talk()), "+15550002", &[(NGW2, behind_a_proxy)]);

    let challenge = r#"Proxy-Authenticate: Digest realm="gateway", nonce="n1", algorithm=MD5, qop="auth""#;
    let challenges = Script::new()
        .take("INVITE")
        .header(challenge)
        .reply(407)
        .take("ACK")
        .take("INVITE")
        .saying("Proxy-Authorization: Digest username=.customer.")
        .listen();
    stage.play("s3_3", (ALICE, alice_calls().talk()), "+15550003", &[(NGW2, challenges)]);
    stage.play("s3_4", (ALICE, alice_calls().talk()), "+15550004", &[(NGW2, answers())]);

    let redirects = Script::new()
        .take("INVITE")
        .header(&format!(
            "Contact: <sip:+15550106@{};transport=[transport]>",
            stage.node.block.at(NGW2, 5_060)
        ))
        .reply(302)
        .take("ACK");
    let late = Script::new().ask("INVITE").expect(407).ask("ACK-REFUSAL").login().ask("INVITE");
    let late = late.expect(200).sdp().ask("ACK").pause(100).ask("BYE").expect(200);
    let offers = Script::new().take("INVITE").saying("INVITE sip:.15550106@").sdp().reply(200);
    let offers = offers.take("ACK").saying("m=audio [0-9]+ RTP/AVP").take("BYE").reply(200);
    stage.play("s3_6", (ALICE, late), "+15550006", &[(NGW1, redirects), (NGW2, offers)]);

    let moves = carrier_calls().expect(200).ask("ACK").pause(50).sdp().ask("INVITE").talk();
    let follows = Script::new().take("INVITE").sdp().reply(200).take("ACK").take("INVITE").sdp();
    let follows = follows.reply(200).take("ACK").take("BYE").reply(200);
    stage.play("s3_7", (NGW1, moves), "+15550002", &[(NGW2, follows)]);

    stage.play("s3_8", (ALICE, gives_up(alice_calls().expect(180))), "1002", &[(BOB, rings())]);
    let hears = |status: u16| alice_calls().expect(status).ask("ACK-REFUSAL");
    stage.play("s3_9", (ALICE, hears(486)), "1002", &[(BOB, refuses(486))]);
    // A stream that cannot be opened is known to fail; a datagram is only never answered.
    let unreachable = if transport == Transport::Tcp { 503 } else { 480 };
    stage.play("s3_10", (ALICE, hears(unreachable)), "+15550010", &[]);
    stage.play("s3_11", (ALICE, hears(480)), "1002", &[(BOB, refuses(480))]);
}

/// §2.1 to §2.5.
fn registrations(stage: &Stage) {
    let first = register(&[HERE, "Expires: 600"], 200);
    let both = registers(first, &["Contact: <sip:1001@[local_ip]:5082>", "Expires: 600"], 200);
    let both = both.saying("5082>;expires=600");
    let list = registers(both, &[], 200).saying("5060.*>;expires=");
    let none = registers(list, &["Contact: *", "Expires: 0"], 200);
    stage.play("s2", (ALICE, none), "", &[]);
    let refused = register(&[HERE, "Expires: 600"], 401);
    let sipp = stage.sipp("s2_5", &refused, ALICE).password("1001", "guessed");
    assert_eq!(sipp.call(stage.node.sip()).end().successful, 1);
}

fn rings() -> Script {
    Script::new().take("INVITE").reply(180).take("CANCEL").reply(200).reply(487).take("ACK")
}

fn gives_up(script: Script) -> Script {
    script.pause(200).ask("CANCEL").expect(200).expect(487).ask("ACK-REFUSAL")
}

fn rfc3666(transport: Transport) {
    let stage = Stage::new(transport);
    let early = || Script::new().take("INVITE").sdp().reply(183);
    stage.play("s2_1", (ALICE, alice_calls().expect(183).talk()), "+15550001", &[(NGW1, early().listen())]);
    stage.play("s2_2", (ALICE, alice_calls().expect(180).talk()), "+15550001", &[(NGW1, answers())]);
    let full = (NGW1, refuses(503));
    stage.play("s2_3", (ALICE, alice_calls().talk()), "+15550012", &[full.clone(), (NGW2, answers())]);
    let announced = early().take("CANCEL").reply(200).reply(487).take("ACK");
    stage.play("s2_5", (ALICE, gives_up(alice_calls().expect(183))), "+15550001", &[(NGW1, announced)]);
    let unallocated = Script::new().take("INVITE").header("Reason: Q.850;cause=1").reply(404).take("ACK");
    let told = alice_calls().expect(404).saying("Q.850;cause=1").ask("ACK-REFUSAL");
    stage.play("s2_6", (ALICE, told), "+15550001", &[(NGW1, unallocated)]);
    let no_answer = early().pause(300).reply(480).take("ACK");
    let told = alice_calls().expect(183).expect(480).ask("ACK-REFUSAL");
    stage.play("s2_7", (ALICE, told), "+15550001", &[(NGW1, no_answer)]);

    stage.register(BOB);
    let number = "+15550200";
    stage.play("s3_1", (NGW1, carrier_calls().expect(180).talk()), number, &[(BOB, answers())]);
    stage.play(
        "s3_2",
        (NGW1, carrier_calls().talk()),
        number,
        &[(BOB, Script::new().take("INVITE").listen())],
    );
    let refused = |status: u16, cause: &str| {
        carrier_calls().expect(status).saying(&format!("cause={cause};")).ask("ACK-REFUSAL")
    };
    stage.play("s3_4", (NGW1, refused(604, "1")), number, &[(BOB, refuses(604))]);
    stage.play("s3_5", (NGW1, refused(486, "17")), number, &[(BOB, refuses(486))]);
    stage.play("s3_9", (NGW1, gives_up(carrier_calls().expect(180))), number, &[(BOB, rings())]);
    stage.play("s4_1", (NGW1, carrier_calls().expect(183).talk()), "+15550002", &[(NGW2, early().listen())]);
    stage.play("s4_2", (ALICE, alice_calls().talk()), "+15550012", &[full, (NGW2, answers())]);
}

fn provisioning(block: &Block, transport: Transport) -> String {
    let word = transport.word();
    let at = |host| block.at(host, 5_060);
    let trunk = |name: &str, peers: &[u8], more: &str| {
        let peers: Vec<String> = peers.iter().map(|host| format!("\"sip:{}\"", at(*host))).collect();
        format!(
            "[[trunk]]\nname = \"{name}\"\npeer = [{}]\ntransport = \"{word}\"\nhealth_secs = 0\nfailover_secs = 2\n{more}\n",
            peers.join(", ")
        )
    };
    let hosts = format!("hosts = [\"{}\", \"{}\"]", block.ip(NGW1), block.ip(NGW2));
    let trunks = [
        trunk("ngw1", &[NGW1], &hosts),
        trunk("ngw2", &[NGW2], "username = \"customer\"\npassword = \"trunk-secret\""),
        trunk("both", &[DEAD, NGW2], ""),
        trunk("dead", &[DEAD], ""),
    ];
    let numbers = [
        ("+15550001", "trunk:ngw1"),
        ("+15550002", "trunk:ngw2"),
        ("+15550003", "trunk:ngw2"),
        ("+15550004", "trunk:both"),
        ("+15550006", "trunk:ngw1"),
        ("+15550010", "trunk:dead"),
        ("+15550200", "station:1002"),
    ];
    let numbers = numbers.map(|(did, to)| format!("[[number]]\ndid = \"{did}\"\nto = \"{to}\"\n"));
    let stations = ["1001", "1002"].map(|extension| {
        format!(
            "[[station]]\nextension = \"{extension}\"\npassword = \"secret-{extension}\"\nmax_calls = 10\n"
        )
    });
    let rule = "[[dial_rule]]\npattern = \"^\\\\+15550012$\"\ntrunks = [\"ngw1\", \"ngw2\"]\n";
    trunks.concat() + &numbers.concat() + &stations.concat() + rule
}
