//! The transfers of RFC 5589: the switch is the transferee's side of every REFER, so it makes the new leg itself and
//! nobody but the transferor is told of one. Alice (1001) is the transferee, Bob (1002) the transferor, Carol (1003)
//! the target. A test bears the name of its flow.

use std::time::Duration;

use base::fact::{TransferResult, What};
use base::{CallId, CallOrder, ConsultAct};
use call::ShardInput;
use sip_tests::{BUSY, Line, RING, State, World};

/// Alice talks with Bob; both calls' ladders begin there.
struct Office {
    world: World,
    phones: [usize; 3],
    caller: Line,
    bob: Line,
}

impl Office {
    fn open(seed: u64, failure: &str) -> Self {
        let mut world = World::new(seed);
        let phones = ["1001", "1002", "1003"].map(|extension| world.phone(extension));
        let station = world.directory.stations.get_mut("1002").expect("a station");
        failure.clone_into(&mut station.transfer_failure);
        world.open(&phones);
        let (caller, bob) = world.connect(phones[0], "1002", phones[1]);
        Self { world, phones, caller, bob }
    }

    /// Bob holds Alice and talks with Carol.
    fn consulting(seed: u64) -> (Self, Line, Line) {
        let mut office = Self::open(seed, "agent");
        office.hold(office.bob);
        let (asks, asked) = office.world.connect(office.phones[1], "1003", office.phones[2]);
        assert!(office.world.hear_each_other(asks, asked));
        (office, asks, asked)
    }

    fn hold(&mut self, line: Line) {
        self.world.reinvite(line, "sendonly");
        self.world.settle();
    }

    fn rest(&mut self) {
        self.world.settle();
        self.world.run_for(Duration::from_secs(1));
        self.world.settle();
    }

    /// What Bob's phone was told of its referrals, in order.
    fn reports(&self) -> Vec<String> {
        let notifies = self.world.agents[self.phones[1]].requests("NOTIFY");
        notifies.map(|notify| notify.body.trim().to_owned()).collect()
    }

    /// The status of the latest REFER of a phone.
    fn referred(&self, phone: usize) -> Option<u16> {
        let mut results = self.world.agents[self.phones[phone]].results.iter().rev();
        results.find(|(method, _)| method == "REFER").map(|(_, status)| *status)
    }

    /// Calls that came to Carol.
    fn calls_to_carol(&self) -> usize {
        self.world.agents[self.phones[2]].requests("INVITE").filter(|it| it.to_tag().is_empty()).count()
    }

    fn last(&self) -> Option<TransferResult> {
        let of = |fact: &base::fact::Fact| {
            if let What::Transfer { result, .. } = &fact.what { Some(*result) } else { None }
        };
        self.world.facts.iter().rev().find_map(of)
    }

    /// Alice and this one talk, those who led her on are out of it.
    fn led_on_to(&self, target: Line, gone: &[Line]) {
        assert!(self.world.hear_each_other(self.caller, target), "{}", self.world.ladder());
        for line in gone {
            assert_eq!(self.world.state(*line), State::Over, "{}", self.world.ladder());
        }
        let alice = &self.world.agents[self.phones[0]];
        assert_eq!(
            alice.requests("NOTIFY").count() + alice.requests("REFER").count(),
            0,
            "she learns of none"
        );
    }

    /// Tells the only call.
    fn order(&mut self, order: CallOrder) {
        let now = base::Now { mono: self.world.mono(), wall: base::Wall(0) };
        let mut shards = self.world.shards.iter().enumerate();
        let found: Option<(usize, CallId)> =
            shards.find_map(|(shard, it)| Some((shard, it.view(now).calls.first()?.id)));
        let (shard, call) = found.expect("a call");
        self.world.input(shard, ShardInput::Order { call, order });
        self.world.settle();
    }

    /// A REFER with this Refer-To inside a call, and these lines.
    fn refer_with(&mut self, line: Line, to: &str, lines: &str) {
        self.world.ask_within(line, "REFER", &format!("Refer-To: <{to}>\r\n{lines}"), "");
        self.rest();
    }

    /// Everybody hangs up, and nothing is left: the ladder.
    fn ends(mut self) -> String {
        self.world.end_all();
        let ladder = self.world.ladder();
        self.world.assert_clean();
        ladder
    }
}

