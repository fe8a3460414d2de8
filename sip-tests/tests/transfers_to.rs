//! Where calls are led on to, and what becomes of those who wait when nobody takes them (features CROCO-40, VOX-16, VOX-18…21,
//! BP-29…31; E1, E18, E77…E80; RFC 5589).

use std::time::Duration;

use base::fact::{TransferResult, What};
use base::media::{MediaCommand, Sound};
use base::{CallId, CallOrder, ConsultAct};
use call::ShardInput;
use provision::{Conference, Entity, Group, Mailbox};
use sip_tests::{BUSY, Line, RING, State, World};

/// Three phones, a carrier that can be called by 9…, and a customer who talks with the first of them.
struct Office {
    world: World,
    phones: [usize; 3],
    carrier: usize,
    customer: Line,
    agent: Line,
}

impl Office {
    fn open(seed: u64, change: impl FnOnce(&mut World)) -> Self {
        let mut world = World::new(seed);
        let phones = ["1001", "1002", "1003"].map(|extension| world.phone(extension));
        let carrier = world.trunk("carrier");
        world.number("5550100", "station:1001");
        world.rule("^9", &["carrier"]);
        change(&mut world);
        world.open(&phones);
        let customer = world.dial_as(carrier, Some("5550199"), "5550100", true, &[]);
        world.settle();
        let agent = world.incoming(phones[0]);
        Self { world, phones, carrier, customer, agent }
    }

    /// The same, with what becomes of failures.
    fn failing(seed: u64, policy: &str) -> Self {
        let policy = policy.to_owned();
        Self::open(seed, |world| {
            let station = world.directory.stations.get_mut("1001").expect("a station");
            station.transfer_failure = policy;
        })
    }

    fn order(&mut self, order: CallOrder) {
        let now = base::Now { mono: self.world.mono(), wall: base::Wall(0) };
        let mut shards = self.world.shards.iter().enumerate();
        let found: Option<(usize, CallId)> =
            shards.find_map(|(shard, it)| Some((shard, it.view(now).calls.first()?.id)));
        let (shard, call) = found.expect("a call");
        self.world.input(shard, ShardInput::Order { call, order });
        self.world.settle();
    }

    fn last(&self) -> Option<TransferResult> {
        let of = |fact: &base::fact::Fact| {
            if let What::Transfer { result, .. } = &fact.what { Some(*result) } else { None }
        };
        self.world.facts.iter().rev().find_map(of)
    }

    /// What the agent's phone was told of its referral.
    fn reports(&self) -> Vec<String> {
        let notifies = self.world.agents[self.phones[0]].requests("NOTIFY");
        notifies.map(|notify| notify.body.trim().to_owned()).collect()
    }

    fn status_of_refer(&self) -> Option<u16> {
        let results = &self.world.agents[self.phones[0]].results;
        results.iter().rev().find(|(method, _)| method == "REFER").map(|(_, status)| *status)
    }

    /// Calls that came to a phone.
    fn calls_to(&self, phone: usize) -> usize {
        self.world.agents[self.phones[phone]].requests("INVITE").filter(|it| it.to_tag().is_empty()).count()
    }

    fn over(mut self) {
        self.world.end_all();
        self.world.assert_clean();
    }
}

/// A phone hears at once that a call cannot be led there, and its call goes on.
#[test]
fn a_target_that_is_none_is_refused_and_the_call_goes_on() {
    for (target, status) in [("1001", 482), ("8888", 404), ("", 400)] {
        let mut office = Office::open(1, |_| {});
        office.world.refer(office.agent, target);
        office.world.settle();
        assert_eq!(office.status_of_refer(), Some(status), "{target:?}\n{}", office.world.ladder());
        assert!(office.world.hear_each_other(office.customer, office.agent), "{target:?}");
        office.over();
    }
}

/// What keeps a phone from taking a call that is led on to it.
fn hindrances() -> [fn(&mut Office); 3] {
    [
        |office| office.world.agents[office.phones[1]].manner = BUSY,
        |office| office.world.agents[office.phones[1]].manner = RING,
        |office| {
            let phone = office.phones[1];
            office.world.with_agent(phone, |agent, now| agent.register(now, 0));
            office.world.settle();
        },
    ]
}

