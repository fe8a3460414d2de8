//! A far end against a switch that is written out by hand.

use std::time::Duration;

use base::testing::Counting;
use base::wire::{Flow, Transport};
use bytes::Bytes;
use sdp::Sdp;
use sip::auth::Login;
use sip::message::{Draft, Framing, Header, Method};

use super::*;
use crate::demo::coding::Coding;
use crate::demo::cue::Hold;

const SDP: &str =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 20000 RTP/AVP 0\r\n";

struct Bench {
    end: FarEnd,
    now: Now,
}

fn own() -> SocketAddr {
    "127.0.0.11:5070".parse().unwrap()
}

fn switch() -> SocketAddr {
    "127.0.0.1:5080".parse().unwrap()
}

impl Bench {
    fn new() -> Self {
        let login = Some(Login::new("1001", "secret"));
        let seat = Seat { own: own(), switch: switch(), user: "1001".into(), login, coding: Coding::Pcmu };
        let channels = vec!["127.0.0.11:4000".parse().unwrap()];
        Self { end: FarEnd::new(seat, channels, Box::new(Counting::default())), now: Now::default() }
    }

    fn hears(&mut self, data: Bytes) {
        let flow = Flow { transport: Transport::Udp, local: own(), remote: switch(), conn: None };
        self.end.receive(self.now, Inbound { data, flow });
    }

    /// What it says: messages, and the rest in words.
    fn says(&mut self) -> (Vec<Message>, Vec<String>) {
        let (mut sent, mut rest) = (Vec::new(), Vec::new());
        while let Some(said) = self.end.poll() {
            match said {
                Said::Send(outbound) => sent.push(Message::parse(outbound.data, Framing::Datagram).unwrap()),
                Said::Speak { channel, to, side, .. } => rest.push(format!("speak {channel} {to} {side:?}")),
                Said::Hold { channel, hold } => rest.push(format!("hold {channel} {hold:?}")),
                Said::Hush { channel } => rest.push(format!("hush {channel}")),
                Said::Told(news) => rest.push(format!("{news:?}")),
            }
        }
        (sent, rest)
    }

    fn one(&mut self) -> Message {
        let (sent, rest) = self.says();
        assert_eq!((sent.len(), rest.len()), (1, 0), "{sent:?} {rest:?}");
        sent[0].clone()
    }

    /// Answers a request of the far end.
    fn answers(&mut self, request: &Message, status: u16, with: impl FnOnce(&mut Draft)) {
        let mut draft = Draft::response(request, status, "");
        draft.add_to_tag("sw").push(Header::Contact, "<sip:127.0.0.1:5080>");
        with(&mut draft);
        self.hears(draft.finish());
    }

    /// Places a call that is answered; the INVITE.
    fn up(&mut self) -> (CallKey, Message) {
        let key = self.end.call(self.now, "1001", "1002").unwrap();
        let invite = self.one();
        self.answers(&invite, 200, |draft| {
            draft.body("application/sdp", Bytes::from_static(SDP.as_bytes()));
        });
        (key, invite)
    }
}

fn challenge(draft: &mut Draft) {
    draft.push(Header::WwwAuthenticate, "Digest realm=\"tandem\", nonce=\"n\", qop=\"auth\", algorithm=MD5");
}

fn request(method: &str, branch: &str, to_tag: &str, body: &str) -> Bytes {
    Bytes::from(format!(
        "{method} sip:1001@127.0.0.11:5070 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5080;rport;branch=z9hG4bK{branch}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:1002@127.0.0.1>;tag=them\r\nTo: <sip:1001@127.0.0.1>{to_tag}\r\n\
         Call-ID: theirs\r\nCSeq: {} {method}\r\nContact: <sip:127.0.0.1:5080>\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
        if method == "BYE" { 2 } else { 1 },
        body.len()
    ))
}

/// RFC 3261 §22.2: the same Call-ID, the next number, and only one more try.
#[test]
fn it_registers_with_a_password_when_asked_and_not_a_third_time() {
    let mut bench = Bench::new();
    bench.end.register(bench.now);
    let first = bench.one();
    bench.answers(&first, 401, challenge);
    let second = bench.one();
    assert_eq!(second.call_id(), first.call_id());
    assert_eq!((first.cseq().unwrap().number, second.cseq().unwrap().number), (1, 2));
    assert!(second.header(Header::Authorization).unwrap().starts_with("Digest username=\"1001\""));
    bench.answers(&second, 200, |draft| {
        draft.set(Header::Contact, "<sip:1001@127.0.0.11:5070>;expires=90");
    });
    assert_eq!(bench.says().1, ["Registered(90)"]);

    bench.end.register(bench.now);
    let third = bench.one();
    bench.answers(&third, 401, challenge);
    let fourth = bench.one();
    bench.answers(&fourth, 401, challenge);
    assert_eq!(bench.says().1, ["NotRegistered(401)"]);
}

#[test]
fn a_call_it_places_is_acknowledged_each_time_the_answer_comes() {
    let mut bench = Bench::new();
    let (key, invite) = bench.up();
    let (sent, rest) = bench.says();
    assert_eq!(sent[0].method(), Some(&Method::Ack));
    assert_eq!(rest, ["speak 0 127.0.0.1:20000 Caller", "Answered(CallKey(1))"]);
    bench.answers(&invite, 200, |_draft| {});
    assert_eq!(bench.one().method(), Some(&Method::Ack));
    bench.end.hang_up(bench.now, key);
    let (sent, rest) = bench.says();
    assert_eq!((sent[0].method(), rest.as_slice()), (Some(&Method::Bye), ["hush 0".to_owned()].as_slice()));
    bench.answers(&sent[0], 200, |_draft| {});
    assert_eq!(bench.says().1, ["Ended(CallKey(1), HungUp)"]);
    assert_eq!(bench.end.live(), 0);
}

