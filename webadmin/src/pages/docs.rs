//! The API's description for people, made from the one for programs.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde_json::{Map, Value};

use super::html;
use super::words::Words;
use crate::router::Web;
use crate::{api, auth};

/// Methods in the order people read them.
const METHODS: [&str; 4] = ["get", "post", "put", "delete"];

#[derive(askama::Template)]
#[template(path = "docs.html")]
struct DocsPage {
    words: &'static Words,
    who: String,
    version: String,
    sections: Vec<Section>,
}

/// Everything under one first segment of the path.
struct Section {
    name: String,
    operations: Vec<Operation>,
    fields: Vec<Field>,
}

struct Operation {
    method: String,
    path: String,
    summary: String,
    /// Names of the parameters in the query.
    query: String,
    /// The kind of the body it takes, and the name of the schema.
    body: String,
}

struct Field {
    of: String,
    name: String,
    kind: String,
    required: bool,
    about: String,
}

/// The page for who is logged in; the login for others.
pub(crate) async fn page(State(web): State<Web>, parts: Parts) -> Response {
    match auth::identify(&web, &parts).await {
        Ok(who) => {
            let api = api::description();
            let version = text(&api["info"], "version");
            let words = Words::of(&parts.headers);
            html(StatusCode::OK, &DocsPage { words, who: who.name, version, sections: sections(&api) })
        }
        Err(problem) if problem.is_unauthorized() => Redirect::to("/login").into_response(),
        Err(problem) => problem.into_response(),
    }
}

fn sections(api: &Value) -> Vec<Section> {
    let base = text(&api["servers"][0], "url");
    let mut sections: Vec<Section> = Vec::new();
    for (path, item) in object(&api["paths"]) {
        let name = path.trim_start_matches('/').split('/').next().unwrap_or("").to_owned();
        let at = sections.iter().position(|section| section.name == name).unwrap_or_else(|| {
            sections.push(Section { name, operations: Vec::new(), fields: Vec::new() });
            sections.len() - 1
        });
        let Some(section) = sections.get_mut(at) else { continue };
        for (method, found) in METHODS.iter().filter_map(|method| Some((method, item.get(method)?))) {
            section.operations.push(operation(method, format!("{base}{path}"), found));
            let schema = schema_of(found).filter(|name| section.fields.iter().all(|field| field.of != *name));
            let schema = schema.map(|name| (name, &api["components"]["schemas"][name]));
            section.fields.extend(schema.into_iter().flat_map(|(name, schema)| fields(name, schema)));
        }
    }
    sections
}

fn operation(method: &str, path: String, operation: &Value) -> Operation {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let query: Vec<_> = parameters.map(|parameter| text(parameter, "name")).collect();
    let kinds = object(&operation["requestBody"]["content"]).map(|(kind, _)| kind.as_str());
    let body: Vec<_> = kinds.chain(schema_of(operation)).collect();
    Operation {
        method: method.to_uppercase(),
        path,
        summary: text(operation, "summary"),
        query: query.join(", "),
        body: body.join(" "),
    }
}

/// The name of the schema of an operation's body.
fn schema_of(operation: &Value) -> Option<&str> {
    let reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str()?;
    reference.rsplit('/').next()
}

fn fields<'a>(of: &'a str, schema: &'a Value) -> impl Iterator<Item = Field> + 'a {
    object(&schema["properties"]).map(move |(name, field)| {
        let kind = match field["items"]["type"].as_str() {
            Some(items) => format!("array of {items}"),
            None => text(field, "type"),
        };
        let required = schema["required"].as_array().is_some_and(|names| names.iter().any(|it| it == name));
        Field { of: of.to_owned(), name: name.clone(), kind, required, about: text(field, "description") }
    })
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or("").to_owned()
}
