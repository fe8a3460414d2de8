//! `/healthz` and `/readyz`, for supervisors and load balancers.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::ports::Readiness;
use crate::router::Web;

/// The process answers.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// Whether calls are taken; 503 with the reasons when not.
pub(crate) async fn ready(State(web): State<Web>) -> Response {
    answer(web.ports.node.readiness())
}

/// What is said before calls are taken for the first time.
pub(crate) async fn starting() -> Response {
    answer(Readiness::unless(vec!["starting".to_owned()]))
}

fn answer(readiness: Readiness) -> Response {
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness)).into_response()
}
