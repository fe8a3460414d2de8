//! Every method in every state of a leg, from both sides, with ids that fit: each gets one final answer, no call
//! breaks and nothing is left (AST-2012-006, AST-2014-015, AST-2021-007: requests for a channel that is gone).

use std::time::Duration;

use sip_tests::{Line, RING, Reinvite, State, World, office};

const METHODS: &[&str] = &[
    "INVITE",
    "BYE",
    "CANCEL",
    "OPTIONS",
    "INFO",
    "MESSAGE",
    "UPDATE",
    "PRACK",
    "REFER",
    "SUBSCRIBE",
    "NOTIFY",
    "PUBLISH",
    "DANCE",
];

#[derive(Clone, Copy, Debug)]
enum Stage {
    Ringing,
    Up,
    /// Answered, and the caller has not acknowledged it.
    Unacknowledged,
    /// A re-INVITE of the caller waits for the callee.
    Reinviting,
    /// A BYE has just ended it.
    Over,
    /// The caller has just taken it back.
    Cancelled,
}

const STAGES: [Stage; 6] =
    [Stage::Ringing, Stage::Up, Stage::Unacknowledged, Stage::Reinviting, Stage::Over, Stage::Cancelled];

fn at(stage: Stage) -> (World, Line, Line) {
    let (mut world, carrier, phone) = office(71);
    if matches!(stage, Stage::Ringing | Stage::Cancelled) {
        world.agents[phone].manner = RING;
    }
    world.agents[carrier].withhold_acks = matches!(stage, Stage::Unacknowledged);
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    let callee = world.incoming(phone);
    match stage {
        Stage::Ringing | Stage::Up | Stage::Unacknowledged => {}
        Stage::Reinviting => {
            world.agents[phone].reinvites = Reinvite::Wait;
            world.reinvite(caller, "sendonly");
        }
        Stage::Over => world.bye(caller),
        Stage::Cancelled => world.cancel(caller),
    }
    world.settle();
    (world, caller, callee)
}

/// A request of one end with the ids of its dialog, or with the callee's tag where it has none yet.
fn request(world: &World, line: Line, method: &str) -> String {
    let call_id = &world.talk(line).call_id;
    let ours =
        world.sent.iter().rev().find(|msg| msg.must("Call-ID") == call_id && !tag_of_us(msg).is_empty());
    let us = tag_of_us(ours.expect("the switch has spoken"));
    let me = &world.talk(line).local_tag;
    let addr = world.agents[line.agent].addr;
    format!(
        "{method} sip:tandem@192.0.2.1:5060 SIP/2.0\r\n{{via}}\r\nMax-Forwards: 70\r\n\
         From: <sip:me@{addr}>;tag={me}\r\nTo: <sip:us@192.0.2.1>;tag={us}\r\nCall-ID: {call_id}\r\n\
         CSeq: 4000 {method}\r\nContact: <sip:me@{addr}>\r\nRAck: 1 1 INVITE\r\nEvent: x\r\n\
         Refer-To: <sip:x@192.0.2.1>\r\nContent-Length: 0\r\n\r\n"
    )
}

/// Our tag in a message of ours.
fn tag_of_us(msg: &sip_tests::Msg) -> &str {
    if msg.method().is_some() { msg.from_tag() } else { msg.to_tag() }
}

#[test]
fn every_method_in_every_state_gets_one_final_answer_and_breaks_nothing() {
    for stage in STAGES {
        for method in METHODS {
            for by_caller in [true, false] {
                let (mut world, caller, callee) = at(stage);
                let line = if by_caller { caller } else { callee };
                let text = request(&world, line, method);
                let before = world.agents[line.agent].results.len();
                world.with_agent(line.agent, |agent, now| agent.ask(now, method, &text));
                world.run_for(Duration::from_secs(3));
                let told: Vec<u16> =
                    world.agents[line.agent].results[before..].iter().map(|(_, status)| *status).collect();
                let what =
                    format!("{method} of {} at {stage:?}", if by_caller { "caller" } else { "callee" });
                let waits = matches!(stage, Stage::Up | Stage::Unacknowledged) && *method == "INVITE";
                assert!(waits || told.len() == 1 && told[0] >= 200, "{what}: {told:?}\n{}", world.ladder());
                over(world, caller, callee);
            }
        }
    }
}

fn over(mut world: World, caller: Line, callee: Line) {
    world.agents[caller.agent].withhold_acks = false;
    world.run_for(Duration::from_secs(40));
    for line in [caller, callee] {
        if world.state(line) == State::Ringing {
            if line == caller { world.cancel(line) } else { world.say(line, 480) }
        }
    }
    world.end_all();
    for line in [caller, callee] {
        world.agents[line.agent].talks[line.talk].state = State::Over;
    }
    world.run_for(Duration::from_secs(40));
    world.assert_clean();
    world.assert_accounted();
}
