//! The post: the one task that changes mailboxes.

use std::sync::Arc;
use std::time::Duration;

use base::mail::{GreetingKind, MailFile, MailMark, MailMessage, MailOrder, MailPart, MailState};
use base::{CallId, Wall};
use call::ShardInput;
use media_io::recordings::{Entry, Library};
use provision::{Entity, Mailbox};
use store::{MessageId, NewMessage, Store, StoreError, StoredGreeting, StoredMessage};
use tokio::sync::{Notify, mpsc};

use super::joining::{Fate, Halves};
use super::zone::{ahead_secs, zone};
use crate::hub::Hub;
use crate::inbox::{InboxSender, Lane};

/// How often is looked for what may go, and tried again what failed.
const ROUND: Duration = Duration::from_secs(2);
/// Rounds of trying again to one of looking for what may go.
const ROUNDS: u32 = 15;
/// How long a deleted message can be restored.
const RESTORABLE: Duration = Duration::from_secs(3_600);
/// Words that wait for the post.
const INBOX: usize = 16_384;
/// How long a full shard is tried.
const SHARD_TRIES: u32 = 200;
const SHARD_RETRY: Duration = Duration::from_millis(5);
const DAY: Duration = Duration::from_secs(86_400);

/// What comes to the post.
#[derive(Debug)]
pub(crate) enum PostWord {
    /// A call wants something.
    Order(MailOrder),
    /// A file for a mailbox is closed.
    Closed(Box<Entry>),
    /// A greeting was uploaded.
    Uploaded(Box<Entry>),
    /// A mailbox was changed elsewhere.
    Changed(String),
}

/// The way to the post, before it runs.
pub(crate) struct PostOffice {
    pub(crate) words: mpsc::Sender<PostWord>,
    inbox: mpsc::Receiver<PostWord>,
    /// Rung when a notice may be due.
    pub(crate) notices: Arc<Notify>,
}

/// The post.
pub(crate) struct Post {
    pub(crate) hub: Arc<Hub>,
    pub(crate) store: Store,
    pub(crate) library: Library,
    pub(crate) shards: Vec<InboxSender<ShardInput>>,
    halves: Halves,
    /// What the store did not take yet.
    again: Vec<(Entry, Fate)>,
    notices: Arc<Notify>,
}

impl PostOffice {
    pub(crate) fn new() -> Self {
        let (words, inbox) = mpsc::channel(INBOX);
        Self { words, inbox, notices: Arc::new(Notify::new()) }
    }

    /// Runs the post until nobody can say anything to it any more.
    pub(crate) async fn run(self, hub: Arc<Hub>, library: Library, shards: Vec<InboxSender<ShardInput>>) {
        let Self { words, inbox, notices } = self;
        drop(words);
        let store = hub.store.clone();
        let (halves, again) = (Halves::default(), Vec::new());
        Post { hub, store, library, shards, halves, again, notices }.run(inbox).await;
    }
}

/// Every mailbox that has something in it, for the shards' start.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn states(store: &Store) -> Result<Vec<(Arc<str>, Arc<MailState>)>, StoreError> {
    let mut states: std::collections::BTreeMap<String, MailState> = std::collections::BTreeMap::new();
    for (mailbox, counts) in store.mail_counts(None).await? {
        states.entry(mailbox).or_default().counts = counts;
    }
    for greeting in store.greetings(None).await? {
        states.entry(greeting.mailbox).or_default().greetings.push((greeting.kind, greeting.file));
    }
    Ok(states.into_iter().map(|(mailbox, state)| (Arc::from(mailbox), Arc::new(state))).collect())
}

impl Post {
    async fn run(mut self, mut inbox: mpsc::Receiver<PostWord>) {
        let mut rounds = tokio::time::interval(ROUND);
        let mut round = 0;
        loop {
            tokio::select! {
                word = inbox.recv() => match word {
                    Some(word) => self.hear(word).await,
                    None => return,
                },
                _ = rounds.tick() => {
                    for (entry, fate) in std::mem::take(&mut self.again) {
                        self.settle(entry, fate).await;
                    }
                    if round == 0 {
                        self.sweep().await;
                    }
                    round = (round + 1) % ROUNDS;
                }
            }
        }
    }

