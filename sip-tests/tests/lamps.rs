//! Lamps: lines (RFC 4235), mailboxes (RFC 3842) and pseudo users (features.md §0.3 BLF) as phones are told them.

use std::sync::Arc;
use std::time::Duration;

use base::mail::{MailCounts, MailState};
use call::ShardInput;
use provision::{Conference, Entity, Mwi};
use sip_tests::{BUSY, Line, Msg, RING, World, office};

/// Subscribes as the extension of a phone; the status it gets.
fn subscribe(world: &mut World, phone: usize, (package, whom): (&str, &str), lines: &str) -> u16 {
    let user = world.agents[phone].name.clone();
    let contact = world.agents[phone].contact();
    let number = world.sent.len();
    let text = format!(
        "SUBSCRIBE sip:{whom}@192.0.2.1 SIP/2.0\r\n{{via}}\r\nMax-Forwards: 70\r\nFrom: <sip:{user}@192.0.2.1>;tag=me\r\n\
         To: <sip:{whom}@192.0.2.1>\r\nCall-ID: {whom}-{number}@{user}\r\nCSeq: 1 SUBSCRIBE\r\nContact: {contact}\r\n\
         Event: {package}\r\n{lines}Content-Length: 0\r\n\r\n"
    );
    world.with_agent(phone, |agent, now| agent.ask(now, "SUBSCRIBE", &text));
    world.settle();
    world.agents[phone].results.last().expect("an answer").1
}

fn notifies(world: &World, phone: usize) -> Vec<Msg> {
    world.agents[phone].requests("NOTIFY").cloned().collect()
}

/// The states of all NOTIFYs, in their order: the words in `<state>`, none as `-`.
fn told(world: &World, phone: usize) -> Vec<String> {
    let states = |msg: &Msg| {
        let found: Vec<&str> =
            msg.body.split("<state>").skip(1).filter_map(|rest| rest.split("</state>").next()).collect();
        if found.is_empty() { "-".to_owned() } else { found.join("+") }
    };
    notifies(world, phone).iter().map(states).collect()
}

/// An office with a second phone, 1002, that takes NOTIFYs and watches.
fn watching(seed: u64, whom: &str) -> (World, usize, usize, usize) {
    let (mut world, carrier, phone) = office(seed);
    let watcher = world.phone("1002");
    world.agents[watcher].notified = 200;
    world.open(&[watcher]);
    assert_eq!(subscribe(&mut world, watcher, ("dialog", whom), "Expires: 600\r\n"), 200);
    world.forget_ladder();
    (world, carrier, phone, watcher)
}

/// Lets more than the interval between two NOTIFYs pass.
fn pause(world: &mut World) {
    world.settle();
    world.run_for(Duration::from_millis(700));
}

fn ring(world: &mut World, carrier: usize, phone: usize) -> (Line, Line) {
    world.agents[phone].manner = RING;
    let caller = world.dial(carrier, "+4930123");
    pause(world);
    (caller, world.incoming(phone))
}

/// RFC 4235 §3.2, §3.7.1, §6.1: early, confirmed and terminated, each document a version higher and full.
#[test]
fn a_lamp_shows_how_a_call_goes_on() {
    let (mut world, carrier, phone, watcher) = watching(951, "1001");
    let (caller, callee) = ring(&mut world, carrier, phone);
    world.say_with_body(callee, 200);
    pause(&mut world);
    world.reinvite(callee, "sendonly");
    pause(&mut world);
    world.bye(caller);
    pause(&mut world);
    assert_eq!(told(&world, watcher), ["-", "early", "confirmed", "confirmed", "terminated"]);
    let all = notifies(&world, watcher);
    for (version, msg) in all.iter().enumerate() {
        assert_eq!(msg.must("Content-Type"), "application/dialog-info+xml");
        let head = format!("version=\"{version}\" state=\"full\" entity=\"sip:1001@192.0.2.1\"");
        assert!(msg.body.contains(&head), "{msg}");
    }
    let talk = world.talk(callee);
    let (call_id, tag) = (&talk.call_id, &talk.local_tag);
    let ids = format!("call-id=\"{call_id}\" local-tag=\"{tag}\" remote-tag=\"");
    assert!(all[1].body.contains(&ids) && all[1].body.contains("direction=\"recipient\""), "{}", all[1]);
    assert!(all[3].body.contains("+sip.rendering") && !all[2].body.contains("+sip.rendering"), "{}", all[3]);
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
}

