//! Recordings: looked for, listened to, deleted.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::html;
use super::words::Words;
use crate::auth::{self, Right};
use crate::problem::Problem;
use crate::router::Web;

#[derive(askama::Template)]
#[template(path = "recordings.html")]
struct RecordingsPage {
    words: &'static Words,
    who: String,
    manages: bool,
}

/// The page for supervisors and above; the login for strangers.
pub(crate) async fn page(State(web): State<Web>, parts: Parts) -> Response {
    match auth::identify(&web, &parts).await {
        Ok(who) if who.may(Right::Listen) => {
            let manages = who.may(Right::Manage);
            html(StatusCode::OK, &RecordingsPage { words: Words::of(&parts.headers), who: who.name, manages })
        }
        Ok(_) => Problem::forbidden("this page is for supervisors and above").into_response(),
        Err(problem) if problem.is_unauthorized() => Redirect::to("/login").into_response(),
        Err(problem) => problem.into_response(),
    }
}
