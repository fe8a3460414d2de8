//! Provisioning files through the API.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::StringRejection;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use provision::{Change, Secrets};
use serde::Serialize;

use super::change;
use super::page::Query;
use crate::auth::{Identity, Right};
use crate::problem::Problem;
use crate::router::Web;

/// What a file changed, or would change.
#[derive(Serialize)]
pub(crate) struct Difference {
    /// Whether it was made.
    applied: bool,
    /// One line for each change, for people.
    text: String,
    changes: Vec<ChangeView>,
    /// What is wrong with the setup now.
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct ChangeView {
    change: &'static str,
    kind: &'static str,
    name: String,
    fields: Vec<FieldView>,
}

/// One field; the values of secrets are null.
#[derive(Serialize)]
struct FieldView {
    field: String,
    from: Option<String>,
    to: Option<String>,
}

/// Applies a TOML text; with `dry_run` only says what it would change.
pub(crate) async fn apply(
    State(web): State<Web>,
    who: Identity,
    mut query: Query,
    text: Result<String, StringRejection>,
) -> Result<Json<Difference>, Problem> {
    who.require(Right::Manage)?;
    let dry_run = query.flag("dry_run")?;
    query.finish()?;
    let text = text.map_err(|error| Problem::new(error.status(), error.body_text()))?;
    let turn = change::turn(&web).await?;
    let plan = change::read(&web, move |reading| provision::plan(&[("", &text)], reading)).await?;
    let plan = plan.map_err(|problems| change::invalid(&problems, None))?;
    let mut difference = Difference {
        applied: !dry_run,
        text: plan.changes.iter().map(|change| format!("{change}\n")).collect(),
        changes: plan.changes.iter().map(view).collect(),
        warnings: Vec::new(),
    };
    if dry_run {
        change::allow(&who, &web.ports.node.directory(), &plan)?;
    } else {
        change::commit(&web, &who, plan, turn).await?;
    }
    difference.warnings = web.ports.node.warnings();
    Ok(Json(difference))
}

fn view(change: &Change) -> ChangeView {
    let key = change.key();
    let (word, fields) = match change {
        Change::Added(_) => ("added", Vec::new()),
        Change::Removed(_) => ("removed", Vec::new()),
        Change::Changed { fields, .. } => ("changed", fields.clone()),
    };
    let fields = fields.into_iter().map(|changed| {
        let (from, to) = changed.values.unzip();
        FieldView { field: changed.field, from, to }
    });
    ChangeView { change: word, kind: key.kind.word(), name: key.name, fields: fields.collect() }
}

/// What is set up as TOML; secrets only for owners who ask for them.
pub(crate) async fn export(
    State(web): State<Web>,
    who: Identity,
    mut query: Query,
) -> Result<Response, Problem> {
    who.require(Right::Manage)?;
    let secrets = if query.flag("secrets")? { Secrets::Shown } else { Secrets::Hidden };
    query.finish()?;
    if secrets == Secrets::Shown {
        who.require(Right::Own)?;
        tracing::info!(by = who.name, "everything was exported with its secrets");
    }
    let text = provision::export(&web.ports.node.directory(), secrets);
    Ok(([(header::CONTENT_TYPE, "application/toml; charset=utf-8")], text).into_response())
}
