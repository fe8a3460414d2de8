//! Recordings: listed, listened to, deleted.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use base::media::RecordingFormat;
use base::{CallId, RecordingId};
use serde_json::{Value, json};
use store::{RecordingCursor, RecordingFilter, StoredRecording};

use super::calls::instant;
use super::page::{Page, Query, wrong};
use super::range::{Range, Wanted};
use crate::auth::{Identity, Right};
use crate::ports::{RecordingAudio, RecordingFiles};
use crate::problem::Problem;
use crate::router::Web;
use crate::sending::Sending;
use crate::view::text;

/// A page of recordings, the latest first.
pub(crate) async fn list(
    State(web): State<Web>,
    who: Identity,
    mut query: Query,
) -> Result<Json<Page<Value>>, Problem> {
    who.require(Right::Listen)?;
    let limit = query.limit()?;
    let call = query.take("call").map(|id| {
        id.parse::<CallId>().map_err(|_no_id| wrong("call", &id, "the id of a call, as in call_0…"))
    });
    let filter = RecordingFilter {
        from: instant(&mut query, "since")?,
        to: instant(&mut query, "until")?,
        call: call.transpose()?,
        deleted_too: query.flag("deleted")?,
    };
    let cursor = query.take("cursor").map(|text| {
        let cursor = text.parse::<RecordingCursor>();
        cursor.map_err(|_bad| wrong("cursor", &text, "the `next` of the page before"))
    });
    let cursor = cursor.transpose()?;
    query.finish()?;
    let page = web.ports.store.recordings(&filter, cursor, limit).await;
    let page = page.map_err(|error| Problem::internal(&error))?;
    let items = page.recordings.iter().map(shown).collect();
    Ok(Json(Page { items, next: page.next.map(|cursor| cursor.to_string()) }))
}

/// One recording, with who listened to it.
pub(crate) async fn one(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
) -> Result<Json<Value>, Problem> {
    who.require(Right::Listen)?;
    let found = existing(&web, &id).await?;
    let listens = web.ports.store.listens(found.recording).await;
    let listens = listens.map_err(|error| Problem::internal(&error))?;
    let listens: Vec<Value> =
        listens.iter().map(|listened| json!({ "at": text(listened.at), "who": listened.who })).collect();
    let mut shown = shown(&found);
    shown["listens"] = listens.into();
    Ok(Json(shown))
}

/// The audio, decrypted, whole or a range of it (RFC 9110 §14). Who listens is noted, whatever part.
pub(crate) async fn audio(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
    headers: HeaderMap,
) -> Result<Response<Body>, Problem> {
    who.require(Right::Listen)?;
    let found = existing(&web, &id).await?;
    if let Some(deleted) = &found.deleted {
        let detail = format!("the recording was deleted by {} at {}", deleted.by, text(deleted.at));
        return Err(Problem::new(StatusCode::GONE, detail));
    }
    let (files, path, recording) = (files(&web)?, found.file.path.clone(), found.recording);
    let opened = tokio::task::spawn_blocking(move || files.open(&path, recording)).await;
    let audio =
        opened.map_err(|error| Problem::internal(&error))?.map_err(|error| unreadable(&id, &error))?;
    let octets = audio.octets();
    let range = match Wanted::of(&headers, octets) {
        Wanted::All => None,
        Wanted::Part(range) => Some(range),
        Wanted::Beyond => return Ok(beyond(octets)),
    };
    let noted = web.ports.store.recording_listened(recording, web.ports.node.now().wall, &who.name).await;
    noted.map_err(|error| Problem::internal(&error))?;
    tracing::debug!(%recording, by = who.name, "a recording is listened to");
    let kind = match found.file.format {
        RecordingFormat::Wav => ("audio/wav", "wav"),
        RecordingFormat::Opus => ("audio/ogg; codecs=opus", "opus"),
    };
    Ok(answer(audio, octets, range, kind, &id))
}

