use super::*;

#[test]
fn an_invite_gets_its_100_at_once_and_its_repetition_the_latest_response() {
    let mut rig = Rig::new();
    assert_eq!(rig.hears(&request("INVITE", VIA, "")), ["Request INVITE", "> 100"]);
    assert_eq!(rig.hears(&request("INVITE", VIA, "")), ["> 100"]);
    assert_eq!(rig.answers(180), ["> 180"]);
    assert_eq!(rig.hears(&request("INVITE", VIA, "")), ["> 180"]);
}

#[test]
fn a_2xx_is_repeated_until_it_is_acknowledged() {
    let mut rig = Rig::new();
    rig.hears(&request("INVITE", VIA, ""));
    let id = rig.latest_request();
    assert_eq!(rig.answers(200), ["> 200"]);
    assert!(rig.hears(&request("INVITE", VIA, "")).is_empty());
    assert_eq!(rig.until(2_000), ["500 > 200", "1500 > 200"]);
    let own_branch = "127.0.0.9:5062;rport;branch=z9hG4bKack";
    assert_eq!(rig.hears(&request("ACK", own_branch, ";tag=x")), ["Ack"]);
    rig.stack.acknowledged(id);
    assert_eq!(rig.until(60_000), ["32000 Done"]);
}

#[test]
fn a_2xx_without_ack_is_given_up_after_64_t1() {
    let mut rig = Rig::new();
    rig.hears(&request("INVITE", VIA, ""));
    rig.answers(200);
    let story = rig.until(60_000);
    assert_eq!(story.len(), 12);
    assert_eq!(story[10..], ["32000 Unacknowledged", "32000 Done"]);
}

#[test]
fn a_lost_ack_brings_the_refusal_again_and_the_next_ack_ends_it() {
    let mut rig = Rig::new();
    rig.hears(&request("INVITE", VIA, ""));
    assert_eq!(rig.answers(486), ["> 486"]);
    assert_eq!(rig.until(600), ["500 > 486"]);
    let tag = format!(";tag={}", rig.last_sent().to_tag().unwrap());
    assert!(rig.hears(&request("ACK", VIA, &tag)).is_empty());
    assert!(rig.hears(&request("ACK", VIA, &tag)).is_empty());
    assert_eq!(rig.until(60_000), ["5600 Done"]);
}

#[test]
fn all_responses_to_a_request_bear_the_same_tag_and_100_bears_none() {
    let mut rig = Rig::new();
    rig.hears(&request("INVITE", VIA, ""));
    assert_eq!(rig.last_sent().to_tag(), None);
    rig.answers(180);
    let early = rig.last_sent().to_tag().unwrap().to_owned();
    rig.answers(486);
    assert_eq!(rig.last_sent().to_tag(), Some(early.as_str()));
}

#[test]
fn another_request_is_answered_once_and_its_repetition_the_same() {
    let mut rig = Rig::new();
    assert_eq!(rig.hears(&request("OPTIONS", VIA, "")), ["Request OPTIONS"]);
    assert!(rig.hears(&request("OPTIONS", VIA, "")).is_empty());
    assert_eq!(rig.answers(200), ["> 200"]);
    assert_eq!(rig.hears(&request("OPTIONS", VIA, "")), ["> 200"]);
    assert_eq!(rig.until(60_000), ["32000 Done"]);
}

/// RFC 4475 uses one branch with many sent-by hosts; RFC 3261 §17.2.3 makes them different transactions.
#[test]
fn the_same_branch_from_another_host_is_another_transaction() {
    let mut rig = Rig::new();
    rig.hears(&request("OPTIONS", "host1.test;branch=z9hG4bKkdjuw", ""));
    let other = request("OPTIONS", "host2.test;branch=z9hG4bKkdjuw", "").replace("their-call", "other-call");
    assert_eq!(rig.hears(&other), ["Request OPTIONS"]);
}

/// RFC 3261 §8.2.2.2.
#[test]
fn a_request_that_comes_by_a_second_way_is_merged() {
    let mut rig = Rig::new();
    rig.hears(&request("INVITE", VIA, ""));
    let second = "127.0.0.9:5062;rport;branch=z9hG4bKann2";
    assert_eq!(rig.hears(&request("INVITE", second, "")), ["> 482"]);
    assert!(rig.last_sent().to_tag().is_some());
    assert_eq!(rig.stack.transactions(), 1);
    assert_eq!(rig.stack.stats().merged, 1);
}

#[test]
fn who_was_challenged_may_try_the_same_number_again() {
    let mut rig = Rig::new();
    rig.hears(&request("REGISTER", VIA, ""));
    rig.answers(401);
    let second = "127.0.0.9:5062;rport;branch=z9hG4bKann2";
    assert_eq!(rig.hears(&request("REGISTER", second, "")), ["Request REGISTER"]);
}

/// RFC 5118 §4.10 sends two that differ in their branch alone; RFC 3261 §8.2.2.2 speaks of ongoing transactions.
#[test]
fn an_options_like_one_that_is_answered_is_answered_too() {
    let mut rig = Rig::new();
    let second = "127.0.0.9:5062;rport;branch=z9hG4bKann2";
    rig.hears(&request("OPTIONS", VIA, ""));
    assert_eq!(rig.hears(&request("OPTIONS", second, "")), ["> 482"]);
    rig.answers(200);
    assert_eq!(rig.hears(&request("OPTIONS", second, "")), ["Request OPTIONS"]);
}

/// RFC 3261 §17.2.3: branches without the magic cookie, or with nothing behind it, tell nothing.
#[test]
fn a_peer_of_rfc_2543_is_recognised_by_what_its_requests_share() {
    for via in ["127.0.0.9:5062", "127.0.0.9:5062;branch=1", "127.0.0.9:5062;branch=z9hG4bK"] {
        let mut rig = Rig::new();
        rig.hears(&request("INVITE", via, ""));
        assert_eq!(rig.hears(&request("INVITE", via, "")), ["> 100"], "{via}");
        rig.answers(404);
        let tag = format!(";tag={}", rig.last_sent().to_tag().unwrap());
        assert!(rig.hears(&request("ACK", via, &tag)).is_empty(), "{via}");
        assert_eq!(rig.until(60_000), ["5000 Done"], "{via}");
    }
}

#[test]
fn too_many_transactions_refuse_an_invite_and_drop_the_rest() {
    let mut rig = Rig::with(StackConfig { transactions: 1, ..StackConfig::default() });
    rig.hears(&request("OPTIONS", VIA, ""));
    let other = "127.0.0.9:5062;rport;branch=z9hG4bKann2";
    assert_eq!(rig.hears(&request("INVITE", other, "")), ["> 503"]);
    assert!(rig.hears(&request("MESSAGE", other, "")).is_empty());
    assert_eq!(rig.stack.stats().overload, 2);
}

#[test]
fn a_malformed_request_is_answered_without_a_transaction() {
    let mut rig = Rig::new();
    let other_version = request("INVITE", VIA, "").replace("127.0.0.1 SIP/2.0", "127.0.0.1 SIP/7.0");
    assert_eq!(rig.hears(&other_version), ["> 505"]);
    assert_eq!(rig.hears(&request("INVITE", VIA, "").replace("CSeq: 1 INVITE\n", "")), ["> 400"]);
    assert!(rig.hears(&request("ACK", VIA, "").replace("CSeq: 1 ACK\n", "")).is_empty());
    assert!(rig.hears("hello").is_empty());
    assert_eq!(rig.stack.transactions(), 0);
}