/// Replaces as a URI carries it (RFC 3891 §6.1), of a call of the phone that sends it.
fn replaces(world: &World, line: Line) -> String {
    let talk = world.talk(line);
    let call_id = talk.call_id.replace('@', "%40");
    format!("Replaces={call_id}%3Bto-tag%3D{}%3Bfrom-tag%3D{}", talk.remote_tag, talk.local_tag)
}

/// Successful Transfer in a dialog of its own: a REFER in a dialog of its own, which names the call by Target-Dialog (RFC 4538), is declined; the call goes on.
#[test]
fn a_referral_outside_the_call_is_declined() {
    let mut office = Office::open(1, "agent");
    let talk = office.world.talk(office.bob).clone();
    let text = format!(
        "REFER sip:tandem@192.0.2.1 SIP/2.0\r\n{{via}}\r\nMax-Forwards: 70\r\nFrom: <sip:1002@192.0.2.1>;tag=1\r\n\
         To: <sip:1001@192.0.2.1>\r\nCall-ID: r\r\nCSeq: 1 REFER\r\nContact: <sip:1002@203.0.113.11:5060>\r\n\
         Target-Dialog: {};local-tag={};remote-tag={}\r\nRefer-To: <sip:1003@192.0.2.1>\r\nContent-Length: 0\r\n\r\n",
        talk.call_id, talk.local_tag, talk.remote_tag
    );
    office.world.with_agent(office.phones[1], |agent, now| agent.ask(now, "REFER", &text));
    office.rest();
    assert_eq!(office.referred(1), Some(603), "{}", office.world.ladder());
    assert_eq!(office.calls_to_carol(), 0);
    assert!(office.world.hear_each_other(office.caller, office.bob));
    insta::assert_snapshot!(office.ends());
}

/// Transfer with Dialog Reuse: the REFER comes in the dialog of the call.
#[test]
fn transfer_with_dialog_reuse() {
    let mut office = Office::open(2, "agent");
    office.hold(office.bob);
    office.refer_with(office.bob, "sip:1003@192.0.2.1", "");
    let target = office.world.incoming(office.phones[2]);
    office.led_on_to(target, &[office.bob]);
    assert_eq!(office.reports(), ["SIP/2.0 100 Trying", "SIP/2.0 180 Ringing", "SIP/2.0 200 OK"]);
    insta::assert_snapshot!(office.ends());
}

/// Failed Transfer, target busy: Bob is told, and takes Alice back.
#[test]
fn failed_transfer_target_busy() {
    let mut office = Office::open(3, "agent");
    office.world.agents[office.phones[2]].manner = BUSY;
    office.hold(office.bob);
    office.refer_with(office.bob, "sip:1003@192.0.2.1", "");
    assert_eq!(office.reports().last().map(String::as_str), Some("SIP/2.0 486 Busy Here"));
    office.world.reinvite(office.bob, "sendrecv");
    office.rest();
    assert!(office.world.hear_each_other(office.caller, office.bob), "{}", office.world.ladder());
    assert!(matches!(office.last(), Some(TransferResult::Recalled(_) | TransferResult::Failed(_))));
    insta::assert_snapshot!(office.ends());
}

/// Failed Transfer, target does not answer.
#[test]
fn failed_transfer_target_does_not_answer() {
    let mut office = Office::open(4, "agent");
    office.world.agents[office.phones[2]].manner = RING;
    office.hold(office.bob);
    office.refer_with(office.bob, "sip:1003@192.0.2.1", "");
    office.world.run_for(Duration::from_secs(120));
    let last = office.reports().last().cloned().unwrap_or_default();
    assert!(last.starts_with("SIP/2.0 4"), "{last}\n{}", office.world.ladder());
    assert_eq!(office.world.agents[office.phones[2]].requests("CANCEL").count(), 1);
    office.world.reinvite(office.bob, "sendrecv");
    office.rest();
    assert!(office.world.hear_each_other(office.caller, office.bob), "{}", office.world.ladder());
    insta::assert_snapshot!(office.ends());
}

