//! A user's password, set by an administrator or by the user.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use provision::{Entity, User};

use super::body::Body;
use super::change;
use crate::auth::{self, Identity, Right};
use crate::problem::Problem;
use crate::router::Web;

/// Sets a password and ends the user's sessions. Who sets the own one shows the current one, so that an admin's
/// session left open is no way to take the account over.
pub(crate) async fn set_password(
    State(web): State<Web>,
    Path(login): Path<String>,
    who: Identity,
    parts: Parts,
    mut body: Body,
) -> Result<StatusCode, Problem> {
    who.require(Right::Manage)?;
    let own = who.is(&login);
    let password: String = body.take("password", "a text")?;
    let current: Option<String> =
        if own { Some(body.take("current", "the current password")?) } else { None };
    body.finish()?;
    auth::check(&password).map_err(|error| Problem::field("password", error.to_string()))?;
    let turn = change::turn(&web).await?;
    let user = web.ports.node.directory().users.get(&login).cloned();
    let user = user.ok_or_else(|| Problem::not_found(format!("there is no user {login}")))?;
    if let Some(current) = current {
        confirm(&web, &parts, &user, current).await?;
    }
    let hashed = web.passwords.in_turn(move |hasher| hasher.hash(&password)).await?;
    let password_hash = hashed.map_err(|error| Problem::internal(&error))?;
    let plan = change::put(&web, Entity::User(User { password_hash, ..user }))?;
    if own {
        change::make(&web, &who, plan, turn).await?;
    } else {
        change::commit(&web, &who, plan, turn).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses a wrong current password; guesses are counted like logins.
async fn confirm(web: &Web, parts: &Parts, user: &User, current: String) -> Result<(), Problem> {
    let now = web.ports.node.now().mono;
    web.tries.take(now, auth::peer_address(parts), &user.login).map_err(|wait| {
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too many tries; wait a moment");
        problem.retry_after(wait.as_secs().max(1))
    })?;
    let hash = Some(user.password_hash.clone()).filter(|hash| !hash.is_empty());
    if web.passwords.verify(current, hash).await? {
        return Ok(());
    }
    Err(Problem::field("current", "this is not the current password"))
}
