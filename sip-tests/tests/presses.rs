//! Three phones and a carrier at random: people call, answer, hold, lead on, ask, bring together, pick up and hang up as it
//! comes, over good and bad networks. Whatever they press, phones and switch agree in the end, nobody is left in a call with
//! no one, and nothing is left behind (issue "What a phone can do", bad input and races; E77…E80).

use std::time::Duration;

use base::media::{DigitBy, MediaEvent};
use base::testing::Seeded;
use base::{CallId, CallOrder, ConsultAct, Entropy};
use call::ShardInput;
use provision::{Entity, RecordWhen, RecordingPolicy};
use sip_tests::{Line, Link, Role, State, World};

/// Runs on each kind of network; PRESS_RUNS in the environment asks for more.
const RUNS: u64 = 30;
/// What people do in one run.
const STEPS: u64 = 14;
/// After this long nobody waits for anybody any more: rings, recalls and transactions have run out.
const PATIENCE: Duration = Duration::from_secs(330);

struct Floor {
    world: World,
    rng: Seeded,
    phones: Vec<usize>,
    carrier: usize,
    /// What was done, to tell a failing run by.
    done: Vec<String>,
}

impl Floor {
    fn open(seed: u64, bad: bool) -> Self {
        let mut world = World::new(seed);
        let phones: Vec<usize> = ["1001", "1002", "1003"].iter().map(|it| world.phone(it)).collect();
        let carrier = world.trunk("carrier");
        world.number("5550100", "station:1001");
        world.rule("^9", &["carrier"]);
        let policy = RecordingPolicy { when: RecordWhen::All, ..RecordingPolicy::named("all") };
        world.directory.put(Entity::RecordingPolicy(policy));
        for station in world.directory.stations.values_mut() {
            station.recording = "all".to_owned();
            station.ring_secs = 20;
        }
        let mut rng = Seeded::new(seed);
        // Whoever is dead to the world some of the time answers late; some lead back what fails.
        let returns = rng.below(2) == 0;
        for station in world.directory.stations.values_mut() {
            station.transfer_failure = if returns { "agent" } else { "none" }.to_owned();
        }
        world.open(&phones);
        for link in &mut world.links {
            *link = Link {
                delay: Duration::from_millis(2 + rng.below(15)),
                jitter: Duration::from_millis(if bad { rng.below(120) } else { 0 }),
                lost: if bad { rng.below(120) } else { 0 },
                doubled: if bad { rng.below(80) } else { 0 },
            };
        }
        Self { world, rng, phones, carrier, done: Vec::new() }
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.rng.below(u64::try_from(bound).expect("small"))).expect("small")
    }

    /// One of the lines of this kind, of any phone.
    fn pick(&mut self, which: impl Fn(&World, Line) -> bool) -> Option<Line> {
        let everybody = self.phones.iter().chain([&self.carrier]);
        let lines = everybody.flat_map(|agent| {
            (0..self.world.agents[*agent].talks.len()).map(|talk| Line { agent: *agent, talk })
        });
        let fitting: Vec<Line> = lines.filter(|line| which(&self.world, *line)).collect();
        if fitting.is_empty() {
            return None;
        }
        let at = self.below(fitting.len());
        fitting.get(at).copied()
    }

    fn talking_phone(&mut self) -> Option<Line> {
        let carrier = self.carrier;
        self.pick(|world, line| line.agent != carrier && world.talk(line).is_up())
    }

    fn phone(&mut self) -> usize {
        let at = self.below(self.phones.len());
        self.phones[at]
    }

    fn number(&mut self) -> String {
        let numbers = ["1001", "1002", "1003", "9555", "1009"];
        numbers[self.below(numbers.len())].to_owned()
    }

    /// Something is ordered of a call that this phone is in.
    fn order(&mut self, line: Line, order: impl FnOnce(usize) -> CallOrder) {
        let endpoint = format!("station:{}", self.world.agents[line.agent].name);
        let mut places: Vec<(CallId, usize)> = Vec::new();
        for call in self.world.live_calls() {
            let here = call.legs.iter().position(|leg| leg.endpoint == endpoint && leg.state == "talking");
            places.extend(here.map(|place| (call.id, place)));
        }
        if places.is_empty() {
            return;
        }
        let (call, place) = places[self.below(places.len())];
        self.world.input(usize::from(call.shard().0), ShardInput::Order { call, order: order(place) });
    }

    fn press(&mut self, line: Line, keys: &str) {
        for digit in keys.chars() {
            let Some((port, shard, ..)) = self.world.media.towards(self.world.talk(line).media) else {
                return;
            };
            let lasted = Duration::from_millis(100);
            let event = MediaEvent::Digit { port, digit, lasted, by: DigitBy::Event };
            self.world.tell_media(usize::from(shard.0), event);
            self.world.run_for(Duration::from_millis(150));
        }
    }

    fn step(&mut self) {
        let act = self.rng.below(16);
        let to = self.number();
        self.done.push(format!("{act} {to}"));
        match act {
            0 | 1 => {
                let from = self.phone();
                self.world.dial(from, &to);
            }
            2 => {
                self.world.dial(self.carrier, "5550100");
            }
            3 => {
                let rings = |world: &World, line: Line| {
                    world.talk(line).role == Role::Caller && world.talk(line).status() < 200
                };
                if let Some(line) = self.pick(rings).filter(|line| self.world.state(*line) != State::Over) {
                    self.world.cancel(line);
                }
            }
            4 | 5 => {
                if let Some(line) = self.pick(|world, line| world.talk(line).is_up()) {
                    self.world.bye(line);
                }
            }
            6 => {
                if let Some(line) = self.talking_phone() {
                    self.world.reinvite(line, "sendonly");
                }
            }
            7 => {
                if let Some(line) = self.talking_phone() {
                    self.world.reinvite(line, "sendrecv");
                }
            }
            8 => {
                if let Some(line) = self.talking_phone() {
                    self.world.refer(line, &to);
                }
            }
            9 => self.bring_two_lines_together(),
            10..=14 => self.press_or_order(act, &to),
            _ => {
                let from = self.phone();
                let code = ["*881001", "*881002", "*8"][self.below(3)];
                self.world.dial(from, code);
            }
        }
    }

    /// Keys pressed in a call, and what an operator orders of it.
    fn press_or_order(&mut self, act: u64, to: &str) {
        let Some(line) = self.talking_phone() else { return };
        let acts = [
            ConsultAct::Complete { stays: false },
            ConsultAct::Complete { stays: true },
            ConsultAct::Abandon,
            ConsultAct::Alternate,
            ConsultAct::Merge,
        ];
        let (yes, one) = (self.rng.below(2) == 0, self.below(acts.len()));
        match act {
            10 => self.press(line, &format!("*2{to}#")),
            11 => self.press(line, ["*3", "*8", "*#", "##1003#", "*8"][one]),
            12 => self.order(line, |leg| CallOrder::Consulted { leg, act: acts[one] }),
            13 => self.order(line, |leg| CallOrder::Hold { leg, on: yes }),
            _ => {
                let to = to.to_owned();
                self.order(line, |leg| CallOrder::Transfer { leg, to, on_failure: None, stays: yes });
            }
        }
    }

    /// Whoever lets others wait takes them back.
    fn nobody_waits(&mut self) {
        for call in self.world.live_calls() {
            for leg in 0..call.legs.len() {
                let order = CallOrder::Hold { leg, on: false };
                self.world.input(usize::from(call.id.shard().0), ShardInput::Order { call: call.id, order });
            }
        }
        self.world.settle();
    }

    /// REFER with Replaces, where a phone has two calls.
    fn bring_two_lines_together(&mut self) {
        let Some(line) = self.talking_phone() else { return };
        let others = 0..self.world.agents[line.agent].talks.len();
        let mut others = others.map(|talk| Line { talk, ..line });
        let up = |other: &Line| *other != line && self.world.talk(*other).is_up();
        if let Some(other) = others.find(up) {
            self.world.refer_to_line(line, other);
        }
    }
}

fn run(seed: u64, bad: bool) {
    let mut floor = Floor::open(seed, bad);
    let ends_well = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| play(&mut floor)));
    assert!(ends_well.is_ok(), "seed {seed}, bad {bad}: {:?}", floor.done);
}

fn play(floor: &mut Floor) {
    for _ in 0..STEPS {
        floor.step();
        let pause = if floor.rng.below(3) == 0 { floor.rng.below(9_000) } else { floor.rng.below(700) };
        floor.world.run_for(Duration::from_millis(pause));
    }
    floor.world.run_for(PATIENCE);
    floor.world.assert_agreed();
    floor.nobody_waits();
    floor.world.assert_pairs_talk();
    floor.world.end_all();
    floor.world.run_for(PATIENCE);
    floor.world.assert_clean();
}

fn runs() -> u64 {
    std::env::var("PRESS_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS)
}

#[test]
fn whatever_three_phones_press_nobody_is_left_alone_and_nothing_leaks() {
    (0..runs()).for_each(|seed| run(seed, false));
}

#[test]
fn the_same_holds_over_networks_that_lose_double_and_reorder() {
    (1_000..1_000 + runs()).for_each(|seed| run(seed, true));
}
