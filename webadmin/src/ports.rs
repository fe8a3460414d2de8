//! The handles the web layer gets: everything it may see of the node and ask of it.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use base::mail::{GreetingKind, MailOrder};
use base::media::TapWord;
use base::{CallId, CallOrder, Now, RecordingId, RoomOrder};
use peer::guard::Place;
use phone::login::PhoneKey;
use provision::{Directory, Plan, Settings, SettingsChange};
use serde::Serialize;
use sounds::shelf::{Held, Levelling, SoundName, UploadFault};
use store::Store;
use tokio::sync::mpsc::{Receiver, Sender};

use crate::view::Live;

/// A future on the heap, as traits behind `dyn` need it.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// All that the router is built from.
#[derive(Clone)]
pub struct Ports {
    /// The running node.
    pub node: Arc<dyn Node>,
    /// What lasts.
    pub store: Store,
    /// Prompts and music.
    pub sounds: Arc<dyn Sounds>,
    /// The digest realm for which station passwords are hashed.
    pub realm: String,
    /// The URL by which browsers reach us; empty when it is the listen address. With `https` cookies are `Secure`.
    pub public_url: String,
    /// The digest of the token that commands on this machine use; it has every right.
    pub local_token: Option<[u8; 32]>,
    /// What phones are set up with.
    pub phones: PhoneDesk,
}

/// What phones are set up with.
#[derive(Clone, Debug)]
pub struct PhoneDesk {
    /// What their secrets are derived from.
    pub key: PhoneKey,
    /// The node as phones reach it.
    pub node: phone::vendor::Node,
    /// The port of the web panel under TLS.
    pub https_port: Option<u16>,
    /// Whether they may fetch their settings without TLS from elsewhere than this machine.
    pub plain: bool,
}

/// What the web layer sees of the node and may ask of it.
pub trait Node: Send + Sync + 'static {
    /// Both clocks.
    fn now(&self) -> Now;

    /// What is set up, as the calls see it.
    fn directory(&self) -> Arc<Directory>;

    /// The merged picture of all shards.
    fn live(&self) -> Live;

    /// Ends a call with `Cause::Operator`.
    ///
    /// # Errors
    /// When no such call is up, or the shard's inbox is full.
    fn hang_up(&self, call: CallId) -> Result<(), HangUpError>;

    /// Has something done with a call.
    ///
    /// # Errors
    /// When no such call is up, the shard's inbox is full, or the conference is out of its reach.
    fn order(&self, call: CallId, order: CallOrder) -> Result<(), OrderError>;

    /// Has something done with the room of a conference.
    ///
    /// # Errors
    /// When a shard's inbox is full.
    fn order_room(&self, conference: &str, order: RoomOrder) -> Result<(), OrderError>;

    /// Taps a leg of a call: what it says, or hears, at so many samples a second. The call notes who asked.
    ///
    /// # Errors
    /// When no such call is up, or the shard's inbox is full.
    fn tap(&self, call: CallId, leg: usize, hears: bool, hz: u32, by: &str) -> Result<TapLine, OrderError>;

    /// Ends a ban at every shard and door.
    ///
    /// # Errors
    /// When no such ban stands.
    fn lift(&self, place: Place) -> Later<'_, Result<(), NoSuchBan>>;

    /// What people have said about how calls reach their stations.
    fn settings(&self) -> Arc<Settings>;

    /// Changes how calls reach a station.
    ///
    /// # Errors
    /// When calls would be led where the station may not call, or the shard's inbox is full.
    fn change_settings(&self, extension: &str, changes: Vec<SettingsChange>) -> Result<(), SettingsError>;

    /// Stores a plan's changes in one transaction, then publishes what it wants to every shard.
    fn apply(&self, plan: Plan) -> Later<'_, Result<(), ApplyError>>;

    /// The files of recordings; `None` for a node that keeps none.
    fn recordings(&self) -> Option<Arc<dyn RecordingFiles>> {
        None
    }

    /// The files of messages and greetings; `None` for a node that keeps none.
    fn mail_files(&self) -> Option<Arc<dyn RecordingFiles>> {
        None
    }

    /// A mailbox was changed in the store, or is to be changed.
    ///
    /// # Errors
    /// When too many changes wait.
    fn mail_changed(&self, change: MailChange) -> Result<(), OrderError> {
        drop(change);
        Err(OrderError::Busy)
    }

    /// Takes in a file as a greeting of a mailbox, in the place of the one before it, and says how many milliseconds it lasts.
    /// It ends soon after `stop` is set, and keeps nothing. Reads and writes files: not for a thread that must not wait.
    ///
    /// # Errors
    /// What is wrong with the file or with the place where it was to be kept, or too many changes wait.
    fn greet(
        &self,
        mailbox: &str,
        kind: GreetingKind,
        file: &[u8],
        levelling: Levelling,
        stop: &AtomicBool,
    ) -> Result<u64, GreetError>;

    /// Every figure for `/metrics`.
    fn metrics(&self) -> Vec<Metric>;

    /// What is wrong with the setup without keeping calls away: a sentence each, for people.
    fn warnings(&self) -> Vec<String>;

    /// Whether calls are taken, and why not.
    fn readiness(&self) -> Readiness;
}