/// RFC 4235 §3.3, §6: who may watch whom.
#[test]
fn stations_slots_and_pseudo_users_can_be_watched_and_nothing_else() {
    let (mut world, _, phone, watcher) = watching(952, "1001");
    world
        .directory
        .put(Entity::Conference(Conference { extension: "700".to_owned(), ..Conference::named("team") }));
    world.set_up();
    for whom in [
        "1001",
        "1002",
        "park.701",
        "conf.team",
        "rec.1001",
        "mail.1001",
        "dnd.1001",
        "forward.1001",
        "login.1001",
        "ready.1001",
    ] {
        assert_eq!(subscribe(&mut world, watcher, ("dialog", whom), ""), 200, "{whom}");
    }
    for whom in ["+4930123", "carrier", "9999", "conf.x", "dnd.9", "park.x", "park.123456789", "0900123"] {
        assert_eq!(subscribe(&mut world, watcher, ("dialog", whom), ""), 404, "{whom}");
    }
    for package in ["reg", "as-feature-event", "message-summary"] {
        assert_eq!(subscribe(&mut world, watcher, (package, "1001"), ""), 403, "{package}");
    }
    assert_eq!(subscribe(&mut world, watcher, ("dialog", "1001"), "Accept: text/plain\r\n"), 406);
    world.agents[phone].password = None;
    assert_eq!(subscribe(&mut world, phone, ("dialog", "1002"), ""), 407, "never without a password");
    world.run_for(Duration::from_secs(3_700));
    world.assert_clean();
}

/// RFC 4235 §4.1.6.2, RFC 3323: who withholds the number stays unknown.
#[test]
fn a_lamp_does_not_tell_who_withholds_the_number() {
    let (mut world, carrier, phone, watcher) = watching(953, "1001");
    world.edit_trunk("carrier", |trunk| trunk.trust = true);
    world.set_up();
    world.agents[phone].manner = RING;
    let lines = ["Privacy: id".to_owned(), "P-Asserted-Identity: <sip:+4930999@carrier>".to_owned()];
    let caller = world.dial_as(carrier, Some("anonymous"), "+4930123", true, &lines);
    pause(&mut world);
    let last = notifies(&world, watcher).pop().expect("a NOTIFY");
    assert!(last.body.contains("anonymous@anonymous.invalid") && !last.body.contains("4930999"), "{last}");
    world.cancel(caller);
    pause(&mut world);
    world.assert_clean();
}

/// RFC 3842 §3, §4: at once what there is, then what changes; in any shard, since every one knows all mailboxes.
#[test]
fn a_mailbox_tells_its_own_phone_and_its_lamp_anybody() {
    let (mut world, _, phone, watcher) = watching(954, "mail.1001");
    world.agents[phone].notified = 200;
    let put = |world: &mut World, new: u32| {
        let counts = MailCounts { new, old: 8, urgent_new: 0, urgent_old: 2 };
        for shard in 0..world.shards.len() {
            let state = Arc::new(MailState { counts, ..MailState::default() });
            world.input(shard, ShardInput::Mail { mailbox: "1001".into(), state });
        }
        pause(world);
    };
    assert_eq!(subscribe(&mut world, phone, ("message-summary", "1001"), "Expires: 3600\r\n"), 200);
    put(&mut world, 2);
    world.run_for(Duration::from_secs(1));
    put(&mut world, 2);
    world.run_for(Duration::from_secs(1));
    put(&mut world, 0);
    let said: Vec<String> = notifies(&world, phone).iter().map(|msg| msg.body.clone()).collect();
    let body = |waiting: &str, counts: &str| {
        format!(
            "Messages-Waiting: {waiting}\r\nMessage-Account: sip:1001@tandem.test\r\nVoice-Message: {counts}\r\n"
        )
    };
    assert_eq!(said, [body("no", "0/0 (0/0)"), body("yes", "2/8 (0/2)"), body("no", "0/8 (0/2)")]);
    assert_eq!(notifies(&world, phone)[0].must("Content-Type"), "application/simple-message-summary");
    assert_eq!(told(&world, watcher), ["-", "confirmed", "terminated"]);
    assert_eq!(
        subscribe(&mut world, phone, ("message-summary", "*97"), "Expires: 0\r\n"),
        200,
        "as it is dialled"
    );
    world.assert_clean();
}

