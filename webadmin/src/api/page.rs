//! Lists a page at a time.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Serialize;

use crate::problem::Problem;
use crate::router::Web;

/// Items of a page unless asked otherwise.
const USUAL: usize = 100;
/// Items of a page at most.
const MOST: usize = 500;

/// One page of a list.
#[derive(Debug, Serialize)]
pub(crate) struct Page<T> {
    /// The items.
    pub(crate) items: Vec<T>,
    /// The `cursor` of the next page; null on the last one.
    pub(crate) next: Option<String>,
}

/// The query of a request: each name once, none unknown.
#[derive(Debug)]
pub(crate) struct Query(Vec<(String, String)>);

impl FromRequestParts<Web> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _web: &Web) -> Result<Self, Problem> {
        let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        pairs.map(|pairs| Self(pairs.0)).map_err(|error| Problem::new(error.status(), error.body_text()))
    }
}

impl Query {
    /// A value that is no longer looked for.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// `true` or `false`; false when absent.
    pub(crate) fn flag(&mut self, name: &str) -> Result<bool, Problem> {
        self.choice(name).map(|choice| choice.unwrap_or(false))
    }

    /// `true`, `false` or absent.
    pub(crate) fn choice(&mut self, name: &str) -> Result<Option<bool>, Problem> {
        match self.take(name).as_deref() {
            None => Ok(None),
            Some("false") => Ok(Some(false)),
            Some("true") => Ok(Some(true)),
            Some(found) => Err(wrong(name, found, "true or false")),
        }
    }

    /// `limit`, 1 to 500.
    pub(crate) fn limit(&mut self) -> Result<usize, Problem> {
        let Some(text) = self.take("limit") else { return Ok(USUAL) };
        let limit = text.parse().ok().filter(|limit| (1..=MOST).contains(limit));
        limit.ok_or_else(|| wrong("limit", &text, &format!("1 to {MOST}")))
    }

    /// Refuses parameters nobody took.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        match self.0.into_iter().next() {
            None => Ok(()),
            Some((name, _)) => {
                Err(Problem::parameter(name, "there is no such parameter, or it is there twice"))
            }
        }
    }
}

/// 400 for a parameter's value.
pub(crate) fn wrong(name: &str, found: &str, allowed: &str) -> Problem {
    let found: String = found.chars().take(80).collect();
    Problem::parameter(name, format!("found {found:?}; allowed: {allowed}"))
}
