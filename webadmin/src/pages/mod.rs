//! The pages people see, without an asset from any other host.

mod assets;
mod call;
mod docs;
mod login;
mod prompts;
mod recordings;
mod status;
mod words;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{get, post};

use crate::problem::Problem;
use crate::router::Web;

/// `/`, `/admin/prompts`, `/admin/calls/{id}`, `/api/docs`, `/login`, `/logout` and the files the pages load.
pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route("/", get(status::page))
        .route("/api/docs", get(docs::page))
        .route("/login", get(login::page).post(login::enter))
        .route("/logout", post(login::leave))
        .route("/admin/prompts", get(prompts::page))
        .route("/admin/calls/{id}", get(call::page))
        .route("/assets/call.js", get(assets::call))
        .route("/assets/quality.js", get(assets::quality))
        .route("/assets/prompts.js", get(assets::prompts))
        .route("/admin/recordings", get(recordings::page))
        .route("/assets/recordings.js", get(assets::recordings))
        .route("/assets/tandem.css", get(assets::style))
        .route("/assets/icon.svg", get(assets::icon))
        .route("/assets/status.js", get(assets::script))
}

fn html(status: StatusCode, page: &impl askama::Template) -> Response {
    match page.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => Problem::internal(&error).into_response(),
    }
}
