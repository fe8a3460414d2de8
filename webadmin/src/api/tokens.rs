//! Tokens for programs: told once, kept as a digest.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::Wall;
use provision::Role;
use serde::Serialize;
use serde_json::{Value, json};

use super::body::Body;
use super::page::Page;
use crate::auth::{self, Identity, Right};
use crate::problem::Problem;
use crate::router::Web;
use crate::view::text;

/// Characters of a token's name.
const NAME_CHARS: usize = 64;

/// A token without its secret.
#[derive(Serialize)]
pub(crate) struct TokenView {
    id: String,
    name: String,
    role: Role,
    created_at: String,
    last_used_at: Option<String>,
    revoked_at: Option<String>,
}

/// Every token, revoked ones too.
pub(crate) async fn list(State(web): State<Web>, who: Identity) -> Result<Json<Page<TokenView>>, Problem> {
    who.require(Right::Manage)?;
    let tokens = web.ports.store.tokens().await.map_err(|error| Problem::internal(&error))?;
    let view = |token: store::Token| TokenView {
        id: token.id,
        name: token.name,
        role: token.role,
        created_at: text(token.created_at),
        last_used_at: token.last_used_at.map(text),
        revoked_at: token.revoked_at.map(text),
    };
    Ok(Json(Page { items: tokens.into_iter().map(view).collect(), next: None }))
}

/// Makes a token.
pub(crate) async fn create(
    State(web): State<Web>,
    who: Identity,
    mut body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    who.require(Right::Manage)?;
    let name: String = body.take("name", "a text")?;
    let role: Role = body.take("role", "agent, supervisor, admin or owner")?;
    body.finish()?;
    who.require_over(role)?;
    let now = web.ports.node.now().wall;
    let (token, secret) = new(&name, role, now)?;
    let kept = web.ports.store.add_token(&token, &auth::digest(&secret)).await;
    kept.map_err(|error| Problem::internal(&error))?;
    tracing::info!(name, id = token.id, by = who.name, "a token was made");
    let made = json!({ "id": token.id, "name": name, "role": role, "token": secret });
    Ok((StatusCode::CREATED, Json(made)))
}

fn new(name: &str, role: Role, now: Wall) -> Result<(store::Token, String), Problem> {
    if name.is_empty() || name.chars().count() > NAME_CHARS || name.chars().any(char::is_control) {
        let allowed = format!("allowed: 1 to {NAME_CHARS} characters, none of them control characters");
        return Err(Problem::field("name", allowed));
    }
    auth::new_token(name, role, now).map_err(|error| Problem::internal(&error))
}

/// Revokes a token.
pub(crate) async fn revoke(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
) -> Result<StatusCode, Problem> {
    who.require(Right::Manage)?;
    let tokens = web.ports.store.tokens().await.map_err(|error| Problem::internal(&error))?;
    let good = tokens.into_iter().find(|token| token.id == id && token.revoked_at.is_none());
    let token = good.ok_or_else(|| Problem::not_found(format!("there is no token {id:?}")))?;
    who.require_over(token.role)?;
    let revoked = web.ports.store.revoke_token(&id, web.ports.node.now().wall).await;
    revoked.map_err(|error| Problem::internal(&error))?;
    tracing::info!(id, name = token.name, by = who.name, "a token was revoked");
    Ok(StatusCode::NO_CONTENT)
}
