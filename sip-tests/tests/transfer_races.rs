//! Transfers, consultations and hold, with somebody who acts at every step of them: hangs up, takes back, holds, retrieves or
//! goes silent (RFC 5407, RFC 5589; features CROCO-27, CROCO-40…42, BP-29…31; E1, E15, E77…E80). Whatever comes of it, phones and
//! switch agree, nobody is alone in a call, and nothing is left.

use std::time::Duration;

use base::testing::Seeded;
use base::{CallId, CallOrder, ConsultAct, Entropy};
use call::ShardInput;
use sip_tests::{Line, Link, RING, Role, State, World};

/// Runs of a flow for each network; RACE_RUNS in the environment asks for more.
const RUNS: u64 = 20;

fn runs() -> u64 {
    std::env::var("RACE_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS)
}

/// What is begun before somebody acts.
#[derive(Clone, Copy, Debug)]
enum Flow {
    /// REFER to a number (RFC 5589 §6).
    Blind,
    /// REFER with Replaces, once the second call is answered (RFC 5589 §7.1).
    Attended,
    /// The same while it rings (RFC 5589 §7.2).
    SemiAttended,
    /// An operator's order.
    Order(Step),
}

/// What an operator does with the call.
#[derive(Clone, Copy, Debug)]
enum Step {
    Transfer {
        stays: bool,
        returns: bool,
    },
    /// Consults, and does this once the consulted party has answered, or at once.
    Consult {
        then: Option<ConsultAct>,
        rings: bool,
    },
    Hold,
}

/// Three phones, a carrier, and a customer who talks with the first of them.
struct Office {
    world: World,
    rng: Seeded,
    flow: Flow,
    seed: u64,
    ana: usize,
    bob: usize,
    agent: Line,
    /// Who has offered anew.
    asked: Vec<Line>,
}

impl Office {
    /// `None` when the network was too bad for a first call.
    fn open(flow: Flow, seed: u64, bad: bool) -> Option<Self> {
        let mut world = World::new(seed);
        let [ana, bob, _] = ["1001", "1002", "1003"].map(|extension| world.phone(extension));
        let carrier = world.trunk("carrier");
        world.number("5550100", "station:1001");
        world.rule("^9", &["carrier"]);
        world.open(&[ana, bob]);
        let mut rng = Seeded::new(seed);
        for link in &mut world.links {
            *link = Link {
                delay: Duration::from_millis(2 + rng.below(15)),
                jitter: Duration::from_millis(if bad { rng.below(120) } else { 0 }),
                lost: if bad { rng.below(150) } else { 0 },
                doubled: if bad { rng.below(100) } else { 0 },
            };
        }
        let customer = world.dial(carrier, "5550100");
        world.run_for(Duration::from_secs(12));
        let talks = !world.agents[ana].talks.is_empty() && world.talk(customer).is_up();
        let agent = talks.then(|| world.incoming(ana)).filter(|agent| world.talk(*agent).is_up())?;
        Some(Self { world, rng, flow, seed, ana, bob, agent, asked: Vec::new() })
    }

    fn pause(&mut self, secs: u64) {
        self.world.run_for(Duration::from_secs(secs));
    }

    /// Lets the flow go this many steps.
    fn steps(&mut self, most: u64) {
        let steps = self.rng.below(most);
        self.world.run_steps(steps, Duration::from_secs(4));
    }

    fn place(&self) -> Option<(usize, CallId)> {
        let now = base::Now { mono: self.world.mono(), wall: base::Wall(0) };
        let mut shards = self.world.shards.iter().enumerate();
        shards.find_map(|(shard, it)| Some((shard, it.view(now).calls.first()?.id)))
    }

    fn order(&mut self, order: CallOrder) {
        if let Some((shard, call)) = self.place() {
            self.world.input(shard, ShardInput::Order { call, order });
        }
    }

    /// Begins what is to be disturbed, up to a random step of it.
    fn begin(&mut self) {
        let (ana, bob, agent) = (self.ana, self.bob, self.agent);
        match self.flow {
            Flow::Blind => {
                if self.rng.below(3) == 0 {
                    // Phones hold and refer in one go.
                    self.asked.push(agent);
                    self.world.reinvite(agent, "sendonly");
                }
                self.world.refer(agent, "1002");
            }
            Flow::Attended | Flow::SemiAttended => {
                self.asked.push(agent);
                let rings = matches!(self.flow, Flow::SemiAttended);
                self.world.reinvite(agent, "sendonly");
                if self.rng.below(4) > 0 {
                    self.pause(2);
                }
                if rings {
                    self.world.agents[bob].manner = RING;
                }
                let second = self.world.dial(ana, "1002");
                self.pause(4);
                let ready = if rings {
                    self.world.state(second) == State::Ringing
                } else {
                    self.world.talk(second).is_up()
                };
                if ready && self.world.talk(agent).is_up() {
                    self.world.refer_to_line(agent, second);
                }
            }
            Flow::Order(step) => self.begin_ordered(step),
        }
        self.steps(45);
    }

    fn begin_ordered(&mut self, step: Step) {
        match step {
            Step::Transfer { stays, returns } => {
                let on_failure = Some(if returns { "agent" } else { "none" }.to_owned());
                self.order(CallOrder::Transfer { leg: 1, to: "1002".to_owned(), on_failure, stays });
            }
            Step::Consult { then, rings } => {
                if rings {
                    self.world.agents[self.bob].manner = RING;
                }
                self.order(CallOrder::Consult { leg: 1, to: "1002".to_owned() });
                if let Some(act) = then {
                    if rings {
                        self.steps(25)
                    } else {
                        self.pause(3)
                    }
                    self.order(CallOrder::Consulted { leg: 1, act });
                }
            }
            Step::Hold => {
                self.order(CallOrder::Hold { leg: 1, on: true });
                self.steps(8);
                self.order(CallOrder::Hold { leg: 1, on: false });
            }
        }
    }

    /// Somebody who has a call does something with it.
    fn disturb(&mut self) {
        let lines: Vec<Line> = (0..self.world.agents.len())
            .flat_map(|agent| (0..self.world.agents[agent].talks.len()).map(move |talk| Line { agent, talk }))
            .filter(|line| !matches!(self.world.state(*line), State::Over | State::Leaving))
            .collect();
        let Ok(count) = u64::try_from(lines.len()) else { return };
        if count == 0 {
            return;
        }
        let line = lines[usize::try_from(self.rng.below(count)).expect("small")];
        let what = self.rng.below(6);
        let talk = self.world.talk(line);
        // RFC 3261 §15: a callee waits for its ACK before it hangs up; §14.1: one re-INVITE at a time.
        let must_wait = talk.is_up() && talk.role == Role::Callee && talk.acks == 0;
        if must_wait || (2..5).contains(&what) && self.asked.contains(&line) {
            return;
        }
        self.asked.push(line);
        match (self.world.state(line), what) {
            (State::Up, 0 | 1) => self.world.bye(line),
            (State::Up, 2) => self.world.reinvite(line, "sendonly"),
            (State::Up, 3) => self.world.reinvite(line, "inactive"),
            (State::Up, 4) => self.world.reinvite(line, "sendrecv"),
            (State::Up, _) if self.world.agents.iter().any(|agent| agent.dead) => self.world.bye(line),
            (State::Up, _) => self.world.agents[line.agent].dead = true,
            (_, 0 | 1) if self.world.talk(line).is_open() => self.world.say_with_body(line, 200),
            (_, _) if self.world.talk(line).is_open() => self.world.say(line, 486),
            (_, _) => self.world.cancel(line),
        }
    }

    /// Everybody agrees; then all hang up, and nothing is left.
    fn over(mut self) {
        self.pause(20);
        for phone in 0..self.world.agents.len() {
            let open = (0..self.world.agents[phone].talks.len())
                .find(|talk| self.world.agents[phone].talks[*talk].is_open());
            if let Some(talk) = open.filter(|_| self.rng.below(2) == 0) {
                self.world.say_with_body(Line { agent: phone, talk }, 200);
            }
        }
        self.pause(45);
        for link in &mut self.world.links {
            *link = Link::GOOD;
        }
        self.pause(150);
        self.world.assert_agreed();
        if !matches!(self.flow, Flow::Order(_)) {
            self.world.assert_pairs_talk();
        }
        self.world.end_all();
        self.pause(60);
        self.world.end_all();
        self.world.assert_clean();
        self.world.assert_accounted();
    }
}

fn many(flow: Flow) {
    let only = std::env::var("RACE_SEED").ok().and_then(|seed| seed.parse::<u64>().ok());
    for seed in 0..runs() {
        for bad in [false, true] {
            let seed = seed + if bad { 1_000_000 } else { 0 };
            if only.is_some_and(|only| only != seed) {
                continue;
            }
            let Some(mut office) = Office::open(flow, seed, bad) else { continue };
            let named = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                office.begin();
                office.disturb();
                if office.seed.is_multiple_of(3) {
                    office.steps(20);
                    office.disturb();
                }
                office.over();
            }));
            assert!(named.is_ok(), "{flow:?}: seed {seed}");
        }
    }
}

