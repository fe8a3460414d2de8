//! Messages of mailboxes, and their greetings.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use base::mail::{GreetingKind, MailCounts, MailFile};
use base::media::RecordingFormat;
use base::{CallId, RecordingId, Wall};
use sqlx::FromRow;

use crate::calls::BadCursor;
use crate::db::{bound, reading, transaction, writing};
use crate::words::{clean, from_word, small, time, word};
use crate::{Listened, Store, StoreError, sql};

/// Messages of a page at most.
const MOST: usize = 500;
/// Parts that one person asks for within it are one listening.
const LISTENING_MS: i64 = 5 * 60 * 1_000;

/// Names a message: the mailbox and the recording. Prints as `1001.rec_02…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    /// The mailbox's number.
    pub mailbox: String,
    /// The recording that it was; another mailbox may have it too.
    pub recording: RecordingId,
}

/// A message to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// Which.
    pub id: MessageId,
    /// The call that left it.
    pub call: CallId,
    /// When it was left.
    pub at: Wall,
    /// How long it lasts.
    pub audio_ms: u64,
    /// Its file below the folder of voice mail.
    pub path: String,
    /// The file's size.
    pub octets: u64,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// Its kind.
    pub format: RecordingFormat,
    /// Whether it is encrypted on disk.
    pub encrypted: bool,
    /// The process that wrote it was killed: its last second is missing.
    pub cut: bool,
    /// The caller's number; empty when withheld.
    pub caller: String,
    /// The caller's name; empty when unknown.
    pub caller_name: String,
    /// The caller said that it is urgent.
    pub urgent: bool,
    /// Until when it is kept; `None` for good.
    pub keep_until: Option<Wall>,
}

/// A message as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMessage {
    /// What was kept.
    pub message: NewMessage,
    /// When it was listened to; `None` for a new one.
    pub heard_at: Option<Wall>,
    /// The mailbox that passed it on; empty where the caller left it here.
    pub forwarded_by: String,
    /// When it was deleted.
    pub deleted_at: Option<Wall>,
}

/// Where a page ended. Prints as `1700000000000-1001.rec_02…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageCursor {
    at: Wall,
    id: MessageId,
}

/// Messages, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct MessagePage {
    /// The messages.
    pub messages: Vec<StoredMessage>,
    /// Where to go on; `None` at the end.
    pub next: Option<MessageCursor>,
}

/// A greeting as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredGreeting {
    /// The mailbox's number.
    pub mailbox: String,
    /// Which.
    pub kind: GreetingKind,
    /// Its audio.
    pub file: MailFile,
    /// When it was made.
    pub at: Wall,
    /// How long it lasts.
    pub audio_ms: u64,
}

