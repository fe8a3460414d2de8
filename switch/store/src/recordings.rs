//! Recordings of calls, and who listened to them.

use std::fmt;
use std::str::FromStr;

use base::media::{Gap, RecordingFile, RecordingFormat};
use base::{CallId, RecordingId, TenantId, Wall};
use sqlx::FromRow;

use crate::calls::BadCursor;
use crate::db::{bound, reading, writing};
use crate::words::{clean, from_word, small, time, word};
use crate::{MOST_CALLS, Store, StoreError, sql};

/// Parts that one person asks for within it are one listening.
const LISTENING_MS: i64 = 5 * 60 * 1_000;

/// A recording to be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRecording {
    /// Which.
    pub recording: RecordingId,
    /// Of which call.
    pub call: CallId,
    /// Whose.
    pub tenant: TenantId,
    /// The policy that asked for it.
    pub policy: String,
    /// Until when it is kept; `None` for good.
    pub keep_until: Option<Wall>,
    /// The process that wrote it was killed: its last second is missing.
    pub cut: bool,
    /// The file.
    pub file: RecordingFile,
}

/// A recording as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredRecording {
    /// Which.
    pub recording: RecordingId,
    /// Of which call.
    pub call: CallId,
    /// Who called; empty until the call is over.
    pub caller: String,
    /// What was dialled; empty until the call is over.
    pub dialled: String,
    /// The policy that asked for it.
    pub policy: String,
    /// Until when it is kept; `None` for good.
    pub keep_until: Option<Wall>,
    /// The process that wrote it was killed: its last second is missing.
    pub cut: bool,
    /// The file; of one that is deleted, as it was.
    pub file: RecordingFile,
    /// Whether it was deleted.
    pub deleted: Option<Deleted>,
}

/// That a recording was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// When.
    pub at: Wall,
    /// By whom: a login or token, `retention` or `budget`.
    pub by: String,
}

/// That somebody listened to a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listened {
    /// When.
    pub at: Wall,
    /// Who.
    pub who: String,
}

/// Which recordings are wanted; what is `None` lets all pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordingFilter {
    /// Begun at or after this.
    pub from: Option<Wall>,
    /// Begun before this.
    pub to: Option<Wall>,
    /// Of this call.
    pub call: Option<CallId>,
    /// Deleted ones too.
    pub deleted_too: bool,
}

/// Where a page ended. Prints as `1700000000000-rec_02…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordingCursor {
    started_at: Wall,
    recording: RecordingId,
}

/// Recordings, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordingPage {
    /// The recordings.
    pub recordings: Vec<StoredRecording>,
    /// Where to go on; `None` at the end.
    pub next: Option<RecordingCursor>,
}

