//! How calls reach stations, through the API and on the page (MYOP-21, BP-11).

use axum::http::StatusCode;

use crate::node::{LOCAL, PASSWORD, Site};

#[tokio::test]
async fn settings_of_a_station_are_shown_changed_and_listed() {
    let site = Site::new().await;
    let station = r#"{"extension":"1001","user":"ana","password":"secret-1"}"#;
    assert_eq!(site.api(LOCAL, "POST", "/stations", station).await.status, StatusCode::CREATED);
    let plain = site.api(LOCAL, "GET", "/stations/1001/settings", "").await.json();
    assert_eq!((&plain["do_not_disturb"], &plain["forward_busy"]), (&false.into(), &serde_json::Value::Null));
    let change = r#"{"do_not_disturb":true,"forward_busy":"station:1001","no_answer_secs":15}"#;
    let changed = site.api(LOCAL, "PATCH", "/stations/1001/settings", change).await;
    assert_eq!(changed.status, StatusCode::ACCEPTED);
    assert_eq!(changed.json()["forward_busy"], "station:1001");
    let listed = site.api(LOCAL, "GET", "/station-settings", "").await.json();
    assert_eq!(listed["items"][0]["extension"], "1001");
    assert_eq!(listed["items"][0]["no_answer_secs"], 15);
}

#[tokio::test]
async fn a_wrong_setting_names_its_field() {
    let site = Site::new().await;
    let station = r#"{"extension":"1001","password":"secret-1"}"#;
    site.api(LOCAL, "POST", "/stations", station).await;
    for (change, field) in [
        (r#"{"no_answer_secs":1}"#, "no_answer_secs"),
        (r#"{"forward_busy":"*72"}"#, "forward_busy"),
        (r#"{"forward_always":"00900"}"#, "forward_always"),
        (r#"{"dnd":true}"#, "dnd"),
    ] {
        let problem = site.api(LOCAL, "PATCH", "/stations/1001/settings", change).await.assert_problem(422);
        assert_eq!(problem["field"], field);
    }
    site.api(LOCAL, "PATCH", "/stations/1009/settings", "{}").await.assert_problem(404);
}

#[tokio::test]
async fn an_agent_changes_the_own_station_and_no_other() {
    let site = Site::new().await;
    for (extension, user) in [("1001", "ana"), ("1002", "")] {
        let station = format!(r#"{{"extension":"{extension}","user":"{user}","password":"secret-1"}}"#);
        site.api(LOCAL, "POST", "/stations", &station).await;
    }
    let cookie = site.log_in("ana", PASSWORD).await.cookie();
    let own = site.session(&cookie, "PATCH", "/stations/1001/settings", r#"{"do_not_disturb":true}"#).await;
    assert_eq!(own.status, StatusCode::ACCEPTED, "{}", own.text);
    let other = site.session(&cookie, "PATCH", "/stations/1002/settings", "{}").await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
    let spanish = site.page("/admin/reach", &site.log_in("sue", PASSWORD).await.cookie(), "es").await;
    assert!(spanish.text.contains("Desvíos"), "{}", spanish.text);
    assert_eq!(site.page("/admin/reach", &cookie, "en").await.status, StatusCode::FORBIDDEN);
}
