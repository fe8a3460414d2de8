//! What a test has agents and operators do.

use std::time::Duration;

use base::Mono;
use call::{ShardCommand, ShardInput};

use crate::scene::Line;
use crate::{Agent, Reply, World};

impl World {
    /// Lets an agent do something now, and sends what comes of it.
    pub fn with_agent<T>(&mut self, agent: usize, act: impl FnOnce(&mut Agent, Mono) -> T) -> T {
        let result = act(&mut self.agents[agent], self.now.mono);
        self.drain_agent(agent);
        result
    }

    /// Registers a phone for an hour and waits for the answer.
    ///
    /// # Panics
    /// When it is not registered.
    pub fn register(&mut self, phone: usize) {
        self.with_agent(phone, |agent, now| agent.register(now, 3_600));
        self.settle();
        let last = self.agents[phone].results.last().cloned();
        assert_eq!(last, Some(("REGISTER".to_owned(), 200)), "{}", self.agents[phone].name);
    }

    /// Sets everything up, registers these phones, and begins the ladder anew.
    pub fn open(&mut self, phones: &[usize]) {
        self.set_up();
        phones.iter().for_each(|phone| self.register(*phone));
        self.forget_ladder();
    }

    /// Calls a number, as its name: an extension, or a carrier's subscriber.
    pub fn dial(&mut self, agent: usize, dialled: &str) -> Line {
        self.dial_as(agent, None, dialled, true, &[])
    }

    /// Calls a number with this caller, with or without an offer, and with these header lines.
    pub fn dial_as(
        &mut self,
        agent: usize,
        caller: Option<&str>,
        dialled: &str,
        with_offer: bool,
        headers: &[String],
    ) -> Line {
        let caller = caller.map_or_else(|| self.agents[agent].name.clone(), str::to_owned);
        let talk = self.with_agent(agent, |it, now| it.dial(now, &caller, dialled, with_offer, headers));
        Line { agent, talk }
    }

    /// An INFO with these lines inside a call; the status it gets.
    pub fn info(&mut self, line: Line, lines: &str, body: &str) -> u16 {
        self.ask_within(line, "INFO", lines, body);
        self.settle();
        self.agents[line.agent].results.last().map_or(0, |(_, status)| *status)
    }

    /// Leads a call on: REFER to a number.
    pub fn refer(&mut self, line: Line, to: &str) {
        self.ask_within(line, "REFER", &format!("Refer-To: <sip:{to}@192.0.2.1>\r\n"), "");
    }

    /// Leads one call on to the far end of another of the same phone: REFER with Replaces (RFC 5589 §7).
    pub fn refer_to_line(&mut self, line: Line, other: Line) {
        let talk = self.talk(other);
        let (ours, theirs) = (talk.local_tag.clone(), talk.remote_tag.clone());
        let call_id = talk.call_id.replace('@', "%40");
        let replaces = format!("{call_id}%3Bto-tag%3D{theirs}%3Bfrom-tag%3D{ours}");
        let lines = format!("Refer-To: <sip:whoever@192.0.2.1?Replaces={replaces}>\r\n");
        self.ask_within(line, "REFER", &lines, "");
    }

    /// Sends a request with these lines inside a call.
    pub fn ask_within(&mut self, line: Line, method: &str, lines: &str, body: &str) {
        let number = self.agents[line.agent].count_on(line.talk);
        let talk = self.talk(line).clone();
        let (from, to) = talk.ends();
        let text = format!(
            "{method} sip:tandem@192.0.2.1:5060 SIP/2.0\r\n{{via}}\r\nMax-Forwards: 70\r\nFrom: {from}\r\nTo: {to}\r\n\
             Call-ID: {}\r\nContact: <sip:{}>\r\nCSeq: {number} {method}\r\n{lines}Content-Length: {}\r\n\r\n{body}",
            talk.call_id,
            self.agents[line.agent].addr,
            body.len()
        );
        self.with_agent(line.agent, |agent, now| agent.ask(now, method, &text));
    }

    /// Calls and waits until both have answered: the two sides.
    ///
    /// # Panics
    /// When the call is not up at both ends.
    pub fn connect(&mut self, from: usize, dialled: &str, to: usize) -> (Line, Line) {
        let caller = self.dial(from, dialled);
        self.settle();
        let callee = self.incoming(to);
        assert!(self.talk(caller).is_up() && self.talk(callee).is_up(), "not up:\n{}", self.ladder());
        (caller, callee)
    }

    /// Lets the callee answer with this status and no body.
    pub fn say(&mut self, line: Line, status: u16) {
        self.reply(line, Reply { status, ..Reply::default() });
    }

    /// Lets the callee answer with this status and its body.
    pub fn say_with_body(&mut self, line: Line, status: u16) {
        let body = self.body_for(line);
        self.reply(line, Reply { status, body, ..Reply::default() });
    }

    /// Lets the callee answer as described.
    pub fn reply(&mut self, line: Line, reply: Reply) {
        self.with_agent(line.agent, |agent, now| agent.respond(now, line.talk, reply));
    }

    /// The body an agent would send now.
    #[must_use]
    pub fn body_for(&self, line: Line) -> String {
        self.agents[line.agent].own_body(line.talk)
    }

    /// Hangs up at one end.
    pub fn bye(&mut self, line: Line) {
        self.with_agent(line.agent, |agent, now| agent.bye(now, line.talk));
    }

    /// Takes the INVITE back.
    pub fn cancel(&mut self, line: Line) {
        self.with_agent(line.agent, |agent, now| agent.cancel(now, line.talk));
    }

    /// Offers anew from one end.
    pub fn reinvite(&mut self, line: Line, direction: &'static str) {
        self.with_agent(line.agent, |agent, now| agent.reinvite(now, line.talk, direction));
    }

    /// Offers anew from one end, by UPDATE.
    pub fn update(&mut self, line: Line, direction: &'static str) {
        self.with_agent(line.agent, |agent, now| agent.update(now, line.talk, direction));
    }

    /// Lets agents say that they take UPDATE and reliable provisional responses.
    pub fn able(&mut self, agents: &[usize]) {
        for agent in agents {
            self.agents[*agent].abilities = abilities();
        }
    }

    /// Closes an agent's stream connection, as the switch sees it.
    pub fn close_connection(&mut self, agent: usize) {
        assert!(self.agents[agent].transport.is_connected(), "only streams have connections");
        if let Some(conn) = self.conns.remove(&agent) {
            (0..self.shards.len()).for_each(|shard| self.input(shard, ShardInput::ConnClosed(conn)));
        }
    }

    /// The calls of all shards, as pages show them.
    #[must_use]
    pub fn live_calls(&self) -> Vec<call::CallView> {
        self.shards.iter().flat_map(|shard| shard.view(self.now).calls).collect()
    }

    /// Tells every shard the same.
    pub fn command(&mut self, command: ShardCommand) {
        (0..self.shards.len()).for_each(|shard| self.input(shard, ShardInput::Command(command)));
    }

    /// Hangs up every call that agents think is up, and waits until all is over.
    pub fn end_all(&mut self) {
        for agent in 0..self.agents.len() {
            for talk in 0..self.agents[agent].talks.len() {
                self.bye(Line { agent, talk });
            }
            self.settle();
        }
        self.run_for(Duration::from_secs(1));
    }
}

/// The header lines of a phone that takes UPDATE and reliable provisional responses.
#[must_use]
pub fn abilities() -> Vec<String> {
    ["Allow: INVITE, ACK, CANCEL, BYE, PRACK, UPDATE", "Supported: 100rel"].map(str::to_owned).to_vec()
}
