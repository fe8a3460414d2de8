//! A supervisor in an agent's call with real phones of two makes: judged by who hears whom.

use media::dsp::level::tone_dbm0;
use sip_tests::wire::{Baresip, Block, Desk, Linphone, Node, until};

const SET_UP: &str = "[[user]]\nlogin = \"ana\"\nrole = \"agent\"\n\n\
     [[user]]\nlogin = \"sue\"\nrole = \"supervisor\"\n\n\
     [[station]]\nextension = \"1001\"\nuser = \"ana\"\npassword = \"secret-1001\"\n\n\
     [[station]]\nextension = \"1003\"\npassword = \"secret-1003\"\n\n\
     [[station]]\nextension = \"2001\"\nuser = \"sue\"\npassword = \"secret-2001\"\n";
/// What stands before the microphones of the customer, the agent and the supervisor, -8.9 dBm0 each.
const HZ: [u32; 3] = [440, 1_200, 740];
const RATE_HZ: u32 = 8_000;
/// Samples of one look: a quarter of a second.
const LOOK: usize = 2_000;
/// dBm0.
const LOUD: f32 = -12.0;
const ABSENT: f32 = -40.0;

/// Whether somebody hears the customer, the agent, the supervisor.
type Hears = [bool; 3];
const AGENT: Hears = [false, true, false];
const CUSTOMER: Hears = [true, false, false];
const BOTH: Hears = [true, true, false];
/// What the three of them hear.
const LISTEN: [Hears; 3] = [AGENT, CUSTOMER, BOTH];
const WHISPER: [Hears; 3] = [AGENT, [true, false, true], BOTH];
const BARGE: [Hears; 3] = [[false, true, true], [true, false, true], BOTH];

/// linphonec is the customer, 1003, and talks with baresip, the agent 1001. Another baresip is the supervisor 2001.
struct Floor {
    customer: Linphone,
    agent: Baresip,
    supervisor: Baresip,
    node: Node,
}

impl Floor {
    /// The supervisor has dialled this.
    fn open(code: &str) -> Self {
        let node = Node::start(Block::claim(), SET_UP);
        let [customer, agent, supervisor] = HZ.map(f64::from);
        let mut floor = Self {
            customer: Linphone::start(&node.block, 21, "1003", customer),
            agent: Baresip::desk(&node.block, 22, "1001", agent),
            supervisor: Baresip::desk(&node.block, 23, "2001", supervisor),
            node,
        };
        floor.customer.dial("1001");
        floor.agent.rings();
        floor.agent.answer();
        floor.customer.talks();
        floor.agent.talks();
        floor.supervisor.dial(code);
        floor.supervisor.talks();
        floor
    }

    fn all_hear(&self, wanted: [Hears; 3]) {
        let desks: [&dyn Desk; 3] = [&self.customer, &self.agent, &self.supervisor];
        hear(&desks.into_iter().zip(wanted).collect::<Vec<_>>());
    }

    /// How the supervisor takes part, as the API lists it.
    fn mode(&self) -> Option<String> {
        let sessions = self.node.api().items("/api/v1/supervisions");
        sessions.first().map(|session| session["mode"].as_str().unwrap_or_default().to_owned())
    }
}

/// Waits until each of these hears at once whom it is to hear, and nobody else.
fn hear(desks: &[(&dyn Desk, Hears)]) {
    let heard = || {
        let levels = levels_of(desks);
        let right = |level: f32, loud| if loud { level > LOUD } else { level < ABSENT };
        let mut all = levels.iter().zip(desks);
        all.all(|(found, (_, wanted))| (0..3).all(|n| right(found[n], wanted[n]))).then_some(())
    };
    until("all to hear whom they are to hear", heard);
}

/// What each of these hears of the three in the same quarter of a second, in dBm0.
fn levels_of(desks: &[(&dyn Desk, Hears)]) -> Vec<[f32; 3]> {
    let from: Vec<usize> = desks.iter().map(|(desk, _)| desk.heard().len()).collect();
    let look = |(desk, from): (&(&dyn Desk, Hears), &usize)| {
        let heard = desk.0.heard();
        let sound = heard.get(*from..from + LOOK)?;
        Some(HZ.map(|hz| tone_dbm0(sound, hz, RATE_HZ)))
    };
    until("all to hear something", || desks.iter().zip(&from).map(look).collect())
}

/// VOX-44, BP-94, E45: keys of the supervisor's phone say who hears it, and its sudden end is nobody else's.
#[test]
fn a_supervisor_listens_whispers_and_barges_by_keys_and_the_call_outlives_its_phone() {
    let mut floor = Floor::open("*301001");
    floor.all_hear(LISTEN);
    for (key, wanted, mode) in [("2", WHISPER, "whisper"), ("3", BARGE, "barge"), ("1", LISTEN, "listen")] {
        floor.supervisor.press(key);
        floor.all_hear(wanted);
        assert_eq!(floor.mode().as_deref(), Some(mode));
    }
    floor.supervisor.press("3");
    floor.all_hear(BARGE);
    let Floor { mut customer, mut agent, supervisor, node } = floor;
    drop(supervisor);
    hear(&[(&customer, AGENT), (&agent, CUSTOMER)]);
    agent.hang_up();
    customer.ended();
    agent.ended();
    until("all to be over", || node.live().is_empty().then_some(()));
}

/// Issue 5: the agent is heard no more, and the customer talks on.
#[test]
fn a_supervisor_who_whispers_takes_the_call_over_by_a_key() {
    let mut floor = Floor::open("*311001");
    floor.all_hear(WHISPER);
    floor.supervisor.press("4");
    floor.agent.ended();
    hear(&[(&floor.customer, [false, false, true]), (&floor.supervisor, CUSTOMER)]);
    floor.customer.hang_up();
    floor.supervisor.ended();
}
