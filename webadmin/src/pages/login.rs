//! Logging in and out.

use std::time::Duration;

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use base::Wall;
use serde::Deserialize;
use store::Session;

use super::html;
use super::words::Words;
use crate::auth::{self, SESSION_COOKIE, SESSION_SECS};
use crate::problem::Problem;
use crate::router::Web;

/// Characters of a login that are looked at.
const LOGIN_CHARS: usize = 128;

#[derive(askama::Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    words: &'static Words,
    login: &'a str,
    message: &'static str,
}

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct Credentials {
    login: String,
    password: String,
}

/// The form.
pub(crate) async fn page(headers: HeaderMap) -> Response {
    let words = Words::of(&headers);
    html(StatusCode::OK, &LoginPage { words, login: "", message: "" })
}

/// Checks the password and opens a session.
pub(crate) async fn enter(
    State(web): State<Web>,
    parts: Parts,
    form: Result<Form<Credentials>, FormRejection>,
) -> Result<Response, Problem> {
    let words = Words::of(&parts.headers);
    let again = |status, login: &str, message| html(status, &LoginPage { words, login, message });
    if auth::same_origin(&parts.headers, &web.ports.public_url) == Some(false) {
        return Ok(again(StatusCode::FORBIDDEN, "", words.elsewhere));
    }
    let Form(Credentials { login, password }) =
        form.map_err(|error| Problem::new(error.status(), error.body_text()))?;
    let login: String = login.trim().chars().take(LOGIN_CHARS).collect();
    let now = web.ports.node.now();
    if let Err(wait) = web.tries.take(now.mono, auth::peer_address(&parts), &login) {
        let mut response = again(StatusCode::TOO_MANY_REQUESTS, &login, words.too_many);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        return Ok(response);
    }
    let known = web.ports.node.directory().users.get(&login).map(|user| user.password_hash.clone());
    let Ok(right) = web.passwords.verify(password, known.filter(|hash| !hash.is_empty())).await else {
        return Ok(again(StatusCode::SERVICE_UNAVAILABLE, &login, words.busy));
    };
    if !right {
        tracing::info!(login, "a login was refused");
        return Ok(again(StatusCode::UNAUTHORIZED, &login, words.wrong));
    }
    let cookie = open(&web, &login, now.wall).await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response())
}

async fn open(web: &Web, login: &str, now: Wall) -> Result<String, Problem> {
    let secret = auth::random().map_err(|error| Problem::internal(&error))?;
    let until = now + Duration::from_secs(SESSION_SECS);
    let session = Session { login: login.to_owned(), created_at: now, expires_at: until };
    let store = &web.ports.store;
    store.end_expired_sessions(now).await.map_err(|error| Problem::internal(&error))?;
    let stored = store.put_session(&auth::digest(&secret), &session).await;
    stored.map_err(|error| Problem::internal(&error))?;
    tracing::info!(login, "logged in");
    Ok(cookie(&secret, SESSION_SECS, &web.ports.public_url))
}

/// Ends the session on both sides.
pub(crate) async fn leave(State(web): State<Web>, headers: HeaderMap) -> Result<Response, Problem> {
    if auth::same_origin(&headers, &web.ports.public_url) != Some(true) {
        return Err(Problem::forbidden("only this node's own pages may log out"));
    }
    if let Some(secret) = auth::session_cookie_of(&headers) {
        let closed = web.ports.store.end_session(&auth::digest(&secret)).await;
        closed.map_err(|error| Problem::internal(&error))?;
    }
    let cookie = cookie("", 0, &web.ports.public_url);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/login")).into_response())
}

fn cookie(secret: &str, secs: u64, public_url: &str) -> String {
    let secure = if public_url.starts_with("https://") { "; Secure" } else { "" };
    format!("{SESSION_COOKIE}={secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age={secs}{secure}")
}
