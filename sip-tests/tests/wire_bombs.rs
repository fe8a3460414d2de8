//! Bombs of every kind on the wire: refused in time, nobody else harmed, no memory kept (conformance S10, S11, S12, S14).

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use sip_tests::wire::{Block, Node, Party, answers_during, connect, until};

/// What a bomb may cost the switch in memory for good.
const MEMORY: u64 = 64 << 20;
/// Half of a healthy phone's answers come sooner, though the machine itself is busy with the bombs.
const HALF: Duration = Duration::from_millis(50);

/// The host of the trunk that may call without a password.
const CALLER: u8 = 2;
const PHONE: u8 = 4;
const STRANGER: u8 = 9;

fn node() -> Node {
    let block = Block::claim();
    let (caller, phone) = (block.ip(CALLER), block.ip(PHONE));
    let provisioning = format!(
        "[[trunk]]\nname = \"caller\"\nhosts = [\"{caller}\"]\nhealth_secs = 0\n\n\
         [[trunk]]\nname = \"phone\"\nhosts = [\"{phone}\"]\nhealth_secs = 0\n\n\
         [[station]]\nextension = \"1001\"\npassword = \"secret-1001\"\n\n\
         [[number]]\ndid = \"busy\"\nto = \"test:busy\"\n\n[[number]]\ndid = \"answer\"\nto = \"test:answer\"\n"
    );
    Node::start(block, &provisioning)
}

/// Runs `trouble` on a node beside a healthy phone, and looks after both.
fn beside_a_healthy_phone(trouble: impl FnOnce(&Node)) {
    let mut node = node();
    let before = node.resident_octets();
    let took = answers_during(&node, node.block.at(PHONE, 5_060), || trouble(&node));
    assert!(took[took.len() / 2] < HALF, "half of the answers took {:?}", took[took.len() / 2]);
    assert!(node.lives());
    assert!(!node.log().contains("panic"), "{}", node.log());
    let grown = node.resident_octets().saturating_sub(before);
    assert!(grown < MEMORY, "{grown} octets more");
}

/// A request of the trunk with these header lines, each ended by CRLF, and this body.
fn request(method: &str, uri: &str, via: &str, id: &str, lines: &str, body: &str) -> String {
    format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/{via};rport;branch=z9hG4bK{id}\r\nMax-Forwards: 70\r\n\
         From: <sip:bomb@192.0.2.9>;tag={id}\r\nTo: <sip:x@192.0.2.1>\r\nCall-ID: {id}@bomb\r\nCSeq: 1 {method}\r\n\
         {lines}\r\n{body}"
    )
}

fn sdp(more: &str) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n{more}"
    )
}