/// RFC 3842 without a subscription: a phone that never asks is told whenever it registers and when something changes,
/// by one shard alone; one that may ask is not.
#[test]
fn a_phone_that_does_not_subscribe_is_told_unasked_where_it_is_set_up_so() {
    let (mut world, _, phone) = office(957);
    let other = world.phone("1002");
    for agent in [phone, other] {
        world.agents[agent].notified = 200;
    }
    let mut station = world.directory.stations.get("1001").cloned().expect("a station");
    station.mwi = Mwi::Unsolicited;
    world.directory.put(Entity::Station(station));
    world.set_up();
    world.open(&[phone, other]);
    pause(&mut world);
    for mailbox in ["1001", "1002"] {
        let counts = MailCounts { new: 2, old: 0, urgent_new: 1, urgent_old: 0 };
        let state = Arc::new(MailState { counts, ..MailState::default() });
        for shard in 0..world.shards.len() {
            world.input(shard, ShardInput::Mail { mailbox: mailbox.into(), state: Arc::clone(&state) });
        }
        pause(&mut world);
    }
    assert!(notifies(&world, other).is_empty(), "{}", world.ladder());
    let told = notifies(&world, phone);
    let counts = |msg: &Msg| msg.body.lines().last().unwrap_or_default().to_owned();
    let said: Vec<String> = told.iter().map(counts).collect();
    assert_eq!(said, ["Voice-Message: 0/0 (0/0)", "Voice-Message: 2/0 (1/0)"], "{}", world.ladder());
    assert_eq!(told[1].must("Event"), "message-summary");
    assert_eq!(told[1].must("Subscription-State"), "terminated");
    world.assert_clean();
}

/// Many changes within the interval: the latest state alone is told, and the final one is never lost.
#[test]
fn who_is_slow_gets_the_latest_state_and_never_a_queue_of_old_ones() {
    let (mut world, carrier, phone, watcher) = watching(955, "1001");
    world.agents[phone].manner = BUSY;
    pause(&mut world);
    for _ in 0..20 {
        world.dial(carrier, "+4930123");
        world.settle();
    }
    pause(&mut world);
    let said = told(&world, watcher);
    assert!(said.len() < 12, "{said:?}");
    let last = said.last().map(String::as_str);
    assert!(matches!(last, Some("-" | "terminated")), "dark in the end: {said:?}");
    let all = notifies(&world, watcher);
    assert!(!all.last().expect("one").body.contains("<state>early"), "{said:?}");
    world.assert_clean();
}

/// RFC 6665 §4.2.2, RFC 5057 §5.1: a phone that knows nothing of it, or is gone, is told no more; nor after the end.
#[test]
fn dead_watchers_are_forgotten_and_living_ones_are_told_on() {
    let (mut world, carrier, phone, watcher) = watching(956, "1001");
    let dead = world.phone("1003");
    let deaf = world.phone("1004");
    world.agents[dead].notified = 481;
    world.open(&[dead, deaf]);
    for phone in [dead, deaf] {
        assert_eq!(subscribe(&mut world, phone, ("dialog", "1001"), "Expires: 300\r\n"), 200);
    }
    world.agents[deaf].dead = true;
    let (caller, callee) = ring(&mut world, carrier, phone);
    world.run_for(Duration::from_secs(40));
    world.say_with_body(callee, 200);
    pause(&mut world);
    assert_eq!(notifies(&world, dead).len(), 1);
    assert_eq!(told(&world, watcher).last().map(String::as_str), Some("confirmed"));
    world.run_for(Duration::from_secs(600));
    let ended = notifies(&world, watcher).pop().expect("a last one");
    assert_eq!(ended.must("Subscription-State"), "terminated;reason=timeout");
    let before = notifies(&world, watcher).len();
    world.bye(caller);
    pause(&mut world);
    assert_eq!(notifies(&world, watcher).len(), before);
    world.agents[deaf].dead = false;
    world.assert_clean();
}

