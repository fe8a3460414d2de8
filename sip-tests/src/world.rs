//! Shards, agents, media and the network between them, under one seed and virtual time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base::dns::{Answer, Question, Record, RecordKind};
use base::fact::Fact;
use base::mail::{MailMessage, MailOrder};
use base::media::MediaEvent;
use base::testing::Seeded;
use base::wire::{ConnId, Flow, Inbound, Outbound, Target, Transport};
use base::{Machine, Mono, Now, ShardId, Wall};
use bytes::Bytes;
use call::{Gossip, Shard, ShardConfig, ShardInput, ShardOutput};
use phone::login::PhoneKey;
use provision::Directory;

use crate::ladder::Ladder;
use crate::net::{Addresses, ours, shard_of};
use crate::{Agent, Link, MediaSim, Msg, REALM};

/// The switch's address.
pub const SWITCH: &str = "192.0.2.1:5060";
/// Its IPv6 address.
pub const SWITCH6: &str = "[2001:db8::1]:5060";
pub(crate) const SHARDS: u8 = 3;

/// Everything that a test plays with.
#[derive(Debug)]
#[non_exhaustive]
pub struct World {
    /// What is set up; takes effect with [`set_up`](Self::set_up).
    pub directory: Directory,
    /// The shards of the switch.
    pub shards: Vec<Shard>,
    /// Phones, carriers and strangers.
    pub agents: Vec<Agent>,
    /// Their links, by agent.
    pub links: Vec<Link>,
    /// The media workers.
    pub media: MediaSim,
    /// All facts, in the order of the journal.
    pub facts: Vec<Fact>,
    /// Every message that the switch sent.
    pub sent: Vec<Msg>,
    /// What calls wanted of whoever keeps the messages.
    pub mail: Vec<MailOrder>,
    /// The messages of mailboxes, by number; of one that is not here they cannot be had.
    pub messages: BTreeMap<String, Vec<MailMessage>>,
    /// Contacts that were to be kept.
    pub bindings: Vec<peer::BindingChange>,
    /// Settings of stations that were to be kept.
    pub settings: Vec<(String, provision::StationSettings)>,
    /// What the doors were told.
    pub notices: Vec<peer::guard::Notice>,
    /// What host names resolve to.
    pub names: BTreeMap<String, Vec<IpAddr>>,
    /// Other records of the DNS, all with a lifetime of a minute; a question without any is answered that there is nothing.
    pub zone: Vec<(Question, Record)>,
    /// Nobody answers for the DNS.
    pub dns_down: bool,
    /// Everything asked of the DNS, in order.
    pub asked: Vec<Question>,
    pub(crate) now: Now,
    pub(crate) rng: Seeded,
    pub(crate) ladder: Ladder,
    pub(crate) conns: BTreeMap<usize, ConnId>,
    events: BinaryHeap<Reverse<(Mono, u64)>>,
    pending: BTreeMap<u64, Event>,
    sequence: u64,
    next_conn: u64,
}

#[derive(Debug)]
enum Event {
    ToSwitch(Inbound),
    ToAgent { agent: usize, from: SocketAddr, data: Bytes },
    Input { shard: usize, input: Box<ShardInput> },
}

