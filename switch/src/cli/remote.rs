//! A running node, reached through its API.

use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::{Method, Request, StatusCode};

use super::Failure;
use super::files::Files;
use super::reach::Difference;

/// How long a request may take in all.
const PATIENCE: Duration = Duration::from_secs(600);
/// Octets of an answer.
const ANSWER_OCTETS: u64 = 64 * 1_024 * 1_024;

/// A node's API.
#[derive(Debug)]
pub(crate) struct Remote {
    agent: Agent,
    base: String,
    token: String,
}

impl Remote {
    /// The API at a URL such as `http://127.0.0.1:8080`.
    pub(crate) fn new(url: &str, token: &str) -> Result<Self, Failure> {
        if url.starts_with("https://") {
            let why = "--url: https is not spoken here; use http to the node itself, or an SSH tunnel to it";
            return Err(Failure::input(why));
        }
        if !url.starts_with("http://") {
            return Err(Failure::input(format!("--url: found {url:?}; allowed: http://HOST:PORT")));
        }
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE));
        let base = format!("{}/api/v1", url.trim_end_matches('/'));
        Ok(Self { agent: config.build().new_agent(), base, token: token.to_owned() })
    }

    /// Sets up what a TOML text says, or only tells the difference.
    pub(crate) fn apply(&self, files: &Files, dry_run: bool) -> Result<Difference, Failure> {
        let path = if dry_run { "/apply?dry_run=true" } else { "/apply" };
        let (status, text) = self.ask(Method::POST, path, "application/toml", &files.joined())?;
        let text = self.judged(path, status, text, |line| files.place(line))?;
        let answer: Value =
            serde_json::from_str(&text).map_err(|error| Failure::running(format!("{path}: {error}")))?;
        let text = answer.get("text").and_then(Value::as_str).unwrap_or("").to_owned();
        Ok(Difference { text, warnings: warnings(&answer) })
    }

    /// The realm that the node serves, and what it warns of.
    pub(crate) fn realm(&self) -> Result<(String, Vec<String>), Failure> {
        let status = self.json(Method::GET, "/status", "", "")?;
        let realm = status.get("realm").and_then(Value::as_str).unwrap_or("");
        Ok((realm.to_owned(), warnings(&status)))
    }

    /// What is set up, as TOML.
    pub(crate) fn export(&self, secrets: bool) -> Result<String, Failure> {
        self.text(Method::GET, if secrets { "/export?secrets=true" } else { "/export" }, "", "")
    }

    /// Sets a user's password.
    pub(crate) fn set_password(&self, login: &str, password: &str) -> Result<(), Failure> {
        let body = json!({ "password": password }).to_string();
        let path = format!("/users/{}/password", percent(login));
        self.text(Method::PUT, &path, "application/json", &body).map(drop)
    }

    /// Makes a token; its secret.
    pub(crate) fn new_token(&self, name: &str, role: &str) -> Result<String, Failure> {
        let body = json!({ "name": name, "role": role }).to_string();
        let answer = self.json(Method::POST, "/tokens", "application/json", &body)?;
        let token = answer.get("token").and_then(Value::as_str);
        token.map(str::to_owned).ok_or_else(|| Failure::running("the node's answer has no token"))
    }

    fn json(&self, method: Method, path: &str, kind: &str, body: &str) -> Result<Value, Failure> {
        let text = self.text(method, path, kind, body)?;
        serde_json::from_str(&text).map_err(|error| Failure::running(format!("{}{path}: {error}", self.base)))
    }

    fn text(&self, method: Method, path: &str, kind: &str, body: &str) -> Result<String, Failure> {
        let (status, text) = self.ask(method, path, kind, body)?;
        self.judged(path, status, text, |_line| None)
    }

    fn ask(
        &self,
        method: Method,
        path: &str,
        kind: &str,
        body: &str,
    ) -> Result<(StatusCode, String), Failure> {
        let url = format!("{}{path}", self.base);
        let unreachable = |error: &dyn std::fmt::Display| Failure::running(format!("{url}: {error}"));
        let request = Request::builder().method(method).uri(&url);
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let request = if kind.is_empty() { request } else { request.header("content-type", kind) };
        let request =
            request.body(body.to_owned()).map_err(|error| Failure::input(format!("{url}: {error}")))?;
        let mut answer = self.agent.run(request).map_err(|error| unreachable(&error))?;
        let status = answer.status();
        let text = answer.body_mut().with_config().limit(ANSWER_OCTETS).read_to_string();
        Ok((status, text.map_err(|error| unreachable(&error))?))
    }

    /// The text of a good answer; else what its problem document says.
    fn judged(
        &self,
        path: &str,
        status: StatusCode,
        text: String,
        place: impl Fn(usize) -> Option<String>,
    ) -> Result<String, Failure> {
        if status.is_success() {
            return Ok(text);
        }
        let detail = problem(&text, place).unwrap_or_default();
        match status.as_u16() {
            400 | 409 | 422 if !detail.is_empty() => Err(Failure::Input(detail)),
            _ => {
                Err(Failure::Running(format!("{}{path}: {status} {detail}", self.base).trim_end().to_owned()))
            }
        }
    }
}

/// The sentences of a problem document, a line each; `place` turns lines of a file into `FILE:LINE`.
fn problem(text: &str, place: impl Fn(usize) -> Option<String>) -> Option<String> {
    let document: Value = serde_json::from_str(text).ok()?;
    let errors = document.get("errors").and_then(Value::as_array).filter(|errors| !errors.is_empty());
    let Some(errors) = errors else { return document.get("detail")?.as_str().map(str::to_owned) };
    let line = |error: &Value| {
        let word = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
        let at =
            error.get("line").and_then(Value::as_u64).and_then(|line| place(usize::try_from(line).ok()?));
        let parts = [at.unwrap_or_default(), word("field"), word("detail")];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
    };
    Some(errors.iter().map(line).collect::<Vec<_>>().join("\n"))
}

fn warnings(answer: &Value) -> Vec<String> {
    let sentences = answer.get("warnings").and_then(Value::as_array);
    sentences.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A text as one segment of a path.
fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            out.push(octet.into());
        } else {
            out.push_str(&format!("%{octet:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_is_refused_with_a_way_out() {
        let error = Remote::new("https://pbx.example", "t").expect_err("no TLS here");
        assert!(error.to_string().contains("SSH tunnel"));
        assert!(Remote::new("ftp://x", "t").is_err());
    }

    #[test]
    fn a_login_with_a_slash_stays_one_segment() {
        assert_eq!(percent("ana/ñ"), "ana%2F%C3%B1");
    }

    #[test]
    fn every_error_of_a_problem_is_told() {
        let text =
            r#"{"detail":"x","errors":[{"field":"a","detail":"1","line":7},{"field":"","detail":"2"}]}"#;
        let place = |line: usize| Some(format!("x.toml:{line}"));
        assert_eq!(problem(text, place).as_deref(), Some("x.toml:7: a: 1\n2"));
        assert_eq!(problem(r#"{"detail":"no"}"#, place).as_deref(), Some("no"));
    }
}
