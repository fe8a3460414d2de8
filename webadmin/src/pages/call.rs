//! The page of one call: its legs, who hears whom, what was heard, and what can be done with it.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::html;
use super::words::Words;
use crate::auth::{self, Right};
use crate::problem::Problem;
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
    match auth::identify(&web, &parts).await {
        Ok(who) if who.may(Right::SeeCalls) => {
            let manages = who.may(Right::Manage);
            html(StatusCode::OK, &CallPage { words: Words::of(&parts.headers), who: who.name, id, manages })
        }
        Ok(_) => Problem::forbidden("this page is for supervisors and above").into_response(),
        Err(problem) if problem.is_unauthorized() => Redirect::to("/login").into_response(),
        Err(problem) => problem.into_response(),
    }
}