impl World {
    /// An empty world with a switch of three shards.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::with(seed, |_config| {})
    }

    /// The same with a changed configuration of the shards.
    #[must_use]
    pub fn with(seed: u64, change: impl Fn(&mut ShardConfig)) -> Self {
        let now = Now { mono: Mono(0), wall: Wall(1_800_000_000_000_000) };
        let shards = (0..SHARDS).map(|shard| {
            let mut config = ShardConfig {
                shard: ShardId(shard),
                shards: SHARDS,
                start: now.wall,
                realm: REALM.to_owned(),
                user_agent: "Tandem".to_owned(),
                session_expires: 1_800,
                min_se: 90,
                nonce_secret: [7; 32],
                calls: 3_000,
                calls_per_sec: 3_000,
                registrations: 1_000,
                media_ports: 10_000..=49_999,
                workers: 2,
                language: "en".to_owned(),
                edges: Vec::new(),
                phone_key: PhoneKey::new([11; 32]),
            };
            change(&mut config);
            let entropy = Box::new(Seeded::new(seed.wrapping_mul(31).wrapping_add(shard.into())));
            Shard::new(now, config, entropy, Box::new(Addresses))
        });
        let mut world = Self {
            directory: Directory::default(),
            shards: shards.collect(),
            agents: Vec::new(),
            links: Vec::new(),
            media: MediaSim::default(),
            facts: Vec::new(),
            sent: Vec::new(),
            mail: Vec::new(),
            messages: BTreeMap::new(),
            bindings: Vec::new(),
            settings: Vec::new(),
            notices: Vec::new(),
            names: BTreeMap::new(),
            zone: Vec::new(),
            dns_down: false,
            asked: Vec::new(),
            now,
            rng: Seeded::new(seed ^ 0x0057_0311),
            ladder: Ladder::default(),
            conns: BTreeMap::new(),
            events: BinaryHeap::new(),
            pending: BTreeMap::new(),
            sequence: 0,
            next_conn: 1,
        };
        (0..world.shards.len()).for_each(|shard| world.drain_shard(shard));
        world.settle();
        world
    }

    /// Makes what is set up known to every shard.
    ///
    /// # Panics
    /// When the directory does not compile.
    pub fn set_up(&mut self) {
        let snapshot =
            Arc::new(route::Snapshot::build(Arc::new(self.directory.clone())).expect("a good directory"));
        for shard in 0..self.shards.len() {
            self.input(shard, ShardInput::Setup(snapshot.clone()));
        }
    }

    /// Gives one shard an input now.
    pub fn input(&mut self, shard: usize, input: ShardInput) {
        self.shards[shard].handle(self.now, input);
        self.drain_shard(shard);
    }

    /// Runs until nothing is on its way and no agent has a scripted step left; timers alone do not count.
    pub fn settle(&mut self) {
        while !self.events.is_empty() || self.agents.iter().any(Agent::is_busy) {
            self.step(None);
        }
    }

    /// Runs this long.
    pub fn run_for(&mut self, time: Duration) {
        let end = self.now.mono + time;
        while self.step(Some(end)) {}
        self.now = self.now.later(end.since(self.now.mono));
    }

    /// Lets so many things happen, each a message, a timer or a word between shards, but runs no longer than this.
    pub fn run_steps(&mut self, steps: u64, at_most: Duration) {
        let end = self.now.mono + at_most;
        for _ in 0..steps {
            if !self.step(Some(end)) {
                return;
            }
        }
    }

    /// The virtual time since the start.
    #[must_use]
    pub fn mono(&self) -> Mono {
        self.now.mono
    }

    fn step(&mut self, end: Option<Mono>) -> bool {
        let event = self.events.peek().map(|Reverse((at, _))| *at);
        let shard = self.shards.iter().enumerate().filter_map(|(i, s)| Some((s.deadline()?, i))).min();
        let agent = self.agents.iter().enumerate().filter_map(|(i, a)| Some((a.deadline()?, i))).min();
        let times = [event, shard.map(|(at, _)| at), agent.map(|(at, _)| at)];
        let Some(next) = times.into_iter().flatten().min() else { return false };
        if end.is_some_and(|end| next > end) {
            return false;
        }
        self.now = self.now.later(next.since(self.now.mono));
        if event == Some(next) {
            self.happen();
        } else if let Some((_, shard)) = shard.filter(|(at, _)| *at == next) {
            self.shards[shard].tick(self.now);
            self.drain_shard(shard);
        } else if let Some((_, agent)) = agent {
            self.agents[agent].tick(self.now.mono);
            self.drain_agent(agent);
        }
        true
    }

    fn happen(&mut self) {
        let Some(Reverse((_, sequence))) = self.events.pop() else { return };
        match self.pending.remove(&sequence) {
            Some(Event::ToSwitch(inbound)) => {
                let shard = shard_of(&inbound.data);
                self.input(shard, ShardInput::Wire(inbound));
            }
            Some(Event::ToAgent { agent, from, data }) => {
                self.agents[agent].receive(self.now.mono, from, Msg::read(&data));
                self.drain_agent(agent);
            }
            Some(Event::Input { shard, input }) => self.input(shard, *input),
            None => {}
        }
    }

    fn later(&mut self, by: Duration, event: Event) {
        self.sequence += 1;
        self.events.push(Reverse((self.now.mono + by, self.sequence)));
        self.pending.insert(self.sequence, event);
    }

    fn drain_shard(&mut self, shard: usize) {
        while let Some(output) = self.shards[shard].poll() {
            match output {
                ShardOutput::Fact(fact) => self.facts.push(fact),
                ShardOutput::Send(outbound) => self.send(shard, outbound),
                ShardOutput::Media(command) => {
                    if let Some((shard, event)) = self.media.command(command) {
                        self.tell_media(usize::from(shard.0), event);
                    }
                }
                ShardOutput::Binding(change) => self.bindings.push(change),
                ShardOutput::Settings { extension, settings } => self.settings.push((extension, settings)),
                ShardOutput::Mail(order) => self.mail_ordered(shard, order),
                ShardOutput::Notice(notice) => self.notices.push(notice),
                ShardOutput::Gossip(gossip) => self.gossip(shard, &gossip),
                ShardOutput::Post { to, post } => self.input_soon(usize::from(to.0), ShardInput::Post(post)),
                ShardOutput::Known(_) => {}
                ShardOutput::Resolve { question } => {
                    let answer = self.answer(&question);
                    self.asked.push(question.clone());
                    self.input_soon(shard, ShardInput::Resolved { question, answer });
                }
            }
        }
    }

    /// Who asks for messages gets them.
    fn mail_ordered(&mut self, shard: usize, order: MailOrder) {
        if let MailOrder::Read { call, mailbox } = &order {
            let messages = self.messages.get(mailbox).map(|messages| messages.clone().into());
            self.input_soon(shard, ShardInput::MailRead { call: *call, messages });
        }
        self.mail.push(order);
    }

    /// What the DNS says.
    fn answer(&self, question: &Question) -> Answer {
        if self.dns_down {
            return Answer::Failed;
        }
        let of_kind = |ip: &&IpAddr| match question.kind {
            RecordKind::A => ip.is_ipv4(),
            RecordKind::Aaaa => ip.is_ipv6(),
            RecordKind::Naptr | RecordKind::Srv => false,
        };
        let addresses = self.names.get(&question.name).into_iter().flatten().filter(of_kind);
        let others = self.zone.iter().filter(|(of, _)| of == question).map(|(_, record)| record.clone());
        let records: Vec<Record> = addresses.map(|ip| Record::Address(*ip)).chain(others).collect();
        match records.is_empty() {
            true => Answer::Nothing { ttl: None },
            false => Answer::Records { records, ttl: Duration::from_secs(60) },
        }
    }

    fn gossip(&mut self, from: usize, gossip: &Gossip) {
        for shard in (0..self.shards.len()).filter(|shard| *shard != from) {
            self.input_soon(shard, ShardInput::Gossip(gossip.clone()));
        }
    }

    /// Lets a media worker tell a shard something.
    pub fn tell_media(&mut self, shard: usize, event: MediaEvent) {
        self.input_soon(shard, ShardInput::Media(event));
    }

    pub(crate) fn input_soon(&mut self, shard: usize, input: ShardInput) {
        self.later(Duration::from_micros(50), Event::Input { shard, input: Box::new(input) });
    }

    fn send(&mut self, shard: usize, outbound: Outbound) {
        let Outbound { data, target, ticket } = outbound;
        self.check_sent(&data);
        let remote = target.remote();
        let reliable = target.transport().is_reliable();
        let found = self
            .agents
            .iter()
            .position(|agent| agent.addr == remote && agent.transport == target.transport());
        let Some(agent) = found.filter(|agent| self.is_reachable(*agent, &target)) else {
            self.ladder.note("switch", "nobody", &data, true);
            return self.input_soon(shard, ShardInput::SendFailed { ticket });
        };
        let arrivals = self.links[agent].arrivals(&mut self.rng, reliable);
        let name = self.agents[agent].name.clone();
        self.ladder.note("switch", &name, &data, arrivals.is_empty());
        for by in arrivals {
            self.later(by, Event::ToAgent { agent, from: ours(remote), data: data.clone() });
        }
    }

    /// A stream whose connection is closed is opened anew, unless nobody listens there; under TLS and WebSocket only
    /// towards somebody who must prove a name.
    fn is_reachable(&mut self, agent: usize, target: &Target) -> bool {
        if target.transport() == Transport::Udp {
            return true;
        }
        let known = self.conns.get(&agent).copied();
        let may_open = match target {
            Target::Peer { .. } => true,
            Target::Flow(flow) => flow.transport == Transport::Tcp || known.is_some() && flow.conn == known,
            Target::Addr { transport, .. } => *transport == Transport::Tcp,
        };
        if !may_open {
            return false;
        }
        if self.agents[agent].dead {
            return false;
        }
        let _conn = self.connection(agent);
        true
    }

    /// The agent's stream connection, opened if there is none.
    /// The connection of an agent that speaks by one, opened when there is none.
    pub fn connection(&mut self, agent: usize) -> ConnId {
        let next = &mut self.next_conn;
        *self.conns.entry(agent).or_insert_with(|| {
            *next += 1;
            ConnId(*next)
        })
    }

    pub(crate) fn drain_agent(&mut self, agent: usize) {
        for (to, data) in self.agents[agent].drain() {
            let (addr, transport) = (self.agents[agent].addr, self.agents[agent].transport);
            let conn = transport.is_connected().then(|| self.connection(agent));
            let arrivals = self.links[agent].arrivals(&mut self.rng, transport.is_reliable());
            let name = self.agents[agent].name.clone();
            self.ladder.note(&name, "switch", &data, arrivals.is_empty());
            for by in arrivals {
                let flow = Flow { transport, local: to, remote: addr, conn };
                self.later(by, Event::ToSwitch(Inbound { data: Bytes::from(data.clone()), flow }));
            }
        }
    }
}
