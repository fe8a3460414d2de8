use bytes::Bytes;

use super::*;
use crate::message::{Framing, Method};

fn message(text: &str) -> Message {
    Message::parse(Bytes::from(text.replace('\n', "\r\n")), Framing::Datagram).unwrap()
}

fn invite(route: &str) -> Message {
    message(&format!(
        "INVITE sip:200@127.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.9;branch=z9hG4bKa\n{route}\
         From: \"Ann\" <sip:ann@a.test>;tag=ann\nTo: <sip:200@b.test>\nCall-ID: c1\nCSeq: 7 INVITE\n\
         Contact: <sip:ann@127.0.0.9:5070;ob>\nMax-Forwards: 70\nContent-Length: 0\n\n"
    ))
}

fn within(cseq: u32, to_tag: &str) -> Message {
    message(&format!(
        "BYE sip:200@127.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.9;branch=z9hG4bKb\n\
         From: <sip:ann@a.test>;tag=ann\nTo: <sip:200@b.test>;tag={to_tag}\nCall-ID: c1\nCSeq: {cseq} BYE\n\
         Max-Forwards: 70\nContent-Length: 0\n\n"
    ))
}

fn answer(status: &str, contact: &str) -> Message {
    message(&format!(
        "SIP/2.0 {status}\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKc\n\
         Record-Route: <sip:p2.test;lr>, <sip:p1.test;lr>\n\
         From: <sip:us@b.test>;tag=us\nTo: <sip:bob@a.test>;tag=bob\nCall-ID: c2\nCSeq: 1 INVITE\n{contact}\
         Content-Length: 0\n\n"
    ))
}

fn written(draft: crate::message::Draft) -> String {
    String::from_utf8(draft.finish().to_vec()).unwrap()
}

#[test]
fn the_asked_side_sends_to_the_contact_with_from_and_to_turned_round() {
    let mut dialog = Dialog::uas(&invite(""), "us").unwrap();
    assert_eq!(
        written(dialog.request(Method::Bye)),
        "BYE sip:ann@127.0.0.9:5070;ob SIP/2.0\r\nMax-Forwards: 70\r\nFrom: <sip:200@b.test>;tag=us\r\n\
         To: \"Ann\" <sip:ann@a.test>;tag=ann\r\nCall-ID: c1\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n"
    );
    assert_eq!(dialog.next_hop().to_string(), "sip:ann@127.0.0.9:5070;ob");
    assert!(dialog.matches("c1", "us", "ann"));
}

#[test]
fn the_asking_side_reverses_the_record_route_and_counts_on() {
    let mut dialog = Dialog::uac(&answer("200 OK", "Contact: <sip:bob@127.0.0.8>\n")).unwrap();
    let ack = written(dialog.ack(1));
    assert!(ack.starts_with(
        "ACK sip:bob@127.0.0.8 SIP/2.0\r\nRoute: <sip:p1.test;lr>\r\nRoute: <sip:p2.test;lr>\r\n"
    ));
    assert!(ack.contains("CSeq: 1 ACK\r\n"));
    assert!(written(dialog.request(Method::Bye)).contains("CSeq: 2 BYE\r\n"));
    assert_eq!(dialog.next_hop().to_string(), "sip:p1.test;lr");
}

/// RFC 3261 §12.2.1.1, strict routing.
#[test]
fn a_strict_router_is_addressed_as_the_goal() {
    let mut dialog = Dialog::uas(&invite("Record-Route: <sip:old.test>, <sip:p.test;lr>\n"), "us").unwrap();
    let bye = written(dialog.request(Method::Bye));
    assert!(bye.starts_with(
        "BYE sip:old.test SIP/2.0\r\nRoute: <sip:p.test;lr>\r\nRoute: <sip:ann@127.0.0.9:5070;ob>\r\n"
    ));
}

/// RFC 3261 §12.2.2.
#[test]
fn requests_out_of_order_or_of_another_dialog_are_refused() {
    let mut dialog = Dialog::uas(&invite(""), "us").unwrap();
    assert_eq!(dialog.accepts(&within(6, "us")), Err(500));
    assert_eq!(dialog.accepts(&within(9, "other")), Err(481));
    assert_eq!(dialog.accepts(&within(9, "us")), Ok(()));
    assert_eq!(dialog.accepts(&within(8, "us")), Err(500));
}

/// RFC 3261 §13.2.2.4.
#[test]
fn the_2xx_of_an_early_dialog_gives_its_target_and_keeps_the_count() {
    let mut dialog = Dialog::uac(&answer("183 Progress", "")).unwrap();
    assert_eq!(dialog.remote_target().to_string(), "sip:bob@a.test");
    dialog.request(Method::Prack);
    dialog.confirm(&answer("200 OK", "Contact: <sip:bob@127.0.0.8>\n")).unwrap();
    assert_eq!(dialog.remote_target().to_string(), "sip:bob@127.0.0.8");
    assert_eq!(dialog.local_cseq(), 2);
}

/// RFC 3261 §19.1.1: `?Replaces=…` in a Contact must not become part of our request line.
#[test]
fn headers_in_a_contact_stay_out_of_the_request_line() {
    let answer = answer("200 OK", "Contact: <sip:bob@127.0.0.8;x=y?Subject=z>\n");
    let dialog = Dialog::uac(&answer).unwrap();
    assert!(written(dialog.ack(1)).starts_with("ACK sip:bob@127.0.0.8;x=y SIP/2.0\r\n"));
}

#[test]
fn an_invite_without_contact_makes_no_dialog() {
    let invite = message(
        "INVITE sip:2@127.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.9;branch=z9hG4bKa\nFrom: <sip:a@b>;tag=x\n\
         To: <sip:2@b>\nCall-ID: c\nCSeq: 1 INVITE\nMax-Forwards: 70\nContent-Length: 0\n\n",
    );
    assert_eq!(Dialog::uas(&invite, "t"), Err(Malformed::Missing("Contact")));
}
