//! The status page: a frame that its script fills and keeps up to date.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;

use super::words::Words;
use super::{for_right, html};
use crate::auth::Right;
use crate::router::Web;

#[derive(askama::Template)]
#[template(path = "status.html")]
struct StatusPage {
    words: &'static Words,
    who: String,
    sees_calls: bool,
}

/// The page for who is logged in; the login for others.
pub(crate) async fn page(State(web): State<Web>, parts: Parts) -> Response {
    for_right(&web, &parts, Right::SeeStatus, |who, words| {
        let sees_calls = who.may(Right::SeeCalls);
        html(StatusCode::OK, &StatusPage { words, who: who.name, sees_calls })
    })
    .await
}
