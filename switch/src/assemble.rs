//! The one file that knows every part: builds the node out of them, and takes it apart in order.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwap;
use base::media::MediaEvent;
use base::wire::Transport;
use base::{Mono, ShardId};
use call::{Shard, ShardConfig, ShardInput, ShardView};
use journal::{Journal, JournalConfig, SinkError};
use media_io::{MediaIo, MediaIoConfig};
use net::{ConnectionLimits, GuardConfig, Net, NetConfig, NetEvent, Origins, TlsSetup};
use peer::BindingChange;
use peer::guard::Roll;
use provision::Directory;
use route::Snapshot;
use store::{Store, StoreError};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle as Task;

use crate::clock::Clock;
use crate::config::{NodeConfig, SipConfig};
use crate::drive::{Driver, Ended};
use crate::edge::{Keeper, Neighbour, Resolving, Screen, ShardEdge};
use crate::entropy::OsEntropy;
use crate::hub::{Hub, HubParts, ShardHandle};
use crate::inbox::{Door, Inbox, InboxSender, Lane, inbox};
use crate::journaling::{Fill, Journaling};
use crate::media_side::MediaSide;
use crate::security::{Security, SecurityError};
use crate::{bindings, descriptors, guard, realm, resolve};

/// Cores for which one shard is enough, measured at some thousand messages a second each.
const CORES_PER_SHARD: usize = 4;
const MOST_SHARDS: usize = 16;
const MOST_WORKERS: usize = 64;
/// How often addresses are looked at again and ended registrations are removed from the store.
const HOUSEKEEPING: Duration = Duration::from_secs(60);
/// How often is looked whether the store answers.
const STORE_LOOK: Duration = Duration::from_secs(2);
/// How long the store may take at the end.
const LAST_WRITES: Duration = Duration::from_secs(5);

/// What a node is made of.
pub struct Parts {
    /// Its configuration.
    pub config: NodeConfig,
    /// The data folder, which this process holds.
    pub data: PathBuf,
    /// The store, open.
    pub store: Store,
    /// The SHA-256 of the token that commands on this machine use.
    pub local_token: Option<[u8; 32]>,
    /// The process's clock.
    pub clock: Clock,
}

