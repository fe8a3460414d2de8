//! Probes, metrics and what every address has in common.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode, header};

use crate::node::{LOCAL, Site};

fn request(method: &str, path: &str) -> Request<Body> {
    Request::builder().method(method).uri(path).body(Body::empty()).expect("a request")
}

#[tokio::test]
async fn a_draining_node_is_alive_but_not_ready() {
    let site = Site::new().await;
    assert_eq!(site.send(request("GET", "/readyz")).await.status, StatusCode::OK);
    site.fake.drain();
    assert_eq!(site.send(request("GET", "/healthz")).await.status, StatusCode::OK);
    let answer = site.send(request("GET", "/readyz")).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json()["reasons"][0], "draining");
}

#[tokio::test]
async fn metrics_are_for_this_machine_and_for_tokens() {
    let site = Site::new().await;
    site.send(request("GET", "/metrics")).await.assert_problem(401);
    let mut local = request("GET", "/metrics");
    local.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 40_000))));
    let answer = site.send(local).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text.contains("tandem_live_calls 1"), "{}", answer.text);
    let mut proxied = request("GET", "/metrics");
    proxied.headers_mut().insert("x-forwarded-for", "203.0.113.5".parse().expect("a value"));
    proxied.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 40_000))));
    site.send(proxied).await.assert_problem(401);
    let mut with_token = request("GET", "/metrics");
    let bearer = format!("Bearer {LOCAL}").parse().expect("a value");
    with_token.headers_mut().insert(header::AUTHORIZATION, bearer);
    assert_eq!(site.send(with_token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn every_refusal_is_a_problem_document() {
    let site = Site::new().await;
    site.send(request("GET", "/nothing")).await.assert_problem(404);
    site.send(request("GET", "/api/v1/nothing")).await.assert_problem(404);
    site.send(request("DELETE", "/healthz")).await.assert_problem(405);
    site.send(request("PATCH", "/api/v1/trunks")).await.assert_problem(405);
    site.send(request("GET", "/api/v1/trunks")).await.assert_problem(401);
    site.api("wrong", "GET", "/trunks", "").await.assert_problem(401);
    site.api(LOCAL, "POST", "/trunks", "{").await.assert_problem(400);
    site.api(LOCAL, "POST", "/trunks", "[]").await.assert_problem(422);
    let large = format!(r#"{{"name":"{}"}}"#, "x".repeat(5 * 1_024 * 1_024));
    site.api(LOCAL, "POST", "/trunks", &large).await.assert_problem(413);
    let mut text = request("POST", "/api/v1/trunks");
    let bearer = format!("Bearer {LOCAL}").parse().expect("a value");
    text.headers_mut().insert(header::AUTHORIZATION, bearer);
    site.send(text).await.assert_problem(415);
    site.api(LOCAL, "GET", "/trunks?limit=0", "").await.assert_problem(400);
    let unknown = site.api(LOCAL, "GET", "/trunks?colour=red", "").await.assert_problem(400);
    assert_eq!(unknown["field"], "colour");
}

#[tokio::test]
async fn the_description_names_every_field_that_is_taken_and_no_other() {
    let site = Site::new().await;
    let document = site.send(request("GET", "/api/v1/openapi.json")).await.json();
    let kinds = [
        ("trunks", "Trunk", r#"{"name":"x","zzz":1}"#),
        ("users", "User", r#"{"login":"x","zzz":1}"#),
        ("stations", "Station", r#"{"extension":"1","zzz":1}"#),
        ("numbers", "Number", r#"{"did":"1","to":"echo","zzz":1}"#),
        ("dial-rules", "DialRule", r#"{"pattern":"^1$","zzz":1}"#),
    ];
    for (path, schema, body) in kinds {
        let problem = site.api(LOCAL, "POST", &format!("/{path}"), body).await.assert_problem(422);
        let errors = problem["errors"].as_array().expect("errors");
        let unknown = errors.iter().find(|error| error["field"] == "zzz").expect("a complaint");
        let allowed =
            unknown["detail"].as_str().and_then(|detail| detail.split_once("allowed: ")).expect("a list").1;
        let mut allowed: Vec<_> = allowed.split(", ").collect();
        allowed.sort_unstable();
        allowed.dedup();
        let described = document["components"]["schemas"][schema]["properties"].as_object().expect("fields");
        let mut described: Vec<_> = described.keys().map(String::as_str).collect();
        described.sort_unstable();
        assert_eq!(described, allowed, "{schema}");
    }
}

#[tokio::test]
async fn the_description_of_the_api_names_only_what_is_there() {
    let site = Site::new().await;
    let document = site.send(request("GET", "/api/v1/openapi.json")).await.json();
    assert_eq!(document["openapi"], "3.1.0");
    for (path, item) in document["paths"].as_object().expect("paths") {
        let path = path.replace(['{', '}'], "");
        for method in item.as_object().expect("operations").keys().filter(|key| *key != "parameters") {
            let answer = site.send(request(&method.to_uppercase(), &format!("/api/v1{path}"))).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}: {}", answer.text);
        }
    }
}
