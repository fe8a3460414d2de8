//! The one file that knows every part: builds the node out of them.

mod chores;
mod error;
mod nursery;
mod running;
mod stored;
mod web;
mod wires;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use base::limits::RECORDING_ENTRIES;
use base::mail::MailState;
use call::ShardInput;
use media_io::Prompts;
use route::Snapshot;
use store::Store;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};

pub use self::error::StartError;
pub use self::running::Running;

use self::chores::{carry_mail, keep_house, watch_media, watch_store};
use self::nursery::Nursery;
use self::stored::{Known, keep_changes, keep_recordings, open_journal, phone_key, station_realms, stored};
use self::web::{Panel, open_panel, phone_desk, web_ports};
use self::wires::{start_media, start_net};
use crate::clock::Clock;
use crate::config::NodeConfig;
use crate::entropy::OsEntropy;
use crate::hub::{Hub, HubParts};
use crate::inbox::{InboxSender, Lane, inbox};
use crate::mail::{PostOffice, states};
use crate::security::Security;
use crate::{descriptors, guard, resolve};

/// Cores for which one shard is enough, measured at some thousand messages a second each.
const CORES_PER_SHARD: usize = 4;
const MOST_SHARDS: usize = 16;

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

/// Builds and starts a node. Blocks; call it outside the runtime.
///
/// # Errors
/// When something it needs cannot be had; nothing runs then.
pub fn start(parts: Parts, runtime: &Handle) -> Result<Running, StartError> {
    let Parts { config, data, store, local_token, clock } = parts;
    descriptors::make_room(&config);
    let Panel { mut web, front, address, secure, https } = open_panel(&config, runtime)?;
    let (directory, snapshot, known) = runtime.block_on(stored(&store, clock))?;
    let realms = runtime.block_on(station_realms(&store, &config.sip.realm, &directory))?;
    let phone_key = runtime.block_on(phone_key(&store))?;
    let journal = open_journal(&data, &store, clock, runtime)?;

    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let inboxes: Vec<_> = (0..shards_for(cores)).map(|_| inbox::<ShardInput>()).collect();
    let (senders, inboxes): (Vec<_>, Vec<_>) = inboxes.into_iter().unzip();
    let mail = runtime.block_on(states(&store))?;
    prime(&senders, &Arc::new(snapshot), &known, &mail);
    let office = PostOffice::new();
    let sounds = Prompts::start(Some(data.join("sounds"))).map_err(media_io::StartError::Worker)?;
    let (to_database, entries) = sync_channel(RECORDING_ENTRIES);
    let archive = config.recordings.archive(&data, cores, to_database);
    let media = start_media(&config, archive, cores, clock, Arc::clone(sounds.shelf()), senders.clone())?;
    let media = Arc::new(media);
    let recordings = keep_recordings(&media, &sounds, entries, (&store, clock, runtime), &office)?;
    let security = Security::of(&config, &data);
    let setup = security.read(&directory)?;
    if let Some(identity) = &setup.identity {
        tracing::info!(fingerprint = identity.fingerprint(), "our certificate (SHA-256)");
    }
    let roll = guard::roll(&config, clock, &known.bindings);
    let doors = guard::doors(&config, clock, &roll, senders.clone());
    let (net, inboxes) = start_net(&config, setup, runtime, doors, senders.clone(), inboxes)?;

    if let Some(secure) = secure {
        web.secure(secure, net.gauge(), runtime);
    }
    let desk = phone_desk(&config, phone_key.clone(), &net, https);
    let (kept, keeper) = keep_changes(&store, runtime);
    let (questions, asked) = mpsc::channel(resolve::QUESTIONS);
    let mut nursery = Nursery {
        config: &config,
        clock,
        secret: OsEntropy::new().secret(),
        phone_key: phone_key.clone(),
        workers: media.workers(),
        senders: &senders,
        net: &net,
        media: &media,
        kept,
        post: office.words.clone(),
        questions,
        journal: &journal,
        roll,
        broken: watch::channel(false).0,
        handles: Vec::new(),
    };
    let shards = nursery.raise(inboxes)?;
    let (breaks, broken) = (nursery.broken.clone(), nursery.broken.subscribe());
    let handles = nursery.handles;

    let dns = start_dns(&config, runtime);
    let hub = Arc::new(Hub::new(HubParts {
        name: config.node.name.clone(),
        clock,
        store: store.clone(),
        shards: handles,
        library: media.library(),
        post: office.words.clone(),
        language: config.node.language.clone(),
        media,
        sounds,
        net: net.gauge(),
        dns: dns.clone(),
        security,
        directory,
        realms,
    }));
    front.open(webadmin::router(web_ports(&config, Arc::clone(&hub), local_token, desk)));
    let mut chores = carry_mail(office, &config, &hub, senders, runtime);
    chores.extend([
        runtime.spawn(resolve::serve(dns, asked)),
        runtime.spawn(keep_house(Arc::clone(&hub))),
        runtime.spawn(watch_store(Arc::clone(&hub))),
        runtime.spawn(watch_media(Arc::clone(&hub), breaks)),
    ]);
    Ok(Running { hub, net, http: address, https, shards, broken, web, keeper, recordings, chores, journal })
}

fn start_dns(config: &NodeConfig, runtime: &Handle) -> Option<Arc<net::Dns>> {
    let _inside = runtime.enter();
    resolve::dns(&config.dns)
}

/// What every shard must know before its first message: what is set up, and who is registered.
fn prime(
    senders: &[InboxSender<ShardInput>],
    snapshot: &Arc<Snapshot>,
    known: &Known,
    mail: &[(Arc<str>, Arc<MailState>)],
) {
    for sender in senders {
        let inputs = [
            ShardInput::Setup(Arc::clone(snapshot)),
            ShardInput::Bindings(known.bindings.clone()),
            ShardInput::Settings(known.settings.clone()),
            ShardInput::Mailboxes(mail.to_vec()),
        ];
        for input in inputs {
            sender.room(Lane::Command).expect("an inbox begins empty").put(input);
        }
    }
}

fn shards_for(cores: usize) -> usize {
    (cores / CORES_PER_SHARD).clamp(1, MOST_SHARDS)
}
