//! One shard: its calls, its transactions, and the tables that find a call for a message.

mod admit;
mod aim;
mod apply;
mod digest;
mod dispatch;
mod doorstep;
mod features;
mod floor;
mod lamps;
mod lasts;
mod letters;
mod notifying;
mod options;
mod packages;
mod presence;
mod reach;
mod reginfo;
mod register;
mod rejoin;
mod slots;
mod subscribing;
mod subscriptions;
mod texts;
mod trunks;
mod turn;
mod unasked;
mod views;
mod way;
mod within;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use base::mail::MailState;
use base::wire::{ConnId, Locals, Proof};
use base::{CallId, CallIds, Entropy, LegId, Machine, Mono, Now, PortId, ShardId};
use peer::guard::{Bans, Entry};
use peer::{PeerAt, Registrar, Trunks};
use phone::floor::Floor;
use provision::Settings;
use route::Snapshot;
use sip::auth::Nonces;
use sip::{ClientId, ServerId, Stack, StackConfig};

use crate::act::Purpose;
use crate::call::{Call, CallInput};
use crate::gate::Gate;
use crate::io::{ShardCommand, ShardConfig, ShardInput, ShardOutput};
use crate::lines::Lines;
use crate::pins::Pins;
use crate::ports::Ports;
use crate::rooms::Rooms;
use crate::trails::Trails;
pub(crate) use admit::words;
use digest::Nobody;
use lasts::Lasts;
pub(crate) use letters::Came;
use letters::Moved;
pub use letters::{Late, Post};
pub use slots::SlotPost;
use subscriptions::{SubscriptionId, Subscriptions};
use texts::Text;
use trunks::Registration;

/// How long the doors know somebody whose password was right; registrations are renewed sooner.
const KNOWN_FOR: Duration = Duration::from_secs(2 * 3_600);

/// A shard of the switch, as a machine.
pub struct Shard {
    config: ShardConfig,
    entropy: Box<dyn Entropy>,
    locals: Box<dyn Locals>,
    stack: Stack,
    ids: CallIds,
    ports: Ports,
    lines: Lines,
    trails: Trails,
    pins: Pins,
    rooms: Rooms,
    floor: Floor,
    /// Calls that want to know what changes on a line.
    watched: BTreeMap<Box<str>, BTreeSet<CallId>>,
    lasts: Lasts,
    gate: Gate,
    nonces: Nonces,
    nobody: Nobody,
    bans: Bans,
    /// Addresses of trunks the doors were told of, and when.
    trunks_seen: HashMap<IpAddr, Mono>,
    /// What stands on the doors' roll for good: addresses of trunks, emergency numbers.
    standing: BTreeSet<Entry>,
    routes: Arc<Snapshot>,
    registrar: Registrar,
    trunks: Trunks,
    /// What people have said about how calls reach them.
    settings: Arc<Settings>,
    calls: HashMap<CallId, Slot>,
    /// Calls in the order in which they began, for views and for ending all.
    order: BTreeSet<CallId>,
    deadlines: BTreeSet<(Mono, CallId)>,
    dialogs: HashMap<DialogKey, (CallId, LegId)>,
    clients: HashMap<ClientId, Asker>,
    /// INVITE transactions of ours to answer, for CANCEL and for ACKs that never come.
    servers: HashMap<ServerId, CallId>,
    open_ports: HashMap<PortId, CallId>,
    registrations: BTreeMap<String, Registration>,
    subscriptions: Subscriptions,
    moved: Moved,
    /// Slots that are taken, kept by the owner alone.
    slots: BTreeMap<u32, CallId>,
    /// The call whose acts are carried out just now.
    turning: Option<CallId>,
    /// What is in the mailboxes, by number; one that is not here is empty.
    mailboxes: BTreeMap<Arc<str>, Arc<MailState>>,
    /// Who has shown a certificate, by connection.
    proofs: HashMap<ConnId, Arc<[Proof]>>,
    /// Connections that something has come by and that are open; the node's descriptors bound them.
    streams: HashSet<ConnId>,
    told_usage: BTreeMap<String, u32>,
    /// Calls with requests that wait for the DNS.
    waiting: BTreeSet<CallId>,
    texts: HashMap<u64, Text>,
    next_text: u64,
    later: VecDeque<(CallId, CallInput)>,
    outputs: VecDeque<ShardOutput>,
    counters: BTreeMap<&'static str, u64>,
    /// Finished calls by the word of their cause.
    endings: BTreeMap<&'static str, u64>,
}

