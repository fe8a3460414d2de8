//! Calls that wait at a slot until somebody takes them back (issue "What a phone can do"; RFC 5359 §2.15; ADR 0035).

use std::time::Duration;

use base::fact::What;
use base::media::{MediaCommand, MediaEvent, Play, PlayEnd, Sound};
use base::{CallId, CallOrder};
use call::ShardInput;
use provision::{Entity, ForwardTo, Parking};
use sip_tests::{Line, RING, State, World};

/// Three phones, a carrier whose number leads to the first, and slots 701 to 703.
fn office(seed: u64) -> (World, [usize; 3], usize) {
    let mut world = World::new(seed);
    let phones = ["1001", "1002", "1003"].map(|extension| world.phone(extension));
    let carrier = world.trunk("carrier");
    world.number("5550100", "station:1001");
    lot(&mut world, |_lot| {});
    world.open(&phones);
    (world, phones, carrier)
}

fn lot(world: &mut World, change: impl FnOnce(&mut Parking)) {
    let mut lot = Parking { last: 703, extension: "700".to_owned(), ..Parking::named("desk") };
    lot.music = "lobby".to_owned();
    change(&mut lot);
    world.directory.put(Entity::Parking(lot));
    world.set_up();
}

/// The customer talks with the first phone.
fn customer(world: &mut World, carrier: usize, ana: usize) -> (Line, Line) {
    let customer = world.dial(carrier, "5550100");
    world.settle();
    (customer, world.incoming(ana))
}

fn slots(world: &World) -> Vec<String> {
    let floors: Vec<Vec<String>> =
        world.shards.iter().map(|shard| shard.floor().names("park.").map(str::to_owned).collect()).collect();
    assert!(floors.windows(2).all(|pair| pair[0] == pair[1]), "{floors:?}");
    floors[0].clone()
}

fn plays(world: &World, line: Line) -> Vec<&Play> {
    let (port, ..) = world.media.towards(world.talk(line).media).expect("a port");
    let of_port = world.media.asked.iter().filter_map(move |command| {
        let MediaCommand::Play { port: at, play } = command else { return None };
        (*at == port).then_some(&**play)
    });
    of_port.collect()
}

fn words(play: &Play) -> Vec<String> {
    let word = |sound: &Sound| match sound {
        Sound::Prompt(name) => format!("{}/{}", name.language, name.id),
        Sound::Tone(tone) => format!("tone {}", tone.parts[0].hz[0]),
        Sound::Silence(_) => "silence".to_owned(),
        Sound::Message { .. } => "message".to_owned(),
        Sound::Music { class, .. } => format!("music {class}"),
    };
    play.items.iter().map(word).collect()
}

/// What was said last to a line has been heard.
fn said(world: &mut World, line: Line) -> Vec<String> {
    let (port, shard, ..) = world.media.towards(world.talk(line).media).expect("a port");
    let play = (*plays(world, line).last().expect("something is said")).clone();
    let end = MediaEvent::Played { port, play: play.id, end: PlayEnd::Finished };
    world.tell_media(usize::from(shard.0), end);
    world.settle();
    words(&play)
}

fn call_of(world: &World) -> CallId {
    let begun = world.facts.iter().find(|fact| matches!(fact.what, What::CallStarted { .. }));
    begun.expect("a call").call
}

fn order(world: &mut World, order: CallOrder) {
    let call = call_of(world);
    world.input(usize::from(call.shard().0), ShardInput::Order { call, order });
    world.settle();
}

fn part(mut world: World, lines: &[Line]) {
    for line in lines {
        if world.state(*line) == State::Up {
            world.bye(*line);
            world.settle();
        }
    }
    world.run_for(Duration::from_secs(60));
    assert_eq!(slots(&world), Vec::<String>::new());
    world.assert_clean();
}

