//! RTP and RTCP through the built switch, between two parties with real sockets.

use std::net::{SocketAddr, UdpSocket};

use sip_tests::wire::{Block, Capture, Node, Party, header, sdp_port, until};

const PACKETS: u16 = 50;

/// A call that is up between two parties.
struct Call {
    node: Node,
    caller: Party,
    callee: Party,
    /// The switch's 200 to the caller.
    ok: String,
    /// Where the caller sends its RTP.
    near: SocketAddr,
    /// Where the callee sends its RTP.
    far: SocketAddr,
}

const ID: &str = "media";

impl Call {
    fn up(node: Node) -> Self {
        let caller = Party::new(node.block.at(2, 5_060));
        let callee = Party::new(node.block.at(3, 5_060));
        caller.invite(node.sip(), "+15550199", ID);
        let invite = callee.expect("INVITE");
        callee.reply(&invite, node.sip(), "180 Ringing", "");
        caller.expect("SIP/2.0 180");
        callee.reply(&invite, node.sip(), "200 OK", &callee.sdp());
        let ok = caller.expect("SIP/2.0 200");
        let near = caller.acknowledge(&ok, node.sip(), ID);
        callee.expect("ACK");
        let far = SocketAddr::new(node.sip().ip(), sdp_port(&invite));
        Self { node, caller, callee, ok, near, far }
    }

    fn end(&self) {
        self.caller.hang_up(&self.ok, self.node.sip(), ID);
        let bye = self.callee.expect("BYE");
        self.callee.reply(&bye, self.node.sip(), "200 OK", "");
    }
}

fn node() -> Node {
    let block = Block::claim();
    let (caller, carrier) = (block.ip(2), block.at(3, 5_060));
    let provisioning = format!(
        "[[trunk]]\nname = \"caller\"\nhosts = [\"{caller}\"]\nhealth_secs = 0\n\n\
         [[trunk]]\nname = \"carrier\"\npeer = \"sip:{carrier}\"\nhealth_secs = 0\n\n\
         [[number]]\ndid = \"+15550199\"\nto = \"trunk:carrier\"\n"
    );
    Node::start(block, &provisioning)
}

#[test]
fn rtp_crosses_both_ways_whole_and_the_record_counts_it() {
    let call = Call::up(node());
    std::thread::scope(|scope| {
        scope.spawn(|| call.caller.talk(call.near, PACKETS, 0x11));
        scope.spawn(|| call.callee.talk(call.far, PACKETS, 0x22));
    });
    let (by_caller, by_callee) = (call.caller.hear(PACKETS.into()), call.callee.hear(PACKETS.into()));
    for (heard, sound, from) in [(by_caller, 0x22, call.near), (by_callee, 0x11, call.far)] {
        assert_eq!(heard.len(), usize::from(PACKETS));
        let first = heard[0].sequence;
        for (packet, n) in heard.iter().zip(0..) {
            assert_eq!((packet.sequence, packet.payload_type), (first.wrapping_add(n), 0));
            assert_eq!(packet.payload, [sound; 160]);
            assert_eq!(packet.from, from, "sent from the port that SDP names (RFC 4961)");
        }
    }
    call.end();
    let record = call.node.records(1).remove(0);
    for leg in 0..2 {
        let media = &record["legs"][leg]["media"];
        assert_eq!(media["received"], PACKETS, "{record:#}");
        assert_eq!(media["sent"], PACKETS, "{record:#}");
    }
}

#[test]
fn a_stranger_who_sends_rtp_into_a_call_is_neither_heard_nor_answered() {
    let call = Call::up(node());
    call.caller.talk(call.near, PACKETS, 0x11);
    call.callee.talk(call.far, PACKETS, 0x22);
    call.caller.hear_out();
    call.callee.hear_out();
    let stranger = Party::new(call.node.block.at(9, 5_060));
    stranger.talk(call.near, PACKETS, 0x99);
    stranger.talk(call.far, PACKETS, 0x99);
    call.caller.talk(call.near, 5, 0x11);
    call.callee.talk(call.far, 5, 0x22);
    assert_eq!(call.caller.hear_out().iter().filter(|packet| packet.payload[0] == 0x99).count(), 0);
    assert_eq!(call.callee.hear_out().iter().filter(|packet| packet.payload[0] == 0x99).count(), 0);
    assert_eq!(stranger.hear_out(), []);
    call.end();
}

