//! Messages of mailboxes: listed, listened to, marked, passed on, deleted.
//!
//! Admins have every mailbox; everybody else those that they own, and only with a login of their own.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Response, StatusCode};
use base::mail::MailOrder;
use base::media::RecordingFormat;
use provision::Directory;
use serde_json::{Value, json};
use store::{MessageCursor, MessageId, StoreError, StoredMessage};

use super::body::Body as Fields;
use super::page::{Page, Query, wrong};
use super::range::Wanted;
use super::recordings::{answer, beyond, unreadable};
use crate::auth::{Identity, Right};
use crate::ports::MailChange;
use crate::problem::Problem;
use crate::router::Web;
use crate::view::text;

/// A page of messages, the latest first.
pub(crate) async fn list(
    State(web): State<Web>,
    who: Identity,
    mut query: Query,
) -> Result<Json<Page<Value>>, Problem> {
    let limit = query.limit()?;
    let mailbox = query.take("mailbox");
    let cursor = query.take("cursor").map(|text| {
        let cursor = text.parse::<MessageCursor>();
        cursor.map_err(|_bad| wrong("cursor", &text, "the `next` of the page before"))
    });
    let cursor = cursor.transpose()?;
    query.finish()?;
    let own = (!who.may(Right::Manage)).then(|| owned(&web.ports.node.directory(), &who));
    let page = web.ports.store.messages(mailbox.as_deref(), own.as_deref(), cursor, limit).await;
    let page = page.map_err(|error| Problem::internal(&error))?;
    let items = page.messages.iter().map(shown).collect();
    Ok(Json(Page { items, next: page.next.map(|cursor| cursor.to_string()) }))
}

/// One message, with who listened to it on pages.
pub(crate) async fn one(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
) -> Result<Json<Value>, Problem> {
    let found = existing(&web, &who, &id).await?;
    let listens = done(web.ports.store.message_listens(&found.message.id).await)?;
    let listens: Vec<Value> =
        listens.iter().map(|listened| json!({ "at": text(listened.at), "who": listened.who })).collect();
    let mut shown = shown(&found);
    shown["listens"] = listens.into();
    Ok(Json(shown))
}

/// The audio, decrypted, whole or a range of it (RFC 9110 §14). Who listens is noted, and the message counts as heard.
pub(crate) async fn audio(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
    headers: HeaderMap,
) -> Result<Response<Body>, Problem> {
    let found = existing(&web, &who, &id).await?;
    let files = web.ports.node.mail_files();
    let files = files.ok_or_else(|| Problem::not_found("this node keeps no messages"))?;
    let (path, recording) = (found.message.path.clone(), found.message.id.recording);
    let opened = tokio::task::spawn_blocking(move || files.open(&path, recording)).await;
    let audio =
        opened.map_err(|error| Problem::internal(&error))?.map_err(|error| unreadable(&id, &error))?;
    let octets = audio.octets();
    let range = match Wanted::of(&headers, octets) {
        Wanted::All => None,
        Wanted::Part(range) => Some(range),
        Wanted::Beyond => return Ok(beyond(octets)),
    };
    let now = web.ports.node.now().wall;
    done(web.ports.store.message_listened(&found.message.id, now, &who.name).await)?;
    if found.heard_at.is_none() {
        done(web.ports.store.hear_message(&found.message.id, Some(now)).await)?;
        told(&web, &found.message.id.mailbox);
    }
    let kind = match found.message.format {
        RecordingFormat::Wav => ("audio/wav", "wav"),
        RecordingFormat::Opus => ("audio/ogg; codecs=opus", "opus"),
    };
    Ok(answer(audio, octets, range, kind, &recording.to_string()))
}

