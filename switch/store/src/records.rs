//! Rows of call records and back.

use std::collections::HashMap;

use base::record::{CallRecord, LegRecord};
use base::{CallId, TenantId, Wall};
use sqlx::FromRow;

use crate::StoreError;
use crate::words::{endpoint, from_word, small, time};

#[derive(FromRow)]
pub(crate) struct CallRow {
    tenant: i64,
    id: String,
    started_at: i64,
    ringing_at: Option<i64>,
    answered_at: Option<i64>,
    ended_at: i64,
    from_end: String,
    caller: String,
    caller_name: String,
    dialled: String,
    routed_to: String,
    why: String,
    answered_by: Option<String>,
    codec: String,
    cause: String,
    sip_status: i64,
    q850: i64,
    released_by: String,
    sip_call_id: String,
    session_id: String,
    user_to_user: String,
}

#[derive(FromRow)]
pub(crate) struct LegRow {
    call_id: String,
    leg: String,
    far_end: String,
    dialled: String,
    sip_call_id: String,
    started_at: i64,
    ringing_at: Option<i64>,
    answered_at: Option<i64>,
    ended_at: Option<i64>,
    cause: Option<String>,
    sip_status: i64,
    q850: i64,
    silent: i64,
    media: String,
}

/// Puts calls of one tenant and their legs together; the order of the calls and of each call's legs stays.
pub(crate) fn together(calls: Vec<CallRow>, legs: Vec<LegRow>) -> Result<Vec<CallRecord>, StoreError> {
    let mut legs_of: HashMap<String, Vec<LegRecord>> = HashMap::new();
    for row in legs {
        let call = row.call_id.clone();
        let leg = row.record().map_err(|error| StoreError::row(format!("leg of {call}"), error))?;
        legs_of.entry(call).or_default().push(leg);
    }
    let record = |row: CallRow| {
        let id = row.id.clone();
        let legs = legs_of.remove(&row.id).unwrap_or_default();
        row.record(legs).map_err(|error| StoreError::row(id, error))
    };
    calls.into_iter().map(record).collect()
}

impl CallRow {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    fn record(self, legs: Vec<LegRecord>) -> Result<CallRecord, StoreError> {
        Ok(CallRecord {
            tenant: TenantId(small(self.tenant)),
            call: self.id.parse::<CallId>().map_err(|error| StoreError::row("id", error))?,
            started_at: Wall::from_millis(self.started_at),
            ringing_at: time(self.ringing_at),
            answered_at: time(self.answered_at),
            ended_at: Wall::from_millis(self.ended_at),
            from: endpoint(&self.from_end)?,
            caller: self.caller,
            caller_name: self.caller_name,
            dialled: self.dialled,
            to: self.routed_to,
            why: self.why,
            answered_by: self.answered_by.as_deref().map(endpoint).transpose()?,
            codec: self.codec,
            cause: from_word("cause", &self.cause)?,
            sip_status: small(self.sip_status),
            q850: small(self.q850),
            released_by: from_word("released_by", &self.released_by)?,
            sip_call_id: self.sip_call_id,
            session_id: self.session_id,
            user_to_user: self.user_to_user,
            legs,
        })
    }
}

impl LegRow {
    fn record(self) -> Result<LegRecord, StoreError> {
        Ok(LegRecord {
            leg: self.leg.parse().map_err(|error| StoreError::row("id", error))?,
            endpoint: endpoint(&self.far_end)?,
            dialled: self.dialled,
            sip_call_id: self.sip_call_id,
            started_at: Wall::from_millis(self.started_at),
            ringing_at: time(self.ringing_at),
            answered_at: time(self.answered_at),
            ended_at: time(self.ended_at),
            cause: self.cause.as_deref().map(|word| from_word("cause", word)).transpose()?,
            sip_status: small(self.sip_status),
            q850: small(self.q850),
            silent: self.silent != 0,
            media: serde_json::from_str(&self.media).map_err(|error| StoreError::row("media", error))?,
        })
    }
}
