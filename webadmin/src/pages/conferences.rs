//! Conferences: who is in them, and what is done about it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;

use super::words::Words;
use super::{for_right, html};
use crate::auth::Right;
use crate::router::Web;

#[derive(askama::Template)]
#[template(path = "conferences.html")]
struct ConferencesPage {
    words: &'static Words,
    who: String,
    manages: bool,
}

/// The page for supervisors and above; the login for strangers.
pub(crate) async fn page(State(web): State<Web>, parts: Parts) -> Response {
    for_right(&web, &parts, Right::SeeCalls, |who, words| {
        let manages = who.may(Right::Manage);
        html(StatusCode::OK, &ConferencesPage { words, who: who.name, manages })
    })
    .await
}
