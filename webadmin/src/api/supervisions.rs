//! `/api/v1/supervisions`: supervisors who take part in agents' calls, each by the call of its own.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::{CallId, CallOrder, Cause, SuperviseOrder, Supervision};
use provision::{Supervisor, may_supervise};
use serde_json::{Value, json};

use super::body::Body;
use super::calls::{self, call_id};
use super::orders::{optional, refused};
use super::page::{Page, Query};
use crate::auth::{Credential, Identity, Right};
use crate::problem::Problem;
use crate::router::Web;
use crate::view::{CallView, SupervisionView};

/// Those that go on, the oldest first.
pub(crate) async fn list(
    State(web): State<Web>,
    who: Identity,
    mut query: Query,
) -> Result<Json<Page<Value>>, Problem> {
    who.require(Right::SeeCalls)?;
    let limit = query.limit()?;
    let after = query.take("cursor");
    query.finish()?;
    let mut calls = web.ports.node.live().calls;
    calls.sort_by(|one, other| one.id.cmp(&other.id));
    calls.retain(|call| call.supervision.is_some() && after.as_ref().is_none_or(|after| call.id > *after));
    let more = calls.len() > limit;
    calls.truncate(limit);
    let next = calls.last().filter(|_| more).map(|call| call.id.clone());
    Ok(Json(Page { items: calls.iter().filter_map(shown).collect(), next }))
}

/// Changes how one takes part, whether it follows, or lets it take the call over.
pub(crate) async fn change(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
    mut body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    const MODES: &str = "listen, whisper, barge or take_over";
    let (call, _) = own(&web, &who, &id)?;
    let mode: Option<String> = optional(&mut body, "mode", MODES)?;
    let follow: Option<bool> = optional(&mut body, "follow", "true or false")?;
    body.finish()?;
    let mode = mode.map(|word| match word.as_str() {
        "take_over" => Ok(SuperviseOrder::TakeOver),
        other => Supervision::named(other).map(SuperviseOrder::Mode).ok_or_else(|| {
            let found: String = other.chars().take(80).collect();
            Problem::field("mode", format!("found {found:?}; allowed: {MODES}"))
        }),
    });
    for order in follow.map(SuperviseOrder::Follow).into_iter().chain(mode.transpose()?) {
        web.ports.node.order(call, CallOrder::Supervise(order)).map_err(refused)?;
        tracing::info!(%call, by = who.name, ?order, "a supervisor's way is changed by hand");
    }
    Ok((StatusCode::ACCEPTED, Json(json!({ "id": id }))))
}

/// Ends one; the agent's call goes on.
pub(crate) async fn end(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let (call, _) = own(&web, &who, &id)?;
    calls::end(&web, &who, call)
}

/// The session of an id, for the supervisor itself and for admins, as far as they may supervise that agent.
fn own(web: &Web, who: &Identity, id: &str) -> Result<(CallId, SupervisionView), Problem> {
    who.require(Right::SeeCalls)?;
    let call = call_id(id)?;
    let live = web.ports.node.live().calls.into_iter().find(|call| call.id == id);
    let found = live.and_then(|call| Some((call.supervision.clone()?, call.from)));
    let (session, from) = found.ok_or_else(|| Problem::not_found(format!("there is no supervision {id}")))?;
    let directory = web.ports.node.directory();
    let station = from.strip_prefix("station:").and_then(|extension| directory.stations.get(extension));
    if !who.may(Right::Manage) && !station.is_some_and(|station| who.is(&station.user)) {
        return Err(Problem::forbidden("only the supervisor itself and admins may change this"));
    }
    let asks = match who.by {
        Credential::Session => Supervisor::User(&who.name),
        Credential::Token => Supervisor::Role(who.role),
    };
    match may_supervise(&directory, asks, &session.agent) {
        Ok(()) => Ok((call, session)),
        Err((Cause::Unallocated, why)) => Err(Problem::not_found(why.as_str().to_owned())),
        Err((_, why)) => Err(Problem::forbidden(why.as_str().to_owned())),
    }
}

fn shown(call: &CallView) -> Option<Value> {
    let session = call.supervision.as_ref()?;
    let supervisor = call.from.strip_prefix("station:").unwrap_or(&call.from);
    let mut shown = serde_json::to_value(session).ok()?;
    shown["id"] = call.id.clone().into();
    shown["station"] = supervisor.into();
    shown["since"] = call.answered_at.map(crate::view::text).into();
    Some(shown)
}
