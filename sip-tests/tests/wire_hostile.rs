//! Floods and bombs against the built switch, while others call (conformance S7, S10, S14).

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use sip_tests::wire::{Block, Node, Party, Sipp, Transport};

const CALLS: u32 = 20;
/// Rounds of one packet from each hostile address, a millisecond apart at least.
const ROUNDS: u32 = 1_500;
const HOSTILE: u8 = 12;

fn provisioning(block: &Block) -> String {
    let (caller, carrier) = (block.ip(2), block.at(3, 5_060));
    format!(
        "[[trunk]]\nname = \"caller\"\nhosts = [\"{caller}\"]\nhealth_secs = 0\n\n\
         [[trunk]]\nname = \"carrier\"\npeer = \"sip:{carrier}\"\nhealth_secs = 0\n\n\
         [[station]]\nextension = \"1002\"\npassword = \"secret-1002\"\n\n\
         [[number]]\ndid = \"+15550199\"\nto = \"trunk:carrier\"\n"
    )
}

fn hostile(block: &Block) -> Vec<UdpSocket> {
    let open = |host: u8| {
        let socket = UdpSocket::bind(block.at(30 + host, 5_060)).expect("an address of the block");
        socket.set_nonblocking(true).expect("a bound socket");
        socket
    };
    (0..HOSTILE).map(open).collect()
}

fn request(method: &str, n: u32, from: SocketAddr, to: SocketAddr) -> String {
    format!(
        "{method} sip:{user}@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bKf{n};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:{user}@{to}>;tag={n}\r\nTo: <sip:{user}@{to}>\r\nCall-ID: {n}@{from}\r\nCSeq: 1 {method}\r\n\
         Contact: <sip:{user}@{from}>\r\nUser-Agent: friendly-scanner\r\nContent-Length: 0\r\n\r\n",
        user = 1_000 + n % 100,
    )
}

/// Sends one round and counts what comes back: octets out and in.
fn round(sockets: &[UdpSocket], n: u32, switch: SocketAddr) -> (usize, usize) {
    let (mut sent, mut heard, mut datagram) = (0, 0, [0; 4_096]);
    for socket in sockets {
        let from = socket.local_addr().expect("a bound socket");
        let text = match n % 4 {
            0 => request("INVITE", n, from, switch),
            1 => request("REGISTER", n, from, switch),
            2 => request("OPTIONS", n, from, switch),
            _ => "\u{80}junk that looks like RTP".repeat(6),
        };
        sent += socket.send_to(text.as_bytes(), switch).unwrap_or(0);
        loop {
            match socket.recv_from(&mut datagram) {
                Ok((octets, _)) => heard += octets,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => {}
            }
        }
    }
    (sent, heard)
}

/// S7, S14: 18,000 packets from twelve addresses while calls are set up and carried.
#[test]
fn calls_of_known_peers_go_through_a_flood_and_strangers_get_less_than_they_send() {
    let block = Block::claim();
    let provisioning = provisioning(&block);
    let node = Node::start(block, &provisioning);
    let folder = node.block.folder();
    let scenario = |name: &str, host| Sipp::new(name, folder, node.block.at(host, 5_060), Transport::Udp);
    let answers = scenario("answers.xml", 3).calls(CALLS).listen();
    let sockets = hostile(&node.block);
    let pace = UdpSocket::bind(node.block.at(29, 0)).unwrap();
    pace.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    let caller = scenario("trunk-calls.xml", 2).from("+15550123").to("+15550199").calls(CALLS);
    let calling = caller.talking_ms(200).call(node.sip());
    let (mut sent, mut heard) = (0, 0);
    for n in 0..ROUNDS {
        let (out, back) = round(&sockets, n, node.sip());
        (sent, heard) = (sent + out, heard + back);
        // Nobody sends there: this waits.
        pace.recv_from(&mut [0]).ok();
    }
    assert_eq!(calling.end().successful, u64::from(CALLS), "{}", node.log());
    assert_eq!(answers.end().successful, u64::from(CALLS));
    assert!(heard * 5 <= sent * 6, "{heard} octets for {sent}");
    let (_, metrics) = node.api().get("/metrics").unwrap();
    let full = metrics.lines().filter(|line| line.starts_with("tandem_sip_guard_") && line.contains("full"));
    let dropped: f64 = full.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum();
    assert!(dropped > 1_000.0, "{metrics}");
}

/// S10: what other servers answered 200 to is refused in words, and the next caller is served.
#[test]
fn header_bombs_are_refused_in_words_and_harm_nobody() {
    let block = Block::claim();
    let provisioning = provisioning(&block);
    let node = Node::start(block, &provisioning);
    let stranger = Party::new(node.block.at(40, 5_060));
    let plain = request("OPTIONS", 1, stranger.address(), node.sip());
    let with = |more: &str| plain.replace("Content-Length: 0", &format!("{more}Content-Length: 0"));
    let bombs = [
        with(&format!("X-Big: {}\r\n", "a".repeat(60_000))),
        with(&"X-Many: 1\r\n".repeat(5_000)),
        with(&"Via: SIP/2.0/UDP a;branch=z9hG4bKx\r\n".repeat(1_500)),
        with(&"Contact: <sip:a@b>\r\n".repeat(100)),
        with(&"Record-Route: <sip:a;lr>\r\n".repeat(100)),
        plain.replacen("sip:1001@", &format!("sip:{}@", "a".repeat(3_000)), 1),
    ];
    for (n, bomb) in bombs.iter().enumerate() {
        stranger.send(node.sip(), bomb.replace("z9hG4bKf1", &format!("z9hG4bKbomb{n}")));
        let answer = stranger.receive().unwrap_or_default();
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(["400", "413", "414", "513"].contains(&status), "bomb {n}: {answer}");
    }
    stranger.send(node.sip(), plain.replace("sip:1001@", "sip:tandem@"));
    assert!(stranger.receive().is_some_and(|answer| answer.starts_with("SIP/2.0 ")));
}
