//! Conferences as they are now: who is in them, who speaks, and what is done about it; and calls made into one.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::{CallId, CallOrder, RoomOrder};
use serde::Serialize;
use serde_json::{Value, json};

use super::body::Body;
use super::calls::call_id;
use super::orders::{live, one_leg, optional, refused, send};
use super::page::{Page, Query};
use crate::auth::{Identity, Right};
use crate::problem::Problem;
use crate::router::Web;
use crate::view::{CallView, LegView, RoomView};

type Answer = Result<(StatusCode, Json<Value>), Problem>;

/// A room with who is in it.
#[derive(Debug, Serialize)]
pub(crate) struct Room {
    #[serde(flatten)]
    law: RoomView,
    members: Vec<Member>,
}

/// One who is in a room.
#[derive(Debug, Serialize)]
pub(crate) struct Member {
    call: String,
    /// Its place in the call.
    leg: usize,
    number: String,
    name: String,
    endpoint: String,
    since: String,
    moderates: bool,
    waits: bool,
    muted: bool,
    deaf: bool,
    speaking: bool,
}

/// Rooms that anybody is in, by name.
pub(crate) async fn list(
    State(web): State<Web>,
    who: Identity,
    mut query: Query,
) -> Result<Json<Page<Room>>, Problem> {
    who.require(Right::SeeCalls)?;
    let limit = query.limit()?;
    query.finish()?;
    let live = web.ports.node.live();
    let mut rooms = live.rooms;
    rooms.sort_by(|one, other| one.name.cmp(&other.name));
    rooms.truncate(limit);
    let items = rooms.into_iter().map(|law| Room { members: members(&live.calls, &law.name), law });
    Ok(Json(Page { items: items.collect(), next: None }))
}

/// One room; an empty one is open.
pub(crate) async fn one(
    State(web): State<Web>,
    Path(name): Path<String>,
    who: Identity,
) -> Result<Json<Room>, Problem> {
    who.require(Right::SeeCalls)?;
    is_there(&web, &name)?;
    let live = web.ports.node.live();
    let law = live.rooms.into_iter().find(|room| room.name == name);
    let members = members(&live.calls, &name);
    Ok(Json(Room { law: law.unwrap_or_else(|| RoomView { name, ..RoomView::default() }), members }))
}

/// Locks, records, mutes all; what is not named stays.
pub(crate) async fn change(
    State(web): State<Web>,
    Path(name): Path<String>,
    who: Identity,
    mut body: Body,
) -> Answer {
    who.require(Right::Manage)?;
    is_there(&web, &name)?;
    const ALLOWED: &str = "true or false";
    let locked = optional(&mut body, "locked", ALLOWED)?.map(RoomOrder::Lock);
    let recorded = optional(&mut body, "recorded", ALLOWED)?.map(RoomOrder::Record);
    let muted = optional(&mut body, "muted", ALLOWED)?.map(RoomOrder::MuteAll);
    body.finish()?;
    for wanted in [locked, recorded, muted].into_iter().flatten() {
        order(&web, &who, &name, wanted)?;
    }
    Ok((StatusCode::ACCEPTED, Json(json!({ "name": name }))))
}

/// Ends it for all.
pub(crate) async fn end(State(web): State<Web>, Path(name): Path<String>, who: Identity) -> Answer {
    who.require(Right::Manage)?;
    is_there(&web, &name)?;
    order(&web, &who, &name, RoomOrder::End)?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "name": name }))))
}

/// Rings somebody into the room, by the dial rules of a phone that is in it.
pub(crate) async fn invite(
    State(web): State<Web>,
    Path(name): Path<String>,
    who: Identity,
    mut body: Body,
) -> Answer {
    who.require(Right::Manage)?;
    is_there(&web, &name)?;
    let to = number(&mut body)?;
    body.finish()?;
    let inside = members(&web.ports.node.live().calls, &name);
    let phones = inside.iter().filter(|it| !it.waits && it.endpoint.starts_with("station:"));
    let by = phones.max_by_key(|it| it.moderates);
    let by = by.ok_or_else(|| Problem::new(StatusCode::CONFLICT, "no phone of the house is in the room"))?;
    send(&web, &who, call_id(&by.call)?, CallOrder::Invite { leg: by.leg, to })
}

