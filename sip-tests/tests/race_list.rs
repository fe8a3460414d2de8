//! The race list (RFC 5407, conformance.md §6): each race many times, from both sides, over a good and a bad
//! network, with moves that meet at random distances. Whatever comes of it, both ends agree, one record is made
//! and nothing is left.

use std::time::Duration;

use base::Entropy;
use base::testing::Seeded;
use base::wire::Transport;
use call::ShardCommand;
use call::ShardInput;
use sip_tests::{Line, Link, RING, Reinvite, SILENT, World};

/// Runs of a race for each side and each network; RACE_RUNS in the environment asks for more.
const RUNS: u64 = 75;

fn runs() -> u64 {
    std::env::var("RACE_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS)
}

/// A call and whom a race concerns.
struct Race {
    world: World,
    rng: Seeded,
    /// Who acts first.
    near: usize,
    far: usize,
    caller: Line,
    callee: Line,
    dialled: &'static str,
    seed: u64,
}

impl Race {
    /// A carrier and a phone; the one calls the other. `near` is the caller's end on even seeds.
    fn new(seed: u64, bad: bool) -> Self {
        Self::by(seed, bad, Transport::Udp)
    }

    fn by(seed: u64, bad: bool, transport: Transport) -> Self {
        let mut world = World::new(seed);
        let carrier = world.trunk_at("carrier", "198.51.100.10:5060", transport);
        let phone = world.phone("1001");
        world.number("+4930123", "station:1001");
        world.rule("^0", &["carrier"]);
        world.open(&[phone]);
        let mut rng = Seeded::new(seed);
        let link = Link {
            delay: Duration::from_millis(5 + rng.below(20)),
            jitter: Duration::from_millis(if bad { rng.below(150) } else { 0 }),
            lost: if bad { rng.below(200) } else { 0 },
            doubled: if bad { rng.below(150) } else { 0 },
        };
        world.links[carrier] = link;
        world.links[phone] = link;
        let inward = rng.below(2) == 0;
        let (from, to, dialled) =
            if inward { (carrier, phone, "+4930123") } else { (phone, carrier, "0301") };
        let (near, far) = if seed.is_multiple_of(2) { (from, to) } else { (to, from) };
        let (caller, callee) = (Line { agent: from, talk: 0 }, Line { agent: to, talk: 0 });
        Self { world, rng, near, far, caller, callee, dialled, seed }
    }

    fn line(&self, agent: usize) -> Line {
        if agent == self.caller.agent { self.caller } else { self.callee }
    }

    fn dial(&mut self) {
        self.world.dial(self.caller.agent, self.dialled);
    }

    /// Waits up to so many milliseconds: where two moves meet.
    fn pause(&mut self, at_most: u64) {
        let time = Duration::from_millis(self.rng.below(at_most + 1));
        self.world.run_for(time);
    }

    fn secs(&mut self, secs: u64) {
        self.world.run_for(Duration::from_secs(secs));
    }

    /// Calls, and waits until it rings at the far side; `false` when it never got there.
    fn rings(&mut self) -> bool {
        self.world.agents[self.callee.agent].manner = RING;
        self.dial();
        self.secs(8);
        self.was_rung()
    }

    fn was_rung(&self) -> bool {
        self.world.agents[self.callee.agent].talks.len() > self.callee.talk
    }

    /// Calls, and waits until both talk; `false` when the network was too bad for that.
    fn talks(&mut self) -> bool {
        self.dial();
        self.secs(12);
        self.was_rung() && self.world.talk(self.caller).is_up() && self.world.talk(self.callee).is_up()
    }

    fn is_up(&self, agent: usize) -> bool {
        let line = self.line(agent);
        self.world.agents[agent].talks.len() > line.talk && self.world.talk(line).is_up()
    }

    fn bye(&mut self, agent: usize) {
        if self.is_up(agent) {
            let line = self.line(agent);
            self.world.bye(line);
        }
    }

    fn reinvite(&mut self, agent: usize, direction: &'static str) {
        if self.is_up(agent) {
            let line = self.line(agent);
            self.world.reinvite(line, direction);
        }
    }

    /// Both ends agree; then all hang up, and nothing is left.
    fn over(mut self) {
        self.secs(45);
        let callee = self.was_rung().then_some(self.callee);
        self.world.assert_alike(self.caller, callee);
        for link in &mut self.world.links {
            *link = Link::GOOD;
        }
        let open = self.world.talk(self.caller).status() < 200;
        if open {
            self.world.cancel(self.caller);
        }
        self.world.end_all();
        self.secs(60);
        self.world.end_all();
        self.world.assert_clean();
        self.world.assert_accounted();
    }
}

fn many(run: impl Fn(Race)) {
    for seed in 0..runs() * 2 {
        for bad in [false, true] {
            run(Race::new(seed + if bad { 1_000_000 } else { 0 }, bad));
        }
    }
}

/// RFC 5407 §3.1.2, §3.2.1.
#[test]
fn race_1_cancel_meets_200() {
    many(|mut race| {
        if race.rings() {
            if race.seed.is_multiple_of(2) {
                race.world.cancel(race.caller);
                race.pause(60);
                race.answer();
            } else {
                race.answer();
                race.pause(60);
                race.world.cancel(race.caller);
            }
            race.secs(5);
        }
        race.over();
    });
}

impl Race {
    fn answer(&mut self) {
        if self.world.talk(self.callee).is_open() {
            self.world.say_with_body(self.callee, 200);
        }
    }

    fn refuse(&mut self, status: u16) {
        if self.world.talk(self.callee).is_open() {
            self.world.say(self.callee, status);
        }
    }
}

#[test]
fn race_2_cancel_meets_486() {
    many(|mut race| {
        if race.rings() {
            if race.seed.is_multiple_of(2) {
                race.world.cancel(race.caller);
                race.pause(60);
                race.refuse(486);
            } else {
                race.refuse(486);
                race.pause(60);
                race.world.cancel(race.caller);
            }
        }
        race.over();
    });
}

/// RFC 5407 §3.1.5: the ACK is owed still.
#[test]
fn race_3_bye_meets_the_200_of_a_re_invite() {
    many(|mut race| {
        race.world.agents[race.far].reinvites = Reinvite::Wait;
        if race.talks() {
            race.reinvite(race.near, "sendonly");
            race.secs(2);
            let (who, line) =
                (if race.rng.below(2) == 0 { race.near } else { race.far }, race.line(race.far));
            race.bye(who);
            race.pause(60);
            if race.world.is_asked(line) {
                race.world.with_agent(line.agent, |agent, now| agent.accept_reinvite(now, line.talk));
            }
        }
        race.over();
    });
}

/// RFC 3261 §14.1, RFC 5407 §3.1.3.
#[test]
fn race_4_re_invite_meets_re_invite() {
    many(|mut race| {
        if race.talks() {
            race.reinvite(race.near, "sendonly");
            race.pause(60);
            race.reinvite(race.far, "inactive");
            race.secs(10);
        }
        race.over();
    });
}

/// RFC 3311 §5.2, RFC 5407 §3.1.3.
#[test]
fn race_5_re_invite_meets_update() {
    many(|mut race| {
        race.world.able(&[race.near, race.far]);
        if race.talks() {
            let line = race.line(race.far);
            if race.rng.below(2) == 0 {
                race.reinvite(race.near, "sendonly");
                race.pause(60);
                race.world.update(line, "inactive");
            } else {
                race.world.update(line, "inactive");
                race.pause(60);
                race.reinvite(race.near, "sendonly");
            }
            race.secs(10);
        }
        race.over();
    });
}

/// RFC 5407 §3.1.4.
#[test]
fn race_6_bye_meets_bye() {
    many(|mut race| {
        if race.talks() {
            race.bye(race.near);
            race.pause(60);
            race.bye(race.far);
        }
        race.over();
    });
}

/// RFC 5407 §3.1.5: 487 or 481, and no transaction stays.
#[test]
fn race_7_bye_meets_re_invite() {
    many(|mut race| {
        if race.talks() {
            if race.rng.below(2) == 0 {
                race.bye(race.near);
                race.pause(60);
                race.reinvite(race.far, "sendonly");
            } else {
                race.reinvite(race.far, "sendonly");
                race.pause(60);
                race.bye(race.near);
            }
        }
        race.over();
    });
}

/// RFC 5407 §3.1.3: the caller's BYE before its ACK, and the callee's before the caller's ACK reached us; a callee waits
/// for its own (RFC 3261 §15).
#[test]
fn race_8_an_early_bye_comes_before_the_ack() {
    many(|mut race| {
        if race.rings() {
            race.world.agents[race.caller.agent].withhold_acks = true;
            race.answer();
            race.pause(80);
            let acked = race.world.talk(race.callee).acks > 0;
            let callee_may = acked && !race.seed.is_multiple_of(2);
            let who = if callee_may { race.callee.agent } else { race.caller.agent };
            race.bye(who);
            race.pause(300);
            race.world.agents[race.caller.agent].withhold_acks = false;
        }
        race.over();
    });
}

/// RFC 5407 §3.1.1: a re-INVITE before the ACK of the first INVITE.
#[test]
fn race_9_a_re_invite_comes_before_the_first_ack() {
    many(|mut race| {
        if race.rings() {
            race.world.agents[race.caller.agent].withhold_acks = true;
            race.answer();
            race.pause(80);
            let who = if race.seed.is_multiple_of(2) { race.caller.agent } else { race.callee.agent };
            race.reinvite(who, "sendonly");
            race.pause(300);
            race.world.agents[race.caller.agent].withhold_acks = false;
            race.secs(8);
        }
        race.over();
    });
}

/// 200, ACK and 100 are lost, or only 180 arrives.
#[test]
fn race_10_answers_and_acks_are_lost() {
    many(|mut race| {
        race.dial();
        for _ in 0..6 {
            race.pause(400);
            let agent = if race.rng.below(2) == 0 { race.near } else { race.far };
            race.world.links[agent].lost =
                [0, 1_000, 500][usize::try_from(race.rng.below(3)).expect("small")];
        }
        race.world.links[race.near].lost = 0;
        race.world.links[race.far].lost = 0;
        race.secs(5);
        race.over();
    });
}

#[test]
fn race_13_a_register_refresh_meets_an_incoming_invite() {
    many(|mut race| {
        let phone = race.world.agents.iter().position(|agent| agent.name == "1001").expect("a phone");
        let refresh = |race: &mut Race| {
            let expires = if race.rng.below(3) == 0 { 0 } else { 3_600 };
            race.world.with_agent(phone, |agent, now| agent.register(now, expires));
        };
        if race.rng.below(2) == 0 {
            refresh(&mut race);
            race.pause(60);
            race.dial();
        } else {
            race.dial();
            race.pause(60);
            refresh(&mut race);
        }
        race.secs(12);
        race.over();
    });
}

/// RFC 3262 §3: the answer comes while a PRACK is lost or on its way.
#[test]
fn race_14_a_lost_prack_meets_the_200() {
    many(|mut race| {
        race.world.able(&[race.near, race.far]);
        race.world.agents[race.callee.agent].manner = SILENT;
        let abilities = sip_tests::abilities();
        race.world.dial_as(race.caller.agent, None, race.dialled, true, &abilities);
        race.secs(6);
        if race.was_rung() && race.world.talk(race.callee).is_open() {
            let body = race.world.body_for(race.callee);
            let rseq = Some(1 + u32::try_from(race.rng.below(1_000)).expect("small"));
            race.world.reply(race.callee, sip_tests::Reply { status: 183, body, rseq, ..Default::default() });
            race.pause(60);
            race.world.links[race.near].lost = 1_000;
            race.pause(600);
            race.answer();
            race.pause(600);
            race.world.links[race.near].lost = 0;
            race.pause(2_000);
            let rseqs = race.world.talk(race.caller).rseqs.clone();
            for rseq in rseqs {
                let line = race.caller;
                race.world.with_agent(line.agent, |agent, now| agent.prack(now, line.talk, rseq, ""));
            }
            race.secs(10);
        }
        race.over();
    });
}

/// RFC 4028 §7.4: our refresh and a hold at the same moment, by UPDATE and by re-INVITE.
#[test]
fn race_15_a_session_refresh_meets_a_hold() {
    many(|mut race| {
        if race.rng.below(2) == 0 {
            race.world.able(&[race.near, race.far]);
        }
        for agent in [race.near, race.far] {
            race.world.agents[agent].lines = vec!["Session-Expires: 200;refresher=uac".to_owned()];
        }
        race.dial();
        race.secs(12);
        if race.is_up(race.near) {
            race.world.run_for(Duration::from_millis(87_000));
            race.pause(3_000);
            let who = if race.rng.below(2) == 0 { race.near } else { race.far };
            race.reinvite(who, "sendonly");
            race.secs(20);
        }
        race.over();
    });
}

/// RFC 5407 §3.1.7 and RFC 3261 §13.2.2.4: the loser gets ACK and BYE.
#[test]
fn race_16_two_forks_answer_at_once() {
    many(|mut race| {
        if race.rings() && race.world.talk(race.callee).is_open() {
            let line = race.callee;
            race.answer();
            race.pause(60);
            race.world.with_agent(line.agent, |agent, now| agent.answer_as_fork(now, line.talk, "other"));
            race.secs(10);
            let talks = &race.world.agents[line.agent].talks;
            let up = talks.iter().filter(|talk| talk.is_up()).count();
            assert!(up <= 1, "two forks are up:\n{}", race.world.ladder());
            if race.world.talk(Line { talk: 1, ..line }).is_up() {
                race.callee.talk = 1;
            }
        }
        race.over();
    });
}

/// AST-2018-005, AST-2020-001.
#[test]
fn race_17_a_connection_closes_between_200_and_ack() {
    for seed in 0..runs() * 2 {
        let mut race = Race::by(seed, false, Transport::Tcp);
        let carrier = race.world.agents.iter().position(|agent| agent.name == "carrier").expect("a carrier");
        if race.rings() {
            race.answer();
            race.pause(60);
            race.world.close_connection(carrier);
            race.secs(5);
        }
        race.over();
    }
}

/// A hang-up by the API at any moment, before the INVITE of the leg out is sent or after.
#[test]
fn race_18_an_operator_hangs_up_while_the_invite_is_on_its_way() {
    many(|mut race| {
        race.dial();
        race.pause(700);
        let calls: Vec<_> = race.world.facts_by_call().into_keys().collect();
        for call in calls {
            for shard in 0..race.world.shards.len() {
                race.world.input(shard, ShardInput::Command(ShardCommand::HangUp { call }));
            }
        }
        race.over();
    });
}