#[test]
fn a_call_that_is_challenged_goes_out_again_with_credentials() {
    let mut bench = Bench::new();
    bench.end.call(bench.now, "1001", "1002").unwrap();
    let invite = bench.one();
    bench.answers(&invite, 401, challenge);
    let (sent, _) = bench.says();
    let methods: Vec<&str> = sent.iter().filter_map(Message::method).map(Method::as_str).collect();
    assert_eq!(methods, ["ACK", "INVITE"]);
    assert!(sent[1].has(Header::Authorization));
    assert_eq!(sent[1].from_tag(), invite.from_tag());
    assert!(Sdp::parse(&sent[1].body()).is_ok());
}

#[test]
fn a_call_it_gives_up_is_cancelled_and_one_that_crosses_is_hung_up() {
    let mut bench = Bench::new();
    let key = bench.end.call(bench.now, "1001", "1002").unwrap();
    let invite = bench.one();
    bench.answers(&invite, 180, |_draft| {});
    bench.end.hang_up(bench.now, key);
    let cancel = bench.one();
    assert_eq!(cancel.method(), Some(&Method::Cancel));
    bench.answers(&invite, 200, |_draft| {});
    let (sent, rest) = bench.says();
    let methods: Vec<&str> = sent.iter().filter_map(Message::method).map(Method::as_str).collect();
    assert_eq!((methods, rest.len()), (vec!["ACK", "BYE"], 0));
    bench.answers(&sent[1], 200, |_draft| {});
    assert_eq!(bench.says().1, ["Ended(CallKey(1), Cancelled)"]);
}

#[test]
fn a_call_that_comes_in_rings_is_answered_and_ends_with_their_bye() {
    let mut bench = Bench::new();
    bench.hears(request("INVITE", "a", "", SDP));
    assert_eq!(bench.says().1, ["Incoming(CallKey(1))"]);
    bench.end.ring(bench.now, CallKey(1));
    assert_eq!(bench.one().status(), Some(180));
    bench.end.answer(bench.now, CallKey(1));
    let (sent, rest) = bench.says();
    assert_eq!(rest, ["speak 0 127.0.0.1:20000 Callee", "Answered(CallKey(1))"]);
    assert_eq!(Sdp::parse(&sent[0].body()).unwrap().audio().unwrap().port(), 4_000);
    let tag = format!(";tag={}", sent[0].to_tag().unwrap());
    bench.hears(request("ACK", "b", &tag, ""));
    bench.now = bench.now.later(Duration::from_secs(2));
    bench.end.tick(bench.now);
    assert_eq!(bench.says().0.len(), 0, "the 200 is not sent again");
    bench.hears(request("BYE", "c", &tag, ""));
    let (sent, rest) = bench.says();
    assert_eq!(sent[0].status(), Some(200));
    assert_eq!(rest, ["hush 0", "Ended(CallKey(1), HungUp)"]);
}

#[test]
fn a_second_call_finds_the_only_channel_taken_and_strangers_find_nothing() {
    let mut bench = Bench::new();
    bench.up();
    bench.says();
    bench.hears(request("INVITE", "a", "", SDP));
    let (sent, rest) = bench.says();
    assert_eq!((sent.last().unwrap().status(), rest.len()), (Some(486), 0));
    assert_eq!(bench.end.call(bench.now, "1001", "1003"), None);
    bench.hears(request("BYE", "b", ";tag=nobody", ""));
    assert_eq!(bench.one().status(), Some(481));
}

#[test]
fn a_call_without_audio_it_understands_is_refused() {
    let mut bench = Bench::new();
    bench.hears(request("INVITE", "a", "", "v=0\r\nno SDP\r\n"));
    let (sent, rest) = bench.says();
    assert_eq!((sent.last().unwrap().status(), rest.len()), (Some(488), 0));
}

/// RFC 3264 §8.4: an offer to hold has a version of its own, its answer is acknowledged, and so it ends.
#[test]
fn a_call_it_took_is_held_and_goes_on() {
    let mut bench = Bench::new();
    bench.hears(request("INVITE", "a", "", SDP));
    bench.says();
    bench.end.answer(bench.now, CallKey(1));
    let (sent, _) = bench.says();
    let first = Sdp::parse(&sent[0].body()).unwrap();
    bench.hears(request("ACK", "b", &format!(";tag={}", sent[0].to_tag().unwrap()), ""));
    for (hold, direction) in [(Hold::On, "sendonly"), (Hold::Off, "sendrecv")] {
        bench.end.hold(bench.now, CallKey(1), hold);
        let invite = bench.one();
        let offer = Sdp::parse(&invite.body()).unwrap();
        assert_eq!(offer.direction().name(), direction);
        let [before, after] = [&first, &offer].map(|sdp| sdp.origin().unwrap());
        assert_eq!(before.session_id, after.session_id);
        assert_ne!(before.version, after.version);
        bench.answers(&invite, 200, |draft| {
            draft.body("application/sdp", Bytes::from_static(SDP.as_bytes()));
        });
        let (sent, rest) = bench.says();
        assert_eq!(sent[0].method(), Some(&Method::Ack));
        assert_eq!(rest, [format!("hold 0 {hold:?}")]);
    }
}

#[test]
fn a_hold_that_is_refused_is_told() {
    let mut bench = Bench::new();
    let (key, _) = bench.up();
    bench.says();
    bench.end.hold(bench.now, key, Hold::On);
    let invite = bench.one();
    bench.answers(&invite, 488, |_draft| {});
    assert_eq!(bench.says().1, ["NotHeld(488)"]);
}
