//! The page of one call: its legs, who hears whom, what was heard, and what can be done with it.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;

use super::words::Words;
use super::{for_right, html};
use crate::auth::Right;
use crate::router::Web;

#[derive(askama::Template)]
#[template(path = "call.html")]
struct CallPage {
    words: &'static Words,
    who: String,
    id: String,
    manages: bool,
}

/// The page for supervisors and above; the login for strangers.
pub(crate) async fn page(State(web): State<Web>, Path(id): Path<String>, parts: Parts) -> Response {
    for_right(&web, &parts, Right::SeeCalls, |who, words| {
        let manages = who.may(Right::Manage);
        html(StatusCode::OK, &CallPage { words, who: who.name, id, manages })
    })
    .await
}
