//! Calls: live ones from the shards, past ones from the store.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::fact::Endpoint;
use base::record::CallRecord;
use base::{CallId, Cause, Wall};
use serde_json::{Map, Value, json};
use store::{CallCursor, CallFilter};

use super::page::{Page, Query, wrong};
use crate::auth::{Identity, Right};
use crate::ports::HangUpError;
use crate::problem::Problem;
use crate::router::Web;

/// Live calls with `state=live`, past ones otherwise, the latest first.
pub(crate) async fn list(
    State(web): State<Web>,
    who: Identity,
    mut query: Query,
) -> Result<Json<Page<Value>>, Problem> {
    who.require(Right::SeeCalls)?;
    let limit = query.limit()?;
    match query.take("state").as_deref() {
        Some("live") => live(&web, query, limit),
        None | Some("ended") => past(&web, query, limit).await,
        Some(found) => Err(wrong("state", found, "live or ended")),
    }
    .map(Json)
}

fn live(web: &Web, mut query: Query, limit: usize) -> Result<Page<Value>, Problem> {
    let before = query.take("cursor");
    query.finish()?;
    let mut calls = web.ports.node.live().calls;
    calls.sort_by(|a, b| b.id.cmp(&a.id));
    calls.retain(|call| before.as_ref().is_none_or(|before| call.id < *before));
    let more = calls.len() > limit;
    calls.truncate(limit);
    let next = calls.last().filter(|_| more).map(|call| call.id.clone());
    let items: Result<_, _> = calls.into_iter().map(serde_json::to_value).collect();
    Ok(Page { items: items.map_err(|error| Problem::internal(&error))?, next })
}

async fn past(web: &Web, mut query: Query, limit: usize) -> Result<Page<Value>, Problem> {
    let cause = query.take("cause").map(|text| {
        Cause::from_text(&text).ok_or_else(|| wrong("cause", &text, "a word such as busy or no_answer"))
    });
    let filter = CallFilter {
        from: instant(&mut query, "since")?,
        to: instant(&mut query, "until")?,
        caller: query.take("caller"),
        dialled: query.take("dialled"),
        endpoint: endpoint(&mut query)?,
        cause: cause.transpose()?,
        answered: query.choice("answered")?,
    };
    let cursor = query.take("cursor").map(|text| {
        text.parse::<CallCursor>().map_err(|_bad| wrong("cursor", &text, "the `next` of the page before"))
    });
    let cursor = cursor.transpose()?;
    query.finish()?;
    let page = web.ports.store.calls(&filter, cursor, limit).await;
    let page = page.map_err(|error| Problem::internal(&error))?;
    let items: Result<_, _> = page.calls.iter().map(record).collect();
    Ok(Page { items: items?, next: page.next.map(|cursor| cursor.to_string()) })
}

/// The last calls, for the status page.
pub(crate) async fn recent(web: &Web, count: usize) -> Result<Vec<Value>, Problem> {
    let page = web.ports.store.calls(&CallFilter::default(), None, count).await;
    page.map_err(|error| Problem::internal(&error))?.calls.iter().map(record).collect()
}

/// One call, live or past.
pub(crate) async fn one(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
) -> Result<Json<Value>, Problem> {
    who.require(Right::SeeCalls)?;
    let call = call_id(&id)?;
    if let Some(live) = web.ports.node.live().calls.into_iter().find(|call| call.id == id) {
        return serde_json::to_value(live).map(Json).map_err(|error| Problem::internal(&error));
    }
    let found = web.ports.store.call(call).await.map_err(|error| Problem::internal(&error))?;
    let found = found.ok_or_else(|| Problem::not_found(format!("there is no call {id}")))?;
    record(&found).map(Json)
}

/// Ends a live call.
pub(crate) async fn hang_up(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
) -> Result<(StatusCode, Json<Value>), Problem> {
    who.require(Right::Manage)?;
    let call = call_id(&id)?;
    end(&web, &who, call)
}

/// Ends a call that somebody may end.
pub(super) fn end(web: &Web, who: &Identity, call: CallId) -> Result<(StatusCode, Json<Value>), Problem> {
    match web.ports.node.hang_up(call) {
        Ok(()) => {
            tracing::info!(%call, by = who.name, "a call is ended by hand");
            Ok((StatusCode::ACCEPTED, Json(json!({ "id": call.to_string() }))))
        }
        Err(error @ HangUpError::NoSuchCall) => Err(Problem::not_found(error.to_string())),
        Err(error @ HangUpError::Busy) => {
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()).retry_after(1))
        }
    }
}

pub(super) fn call_id(id: &str) -> Result<CallId, Problem> {
    id.parse().map_err(|_no_id| Problem::not_found(format!("{id:?} is no call; ids look like call_0…")))
}

/// A call's record as the API shows it: times as texts, with the billed seconds.
fn record(record: &CallRecord) -> Result<Value, Problem> {
    let mut value = serde_json::to_value(record).map_err(|error| Problem::internal(&error))?;
    times_as_text(&mut value);
    if let Value::Object(fields) = &mut value {
        fields.remove("tenant");
        if let Some(id) = fields.remove("call") {
            fields.insert("id".to_owned(), id);
        }
        fields.insert("state".to_owned(), "ended".into());
        fields.insert("billed_secs".to_owned(), record.billed_secs().into());
        join(fields, "from");
        join(fields, "answered_by");
        let legs = fields.get_mut("legs").and_then(Value::as_array_mut);
        legs.into_iter().flatten().filter_map(Value::as_object_mut).for_each(|leg| join(leg, "endpoint"));
    }
    Ok(value)
}

/// Replaces an endpoint's object by its word: `trunk:carrier`.
fn join(fields: &mut Map<String, Value>, name: &str) {
    let Some(Value::Object(endpoint)) = fields.get(name) else { return };
    let part = |part: &str| endpoint.get(part).and_then(Value::as_str).unwrap_or("");
    let word = format!("{}:{}", part("kind"), part("name"));
    fields.insert(name.to_owned(), word.into());
}

fn times_as_text(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(times_as_text),
        Value::Object(fields) => {
            for (name, field) in fields {
                match field.as_i64().filter(|_| name.ends_with("_at")) {
                    Some(micros) => *field = crate::view::text(Wall(micros)).into(),
                    None => times_as_text(field),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `trunk` or `station`: the far end of any leg.
fn endpoint(query: &mut Query) -> Result<Option<Endpoint>, Problem> {
    match (query.take("trunk"), query.take("station")) {
        (None, None) => Ok(None),
        (Some(name), None) => Ok(Some(Endpoint::Trunk(name))),
        (None, Some(extension)) => Ok(Some(Endpoint::Station(extension))),
        (Some(_), Some(_)) => Err(Problem::parameter("station", "give trunk or station, not both")),
    }
}

pub(super) fn instant(query: &mut Query, name: &str) -> Result<Option<Wall>, Problem> {
    let Some(text) = query.take(name) else { return Ok(None) };
    let at: Result<jiff::Timestamp, _> = text.parse();
    let at = at.map_err(|_unfit| wrong(name, &text, "a time as in 2026-01-31T12:00:00Z"))?;
    Ok(Some(Wall(at.as_microsecond())))
}
