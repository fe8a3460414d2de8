//! The running node as the web layer and the supervisor see it: pictures of the shards, commands to them.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use base::mail::GreetingKind;
use base::{CallId, CallIds, CallOrder, Now, RoomOrder, ShardId, Wall};
use call::{ShardCommand, ShardInput, ShardView};
use media_io::recordings::Library;
use media_io::{MediaIo, Prompts, TapEnd};
use net::{Dns, NetGauge};
use peer::guard::Place;
use provision::{Change, Directory, Entity, Mailbox, Plan, Settings, SettingsChange};
use route::Snapshot;
use sounds::shelf::{Levelling, UploadFault};
use store::Store;
use tokio::sync::{Semaphore, mpsc};
use webadmin::view::Live;
use webadmin::{
    ApplyError, GreetError, HangUpError, Later, MailChange, Metric, NoSuchBan, Node, OrderError, Readiness,
    RecordingFiles, SettingsError, TapLine,
};

use crate::clock::Clock;
use crate::inbox::{InboxSender, Lane};
use crate::journaling::Fill;
use crate::mail::{PostWord, greeting, unkept};
use crate::realm::Realms;
use crate::recordings::{Files, MailFiles};
use crate::security::Security;
use crate::{metrics, picture};

/// No shard has so high a number: ids of what is uploaded are those of no call.
const UPLOADS: ShardId = ShardId(u8::MAX);
/// Bans that the status page names.
const BANS_NAMED: usize = 5;
/// The pause before a full inbox is tried again.
const RETRY: Duration = Duration::from_millis(5);
/// How long the store may take for the least of questions.
const STORE_PATIENCE: Duration = Duration::from_secs(1);

/// One shard from outside.
pub(crate) struct ShardHandle {
    pub(crate) inbox: InboxSender<ShardInput>,
    pub(crate) picture: Arc<ArcSwap<ShardView>>,
    pub(crate) journal_fill: Fill,
}

/// What the node is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Calls are taken.
    Serving,
    /// Only calls that are up go on.
    Draining,
}

/// The node's handles.
pub struct Hub {
    pub(crate) name: String,
    pub(crate) started_at: Wall,
    pub(crate) clock: Clock,
    pub(crate) store: Store,
    pub(crate) shards: Vec<ShardHandle>,
    pub(crate) media: Arc<MediaIo>,
    /// Prompts and music.
    pub(crate) sounds: Prompts,
    pub(crate) library: Option<Library>,
    post: mpsc::Sender<PostWord>,
    /// Ids of recordings that no call made.
    upload_ids: Mutex<CallIds>,
    /// The node's language.
    pub(crate) language: String,
    pub(crate) net: NetGauge,
    pub(crate) dns: Option<Arc<Dns>>,
    security: Security,
    directory: ArcSwap<Directory>,
    /// As at the start; what is set up since is compared with it.
    realms: Realms,
    changing: Semaphore,
    phase: AtomicU8,
    store_down: AtomicBool,
}

/// What a hub is made of.
pub(crate) struct HubParts {
    pub(crate) name: String,
    pub(crate) clock: Clock,
    pub(crate) store: Store,
    pub(crate) shards: Vec<ShardHandle>,
    pub(crate) media: Arc<MediaIo>,
    pub(crate) sounds: Prompts,
    pub(crate) library: Option<Library>,
    pub(crate) post: mpsc::Sender<PostWord>,
    pub(crate) language: String,
    pub(crate) net: NetGauge,
    pub(crate) dns: Option<Arc<Dns>>,
    pub(crate) security: Security,
    pub(crate) directory: Arc<Directory>,
    pub(crate) realms: Realms,
}

impl Hub {
    pub(crate) fn new(parts: HubParts) -> Self {
        let HubParts {
            name,
            clock,
            store,
            shards,
            media,
            sounds,
            library,
            post,
            language,
            net,
            dns,
            security,
            directory,
            realms,
        } = parts;
        Self {
            name,
            started_at: clock.now().wall,
            upload_ids: Mutex::new(CallIds::new(UPLOADS, clock.now().wall)),
            clock,
            store,
            shards,
            media,
            sounds,
            library,
            post,
            language,
            net,
            dns,
            security,
            directory: ArcSwap::new(directory),
            realms,
            changing: Semaphore::new(1),
            phase: AtomicU8::new(Phase::Serving as u8),
            store_down: AtomicBool::new(false),
        }
    }

