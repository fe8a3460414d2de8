//! What a node remembers: its setup, registrations and realms out of the store, and the journal of its calls.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread::JoinHandle;

use journal::{Journal, JournalConfig, SinkError};
use media_io::recordings::Entry;
use media_io::{MediaIo, Prompts};
use peer::BindingChange;
use phone::login::PhoneKey;
use provision::Directory;
use route::Snapshot;
use store::Store;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::StartError;
use crate::clock::Clock;
use crate::mail::PostOffice;
use crate::recordings::Keeper;
use crate::{bindings, reach, realm};

/// What shards knew when the last process ended.
pub(super) struct Known {
    pub(super) bindings: Vec<BindingChange>,
    pub(super) settings: Vec<reach::Change>,
}

/// The way to those who keep what shards change.
pub(super) struct Kept {
    pub(super) bindings: mpsc::Sender<BindingChange>,
    pub(super) settings: mpsc::Sender<reach::Change>,
}

/// Starts the task that writes the shards' changes until no shard is left.
pub(super) fn keep_changes(store: &Store, runtime: &Handle) -> (Kept, tokio::task::JoinHandle<()>) {
    let (bindings, registered) = mpsc::channel(bindings::CHANGES);
    let (settings, changed) = mpsc::channel(reach::CHANGES);
    let store = store.clone();
    let keeper = runtime.spawn(async move {
        tokio::join!(bindings::keep(store.clone(), registered), reach::keep(store, changed));
    });
    (Kept { bindings, settings }, keeper)
}

pub(super) async fn stored(
    store: &Store,
    clock: Clock,
) -> Result<(Arc<Directory>, Snapshot, Known), StartError> {
    let directory = Arc::new(store.load_directory().await?);
    let snapshot = Snapshot::build(Arc::clone(&directory)).map_err(|error| StartError::Setup {
        key: error.key.to_string(),
        reason: error.reason.to_string(),
    })?;
    let bindings = bindings::load(store, clock.now().wall).await?;
    let known = Known { bindings, settings: reach::load(store).await? };
    Ok((directory, snapshot, known))
}

/// A changed realm is told once here; commands and the status page tell it until the passwords are set again.
pub(super) async fn station_realms(
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

/// Where the store keeps what phones' secrets are derived from.
const PHONE_KEY: &str = "phone_key";

/// The key of phones' secrets, drawn at the first start. It lies beside what is set up, since a phone is of no use with
/// either alone.
pub(super) async fn phone_key(store: &Store) -> Result<PhoneKey, StartError> {
    let drawn = webadmin::auth::random().map_err(StartError::Randomness)?;
    let kept = store.meta_or(PHONE_KEY, &drawn).await?;
    Ok(PhoneKey::new(webadmin::auth::digest(&kept)))
}

pub(super) fn open_journal(
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

/// Starts the thread that enters closed recordings in the store and deletes what need not be kept. What is played of
/// mailboxes comes from the same files.
pub(super) fn keep_recordings(
    media: &MediaIo,
    sounds: &Prompts,
    entries: Receiver<Entry>,
    (store, clock, runtime): (&Store, Clock, &Handle),
    office: &PostOffice,
) -> Result<Option<JoinHandle<()>>, StartError> {
    let Some(library) = media.library() else { return Ok(None) };
    sounds.read_mail_from(library.clone());
    let (store, runtime, post) = (store.clone(), runtime.clone(), office.words.clone());
    Keeper { library, store, clock, runtime, post }.start(entries).map(Some).map_err(StartError::Thread)
}
