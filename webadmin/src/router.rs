//! Every path the web layer answers, and what holds for all of them.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tokio::sync::Semaphore;

use crate::auth::{Passwords, Tries};
use crate::ports::Ports;
use crate::problem::Problem;
use crate::{api, health, metrics, pages, phones};

/// Octets of a request's body; more is answered 413.
const BODY_OCTETS: usize = 4 * 1_024 * 1_024;
/// How long an answer may take; then it is 503.
const ANSWER: Duration = Duration::from_secs(30);
/// The same for provisioning, where a file may bring a thousand passwords to hash, and for uploads over slow lines.
const APPLIED: Duration = Duration::from_secs(600);
/// Sound files taken in at a time; a further one is answered 503.
const UPLOADS: usize = 2;
/// Nothing from elsewhere, nothing inline, no frames.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; media-src 'self'; \
                      img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What every handler gets.
#[derive(Clone)]
pub(crate) struct Web(Arc<Desk>);

/// The state behind the handlers.
pub(crate) struct Desk {
    pub(crate) ports: Ports,
    pub(crate) passwords: Passwords,
    pub(crate) tries: Tries,
    /// How often phones ask.
    pub(crate) fetches: Tries,
    /// One change at a time: each is checked against what the one before left.
    pub(crate) writing: Arc<Semaphore>,
    /// Sound files being taken in: each is in memory as a whole.
    pub(crate) uploads: Arc<Semaphore>,
}

impl Deref for Web {
    type Target = Desk;
    fn deref(&self) -> &Desk {
        &self.0
    }
}

/// The web layer as a service. It wants `ConnectInfo<SocketAddr>` in each request's extensions, as
/// [`crate::serve`] puts it there.
pub fn router(ports: Ports) -> Router {
    let desk = Desk {
        ports,
        passwords: Passwords::new(),
        tries: Tries::new(),
        fetches: Tries::of_phones(),
        writing: Arc::new(Semaphore::new(1)),
        uploads: Arc::new(Semaphore::new(UPLOADS)),
    };
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::scrape))
        .merge(pages::routes())
        .merge(phones::routes())
        .nest("/api/v1", api::routes())
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn(frame))
        .layer(DefaultBodyLimit::max(BODY_OCTETS))
        .with_state(Web(Arc::new(desk)))
}

/// What is answered while the node starts: that it lives, and that it is not ready.
pub(crate) fn starting() -> Router {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::starting))
        .fallback(not_yet)
        .layer(middleware::from_fn(frame))
}

async fn not_yet() -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the node is starting").retry_after(1)
}

async fn nothing_here() -> Problem {
    Problem::nothing_here()
}

async fn wrong_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this address does not take this method")
}

/// Bounds the time of every answer and sets the headers that guard it.
async fn frame(request: Request, next: Next) -> Response {
    let late = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the answer took too long").into_response();
    let most = match request.uri().path() {
        "/api/v1/apply" | "/api/v1/prompts" | "/api/v1/music" => APPLIED,
        path if path.starts_with("/api/v1/mailboxes/") => APPLIED,
        _ => ANSWER,
    };
    let mut response = tokio::time::timeout(most, next.run(request)).await.unwrap_or_else(|_late| late());
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // With `no-referrer` browsers send `Origin: null` with our own forms, which we could not tell from others.
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
