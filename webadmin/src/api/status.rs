//! `/api/v1/status` and `/api/v1/registrations`: what is going on now.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;

use super::calls;
use super::page::{Page, Query};
use crate::auth::{Identity, Right};
use crate::ports::Readiness;
use crate::problem::Problem;
use crate::router::Web;
use crate::view::{CallView, RegistrationView, TrunkView};

/// Rows of each list in a status; the totals stand beside them.
const ROWS: usize = 200;
/// Past calls in a status.
const RECENT: usize = 20;

/// One picture of the node. Who may not see calls gets null in their place.
#[derive(Serialize)]
pub(crate) struct Status {
    node: String,
    version: String,
    started_at: String,
    now: String,
    readiness: Readiness,
    /// The digest realm of station passwords.
    realm: String,
    warnings: Vec<String>,
    trunks: Vec<TrunkView>,
    registrations: Vec<RegistrationView>,
    registrations_total: u64,
    calls_total: usize,
    calls: Option<Vec<CallView>>,
    recent: Option<Vec<Value>>,
}

/// The picture.
pub(crate) async fn status(State(web): State<Web>, who: Identity) -> Result<Json<Status>, Problem> {
    who.require(Right::SeeStatus)?;
    let mut live = web.ports.node.live();
    let sees_calls = who.may(Right::SeeCalls);
    let recent = if sees_calls { Some(calls::recent(&web, RECENT).await?) } else { None };
    let calls_total = live.calls.len();
    live.calls.sort_by_key(|call| std::cmp::Reverse(call.started_at));
    live.calls.truncate(ROWS);
    live.registrations.truncate(ROWS);
    Ok(Json(Status {
        started_at: crate::view::text(live.started_at),
        now: crate::view::text(web.ports.node.now().wall),
        node: live.node,
        version: live.version,
        readiness: web.ports.node.readiness(),
        realm: web.ports.realm.clone(),
        warnings: web.ports.node.warnings(),
        trunks: live.trunks,
        registrations: live.registrations,
        registrations_total: live.registrations_total,
        calls_total,
        calls: sees_calls.then_some(live.calls),
        recent,
    }))
}

/// Registered phones by extension and contact.
pub(crate) async fn registrations(
    State(web): State<Web>,
    who: Identity,
    mut query: Query,
) -> Result<Json<Page<RegistrationView>>, Problem> {
    who.require(Right::SeeStatus)?;
    let (limit, after) = (query.limit()?, query.take("cursor"));
    query.finish()?;
    let mut phones = web.ports.node.live().registrations;
    let place = |phone: &RegistrationView| format!("{} {}", phone.extension, phone.contact);
    phones.sort_by_cached_key(place);
    if let Some(after) = after {
        phones.retain(|phone| place(phone) > after);
    }
    let more = phones.len() > limit;
    phones.truncate(limit);
    let next = phones.last().filter(|_| more).map(place);
    Ok(Json(Page { items: phones, next }))
}