/// Something about a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailChange {
    /// It was changed in the store: whoever shows its lamp is to be told.
    Told(String),
    /// It is to be changed.
    Order(MailOrder),
}

/// The other end of a tap. Dropping it ends the tap.
#[derive(Debug)]
pub struct TapLine {
    /// What is heard, 20 ms at a time; it ends with the tap.
    pub audio: Receiver<Box<[i16]>>,
    /// What is said to the far end.
    pub words: Sender<TapWord>,
}

/// Prompts and music. All of it reads or writes files.
pub trait Sounds: Send + Sync + 'static {
    /// Every sound, by name.
    fn list(&self) -> Vec<Held>;

    /// A sound as a WAV file; `None` when there is none.
    fn wav(&self, name: &SoundName) -> Option<Vec<u8>>;

    /// Takes in a file of a user; one of the same name is replaced. It ends soon after `stop` is set, and keeps nothing.
    ///
    /// # Errors
    /// What is wrong with the file, or with the place where it was to be kept.
    fn upload(
        &self,
        name: &SoundName,
        file: &[u8],
        levelling: Levelling,
        stop: &AtomicBool,
    ) -> Result<Held, UploadFault>;

    /// Deletes a user's sound; whether there was one.
    ///
    /// # Errors
    /// When the disk refuses.
    fn remove(&self, name: &SoundName) -> io::Result<bool>;
}

/// The files of recordings. All of it reads and writes files: not for a thread that must not wait.
pub trait RecordingFiles: Send + Sync + 'static {
    /// Opens one of a closed recording.
    ///
    /// # Errors
    /// `NotFound` when it is gone, else when it cannot be read or was changed since.
    fn open(&self, path: &str, recording: RecordingId) -> io::Result<Arc<dyn RecordingAudio>>;

    /// Deletes one.
    ///
    /// # Errors
    /// When the file system refuses.
    fn delete(&self, path: &str) -> io::Result<()>;
}

/// A recording as players know it: decrypted, a WAV or Ogg file.
pub trait RecordingAudio: Send + Sync + 'static {
    /// How long it is.
    fn octets(&self) -> u64;

    /// Reads from a place; fewer octets than asked in places, none at the end.
    ///
    /// # Errors
    /// When it cannot be read, or was changed since.
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize>;
}

/// Why a call was not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HangUpError {
    /// It is over, or never was.
    #[error("no such call is up")]
    NoSuchCall,
    /// The shard has too many commands waiting.
    #[error("the call's shard is busy; ask again")]
    Busy,
}

/// Why nothing was done with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// It is over, or never was.
    #[error("no such call is up")]
    NoSuchCall,
    /// The shard has too many commands waiting.
    #[error("the call's shard is busy; ask again")]
    Busy,
}

/// Why a greeting was not taken in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GreetError {
    /// The file, or the place where it was to be kept.
    #[error(transparent)]
    Upload(#[from] UploadFault),
    /// Too many changes of mailboxes wait.
    #[error("mailboxes are busy; ask again")]
    Busy,
}

/// Why nothing was changed about how calls reach a station.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The shard has too many commands waiting.
    #[error("the node is busy; ask again")]
    Busy,
    /// Calls would be led where the station may not call.
    #[error("{field}: {reason}")]
    Refused {
        /// The field.
        field: &'static str,
        /// Why not.
        reason: String,
    },
}

/// A ban that does not stand, or no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such ban stands")]
pub struct NoSuchBan;

/// Why changes were not made. Nothing was changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// They do not fit what is set up.
    #[error("{key}: {reason}")]
    Refused {
        /// The entity at fault: `trunk carrier`.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// They could not be stored.
    #[error("not stored: {0}")]
    Store(String),
}

/// Whether calls are taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// Whether they are.
    pub ready: bool,
    /// Why not: `starting`, `draining`, `journal: …`, `store: …`; empty when ready.
    pub reasons: Vec<String>,
}

impl Readiness {
    /// Ready unless there is a reason not to be.
    #[must_use]
    pub fn unless(reasons: Vec<String>) -> Self {
        Self { ready: reasons.is_empty(), reasons }
    }
}

/// One metric with its samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// The name, for a counter without `_total`.
    pub name: String,
    /// A sentence for people.
    pub help: String,
    /// Counter or gauge.
    pub kind: MetricKind,
    /// One value for each set of labels. Labels never carry call ids or numbers.
    pub samples: Vec<Sample>,
}

/// How a metric moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Only up.
    Counter,
    /// Up and down.
    Gauge,
}

/// One value of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Names and values of its labels; empty for the only one.
    pub labels: Vec<(String, String)>,
    /// The value.
    pub value: f64,
}

impl Metric {
    /// A counter without labels.
    #[must_use]
    pub fn counter(name: &str, help: &str, value: f64) -> Self {
        Self::plain(name, help, MetricKind::Counter, value)
    }

    /// A gauge without labels.
    #[must_use]
    pub fn gauge(name: &str, help: &str, value: f64) -> Self {
        Self::plain(name, help, MetricKind::Gauge, value)
    }

    fn plain(name: &str, help: &str, kind: MetricKind, value: f64) -> Self {
        let samples = vec![Sample { labels: Vec::new(), value }];
        Self { name: name.to_owned(), help: help.to_owned(), kind, samples }
    }
}