/// Why a node could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A listener's address cannot be had.
    #[error(transparent)]
    Sip(#[from] net::StartError),
    /// A file of TLS cannot be used.
    #[error(transparent)]
    Security(#[from] SecurityError),
    /// No media.
    #[error("media: {0}")]
    Media(#[from] media_io::StartError),
    /// The web panel's address cannot be had.
    #[error("the web panel cannot listen on {address}: {source}")]
    Http {
        /// Which address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The journal cannot be read or written.
    #[error("journal: {0}")]
    Journal(io::Error),
    /// The store fails.
    #[error("store: {0}")]
    Store(#[from] StoreError),
    /// What is set up cannot be used.
    #[error("what is set up cannot be used: {key}: {reason}")]
    Setup {
        /// The entity at fault.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// The system gives no thread.
    #[error("no thread: {0}")]
    Thread(io::Error),
}

/// A running node.
pub struct Running {
    hub: Arc<Hub>,
    net: Net,
    http: SocketAddr,
    shards: Vec<JoinHandle<Ended>>,
    broken: watch::Receiver<bool>,
    web: Web,
    keeper: Task<()>,
    chores: Vec<Task<()>>,
    journal: Journal,
}

/// The web panel, from before SIP listens to the end.
struct Web {
    end: watch::Sender<bool>,
    task: Task<()>,
}

/// Builds and starts a node. Blocks; call it outside the runtime.
///
/// # Errors
/// When something it needs cannot be had; nothing runs then.
pub fn start(parts: Parts, runtime: &Handle) -> Result<Running, StartError> {
    let Parts { config, data, store, local_token, clock } = parts;
    descriptors::make_room(&config);
    let http = runtime.block_on(listen(config.http.listen))?;
    let address =
        http.local_addr().map_err(|source| StartError::Http { address: config.http.listen, source })?;
    let (web, front) = start_web(http, runtime);
    let (directory, snapshot, known) = runtime.block_on(stored(&store, clock))?;
    let realms = runtime.block_on(station_realms(&store, &config.sip.realm, &directory))?;
    let journal = open_journal(&data, &store, clock, runtime)?;

    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let inboxes: Vec<_> = (0..shards_for(cores)).map(|_| inbox::<ShardInput>()).collect();
    let (senders, inboxes): (Vec<_>, Vec<_>) = inboxes.into_iter().unzip();
    prime(&senders, &Arc::new(snapshot), &known);
    let media = Arc::new(start_media(&config, cores, clock, senders.clone())?);
    let security = Security::of(&config, &data);
    let setup = security.read(&directory)?;
    if let Some(identity) = &setup.identity {
        tracing::info!(fingerprint = identity.fingerprint(), "our certificate (SHA-256)");
    }
    let roll = guard::roll(&config, clock, &known);
    let doors = guard::doors(&config, clock, &roll, senders.clone());
    let (net, inboxes) = start_net(&config, setup, runtime, doors, senders.clone(), inboxes)?;

    let (changes, to_keep) = mpsc::channel(bindings::CHANGES);
    let (questions, asked) = mpsc::channel(resolve::QUESTIONS);
    let keeper = runtime.spawn(bindings::keep(store.clone(), to_keep));
    let mut nursery = Nursery {
        config: &config,
        clock,
        secret: OsEntropy::new().secret(),
        workers: media.workers(),
        senders: &senders,
        net: &net,
        media: &media,
        changes,
        questions,
        journal: &journal,
        roll,
        broken: watch::channel(false).0,
        handles: Vec::new(),
    };
    let shards = nursery.raise(inboxes)?;
    let broken = nursery.broken.subscribe();
    let handles = nursery.handles;

    let dns = {
        let _inside = runtime.enter();
        resolve::dns(&config.dns)
    };
    let hub = Arc::new(Hub::new(HubParts {
        name: config.node.name.clone(),
        clock,
        store: store.clone(),
        shards: handles,
        media,
        net: net.gauge(),
        dns: dns.clone(),
        security,
        directory,
        realms,
    }));
    front.open(webadmin::router(web_ports(&config, Arc::clone(&hub), local_token)));
    let chores = vec![
        runtime.spawn(resolve::serve(dns, asked)),
        runtime.spawn(keep_house(Arc::clone(&hub))),
        runtime.spawn(watch_store(Arc::clone(&hub))),
    ];
    Ok(Running { hub, net, http: address, shards, broken, web, keeper, chores, journal })
}

impl Running {
    /// The SIP listeners of a protocol as bound.
    #[must_use]
    pub fn sip(&self, transport: Transport) -> &[SocketAddr] {
        self.net.addresses(transport)
    }

    /// Where the web panel listens.
    #[must_use]
    pub fn http(&self) -> SocketAddr {
        self.http
    }

    /// The node's handles.
    #[must_use]
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// Resolves when a shard broke, so that the node must end.
    pub async fn broken(&self) {
        let mut broken = self.broken.clone();
        if broken.wait_for(|broken| *broken).await.is_err() {
            // Every shard has ended in order: nothing can break any more.
            std::future::pending::<()>().await;
        }
    }

    /// Ends every part in order: web, shards, network, media, and last what is still to be written. Blocks; call
    /// it outside the runtime.
    pub fn stop(self, runtime: &Handle) {
        self.web.end.send_replace(true);
        runtime.block_on(self.web.task).ok();
        self.hub.shards.iter().for_each(|shard| shard.inbox.stop());
        for shard in self.shards {
            if shard.join().is_err() {
                tracing::error!("a shard's thread had panicked");
            }
        }
        self.net.shutdown();
        self.chores.iter().for_each(Task::abort);
        let store = self.hub.store.clone();
        drop(self.hub);
        // The shards held the keeper's senders, so it ends once everything is written.
        let kept = async { tokio::time::timeout(LAST_WRITES, self.keeper).await };
        if runtime.block_on(kept).is_err() {
            tracing::warn!("the last changes of registrations could not be stored");
        }
        let unsettled = self.journal.finish(LAST_WRITES);
        if unsettled > 0 {
            tracing::warn!(calls = unsettled, "call records wait in the journal for the next start");
        }
        runtime.block_on(store.close());
    }
}

async fn listen(address: SocketAddr) -> Result<tokio::net::TcpListener, StartError> {
    tokio::net::TcpListener::bind(address).await.map_err(|source| StartError::Http { address, source })
}

async fn stored(
    store: &Store,
    clock: Clock,
) -> Result<(Arc<Directory>, Snapshot, Vec<BindingChange>), StartError> {
    let directory = Arc::new(store.load_directory().await?);
    let snapshot = Snapshot::build(Arc::clone(&directory)).map_err(|error| StartError::Setup {
        key: error.key.to_string(),
        reason: error.reason.to_string(),
    })?;
    let known = bindings::load(store, clock.now().wall).await?;
    Ok((directory, snapshot, known))
}

/// A changed realm is told once here; commands and the status page tell it until the passwords are set again.
async fn station_realms(
    store: &Store,
    name: &str,
    directory: &Directory,
) -> Result<realm::Realms, StartError> {
    let realms = realm::Realms::read(store, name, directory).await?;
    if let Some(stale) = realms.stale() {
        tracing::warn!("{stale}");
    }
    realms.keep(store).await?;
    Ok(realms)
}

fn open_journal(
    data: &std::path::Path,
    store: &Store,
    clock: Clock,
    runtime: &Handle,
) -> Result<Journal, StartError> {
    let config = JournalConfig::new(data.join("journal"));
    let recovered = journal::recover(&config.dir).map_err(StartError::Journal)?;
    let (store, runtime) = (store.clone(), runtime.clone());
    let sink = move |records: Vec<base::record::CallRecord>| {
        let stored = runtime.block_on(store.insert_calls(&records));
        stored.map(drop).map_err(|error| match error.is_transient() {
            true => SinkError::Later(error.to_string()),
            false => SinkError::Never(error.to_string()),
        })
    };
    Journal::start(config, recovered, move || clock.now(), sink).map_err(StartError::Journal)
}

/// What every shard must know before its first message: what is set up, and who is registered.
fn prime(senders: &[InboxSender<ShardInput>], snapshot: &Arc<Snapshot>, known: &[BindingChange]) {
    for sender in senders {
        let inputs = [ShardInput::Setup(Arc::clone(snapshot)), ShardInput::Bindings(known.to_vec())];
        for input in inputs {
            sender.room(Lane::Command).expect("an inbox begins empty").put(input);
        }
    }
}

fn start_media(
    config: &NodeConfig,
    cores: usize,
    clock: Clock,
    senders: Vec<InboxSender<ShardInput>>,
) -> Result<MediaIo, StartError> {
    let by_cores = u8::try_from(cores.clamp(1, MOST_WORKERS)).unwrap_or(1);
    let workers = if config.media.workers == 0 { by_cores } else { config.media.workers };
    let sink = move |shard: ShardId, event: MediaEvent| {
        let Some(inbox) = senders.get(usize::from(shard.0)) else { return Ok(()) };
        let Some(room) = inbox.room(Lane::Event) else { return Err(event) };
        room.put(ShardInput::Media(event));
        Ok(())
    };
    let ports = config.media.ports.first..=config.media.ports.last;
    let clock = Arc::new(move || clock.now());
    let bind = only_address(config);
    Ok(MediaIo::start(&MediaIoConfig { ports, workers, bind, clock }, Arc::new(sink))?)
}

/// The address of every SIP listener when they have one in common. SDP names it, so media has to come from it too
/// (RFC 4961), not from whichever of the machine's addresses the kernel would choose.
fn only_address(config: &NodeConfig) -> Option<IpAddr> {
    let SipConfig { udp, tcp, tls, ws, wss, .. } = &config.sip;
    let mut addresses = [udp, tcp, tls, ws, wss].into_iter().flatten().map(SocketAddr::ip);
    let first = addresses.next().filter(|ip| !ip.is_unspecified())?;
    addresses.all(|ip| ip == first).then_some(first)
}

/// A shard that is alone takes its datagrams in by itself: none of them has to wake a second thread.
fn start_net(
    config: &NodeConfig,
    security: TlsSetup,
    runtime: &Handle,
    guard: GuardConfig,
    senders: Vec<InboxSender<ShardInput>>,
    mut inboxes: Vec<Inbox<ShardInput>>,
) -> Result<(Net, Vec<Inbox<ShardInput>>), StartError> {
    let net = NetConfig {
        udp: config.sip.udp.clone(),
        tcp: config.sip.tcp.clone(),
        tls: config.sip.tls.clone(),
        ws: config.sip.ws.clone(),
        wss: config.sip.wss.clone(),
        security,
        origins: Origins::new(&config.sip.origins),
        external_ip: config.sip.external_ip,
        media_external_ip: config.media.external_ip,
        media_ip: only_address(config),
        shards: u8::try_from(senders.len()).unwrap_or(u8::MAX),
        connections: ConnectionLimits { strangers: descriptors::for_strangers(), ..Default::default() },
        guard,
    };
    let sink = move |shard: ShardId, event: NetEvent| {
        let Some(inbox) = senders.get(usize::from(shard.0)) else { return Ok(()) };
        let Some(room) = inbox.room(Lane::Net) else { return Err(event) };
        room.put(match event {
            NetEvent::Wire(inbound) => ShardInput::Wire(inbound),
            NetEvent::SendFailed { ticket } => ShardInput::SendFailed { ticket },
            NetEvent::Returned(quoted) => ShardInput::Returned(quoted),
            NetEvent::ConnProven(conn, proofs) => ShardInput::ConnProven(conn, proofs),
            NetEvent::ConnClosed(conn) => ShardInput::ConnClosed(conn),
        });
        Ok(())
    };
    let (runtime, sink) = (runtime.clone(), Arc::new(sink));
    if inboxes.len() > 1 {
        return Ok((Net::start(&net, runtime, sink)?, inboxes));
    }
    let (net, receiver, waker) = Net::start_without_thread(&net, runtime, sink)?;
    let alone = inboxes.pop().map(|inbox| inbox.at(Box::new(SipDoor(receiver)), waker));
    Ok((net, alone.into_iter().collect()))
}

/// The SIP sockets, for a shard that waits at them.
struct SipDoor(net::Receiver);

impl Door for SipDoor {
    fn sleep(&mut self, patience: Option<Duration>) -> io::Result<()> {
        self.0.sleep(patience)
    }

    fn take_in(&mut self) {
        self.0.take_in();
    }
}

/// Everything a shard's thread is made of.
struct Nursery<'a> {
    config: &'a NodeConfig,
    clock: Clock,
    secret: [u8; 32],
    workers: u8,
    senders: &'a [InboxSender<ShardInput>],
    net: &'a Net,
    media: &'a Arc<MediaIo>,
    changes: mpsc::Sender<BindingChange>,
    questions: mpsc::Sender<resolve::Asked>,
    journal: &'a Journal,
    roll: Arc<Roll>,
    broken: watch::Sender<bool>,
    handles: Vec<ShardHandle>,
}

impl Nursery<'_> {
    fn raise(&mut self, inboxes: Vec<Inbox<ShardInput>>) -> Result<Vec<JoinHandle<Ended>>, StartError> {
        let ids = (0..=u8::MAX).map(ShardId);
        ids.zip(inboxes).map(|(id, inbox)| self.shard(id, inbox)).collect()
    }

    fn shard(&mut self, id: ShardId, inbox: Inbox<ShardInput>) -> Result<JoinHandle<Ended>, StartError> {
        let picture = Arc::new(ArcSwap::from_pointee(ShardView::default()));
        let fill = Fill::default();
        let Some(sender) = self.senders.get(usize::from(id.0)) else { unreachable!("one sender per inbox") };
        let edge = self.edge(id, sender, &picture, &fill)?;
        self.handles.push(ShardHandle { inbox: sender.clone(), picture, journal_fill: fill });
        let now = self.clock.now();
        let shard =
            Shard::new(now, self.shard_config(id), Box::new(OsEntropy::new()), Box::new(self.net.locals()));
        let driver = Driver::new(shard, edge, self.clock, inbox);
        let broken = self.broken.clone();
        let run = move || {
            let ended = driver.run();
            if ended == Ended::Broken {
                broken.send_replace(true);
            }
            ended
        };
        std::thread::Builder::new().name(format!("shard-{}", id.0)).spawn(run).map_err(StartError::Thread)
    }

    fn edge(
        &self,
        id: ShardId,
        sender: &InboxSender<ShardInput>,
        picture: &Arc<ArcSwap<ShardView>>,
        fill: &Fill,
    ) -> Result<ShardEdge, StartError> {
        let writer = self.journal.writer(id).map_err(StartError::Journal)?;
        let others = self.senders.iter().enumerate().filter(|(other, _)| *other != usize::from(id.0));
        Ok(ShardEdge {
            journal: Journaling::new(writer, fill.clone()),
            net: self.net.sender(id),
            media: MediaSide::new(Arc::clone(self.media)),
            gossip: others.map(|(_, inbox)| Neighbour::new(inbox.clone())).collect(),
            keeper: Keeper::new(self.changes.clone()),
            resolver: Resolving::new(self.questions.clone(), sender.clone()),
            screen: Screen::new(Arc::clone(picture)),
            roll: Arc::clone(&self.roll),
            turned_at: Mono(0),
        })
    }

    fn shard_config(&self, shard: ShardId) -> ShardConfig {
        ShardConfig {
            shard,
            shards: u8::try_from(self.senders.len()).unwrap_or(u8::MAX),
            start: self.clock.now().wall,
            realm: self.config.sip.realm.clone(),
            user_agent: self.config.sip.user_agent.clone(),
            session_expires: self.config.sip.session_expires,
            min_se: self.config.sip.min_se,
            nonce_secret: self.secret,
            calls: self.config.limits.calls,
            calls_per_sec: self.config.limits.calls_per_sec,
            registrations: self.config.limits.registrations,
            media_ports: self.config.media.ports.first..=self.config.media.ports.last,
            workers: self.workers,
            edges: self.config.sip.edges.clone(),
        }
    }
}

/// Answers that the node starts until the front is opened. Ends when asked to, and with a start that fails.
fn start_web(listener: tokio::net::TcpListener, runtime: &Handle) -> (Web, webadmin::Front) {
    let (end, mut ended) = watch::channel(false);
    // An end that nobody can ask for any more has come.
    let until = async move { drop(ended.wait_for(|ended| *ended).await) };
    let (front, shown) = webadmin::front();
    let task = runtime.spawn(webadmin::serve(listener, shown, until));
    (Web { end, task }, front)
}

fn web_ports(config: &NodeConfig, hub: Arc<Hub>, local_token: Option<[u8; 32]>) -> webadmin::Ports {
    webadmin::Ports {
        store: hub.store.clone(),
        node: hub,
        realm: config.sip.realm.clone(),
        public_url: config.http.public_url.clone().unwrap_or_default(),
        local_token,
    }
}

async fn keep_house(hub: Arc<Hub>) {
    let mut rounds = tokio::time::interval(HOUSEKEEPING);
    loop {
        rounds.tick().await;
        hub.net.forget_routes();
        if let Err(error) = hub.store.remove_expired_bindings(hub.clock.now().wall).await {
            tracing::warn!(%error, "ended registrations stay in the store for now");
        }
    }
}

async fn watch_store(hub: Arc<Hub>) {
    let mut rounds = tokio::time::interval(STORE_LOOK);
    loop {
        rounds.tick().await;
        hub.look_at_store().await;
    }
}

fn shards_for(cores: usize) -> usize {
    (cores / CORES_PER_SHARD).clamp(1, MOST_SHARDS)
}