/// Exposing Transfer Target: Bob lets Carol go before he refers Alice to her.
#[test]
fn exposing_transfer_target() {
    let (mut office, asks, asked) = Office::consulting(5);
    office.world.bye(asks);
    office.rest();
    assert_eq!(office.world.state(asked), State::Over);
    office.refer_with(office.bob, "sip:1003@192.0.2.1", "");
    let target = office.world.incoming(office.phones[2]);
    assert_ne!(target, asked);
    office.led_on_to(target, &[office.bob]);
    insta::assert_snapshot!(office.ends());
}

/// Protecting Transfer Target: the roles are changed about, and Carol is referred to Alice.
#[test]
fn protecting_transfer_target() {
    let (mut office, asks, asked) = Office::consulting(6);
    office.hold(asks);
    office.world.refer_to_line(asks, office.bob);
    office.rest();
    office.led_on_to(asked, &[office.bob, asks]);
    assert_eq!(office.calls_to_carol(), 1, "{}", office.world.ladder());
    assert_eq!(office.reports().last().map(String::as_str), Some("SIP/2.0 200 OK"));
    insta::assert_snapshot!(office.ends());
}

/// Attended Transfer.
#[test]
fn attended_transfer() {
    let (mut office, asks, asked) = Office::consulting(7);
    office.hold(asks);
    office.world.refer_to_line(office.bob, asks);
    office.rest();
    office.led_on_to(asked, &[office.bob, asks]);
    assert_eq!(office.calls_to_carol(), 1, "{}", office.world.ladder());
    assert_eq!(office.reports().last().map(String::as_str), Some("SIP/2.0 200 OK"));
    insta::assert_snapshot!(office.ends());
}

/// Recovery When One Party Does Not Support REFER: no phone needs to know REFER; the switch does it all when it is told otherwise, and Bob hangs up.
#[test]
fn recovery_when_one_party_does_not_support_refer() {
    let mut office = Office::open(8, "agent");
    office.order(CallOrder::Consult { leg: 1, to: "1003".to_owned() });
    let asked = office.world.incoming(office.phones[2]);
    assert!(office.world.hear_each_other(office.bob, asked), "{}", office.world.ladder());
    office.world.bye(office.bob);
    office.rest();
    office.led_on_to(asked, &[office.bob]);
    assert_eq!(office.last(), Some(TransferResult::Completed));
    insta::assert_snapshot!(office.ends());
}

/// Attended Transfer where the Contact leads to no one phone: Refer-To has the address of record; Replaces alone says which dialog.
#[test]
fn attended_transfer_by_an_address_of_record() {
    let (mut office, asks, asked) = Office::consulting(9);
    let to = format!("sip:1003@192.0.2.1?{}", replaces(&office.world, asks));
    office.refer_with(office.bob, &to, "");
    office.led_on_to(asked, &[office.bob, asks]);
    assert_eq!(office.calls_to_carol(), 1, "no phone of hers is called anew");
    insta::assert_snapshot!(office.ends());
}

/// Semi-Attended Transfer: Bob does not wait for Carol's answer; he takes his call back and refers Alice to her.
#[test]
fn semi_attended_transfer_as_a_basic_one() {
    let mut office = Office::open(10, "agent");
    office.hold(office.bob);
    office.world.agents[office.phones[2]].manner = RING;
    let asks = office.world.dial(office.phones[1], "1003");
    office.world.settle();
    office.world.cancel(asks);
    office.rest();
    assert_eq!(office.world.state(asks), State::Over);
    office.refer_with(office.bob, "sip:1003@192.0.2.1", "");
    let target = office.world.incoming(office.phones[2]);
    office.world.say_with_body(target, 200);
    office.rest();
    office.led_on_to(target, &[office.bob, asks]);
    insta::assert_snapshot!(office.ends());
}

/// Semi-Attended Transfer: nobody is led on to a call that rings, and nobody is lost by trying; once Carol answers, Alice is.
#[test]
fn semi_attended_transfer_as_an_attended_one() {
    let mut office = Office::open(11, "agent");
    office.hold(office.bob);
    office.world.agents[office.phones[2]].manner = RING;
    let asks = office.world.dial(office.phones[1], "1003");
    office.world.settle();
    let target = office.world.incoming(office.phones[2]);
    office.world.refer_to_line(office.bob, asks);
    office.rest();
    let told = office.reports();
    assert_eq!(told.first().map(String::as_str), Some("SIP/2.0 100 Trying"));
    assert!(told.len() == 2 && !told[1].starts_with("SIP/2.0 2"), "{told:?}\n{}", office.world.ladder());
    assert_eq!((office.world.state(office.bob), office.world.state(target)), (State::Up, State::Ringing));
    office.world.say_with_body(target, 200);
    office.rest();
    assert!(office.world.hear_each_other(asks, target), "{}", office.world.ladder());
    office.world.refer_to_line(office.bob, asks);
    office.rest();
    office.led_on_to(target, &[office.bob, asks]);
    assert_eq!(office.calls_to_carol(), 1, "{}", office.world.ladder());
    insta::assert_snapshot!(office.ends());
}