/// A call and what the tables hold for it.
struct Slot {
    call: Box<Call>,
    keys: Vec<DialogKey>,
    clients: Vec<(ClientId, LegId, Purpose)>,
    servers: Vec<ServerId>,
    ports: Vec<PortId>,
    deadline: Option<Mono>,
    /// Requests that wait for the DNS; hardly ever any.
    held: Option<Box<aim::Held>>,
}

/// Call-ID and our tag.
type DialogKey = (Box<str>, Box<str>);

/// Who waits for the answer to a request of ours.
#[derive(Debug)]
enum Asker {
    Call {
        call: CallId,
        leg: LegId,
        purpose: Purpose,
    },
    /// A leg that has gone to another shard since.
    Away {
        call: CallId,
        leg: LegId,
        purpose: Purpose,
    },
    Probe {
        trunk: String,
        at: PeerAt,
    },
    Register {
        trunk: String,
        at: PeerAt,
        challenges: u8,
    },
    Text {
        text: u64,
    },
    Notify {
        id: SubscriptionId,
    },
    Nobody,
}

impl std::fmt::Debug for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shard").field("shard", &self.config.shard).field("calls", &self.calls.len()).finish()
    }
}

impl Shard {
    /// A shard without calls; nothing is set up until `ShardInput::Setup`.
    #[must_use]
    pub fn new(
        now: Now,
        config: ShardConfig,
        mut entropy: Box<dyn Entropy>,
        locals: Box<dyn Locals>,
    ) -> Self {
        let stack_config = StackConfig { user_agent: config.user_agent.clone(), ..StackConfig::default() };
        let is_owner = config.shard == ShardId(0);
        let mut shard = Self {
            stack: Stack::new(stack_config, &mut *entropy),
            ids: CallIds::new(config.shard, config.start),
            ports: Ports::new(config.shard, config.workers),
            lines: Lines::default(),
            trails: Trails::default(),
            pins: Pins::default(),
            rooms: Rooms::default(),
            floor: Floor::default(),
            watched: BTreeMap::new(),
            lasts: Lasts::default(),
            gate: Gate::new(now.mono, config.calls, config.calls_per_sec, config.shards),
            nonces: Nonces::new(config.nonce_secret),
            nobody: Nobody::new(&mut *entropy),
            bans: Bans::new(),
            trunks_seen: HashMap::new(),
            standing: BTreeSet::new(),
            routes: Arc::new(Snapshot::default()),
            registrar: Registrar::new(config.registrations),
            trunks: Trunks::new(is_owner, locals.listens(), &mut *entropy),
            settings: Arc::default(),
            calls: HashMap::new(),
            order: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            dialogs: HashMap::new(),
            clients: HashMap::new(),
            servers: HashMap::new(),
            open_ports: HashMap::new(),
            registrations: BTreeMap::new(),
            subscriptions: Subscriptions::default(),
            moved: Moved::default(),
            slots: BTreeMap::new(),
            turning: None,
            mailboxes: BTreeMap::new(),
            proofs: HashMap::new(),
            streams: HashSet::new(),
            told_usage: BTreeMap::new(),
            waiting: BTreeSet::new(),
            texts: HashMap::new(),
            next_text: 0,
            later: VecDeque::new(),
            outputs: VecDeque::new(),
            counters: BTreeMap::new(),
            endings: BTreeMap::new(),
            config,
            entropy,
            locals,
        };
        shard.refill(now);
        shard
    }

    /// Whether this shard registers phones and speaks for the trunks.
    fn is_owner(&self) -> bool {
        self.config.shard == ShardId(0)
    }