/// Name, status and message. 0 stands for whatever a callee would get: the message is odd and harmless.
fn bombs(via: &str) -> Vec<(&'static str, u16, String)> {
    let options = |id: &str, lines: &str| request("OPTIONS", "sip:x@192.0.2.1", via, id, lines, "");
    let many = |line: &str, count: usize| line.repeat(count) + "l: 0\r\n";
    let invite = |id: &str, kind: &str, body: &str| {
        let lines = format!("Contact: <sip:b@192.0.2.9>\r\nContent-Type: {kind}\r\nl: {}\r\n", body.len());
        request("INVITE", "sip:busy@192.0.2.1", via, id, &lines, body)
    };
    let part = "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n";
    vec![
        ("a header line of 50 kB", 400, options("a", &many(&format!("X: {}\r\n", "y".repeat(50_000)), 1))),
        ("5,000 headers", 400, options("b", &many("X: 1\r\n", 5_000))),
        ("1,500 Vias", 400, options("c", &many("v: SIP/2.0/UDP h;branch=z9hG4bKx\r\n", 1_500))),
        (
            "1,500 Vias on one line",
            400,
            options("d", &format!("v: {}SIP/2.0/UDP h\r\nl: 0\r\n", "SIP/2.0/UDP h,".repeat(580))),
        ),
        ("100 Contacts", 400, options("e", &many("m: <sip:h>\r\n", 100))),
        (
            "500 Contacts on one line",
            400,
            options("f", &format!("m: {}<sip:h>\r\nl: 0\r\n", "<sip:h>,".repeat(500))),
        ),
        ("100 Routes", 400, options("g", &many("Route: <sip:h;lr>\r\n", 100))),
        ("100 Record-Routes", 400, options("h", &many("Record-Route: <sip:h;lr>\r\n", 100))),
        (
            "1,000 values of Accept (AST-2018-004)",
            0,
            options("i", &format!("Accept: {}a/b\r\nl: 0\r\n", "a/b,".repeat(1_000))),
        ),
        (
            "a URI of 4 kB",
            414,
            request("OPTIONS", &format!("sip:{}@h", "u".repeat(4_000)), via, "j", "l: 0\r\n", ""),
        ),
        (
            "a method of 300 octets (AST-2017-002)",
            0,
            request(&"M".repeat(300), "sip:x@192.0.2.1", via, "k", "l: 0\r\n", ""),
        ),
        ("a Call-ID of 7 kB", 0, options("l", "l: 0\r\n").replace("l@bomb", &"c".repeat(7_000))),
        ("200 parts", 0, invite("m", "multipart/mixed;boundary=b", &(part.repeat(200) + "--b--\r\n"))),
        (
            "a part of no octets (ES2017-02)",
            0,
            invite("n", "multipart/mixed;boundary=b", "--b--b\r\n--b--\r\n--b\r\n\r\n--b--"),
        ),
        ("a boundary without end", 0, invite("o", "multipart/mixed;boundary=b", &"--b\r\n".repeat(5_000))),
        (
            "2,000 m-lines",
            400,
            invite("p", "application/sdp", &sdp(&"m=audio 4000 RTP/AVP 0\r\n".repeat(2_000))),
        ),
        ("2,000 fmtp", 400, invite("q", "application/sdp", &sdp(&"a=fmtp:0 x\r\n".repeat(2_000)))),
        (
            "fmtp of nonsense (AST-2018-003)",
            486,
            invite(
                "r",
                "application/sdp",
                &sdp("a=fmtp:0 \"\\\u{ff}=;;=\r\na=fmtp:256 x\r\na=fmtp\r\na=fmtp:\r\n"),
            ),
        ),
        (
            "crypto and candidates of nonsense (CVE-2023-40018)",
            486,
            invite(
                "s",
                "application/sdp",
                &sdp(
                    "a=crypto:99999999999 X inline:\r\na=candidate:1 999999 UDP -1 x 99999 typ\r\na=rtcp:99999\r\na=ptime:-1\r\n",
                ),
            ),
        ),
        ("SDP that is none", 400, invite("t", "application/sdp", "\0\x01\x02 nonsense")),
    ]
}

#[test]
fn each_bomb_in_a_datagram_is_answered_with_its_status_and_no_more_octets_than_came() {
    beside_a_healthy_phone(|node| {
        let thrower = Party::new(node.block.at(CALLER, 5_060));
        let via = format!("UDP {}", thrower.address());
        for (name, status, message) in bombs(&via) {
            thrower.send(node.sip(), &message);
            let answer = thrower.message_where(None, |answer| !answer.starts_with("SIP/2.0 1"));
            let answer = answer.unwrap_or_else(|| panic!("{name}: no answer"));
            is_fit(name, status, &answer);
            assert!(
                answer.len() < message.len() + 400,
                "{name}: {} octets for {}",
                answer.len(),
                message.len()
            );
        }
        for (name, lines) in [
            ("-1", "l: -1\r\n"),
            ("2^32+1", "l: 4294967297\r\n"),
            ("two", "l: 0\r\nl: 1\r\n"),
            ("more than there is", "l: 9\r\n"),
        ] {
            thrower.send(
                node.sip(),
                request("OPTIONS", "sip:x@192.0.2.1", &via, &format!("n{}", lines.len()), lines, "abc"),
            );
            let answer = thrower.expect("SIP/2.0 4");
            assert!(["400", "413"].contains(&&answer[8..11]), "{name}: {answer}");
        }
    });
}

fn is_fit(name: &str, status: u16, answer: &str) {
    let got: u16 = answer[8..11].parse().expect("a status");
    assert!(got == status || (status == 0 && (200..600).contains(&got)), "{name}: {answer}");
}

#[test]
fn each_bomb_on_a_stream_is_answered_with_its_status_or_the_stream_ends() {
    beside_a_healthy_phone(|node| {
        let via = format!("TCP {}", node.block.at(CALLER, 5_060));
        for (name, status, message) in bombs(&via) {
            let heard = thrown(node, message.as_bytes());
            let last =
                heard.split("SIP/2.0 ").filter(|answer| !answer.starts_with('1')).last().unwrap_or_default();
            is_fit(name, status, &format!("SIP/2.0 {last}"));
        }
    });
}

