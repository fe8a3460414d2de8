//! From a request to who sent it and what they may do.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use provision::Role;

use crate::auth::{digest, same_origin};
use crate::problem::Problem;
use crate::router::Web;

/// The cookie that holds a session's secret.
pub(crate) const SESSION_COOKIE: &str = "tandem_session";
/// How long a session lasts from the login.
pub(crate) const SESSION_SECS: u64 = 12 * 3_600;
/// How exactly the last use of a token is kept.
const USED_EVERY: Duration = Duration::from_secs(60);
/// Digits of a secret; anything else in its place is not looked up.
const SECRET_CHARS: usize = 64;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The login of a session, the name of a token.
    pub(crate) name: String,
    /// What it may do.
    pub(crate) role: Role,
    /// What it showed.
    pub(crate) by: Credential,
}

/// What somebody shows to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    /// The cookie of a session: a person who logged in.
    Session,
    /// A token, whose name anybody may choose.
    Token,
}

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Right {
    /// See trunks, registrations and counts: everyone who is known.
    SeeStatus,
    /// See calls with their numbers, and what is set up: supervisors and above.
    SeeCalls,
    /// Listen to recordings: supervisors and above.
    Listen,
    /// Change what is set up, end calls, manage tokens: admins and owners.
    Manage,
    /// See secrets: owners.
    Own,
}

impl Identity {
    /// Whether it may.
    pub(crate) fn may(&self, right: Right) -> bool {
        match right {
            Right::SeeStatus => true,
            Right::SeeCalls | Right::Listen => self.role >= Role::Supervisor,
            Right::Manage => self.role >= Role::Admin,
            Right::Own => self.role == Role::Owner,
        }
    }

    /// Whether this is the user of that login.
    pub(crate) fn is(&self, login: &str) -> bool {
        self.by == Credential::Session && self.name == login
    }

    /// Refuses with 403 what it may not.
    pub(crate) fn require(&self, right: Right) -> Result<(), Problem> {
        let needs = match right {
            Right::SeeStatus => "any role",
            Right::SeeCalls | Right::Listen => "the role supervisor, admin or owner",
            Right::Manage => "the role admin or owner",
            Right::Own => "the role owner",
        };
        if self.may(right) { Ok(()) } else { Err(Problem::forbidden(format!("this needs {needs}"))) }
    }

    /// Refuses with 403 everyone but owners to touch an admin or owner.
    pub(crate) fn require_over(&self, other: Role) -> Result<(), Problem> {
        if other < Role::Admin || self.role == Role::Owner {
            return Ok(());
        }
        Err(Problem::forbidden("only an owner may make or change admins and owners"))
    }
}

impl FromRequestParts<Web> for Identity {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Problem> {
        identify(web, parts).await
    }
}

/// Who sent a request: by bearer token, else by session cookie. A cookie counts on methods that change
/// something only when a page of ours sent it.
pub(crate) async fn identify(web: &Web, parts: &Parts) -> Result<Identity, Problem> {
    if let Some(value) = parts.headers.get(header::AUTHORIZATION) {
        let token = value.to_str().ok().and_then(|value| value.strip_prefix("Bearer "));
        return by_token(web, token.unwrap_or("").trim()).await;
    }
    let secret = session_cookie_of(&parts.headers).ok_or_else(Problem::unauthorized)?;
    let safe = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    if !safe && same_origin(&parts.headers, &web.ports.public_url) != Some(true) {
        return Err(Problem::forbidden("a session counts only for requests from this node's own pages"));
    }
    by_session(web, &secret).await
}

async fn by_token(web: &Web, token: &str) -> Result<Identity, Problem> {
    let digest = digest(token);
    if web.ports.local_token == Some(digest) {
        return Ok(Identity { name: "local".to_owned(), role: Role::Owner, by: Credential::Token });
    }
    let found = web.ports.store.token(&digest).await.map_err(|error| Problem::internal(&error))?;
    let token = found.ok_or_else(Problem::unauthorized)?;
    let now = web.ports.node.now().wall;
    if token.last_used_at.is_none_or(|last| now.since(last) >= USED_EVERY) {
        let noted = web.ports.store.token_used(&token.id, now).await;
        noted.map_err(|error| Problem::internal(&error))?;
    }
    Ok(Identity { name: token.name, role: token.role, by: Credential::Token })
}

async fn by_session(web: &Web, secret: &str) -> Result<Identity, Problem> {
    let now = web.ports.node.now().wall;
    let found = web.ports.store.session(&digest(secret), now).await;
    let session = found.map_err(|error| Problem::internal(&error))?.ok_or_else(Problem::unauthorized)?;
    let directory = web.ports.node.directory();
    let user = directory.users.get(&session.login).ok_or_else(Problem::unauthorized)?;
    Ok(Identity { name: user.login.clone(), role: user.role, by: Credential::Session })
}

/// The session's secret in the Cookie headers.
pub(crate) fn session_cookie_of(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let found = pairs.filter(|(name, _)| *name == SESSION_COOKIE).map(|(_, value)| value);
    found.filter(|secret| secret.len() == SECRET_CHARS).map(str::to_owned).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_what_the_one_below_may_and_more() {
        let may = |role| {
            let who = Identity { name: String::new(), role, by: Credential::Token };
            [Right::SeeStatus, Right::SeeCalls, Right::Manage, Right::Own].map(|right| who.may(right))
        };
        assert_eq!(may(Role::Agent), [true, false, false, false]);
        assert_eq!(may(Role::Supervisor), [true, true, false, false]);
        assert_eq!(may(Role::Admin), [true, true, true, false]);
        assert_eq!(may(Role::Owner), [true, true, true, true]);
        let admin = Identity { name: String::new(), role: Role::Admin, by: Credential::Token };
        assert!(admin.require_over(Role::Supervisor).is_ok());
        assert!(admin.require_over(Role::Owner).is_err());
    }

    #[test]
    fn the_session_is_found_among_other_cookies() {
        let secret = "a".repeat(SECRET_CHARS);
        let mut headers = HeaderMap::new();
        let line = format!("theme=dark; {SESSION_COOKIE}={secret}; x=y");
        headers.append(header::COOKIE, line.parse().expect("a value"));
        assert_eq!(session_cookie_of(&headers), Some(secret));
        let mut short = HeaderMap::new();
        short.append(header::COOKIE, format!("{SESSION_COOKIE}=abc").parse().expect("a value"));
        assert_eq!(session_cookie_of(&short), None);
    }
}