impl Store {
    /// Keeps a message, and that a notice of it is to be sent at `notice`; one that is there stays as it is. Says whether
    /// it was new.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_message(&self, new: &NewMessage, notice: Option<Wall>) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        let recording = new.id.recording.to_string();
        let added = transaction!(&self.db, transaction => {
            let query = bound!(sqlx::query(sql::ADD_MESSAGE); tenant, &new.id.mailbox, &recording,
                new.call.to_string(), new.at.millis(), number(new.audio_ms), clean(&new.path), number(new.octets),
                clean(&new.sha256), word(&new.format), i64::from(new.encrypted), i64::from(new.cut),
                clean(&new.caller), clean(&new.caller_name), i64::from(new.urgent),
                new.keep_until.map(Wall::millis));
            let added = query.execute(&mut *transaction).await?.rows_affected();
            if let Some(at) = notice.filter(|_| added > 0) {
                let query = bound!(sqlx::query(sql::ADD_NOTICE); tenant, &new.id.mailbox, &recording, at.millis());
                query.execute(&mut *transaction).await?;
            }
            added
        });
        Ok(added > 0)
    }

    /// One message, deleted or not.
    ///
    /// # Errors
    /// When the database fails or the row cannot be read.
    pub async fn message(&self, id: &MessageId) -> Result<Option<StoredMessage>, StoreError> {
        let row: Option<Row> = reading!(&self.db, pool => {
            let query = bound!(sqlx::query_as(sql::MESSAGE); self.tenant(), &id.mailbox, id.recording.to_string());
            query.fetch_optional(pool).await?
        });
        row.map(Row::read).transpose()
    }

    /// The messages of a mailbox, oldest first, at most a thousand.
    ///
    /// # Errors
    /// When the database fails or a row cannot be read.
    pub async fn messages_of(&self, mailbox: &str) -> Result<Vec<StoredMessage>, StoreError> {
        let rows: Vec<Row> = reading!(&self.db, pool => {
            let query = bound!(sqlx::query_as(sql::MESSAGES_OF); self.tenant(), mailbox);
            query.fetch_all(pool).await?
        });
        rows.into_iter().map(Row::read).collect()
    }

    /// At most `limit` messages, 1…500, newest first, from `after` on: of one mailbox, or of those that `within` names.
    ///
    /// # Errors
    /// When the database fails or a row cannot be read.
    pub async fn messages(
        &self,
        mailbox: Option<&str>,
        within: Option<&[String]>,
        after: Option<MessageCursor>,
        limit: usize,
    ) -> Result<MessagePage, StoreError> {
        let limit = limit.clamp(1, MOST);
        let (at, below, recording) = after.map_or((i64::MAX, String::new(), String::new()), |cursor| {
            (cursor.at.millis(), cursor.id.mailbox, cursor.id.recording.to_string())
        });
        // A mailbox's number has no `|` in it.
        let within = within.map(|within| format!("|{}|", within.join("|")));
        let rows: Vec<Row> = reading!(&self.db, pool => {
            let query = bound!(sqlx::query_as(sql::MESSAGES); self.tenant(), at, below, recording, mailbox, within,
                i64::try_from(limit + 1).unwrap_or(i64::MAX));
            query.fetch_all(pool).await?
        });
        let more = rows.len() > limit;
        let messages: Vec<_> = rows.into_iter().take(limit).map(Row::read).collect::<Result<_, _>>()?;
        let next = messages.last().filter(|_| more);
        let next = next.map(|it| MessageCursor { at: it.message.at, id: it.message.id.clone() });
        Ok(MessagePage { messages, next })
    }

    /// Notes that a message was listened to, or that it counts as new again; `false` when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hear_message(&self, id: &MessageId, at: Option<Wall>) -> Result<bool, StoreError> {
        self.set(sql::HEAR_MESSAGE, id, at.map(Wall::millis)).await
    }

    /// Notes whether a message is urgent; `false` when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mark_urgent(&self, id: &MessageId, urgent: bool) -> Result<bool, StoreError> {
        self.set(sql::MARK_URGENT, id, Some(i64::from(urgent))).await
    }

    /// Notes that a message is deleted, or restores it; `false` when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_message(&self, id: &MessageId, at: Option<Wall>) -> Result<bool, StoreError> {
        self.set(sql::DELETE_MESSAGE, id, at.map(Wall::millis)).await
    }

    async fn set(&self, text: &'static str, id: &MessageId, value: Option<i64>) -> Result<bool, StoreError> {
        let changed = writing!(&self.db, pool => {
            let query = bound!(sqlx::query(text); self.tenant(), &id.mailbox, id.recording.to_string(), value);
            query.execute(pool).await?.rows_affected()
        });
        Ok(changed > 0)
    }

    /// Puts a message into another mailbox too, as a new one; `false` when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forward_message(
        &self,
        id: &MessageId,
        to: &str,
        keep_until: Option<Wall>,
        notice: Option<Wall>,
    ) -> Result<bool, StoreError> {
        let (tenant, recording) = (self.tenant(), id.recording.to_string());
        let added = transaction!(&self.db, transaction => {
            let query = bound!(sqlx::query(sql::FORWARD_MESSAGE); tenant, &id.mailbox, &recording, to,
                keep_until.map(Wall::millis));
            let added = query.execute(&mut *transaction).await?.rows_affected();
            if let Some(at) = notice.filter(|_| added > 0) {
                let query = bound!(sqlx::query(sql::ADD_NOTICE); tenant, to, &recording, at.millis());
                query.execute(&mut *transaction).await?;
            }
            added
        });
        Ok(added > 0)
    }

    /// At most 500 messages whose rows may go: deleted at or before a time, or not to be kept beyond `now`.
    ///
    /// # Errors
    /// When the database fails or a row cannot be read.
    pub async fn spent_messages(
        &self,
        deleted_by: Wall,
        now: Wall,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let rows: Vec<Row> = reading!(&self.db, pool => {
            let query = bound!(sqlx::query_as(sql::SPENT_MESSAGES); self.tenant(), deleted_by.millis(), now.millis());
            query.fetch_all(pool).await?
        });
        rows.into_iter().map(Row::read).collect()
    }

    /// How many messages have this file, deleted ones too.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn messages_with_file(&self, path: &str) -> Result<u64, StoreError> {
        let found: i64 = reading!(&self.db, pool => {
            bound!(sqlx::query_scalar(sql::MESSAGES_WITH_FILE); self.tenant(), path).fetch_one(pool).await?
        });
        Ok(small(found))
    }

    /// Takes a message's row away.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_message(&self, id: &MessageId) -> Result<(), StoreError> {
        writing!(&self.db, pool => {
            let query = bound!(sqlx::query(sql::REMOVE_MESSAGE); self.tenant(), &id.mailbox, id.recording.to_string());
            query.execute(pool).await?;
        });
        Ok(())
    }

    /// How many messages of each kind the mailboxes have, or one of them; those without any are left out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mail_counts(&self, mailbox: Option<&str>) -> Result<Vec<(String, MailCounts)>, StoreError> {
        let rows: Vec<(String, i64, i64, i64, i64)> = reading!(&self.db, pool => {
            bound!(sqlx::query_as(sql::MAIL_COUNTS); self.tenant(), mailbox).fetch_all(pool).await?
        });
        let read = |(mailbox, all, new, urgent, urgent_new): (String, i64, i64, i64, i64)| {
            let counts = MailCounts {
                new: small(new),
                old: small(all - new),
                urgent_new: small(urgent_new),
                urgent_old: small(urgent - urgent_new),
            };
            (mailbox, counts)
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// Notes who listens to a message; once in `LISTENING_MS`, as a player asks for many parts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn message_listened(&self, id: &MessageId, at: Wall, who: &str) -> Result<(), StoreError> {
        let before = at.millis() - LISTENING_MS;
        writing!(&self.db, pool => {
            let query = bound!(sqlx::query(sql::ADD_MESSAGE_LISTEN); self.tenant(), &id.mailbox,
                id.recording.to_string(), at.millis(), clean(who), before);
            query.execute(pool).await?;
        });
        Ok(())
    }

    /// The last hundred who listened to a message, the latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn message_listens(&self, id: &MessageId) -> Result<Vec<Listened>, StoreError> {
        let rows: Vec<(i64, String)> = reading!(&self.db, pool => {
            let query = bound!(sqlx::query_as(sql::MESSAGE_LISTENS); self.tenant(), &id.mailbox, id.recording.to_string());
            query.fetch_all(pool).await?
        });
        Ok(rows.into_iter().map(|(at, who)| Listened { at: Wall::from_millis(at), who }).collect())
    }

    /// Keeps a greeting in the place of the one before it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_greeting(&self, new: &StoredGreeting) -> Result<(), StoreError> {
        writing!(&self.db, pool => {
            let query = bound!(sqlx::query(sql::PUT_GREETING); self.tenant(), &new.mailbox, new.kind.word(),
                new.file.recording.to_string(), new.at.millis(), number(new.audio_ms), clean(&new.file.path));
            query.execute(pool).await?;
        });
        Ok(())
    }

    /// The greetings of all mailboxes, or of one.
    ///
    /// # Errors
    /// When the database fails or a row cannot be read.
    pub async fn greetings(&self, mailbox: Option<&str>) -> Result<Vec<StoredGreeting>, StoreError> {
        let rows: Vec<(String, String, String, i64, i64, String)> = reading!(&self.db, pool => {
            bound!(sqlx::query_as(sql::GREETINGS); self.tenant(), mailbox).fetch_all(pool).await?
        });
        let read = |(mailbox, kind, recording, at, audio_ms, path): (_, String, String, _, _, String)| {
            let recording = recording.parse().map_err(|error| StoreError::row("recording", error))?;
            let file = MailFile { recording, path: Arc::from(path) };
            let kind = from_word("kind", &kind)?;
            Ok(StoredGreeting { mailbox, kind, file, at: Wall::from_millis(at), audio_ms: small(audio_ms) })
        };
        rows.into_iter().map(read).collect()
    }

    /// Takes a greeting away; `false` when there was none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_greeting(&self, mailbox: &str, kind: GreetingKind) -> Result<bool, StoreError> {
        let removed = writing!(&self.db, pool => {
            let query = bound!(sqlx::query(sql::REMOVE_GREETING); self.tenant(), mailbox, kind.word());
            query.execute(pool).await?.rows_affected()
        });
        Ok(removed > 0)
    }
}

