//! The services of RFC 5359 with the switch where the RFC has its proxies, its servers and the other phone: every
//! phone has a dialog with the switch alone, so REFER and Replaces end here and no phone learns of another's.
//! Alice has 1001, Bob 1002, Carol 1003. A test bears the name of its flow.

use std::time::Duration;

use base::media::{CollectEnd, MediaCommand, MediaEvent, MediaFlow, Sound};
use base::{CallId, CallOrder, ConsultAct};
use call::ShardInput;
use provision::{Anonymous, Entity, Group, Parking, Role, Station, Strategy, User};
use sip_tests::{BUSY, Line, Manner, RING, State, World, direction_of};

const AWAY: Manner = &[(0, 100), (20, 480)];

/// Three phones and a carrier for numbers with a leading 9.
fn office(seed: u64, change: impl FnOnce(&mut World)) -> (World, [usize; 3]) {
    let mut world = World::new(seed);
    let phones = ["1001", "1002", "1003"].map(|extension| world.phone(extension));
    let _carrier = world.trunk("carrier");
    world.rule("^9", &["carrier"]);
    change(&mut world);
    for phone in phones {
        world.agents[phone].notified = 200;
    }
    world.open(&phones);
    (world, phones)
}

fn station<'a>(world: &'a mut World, extension: &str) -> &'a mut Station {
    world.directory.stations.get_mut(extension).expect("a station")
}

/// Everybody hangs up, and nothing is left: the ladder.
fn ends(mut world: World) -> String {
    world.end_all();
    let ladder = world.ladder();
    world.assert_clean();
    ladder
}

/// Runs on, so that lamps and messages between calls come in too.
fn rest(world: &mut World) {
    world.settle();
    world.run_for(Duration::from_secs(1));
    world.settle();
}

/// What a phone was told of its referral, in order.
fn reports(world: &World, phone: usize) -> Vec<String> {
    let notifies = world.agents[phone].requests("NOTIFY");
    notifies.map(|notify| notify.body.trim().to_owned()).filter(|body| body.starts_with("SIP/2.0")).collect()
}

/// Whom each of these hears, by its place among them.
fn hears(world: &World, lines: &[Line]) -> Vec<Vec<usize>> {
    let place = |port| {
        let far = world.media.far_end_of(port);
        lines.iter().position(|line| far == Some(world.talk(*line).media))
    };
    let of = |line: &Line| {
        let heard = world.media.towards(world.talk(*line).media).map_or(&[][..], |(.., heard)| heard);
        let mut places: Vec<usize> = heard.iter().filter_map(|port| place(*port)).collect();
        places.sort_unstable();
        places
    };
    lines.iter().map(of).collect()
}

/// Which way sound goes between the switch and a far end.
fn flow(world: &World, line: Line) -> MediaFlow {
    world.media.towards(world.talk(line).media).map(|(_, _, remote, _)| remote.flow).expect("a port")
}

/// How often music began for a line.
fn music(world: &World, line: Line) -> usize {
    let (port, ..) = world.media.towards(world.talk(line).media).expect("a port");
    let begins = |command: &&MediaCommand| {
        let MediaCommand::Play { port: at, play } = command else { return false };
        *at == port && play.items.iter().any(|sound| matches!(sound, Sound::Music { .. }))
    };
    world.media.asked.iter().filter(begins).count()
}

/// Answers a question that a line is asked.
fn press(world: &mut World, line: Line, key: &str) {
    let (port, shard, ..) = world.media.towards(world.talk(line).media).expect("a port");
    let asked = world.media.asked.iter().rev().find_map(|command| {
        let MediaCommand::Collect { port: at, collect } = command else { return None };
        (*at == port).then_some(collect.id)
    });
    let collect = asked.expect("a question");
    let event = MediaEvent::Collected { port, collect, digits: key.into(), end: CollectEnd::Full };
    world.tell_media(usize::from(shard.0), event);
    world.settle();
}