/// Mutes one, or makes it deaf; what is not named stays.
pub(crate) async fn voice(
    State(web): State<Web>,
    Path((name, id)): Path<(String, String)>,
    who: Identity,
    mut body: Body,
) -> Answer {
    who.require(Right::Manage)?;
    let (call, member) = member(&web, &name, &id)?;
    let leg = optional(&mut body, "leg", "the place of a leg in the call, from 0")?.unwrap_or(member.leg);
    let muted = optional(&mut body, "muted", "true or false")?;
    let deaf = optional(&mut body, "deaf", "true or false")?;
    body.finish()?;
    send(&web, &who, call, CallOrder::Voice { leg, muted, deaf, gain: None })
}

/// Takes one out.
pub(crate) async fn remove(
    State(web): State<Web>,
    Path((name, id)): Path<(String, String)>,
    who: Identity,
) -> Answer {
    who.require(Right::Manage)?;
    let (call, _) = member(&web, &name, &id)?;
    order(&web, &who, &name, RoomOrder::Remove(call))?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "id": id }))))
}

/// Rings somebody who talks with all of a call once there.
pub(crate) async fn invite_to_call(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
    mut body: Body,
) -> Answer {
    let (call, view) = live(&web, &who, &id)?;
    let leg = one_leg(&mut body, &view)?;
    let to = number(&mut body)?;
    body.finish()?;
    send(&web, &who, call, CallOrder::Invite { leg, to })
}

/// Brings those of another call into this one.
pub(crate) async fn merge(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
    mut body: Body,
) -> Answer {
    let (call, view) = live(&web, &who, &id)?;
    let with: String = body.take("with", "the id of another live call")?;
    body.finish()?;
    let (other, other_view) = live(&web, &who, &with).map_err(|_unknown| {
        Problem::field("with", "is no live call; allowed: the id of another live call".to_owned())
    })?;
    if other == call {
        return Err(Problem::field("with", "is this call; allowed: another one".to_owned()));
    }
    if [&view, &other_view].into_iter().any(|view| view.answered_at.is_none()) {
        return Err(Problem::new(StatusCode::CONFLICT, "both calls must be answered"));
    }
    send(&web, &who, call, CallOrder::Merge { with: other })
}

fn number(body: &mut Body) -> Result<String, Problem> {
    const ALLOWED: &str = "a number or an extension, 1 to 64 characters";
    let to: String = body.take("to", ALLOWED)?;
    let fits = (1..=64).contains(&to.len()) && to.chars().all(|c| c.is_ascii_graphic());
    if fits { Ok(to) } else { Err(Problem::field("to", format!("does not fit; allowed: {ALLOWED}"))) }
}

fn order(web: &Web, who: &Identity, name: &str, order: RoomOrder) -> Result<(), Problem> {
    web.ports.node.order_room(name, order).map_err(refused)?;
    tracing::info!(conference = name, by = who.name, ?order, "something is done with a conference by hand");
    Ok(())
}

fn is_there(web: &Web, name: &str) -> Result<(), Problem> {
    match web.ports.node.directory().conferences.contains_key(name) {
        true => Ok(()),
        false => Err(Problem::not_found(format!("there is no conference {name:?}"))),
    }
}

fn member(web: &Web, name: &str, id: &str) -> Result<(CallId, Member), Problem> {
    is_there(web, name)?;
    let call = call_id(id)?;
    let found = members(&web.ports.node.live().calls, name).into_iter().find(|member| member.call == id);
    let member =
        found.ok_or_else(|| Problem::not_found(format!("call {id} is not in conference {name:?}")))?;
    Ok((call, member))
}

fn members(calls: &[CallView], name: &str) -> Vec<Member> {
    let inside = calls.iter().filter(|call| call.conference == name);
    inside.flat_map(|call| call.legs.iter().enumerate().filter_map(|(leg, at)| seat(call, leg, at))).collect()
}

fn seat(call: &CallView, leg: usize, at: &LegView) -> Option<Member> {
    let is_caller = leg == 0;
    (at.state == "talking").then(|| Member {
        call: call.id.clone(),
        leg,
        number: if is_caller { call.caller.clone() } else { String::new() },
        name: if is_caller { call.caller_name.clone() } else { String::new() },
        endpoint: at.endpoint.clone(),
        since: crate::view::text(call.answered_at.unwrap_or(call.started_at)),
        moderates: call.moderates && is_caller,
        waits: call.waits,
        muted: at.muted,
        deaf: at.deaf,
        speaking: at.speaking,
    })
}