/// Deletes the audio; its row stays and says by whom.
pub(crate) async fn remove(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
) -> Result<StatusCode, Problem> {
    who.require(Right::Manage)?;
    let found = existing(&web, &id).await?;
    if found.deleted.is_some() {
        return Err(Problem::new(StatusCode::GONE, "the recording is deleted already"));
    }
    let (files, path) = (files(&web)?, found.file.path.clone());
    let deleted = tokio::task::spawn_blocking(move || files.delete(&path)).await;
    deleted.map_err(|error| Problem::internal(&error))?.map_err(|error| Problem::internal(&error))?;
    let noted =
        web.ports.store.recording_deleted(found.recording, web.ports.node.now().wall, &who.name).await;
    noted.map_err(|error| Problem::internal(&error))?;
    tracing::info!(recording = %found.recording, by = who.name, "a recording is deleted by hand");
    Ok(StatusCode::NO_CONTENT)
}

fn files(web: &Web) -> Result<Arc<dyn RecordingFiles>, Problem> {
    web.ports.node.recordings().ok_or_else(|| Problem::not_found("this node keeps no recordings"))
}

async fn existing(web: &Web, id: &str) -> Result<StoredRecording, Problem> {
    let missing = || Problem::not_found(format!("there is no recording {id:?}; ids look like rec_0…"));
    let recording: RecordingId = id.parse().map_err(|_no_id| missing())?;
    let found = web.ports.store.recording(recording).await;
    found.map_err(|error| Problem::internal(&error))?.ok_or_else(missing)
}

pub(super) fn unreadable(id: &str, error: &std::io::Error) -> Problem {
    tracing::error!(%error, recording = id, "a recording cannot be played");
    match error.kind() == std::io::ErrorKind::NotFound {
        true => Problem::not_found("the recording's file is gone"),
        false => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

pub(super) fn beyond(octets: u64) -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
    put(&mut answer, header::CONTENT_RANGE, &format!("bytes */{octets}"));
    answer
}

pub(super) fn answer(
    audio: Arc<dyn RecordingAudio>,
    octets: u64,
    range: Option<Range>,
    (kind, extension): (&str, &str),
    id: &str,
) -> Response<Body> {
    let part = range.unwrap_or(Range { first: 0, end: octets });
    let mut answer = Response::new(Body::new(Sending::new(audio, part.first, part.end)));
    if range.is_some() {
        *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
        let shown = format!("bytes {}-{}/{octets}", part.first, part.end.saturating_sub(1));
        put(&mut answer, header::CONTENT_RANGE, &shown);
    }
    put(&mut answer, header::CONTENT_TYPE, kind);
    put(&mut answer, header::CONTENT_LENGTH, &(part.end - part.first).to_string());
    put(&mut answer, header::ACCEPT_RANGES, "bytes");
    put(&mut answer, header::CACHE_CONTROL, "private, no-store");
    put(&mut answer, header::CONTENT_DISPOSITION, &format!("inline; filename=\"{id}.{extension}\""));
    answer
}

fn put(answer: &mut Response<Body>, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}

fn shown(recording: &StoredRecording) -> Value {
    let file = &recording.file;
    json!({
        "id": recording.recording.to_string(),
        "call": recording.call.to_string(),
        "caller": recording.caller,
        "dialled": recording.dialled,
        "policy": recording.policy,
        "started_at": text(file.started_at),
        "ended_at": text(file.ended_at),
        "audio_ms": file.audio_ms,
        "gaps": file.gaps,
        "format": file.format,
        "channels": file.channels,
        "octets": file.octets,
        "sha256": file.sha256,
        "encrypted": file.encrypted,
        "cut": recording.cut,
        "keep_until": recording.keep_until.map(text),
        "deleted_at": recording.deleted.as_ref().map(|deleted| text(deleted.at)),
        "deleted_by": recording.deleted.as_ref().map(|deleted| deleted.by.as_str()),
    })
}
