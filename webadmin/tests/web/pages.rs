//! Logging in, the status page, and what guards them.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};

use crate::node::{LIVE_CALL, LOCAL, PASSWORD, Site};

fn get(path: &str, cookie: &str) -> Request<Body> {
    Request::builder().uri(path).header(header::COOKIE, cookie).body(Body::empty()).expect("a request")
}

fn post(path: &str, cookie: &str, site: &str) -> Request<Body> {
    let request = Request::builder().method("POST").uri(path).header(header::COOKIE, cookie);
    let request = if site.is_empty() { request } else { request.header("sec-fetch-site", site) };
    request.body(Body::empty()).expect("a request")
}

#[tokio::test]
async fn a_stranger_is_sent_to_the_login_and_a_user_sees_the_status() {
    let site = Site::new().await;
    let stranger = site.send(get("/", "")).await;
    assert_eq!(stranger.status, StatusCode::SEE_OTHER);
    assert_eq!(stranger.headers[header::LOCATION], "/login");
    let entered = site.log_in("sue", PASSWORD).await;
    assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}", entered.text);
    let set = entered.headers[header::SET_COOKIE].to_str().expect("text");
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax") && set.contains("Max-Age=43200"));
    let page = site.send(get("/", &entered.cookie())).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("Live calls") && page.text.contains("sue"));
    let status = site.send(get("/api/v1/status", &entered.cookie())).await.json();
    assert_eq!(status["node"], "tandem-test");
    assert_eq!(status["warnings"][0], "2 stations need their passwords set again");
    assert_eq!(status["calls"][0]["started_at"], "2023-11-14T22:13:20.000Z");
}

#[tokio::test]
async fn the_api_is_described_to_people_who_are_logged_in() {
    let site = Site::new().await;
    let stranger = site.send(get("/api/docs", "")).await;
    assert_eq!(stranger.headers[header::LOCATION], "/login");
    let cookie = site.log_in("ana", PASSWORD).await.cookie();
    let page = site.send(get("/api/docs", &cookie)).await;
    assert_eq!(page.status, StatusCode::OK);
    let document = site.send(get("/api/v1/openapi.json", "")).await.json();
    for path in document["paths"].as_object().expect("paths").keys() {
        assert!(page.text.contains(&format!("<code>/api/v1{path}</code>")), "{path}");
    }
    for part in ["<code>ring_secs</code>", "8 to 128 characters", "DELETE", "?limit, cursor"] {
        assert!(page.text.contains(part), "{part}");
    }
    assert!(
        !page.text.contains("http://") && !page.text.contains("https://") && !page.text.contains("style=")
    );
}

#[tokio::test]
async fn tables_are_reached_by_keyboard_and_stay_tables_where_a_phone_shows_lists() {
    let site = Site::new().await;
    let cookie = site.log_in("sue", PASSWORD).await.cookie();
    let page = site.send(get("/", &cookie)).await.text;
    let tables = page.matches("<table").count();
    assert_eq!(tables, 4);
    // A cell that is displayed as a block is no cell for a screen reader unless it says so.
    assert_eq!(page.matches("<table role=\"table\">").count(), tables);
    assert_eq!(page.matches("<th ").count(), page.matches("role=\"columnheader\"").count());
    assert_eq!(
        page.matches("class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby").count(),
        tables
    );
    assert!(page.find("class=\"skip\"").is_some_and(|skip| skip < page.find("<header").unwrap_or(0)));
}

/// The measure: quality and troubles of each leg on the call's page, in both languages.
#[tokio::test]
async fn the_page_of_a_call_has_a_place_for_the_quality_of_each_leg() {
    let site = Site::new().await;
    let cookie = site.log_in("sue", PASSWORD).await.cookie();
    let page = site.send(get(&format!("/admin/calls/{LIVE_CALL}"), &cookie)).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains(&format!("data-call=\"{LIVE_CALL}\"")) && page.text.contains("Sound quality"));
    assert!(!page.text.contains("style=") && !page.text.contains("https://"));
    let scheming = site.send(get("/admin/calls/%22%3E%3Cscript%3E", &cookie)).await.text;
    assert!(!scheming.contains("\"><script>"));
    let stranger = site.send(get(&format!("/admin/calls/{LIVE_CALL}"), "")).await;
    assert_eq!(stranger.status, StatusCode::SEE_OTHER);
    let call = site.api(LOCAL, "GET", &format!("/calls/{LIVE_CALL}"), "").await.json();
    let leg = &call["legs"][0];
    assert_eq!((&leg["media"]["mos_centi"], &leg["troubles"][0]), (&441.into(), &"one_way".into()));
}