fn order(world: &mut World, order: CallOrder) {
    let now = base::Now { mono: world.mono(), wall: base::Wall(0) };
    let mut shards = world.shards.iter().enumerate();
    let found: Option<(usize, CallId)> =
        shards.find_map(|(shard, it)| Some((shard, it.view(now).calls.first()?.id)));
    let (shard, call) = found.expect("a call");
    world.input(shard, ShardInput::Order { call, order });
    world.settle();
}

/// Watches a line (RFC 4235); the status.
fn watch(world: &mut World, phone: usize, whom: &str) -> u16 {
    let user = world.agents[phone].name.clone();
    let contact = world.agents[phone].contact();
    let text = format!(
        "SUBSCRIBE sip:{whom}@192.0.2.1 SIP/2.0\r\n{{via}}\r\nMax-Forwards: 70\r\nFrom: <sip:{user}@192.0.2.1>;tag=me\r\n\
         To: <sip:{whom}@192.0.2.1>\r\nCall-ID: {whom}@{user}\r\nCSeq: 1 SUBSCRIBE\r\nContact: {contact}\r\n\
         Event: dialog\r\nExpires: 600\r\nContent-Length: 0\r\n\r\n"
    );
    world.with_agent(phone, |agent, now| agent.ask(now, "SUBSCRIBE", &text));
    rest(world);
    world.agents[phone].results.last().expect("an answer").1
}

/// What a phone was told last of the line that it watches.
fn lamp(world: &World, phone: usize) -> String {
    let notifies = world.agents[phone].requests("NOTIFY").filter(|it| it.body.contains("dialog-info"));
    notifies.last().map(|notify| notify.body.clone()).unwrap_or_default()
}

/// The dialog that a lamp shows, as Replaces names it (RFC 3891 §3).
fn replaces(lamp: &str) -> String {
    let value = |name: &str| {
        let rest = lamp.split(&format!("{name}=\"")).nth(1).expect("an attribute");
        rest.split('"').next().unwrap_or_default().to_owned()
    };
    let (local, remote) = (value("local-tag"), value("remote-tag"));
    format!("Replaces: {};to-tag={local};from-tag={remote}", value("call-id"))
}

/// Call Hold.
#[test]
fn call_hold() {
    let (mut world, [alice, bob, _]) = office(1, |_| {});
    let (caller, callee) = world.connect(alice, "1002", bob);
    assert!(world.hear_each_other(caller, callee));
    world.reinvite(callee, "sendonly");
    world.settle();
    assert_eq!((flow(&world, caller), flow(&world, callee)), (MediaFlow::Send, MediaFlow::Receive));
    assert_eq!(direction_of(&world.talk(caller).remote_body), "sendonly");
    assert_eq!(direction_of(&world.talk(callee).remote_body), "recvonly");
    world.reinvite(callee, "sendrecv");
    world.settle();
    assert!(world.hear_each_other(caller, callee), "{}", world.ladder());
    insta::assert_snapshot!(ends(world));
}

/// Consultation Hold: the second call is one of its own, and touches nothing of the first.
#[test]
fn consultation_hold() {
    let (mut world, [alice, bob, carol]) = office(2, |_| {});
    let (caller, callee) = world.connect(alice, "1002", bob);
    world.reinvite(callee, "sendonly");
    world.settle();
    let (asks, asked) = world.connect(bob, "1003", carol);
    assert!(world.hear_each_other(asks, asked), "{}", world.ladder());
    assert_eq!(music(&world, caller), 1, "she waits with music");
    world.bye(asks);
    world.settle();
    assert_eq!((world.state(caller), world.state(asked)), (State::Up, State::Over));
    world.reinvite(callee, "sendrecv");
    world.settle();
    assert!(world.hear_each_other(caller, callee), "{}", world.ladder());
    insta::assert_snapshot!(ends(world));
}

