//! The record of a finished call, made from its facts.

use serde::{Deserialize, Serialize};

use crate::fact::Endpoint;
use crate::media::LegMedia;
use crate::{CallId, Cause, LegId, Party, TenantId, Wall};

/// A call detail record: one caller's whole visit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    /// Whose call.
    pub tenant: TenantId,
    /// Which call.
    pub call: CallId,
    /// When the INVITE came.
    pub started_at: Wall,
    /// When the first far end rang.
    pub ringing_at: Option<Wall>,
    /// When it was answered.
    pub answered_at: Option<Wall>,
    /// When it ended.
    pub ended_at: Wall,
    /// From which trunk or station.
    pub from: Endpoint,
    /// The caller's number or user.
    pub caller: String,
    /// The caller's display name.
    pub caller_name: String,
    /// What was dialled.
    pub dialled: String,
    /// Where it was routed: `station:1001`, `trunk:carrier`, …; empty when it was refused before.
    pub to: String,
    /// Why there.
    pub why: String,
    /// Who answered.
    pub answered_by: Option<Endpoint>,
    /// The codec of the answered leg; empty without media.
    pub codec: String,
    /// Why it ended.
    pub cause: Cause,
    /// The final SIP status of the caller's INVITE, 200 once answered.
    pub sip_status: u16,
    /// The Q.850 value.
    pub q850: u8,
    /// Who released it.
    pub released_by: Party,
    /// The caller's Call-ID.
    pub sip_call_id: String,
    /// The caller's name in Session-ID, which every leg of the call bears (RFC 7989); empty in older records.
    #[serde(default)]
    pub session_id: String,
    /// What the caller's side told the callee's (RFC 7433), up to `limits::UUI_OCTETS`; empty when nothing.
    #[serde(default)]
    pub user_to_user: String,
    /// Every leg, the caller's first.
    pub legs: Vec<LegRecord>,
}

/// One leg of a call's record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LegRecord {
    /// Which leg.
    pub leg: LegId,
    /// Who stood at the far end.
    pub endpoint: Endpoint,
    /// The number or user dialled on it.
    pub dialled: String,
    /// Its Call-ID.
    pub sip_call_id: String,
    /// When it began.
    pub started_at: Wall,
    /// When it rang.
    pub ringing_at: Option<Wall>,
    /// When it was answered.
    pub answered_at: Option<Wall>,
    /// When it ended.
    pub ended_at: Option<Wall>,
    /// Why it ended.
    pub cause: Option<Cause>,
    /// The final SIP status to its INVITE, 0 when there was none.
    pub sip_status: u16,
    /// The Q.850 value.
    pub q850: u8,
    /// Whether media that should have been there was missing.
    pub silent: bool,
    /// Its media figures.
    pub media: LegMedia,
}

impl CallRecord {
    /// Seconds between answer and end, rounded up as carriers bill; 0 when it was never answered.
    #[must_use]
    pub fn billed_secs(&self) -> u64 {
        self.answered_at.map_or(0, |answered| {
            let talked = self.ended_at.since(answered);
            talked.as_secs() + u64::from(talked.subsec_nanos() > 0)
        })
    }
}