    /// What lasts.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What the node is doing.
    #[must_use]
    pub fn phase(&self) -> Phase {
        if self.phase.load(Ordering::Relaxed) == Phase::Serving as u8 {
            Phase::Serving
        } else {
            Phase::Draining
        }
    }

    /// Calls that somebody is still on, at most a quarter of a second ago.
    #[must_use]
    pub fn calls_up(&self) -> usize {
        let up = |view: &ShardView| view.calls.iter().filter(|call| call.state != "ending").count();
        self.views().map(|view| up(&view)).sum()
    }

    /// Takes no new calls from now on.
    pub async fn drain(&self) {
        self.phase.store(Phase::Draining as u8, Ordering::Relaxed);
        self.tell_all(|| ShardInput::Command(ShardCommand::Drain)).await;
    }

    /// Ends every call.
    pub async fn end_all(&self) {
        self.tell_all(|| ShardInput::Command(ShardCommand::EndAll)).await;
    }

    /// Reads what is set up from the store again and publishes it.
    ///
    /// # Errors
    /// When it cannot be read or used; the shards then keep what they have.
    pub async fn reload(&self) -> Result<(), ApplyError> {
        let _turn = self.changing.acquire().await;
        let failed = |error: store::StoreError| ApplyError::Store(error.to_string());
        let directory = Arc::new(self.store.load_directory().await.map_err(failed)?);
        let snapshot = build(&directory)?;
        self.publish(directory, snapshot).await;
        Ok(())
    }

