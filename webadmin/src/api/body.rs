//! JSON bodies, field by field, so that an error names the field.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::problem::{FieldError, Problem};
use crate::router::Web;

/// A JSON object; its fields are taken out one by one and none may be left over.
#[derive(Debug)]
pub(crate) struct Body(pub(crate) Map<String, Value>);

impl FromRequest<Web> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Problem> {
        let body: Result<Json<Value>, JsonRejection> = Json::from_request(request, web).await;
        match body {
            Ok(Json(Value::Object(fields))) => Ok(Self(fields)),
            Ok(_) => Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "the body must be a JSON object")),
            Err(error) => Err(Problem::new(error.status(), error.body_text())),
        }
    }
}

impl Body {
    /// A field that must be there, as `T`; `allowed` says what fits.
    pub(crate) fn take<T: DeserializeOwned>(&mut self, field: &str, allowed: &str) -> Result<T, Problem> {
        let wrong = |found: &str| Problem::field(field, format!("found {found}; allowed: {allowed}"));
        let value = self.0.remove(field).ok_or_else(|| wrong("nothing"))?;
        let found: String = value.to_string().chars().take(80).collect();
        serde_json::from_value(value).map_err(|_unfit| wrong(&found))
    }

    /// A field that may be left out.
    pub(crate) fn find<T: DeserializeOwned>(
        &mut self,
        field: &str,
        allowed: &str,
    ) -> Result<Option<T>, Problem> {
        if self.0.contains_key(field) { self.take(field, allowed).map(Some) } else { Ok(None) }
    }

    /// Refuses fields nobody took.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        let left = self.0.into_iter().map(|(field, _)| FieldError {
            field,
            detail: "there is no such field".to_owned(),
            line: None,
        });
        let left: Vec<_> = left.collect();
        if left.is_empty() { Ok(()) } else { Err(Problem::invalid(left)) }
    }
}
