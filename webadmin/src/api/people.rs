//! A user's password, set by an administrator.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use provision::{Entity, User};

use super::body::Body;
use super::change;
use crate::auth::{self, Identity, Right};
use crate::problem::Problem;
use crate::router::Web;

/// Sets a password and ends the user's sessions.
pub(crate) async fn set_password(
    State(web): State<Web>,
    Path(login): Path<String>,
    who: Identity,
    mut body: Body,
) -> Result<StatusCode, Problem> {
    who.require(Right::Manage)?;
    let password: String = body.take("password", "a text")?;
    body.finish()?;
    auth::check(&password).map_err(|error| Problem::field("password", error.to_string()))?;
    let hashed = web.passwords.in_turn(move |hasher| hasher.hash(&password)).await?;
    let password_hash = hashed.map_err(|error| Problem::internal(&error))?;
    let turn = change::turn(&web).await?;
    let user = web.ports.node.directory().users.get(&login).cloned();
    let user = user.ok_or_else(|| Problem::not_found(format!("there is no user {login}")))?;
    let plan = change::put(&web, Entity::User(User { password_hash, ..user }))?;
    change::commit(&web, &who, plan, turn).await?;
    Ok(StatusCode::NO_CONTENT)
}
