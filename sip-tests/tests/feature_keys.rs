//! Keys that phone and switch keep in step (features.md §0.3 AFE): do-not-disturb, forwards, an agent's state.

use std::time::Duration;

use base::wire::Transport;
use call::ShardInput;
use provision::{AgentState, SettingsChange};
use sip_tests::{Msg, World, office};

const TYPE: &str = "Content-Type: application/x-as-feature-event+xml\r\n";
const PARTS: &str = "Accept: application/x-as-feature-event+xml, multipart/mixed\r\n";

/// A SUBSCRIBE of an extension to its own features with this body; the status it gets.
fn subscribe(world: &mut World, phone: usize, lines: &str, body: &str) -> u16 {
    let user = world.agents[phone].name.clone();
    let contact = world.agents[phone].contact();
    let number = world.agents[phone].heard.len();
    let text = format!(
        "SUBSCRIBE sip:{user}@192.0.2.1 SIP/2.0\r\n{{via}}\r\nMax-Forwards: 70\r\nFrom: <sip:{user}@192.0.2.1>;tag=me\r\n\
         To: <sip:{user}@192.0.2.1>\r\nCall-ID: f{number}-{phone}@{user}\r\nCSeq: 1 SUBSCRIBE\r\nContact: {contact}\r\n\
         Event: as-feature-event\r\nExpires: 600\r\n{lines}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    world.with_agent(phone, |agent, now| agent.ask(now, "SUBSCRIBE", &text));
    world.settle();
    world.run_for(Duration::from_millis(900));
    world.agents[phone].results.last().expect("an answer").1
}

fn notifies(world: &World, phone: usize) -> Vec<Msg> {
    world.agents[phone].requests("NOTIFY").cloned().collect()
}

fn watching(seed: u64) -> (World, usize, usize, usize) {
    let (mut world, carrier, phone) = office(seed);
    let other = world.phone_at("1001", "203.0.113.99:5060", Transport::Udp);
    world.agents[other].user = "1001".to_owned();
    let _whom_calls_are_led_to = world.phone("1002");
    for agent in [phone, other] {
        world.agents[agent].notified = 200;
    }
    world.open(&[phone, other]);
    (world, carrier, phone, other)
}

fn dnd(on: bool) -> String {
    format!("<SetDoNotDisturb><device/><doNotDisturbOn>{on}</doNotDisturbOn></SetDoNotDisturb>")
}

/// Whichever side changes it: the phone by its key, another phone of the station, the API.
#[test]
fn all_phones_of_a_station_learn_of_do_not_disturb() {
    let (mut world, carrier, phone, other) = watching(971);
    for agent in [phone, other] {
        assert_eq!(subscribe(&mut world, agent, PARTS, ""), 200);
    }
    let first = notifies(&world, other).remove(0);
    assert!(first.must("Content-Type").starts_with("multipart/mixed"), "{first}");
    assert!(
        first.body.contains("<doNotDisturbOn>false<") && first.body.contains("AgentLoggedOffEvent"),
        "{first}"
    );
    assert_eq!(subscribe(&mut world, phone, &format!("{PARTS}{TYPE}"), &dnd(true)), 200);
    let told = notifies(&world, other).remove(1);
    assert_eq!(told.must("Content-Type"), "application/x-as-feature-event+xml");
    assert!(told.body.contains("<device>1001</device><doNotDisturbOn>true<"), "{told}");
    assert!(world.shards.iter().all(|shard| shard.settings_of("1001").do_not_disturb));
    let before = world.agents[phone].requests("INVITE").count();
    world.dial(carrier, "+4930123");
    world.settle();
    assert_eq!(world.agents[phone].requests("INVITE").count(), before, "it does not ring");
    let changes = vec![SettingsChange::DoNotDisturb(false)];
    world.input(1, ShardInput::Reach { extension: "1001".to_owned(), changes });
    world.settle();
    world.run_for(Duration::from_secs(1));
    let told = notifies(&world, phone).pop().expect("a NOTIFY");
    assert!(told.body.contains("<doNotDisturbOn>false<"), "{told}");
    world.assert_clean();
}

/// A phone that takes no several parts gets one event after the other, and in the end all of them.
#[test]
fn a_phone_that_takes_no_parts_gets_all_events_one_by_one() {
    let (mut world, _, phone, _) = watching(972);
    let lines = "Accept: application/x-as-feature-event+xml\r\n";
    assert_eq!(subscribe(&mut world, phone, lines, ""), 200);
    world.run_for(Duration::from_secs(3));
    let told = notifies(&world, phone);
    let kinds =
        ["DoNotDisturbEvent", "forwardImmediate", "forwardBusy", "forwardNoAns", "AgentLoggedOffEvent"];
    assert_eq!(told.len(), kinds.len());
    assert!(told.iter().zip(kinds).all(|(msg, kind)| msg.body.contains(kind)), "{told:#?}");
    world.assert_clean();
}

/// Forwards by the phone's own menu are those of the codes; what cannot be one is refused and changes nothing.
#[test]
fn a_phone_leads_calls_on_and_hostile_bodies_change_nothing() {
    let (mut world, _, phone, _) = watching(973);
    let forward = |to: &str| {
        format!(
            "<?xml version=\"1.0\"?><SetForwarding xmlns=\"x\"><device/><forwardDN>{to}</forwardDN>\
             <forwardingType>forwardNoAns</forwardingType><activateForward>true</activateForward>\
             <ringCount>2</ringCount></SetForwarding>"
        )
    };
    let typed = format!("{PARTS}{TYPE}");
    assert_eq!(subscribe(&mut world, phone, &typed, &forward("1002")), 200);
    let told = notifies(&world, phone).pop().expect("a NOTIFY");
    assert!(told.body.contains("<forwardTo>1002</forwardTo><ringCount>2<"), "{told}");
    let settings = world.shards[2].settings_of("1001").clone();
    assert_eq!(settings.no_answer_secs, Some(12));
    let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\">]><SetDoNotDisturb>&b;</SetDoNotDisturb>";
    let deep = "<a>".repeat(5_000);
    let long =
        format!("<SetDoNotDisturb><doNotDisturbOn>{}</doNotDisturbOn></SetDoNotDisturb>", "t".repeat(40_000));
    for body in [bomb, &deep, &long, "<SetDoNotDisturb/>", "\u{0}", "<MonitorStart/>"] {
        assert_eq!(subscribe(&mut world, phone, &typed, body), 400, "{:.40}", body);
    }
    assert_eq!(subscribe(&mut world, phone, &typed, &forward("*72")), 403);
    assert_eq!(subscribe(&mut world, phone, "Content-Type: text/plain\r\n", &dnd(true)), 415);
    assert_eq!(world.shards[0].settings_of("1001"), &settings);
    world.assert_clean();
}

/// features.md §0.3: `login.A` and `ready.A` shine for anybody, and the state is kept.
#[test]
fn an_agent_signs_in_by_the_phone_and_lamps_show_it() {
    let (mut world, _, phone, _) = watching(974);
    let desk = world.phone("1002");
    world.agents[desk].notified = 200;
    world.open(&[desk]);
    for lamp in ["login.1001", "ready.1001"] {
        let contact = world.agents[desk].contact();
        let text = format!(
            "SUBSCRIBE sip:{lamp}@192.0.2.1 SIP/2.0\r\n{{via}}\r\nMax-Forwards: 70\r\nFrom: <sip:1002@192.0.2.1>;tag=d\r\n\
             To: <sip:{lamp}@192.0.2.1>\r\nCall-ID: {lamp}\r\nCSeq: 1 SUBSCRIBE\r\nContact: {contact}\r\n\
             Event: dialog\r\nExpires: 600\r\nContent-Length: 0\r\n\r\n"
        );
        world.with_agent(desk, |agent, now| agent.ask(now, "SUBSCRIBE", &text));
        world.settle();
    }
    let typed = format!("{PARTS}{TYPE}");
    for (state, kept) in [
        ("loggedOn", AgentState::NotReady),
        ("ready", AgentState::Ready),
        ("loggedOff", AgentState::SignedOut),
    ] {
        let body = format!(
            "<SetAgentState><device/><requestedAgentState>{state}</requestedAgentState><agentID>7</agentID></SetAgentState>"
        );
        assert_eq!(subscribe(&mut world, phone, &typed, &body), 200);
        assert!(world.shards.iter().all(|shard| shard.settings_of("1001").agent == kept), "{state}");
    }
    let lamps: Vec<(String, bool)> = notifies(&world, desk)
        .iter()
        .map(|msg| {
            let to =
                msg.must("From").split("sip:").nth(1).and_then(|it| it.split('@').next()).unwrap_or_default();
            (to.to_owned(), msg.body.contains("<state>confirmed</state>"))
        })
        .collect();
    for lamp in ["login.1001", "ready.1001"] {
        let lit: Vec<bool> = lamps.iter().filter(|(of, _)| of == lamp).map(|(_, lit)| *lit).collect();
        assert_eq!(lit, [false, true, false], "{lamp}");
    }
    let all: String = notifies(&world, phone).iter().map(|msg| msg.body.clone()).collect();
    assert!(all.contains("AgentLoggedOnEvent") && all.contains("AgentReadyEvent"), "{all}");
    world.assert_clean();
}