/// What is answered to these octets until a final answer or the end of the stream.
fn thrown(node: &Node, octets: &[u8]) -> String {
    let mut stream = connect(node.block.at(CALLER, 0), node.sip());
    // The switch may end the stream before it has everything.
    let _ended_early = stream.write_all(octets);
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("an open socket");
    let (mut heard, mut part) = (String::new(), [0; 65_536]);
    while let Ok(length @ 1..) = stream.read(&mut part) {
        heard += &String::from_utf8_lossy(&part[..length]);
        if heard.split("SIP/2.0 ").any(|answer| answer.contains("\r\n\r\n") && !answer.starts_with('1')) {
            break;
        }
    }
    heard
}

/// S11: "close on framing error after 400".
#[test]
fn a_stream_whose_messages_have_no_certain_end_gets_its_400_and_ends() {
    beside_a_healthy_phone(|node| {
        let options =
            |lines: &str| request("OPTIONS", "sip:x@192.0.2.1", "TCP 192.0.2.9:5060", "f", lines, "");
        for (name, octets, statuses) in [
            ("-1", options("l: -1\r\n"), &["400"][..]),
            ("2^32+1", options("l: 4294967297\r\n"), &["400", "413"]),
            ("two", options("l: 0\r\nContent-Length: 1\r\n"), &["400"]),
            ("HTTP", "GET / HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), &["", "400"]),
        ] {
            let mut stream = connect(node.block.at(STRANGER, 0), node.sip());
            stream.write_all(octets.as_bytes()).expect("it takes octets");
            let heard = to_the_end(&mut stream);
            let status = heard.split(' ').nth(1).unwrap_or_default();
            assert!(statuses.contains(&status), "{name}: {heard}");
        }
    });
}

/// Everything until the switch ends the stream.
fn to_the_end(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("an open socket");
    let mut heard = Vec::new();
    match stream.read_to_end(&mut heard) {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            panic!("the stream is not ended")
        }
        Ok(_) | Err(_) => String::from_utf8_lossy(&heard).into_owned(),
    }
}

#[test]
fn headers_without_end_are_cut_off_at_their_limit() {
    beside_a_healthy_phone(|node| {
        let mut stream = connect(node.block.at(STRANGER, 0), node.sip());
        let head = "OPTIONS sip:x@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.9;branch=z9hG4bKe\r\n";
        stream.write_all(head.as_bytes()).expect("it takes octets");
        let line = [b"X-Bomb: ".as_slice(), &[b'y'; 1_014], b"\r\n"].concat();
        // What comes after the limit is thrown away for a moment, so that the answer is not overtaken by a reset.
        (0..3_200).take_while(|_| stream.write_all(&line).is_ok()).for_each(drop);
        let heard = to_the_end(&mut stream);
        assert!(["", "400", "513"].contains(&heard.split(' ').nth(1).unwrap_or_default()), "{heard}");
    });
}

#[test]
fn a_message_one_octet_at_a_time_is_a_message() {
    beside_a_healthy_phone(|node| {
        let mut stream = connect(node.block.at(CALLER, 0), node.sip());
        stream.set_nodelay(true).expect("an open socket");
        let message = request("OPTIONS", "sip:x@192.0.2.1", "TCP 192.0.2.9:5060", "o", "l: 0\r\n", "");
        for octet in message.bytes() {
            stream.write_all(&[octet]).expect("it takes octets");
        }
        let two = request("OPTIONS", "sip:x@192.0.2.1", "TCP 192.0.2.9:5060", "p", "l: 0\r\n", "")
            + "\r\n\r\n"
            + &request("OPTIONS", "sip:x@192.0.2.1", "TCP 192.0.2.9:5060", "q", "l: 0\r\n", "");
        stream.write_all(two.as_bytes()).expect("it takes octets");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("an open socket");
        let (mut heard, mut part) = (String::new(), [0; 4_096]);
        while heard.matches("CSeq: 1 OPTIONS").count() < 3 {
            let length = stream.read(&mut part).unwrap_or_else(|error| panic!("{error}: {heard}"));
            assert!(length > 0, "three answers, not {heard}");
            heard += &String::from_utf8_lossy(&part[..length]);
        }
    });
}

/// S11: slow connections end, and a source has only so many of them; conformance §7.3.
#[test]
fn five_hundred_slow_connections_end_and_harm_nobody() {
    beside_a_healthy_phone(|node| {
        let mut slow: Vec<TcpStream> =
            (0..500).map(|_| connect(node.block.at(STRANGER, 0), node.sip())).collect();
        for stream in &mut slow {
            // Those beyond the cap are closed already.
            let _closed = stream.write_all(b"INVITE sip:x@192.0.2.1 SIP/2.0\r\nVia: ");
        }
        slow.iter_mut().for_each(|stream| drop(to_the_end(stream)));
    });
}

