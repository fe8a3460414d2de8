//! Voice mail: messages listened to, marked, passed on, deleted.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;

use super::words::Words;
use super::{for_right, html};
use crate::auth::Right;
use crate::router::Web;

#[derive(askama::Template)]
#[template(path = "voicemail.html")]
struct VoicemailPage {
    words: &'static Words,
    who: String,
}

/// The page for everybody: whoever is no admin finds the messages of mailboxes that are theirs.
pub(crate) async fn page(State(web): State<Web>, parts: Parts) -> Response {
    for_right(&web, &parts, Right::SeeStatus, |who, words| {
        html(StatusCode::OK, &VoicemailPage { words, who: who.name })
    })
    .await
}
