//! Parked calls: who waits where, parking, and giving a call that rings or waits to a station.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::CallOrder;
use serde_json::{Value, json};

use super::body::Body;
use super::orders::{Answer, live, one_leg, optional, send};
use super::page::Query;
use crate::auth::{Identity, Right};
use crate::problem::Problem;
use crate::router::Web;

/// Slots that are taken, by number.
pub(crate) async fn slots(
    State(web): State<Web>,
    who: Identity,
    mut query: Query,
) -> Result<Json<Value>, Problem> {
    who.require(Right::SeeCalls)?;
    let limit = query.limit()?;
    query.finish()?;
    let mut taken = web.ports.node.live().calls;
    taken.retain(|call| call.slot.is_some());
    taken.sort_by_key(|call| call.slot);
    let items = taken.iter().take(limit).map(|call| {
        json!({
            "slot": call.slot,
            "call": call.id,
            "caller": call.caller,
            "caller_name": call.caller_name,
            "dialled": call.dialled,
        })
    });
    Ok(Json(json!({ "items": items.collect::<Vec<_>>(), "next": null })))
}

/// Parks whoever talks with one side.
pub(crate) async fn park(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
    mut body: Body,
) -> Answer {
    let (call, view) = live(&web, &who, &id)?;
    let leg = one_leg(&mut body, &view)?;
    let slot: Option<String> =
        optional(&mut body, "slot", "a slot, or the extension or name of a parking lot")?;
    body.finish()?;
    let slot = slot.unwrap_or_default();
    let directory = web.ports.node.directory();
    let is_lot = |lot: &provision::Parking| lot.name == slot || lot.extension == slot;
    let is_there = slot.is_empty() && !directory.parking.is_empty()
        || directory.lot_of(&slot).is_some()
        || directory.parking.values().any(is_lot);
    if !is_there {
        let found: String = slot.chars().take(80).collect();
        return Err(Problem::field("slot", format!("there is no slot or parking lot {found:?}")));
    }
    if view.state != "talking" || view.slot.is_some() {
        return Err(Problem::new(StatusCode::CONFLICT, "the call is not answered, or is parked already"));
    }
    send(&web, &who, call, CallOrder::Park { leg, slot })
}

/// Rings a station in place of those who ring, or for whoever is parked.
pub(crate) async fn pick_up(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
    mut body: Body,
) -> Answer {
    let (call, view) = live(&web, &who, &id)?;
    let station: String = body.take("station", "the extension of a station")?;
    body.finish()?;
    if !web.ports.node.directory().stations.contains_key(&station) {
        let found: String = station.chars().take(80).collect();
        return Err(Problem::field("station", format!("there is no station {found:?}")));
    }
    if view.state != "ringing" && view.slot.is_none() {
        return Err(Problem::new(StatusCode::CONFLICT, "the call neither rings nor is parked"));
    }
    send(&web, &who, call, CallOrder::PickUp { station })
}