#[test]
fn a_blind_transfer_is_disturbed() {
    many(Flow::Blind);
}

#[test]
fn an_attended_transfer_is_disturbed() {
    many(Flow::Attended);
}

#[test]
fn a_transfer_to_somebody_who_rings_is_disturbed() {
    many(Flow::SemiAttended);
}

#[test]
fn a_transfer_by_order_is_disturbed() {
    for (stays, returns) in [(false, false), (true, false), (false, true), (true, true)] {
        many(Flow::Order(Step::Transfer { stays, returns }));
    }
}

#[test]
fn a_consultation_is_disturbed() {
    many(Flow::Order(Step::Consult { then: None, rings: false }));
    for act in [
        ConsultAct::Complete { stays: false },
        ConsultAct::Complete { stays: true },
        ConsultAct::Abandon,
        ConsultAct::Alternate,
        ConsultAct::Merge,
    ] {
        many(Flow::Order(Step::Consult { then: Some(act), rings: false }));
    }
}

#[test]
fn a_consultation_of_somebody_who_rings_is_disturbed() {
    for act in
        [ConsultAct::Complete { stays: false }, ConsultAct::Complete { stays: true }, ConsultAct::Abandon]
    {
        many(Flow::Order(Step::Consult { then: Some(act), rings: true }));
    }
}

#[test]
fn a_hold_by_order_is_disturbed() {
    many(Flow::Order(Step::Hold));
}