/// Attended Transfer Fallback to Basic Transfer: what Replaces names is no call of ours: nobody is led anywhere by accident, and Bob falls back himself.
#[test]
fn attended_transfer_fallback_to_basic_transfer() {
    let mut office = Office::open(12, "agent");
    office.hold(office.bob);
    office.refer_with(office.bob, "sip:1003@192.0.2.1?Replaces=no%40where%3Bto-tag%3Da%3Bfrom-tag%3Db", "");
    office.world.run_for(Duration::from_secs(30));
    assert_eq!(office.calls_to_carol(), 0, "{}", office.world.ladder());
    assert_eq!(office.world.state(office.bob), State::Up, "{}", office.world.ladder());
    let told = office.reports().last().cloned();
    assert!(told.is_some_and(|told| told.starts_with("SIP/2.0 4")), "{}", office.world.ladder());
    office.refer_with(office.bob, "sip:1003@192.0.2.1", "");
    let target = office.world.incoming(office.phones[2]);
    office.led_on_to(target, &[office.bob]);
    insta::assert_snapshot!(office.ends());
}

/// Transfer with Referred-By: what the phone says of itself in Referred-By goes along unchanged (RFC 3892).
#[test]
fn transfer_with_referred_by() {
    let mut office = Office::open(13, "agent");
    office.refer_with(office.bob, "sip:1003@192.0.2.1", "Referred-By: <sip:1002@192.0.2.1>\r\n");
    let target = office.world.incoming(office.phones[2]);
    office.led_on_to(target, &[office.bob]);
    assert_eq!(office.world.talk(target).invite.must("Referred-By"), "<sip:1002@192.0.2.1>");
    insta::assert_snapshot!(office.ends());
}

/// Transfer as an Ad Hoc Conference: all three talk before Bob leaves.
#[test]
fn transfer_as_an_ad_hoc_conference() {
    let mut office = Office::open(14, "agent");
    office.order(CallOrder::Consult { leg: 1, to: "1003".to_owned() });
    office.order(CallOrder::Consulted { leg: 1, act: ConsultAct::Merge });
    let third = office.world.incoming(office.phones[2]);
    for line in [office.caller, office.bob, third] {
        let media = office.world.talk(line).media;
        let hears = office.world.media.towards(media).map(|(_, _, _, hears)| hears.len());
        assert_eq!(hears, Some(2), "{}", office.world.ladder());
    }
    office.world.bye(office.bob);
    office.rest();
    office.led_on_to(third, &[office.bob]);
    insta::assert_snapshot!(office.ends());
}

/// Transfer with Multiple Parties: Carol, whom Bob asked, asks Dave in her turn; she leads Bob on to him, and Bob leads Alice on to him.
#[test]
fn transfer_with_multiple_parties() {
    let (mut office, asks, asked) = Office::consulting(15);
    let dave = office.world.phone("1004");
    office.world.set_up();
    office.world.register(dave);
    office.hold(asked);
    let (reaches, recipient) = office.world.connect(office.phones[2], "1004", dave);
    office.hold(reaches);
    office.world.refer_to_line(asked, reaches);
    office.rest();
    assert!(office.world.hear_each_other(asks, recipient), "{}", office.world.ladder());
    assert_eq!((office.world.state(asked), office.world.state(reaches)), (State::Over, State::Over));
    office.world.refer_to_line(office.bob, asks);
    office.rest();
    office.led_on_to(recipient, &[office.bob, asks]);
    assert_eq!(office.world.agents[dave].requests("INVITE").filter(|it| it.to_tag().is_empty()).count(), 1);
    insta::assert_snapshot!(office.ends());
}