    async fn hear(&mut self, word: PostWord) {
        let whole = match word {
            PostWord::Closed(entry) => self.halves.closed(*entry),
            PostWord::Uploaded(entry) => Some((*entry, Fate::Keep { urgent: false, silent_ms: 0 })),
            PostWord::Order(MailOrder::Keep { recording, urgent, silent_ms }) => {
                self.halves.decided(recording, Fate::Keep { urgent, silent_ms })
            }
            PostWord::Order(MailOrder::Drop { recording }) => self.halves.decided(recording, Fate::Drop),
            PostWord::Order(MailOrder::Read { call, mailbox }) => return self.read(call, &mailbox).await,
            PostWord::Order(MailOrder::Pin { mailbox, pin }) => return self.set_pin(&mailbox, pin).await,
            PostWord::Order(order) => return self.change(order).await,
            PostWord::Changed(mailbox) => return self.tell(&mailbox).await,
        };
        if let Some((entry, fate)) = whole {
            self.settle(entry, fate).await;
        }
    }

    /// Keeps a recording or lets it go; what the store does not take is tried again.
    async fn settle(&mut self, entry: Entry, fate: Fate) {
        let Some(slip) = entry.mail.clone() else { return };
        let result = match (fate, slip.what) {
            (Fate::Keep { silent_ms, .. }, _)
                if entry.file.audio_ms.saturating_sub(u64::from(silent_ms)) < u64::from(slip.least_ms) =>
            {
                let (recording, audio_ms) = (entry.recording, entry.file.audio_ms);
                tracing::info!(mailbox = slip.mailbox, %recording, audio_ms, silent_ms, "too short for a message");
                self.forget(&entry).await
            }
            (Fate::Drop, _) => self.forget(&entry).await,
            (Fate::Keep { urgent, .. }, MailPart::Message { caller, caller_name }) => {
                self.keep_message(&entry, &slip.mailbox, urgent, (caller, caller_name)).await
            }
            (Fate::Keep { .. }, MailPart::Greeting { .. }) if entry.left_behind => self.forget(&entry).await,
            (Fate::Keep { .. }, MailPart::Prompt { id, language }) => {
                self.keep_prompt(&entry, &id, &language).await;
                return;
            }
            (Fate::Keep { .. }, MailPart::Greeting { kind }) => {
                self.keep_greeting(&entry, &slip.mailbox, kind).await
            }
        };
        match result {
            Ok(()) => self.tell(&slip.mailbox).await,
            Err(error) if error.is_transient() => {
                tracing::warn!(%error, recording = %entry.recording, "a message is not in the store yet");
                self.again.push((entry, fate));
            }
            Err(error) => {
                tracing::error!(%error, recording = %entry.recording, "a message waits for the next start");
            }
        }
    }

    async fn keep_message(
        &self,
        entry: &Entry,
        mailbox: &str,
        urgent: bool,
        (caller, caller_name): (String, String),
    ) -> Result<(), StoreError> {
        let setup = self.mailbox(mailbox);
        let file = &entry.file;
        let new = NewMessage {
            id: MessageId { mailbox: mailbox.to_owned(), recording: entry.recording },
            call: entry.call,
            at: file.started_at,
            audio_ms: file.audio_ms,
            path: file.path.clone(),
            octets: file.octets,
            sha256: file.sha256.clone(),
            format: file.format,
            encrypted: file.encrypted,
            cut: entry.cut,
            caller,
            caller_name,
            urgent,
            keep_until: keep_until(&setup, file.ended_at),
        };
        self.store.add_message(&new, self.notice(&setup)).await?;
        tracing::info!(mailbox, recording = %entry.recording, "a message was left");
        self.entered(entry).await;
        self.notices.notify_one();
        Ok(())
    }

    /// When a notice of a new message is due: at once, where one is wanted.
    fn notice(&self, setup: &Mailbox) -> Option<Wall> {
        (!setup.email.is_empty()).then(|| self.hub.clock.now().wall)
    }

