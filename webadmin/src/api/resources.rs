//! What is set up, one entity at a time: trunks, users, stations, numbers, dial rules, recording policies, conferences, mailboxes.

use std::collections::BTreeMap;
use std::ops::Bound;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use provision::{Directory, Entity, Key, Kind, Secrets};
use serde_json::{Map, Value};

use super::body::Body;
use super::change;
use super::page::{Page, Query};
use crate::auth::{Identity, Right};
use crate::problem::Problem;
use crate::router::Web;

/// The resource's word in addresses: `dial-rules`.
pub(crate) fn plural(kind: Kind) -> &'static str {
    match kind {
        Kind::Trunk => "trunks",
        Kind::User => "users",
        Kind::Station => "stations",
        Kind::Number => "numbers",
        Kind::DialRule => "dial-rules",
        Kind::RecordingPolicy => "recording-policies",
        Kind::Conference => "conferences",
        Kind::Mailbox => "mailboxes",
        Kind::FeatureCode => "feature-codes",
        Kind::Phone => "phones",
        Kind::Phonebook => "phonebook",
        Kind::Group => "groups",
        Kind::Parking => "parking",
        Kind::Hours => "hours",
        Kind::Holiday => "holidays",
    }
}

/// The field that names an entity.
fn key_field(kind: Kind) -> &'static str {
    match kind {
        Kind::Trunk | Kind::RecordingPolicy | Kind::Conference | Kind::FeatureCode => "name",
        Kind::Group | Kind::Parking | Kind::Hours | Kind::Holiday => "name",
        Kind::User => "login",
        Kind::Station => "extension",
        Kind::Number => "did",
        Kind::DialRule => "pattern",
        Kind::Mailbox => "number",
        Kind::Phone => "mac",
        Kind::Phonebook => "entry",
    }
}

/// A page of one kind, by name.
pub(crate) async fn list(
    State(web): State<Web>,
    Extension(kind): Extension<Kind>,
    who: Identity,
    mut query: Query,
) -> Result<Json<Page<Value>>, Problem> {
    who.require(Right::SeeCalls)?;
    let (limit, after) = (query.limit()?, query.take("cursor"));
    query.finish()?;
    let directory = web.ports.node.directory();
    let mut names = names_after(&directory, kind, after.as_deref(), limit + 1);
    let more = names.len() > limit;
    names.truncate(limit);
    let next = names.last().filter(|_| more).cloned();
    let entities = names.into_iter().filter_map(|name| directory.entity(&Key { kind, name }));
    Ok(Json(Page { items: entities.map(|entity| show(&entity)).collect(), next }))
}

fn names_after(directory: &Directory, kind: Kind, after: Option<&str>, most: usize) -> Vec<String> {
    fn of<T>(map: &BTreeMap<String, T>, after: Option<&str>, most: usize) -> Vec<String> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        map.range::<str, _>((from, Bound::Unbounded)).take(most).map(|(name, _)| name.clone()).collect()
    }
    match kind {
        Kind::Trunk => of(&directory.trunks, after, most),
        Kind::User => of(&directory.users, after, most),
        Kind::Station => of(&directory.stations, after, most),
        Kind::Number => of(&directory.numbers, after, most),
        Kind::DialRule => of(&directory.dial_rules, after, most),
        Kind::RecordingPolicy => of(&directory.recording_policies, after, most),
        Kind::Conference => of(&directory.conferences, after, most),
        Kind::Mailbox => of(&directory.mailboxes, after, most),
        Kind::FeatureCode => of(&directory.feature_codes, after, most),
        Kind::Phone => of(&directory.phones, after, most),
        Kind::Phonebook => of(&directory.phonebook, after, most),
        Kind::Group => of(&directory.groups, after, most),
        Kind::Parking => of(&directory.parking, after, most),
        Kind::Hours => of(&directory.hours, after, most),
        Kind::Holiday => of(&directory.holidays, after, most),
    }
}

/// One entity.
pub(crate) async fn one(
    State(web): State<Web>,
    Extension(kind): Extension<Kind>,
    Path(name): Path<String>,
    who: Identity,
) -> Result<Json<Value>, Problem> {
    who.require(Right::SeeCalls)?;
    existing(&web.ports.node.directory(), Key { kind, name }).map(|entity| Json(show(&entity)))
}

/// Makes an entity; 409 when one of its name is there.
pub(crate) async fn create(
    State(web): State<Web>,
    Extension(kind): Extension<Kind>,
    who: Identity,
    Body(fields): Body,
) -> Result<Response, Problem> {
    who.require(Right::Manage)?;
    let turn = change::turn(&web).await?;
    let entity = read(&web, kind, fields).await?;
    let key = entity.key();
    if web.ports.node.directory().entity(&key).is_some() {
        return Err(Problem::new(StatusCode::CONFLICT, format!("{key} is there already")));
    }
    change::commit(&web, &who, change::put(&web, entity)?, turn).await?;
    let place = format!("/api/v1/{}/{}", plural(kind), percent(&key.name));
    let place = HeaderValue::try_from(place).map_err(|error| Problem::internal(&error))?;
    let made = show(&existing(&web.ports.node.directory(), key)?);
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], Json(made)).into_response())
}

/// Sets an entity, new or not; secrets that are not given stay as they are.
pub(crate) async fn replace(
    State(web): State<Web>,
    Extension(kind): Extension<Kind>,
    Path(name): Path<String>,
    who: Identity,
    Body(mut fields): Body,
) -> Result<Json<Value>, Problem> {
    who.require(Right::Manage)?;
    let field = key_field(kind);
    let given = fields.entry(field).or_insert_with(|| Value::String(name.clone()));
    if given.as_str() != Some(name.as_str()) {
        return Err(Problem::field(field, format!("it must equal the name in the address, {name:?}")));
    }
    let turn = change::turn(&web).await?;
    let entity = read(&web, kind, fields).await?;
    change::commit(&web, &who, change::put(&web, entity)?, turn).await?;
    existing(&web.ports.node.directory(), Key { kind, name }).map(|entity| Json(show(&entity)))
}

/// Removes an entity; 409 when others lean on it.
pub(crate) async fn remove(
    State(web): State<Web>,
    Extension(kind): Extension<Kind>,
    Path(name): Path<String>,
    who: Identity,
) -> Result<StatusCode, Problem> {
    who.require(Right::Manage)?;
    let turn = change::turn(&web).await?;
    let key = existing(&web.ports.node.directory(), Key { kind, name })?.key();
    change::commit(&web, &who, change::remove(&web, &key)?, turn).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn read(web: &Web, kind: Kind, fields: Map<String, Value>) -> Result<Entity, Problem> {
    let fields = Value::Object(fields);
    let name = fields.get(key_field(kind)).and_then(Value::as_str).unwrap_or("").to_owned();
    let read = change::read(web, move |reading| provision::entity_from_json(kind, &fields, reading)).await?;
    read.map_err(|problems| change::invalid(&problems, Some(&Key { kind, name })))
}

fn existing(directory: &Directory, key: Key) -> Result<Entity, Problem> {
    directory.entity(&key).ok_or_else(|| Problem::not_found(format!("there is no {key}")))
}

fn show(entity: &Entity) -> Value {
    provision::entity_to_json(entity, Secrets::Hidden)
}

/// A name as one segment of an address (RFC 3986 §2.1).
fn percent(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for octet in name.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            out.push(octet.into());
        } else {
            out.push_str(&format!("%{octet:02X}"));
        }
    }
    out
}
