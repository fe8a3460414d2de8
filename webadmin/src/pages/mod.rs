//! The pages people see, without an asset from any other host.

mod assets;
mod call;
mod conferences;
mod docs;
mod login;
mod phones;
mod prompts;
mod reach;
mod recordings;
mod status;
mod voicemail;
mod words;

use axum::Router;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};

use self::words::Words;
use crate::auth::{self, Identity, Right};
use crate::problem::Problem;
use crate::router::Web;

/// `/`, `/admin/prompts`, `/admin/calls/{id}`, `/api/docs`, `/login`, `/logout` and the files the pages load.
pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route("/", get(status::page))
        .route("/api/docs", get(docs::page))
        .route("/login", get(login::page).post(login::enter))
        .route("/logout", post(login::leave))
        .route("/admin/phones", get(phones::page))
        .route("/assets/phones.js", get(assets::phones))
        .route("/admin/prompts", get(prompts::page))
        .route("/admin/calls/{id}", get(call::page))
        .route("/assets/page.js", get(assets::page))
        .route("/assets/call.js", get(assets::call))
        .route("/assets/quality.js", get(assets::quality))
        .route("/assets/prompts.js", get(assets::prompts))
        .route("/admin/recordings", get(recordings::page))
        .route("/assets/recordings.js", get(assets::recordings))
        .route("/admin/voicemail", get(voicemail::page))
        .route("/assets/voicemail.js", get(assets::voicemail))
        .route("/admin/conferences", get(conferences::page))
        .route("/assets/conferences.js", get(assets::conferences))
        .route("/admin/reach", get(reach::page))
        .route("/assets/reach.js", get(assets::reach))
        .route("/assets/tandem.css", get(assets::style))
        .route("/assets/icon.svg", get(assets::icon))
        .route("/assets/status.js", get(assets::script))
}

/// A page for who has a right; the login for strangers.
async fn for_right(
    web: &Web,
    parts: &Parts,
    right: Right,
    page: impl FnOnce(Identity, &'static Words) -> Response,
) -> Response {
    match auth::identify(web, parts).await {
        Ok(who) if who.may(right) => page(who, Words::of(&parts.headers)),
        Ok(_) => Problem::forbidden("this page is for supervisors and above").into_response(),
        Err(problem) if problem.is_unauthorized() => Redirect::to("/login").into_response(),
        Err(problem) => problem.into_response(),
    }
}

fn html(status: StatusCode, page: &impl askama::Template) -> Response {
    match page.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => Problem::internal(&error).into_response(),
    }
}