    async fn keep_greeting(
        &self,
        entry: &Entry,
        mailbox: &str,
        kind: GreetingKind,
    ) -> Result<(), StoreError> {
        let before = self.store.greetings(Some(mailbox)).await?;
        let file = MailFile { recording: entry.recording, path: Arc::from(entry.file.path.as_str()) };
        let greeting = StoredGreeting {
            mailbox: mailbox.to_owned(),
            kind,
            file,
            at: entry.file.ended_at,
            audio_ms: entry.file.audio_ms,
        };
        self.store.put_greeting(&greeting).await?;
        self.entered(entry).await;
        let others = before.into_iter().filter(|it| it.kind == kind && it.file != greeting.file);
        for other in others {
            self.delete_file(&other.file.path).await;
        }
        Ok(())
    }

    /// Takes a prompt into the library, and tells the call whether that was done.
    async fn keep_prompt(&self, entry: &Entry, id: &str, language: &str) {
        let done =
            !entry.left_behind && super::prompt::take_in(&self.hub, &self.library, entry, id, language).await;
        self.delete_file(&entry.file.path).await;
        let call = entry.call;
        let told: Option<Arc<[MailMessage]>> = done.then(|| Arc::from([]));
        if let Some(shard) = self.shards.get(usize::from(call.shard().0)) {
            put(shard, || ShardInput::MailRead { call, messages: told.clone() }).await;
        }
    }

    async fn forget(&self, entry: &Entry) -> Result<(), StoreError> {
        self.delete_file(&entry.file.path).await;
        Ok(())
    }

    async fn entered(&self, entry: &Entry) {
        let (library, entry) = (self.library.clone(), entry.clone());
        let done = tokio::task::spawn_blocking(move || library.entered(&entry)).await;
        if !matches!(done, Ok(Ok(()))) {
            tracing::warn!("a message is entered again at the next start");
        }
    }

    async fn delete_file(&self, path: &str) -> bool {
        let (library, path) = (self.library.clone(), path.to_owned());
        let deleted = tokio::task::spawn_blocking(move || library.delete_mail(&path)).await;
        let gone = matches!(deleted, Ok(Ok(())));
        if !gone {
            tracing::warn!("the file of a message cannot be deleted now");
        }
        gone
    }

    /// Tells a call the messages of a mailbox, in its own time.
    async fn read(&self, call: CallId, mailbox: &str) {
        let zone = zone(&self.mailbox(mailbox).time_zone);
        let messages = match self.store.messages_of(mailbox).await {
            Ok(messages) => Some(messages),
            Err(error) => {
                tracing::warn!(%error, mailbox, "messages cannot be read now");
                None
            }
        };
        let as_heard = |StoredMessage { message, heard_at, .. }: StoredMessage| MailMessage {
            file: MailFile { recording: message.id.recording, path: Arc::from(message.path) },
            at: message.at,
            ahead_secs: ahead_secs(&zone, message.at),
            caller: message.caller,
            audio_ms: message.audio_ms,
            urgent: message.urgent,
            heard: heard_at.is_some(),
        };
        let messages: Option<Arc<[MailMessage]>> =
            messages.map(|messages| messages.into_iter().map(as_heard).collect());
        if let Some(shard) = self.shards.get(usize::from(call.shard().0)) {
            put(shard, || ShardInput::MailRead { call, messages: messages.clone() }).await;
        }
    }

    async fn change(&self, order: MailOrder) {
        let now = self.hub.clock.now().wall;
        let (done, mailbox) = match order {
            MailOrder::Mark { mailbox, recording, mark } => {
                let id = MessageId { mailbox: mailbox.clone(), recording };
                let done = match mark {
                    MailMark::Heard => self.store.hear_message(&id, Some(now)).await,
                    MailMark::New => self.store.hear_message(&id, None).await,
                    MailMark::Deleted => self.store.delete_message(&id, Some(now)).await,
                    MailMark::Restored => self.store.delete_message(&id, None).await,
                };
                (done, mailbox)
            }
            MailOrder::Forward { mailbox, recording, to } => {
                let setup = self.mailbox(&to);
                let (keep, notice) = (keep_until(&setup, now), self.notice(&setup));
                let id = MessageId { mailbox, recording };
                let done = self.store.forward_message(&id, &to, keep, notice).await;
                self.notices.notify_one();
                (done, to)
            }
            MailOrder::Ungreet { mailbox, kind } => {
                let before = self.store.greetings(Some(&mailbox)).await.unwrap_or_default();
                let done = self.store.remove_greeting(&mailbox, kind).await;
                for greeting in before.into_iter().filter(|it| it.kind == kind && done.is_ok()) {
                    self.delete_file(&greeting.file.path).await;
                }
                (done, mailbox)
            }
            MailOrder::Keep { .. }
            | MailOrder::Drop { .. }
            | MailOrder::Read { .. }
            | MailOrder::Pin { .. } => {
                return;
            }
        };
        if let Err(error) = done {
            tracing::warn!(%error, mailbox, "a mailbox could not be changed");
        }
        self.tell(&mailbox).await;
    }