/// S11, S14: 400 kB of CRLF got 200 kB of answers from others.
#[test]
fn a_flood_of_keep_alives_is_answered_sparsely() {
    beside_a_healthy_phone(|node| {
        let mut stream = connect(node.block.at(STRANGER, 0), node.sip());
        for _ in 0..100 {
            if stream.write_all(&b"\r\n".repeat(2_000)).is_err() {
                break;
            }
        }
        stream.set_read_timeout(Some(Duration::from_millis(500))).expect("an open socket");
        let (mut pongs, mut part) = (0, [0; 65_536]);
        while let Ok(length @ 1..) = stream.read(&mut part) {
            pongs += length;
        }
        assert!(pongs < 4_000, "{pongs} octets of pongs for 400,000");
    });
}

/// S12: AST-2018-005, AST-2020-001: the connection goes while its request is served.
#[test]
fn connections_that_go_at_any_moment_leave_nothing_behind() {
    beside_a_healthy_phone(|node| {
        let body = sdp("");
        let lines =
            format!("Contact: <sip:b@192.0.2.9>\r\nContent-Type: application/sdp\r\nl: {}\r\n", body.len());
        for number in 0..300_usize {
            let message = request(
                "INVITE",
                "sip:busy@192.0.2.1",
                "TCP 192.0.2.9:5060",
                &format!("cut{number}"),
                &lines,
                &body,
            );
            let mut stream = connect(node.block.at(CALLER, 0), node.sip());
            let cut = if number % 2 == 0 { message.len() } else { number * 7 % message.len() };
            stream.write_all(&message.as_bytes()[..cut]).expect("it takes octets");
            if number % 3 == 0 {
                reset(&stream);
            }
        }
        // What was refused waits for an ACK that does not come (RFC 3261 §17.2.1); no call and no connection is left.
        let none = |what: &str, count: &dyn Fn() -> usize| until(what, || (count() == 0).then_some(()));
        none("calls to end", &|| node.live().iter().filter(|call| call["state"] != "ending").count());
        none("connections to end", &|| usize::try_from(node.gauge("tandem_sip_connections")).expect("few"));
    });
}

/// Closing it sends a reset.
fn reset(stream: &TcpStream) {
    socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO)).expect("an open socket");
}

/// S14: what comes without right costs less than it brings, and nothing goes to a third party.
#[test]
fn who_forges_addresses_reflects_nothing() {
    beside_a_healthy_phone(|node| {
        let (stranger, victim) =
            (Party::new(node.block.at(STRANGER, 5_060)), Party::new(node.block.at(8, 5_060)));
        let usual = "User-Agent: Example Phone 2.1.4 (build 20260101)\r\nSupported: replaces, 100rel, timer, path, outbound\r\n\
                     Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, MESSAGE, UPDATE, PRACK, REFER, NOTIFY, SUBSCRIBE\r\n";
        // The smallest request is answered with two challenges; what is not padded brings less than it costs.
        for (name, more, tenths) in [("usual", usual, 12), ("smallest", "", 20)] {
            let (sent, heard) = reflected(node, [&stranger, &victim], name, more);
            assert!(heard * 10 <= sent * tenths, "{name}: {heard} octets for {sent}");
        }
        assert_eq!(victim.message_where(Some(Duration::from_millis(100)), |_| true), None);
    });
}

/// Octets sent by the first party in the name of the second, and octets it got for them.
fn reflected(node: &Node, [stranger, victim]: [&Party; 2], name: &str, more: &str) -> (usize, usize) {
    let methods = ["INVITE", "REGISTER", "OPTIONS", "SUBSCRIBE", "MESSAGE"];
    let (mut sent, mut heard) = (0, 0);
    for (number, method) in (0..100).zip(methods.iter().cycle()) {
        let via = format!("UDP {}", victim.address());
        let lines = format!("Contact: <sip:b@{}>\r\n{more}l: 0\r\n", victim.address());
        let message = request(method, "sip:1001@192.0.2.1", &via, &format!("{name}{number}"), &lines, "");
        sent += message.len();
        stranger.send(node.sip(), message);
    }
    // Nothing is repeated before a password was shown; beyond its rate a stranger gets no answer at all.
    while let Some(more) = stranger.message_where(Some(Duration::from_millis(700)), |_| true) {
        heard += more.len();
    }
    (sent, heard)
}