    /// Asks the store for something small, and keeps in mind whether it answered.
    pub async fn look_at_store(&self) {
        let answer = tokio::time::timeout(STORE_PATIENCE, self.store.revision()).await;
        let failed = match answer {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_late) => Some(format!("no answer in {STORE_PATIENCE:?}")),
        };
        match (self.store_down.swap(failed.is_some(), Ordering::Relaxed), failed) {
            (false, Some(error)) => tracing::warn!(error, "the store is down: the node is not ready"),
            (true, None) => tracing::info!("the store is back"),
            (false, None) | (true, Some(_)) => {}
        }
    }

    pub(crate) fn views(&self) -> impl Iterator<Item = Arc<ShardView>> {
        self.shards.iter().map(|shard| shard.picture.load_full())
    }

    fn shard(&self, shard: ShardId) -> Option<&ShardHandle> {
        self.shards.get(usize::from(shard.0))
    }

    /// Tells the post something, which looks for itself when it is told too late.
    pub(crate) fn tell_post(&self, word: PostWord) {
        if self.post.try_send(word).is_err() {
            tracing::warn!("the post has too much to do; a lamp may be late");
        }
    }

    /// What is set up now.
    pub(crate) fn directory_now(&self) -> Arc<Directory> {
        self.directory.load_full()
    }

    /// Sets one entity up, as it is given.
    pub(crate) async fn put_entity(&self, entity: Entity) -> Result<(), ApplyError> {
        self.change(vec![Change::Added(entity)]).await
    }

    /// Only the differences count: what else has changed since the plan was made stays.
    async fn change(&self, changes: Vec<Change>) -> Result<(), ApplyError> {
        let _turn = self.changing.acquire().await;
        let mut directory = Directory::clone(&self.directory.load());
        for change in &changes {
            match change {
                Change::Added(entity) | Change::Changed { entity, .. } => directory.put(entity.clone()),
                Change::Removed(key) => drop(directory.remove(key)),
            }
        }
        let directory = Arc::new(directory);
        let snapshot = build(&directory)?;
        let stored = self.store.apply(&changes, None, self.clock.now().wall).await;
        stored.map_err(|error| ApplyError::Store(error.to_string()))?;
        self.publish(directory, snapshot).await;
        Ok(())
    }

    async fn publish(&self, directory: Arc<Directory>, snapshot: Snapshot) {
        // Who a trunk's peers must be is known before anybody speaks to them.
        match self.security.read(&directory) {
            Ok(setup) => self.net.secure(&setup),
            Err(error) => tracing::error!(%error, "TLS stays as it was"),
        }
        self.directory.store(directory);
        let snapshot = Arc::new(snapshot);
        self.tell_all(|| ShardInput::Setup(Arc::clone(&snapshot))).await;
    }

    /// Who is banned, in a sentence; `None` for nobody.
    fn banned(&self) -> Option<String> {
        let first = self.shards.first()?.picture.load_full();
        let shown: Vec<_> = first.bans.iter().take(BANS_NAMED).map(|ban| ban.place.as_str()).collect();
        let more = first.bans.len().saturating_sub(shown.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        (!shown.is_empty())
            .then(|| format!("Banned for a time after failed logins: {}{more}", shown.join(", ")))
    }

    /// A sentence for each media worker that has ended, whose calls are mute.
    fn media_ended(&self) -> impl Iterator<Item = String> {
        self.media.ended().map(|worker| format!("media: worker {worker} ended"))
    }

    /// Which conferences' PINs are guessed, in a sentence; `None` for none.
    fn guessed(&self) -> Option<String> {
        let pictures = self.shards.iter().map(|shard| shard.picture.load_full());
        let names: BTreeSet<String> = pictures.flat_map(|picture| picture.guessed.clone()).collect();
        let shown: Vec<_> = names.iter().take(BANS_NAMED).map(String::as_str).collect();
        (!shown.is_empty()).then(|| {
            let names = shown.join(", ");
            format!("Too many wrong PINs, callers wait before each question: conference {names} (the log says from where)")
        })
    }

    /// Every shard gets it, also one whose inbox is full just now.
    async fn tell_all(&self, what: impl Fn() -> ShardInput) {
        for shard in &self.shards {
            while !put(&shard.inbox, &what) {
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}

fn put(inbox: &InboxSender<ShardInput>, what: impl Fn() -> ShardInput) -> bool {
    inbox.room(Lane::Command).map(|room| room.put(what())).is_some()
}

fn build(directory: &Arc<Directory>) -> Result<Snapshot, ApplyError> {
    Snapshot::build(Arc::clone(directory))
        .map_err(|error| ApplyError::Refused { key: error.key.to_string(), reason: error.reason.to_string() })
}

impl Node for Hub {
    fn now(&self) -> Now {
        self.clock.now()
    }

    fn directory(&self) -> Arc<Directory> {
        self.directory.load_full()
    }

    fn live(&self) -> Live {
        picture::of(self)
    }

    fn hang_up(&self, call: CallId) -> Result<(), HangUpError> {
        let shard = self.shard(call.shard()).ok_or(HangUpError::NoSuchCall)?;
        if !shard.picture.load().calls.iter().any(|view| view.id == call) {
            return Err(HangUpError::NoSuchCall);
        }
        let room = shard.inbox.room(Lane::Command).ok_or(HangUpError::Busy)?;
        room.put(ShardInput::Command(ShardCommand::HangUp { call }));
        Ok(())
    }

    fn order(&self, call: CallId, order: CallOrder) -> Result<(), OrderError> {
        let shard = self.shard(call.shard()).ok_or(OrderError::NoSuchCall)?;
        let picture = shard.picture.load();
        if !picture.calls.iter().any(|view| view.id == call) {
            return Err(OrderError::NoSuchCall);
        }
        let room = shard.inbox.room(Lane::Command).ok_or(OrderError::Busy)?;
        room.put(ShardInput::Order { call, order });
        Ok(())
    }

    fn order_room(&self, conference: &str, order: RoomOrder) -> Result<(), OrderError> {
        let shard = self.shards.first().ok_or(OrderError::Busy)?;
        let room = shard.inbox.room(Lane::Command).ok_or(OrderError::Busy)?;
        room.put(ShardInput::Room { conference: conference.to_owned(), order });
        Ok(())
    }

    fn tap(&self, call: CallId, leg: usize, hears: bool, hz: u32, by: &str) -> Result<TapLine, OrderError> {
        let TapEnd { id: tap, audio, words } = self.media.taps().prepare().ok_or(OrderError::Busy)?;
        self.order(call, CallOrder::Tap { leg, tap, hears, hz, by: by.to_owned() })?;
        Ok(TapLine { audio, words })
    }

    fn lift(&self, place: Place) -> Later<'_, Result<(), NoSuchBan>> {
        Box::pin(async move {
            let name = place.to_string();
            if !self.live().bans.iter().any(|ban| ban.place == name) {
                return Err(NoSuchBan);
            }
            self.tell_all(|| ShardInput::Lift(place.clone())).await;
            Ok(())
        })
    }

    fn settings(&self) -> Arc<Settings> {
        self.shards.first().map(|first| Arc::clone(&first.picture.load().settings)).unwrap_or_default()
    }

    fn change_settings(&self, extension: &str, changes: Vec<SettingsChange>) -> Result<(), SettingsError> {
        let snapshot = build(&self.directory.load()).map_err(|_unusable| SettingsError::Busy)?;
        let settings = self.settings();
        for change in &changes {
            if let SettingsChange::Forward(when, Some(to)) = change {
                route::may_lead(&snapshot, &settings, extension, to).map_err(|(_, why)| {
                    SettingsError::Refused { field: when.field(), reason: why.as_str().to_owned() }
                })?;
            }
        }
        // The first shard keeps the settings and tells the others.
        let room = self.shards.first().and_then(|first| first.inbox.room(Lane::Command));
        let room = room.ok_or(SettingsError::Busy)?;
        room.put(ShardInput::Reach { extension: extension.to_owned(), changes });
        Ok(())
    }

    fn apply(&self, plan: Plan) -> Later<'_, Result<(), ApplyError>> {
        Box::pin(self.change(plan.changes))
    }

    fn recordings(&self) -> Option<Arc<dyn RecordingFiles>> {
        self.library.clone().map(|library| Arc::new(Files(library)) as _)
    }

    fn mail_files(&self) -> Option<Arc<dyn RecordingFiles>> {
        self.library.clone().map(|library| Arc::new(MailFiles(library)) as _)
    }

    fn mail_changed(&self, order: MailChange) -> Result<(), OrderError> {
        let word = match order {
            MailChange::Told(mailbox) => PostWord::Changed(mailbox),
            MailChange::Order(order) => PostWord::Order(order),
        };
        self.post.try_send(word).map_err(|_full| OrderError::Busy)
    }

    fn greet(
        &self,
        mailbox: &str,
        kind: GreetingKind,
        file: &[u8],
        levelling: Levelling,
        stop: &AtomicBool,
    ) -> Result<u64, GreetError> {
        let library = self.library.as_ref().ok_or(UploadFault::NoFolder)?;
        let samples = Prompts::speech(file, levelling, stop)?;
        let room = self.post.try_reserve().map_err(|_full| GreetError::Busy)?;
        let setup = self.directory_now().mailbox(mailbox).unwrap_or_else(|| Mailbox::numbered(mailbox));
        let now = self.clock.now().wall;
        let ids = || {
            let mut ids = self.upload_ids.lock().unwrap_or_else(PoisonError::into_inner);
            (ids.call(), ids.recording())
        };
        let entry = library.keep(greeting(&setup, kind, ids(), now), &samples).map_err(unkept)?;
        let audio_ms = entry.file.audio_ms;
        room.send(PostWord::Uploaded(Box::new(entry)));
        Ok(audio_ms)
    }

    fn metrics(&self) -> Vec<Metric> {
        metrics::of(self)
    }

    fn warnings(&self) -> Vec<String> {
        let realms = self.realms.clone();
        let stale = realms.now(&self.directory.load()).stale();
        let missing = self.sounds.stats().missing_text();
        stale
            .iter()
            .map(ToString::to_string)
            .chain(self.banned())
            .chain(self.guessed())
            .chain(missing)
            .chain(self.media_ended())
            .collect()
    }

    fn readiness(&self) -> Readiness {
        let journal_full = self.shards.iter().any(|shard| shard.journal_fill.is_full());
        let no_ports = self.shards.iter().any(|shard| !shard.picture.load().has_ports);
        let reasons = [
            (self.phase() == Phase::Draining, "draining"),
            (no_ports, "media: no RTP port yet"),
            (journal_full, "journal: full of call records that wait to be stored"),
            (self.store_down.load(Ordering::Relaxed), "store: does not answer"),
        ];
        let held = reasons.into_iter().filter(|(holds, _)| *holds);
        Readiness::unless(held.map(|(_, reason)| reason.to_owned()).chain(self.media_ended()).collect())
    }
}