    async fn set_pin(&self, number: &str, pin: String) {
        let directory = self.hub.directory_now();
        let base = directory.mailboxes.get(number).cloned();
        let mailbox = Mailbox { pin, ..base.unwrap_or_else(|| Mailbox::numbered(number)) };
        if let Err(error) = self.hub.put_entity(Entity::Mailbox(mailbox)).await {
            tracing::warn!(%error, mailbox = number, "a new PIN could not be kept");
        }
    }

    /// Tells every shard what is in a mailbox now.
    async fn tell(&self, mailbox: &str) {
        let state = async {
            let counts = self.store.mail_counts(Some(mailbox)).await?;
            let greetings = self.store.greetings(Some(mailbox)).await?;
            let greetings = greetings.into_iter().map(|it| (it.kind, it.file)).collect();
            let counts = counts.first().map(|(_, counts)| *counts).unwrap_or_default();
            Ok::<_, StoreError>(MailState { counts, greetings })
        };
        let state = match state.await {
            Ok(state) => Arc::new(state),
            Err(error) => {
                tracing::warn!(%error, mailbox, "what is in a mailbox cannot be read now");
                return;
            }
        };
        let mailbox: Arc<str> = Arc::from(mailbox);
        for shard in &self.shards {
            let (mailbox, state) = (Arc::clone(&mailbox), Arc::clone(&state));
            put(shard, || ShardInput::Mail { mailbox: Arc::clone(&mailbox), state: Arc::clone(&state) })
                .await;
        }
    }

    fn mailbox(&self, number: &str) -> Mailbox {
        self.hub.directory_now().mailbox(number).unwrap_or_else(|| Mailbox::numbered(number))
    }

    /// Lets go of what was deleted some time ago, or is not to be kept: the file first, the row after it, so that no file is
    /// left without a row.
    async fn sweep(&self) {
        let now = self.hub.clock.now().wall;
        let before = Wall(now.0 - i64::try_from(RESTORABLE.as_micros()).unwrap_or(0));
        let spent = match self.store.spent_messages(before, now).await {
            Ok(spent) => spent,
            Err(error) => {
                tracing::debug!(%error, "the store does not say which messages may go");
                return;
            }
        };
        for StoredMessage { message, .. } in spent {
            if let Err(error) = self.let_go(&message, now).await {
                tracing::warn!(%error, message = %message.id, "a message cannot be let go now");
            }
            self.tell(&message.id.mailbox).await;
        }
    }

    async fn let_go(&self, message: &NewMessage, now: Wall) -> Result<(), StoreError> {
        self.store.delete_message(&message.id, Some(now)).await?;
        if self.store.messages_with_file(&message.path).await? > 1 || self.delete_file(&message.path).await {
            self.store.remove_message(&message.id).await?;
        }
        Ok(())
    }
}

fn keep_until(setup: &Mailbox, at: Wall) -> Option<Wall> {
    (setup.keep_days > 0).then(|| at + DAY * setup.keep_days)
}

/// Tells a shard; one whose inbox stays full is told nothing, and a call that waits says so.
async fn put(shard: &InboxSender<ShardInput>, what: impl Fn() -> ShardInput) {
    for _ in 0..SHARD_TRIES {
        if let Some(room) = shard.room(Lane::Command) {
            return room.put(what());
        }
        tokio::time::sleep(SHARD_RETRY).await;
    }
    tracing::warn!("a shard has no room for what is in a mailbox");
}
