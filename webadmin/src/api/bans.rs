//! `/api/v1/bans`: who is kept out after failed logins.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use peer::guard::Place;

use super::page::{Page, Query};
use crate::auth::{Identity, Right};
use crate::problem::Problem;
use crate::router::Web;
use crate::view::BanView;

/// Bans that stand, the latest first.
pub(crate) async fn list(
    State(web): State<Web>,
    who: Identity,
    mut query: Query,
) -> Result<Json<Page<BanView>>, Problem> {
    who.require(Right::SeeCalls)?;
    let limit = query.limit()?;
    query.finish()?;
    let mut bans = web.ports.node.live().bans;
    bans.truncate(limit);
    Ok(Json(Page { items: bans, next: None }))
}

/// Ends one; its slash is written `%2F`.
pub(crate) async fn lift(
    State(web): State<Web>,
    Path(place): Path<String>,
    who: Identity,
) -> Result<StatusCode, Problem> {
    who.require(Right::Manage)?;
    let missing = |reason: String| Problem::not_found(format!("{place:?}: {reason}"));
    let found: Place = place.parse().map_err(|error: peer::guard::NoPlace| missing(error.to_string()))?;
    web.ports.node.lift(found).await.map_err(|error| missing(error.to_string()))?;
    tracing::info!(place, by = who.name, "a ban is ended by hand");
    Ok(StatusCode::NO_CONTENT)
}