impl Store {
    /// Keeps a recording; one that is there already stays as it is. Says whether it was new.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_recording(&self, new: &NewRecording) -> Result<bool, StoreError> {
        let file = &new.file;
        let gaps = serde_json::to_string(&file.gaps).expect("numbers alone");
        let added = writing!(&self.db, pool => {
            let query = bound!(sqlx::query(sql::ADD_RECORDING); i64::from(new.tenant.0), new.recording.to_string(),
                new.call.to_string(), file.started_at.millis(), file.ended_at.millis(), number(file.audio_ms),
                clean(&file.path), number(file.octets), clean(&file.sha256), word(&file.format),
                i64::from(file.channels), i64::from(file.encrypted), i64::from(new.cut), &gaps,
                clean(&new.policy), new.keep_until.map(Wall::millis));
            query.execute(pool).await?.rows_affected()
        });
        Ok(added > 0)
    }

    /// At most `limit` recordings, 1…500, newest first, from `after` on.
    ///
    /// # Errors
    /// When the database fails or a row cannot be read.
    pub async fn recordings(
        &self,
        filter: &RecordingFilter,
        after: Option<RecordingCursor>,
        limit: usize,
    ) -> Result<RecordingPage, StoreError> {
        let limit = limit.clamp(1, MOST_CALLS);
        let (before, below) =
            after.map_or((i64::MAX, String::new()), |at| (at.started_at.millis(), at.recording.to_string()));
        let rows: Vec<Row> = reading!(&self.db, pool => {
            let query = bound!(sqlx::query_as(sql::RECORDINGS); self.tenant(),
                filter.from.map_or(i64::MIN, Wall::millis), filter.to.map_or(i64::MAX, Wall::millis), before, below,
                filter.call.map(|call| call.to_string()), i64::from(filter.deleted_too),
                i64::try_from(limit + 1).unwrap_or(i64::MAX));
            query.fetch_all(pool).await?
        });
        let more = rows.len() > limit;
        let recordings: Vec<_> = rows.into_iter().take(limit).map(Row::read).collect::<Result<_, _>>()?;
        let next = recordings.last().filter(|_| more);
        let next = next.map(|it| RecordingCursor { started_at: it.file.started_at, recording: it.recording });
        Ok(RecordingPage { recordings, next })
    }

    /// One recording, deleted or not.
    ///
    /// # Errors
    /// When the database fails or the row cannot be read.
    pub async fn recording(&self, id: RecordingId) -> Result<Option<StoredRecording>, StoreError> {
        let row: Option<Row> = reading!(&self.db, pool => {
            sqlx::query_as(sql::RECORDING).bind(self.tenant()).bind(id.to_string()).fetch_optional(pool).await?
        });
        row.map(Row::read).transpose()
    }

    /// At most `limit` recordings that need not be kept any longer at `now`, the oldest first.
    ///
    /// # Errors
    /// When the database fails or a row cannot be read.
    pub async fn unkept_recordings(&self, now: Wall, limit: u32) -> Result<Vec<StoredRecording>, StoreError> {
        let rows: Vec<Row> = reading!(&self.db, pool => {
            let query = bound!(sqlx::query_as(sql::UNKEPT_RECORDINGS); self.tenant(), now.millis(), i64::from(limit));
            query.fetch_all(pool).await?
        });
        rows.into_iter().map(Row::read).collect()
    }

    /// At most `limit` recordings that are not deleted, the oldest first.
    ///
    /// # Errors
    /// When the database fails or a row cannot be read.
    pub async fn oldest_recordings(&self, limit: u32) -> Result<Vec<StoredRecording>, StoreError> {
        let rows: Vec<Row> = reading!(&self.db, pool => {
            let query = bound!(sqlx::query_as(sql::OLDEST_RECORDINGS); self.tenant(), i64::from(limit));
            query.fetch_all(pool).await?
        });
        rows.into_iter().map(Row::read).collect()
    }

    /// Notes that a recording's file is deleted; `false` when it was already, or never was.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recording_deleted(&self, id: RecordingId, at: Wall, by: &str) -> Result<bool, StoreError> {
        let changed = writing!(&self.db, pool => {
            let query = bound!(sqlx::query(sql::DELETE_RECORDING); self.tenant(), id.to_string(), at.millis(), clean(by));
            query.execute(pool).await?.rows_affected()
        });
        Ok(changed > 0)
    }

    /// Notes who listens to a recording; once in `LISTENING_MS`, as a player asks for many parts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recording_listened(&self, id: RecordingId, at: Wall, who: &str) -> Result<(), StoreError> {
        let before = at.millis() - LISTENING_MS;
        writing!(&self.db, pool => {
            let query = bound!(sqlx::query(sql::ADD_LISTEN); self.tenant(), id.to_string(), at.millis(), clean(who), before);
            query.execute(pool).await?;
        });
        Ok(())
    }

    /// The last hundred who listened to a recording, the latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn listens(&self, id: RecordingId) -> Result<Vec<Listened>, StoreError> {
        let rows: Vec<(i64, String)> = reading!(&self.db, pool => {
            sqlx::query_as(sql::LISTENS).bind(self.tenant()).bind(id.to_string()).fetch_all(pool).await?
        });
        Ok(rows.into_iter().map(|(at, who)| Listened { at: Wall::from_millis(at), who }).collect())
    }
}

#[derive(FromRow)]
struct Row {
    id: String,
    call_id: String,
    started_at: i64,
    ended_at: i64,
    audio_ms: i64,
    path: String,
    octets: i64,
    sha256: String,
    format: String,
    channels: i64,
    encrypted: i64,
    cut: i64,
    gaps: String,
    policy: String,
    keep_until: Option<i64>,
    deleted_at: Option<i64>,
    deleted_by: String,
    caller: Option<String>,
    dialled: Option<String>,
}

impl Row {
    fn read(self) -> Result<StoredRecording, StoreError> {
        let gaps: Vec<Gap> =
            serde_json::from_str(&self.gaps).map_err(|error| StoreError::row("gaps", error))?;
        let format: RecordingFormat = from_word("format", &self.format)?;
        Ok(StoredRecording {
            recording: self.id.parse().map_err(|error| StoreError::row("id", error))?,
            call: self.call_id.parse().map_err(|error| StoreError::row("call_id", error))?,
            caller: self.caller.unwrap_or_default(),
            dialled: self.dialled.unwrap_or_default(),
            policy: self.policy,
            keep_until: time(self.keep_until),
            cut: self.cut != 0,
            file: RecordingFile {
                path: self.path,
                octets: small(self.octets),
                sha256: self.sha256,
                audio_ms: small(self.audio_ms),
                started_at: Wall::from_millis(self.started_at),
                ended_at: Wall::from_millis(self.ended_at),
                gaps,
                format,
                channels: small(self.channels),
                encrypted: self.encrypted != 0,
            },
            deleted: time(self.deleted_at).map(|at| Deleted { at, by: self.deleted_by }),
        })
    }
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl fmt::Display for RecordingCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.started_at.millis(), self.recording)
    }
}

impl FromStr for RecordingCursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let (millis, recording) = text.rsplit_once('-').ok_or(BadCursor)?;
        let millis = millis.parse().map_err(|_not_a_number| BadCursor)?;
        let recording = recording.parse().map_err(|_not_an_id| BadCursor)?;
        Ok(Self { started_at: Wall::from_millis(millis), recording })
    }
}
