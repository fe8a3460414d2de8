//! What crosses a call beside who calls: its name, what users tell each other, why it ends, how far it may go.

use base::fact::What;
use sip_tests::{Line, SILENT, World, office};

const A: &str = "ab30317f1a784dc48ff824d0d3715d86";
const B: &str = "47755a9de7794ba387653f2099600ef2";
const NIL: &str = "00000000000000000000000000000000";

fn lines(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

/// RFC 7989 §8: both legs of a B2BUA bear one pair, seen from either end.
#[test]
fn one_session_id_names_the_call_on_both_legs_from_invite_to_bye() {
    let (mut world, carrier, phone) = office(19);
    world.agents[phone].manner = SILENT;
    let caller = world.dial_as(
        carrier,
        Some("+492"),
        "+4930123",
        true,
        &lines(&[&format!("Session-ID: {A};remote={NIL}")]),
    );
    world.settle();
    let callee = world.incoming(phone);
    assert_eq!(world.talk(callee).invite.must("Session-ID"), format!("{A};remote={NIL}"));
    let body = world.body_for(callee);
    let headers = lines(&[&format!("Session-ID: {B};remote={A}")]);
    world.reply(callee, sip_tests::Reply { status: 200, body, headers, ..sip_tests::Reply::default() });
    world.settle();
    let answer = world.agents[carrier].heard.iter().rfind(|msg| msg.status() == Some(200)).unwrap();
    assert_eq!(answer.must("Session-ID"), format!("{B};remote={A}"));
    let ack = world.agents[phone].requests("ACK").next().unwrap();
    assert_eq!(ack.must("Session-ID"), format!("{A};remote={B}"));
    let view = world.shards.iter().find_map(|shard| shard.view(now(&world)).calls.pop()).unwrap();
    assert_eq!(format!("{:032x} {:032x}", view.session.0, view.session.1), format!("{A} {B}"));
    world.bye(caller);
    world.settle();
    assert_eq!(world.talk(callee).bye.as_ref().unwrap().must("Session-ID"), format!("{A};remote={B}"));
    let of_bye = world.agents[carrier].heard.last().unwrap();
    assert_eq!(of_bye.must("Session-ID"), format!("{B};remote={A}"));
    let named = |fact: &base::fact::Fact| matches!(&fact.what, What::CallStarted { session_id, .. } if session_id == A);
    assert!(world.facts.iter().any(named), "the journal keeps it");
    world.assert_clean();
}

fn now(world: &World) -> base::Now {
    base::Now { mono: world.mono(), wall: base::Wall(1_800_000_000_000_000) }
}

/// RFC 7989 §6: a far end without a name gets one that lasts as long as the call.
#[test]
fn ends_without_a_session_id_are_given_names() {
    let (mut world, carrier, phone) = office(19);
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    let ack = world.agents[phone].requests("ACK").next().unwrap().must("Session-ID").to_owned();
    world.bye(caller);
    world.settle();
    assert_eq!(world.talk(callee).bye.as_ref().unwrap().must("Session-ID"), ack);
    let (local, remote) = ack.split_once(";remote=").unwrap();
    let answer = world.agents[carrier].heard.iter().rfind(|msg| msg.status() == Some(200)).unwrap();
    assert_eq!(answer.must("Session-ID"), format!("{remote};remote={local}"));
    assert!(local != NIL && remote != NIL && local != remote);
    world.assert_clean();
}

/// RFC 7433 §4; conformance §5.2: 64 kB are dropped, and the call goes on.
#[test]
fn what_users_tell_each_other_crosses_with_the_call_and_with_its_end() {
    let (mut world, carrier, phone) = office(19);
    let hello = "User-to-User: 48656c6c6f;encoding=hex";
    let caller = world.dial_as(carrier, Some("+492"), "+4930123", true, &lines(&[hello]));
    world.settle();
    let callee = world.incoming(phone);
    assert_eq!(world.talk(callee).invite.header("User-to-User"), Some("48656c6c6f;encoding=hex"));
    let kept = world.facts.iter().any(|fact| {
        matches!(&fact.what, What::CallStarted { user_to_user, .. } if user_to_user == "48656c6c6f;encoding=hex")
    });
    assert!(kept, "for whoever takes the call");
    bye_with(
        &mut world,
        caller,
        "User-to-User: 627965;encoding=hex\r\nReason: SIP;cause=200, Q.850;cause=31;location=LN",
    );
    let bye = world.talk(callee).bye.clone().unwrap();
    assert_eq!(bye.header("User-to-User"), Some("627965;encoding=hex"));
    assert_eq!(bye.must("Reason"), "SIP;cause=200, Q.850;cause=31;location=LN", "RFC 3326, RFC 8606 §4");
    let much = format!("User-to-User: {}", "a".repeat(4_000));
    world.dial_as(carrier, Some("+492"), "+4930123", true, &[much]);
    world.settle();
    assert_eq!(world.talk(world.incoming(phone)).invite.header("User-to-User"), None);
    world.end_all();
    world.assert_clean();
}

/// A BYE with more lines.
fn bye_with(world: &mut World, line: Line, more: &str) {
    let talk = world.talk(line).clone();
    let (from, to) = talk.ends();
    let text = format!(
        "BYE sip:tandem@192.0.2.1:5060 SIP/2.0\r\n{{via}}\r\nMax-Forwards: 70\r\nFrom: {from}\r\nTo: {to}\r\n\
         Call-ID: {}\r\nCSeq: 9 BYE\r\n{more}\r\nContent-Length: 0\r\n\r\n",
        talk.call_id
    );
    world.with_agent(line.agent, |agent, now| agent.ask(now, "BYE", &text));
    world.settle();
    world.agents[line.agent].talks[line.talk].state = sip_tests::State::Over;
}

/// RFC 3326 §2: a refusal says why in the words of the network behind it; 607 and 608 stay what they are.
#[test]
fn a_refusal_brings_its_reason_back_to_the_caller() {
    let (mut world, carrier, phone) = office(19);
    world.agents[carrier].manner = SILENT;
    for (status, cause) in
        [(607, base::Cause::Unwanted), (608, base::Cause::Blocked), (486, base::Cause::Busy)]
    {
        world.facts.clear();
        let caller = world.dial(phone, "0301");
        world.settle();
        let callee = world.incoming(carrier);
        let headers = lines(&["Reason: Q.850;cause=21;location=RLN"]);
        world.reply(callee, sip_tests::Reply { status, headers, ..sip_tests::Reply::default() });
        world.settle();
        let refusal = world.talk(caller).refusal.clone().unwrap();
        assert_eq!(refusal.status(), Some(status), "RFC 8197, RFC 8688");
        assert_eq!(refusal.must("Reason"), "Q.850;cause=21;location=RLN");
        assert_eq!(world.ending().0, cause);
    }
    world.assert_clean();
}

/// RFC 5393 §4 for a B2BUA: a call that comes back by a trunk and dials the same again ends.
#[test]
fn a_call_that_comes_round_to_us_gets_482() {
    let mut world = World::new(19);
    let (one, other) = (world.trunk("one"), world.trunk("other"));
    world.number("+4930123", "trunk:other");
    world.open(&[]);
    world.agents[other].manner = SILENT;
    let first = world.dial(one, "+4930123");
    world.settle();
    let mut refused = None;
    // Each round may reach another shard, and there are three.
    for round in 1..=4 {
        let invite = world.talk(world.incoming(other)).invite.clone();
        let session = format!("Session-ID: {}", invite.must("Session-ID"));
        let again = world.dial_as(other, Some("+492"), "+4930123", true, &[session]);
        world.settle();
        if world.talk(again).status() >= 300 {
            refused = Some((round, world.talk(again).status()));
            break;
        }
    }
    let (_, status) = refused.expect("it ends");
    assert_eq!(status, 482);
    let spiral = world.talk(world.incoming(other)).invite.must("Session-ID").to_owned();
    world.number("+4930124", "trunk:one");
    world.set_up();
    let elsewhere = world.dial_as(other, Some("+492"), "+4930124", true, &[format!("Session-ID: {spiral}")]);
    world.settle();
    assert!(world.talk(elsewhere).status() < 300, "another number is no loop");
    for agent in [one, other] {
        (0..world.agents[agent].talks.len()).for_each(|talk| world.cancel(Line { agent, talk }));
        world.settle();
    }
    world.end_all();
    assert!(world.talk(first).status() == 487);
}

/// RFC 5393 §5.3.3.
#[test]
fn phones_that_ring_together_share_the_breadth_of_the_call() {
    let (mut world, carrier, desk) = office(19);
    let mobile = world.phone("1001");
    world.open(&[mobile]);
    for (lines, shares) in [(lines(&["Max-Breadth: 5"]), ["3", "2"]), (lines(&[]), ["30", "30"])] {
        world.dial_as(carrier, Some("+492"), "+4930123", true, &lines);
        world.settle();
        let mut heard: Vec<String> = [desk, mobile]
            .map(|phone| world.talk(world.incoming(phone)).invite.must("Max-Breadth").to_owned())
            .into();
        heard.sort_by(|a, b| b.cmp(a));
        assert_eq!(heard, shares);
        world.end_all();
    }
    let narrow = world.dial_as(carrier, Some("+492"), "+4930123", true, &lines(&["Max-Breadth: 1"]));
    world.settle();
    assert_eq!(world.talk(narrow).status(), 440);
    world.assert_clean();
}

/// Two trunks; what the second hears of a call with these lines, when `+4930123` leads to another number there.
fn led_on(
    shown: provision::ForwardsIn,
    trusted: bool,
    lead: bool,
    headers: &[&str],
) -> Result<sip_tests::Msg, u16> {
    let mut world = World::new(19);
    let (one, other) = (world.trunk("one"), world.trunk("other"));
    world.number("+4930123456", "trunk:other");
    world.edit_trunk("one", |trunk| trunk.trust = trusted);
    world.edit_trunk("other", |trunk| {
        (trunk.trust, trunk.forwards, trunk.domain) = (true, shown, "other.test".to_owned());
        if lead {
            let (pattern, replace) = (".*".to_owned(), "+491701111111".to_owned());
            trunk.number_out = vec![provision::Rewrite { pattern, replace }];
        }
    });
    world.open(&[]);
    let caller = world.dial_as(one, Some("+492"), "+4930123456", true, &lines(headers));
    world.settle();
    let status = world.talk(caller).status();
    let heard = if status < 300 { Ok(world.talk(world.incoming(other)).invite.clone()) } else { Err(status) };
    world.end_all();
    world.assert_clean();
    heard
}

/// RFC 5806 §5, RFC 7044 §10, RFC 7544; conformance §5.2.
#[test]
fn a_number_that_leads_to_another_is_told_to_the_trunk_it_leads_to() {
    use provision::ForwardsIn::{Both, Diversion, HistoryInfo};
    let plain = led_on(Both, false, false, &["Diversion: <sip:evil@h>"]).unwrap();
    assert!(
        plain.header("Diversion").is_none() && plain.header("History-Info").is_none(),
        "a call in transit"
    );
    let ours = led_on(Diversion, false, true, &["Diversion: <sip:evil@h>"]).unwrap();
    let all: Vec<_> = ours.all("Diversion").collect();
    assert_eq!(all, ["<sip:+4930123456@other.test>;reason=unconditional;counter=1"]);
    let before = "Diversion: <tel:+49-30-9>;reason=user-busy;privacy=full";
    let both = led_on(Both, true, true, &[before]).unwrap();
    assert_eq!(
        both.all("Diversion").collect::<Vec<_>>(),
        [all[0], "<tel:+49-30-9>;reason=user-busy;counter=1;privacy=full"]
    );
    let history: Vec<_> = both.all("History-Info").collect();
    assert_eq!(history[0], "<tel:+49-30-9?Privacy=history>;index=1");
    assert_eq!(history[1], "<sip:+4930123456@other.test;cause=486>;index=1.1;mp=1");
    assert!(history[2].starts_with("<sip:+491701111111@") && history[2].contains(";cause=302>;index=1.1.1"));
    let mapped = led_on(HistoryInfo, true, false, &[before]).unwrap();
    assert_eq!((mapped.all("History-Info").count(), mapped.header("Diversion")), (2, None));
}

/// RFC 5806 §4.2: the counter ends what would go on for ever.
#[test]
fn a_call_that_was_led_on_five_times_is_not_led_on_again() {
    let shown = provision::ForwardsIn::Both;
    let often = "Diversion: <tel:+49309>;reason=unknown;counter=5";
    assert_eq!(led_on(shown, true, true, &[often]).map(drop), Err(482));
    assert!(led_on(shown, true, false, &[often]).is_ok(), "as it stands it may pass");
    assert!(led_on(shown, false, true, &[often]).is_ok(), "a stranger's count is not believed");
}
