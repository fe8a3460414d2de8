//! Two carriers that call each other, without a switch between them, in virtual time.

use std::net::SocketAddr;

use base::testing::Seeded;
use base::wire::{Flow, Inbound, Transport};

use super::*;
use crate::demo::coding::Coding;
use crate::demo::far_end::Seat;
use crate::demo::script::Carrier;
use crate::demo::tally::Tally;
use crate::demo::voice::Voice;

const CHANNELS: u16 = 8;

struct Theatre {
    now: Now,
    players: Vec<Player>,
    voices: BTreeMap<SocketAddr, Voice>,
    wire: VecDeque<(usize, Inbound)>,
    stories: Vec<Story>,
    tally: Tally,
    /// Nothing gets through.
    cut: bool,
    spoken: usize,
}

fn sip(at: usize) -> SocketAddr {
    SocketAddr::new([127, 0, 0, 11 + at as u8].into(), 5060)
}

fn rtp(at: usize, channel: usize) -> SocketAddr {
    SocketAddr::new([127, 0, 0, 11 + at as u8].into(), 4_000 + channel as u16)
}

impl Theatre {
    fn new(seed: u64) -> Self {
        let player = |at: usize| {
            let seat = Seat {
                own: sip(at),
                switch: sip(1 - at),
                user: "carrier".into(),
                login: None,
                coding: Coding::Pcmu,
            };
            let channels = (0..usize::from(CHANNELS)).map(|channel| rtp(at, channel)).collect();
            let end = FarEnd::new(seat, channels, Box::new(Seeded::new(seed + at as u64)));
            let script = Script::Carrier(Carrier { dids: vec!["+15550101001".into()], agents: 6 });
            Player::new(Now::default(), format!("carrier {at}"), end, script)
        };
        Self {
            now: Now::default(),
            players: vec![player(0), player(1)],
            voices: BTreeMap::new(),
            wire: VecDeque::new(),
            stories: Vec::new(),
            tally: Tally::default(),
            cut: false,
            spoken: 0,
        }
    }

    fn run(&mut self, secs: u64) {
        let end = self.now.mono + Duration::from_secs(secs);
        while let Some(next) = self.deadline().filter(|next| *next <= end) {
            self.now = self.now.later(next.since(self.now.mono));
            self.voices_speak();
            for at in 0..2 {
                self.players[at].tick(self.now);
                self.perform(at);
            }
            while let Some((at, inbound)) = self.wire.pop_front() {
                self.players[at].handle(self.now, Cue::Sip(inbound));
                self.perform(at);
            }
        }
        self.now = self.now.later(end.since(self.now.mono));
    }

    fn curtain(&mut self) {
        for at in 0..2 {
            self.players[at].handle(self.now, Cue::Curtain);
            self.perform(at);
        }
    }

    fn deadline(&self) -> Option<Mono> {
        let voices = self.voices.values().filter_map(Voice::deadline);
        self.players.iter().filter_map(Player::deadline).chain(voices).min()
    }

    fn voices_speak(&mut self) {
        let now = self.now.mono;
        let packets: Vec<_> = self.voices.values_mut().filter_map(|voice| voice.packet(now)).collect();
        for (packet, to) in packets {
            if let Some(voice) = self.voices.get_mut(&to) {
                voice.hear(&packet);
            }
        }
    }

    fn perform(&mut self, at: usize) {
        while let Some(act) = self.players[at].poll() {
            match act {
                Act::Send(_) if self.cut => {}
                Act::Send(outbound) => {
                    let flow = Flow {
                        transport: Transport::Udp,
                        local: outbound.target.remote(),
                        remote: sip(at),
                        conn: None,
                    };
                    self.wire.push_back((1 - at, Inbound { data: outbound.data, flow }));
                }
                Act::Speak { channel, speech } => {
                    self.spoken += 1;
                    let voice = Voice::new(self.now.mono, self.players[at].entropy(), speech, self.spoken);
                    self.voices.insert(rtp(at, channel), voice);
                }
                Act::Hold { channel, hold } => {
                    self.voices.get_mut(&rtp(at, channel)).expect("it spoke").hold(self.now.mono, hold);
                }
                Act::Hush { channel } => {
                    let voice = self.voices.remove(&rtp(at, channel)).expect("it spoke");
                    self.tally.hear(voice.finish(self.now.mono));
                }
                Act::Tell(story) => {
                    self.stories.push(story.clone());
                    self.tally.add(story);
                }
            }
        }
    }

    fn count(&self, story: &Story) -> usize {
        self.stories.iter().filter(|told| *told == story).count()
    }
}

#[test]
fn calls_are_placed_answered_refused_and_given_up_and_both_ends_hear_each_other() {
    let mut theatre = Theatre::new(7);
    theatre.run(120);
    theatre.curtain();
    theatre.run(40);
    theatre.tally.close();
    assert!(theatre.tally.is_good(), "{}", super::super::summary::Summary(&theatre.tally));
    for story in [Story::Answered, Story::Finished, Story::Busy, Story::Unanswered, Story::Cancelled] {
        assert!(theatre.count(&story) > 0, "{story:?}");
    }
    let ends = [Story::Finished, Story::Busy, Story::Unanswered, Story::Cancelled];
    let ended: usize = ends.iter().map(|story| theatre.count(story)).sum();
    assert_eq!(ended, theatre.count(&Story::Placed));
    assert_eq!((theatre.players[0].live(), theatre.players[1].live(), theatre.voices.len()), (0, 0, 0));
}

#[test]
fn one_seed_tells_one_story() {
    let told = |seed| {
        let mut theatre = Theatre::new(seed);
        theatre.run(60);
        theatre.stories
    };
    assert_eq!(told(1), told(1));
    assert_ne!(told(1), told(2));
}

#[test]
fn a_switch_that_is_silent_is_a_failure() {
    let mut theatre = Theatre::new(3);
    theatre.cut = true;
    theatre.run(2);
    theatre.curtain();
    theatre.run(60);
    let (placed, others): (Vec<_>, Vec<_>) = theatre.stories.iter().partition(|it| **it == Story::Placed);
    assert!(!placed.is_empty());
    assert_eq!(placed.len(), others.len());
    assert!(
        others
            .iter()
            .all(|it| matches!(it, Story::Failed(why) if why.ends_with("an INVITE without an answer")))
    );
}
