//! The status page: a frame that its script fills and keeps up to date.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::html;
use super::words::Words;
use crate::auth::{self, Right};
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
    match auth::identify(&web, &parts).await {
        Ok(who) => {
            let sees_calls = who.may(Right::SeeCalls);
            html(StatusCode::OK, &StatusPage { words: Words::of(&parts.headers), who: who.name, sees_calls })
        }
        Err(problem) if problem.is_unauthorized() => Redirect::to("/login").into_response(),
        Err(problem) => problem.into_response(),
    }
}
