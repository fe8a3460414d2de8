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

/// MYOP-7: hours are set up like everything else, refused with the place at fault, and asked how they stand.
#[tokio::test]
async fn hours_are_set_up_and_say_until_when_they_hold() {
    let site = Site::new().await;
    let office = r#"{"name":"office","time_zone":"Europe/Madrid","rows":["mon-fri 09:00-12:00","mon-fri 13:00-17:00"],"holidays":["xmas"]}"#;
    site.api(LOCAL, "POST", "/hours", office).await.assert_problem(422);
    let xmas = r#"{"name":"xmas","dates":["12-25"]}"#;
    assert_eq!(site.api(LOCAL, "POST", "/holidays", xmas).await.status, StatusCode::CREATED);
    assert_eq!(site.api(LOCAL, "POST", "/hours", office).await.status, StatusCode::CREATED);
    for (at, open, until) in [
        ("2027-01-15T10:30:00Z", true, "2027-01-15T11:00:00.000Z"),
        ("2027-01-15T11:00:00Z", false, "2027-01-15T12:00:00.000Z"),
        ("2028-12-25T10:30:00Z", false, "2028-12-26T08:00:00.000Z"),
    ] {
        let state = site.api(LOCAL, "GET", &format!("/hours/office/state?at={at}"), "").await.json();
        assert_eq!((&state["open"], &state["until"]), (&open.into(), &until.into()), "{at}");
    }
    assert!(site.api(LOCAL, "GET", "/hours/office/state", "").await.json()["open"].is_boolean());
    site.api(LOCAL, "GET", "/hours/none/state", "").await.assert_problem(404);
    for (wrong, field) in [
        (r#"{"name":"x","rows":["mon 9-17"]}"#, "rows"),
        (r#"{"name":"x","time_zone":"Europe/Atlantis"}"#, "time_zone"),
    ] {
        let problem = site.api(LOCAL, "POST", "/hours", wrong).await.assert_problem(422);
        assert_eq!(problem["field"], field);
    }
}