    fn count(&mut self, what: &'static str) {
        *self.counters.entry(what).or_insert(0) += 1;
    }

    fn refill(&mut self, now: Now) {
        self.ports.refill(now.mono, |command| self.outputs.push_back(ShardOutput::Media(command)));
    }

    fn command(&mut self, now: Now, command: ShardCommand) {
        match command {
            ShardCommand::HangUp { call } => {
                self.turn(now, call, CallInput::HangUp { cause: base::Cause::Operator });
            }
            ShardCommand::Drain => self.gate.draining = true,
            ShardCommand::EndAll => {
                self.gate.draining = true;
                for call in self.order.iter().copied().collect::<Vec<_>>() {
                    self.turn(now, call, CallInput::HangUp { cause: base::Cause::Draining });
                }
                self.end_subscriptions(now);
                self.unregister_trunks(now);
            }
            ShardCommand::JournalFull(full) => self.gate.journal_full = full,
        }
    }
}

impl Machine for Shard {
    type Input = ShardInput;
    type Output = ShardOutput;

    fn handle(&mut self, now: Now, input: ShardInput) {
        match input {
            ShardInput::Wire(inbound) => {
                self.streams.extend(inbound.flow.conn);
                if let Some(inbound) = self.forwarded(inbound) {
                    self.received(now, inbound);
                }
            }
            ShardInput::Lift(place) => self.lift(now, &place),
            ShardInput::SendFailed { ticket } => self.stack.transport_failed(now, ticket),
            ShardInput::ConnProven(conn, proofs) => drop(self.proofs.insert(conn, proofs)),
            ShardInput::Returned(quoted) => self.stack.returned(now, &quoted),
            ShardInput::ConnClosed(conn) => {
                self.proofs.remove(&conn);
                self.streams.remove(&conn);
                self.registrar.flow_closed(conn);
            }
            ShardInput::Media(event) => {
                if let Some(event) = self.forwarded_media(event) {
                    self.media(now, event);
                }
            }
            ShardInput::Setup(routes) => {
                self.trunks.configure(now, routes.trunks());
                self.routes = routes;
                self.tell_doors(now);
            }
            ShardInput::Bindings(changes) => {
                changes.into_iter().for_each(|change| self.registrar.apply(change))
            }
            ShardInput::Settings(known) => self.know_settings(known),
            ShardInput::Reach { extension, changes } => self.change_reach(now, &extension, &changes),
            ShardInput::Post(post) => self.posted(now, post),
            ShardInput::Gossip(gossip) => self.heard_gossip(now, gossip),
            ShardInput::Resolved { question, answer } => {
                self.trunks.answered(now, &question, answer);
                self.release_held(now);
                self.tell_doors(now);
            }
            ShardInput::Mail { mailbox, state } => self.mail_changed(now, mailbox, state),
            ShardInput::Mailboxes(all) => self.mail_is(now, all),
            ShardInput::MailRead { call, messages } => self.turn(now, call, CallInput::Mail(messages)),
            ShardInput::Order { call, order } => self.turn(now, call, CallInput::Order(order)),
            ShardInput::Room { conference, order } => self.order_in(&conference, order),
            ShardInput::Command(command) => self.command(now, command),
        }
        self.work(now);
    }

    fn tick(&mut self, now: Now) {
        self.stack.tick(now);
        self.registrar.tick(now);
        self.trunks.tick(now);
        while let Some((at, call)) = self.deadlines.first().copied().filter(|(at, _)| *at <= now.mono) {
            self.deadlines.remove(&(at, call));
            self.tick_call(now, call);
        }
        self.work(now);
    }

    fn poll(&mut self) -> Option<ShardOutput> {
        self.outputs.pop_front()
    }

    fn deadline(&self) -> Option<Mono> {
        let call = self.deadlines.first().map(|(at, _)| *at);
        let subscriptions = self.subscriptions.deadline();
        [call, subscriptions, self.stack.deadline(), self.registrar.deadline(), self.trunks.deadline()]
            .into_iter()
            .flatten()
            .min()
    }
}