/// RFC 5359 §2.15: by REFER to the lot; whoever parks hears where, the lamp is lit, a colleague dials the slot.
#[test]
fn a_call_is_parked_by_transfer_and_taken_back_at_another_phone() {
    for seed in 0..6 {
        let (mut world, [ana, bob, _], carrier) = office(seed);
        let (customer, agent) = customer(&mut world, carrier, ana);
        world.refer(agent, "700");
        world.settle();
        assert_eq!(slots(&world), ["park.701"], "{}", world.ladder());
        let spoken = said(&mut world, agent);
        assert_eq!(spoken[1..], ["en/transfer/parked-at", "en/number/7", "en/number/0", "en/number/1"]);
        assert_eq!(world.state(agent), State::Over, "{}", world.ladder());
        let told: Vec<String> =
            world.agents[ana].requests("NOTIFY").map(|notify| notify.body.trim().to_owned()).collect();
        assert_eq!(told, ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"]);
        assert_eq!(words(plays(&world, customer).last().expect("music")), ["music lobby"]);
        let taken = world.dial(bob, "701");
        world.run_for(Duration::from_secs(1));
        assert!(world.hear_each_other(customer, taken), "seed {seed}\n{}", world.ladder());
        assert_eq!(slots(&world), Vec::<String>::new());
        let came: Vec<_> = world
            .facts
            .iter()
            .filter_map(|fact| {
                if let What::Parked { slot, by, .. } | What::Unparked { slot, by } = &fact.what {
                    Some((*slot, by.is_some()))
                } else {
                    None
                }
            })
            .collect();
        assert_eq!(came, [(701, true), (701, true)]);
        part(world, &[customer]);
    }
}

#[test]
fn a_named_slot_that_is_taken_is_refused_and_whoever_asked_keeps_the_call() {
    let (mut world, [ana, bob, cid], carrier) = office(10);
    let (first, agent) = customer(&mut world, carrier, ana);
    world.refer(agent, "702");
    world.settle();
    said(&mut world, agent);
    assert_eq!(slots(&world), ["park.702"]);
    let (second, colleague) = world.connect(bob, "1003", cid);
    world.refer(colleague, "702");
    world.settle();
    assert!(world.hear_each_other(second, colleague), "{}", world.ladder());
    let last = world.agents[cid].requests("NOTIFY").last().map(|notify| notify.body.trim().to_owned());
    assert_eq!(last.as_deref(), Some("SIP/2.0 486 Busy Here"));
    assert_eq!(words(plays(&world, colleague).last().expect("words")), ["en/transfer/lot-full"]);
    part(world, &[first, second]);
}

/// Two put a call into one slot at the same time, from whatever shards: one has it, the other keeps his.
#[test]
fn of_two_who_park_in_one_slot_at_once_one_has_it() {
    for seed in 20..30 {
        let (mut world, [ana, bob, cid], carrier) = office(seed);
        let (first, agent) = customer(&mut world, carrier, ana);
        let (second, colleague) = world.connect(bob, "1003", cid);
        world.refer(agent, "703");
        world.refer(colleague, "703");
        world.settle();
        assert_eq!(slots(&world), ["park.703"], "seed {seed}\n{}", world.ladder());
        let kept = [(first, agent), (second, colleague)]
            .iter()
            .filter(|(one, other)| world.hear_each_other(*one, *other))
            .count();
        assert_eq!(kept, 1, "seed {seed}\n{}", world.ladder());
        part(world, &[first, second]);
    }
}

#[test]
fn of_two_who_take_a_call_from_a_slot_at_once_one_has_it() {
    for seed in 30..40 {
        let (mut world, [ana, bob, cid], carrier) = office(seed);
        let (customer, agent) = customer(&mut world, carrier, ana);
        world.refer(agent, "701");
        world.settle();
        said(&mut world, agent);
        let both = [world.dial(bob, "701"), world.dial(cid, "*85701")];
        world.run_for(Duration::from_secs(5));
        let up: Vec<Line> = both.into_iter().filter(|line| world.state(*line) == State::Up).collect();
        assert_eq!(up.len(), 1, "seed {seed}\n{}", world.ladder());
        assert!(world.hear_each_other(customer, up[0]), "{}", world.ladder());
        part(world, &[customer]);
    }
}

/// The code dialled on a second line parks the call that the phone holds.
#[test]
fn a_held_call_is_parked_by_a_code_which_says_where() {
    for seed in 40..44 {
        let (mut world, [ana, bob, _], carrier) = office(seed);
        let (customer, agent) = customer(&mut world, carrier, ana);
        world.reinvite(agent, "sendonly");
        world.settle();
        let code = world.dial(ana, "*85");
        world.run_for(Duration::from_secs(1));
        assert_eq!(slots(&world), ["park.701"], "{}", world.ladder());
        assert_eq!(world.state(agent), State::Over);
        let last = plays(&world, code).last().map(|play| words(play)).expect("words");
        assert!(last.contains(&"en/transfer/parked-at".to_owned()), "{last:?}");
        said(&mut world, code);
        assert_eq!(world.state(code), State::Over, "{}", world.ladder());
        let taken = world.dial(bob, "*85701");
        world.run_for(Duration::from_secs(1));
        assert!(world.hear_each_other(customer, taken), "{}", world.ladder());
        part(world, &[customer]);
    }
}

#[test]
fn nobody_is_parked_there_is_said_and_no_held_call_is_refused() {
    let (mut world, [ana, bob, _], _) = office(45);
    let empty = world.dial(bob, "702");
    world.settle();
    assert_eq!(said(&mut world, empty)[1], "en/transfer/no-parked-call");
    let nothing = world.dial(ana, "*85");
    world.run_for(Duration::from_secs(10));
    assert_eq!((world.state(empty), world.state(nothing)), (State::Over, State::Over), "{}", world.ladder());
    part(world, &[]);
}

/// Whoever parked is rung after a while and shown the slot; nobody answers, and it is tried again, then elsewhere.
#[test]
fn a_parked_call_returns_to_whoever_parked_and_then_goes_elsewhere() {
    let (mut world, [ana, bob, _], carrier) = office(50);
    lot(&mut world, |lot| {
        lot.recall_secs = 30;
        lot.recalls = 2;
        lot.on_no_answer = ForwardTo::Number("1002".to_owned());
    });
    world.directory.stations.get_mut("1001").expect("ana").ring_secs = 10;
    world.set_up();
    let (customer, agent) = customer(&mut world, carrier, ana);
    world.refer(agent, "701");
    world.settle();
    said(&mut world, agent);
    world.agents[ana].manner = RING;
    let rang = |world: &World| world.agents[ana].requests("INVITE").count();
    let before = rang(&world);
    world.run_for(Duration::from_secs(35));
    assert_eq!(rang(&world), before + 1, "{}", world.ladder());
    let invite = world.agents[ana].requests("INVITE").last().expect("a recall");
    assert!(invite.must("From").contains("701"), "{}", invite.must("From"));
    world.run_for(Duration::from_secs(20));
    assert_eq!((slots(&world), world.state(customer)), (vec!["park.701".to_owned()], State::Up));
    world.run_for(Duration::from_secs(60));
    let elsewhere = world.incoming(bob);
    assert!(world.hear_each_other(customer, elsewhere), "{}", world.ladder());
    assert_eq!((rang(&world), slots(&world)), (before + 2, Vec::new()));
    part(world, &[customer]);
}

/// Recalls are bounded, and whoever is forgotten can still be taken back.
#[test]
fn nobody_is_rung_for_ever_and_the_slot_stays() {
    let (mut world, [ana, bob, _], carrier) = office(54);
    lot(&mut world, |lot| lot.recall_secs = 10);
    world.directory.stations.get_mut("1001").expect("ana").ring_secs = 5;
    world.set_up();
    let (customer, agent) = customer(&mut world, carrier, ana);
    world.refer(agent, "701");
    world.settle();
    said(&mut world, agent);
    world.agents[ana].manner = RING;
    world.run_for(Duration::from_secs(1_200));
    let rang = world.agents[ana].requests("INVITE").count();
    assert!((20..40).contains(&rang), "{rang}");
    world.run_for(Duration::from_secs(100));
    assert_eq!(world.agents[ana].requests("INVITE").count(), rang);
    let taken = world.dial(bob, "701");
    world.run_for(Duration::from_secs(1));
    assert!(world.hear_each_other(customer, taken), "{}", world.ladder());
    part(world, &[customer]);
}

#[test]
fn whoever_parked_may_answer_the_recall_and_others_may_take_it_while_that_rings() {
    for answers in [true, false] {
        let (mut world, [ana, bob, _], carrier) = office(55);
        let (customer, agent) = customer(&mut world, carrier, ana);
        world.refer(agent, "701");
        world.settle();
        said(&mut world, agent);
        world.agents[ana].manner = RING;
        world.run_for(Duration::from_secs(65));
        let recall = world.incoming(ana);
        let talks = if answers {
            world.say_with_body(recall, 200);
            recall
        } else {
            world.dial(bob, "701")
        };
        world.run_for(Duration::from_secs(2));
        assert!(world.hear_each_other(customer, talks), "{answers}\n{}", world.ladder());
        assert_eq!(world.state(recall), if answers { State::Up } else { State::Over });
        assert_eq!(slots(&world), Vec::<String>::new());
        part(world, &[customer]);
    }
}

/// RFC 3891: the key of a lamp sends INVITE with Replaces of the dialog that the lamp shows.
#[test]
fn a_lamp_key_takes_the_call_from_its_slot() {
    for seed in 60..64 {
        let (mut world, [ana, bob, _], carrier) = office(seed);
        let (customer, agent) = customer(&mut world, carrier, ana);
        world.refer(agent, "701");
        world.settle();
        said(&mut world, agent);
        let dialog = world.shards[0].floor().line("park.701").next().expect("parked").spot.dialog.clone();
        let tags = [(&dialog.ours, &dialog.theirs), (&dialog.theirs, &dialog.ours)];
        let (to, from) = tags[usize::try_from(seed % 2).expect("small")];
        let replaces = format!("Replaces: {};to-tag={to};from-tag={from}", dialog.call_id);
        let taken = world.dial_as(bob, None, "701", true, &[replaces]);
        world.run_for(Duration::from_secs(1));
        assert!(world.hear_each_other(customer, taken), "seed {seed}\n{}", world.ladder());
        part(world, &[customer]);
    }
}

#[test]
fn the_api_parks_and_gives_who_is_parked_to_a_station() {
    let (mut world, [ana, bob, _], carrier) = office(70);
    let (customer, agent) = customer(&mut world, carrier, ana);
    order(&mut world, CallOrder::Park { leg: 1, slot: "703".to_owned() });
    said(&mut world, agent);
    assert_eq!((slots(&world), world.state(agent)), (vec!["park.703".to_owned()], State::Over));
    order(&mut world, CallOrder::PickUp { station: "1002".to_owned() });
    let taken = world.incoming(bob);
    assert!(world.hear_each_other(customer, taken), "{}", world.ladder());
    part(world, &[customer]);
}

/// At each step somebody hangs up, on a network that loses: no slot stays taken, nobody is left alone.
#[test]
fn whoever_hangs_up_while_a_call_is_parked_leaves_no_slot_taken() {
    for step in 0..40 {
        for who in 0..3 {
            let (mut world, [ana, bob, _], carrier) = office(100 + step);
            let (customer, agent) = customer(&mut world, carrier, ana);
            world.refer(agent, "700");
            world.run_for(Duration::from_millis(5 * step));
            let taken = world.dial(bob, "701");
            world.run_for(Duration::from_millis(5 * (step % 7)));
            let quits = [customer, agent, taken][who];
            if world.state(quits) == State::Up {
                world.bye(quits)
            } else {
                world.cancel(quits)
            };
            world.run_for(Duration::from_secs(2));
            if world.state(customer) == State::Up {
                world.bye(customer);
            }
            world.run_for(Duration::from_secs(60));
            for line in [agent, taken] {
                if world.state(line) == State::Up {
                    let alone = world.ladder();
                    assert!(
                        line == taken
                            && plays(&world, taken)
                                .iter()
                                .any(|play| words(play).contains(&"en/transfer/no-parked-call".to_owned())),
                        "step {step}, {who}\n{alone}"
                    );
                    said(&mut world, line);
                }
            }
            world.run_for(Duration::from_secs(60));
            assert_eq!(slots(&world), Vec::<String>::new(), "step {step}, {who}\n{}", world.ladder());
            world.assert_clean();
        }
    }
}
