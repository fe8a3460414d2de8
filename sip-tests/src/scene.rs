//! Who takes part, and how a test looks at them.

use std::net::SocketAddr;

use base::Cause;
use base::wire::Transport;

use crate::net::ours;
use crate::plan;
use crate::{Agent, Link, State, Talk, World};

/// One call as one agent has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Whose.
    pub agent: usize,
    /// Which of its calls.
    pub talk: usize,
}

impl World {
    /// An agent nobody at the switch knows.
    pub fn agent(&mut self, name: &str, addr: &str, transport: Transport) -> usize {
        let addr: SocketAddr = addr.parse().expect("an address with a port");
        self.agents.push(Agent::new(name, addr, transport, ours(addr)));
        self.links.push(Link::GOOD);
        self.agents.len() - 1
    }

    /// A carrier and the trunk to it.
    pub fn trunk(&mut self, name: &str) -> usize {
        let addr = format!("198.51.100.{}:5060", 10 + self.agents.len());
        self.trunk_at(name, &addr, Transport::Udp)
    }

    /// A carrier at this address and the trunk to it.
    pub fn trunk_at(&mut self, name: &str, addr: &str, transport: Transport) -> usize {
        let agent = self.agent(name, addr, transport);
        self.directory.put(plan::trunk(name, self.agents[agent].addr, transport));
        agent
    }

    /// A phone and its station, not yet registered. Its password is `secret`.
    pub fn phone(&mut self, extension: &str) -> usize {
        let addr = format!("203.0.113.{}:5060", 10 + self.agents.len());
        self.phone_at(extension, &addr, Transport::Udp)
    }

    /// A phone at this address; the same extension may have several.
    pub fn phone_at(&mut self, extension: &str, addr: &str, transport: Transport) -> usize {
        let agent = self.agent(extension, addr, transport);
        self.agents[agent].password = Some("secret".to_owned());
        self.directory.put(plan::station(extension, "secret"));
        agent
    }

    /// A number and where it leads.
    pub fn number(&mut self, did: &str, to: &str) {
        plan::number(&mut self.directory, did, to);
    }

    /// A dial rule.
    pub fn rule(&mut self, pattern: &str, trunks: &[&str]) {
        plan::rule(&mut self.directory, pattern, trunks);
    }

    /// Changes a trunk as it is set up.
    ///
    /// # Panics
    /// When there is no such trunk.
    pub fn edit_trunk(&mut self, name: &str, change: impl FnOnce(&mut provision::Trunk)) {
        change(self.directory.trunks.get_mut(name).expect("a trunk of this name"));
    }

    /// What an agent knows of a call.
    #[must_use]
    pub fn talk(&self, line: Line) -> &Talk {
        &self.agents[line.agent].talks[line.talk]
    }

    /// Where a call stands, as its agent sees it.
    #[must_use]
    pub fn state(&self, line: Line) -> State {
        self.talk(line).state
    }

    /// Whether a re-INVITE of the switch waits for the agent's answer.
    #[must_use]
    pub fn is_asked(&self, line: Line) -> bool {
        self.talk(line).asked.is_some()
    }

    /// The latest call that came in at an agent.
    ///
    /// # Panics
    /// When none came.
    #[must_use]
    pub fn incoming(&self, agent: usize) -> Line {
        let talks = &self.agents[agent].talks;
        let talk = talks.iter().rposition(|talk| talk.role == crate::Role::Callee);
        Line { agent, talk: talk.unwrap_or_else(|| panic!("no call came to {}", self.agents[agent].name)) }
    }

    /// Whether two agents hear each other.
    #[must_use]
    pub fn hear_each_other(&self, one: Line, other: Line) -> bool {
        self.media.are_joined(self.talk(one).media, self.talk(other).media)
    }

    /// The ladder so far.
    #[must_use]
    pub fn ladder(&self) -> String {
        self.ladder.text()
    }

    /// Begins the ladder anew: what was said so far is not of interest.
    pub fn forget_ladder(&mut self) {
        self.ladder.clear();
    }
}

/// A carrier, a phone registered as 1001, the number +4930123 that rings it, and a rule that sends numbers
/// with a leading 0 to the carrier.
#[must_use]
pub fn office(seed: u64) -> (World, usize, usize) {
    let mut world = World::new(seed);
    let carrier = world.trunk("carrier");
    let phone = world.phone("1001");
    world.number("+4930123", "station:1001");
    world.rule("^0", &["carrier"]);
    world.open(&[phone]);
    (world, carrier, phone)
}

/// The agent hangs up, and nothing is left of the only call.
///
/// # Panics
/// When something is, or when the call did not end as calls do.
pub fn over(mut world: World, line: Line) {
    world.bye(line);
    world.settle();
    world.assert_clean();
    assert_eq!(world.ending().0, Cause::Normal);
}