/// Watchers of one line in every shard; a call in any of them shows everywhere, in the same words.
#[test]
fn watchers_in_every_shard_see_the_same() {
    let (mut world, carrier, phone, watcher) = watching(957, "1001");
    for n in 0..30 {
        let lines = format!("Expires: 600\r\nX-Number: {n}\r\n");
        assert_eq!(subscribe(&mut world, watcher, ("dialog", "1001"), &lines), 200);
    }
    world.agents[watcher].heard.clear();
    let (caller, callee) = ring(&mut world, carrier, phone);
    world.say_with_body(callee, 200);
    pause(&mut world);
    let confirmed = told(&world, watcher).iter().filter(|state| *state == "confirmed").count();
    assert_eq!(confirmed, 31);
    world.bye(caller);
    pause(&mut world);
    let over = told(&world, watcher).iter().filter(|state| *state == "terminated").count();
    assert_eq!(over, 31);
    world.assert_clean();
}

/// features.md §0.3: a conference's lamp shines while anybody is there.
#[test]
fn a_conference_has_a_lamp() {
    let (mut world, carrier, _, watcher) = {
        let (mut world, carrier, phone) = office(958);
        let watcher = world.phone("1002");
        world.agents[watcher].notified = 200;
        let team = Conference { extension: "700".to_owned(), ..Conference::named("team") };
        world.directory.put(Entity::Conference(team));
        world.number("+49700", "conference:team");
        world.open(&[watcher]);
        (world, carrier, phone, watcher)
    };
    assert_eq!(subscribe(&mut world, watcher, ("dialog", "conf.team"), ""), 200);
    let caller = world.dial(carrier, "+49700");
    pause(&mut world);
    world.bye(caller);
    pause(&mut world);
    assert_eq!(told(&world, watcher), ["-", "confirmed", "terminated"]);
    world.assert_clean();
}

/// 900 watchers of one line: a shard tells 250 of its own at a time, so that calls are worked on between.
#[test]
fn a_line_that_many_watch_keeps_no_call_waiting() {
    let (mut world, carrier, phone) = office(959);
    let watchers: Vec<usize> = (0..9).map(|n| world.phone(&format!("11{n}"))).collect();
    watchers.iter().for_each(|watcher| world.agents[*watcher].notified = 200);
    world.open(&watchers);
    for watcher in &watchers {
        for _ in 0..100 {
            assert_eq!(subscribe(&mut world, *watcher, ("dialog", "1001"), "Expires: 600\r\n"), 200);
        }
        world.agents[*watcher].heard.clear();
    }
    world.forget_ladder();
    world.run_for(Duration::from_secs(1));
    world.agents[phone].manner = RING;
    let count = |world: &World| {
        watchers.iter().map(|watcher| world.agents[*watcher].requests("NOTIFY").count()).sum::<usize>()
    };
    let caller = world.dial(carrier, "+4930123");
    let mut bursts = Vec::new();
    while bursts.iter().sum::<usize>() < 900 && bursts.len() < 1_000 {
        let before = count(&world);
        world.run_for(Duration::from_millis(5));
        bursts.push(count(&world) - before);
    }
    assert_eq!(count(&world), 900);
    let first = bursts.iter().position(|burst| *burst > 0).expect("a first one");
    assert!(bursts.len() - first > 4, "not all in one round of 25 ms: {bursts:?}");
    world.cancel(caller);
    world.run_for(Duration::from_secs(2));
    assert_eq!(count(&world), 1_800, "and dark again");
    world.run_for(Duration::from_secs(700));
    world.assert_clean();
}