#[test]
fn every_message_of_a_call_decodes_and_each_leg_sees_only_our_address() {
    let node = node();
    let mut capture = Capture::start(&node.block);
    let call = Call::up(node);
    call.caller.talk(call.near, PACKETS, 0x11);
    call.callee.talk(call.far, PACKETS, 0x22);
    call.end();
    call.node.records(1);
    capture.stop_after(" BYE\r\n", 4);

    let switch = call.node.sip().ip().to_string();
    assert_eq!(capture.fields("_ws.malformed", &["frame.number"]), Vec::<String>::new());
    let ours = format!("sip && ip.src == {switch}");
    assert!(capture.fields(&ours, &["frame.number"]).len() >= 7, "the whole call is in the capture");
    for address in capture.fields(&format!("sdp && ip.src == {switch}"), &["sdp.connection_info.address"]) {
        assert_eq!(address, switch);
    }
    let names = [call.caller.address().ip(), call.callee.address().ip()].map(|ip| ip.to_string());
    let (callers, callees) = (&names[0], &names[1]);
    // RFC 7092: what stands in one leg's messages must not tell of the other's.
    let to_callee = format!("sip && ip.dst == {callees} && sip contains \"{callers}\"");
    let to_caller = format!("sip && ip.dst == {callers} && sip contains \"{callees}\"");
    for leak in [to_callee, to_caller] {
        assert_eq!(capture.fields(&leak, &["sip.msg_hdr"]), Vec::<String>::new(), "{leak}");
    }
    assert_ne!(header(&call.ok, "Call-ID"), "");
}

#[test]
fn nothing_is_relayed_between_calls_that_have_ended() {
    let call = Call::up(node());
    call.caller.talk(call.near, 10, 0x11);
    call.callee.talk(call.far, 10, 0x22);
    call.end();
    call.node.records(1);
    call.caller.hear_out();
    call.callee.hear_out();
    let late = UdpSocket::bind((call.caller.address().ip(), 0)).expect("a free port");
    late.send_to(&[0x80; 172], call.near).expect("sendable");
    call.caller.talk(call.near, 5, 0x33);
    assert_eq!(call.callee.hear_out(), []);
}

/// RFC 3550 §6.4, RFC 3611: reports end at each leg. tshark reads ours; what a party reports of us is on the call's page
/// and in its record; a party that falls silent is told within three seconds.
#[test]
fn each_leg_has_reports_of_its_own_and_its_quality_is_seen_live_and_kept() {
    let node = node();
    let mut capture = Capture::start(&node.block);
    let call = Call::up(node);
    std::thread::scope(|scope| {
        scope.spawn(|| call.caller.talk(call.near, 110, 0x11));
        scope.spawn(|| call.callee.talk(call.far, 110, 0x22));
    });
    let ours = call.caller.reported().expect("a report within 3.2 s");
    let sent_at = [ours[10], ours[11], ours[12], ours[13]];
    let mut report = vec![0x81, 201, 0, 7, 0, 0, 0, 0x77];
    report.extend(&ours[4..8]);
    report.extend([64, 0, 0, 9, 0, 0, 0, 90, 0, 0, 0, 80]);
    report.extend(sent_at);
    report.extend([0; 4]);
    call.caller.report(SocketAddr::new(call.near.ip(), call.near.port() + 1), &report);
    let leg = until("the report and one-way audio on the call's page", || {
        call.callee.talk(call.far, 10, 0x22);
        let leg = call.node.live().first().map(|live| live["legs"][0].clone())?;
        let is_one_way = leg["troubles"].as_array()?.contains(&"one_way".into());
        (is_one_way && leg["media"]["far_lost"] == 9).then_some(leg)
    });
    assert_eq!(leg["media"]["far_jitter_us"], 10_000);
    call.end();
    let record = call.node.records(1).remove(0);
    capture.stop_after(" BYE\r\n", 4);
    let media = &record["legs"][0]["media"];
    assert!(media["round_trip_us"].as_u64().is_some_and(|us| us > 0), "{media:#}");
    assert!(media["mos_centi"].as_u64().is_some_and(|mos| mos > 400), "{media:#}");
    assert!(media["one_way_ms"].as_u64().is_some_and(|ms| ms > 0), "{media:#}");
    let switch = call.node.sip().ip().to_string();
    let filter = format!("rtcp && ip.src == {switch}");
    let kinds = capture.fields(&filter, &["rtcp.pt", "rtcp.sdes.type"]);
    assert!(!kinds.is_empty() && kinds.iter().all(|kind| kind.starts_with("20")), "{kinds:?}");
    assert_eq!(
        capture.fields(&format!("{filter} && _ws.malformed"), &["frame.number"]),
        Vec::<String>::new()
    );
}