/// Marks a message heard or new, urgent or not.
pub(crate) async fn change(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
    mut body: Fields,
) -> Result<StatusCode, Problem> {
    let found = existing(&web, &who, &id).await?;
    let heard: Option<bool> = body.find("heard", "true or false")?;
    let urgent: Option<bool> = body.find("urgent", "true or false")?;
    body.finish()?;
    let (store, id) = (&web.ports.store, &found.message.id);
    if let Some(heard) = heard {
        done(store.hear_message(id, heard.then(|| web.ports.node.now().wall)).await)?;
    }
    if let Some(urgent) = urgent {
        done(store.mark_urgent(id, urgent).await)?;
    }
    told(&web, &id.mailbox);
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes a message; its file goes within the hour.
pub(crate) async fn remove(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
) -> Result<StatusCode, Problem> {
    let found = existing(&web, &who, &id).await?;
    let id = &found.message.id;
    done(web.ports.store.delete_message(id, Some(web.ports.node.now().wall)).await)?;
    tracing::info!(message = %id, by = who.name, "a message is deleted by hand");
    told(&web, &id.mailbox);
    Ok(StatusCode::NO_CONTENT)
}

/// Puts a message into another mailbox too.
pub(crate) async fn forward(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
    mut body: Fields,
) -> Result<StatusCode, Problem> {
    let found = existing(&web, &who, &id).await?;
    let to: String = body.take("mailbox", "the number of a mailbox")?;
    body.finish()?;
    let MessageId { mailbox, recording } = found.message.id;
    if to == mailbox || web.ports.node.directory().mailbox(&to).is_none() {
        return Err(Problem::field("mailbox", format!("there is no other mailbox {to:?}")));
    }
    let order = MailOrder::Forward { mailbox, recording, to };
    ordered(&web, order)
}

/// Notices that wait to be sent, and those that were given up.
pub(crate) async fn notices(State(web): State<Web>, who: Identity) -> Result<Json<Value>, Problem> {
    who.require(Right::Manage)?;
    let notices = done(web.ports.store.notices().await)?;
    let shown = notices.iter().map(|notice| {
        json!({
            "message": notice.id.to_string(),
            "tries": notice.tries,
            "next_at": (!notice.given_up).then(|| text(notice.next_at)),
            "given_up": notice.given_up,
            "error": notice.error,
        })
    });
    Ok(Json(json!({ "items": shown.collect::<Vec<_>>() })))
}

/// The mailboxes that a person owns.
fn owned(directory: &Directory, who: &Identity) -> Vec<String> {
    let numbers = directory.mailboxes.keys().chain(directory.stations.keys());
    let mut owned: Vec<String> = numbers.filter(|number| owns(directory, who, number)).cloned().collect();
    owned.sort();
    owned.dedup();
    owned
}

fn owns(directory: &Directory, who: &Identity, number: &str) -> bool {
    directory.mailbox(number).is_some_and(|mailbox| mailbox.owners.iter().any(|login| who.is(login)))
}

pub(super) fn allowed(web: &Web, who: &Identity, mailbox: &str) -> Result<(), Problem> {
    let directory = web.ports.node.directory();
    if directory.mailbox(mailbox).is_some() && (who.may(Right::Manage) || owns(&directory, who, mailbox)) {
        return Ok(());
    }
    Err(Problem::not_found(format!("there is no mailbox {mailbox:?} of yours")))
}

/// A message that this person may hear; another's is none.
async fn existing(web: &Web, who: &Identity, id: &str) -> Result<StoredMessage, Problem> {
    let missing = || Problem::not_found(format!("there is no message {id:?}; ids look like 1001.rec_0…"));
    let message: MessageId = id.parse().map_err(|_no_id| missing())?;
    let directory: Arc<Directory> = web.ports.node.directory();
    if !who.may(Right::Manage) && !owns(&directory, who, &message.mailbox) {
        return Err(missing());
    }
    let found = done(web.ports.store.message(&message).await)?;
    found.filter(|it| it.deleted_at.is_none()).ok_or_else(missing)
}

/// The lamp of a mailbox may be late when too much is to be told; it is not wrong for long.
fn told(web: &Web, mailbox: &str) {
    if web.ports.node.mail_changed(MailChange::Told(mailbox.to_owned())).is_err() {
        tracing::debug!(mailbox, "a lamp may be late");
    }
}

pub(super) fn ordered(web: &Web, order: MailOrder) -> Result<StatusCode, Problem> {
    let sent = web.ports.node.mail_changed(MailChange::Order(order));
    sent.map_err(|busy| Problem::new(StatusCode::SERVICE_UNAVAILABLE, busy.to_string()))?;
    Ok(StatusCode::ACCEPTED)
}

pub(super) fn done<T>(result: Result<T, StoreError>) -> Result<T, Problem> {
    result.map_err(|error| Problem::internal(&error))
}

fn shown(stored: &StoredMessage) -> Value {
    let message = &stored.message;
    json!({
        "id": message.id.to_string(),
        "mailbox": message.id.mailbox,
        "call": message.call.to_string(),
        "received_at": text(message.at),
        "caller": message.caller,
        "caller_name": message.caller_name,
        "audio_ms": message.audio_ms,
        "format": message.format,
        "octets": message.octets,
        "sha256": message.sha256,
        "encrypted": message.encrypted,
        "cut": message.cut,
        "urgent": message.urgent,
        "heard_at": stored.heard_at.map(text),
        "forwarded_by": stored.forwarded_by,
        "keep_until": message.keep_until.map(text),
    })
}
