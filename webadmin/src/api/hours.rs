//! Whether working hours hold now, or at some other time.

use axum::Json;
use axum::extract::{Path, State};
use route::Schedule;
use serde_json::{Value, json};

use super::calls::instant;
use super::page::Query;
use crate::auth::{Identity, Right};
use crate::problem::Problem;
use crate::router::Web;
use crate::view::text;

/// Open or closed, and until when; null when that does not change within a year.
pub(crate) async fn state(
    State(web): State<Web>,
    Path(name): Path<String>,
    who: Identity,
    mut query: Query,
) -> Result<Json<Value>, Problem> {
    who.require(Right::SeeCalls)?;
    let at = instant(&mut query, "at")?;
    query.finish()?;
    let schedule = Schedule::of(&web.ports.node.directory(), &name);
    let schedule = schedule.ok_or_else(|| Problem::not_found(format!("there are no hours {name}")))?;
    let at = at.unwrap_or_else(|| web.ports.node.now().wall);
    let state = schedule.state(at);
    Ok(Json(json!({ "open": state.open, "at": text(at), "until": state.until.map(text) })))
}