#[tokio::test]
async fn pages_allow_no_inline_script_and_no_other_host() {
    let site = Site::new().await;
    let page = site.send(get("/login", "")).await;
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().expect("text");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
    assert_eq!(page.headers[header::REFERRER_POLICY], "same-origin", "or Origin is null in our own forms");
    assert!(!page.text.contains("<style") && !page.text.contains("style="));
    assert!(!page.text.contains("http://") && !page.text.contains("https://"));
    for asset in [
        "/assets/tandem.css",
        "/assets/page.js",
        "/assets/status.js",
        "/assets/call.js",
        "/assets/quality.js",
        "/assets/icon.svg",
    ] {
        assert_eq!(site.send(get(asset, "")).await.status, StatusCode::OK, "{asset}");
    }
}

#[tokio::test]
async fn the_login_speaks_the_readers_language() {
    let site = Site::new().await;
    let request = Request::builder().uri("/login").header(header::ACCEPT_LANGUAGE, "es-MX,en;q=0.5");
    let page = site.send(request.body(Body::empty()).expect("a request")).await;
    assert!(page.text.contains("lang=\"es\"") && page.text.contains("Contraseña"));
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_login_look_alike() {
    let site = Site::new().await;
    let wrong = site.log_in("sue", "wrong horse").await;
    let unknown = site.log_in("eve", "wrong horse").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert_eq!(unknown.status, StatusCode::UNAUTHORIZED);
    assert_eq!(wrong.text.replace("sue", "eve"), unknown.text);
    assert!(!wrong.headers.contains_key(header::SET_COOKIE));
}

#[tokio::test]
async fn the_eleventh_try_in_a_row_has_to_wait() {
    let site = Site::new().await;
    for _try in 0..10 {
        assert_eq!(site.log_in("eve", "x").await.status, StatusCode::UNAUTHORIZED);
    }
    let held = site.log_in("eve", "x").await;
    assert_eq!(held.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(held.headers[header::RETRY_AFTER], "30");
    site.fake.pass(Duration::from_secs(30));
    assert_eq!(site.log_in("eve", "x").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_ends_at_logout_and_after_twelve_hours() {
    let site = Site::new().await;
    let first = site.log_in("sue", PASSWORD).await.cookie();
    let second = site.log_in("sue", PASSWORD).await.cookie();
    assert_eq!(site.send(post("/logout", &first, "cross-site")).await.status, StatusCode::FORBIDDEN);
    let left = site.send(post("/logout", &first, "same-origin")).await;
    assert_eq!(left.status, StatusCode::SEE_OTHER);
    assert_eq!(site.send(get("/api/v1/status", &first)).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(site.send(get("/api/v1/status", &second)).await.status, StatusCode::OK);
    site.fake.pass(Duration::from_secs(12 * 3_600 + 1));
    assert_eq!(site.send(get("/api/v1/status", &second)).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_changes_nothing_for_another_site() {
    let site = Site::new().await;
    let cookie = site.log_in("adam", PASSWORD).await.cookie();
    let path = format!("/api/v1/calls/{}/hangup", LIVE_CALL);
    for foreign in ["", "cross-site", "same-site"] {
        site.send(post(&path, &cookie, foreign)).await.assert_problem(403);
    }
    assert_eq!(site.fake.hung_up(), 0);
    assert_eq!(site.send(post(&path, &cookie, "same-origin")).await.status, StatusCode::ACCEPTED);
    assert_eq!(site.fake.hung_up(), 1);
}