/// E1, VOX-18: unless set up otherwise the call does not return to whoever led it on.
#[test]
fn a_transfer_that_comes_to_nothing_ends_the_call_and_does_not_return() {
    for hinder in hindrances() {
        let mut office = Office::failing(2, "none");
        hinder(&mut office);
        office.world.refer(office.agent, "1002");
        office.world.run_for(Duration::from_secs(120));
        assert_eq!(office.world.state(office.customer), State::Over, "{}", office.world.ladder());
        assert_eq!(office.calls_to(0), 1, "the agent is not rung again");
        assert!(matches!(office.last(), Some(TransferResult::Failed(_))));
        assert_eq!(office.reports(), ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"]);
        office.over();
    }
}

/// The policy `agent`: while the agent's phone is there, it has the customer back and hears how it went.
#[test]
fn a_transfer_that_comes_to_nothing_returns_where_that_is_set_up() {
    for hinder in hindrances() {
        let mut office = Office::failing(3, "agent");
        hinder(&mut office);
        office.world.refer(office.agent, "1002");
        office.world.run_for(Duration::from_secs(120));
        assert!(office.world.hear_each_other(office.customer, office.agent), "{}", office.world.ladder());
        let reports = office.reports();
        assert_eq!(reports.first().map(String::as_str), Some("SIP/2.0 100 Trying"), "{reports:?}");
        let last = reports.last().expect("a last report");
        assert!(last.starts_with("SIP/2.0 4"), "{reports:?}");
        office.over();
    }
}

/// The same after the agent has hung up: the phone rings again and shows the customer.
#[test]
fn an_agent_who_has_hung_up_is_rung_again_with_the_caller_shown() {
    let mut office = Office::failing(4, "agent");
    office.world.agents[office.phones[1]].manner = RING;
    office.world.refer(office.agent, "1002");
    office.world.run_for(Duration::from_secs(2));
    office.world.bye(office.agent);
    office.world.run_for(Duration::from_secs(120));
    assert_eq!(office.calls_to(0), 2, "{}", office.world.ladder());
    let again = office.world.incoming(office.phones[0]);
    assert!(office.world.talk(again).invite.must("From").contains("5550199"), "the caller is shown");
    assert!(office.world.hear_each_other(office.customer, again), "{}", office.world.ladder());
    assert!(matches!(office.last(), Some(TransferResult::Recalled(_))));
    office.over();
}

/// A destination as policy.
#[test]
fn a_transfer_that_comes_to_nothing_goes_where_that_is_set_up() {
    for hinder in hindrances() {
        let mut office = Office::failing(5, "station:1003");
        hinder(&mut office);
        office.world.refer(office.agent, "1002");
        office.world.run_for(Duration::from_secs(120));
        let third = office.world.incoming(office.phones[2]);
        assert!(office.world.hear_each_other(office.customer, third), "{}", office.world.ladder());
        assert_eq!(office.calls_to(0), 1);
        office.over();
    }
}

/// VOX-16, VOX-19: a group, an outside number.
#[test]
fn calls_are_led_on_to_groups_and_outside_numbers() {
    let mut office = Office::open(6, |world| {
        let members = ["station:1002", "station:1003"].map(|it| it.parse().expect("a member")).into();
        let group = Group { extension: "600".to_owned(), members, ..Group::named("sales") };
        world.directory.put(Entity::Group(group));
    });
    office.world.agents[office.phones[2]].manner = RING;
    office.world.refer(office.agent, "600");
    office.world.settle();
    let member = office.world.incoming(office.phones[1]);
    assert!(office.world.hear_each_other(office.customer, member), "{}", office.world.ladder());
    office.world.refer(member, "95550777");
    office.world.settle();
    let outside = office.world.incoming(office.carrier);
    assert!(office.world.hear_each_other(office.customer, outside), "{}", office.world.ladder());
    office.over();
}

/// A conference, a mailbox and the echo: Tandem itself takes the customer, and the agent is released.
#[test]
fn calls_are_led_on_to_tandem_itself() {
    for target in ["700", "*43", "*98"] {
        let mut office = Office::open(7, |world| {
            let room = Conference { extension: "700".to_owned(), ..Conference::named("sales") };
            world.directory.put(Entity::Conference(room));
            world.directory.put(Entity::Mailbox(Mailbox::numbered("1001")));
        });
        office.world.refer(office.agent, target);
        office.world.settle();
        assert_eq!(office.status_of_refer(), Some(202), "{target}: {}", office.world.ladder());
        assert_eq!(office.world.state(office.agent), State::Over, "{target}: {}", office.world.ladder());
        assert_eq!(office.world.state(office.customer), State::Up, "{target}: {}", office.world.ladder());
        office.over();
    }
}

/// E18, VOX-21: who led on stays and listens, is not heard, and may leave without harm.
#[test]
fn who_leads_on_may_stay_and_listen() {
    let mut office = Office::open(8, |_| {});
    office.order(CallOrder::Transfer { leg: 1, to: "1002".to_owned(), on_failure: None, stays: true });
    let colleague = office.world.incoming(office.phones[1]);
    let hears = |office: &Office, line| {
        let talk = office.world.talk(line);
        office.world.media.towards(talk.media).map_or(0, |(_, _, _, hears)| hears.len())
    };
    assert_eq!(hears(&office, office.agent), 2, "{}", office.world.ladder());
    assert_eq!(
        (hears(&office, office.customer), hears(&office, colleague)),
        (1, 1),
        "nobody hears the agent"
    );
    office.world.bye(office.agent);
    office.world.settle();
    assert!(office.world.hear_each_other(office.customer, colleague), "{}", office.world.ladder());
    office.over();
}

/// E77: a call is led on five times at most. E78: back to whoever had it first is one of them.
#[test]
fn a_call_that_is_led_in_circles_stays_where_it_is_after_five_times() {
    let mut office = Office::open(9, |_| {});
    let mut at = office.agent;
    for turn in 0..5 {
        let next = (turn + 1) % 3;
        office.world.refer(at, ["1001", "1002", "1003"][next]);
        office.world.settle();
        at = office.world.incoming(office.phones[next]);
        assert!(office.world.hear_each_other(office.customer, at), "turn {turn}: {}", office.world.ladder());
    }
    office.world.refer(at, "1001");
    office.world.settle();
    assert_eq!(office.world.agents[at.agent].results.last(), Some(&("REFER".to_owned(), 482)));
    assert!(office.world.hear_each_other(office.customer, at));
    office.over();
}

/// E79: the customer hangs up while a colleague is asked: the two go on, and who asked hears so.
#[test]
fn a_consultation_goes_on_when_the_customer_hangs_up() {
    for rings in [false, true] {
        let mut office = Office::open(10, |_| {});
        if rings {
            office.world.agents[office.phones[1]].manner = RING;
        }
        office.order(CallOrder::Consult { leg: 1, to: "1002".to_owned() });
        office.world.media.asked.clear();
        office.world.bye(office.customer);
        office.world.settle();
        let tone = |it: &MediaCommand| matches!(it, MediaCommand::Play { play, .. } if play.items.iter().any(|sound| matches!(sound, Sound::Tone(_))));
        assert!(office.world.media.asked.iter().any(tone), "who asked is told");
        let colleague = office.world.incoming(office.phones[1]);
        if rings {
            office.world.say_with_body(colleague, 200);
            office.world.settle();
        }
        assert!(office.world.hear_each_other(office.agent, colleague), "{}", office.world.ladder());
        office.over();
    }
}

/// E80: who asks hangs up: the customer is led on to whoever answered, or who answers yet.
#[test]
fn who_hangs_up_while_asking_leads_on() {
    for rings in [false, true] {
        let mut office = Office::open(11, |_| {});
        if rings {
            office.world.agents[office.phones[1]].manner = RING;
        }
        office.order(CallOrder::Consult { leg: 1, to: "1002".to_owned() });
        office.world.bye(office.agent);
        office.world.settle();
        let colleague = office.world.incoming(office.phones[1]);
        if rings {
            office.world.say_with_body(colleague, 200);
            office.world.settle();
        }
        assert!(office.world.hear_each_other(office.customer, colleague), "{}", office.world.ladder());
        assert_eq!(office.last(), Some(TransferResult::Completed));
        office.over();
    }
}

/// E80: nobody answers whom the agent asked before hanging up: the agent is rung where that is set up.
#[test]
fn who_hung_up_while_asking_is_rung_when_nobody_answers() {
    let mut office = Office::failing(12, "agent");
    office.world.agents[office.phones[1]].manner = RING;
    office.order(CallOrder::Consult { leg: 1, to: "1002".to_owned() });
    office.world.bye(office.agent);
    office.world.run_for(Duration::from_secs(120));
    let again = office.world.incoming(office.phones[0]);
    assert_ne!(again, office.agent);
    assert!(office.world.hear_each_other(office.customer, again), "{}", office.world.ladder());
    office.over();
}

/// VOX-17, VOX-20, BP-30: asked, alternated, together, back; each as the others hear it.
#[test]
fn a_colleague_is_asked_alternated_with_and_brought_in() {
    let mut office = Office::open(13, |_| {});
    office.order(CallOrder::Consult { leg: 1, to: "1002".to_owned() });
    let colleague = office.world.incoming(office.phones[1]);
    assert!(office.world.hear_each_other(office.agent, colleague));
    office.order(CallOrder::Consulted { leg: 1, act: ConsultAct::Alternate });
    assert!(office.world.hear_each_other(office.agent, office.customer));
    office.order(CallOrder::Consulted { leg: 1, act: ConsultAct::Merge });
    for line in [office.agent, office.customer, colleague] {
        let media = office.world.talk(line).media;
        assert_eq!(office.world.media.towards(media).map(|(_, _, _, hears)| hears.len()), Some(2));
    }
    office.world.bye(colleague);
    office.world.settle();
    assert!(office.world.hear_each_other(office.agent, office.customer));
    office.over();
}

/// RFC 4488: a phone that wants no reports gets none.
#[test]
fn a_referral_without_a_subscription_is_not_reported_on() {
    let mut office = Office::open(14, |_| {});
    let lines = "Refer-To: <sip:1002@192.0.2.1>\r\nRefer-Sub: false\r\nSupported: norefersub\r\n";
    office.world.ask_within(office.agent, "REFER", lines, "");
    office.world.settle();
    assert_eq!((office.status_of_refer(), office.reports()), (Some(202), Vec::new()));
    let colleague = office.world.incoming(office.phones[1]);
    assert!(office.world.hear_each_other(office.customer, colleague));
    office.over();
}

/// RFC 3515 §2.4.5: 100, 180, 200 in this order where the transferor waits for the end.
#[test]
fn reports_come_in_order() {
    let mut office = Office::failing(15, "agent");
    office.world.refer(office.agent, "1002");
    office.world.settle();
    assert_eq!(office.reports(), ["SIP/2.0 100 Trying", "SIP/2.0 180 Ringing", "SIP/2.0 200 OK"]);
    assert_eq!(office.world.state(office.agent), State::Over);
    office.over();
}
