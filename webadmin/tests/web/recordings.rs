//! Recordings through the API and on their page; issue row "Recording".

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use base::media::{Gap, RecordingFile, RecordingFormat};
use base::{TenantId, Wall};
use store::NewRecording;

use crate::node::{AUDIO, Answer, LIVE_CALL, LOCAL, NOW, PASSWORD, RECORDING as ID, Site};

async fn site() -> Site {
    let site = Site::new().await;
    let file = RecordingFile {
        path: "2023/11/14/x.wav.sealed".to_owned(),
        octets: 99,
        sha256: "ab".repeat(32),
        audio_ms: 61_000,
        started_at: Wall(NOW.0 - 90_000_000),
        ended_at: NOW,
        gaps: vec![Gap { at_ms: 10_000, ms: 29_000 }],
        format: RecordingFormat::Wav,
        channels: 2,
        encrypted: true,
    };
    let new = NewRecording {
        recording: ID.parse().expect("an id"),
        call: LIVE_CALL.parse().expect("an id"),
        tenant: TenantId::DEFAULT,
        policy: "sales".to_owned(),
        keep_until: None,
        cut: false,
        file,
    };
    site.store.add_recording(&new).await.expect("stored");
    site
}

async fn audio(site: &Site, range: Option<&str>) -> Answer {
    let request = Request::builder().uri(format!("/api/v1/recordings/{ID}/audio"));
    let mut request = request.header(header::AUTHORIZATION, format!("Bearer {LOCAL}"));
    if let Some(range) = range {
        request = request.header(header::RANGE, range);
    }
    site.send(request.body(Body::empty()).expect("a request")).await
}

#[tokio::test]
async fn a_recording_is_listed_with_its_gaps_and_found_by_call_and_time() {
    let site = site().await;
    let all = site.api(LOCAL, "GET", "/recordings", "").await.json();
    let item = &all["items"][0];
    assert_eq!((item["id"].as_str(), item["policy"].as_str()), (Some(ID), Some("sales")));
    assert_eq!(item["gaps"][0]["ms"], 29_000);
    assert!(item.get("path").is_none(), "where it lies is nobody's business");
    for (query, found) in [
        (format!("call={LIVE_CALL}"), 1),
        ("call=call_0000000000000001".to_owned(), 0),
        ("since=2024-01-01T00:00:00Z".to_owned(), 0),
    ] {
        let page = site.api(LOCAL, "GET", &format!("/recordings?{query}"), "").await.json();
        assert_eq!(page["items"].as_array().map(Vec::len), Some(found), "{query}");
    }
    site.api(LOCAL, "GET", "/recordings?call=x", "").await.assert_problem(400);
    site.api(LOCAL, "GET", "/recordings/rec_0000000000000001", "").await.assert_problem(404);
}

/// RFC 9110 §14: what a player needs to seek; each listening is noted.
#[tokio::test]
async fn audio_is_given_whole_and_in_ranges_and_who_listened_is_noted() {
    let site = site().await;
    let whole = audio(&site, None).await;
    assert_eq!((whole.status, whole.text.as_str()), (StatusCode::OK, AUDIO));
    assert_eq!(whole.headers[header::CONTENT_TYPE], "audio/wav");
    assert_eq!(whole.headers[header::ACCEPT_RANGES], "bytes");
    let part = audio(&site, Some("bytes=5-7")).await;
    assert_eq!((part.status, part.text.as_str()), (StatusCode::PARTIAL_CONTENT, "and"));
    assert_eq!(part.headers[header::CONTENT_RANGE], "bytes 5-7/25");
    let beyond = audio(&site, Some("bytes=25-")).await;
    assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(beyond.headers[header::CONTENT_RANGE], "bytes */25");
    let shown = site.api(LOCAL, "GET", &format!("/recordings/{ID}"), "").await.json();
    assert_eq!(shown["listens"].as_array().map(Vec::len), Some(1), "the range is of the same listening");
    site.fake.pass(Duration::from_secs(300));
    audio(&site, Some("bytes=1-")).await;
    let shown = site.api(LOCAL, "GET", &format!("/recordings/{ID}"), "").await.json();
    assert_eq!(shown["listens"].as_array().map(Vec::len), Some(2), "all but the first octet is listened to");
}

#[tokio::test]
async fn agents_do_not_listen_supervisors_do_not_delete_and_what_is_deleted_is_gone() {
    let site = site().await;
    let agent = site.token("agent").await;
    let supervisor = site.token("supervisor").await;
    site.api(&agent, "GET", "/recordings", "").await.assert_problem(403);
    site.api(&agent, "GET", &format!("/recordings/{ID}/audio"), "").await.assert_problem(403);
    assert_eq!(site.api(&supervisor, "GET", "/recordings", "").await.status, StatusCode::OK);
    site.api(&supervisor, "DELETE", &format!("/recordings/{ID}"), "").await.assert_problem(403);
    let deleted = site.api(LOCAL, "DELETE", &format!("/recordings/{ID}"), "").await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    audio(&site, None).await.assert_problem(410);
    let left = site.api(LOCAL, "GET", "/recordings", "").await.json();
    assert_eq!(left["items"].as_array().map(Vec::len), Some(0));
    let all = site.api(LOCAL, "GET", "/recordings?deleted=true", "").await.json();
    assert!(all["items"][0]["deleted_by"].is_string());
}

#[tokio::test]
async fn a_running_recording_is_paused_by_hand_and_what_makes_no_sense_is_refused() {
    let site = site().await;
    let path = format!("/calls/{LIVE_CALL}/recording");
    let paused = site.api(LOCAL, "POST", &path, r#"{"act":"pause"}"#).await;
    assert_eq!(paused.status, StatusCode::ACCEPTED, "{}", paused.text);
    site.api(LOCAL, "POST", &path, r#"{"act":"resume"}"#).await.assert_problem(409);
    site.api(LOCAL, "POST", &path, r#"{"act":"start"}"#).await.assert_problem(409);
    site.api(LOCAL, "POST", &path, r#"{"act":"erase"}"#).await.assert_problem(422);
}

#[tokio::test]
async fn the_page_is_for_supervisors_and_speaks_two_languages() {
    let site = site().await;
    let cookie = site.log_in("sue", PASSWORD).await.cookie();
    let spanish = site.page("/admin/recordings", &cookie, "es").await;
    assert_eq!(spanish.status, StatusCode::OK);
    assert!(spanish.text.contains("Grabaciones") && spanish.text.contains(r#"lang="es""#));
    let agent = site.log_in("ana", PASSWORD).await.cookie();
    assert_eq!(site.page("/admin/recordings", &agent, "en").await.status, StatusCode::FORBIDDEN);
}
