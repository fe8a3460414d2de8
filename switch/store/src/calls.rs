//! Call detail records.

use std::fmt;
use std::str::FromStr;

use base::fact::Endpoint;
use base::record::{CallRecord, LegRecord};
use base::{CallId, Cause, Wall};

use crate::bulk::Marks;
use crate::db::{bound, reading, transaction, writing};
use crate::records::{CallRow, LegRow, together};
use crate::words::{clean, word};
use crate::{Store, StoreError, sql};

/// Records written with one statement.
const ROWS: usize = 100;
/// The most calls of one page.
pub const MOST_CALLS: usize = 500;

/// Which calls are wanted; what is `None` lets every call pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// Begun at or after this.
    pub from: Option<Wall>,
    /// Begun before this.
    pub to: Option<Wall>,
    /// From exactly this number or user.
    pub caller: Option<String>,
    /// To exactly this number.
    pub dialled: Option<String>,
    /// With this trunk or station as the far end of any leg.
    pub endpoint: Option<Endpoint>,
    /// Ended for this reason.
    pub cause: Option<Cause>,
    /// Whether it was answered.
    pub answered: Option<bool>,
}

/// Where a page ended. Prints as `1700000000000-call_02…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallCursor {
    started_at: Wall,
    call: CallId,
}

/// A text that is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a cursor is what the page before gave as its next")]
pub struct BadCursor;

/// Calls, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct CallPage {
    /// The calls.
    pub calls: Vec<CallRecord>,
    /// Where to go on; `None` at the end.
    pub next: Option<CallCursor>,
}

impl Store {
    /// Keeps records, all or none; those that are there already stay as they are. Returns how many were new.
    ///
    /// # Errors
    /// When the database fails or refuses a value; `StoreError::is_transient` tells which.
    pub async fn insert_calls(&self, records: &[CallRecord]) -> Result<u64, StoreError> {
        let legs: Vec<(&CallRecord, usize, &LegRecord)> = records
            .iter()
            .flat_map(|call| call.legs.iter().enumerate().map(move |(position, leg)| (call, position, leg)))
            .collect();
        let mut new = 0;
        transaction!(&self.db, transaction => {
            for rows in records.chunks(ROWS) {
                let mut query = sqlx::query(sql::INSERT_CALLS.of(rows.len(), self.db.marks()));
                for call in rows {
                    query = bound!(query; i64::from(call.tenant.0), call.call.to_string(), call.started_at.millis(),
                        call.ringing_at.map(Wall::millis), call.answered_at.map(Wall::millis),
                        call.ended_at.millis(), i64::try_from(call.billed_secs()).unwrap_or(i64::MAX),
                        text(&call.from), clean(&call.caller), clean(&call.caller_name), clean(&call.dialled),
                        clean(&call.to), clean(&call.why), call.answered_by.as_ref().map(text), clean(&call.codec),
                        call.cause.text(), i64::from(call.sip_status), i64::from(call.q850),
                        word(&call.released_by), clean(&call.sip_call_id), clean(&call.session_id),
                        clean(&call.user_to_user));
                }
                new += query.execute(&mut *transaction).await?.rows_affected();
            }
            for rows in legs.chunks(ROWS) {
                let mut query = sqlx::query(sql::INSERT_LEGS.of(rows.len(), self.db.marks()));
                for (call, position, leg) in rows {
                    query = bound!(query; i64::from(call.tenant.0), call.call.to_string(),
                        i64::try_from(*position).unwrap_or(i64::MAX), leg.leg.to_string(), text(&leg.endpoint),
                        clean(&leg.dialled), clean(&leg.sip_call_id), leg.started_at.millis(),
                        leg.ringing_at.map(Wall::millis), leg.answered_at.map(Wall::millis),
                        leg.ended_at.map(Wall::millis), leg.cause.map(Cause::text), i64::from(leg.sip_status),
                        i64::from(leg.q850), i64::from(leg.silent), media(leg));
                }
                query.execute(&mut *transaction).await?;
            }
        });
        Ok(new)
    }

    /// At most `limit` calls, 1…500, newest first, from `after` on.
    ///
    /// # Errors
    /// When the database fails or a row cannot be read.
    pub async fn calls(
        &self,
        filter: &CallFilter,
        after: Option<CallCursor>,
        limit: usize,
    ) -> Result<CallPage, StoreError> {
        let limit = limit.clamp(1, MOST_CALLS);
        let (before, below) =
            after.map_or((i64::MAX, String::new()), |at| (at.started_at.millis(), at.call.to_string()));
        let mut rows: Vec<CallRow> = reading!(&self.db, pool => {
            let query = bound!(sqlx::query_as(sql::CALLS); self.tenant(),
                filter.from.map_or(i64::MIN, Wall::millis), filter.to.map_or(i64::MAX, Wall::millis), before, below,
                filter.caller.as_deref(), filter.dialled.as_deref(), filter.cause.map(Cause::text),
                filter.answered.map(i64::from), filter.endpoint.as_ref().map(text),
                i64::try_from(limit + 1).unwrap_or(i64::MAX));
            query.fetch_all(pool).await?
        });
        let more = rows.len() > limit;
        rows.truncate(limit);
        let calls = self.with_legs(rows).await?;
        let next = calls.last().filter(|_| more);
        let next = next.map(|last| CallCursor { started_at: last.started_at, call: last.call });
        Ok(CallPage { calls, next })
    }

    /// One call.
    ///
    /// # Errors
    /// When the database fails or the row cannot be read.
    pub async fn call(&self, id: CallId) -> Result<Option<CallRecord>, StoreError> {
        let row: Option<CallRow> = reading!(&self.db, pool => {
            sqlx::query_as(sql::CALL).bind(self.tenant()).bind(id.to_string()).fetch_optional(pool).await?
        });
        Ok(self.with_legs(row.into_iter().collect()).await?.pop())
    }

    /// Deletes calls begun before `before`, a thousand at a time; returns how many.
    ///
    /// # Errors
    /// When the database fails; what was deleted until then stays deleted.
    pub async fn delete_calls_before(&self, before: Wall) -> Result<u64, StoreError> {
        let mut all = 0;
        loop {
            let deleted = writing!(&self.db, pool => {
                let query = sqlx::query(sql::DELETE_CALLS).bind(self.tenant()).bind(before.millis());
                query.execute(pool).await?.rows_affected()
            });
            if deleted == 0 {
                return Ok(all);
            }
            all += deleted;
        }
    }

    async fn with_legs(&self, calls: Vec<CallRow>) -> Result<Vec<CallRecord>, StoreError> {
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let legs: Vec<LegRow> = reading!(&self.db, pool => {
            let mut query = sqlx::query_as(sql::LEGS_OF.of(calls.len(), Marks::Numbered)).bind(self.tenant());
            for call in &calls {
                query = query.bind(call.id());
            }
            query.fetch_all(pool).await?
        });
        together(calls, legs)
    }
}

fn text(endpoint: &Endpoint) -> String {
    clean(&endpoint.to_string()).into_owned()
}

fn media(leg: &LegRecord) -> String {
    serde_json::to_string(&leg.media).expect("figures have only string keys")
}

impl fmt::Display for CallCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.started_at.millis(), self.call)
    }
}

impl FromStr for CallCursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let (millis, call) = text.rsplit_once('-').ok_or(BadCursor)?;
        let millis = millis.parse().map_err(|_not_a_number| BadCursor)?;
        let call = call.parse().map_err(|_not_an_id| BadCursor)?;
        Ok(Self { started_at: Wall::from_millis(millis), call })
    }
}