/// Music on Hold: the switch itself is the music server, so there is no third dialog.
#[test]
fn music_on_hold() {
    let (mut world, [alice, bob, _]) = office(3, |_| {});
    let (caller, callee) = world.connect(alice, "1002", bob);
    assert_eq!(music(&world, caller), 0);
    world.reinvite(callee, "sendonly");
    world.settle();
    assert_eq!((music(&world, caller), music(&world, callee)), (1, 0), "{}", world.ladder());
    assert_eq!(direction_of(&world.talk(caller).remote_body), "sendonly");
    world.reinvite(callee, "sendrecv");
    world.settle();
    assert!(world.hear_each_other(caller, callee), "{}", world.ladder());
    assert_eq!(world.agents.iter().map(|agent| agent.talks.len()).sum::<usize>(), 2);
    insta::assert_snapshot!(ends(world));
}

/// Transfer, unattended: Bob holds Alice and refers her to Carol.
#[test]
fn transfer_unattended() {
    let (mut world, [alice, bob, carol]) = office(4, |_| {});
    let (caller, callee) = world.connect(alice, "1002", bob);
    world.reinvite(callee, "sendonly");
    world.settle();
    world.refer(callee, "1003");
    rest(&mut world);
    let target = world.incoming(carol);
    assert!(world.hear_each_other(caller, target), "{}", world.ladder());
    assert_eq!(world.state(callee), State::Over);
    assert_eq!(reports(&world, bob), ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"]);
    assert_eq!(reports(&world, alice), Vec::<String>::new(), "she never learns of a REFER");
    insta::assert_snapshot!(ends(world));
}

/// Transfer, attended: Bob has asked Carol and brings the two together.
#[test]
fn transfer_attended() {
    let (mut world, [alice, bob, carol]) = office(5, |_| {});
    let (caller, callee) = world.connect(alice, "1002", bob);
    world.reinvite(callee, "sendonly");
    world.settle();
    let (asks, asked) = world.connect(bob, "1003", carol);
    world.reinvite(asks, "sendonly");
    world.settle();
    world.refer_to_line(callee, asks);
    rest(&mut world);
    assert!(world.hear_each_other(caller, asked), "{}", world.ladder());
    assert_eq!((world.state(callee), world.state(asks)), (State::Over, State::Over), "{}", world.ladder());
    assert_eq!(reports(&world, bob).last().map(String::as_str), Some("SIP/2.0 200 OK"));
    insta::assert_snapshot!(ends(world));
}

/// Transfer, instant messaging: Bob writes Carol's address to Alice, whose phone calls it; the text is nobody's business but hers.
#[test]
fn transfer_by_instant_message() {
    let (mut world, [alice, bob, carol]) = office(6, |_| {});
    let (caller, callee) = world.connect(alice, "1002", bob);
    let uri = "sip:1001@192.0.2.1";
    let text = |number: u32, line: &str| {
        format!(
            "MESSAGE {uri} SIP/2.0\r\n{{via}}\r\nMax-Forwards: 70\r\nFrom: <sip:1002@h>;tag=m\r\nTo: <{uri}>\r\n\
             Call-ID: text@bob\r\nCSeq: {number} MESSAGE\r\n{line}Content-Type: text/plain\r\n\
             Content-Length: 18\r\n\r\nsip:1003@192.0.2.1"
        )
    };
    world.with_agent(bob, |agent, now| agent.ask(now, "MESSAGE", &text(1, "")));
    world.settle();
    let challenge = world.agents[bob].heard.last().expect("a challenge").clone();
    let line = world.agents[bob].credentials(&challenge, "MESSAGE", uri).expect("credentials");
    world.with_agent(bob, |agent, now| agent.ask(now, "MESSAGE", &text(2, &format!("{line}\r\n"))));
    world.settle();
    assert_eq!(world.agents[bob].results.last(), Some(&("MESSAGE".to_owned(), 200)));
    let read = world.agents[alice].requests("MESSAGE").next().expect("a text").body.clone();
    let number = read.trim_start_matches("sip:").split('@').next().expect("a number").to_owned();
    world.bye(callee);
    world.settle();
    assert_eq!(world.state(caller), State::Over);
    let (again, target) = world.connect(alice, &number, carol);
    assert!(world.hear_each_other(again, target));
    insta::assert_snapshot!(ends(world));
}

/// Call Forwarding Unconditional.
#[test]
fn call_forwarding_unconditional() {
    let (mut world, [alice, bob, carol]) = office(7, |world| {
        station(world, "1002").forward_always = "1003".parse().expect("a number");
    });
    let (caller, target) = world.connect(alice, "1002", carol);
    assert!(world.hear_each_other(caller, target));
    assert!(world.agents[bob].talks.is_empty(), "Bob is not rung");
    assert!(world.agents[alice].heard.iter().any(|msg| msg.status() == Some(181)), "{}", world.ladder());
    insta::assert_snapshot!(ends(world));
}

/// Call Forwarding, busy.
#[test]
fn call_forwarding_busy() {
    let (mut world, [alice, bob, carol]) = office(8, |world| {
        station(world, "1002").forward_busy = "1003".parse().expect("a number");
    });
    world.agents[bob].manner = BUSY;
    let (caller, target) = world.connect(alice, "1002", carol);
    assert!(world.hear_each_other(caller, target));
    assert!(world.agents[alice].heard.iter().any(|msg| msg.status() == Some(181)), "{}", world.ladder());
    insta::assert_snapshot!(ends(world));
}

/// Call Forwarding, no answer.
#[test]
fn call_forwarding_no_answer() {
    let (mut world, [alice, bob, carol]) = office(9, |world| {
        let bob = station(world, "1002");
        bob.forward_no_answer = "1003".parse().expect("a number");
        bob.no_answer_secs = 15;
    });
    world.agents[bob].manner = RING;
    let caller = world.dial(alice, "1002");
    world.run_for(Duration::from_secs(14));
    assert!(world.agents[carol].talks.is_empty());
    world.run_for(Duration::from_secs(3));
    let target = world.incoming(carol);
    assert!(world.hear_each_other(caller, target), "{}", world.ladder());
    assert!(world.agents[alice].heard.iter().any(|msg| msg.status() == Some(181)), "{}", world.ladder());
    insta::assert_snapshot!(ends(world));
}

/// 3-Way Conference, third party is added: the switch is the mixer, so it asks nobody to send elsewhere.
#[test]
fn three_way_conference_third_party_is_added() {
    let (mut world, [alice, bob, carol]) = office(10, |_| {});
    let (caller, callee) = world.connect(alice, "1002", bob);
    order(&mut world, CallOrder::Consult { leg: 1, to: "1003".to_owned() });
    let third = world.incoming(carol);
    assert!(world.hear_each_other(callee, third), "{}", world.ladder());
    assert_eq!(music(&world, caller), 1, "she waits with music");
    order(&mut world, CallOrder::Consulted { leg: 1, act: ConsultAct::Merge });
    let all = [caller, callee, third];
    assert_eq!(hears(&world, &all), [vec![1, 2], vec![0, 2], vec![0, 1]], "{}", world.ladder());
    world.bye(callee);
    world.settle();
    assert!(world.hear_each_other(caller, third), "the others talk on\n{}", world.ladder());
    insta::assert_snapshot!(ends(world));
}

/// 3-Way Conference, third party joins: Join (RFC 3911) is no extension of ours; whoever may, joins by code and barges in.
#[test]
fn three_way_conference_third_party_joins() {
    let (mut world, [alice, bob, carol]) = office(11, |world| {
        for (extension, role) in [("1002", Role::Agent), ("1003", Role::Supervisor)] {
            let login = format!("u{extension}");
            world.directory.put(Entity::User(User { role, ..User::called(&login) }));
            station(world, extension).user = login;
        }
    });
    let (caller, callee) = world.connect(alice, "1002", bob);
    let talk = world.talk(callee);
    let join = format!("Join: {};to-tag={};from-tag={}", talk.call_id, talk.remote_tag, talk.local_tag);
    let lines = [join, "Require: join".to_owned()];
    let refused = world.dial_as(carol, None, "1002", true, &lines);
    world.settle();
    assert_eq!(world.talk(refused).status(), 420, "{}", world.ladder());
    let third = world.dial(carol, "*321002");
    rest(&mut world);
    let all = [caller, callee, third];
    assert_eq!(hears(&world, &all), [vec![1, 2], vec![0, 2], vec![0, 1]], "{}", world.ladder());
    insta::assert_snapshot!(ends(world));
}

/// Find-Me: one after the other, until somebody answers.
#[test]
fn find_me() {
    let mut first = 0;
    let (mut world, [alice, bob, carol]) = office(12, |world| {
        first = world.phone("1004");
        let members = ["1004", "1002", "1003"].map(|it| format!("station:{it}").parse().expect("a member"));
        let group = Group {
            extension: "600".to_owned(),
            strategy: Strategy::Sequential,
            members: members.into(),
            ..Group::named("bob")
        };
        world.directory.put(Entity::Group(group));
    });
    world.open(&[first]);
    world.agents[first].manner = RING;
    world.agents[bob].manner = AWAY;
    let caller = world.dial(alice, "600");
    world.run_for(Duration::from_secs(40));
    let found = world.incoming(carol);
    assert!(world.hear_each_other(caller, found), "{}", world.ladder());
    assert_eq!(world.state(world.incoming(first)), State::Over);
    assert_eq!(world.agents[first].requests("CANCEL").count(), 1);
    insta::assert_snapshot!(ends(world));
}

/// Call Management, incoming call screening: who does not say a number is refused by one, asked for by another.
#[test]
fn incoming_call_screening() {
    let (mut world, [alice, bob, carol]) = office(13, |world| {
        station(world, "1002").anonymous = Anonymous::Refuse;
        station(world, "1003").anonymous = Anonymous::Screen;
    });
    let refused = world.dial(alice, "*671002");
    world.settle();
    assert_eq!(world.talk(refused).status(), 433, "{}", world.ladder());
    assert!(world.agents[bob].talks.is_empty());
    let (caller, callee) = world.connect(alice, "1002", bob);
    assert!(world.hear_each_other(caller, callee), "who shows a number is taken");
    let asked = world.dial(alice, "*671003");
    world.settle();
    let decides = world.incoming(carol);
    assert!(!world.hear_each_other(asked, decides));
    press(&mut world, decides, "1");
    assert!(world.hear_each_other(asked, decides), "{}", world.ladder());
    insta::assert_snapshot!(ends(world));
}

/// Call Management, outgoing call screening: a phone has to say who it is, and reaches what a rule leads to alone.
#[test]
fn outgoing_call_screening() {
    let (mut world, [alice, ..]) = office(14, |_| {});
    let barred = world.dial(alice, "0900123");
    world.settle();
    assert_eq!(world.talk(barred).status(), 404, "{}", world.ladder());
    world.agents[alice].password = Some("guessed".to_owned());
    let unknown = world.dial(alice, "9123");
    world.settle();
    assert_eq!(world.state(unknown), State::Over, "{}", world.ladder());
    assert!(world.agents.iter().all(|agent| agent.requests("INVITE").count() == 0), "nobody is called");
    insta::assert_snapshot!(ends(world));
}

/// Call Park: Bob refers Alice to the slot; Carol watches it and takes her from there by Replaces.
#[test]
fn call_park() {
    let (mut world, [alice, bob, carol]) = office(15, |world| {
        let lot = Parking { last: 703, extension: "700".to_owned(), ..Parking::named("desk") };
        world.directory.put(Entity::Parking(lot));
    });
    let (caller, callee) = world.connect(alice, "1002", bob);
    world.reinvite(callee, "sendonly");
    world.settle();
    world.refer(callee, "701");
    rest(&mut world);
    assert_eq!(world.state(callee), State::Over, "{}", world.ladder());
    assert_eq!(reports(&world, bob).last().map(String::as_str), Some("SIP/2.0 200 OK"));
    assert!(music(&world, caller) > 0);
    assert_eq!(watch(&mut world, carol, "park.701"), 200, "{}", world.ladder());
    let shown = lamp(&world, carol);
    assert!(shown.contains("<state>confirmed</state>"), "{shown}");
    let taken = world.dial_as(carol, None, "701", true, &[replaces(&shown)]);
    rest(&mut world);
    assert!(world.hear_each_other(caller, taken), "{}", world.ladder());
    insta::assert_snapshot!(ends(world));
}

/// Call Pickup: Carol watches Bob's phone, which rings, and takes the call by Replaces.
#[test]
fn call_pickup() {
    let (mut world, [alice, bob, carol]) = office(16, |_| {});
    world.agents[bob].manner = RING;
    let caller = world.dial(alice, "1002");
    world.settle();
    assert_eq!(watch(&mut world, carol, "1002"), 200, "{}", world.ladder());
    let shown = lamp(&world, carol);
    assert!(shown.contains("<state>early</state>"), "{shown}");
    let early = format!("{};early-only", replaces(&shown));
    let taken = world.dial_as(carol, None, "1002", true, &[early]);
    rest(&mut world);
    assert!(world.hear_each_other(caller, taken), "{}", world.ladder());
    let rang = world.incoming(bob);
    assert_eq!(world.state(rang), State::Over);
    let cancel = world.agents[bob].requests("CANCEL").next().expect("a CANCEL");
    assert_eq!(cancel.header("Reason"), Some("SIP;cause=200;text=\"Call completed elsewhere\""));
    insta::assert_snapshot!(ends(world));
}

/// Automatic Redial: the switch calls nobody back by itself; the lamp tells Alice's phone all that it needs for that.
#[test]
fn automatic_redial_is_done_by_the_phone() {
    let (mut world, [alice, bob, carol]) = office(17, |world| station(world, "1002").call_waiting = false);
    let (other, _) = world.connect(carol, "1002", bob);
    let busy = world.dial(alice, "1002");
    world.settle();
    assert_eq!(world.talk(busy).status(), 486, "{}", world.ladder());
    assert_eq!(watch(&mut world, alice, "1002"), 200);
    assert!(lamp(&world, alice).contains("<state>confirmed</state>"));
    world.bye(other);
    rest(&mut world);
    assert!(lamp(&world, alice).contains("<state>terminated</state>"), "{}", world.ladder());
    let (caller, callee) = world.connect(alice, "1002", bob);
    assert!(world.hear_each_other(caller, callee));
    insta::assert_snapshot!(ends(world));
}

/// Click to Dial: calls are made for others by the API alone; a REFER outside a call is declined.
#[test]
fn click_to_dial_by_refer_is_declined() {
    let (mut world, [alice, bob, _]) = office(18, |_| {});
    let text = "REFER sip:1001@192.0.2.1 SIP/2.0\r\n{via}\r\nMax-Forwards: 70\r\nFrom: <sip:1001@192.0.2.1>;tag=1\r\n\
                To: <sip:1001@192.0.2.1>\r\nCall-ID: click\r\nCSeq: 1 REFER\r\nContact: <sip:1001@203.0.113.10:5060>\r\n\
                Refer-To: <sip:1002@192.0.2.1>\r\nContent-Length: 0\r\n\r\n";
    world.with_agent(alice, |agent, now| agent.ask(now, "REFER", text));
    world.settle();
    assert_eq!(world.agents[alice].results.last(), Some(&("REFER".to_owned(), 603)), "{}", world.ladder());
    assert!(world.agents[bob].talks.is_empty());
    insta::assert_snapshot!(ends(world));
}
