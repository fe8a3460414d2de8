//! How people want calls to reach their stations: forwards, do-not-disturb, availability.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use provision::{SettingsChange, Station, StationSettings};
use serde_json::{Value, json};

use super::body::Body;
use super::page::{Page, Query};
use crate::auth::{Identity, Right};
use crate::ports::SettingsError;
use crate::problem::Problem;
use crate::router::Web;

/// The stations with settings of their own, by extension.
pub(crate) async fn list(
    State(web): State<Web>,
    who: Identity,
    mut query: Query,
) -> Result<Json<Page<Value>>, Problem> {
    who.require(Right::SeeCalls)?;
    let (limit, after) = (query.limit()?, query.take("cursor"));
    query.finish()?;
    let settings = web.ports.node.settings();
    let behind = |extension: &String| after.as_ref().is_none_or(|after| extension > after);
    let mut found: Vec<_> = settings.iter().filter(|(it, _)| behind(it)).take(limit + 1).collect();
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(extension, _)| (*extension).clone());
    let items = found.into_iter().map(|(extension, settings)| shown(extension, settings)).collect();
    Ok(Json(Page { items, next }))
}

/// What holds for one station.
pub(crate) async fn one(
    State(web): State<Web>,
    Path(extension): Path<String>,
    who: Identity,
) -> Result<Json<Value>, Problem> {
    station(&web, &who, &extension, Right::SeeCalls)?;
    Ok(Json(shown(&extension, web.ports.node.settings().of(&extension))))
}

/// Changes the fields that are given; `null` takes back what was said. Whoever sits at a station may change its own.
pub(crate) async fn change(
    State(web): State<Web>,
    Path(extension): Path<String>,
    who: Identity,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    station(&web, &who, &extension, Right::Manage)?;
    let changes = SettingsChange::read(&body.0).map_err(|(field, reason)| Problem::field(&field, reason))?;
    let mut settings = web.ports.node.settings().of(&extension).clone();
    changes.iter().for_each(|change| settings.make(change));
    web.ports.node.change_settings(&extension, changes).map_err(|error| match error {
        SettingsError::Busy => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()).retry_after(1)
        }
        SettingsError::Refused { field, reason } => Problem::field(field, reason),
    })?;
    tracing::info!(extension, by = who.name, "how calls reach a station is changed");
    Ok((StatusCode::ACCEPTED, Json(shown(&extension, &settings))))
}

/// The station, for who sits there or has this right.
fn station(web: &Web, who: &Identity, extension: &str, right: Right) -> Result<Station, Problem> {
    let station = web.ports.node.directory().stations.get(extension).cloned();
    let is_own = station.as_ref().is_some_and(|station| !station.user.is_empty() && who.is(&station.user));
    if !is_own {
        who.require(right)?;
    }
    station.ok_or_else(|| Problem::not_found(format!("there is no station {extension}")))
}

fn shown(extension: &str, settings: &StationSettings) -> Value {
    let mut shown = json!(settings);
    shown["extension"] = extension.into();
    shown
}
