//! Greetings of mailboxes: listed, uploaded, taken away, by admins and by whoever owns the mailbox.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use base::mail::{GreetingKind, MailOrder};
use serde_json::{Value, json};
use sounds::shelf::Levelling;

use super::page::Query;
use super::sounds::{HungUp, brought, fault};
use super::voicemail::{allowed, done, ordered};
use crate::auth::Identity;
use crate::ports::GreetError;
use crate::problem::Problem;
use crate::router::Web;
use crate::view::text;

/// The greetings of a mailbox.
pub(crate) async fn greetings(
    State(web): State<Web>,
    Path(mailbox): Path<String>,
    who: Identity,
) -> Result<Json<Value>, Problem> {
    allowed(&web, &who, &mailbox)?;
    let found = done(web.ports.store.greetings(Some(&mailbox)).await)?;
    let shown =
        found.iter().map(|it| json!({ "kind": it.kind, "made_at": text(it.at), "audio_ms": it.audio_ms }));
    Ok(Json(json!({ "items": shown.collect::<Vec<_>>() })))
}

/// Takes a greeting away.
pub(crate) async fn ungreet(
    State(web): State<Web>,
    Path((mailbox, kind)): Path<(String, String)>,
    who: Identity,
) -> Result<StatusCode, Problem> {
    allowed(&web, &who, &mailbox)?;
    ordered(&web, MailOrder::Ungreet { mailbox, kind: named(&kind)? })
}

/// Takes in a file as a greeting, in the place of the one before it.
pub(crate) async fn greet(
    State(web): State<Web>,
    Path((mailbox, kind)): Path<(String, String)>,
    who: Identity,
    mut query: Query,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    allowed(&web, &who, &mailbox)?;
    let kind = named(&kind)?;
    let level = query.choice("level")?.unwrap_or(true);
    query.finish()?;
    let (file, turn) = brought(&web, &headers, body).await?;
    let levelling = if level { Levelling::Level } else { Levelling::Leave };
    let stop = Arc::new(AtomicBool::new(false));
    let _hung_up = HungUp(Arc::clone(&stop));
    let (node, number, octets) = (Arc::clone(&web.ports.node), mailbox.clone(), file.len());
    let greeted = tokio::task::spawn_blocking(move || {
        // The work outlives a request that is dropped; its turn is over when the work is.
        let _turn = turn;
        node.greet(&number, kind, &file, levelling, &stop)
    });
    let audio_ms = greeted.await.map_err(|error| Problem::internal(&error))?.map_err(|why| refused(&why))?;
    tracing::info!(mailbox, kind = kind.word(), octets, by = who.name, "a greeting was uploaded");
    Ok((StatusCode::ACCEPTED, Json(json!({ "kind": kind, "audio_ms": audio_ms }))))
}

fn named(kind: &str) -> Result<GreetingKind, Problem> {
    let known = GreetingKind::WORDS.iter().find(|(word, _)| *word == kind);
    let (_, kind) =
        known.ok_or_else(|| Problem::not_found("greetings are unavailable, busy and temporary"))?;
    Ok(*kind)
}

fn refused(why: &GreetError) -> Problem {
    match why {
        GreetError::Upload(found) => fault(found),
        GreetError::Busy => Problem::new(StatusCode::SERVICE_UNAVAILABLE, why.to_string()).retry_after(5),
    }
}