#[derive(FromRow)]
struct Row {
    mailbox: String,
    recording: String,
    call_id: String,
    at: i64,
    audio_ms: i64,
    path: String,
    octets: i64,
    sha256: String,
    format: String,
    encrypted: i64,
    cut: i64,
    caller: String,
    caller_name: String,
    urgent: i64,
    heard_at: Option<i64>,
    forwarded_by: String,
    keep_until: Option<i64>,
    deleted_at: Option<i64>,
}

impl Row {
    fn read(self) -> Result<StoredMessage, StoreError> {
        let recording = self.recording.parse().map_err(|error| StoreError::row("recording", error))?;
        let message = NewMessage {
            id: MessageId { mailbox: self.mailbox, recording },
            call: self.call_id.parse().map_err(|error| StoreError::row("call_id", error))?,
            at: Wall::from_millis(self.at),
            audio_ms: small(self.audio_ms),
            path: self.path,
            octets: small(self.octets),
            sha256: self.sha256,
            format: from_word("format", &self.format)?,
            encrypted: self.encrypted != 0,
            cut: self.cut != 0,
            caller: self.caller,
            caller_name: self.caller_name,
            urgent: self.urgent != 0,
            keep_until: time(self.keep_until),
        };
        Ok(StoredMessage {
            message,
            heard_at: time(self.heard_at),
            forwarded_by: self.forwarded_by,
            deleted_at: time(self.deleted_at),
        })
    }
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.mailbox, self.recording)
    }
}

impl FromStr for MessageId {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let (mailbox, recording) = text.rsplit_once('.').ok_or(BadCursor)?;
        let recording = recording.parse().map_err(|_not_an_id| BadCursor)?;
        Ok(Self { mailbox: mailbox.to_owned(), recording })
    }
}

impl fmt::Display for MessageCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.at.millis(), self.id)
    }
}

impl FromStr for MessageCursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let (millis, id) = text.split_once('-').ok_or(BadCursor)?;
        let millis = millis.parse().map_err(|_not_a_number| BadCursor)?;
        Ok(Self { at: Wall::from_millis(millis), id: id.parse()? })
    }
}
