//! Prompts and music: listed, heard, brought, deleted.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::http::{StatusCode, header};

use crate::node::{LOCAL, PASSWORD, Site};

#[tokio::test]
async fn sounds_are_listed_by_language_origin_and_words() {
    let site = Site::new().await;
    let all = site.api(LOCAL, "GET", "/prompts", "").await.json();
    assert_eq!(all["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(all["items"][0]["name"], "es/menu/hello");
    assert_eq!(all["items"][0]["licence"], "MIT");
    for (query, count) in
        [("language=es", 2), ("language=en", 0), ("search=WELC", 1), ("search=bienv", 2), ("origin=user", 0)]
    {
        let found = site.api(LOCAL, "GET", &format!("/prompts?{query}"), "").await.json();
        assert_eq!(found["items"].as_array().map(Vec::len), Some(count), "{query}");
    }
    let first = site.api(LOCAL, "GET", "/prompts?limit=1", "").await.json();
    assert_eq!(first["next"], "es/menu/hello");
    let second = site.api(LOCAL, "GET", "/prompts?limit=1&cursor=es/menu/hello", "").await.json();
    assert_eq!((&second["items"][0]["id"], second["next"].is_null()), (&"menu/welcome".into(), true));
    let music = site.api(LOCAL, "GET", "/music", "").await.json();
    assert_eq!(
        (&music["items"][0]["class"], &music["items"][0]["piece"]),
        (&"default".into(), &"morning".into())
    );
    site.api(LOCAL, "GET", "/prompts?origin=moon", "").await.assert_problem(400);
}

#[tokio::test]
async fn a_sound_is_brought_heard_and_deleted() {
    let site = Site::new().await;
    let made = site.upload(LOCAL, "/prompts?language=es-mx&id=shop/hours", b"RIFF....".to_vec()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let made = made.json();
    assert_eq!(
        (&made["name"], &made["origin"], &made["ms"]),
        (&"es-mx/shop/hours".into(), &"user".into(), &500.into())
    );
    assert_eq!(made["uploaded_at"], "2023-11-14T22:13:20.000Z");
    let path = "/prompts/es-mx%2Fshop%2Fhours";
    assert_eq!(site.api(LOCAL, "GET", path, "").await.json()["octets"], 8);
    let audio = site.api(LOCAL, "GET", &format!("{path}/audio"), "").await;
    assert_eq!(
        (audio.status, &audio.headers[header::CONTENT_TYPE]),
        (StatusCode::OK, &"audio/wav".parse().expect("a kind"))
    );
    assert_eq!(site.api(LOCAL, "DELETE", path, "").await.status, StatusCode::NO_CONTENT);
    site.api(LOCAL, "GET", path, "").await.assert_problem(404);
    let plain =
        site.upload(LOCAL, "/music?class=shop&piece=waltz&level=false", b"fLaC".to_vec()).await.json();
    assert_eq!((&plain["ms"], &plain["class"]), (&700.into(), &"shop".into()));
}

/// The work goes on in a thread of its own, which the end of a request alone would not end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploads_whose_senders_hang_up_stop_and_their_turns_are_free_again_only_then() {
    let site = Site::new().await;
    let path = "/prompts?language=es&id=x";
    for round in 1..=4 {
        let slow = site.upload(LOCAL, path, b"slow".to_vec());
        let waited = tokio::time::timeout(Duration::from_millis(100), slow).await;
        assert!(waited.is_err(), "it takes until its sender hangs up: {waited:?}");
        let stopped = || site.fake.stopped.load(Ordering::Relaxed) == round;
        tokio::time::timeout(Duration::from_secs(5), async {
            while !stopped() {
                tokio::task::yield_now().await;
            }
        })
        .await
        .expect("it stops");
    }
    assert_eq!(site.upload(LOCAL, path, b"RIFF".to_vec()).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn what_is_wrong_with_an_upload_is_told() {
    let site = Site::new().await;
    let path = "/prompts?language=es&id=x";
    let damaged = site.upload(LOCAL, path, b"bad".to_vec()).await.assert_problem(422);
    assert_eq!(damaged["detail"], "the file is damaged 1.230 s after its beginning: it ends in the middle");
    assert_eq!(damaged["field"], "file");
    site.upload(LOCAL, path, Vec::new()).await.assert_problem(422);
    site.upload(LOCAL, path, b"?".to_vec()).await.assert_problem(415);
    site.upload(LOCAL, path, vec![b'x'; base::limits::UPLOAD_OCTETS + 1]).await.assert_problem(413);
    for (path, field) in [
        ("/prompts?id=x", "language"),
        ("/prompts?language=es", "id"),
        ("/prompts?language=../../etc&id=x", "language"),
        ("/prompts?language=es&id=../../x", "id"),
        ("/music?class=a/b&piece=x", "class"),
        ("/music?class=a&piece=", "piece"),
        ("/prompts?language=es&id=x&colour=red", "colour"),
    ] {
        let problem = site.upload(LOCAL, path, b"RIFF".to_vec()).await.assert_problem(400);
        assert_eq!(problem["field"], field, "{path}");
    }
}

#[tokio::test]
async fn what_ships_stays_and_what_is_to_be_played_asks_first() {
    let site = Site::new().await;
    site.api(LOCAL, "DELETE", "/prompts/es%2Fmenu%2Fhello", "").await.assert_problem(409);
    site.api(LOCAL, "DELETE", "/prompts/es%2Fnone", "").await.assert_problem(404);
    site.upload(LOCAL, "/prompts?language=es&id=law", b"RIFF".to_vec()).await;
    let policy =
        site.api(LOCAL, "POST", "/recording-policies", r#"{"name":"all-calls","announce":"law"}"#).await;
    assert_eq!(policy.status, StatusCode::CREATED, "{}", policy.text);
    let kept = site.api(LOCAL, "DELETE", "/prompts/es%2Flaw", "").await.assert_problem(409);
    assert!(kept["detail"].as_str().is_some_and(|detail| detail.contains("all-calls")));
    let number = site.api(LOCAL, "POST", "/numbers", r#"{"did":"*60","to":"play:law"}"#).await;
    assert_eq!(number.status, StatusCode::CREATED, "{}", number.text);
    let kept = site.api(LOCAL, "DELETE", "/prompts/es%2Flaw", "").await.assert_problem(409);
    assert!(kept["detail"].as_str().is_some_and(|detail| detail.contains("number *60")));
    let forced = site.api(LOCAL, "DELETE", "/prompts/es%2Flaw?force=true", "").await;
    assert_eq!(forced.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn supervisors_listen_and_admins_change() {
    let site = Site::new().await;
    let agent = site.log_in("ana", PASSWORD).await.cookie();
    let supervisor = site.log_in("sue", PASSWORD).await.cookie();
    let admin = site.log_in("adam", PASSWORD).await.cookie();
    site.session(&agent, "GET", "/prompts", "").await.assert_problem(403);
    assert_eq!(site.session(&supervisor, "GET", "/prompts", "").await.status, StatusCode::OK);
    let path = "/prompts?language=es&id=x";
    site.session(&supervisor, "POST", path, "RIFF").await.assert_problem(403);
    assert_eq!(site.session(&admin, "POST", path, "RIFF").await.status, StatusCode::CREATED);
    site.session(&supervisor, "DELETE", "/prompts/es%2Fx", "").await.assert_problem(403);
}

#[tokio::test]
async fn the_page_of_sounds_speaks_both_languages_and_offers_what_one_may_do() {
    let site = Site::new().await;
    let stranger = site.page("/admin/prompts", "", "en").await;
    assert_eq!(stranger.headers[header::LOCATION], "/login");
    let admin = site.log_in("adam", PASSWORD).await.cookie();
    let page = site.page("/admin/prompts", &admin, "es").await;
    assert!(page.text.contains("Mensajes y música") && page.text.contains("id=\"upload\""));
    let supervisor = site.log_in("sue", PASSWORD).await.cookie();
    let page = site.page("/admin/prompts", &supervisor, "en").await;
    assert!(page.text.contains("Prompts and music") && !page.text.contains("id=\"upload\""));
    assert!(!page.text.contains("style=") && !page.text.contains("onclick"));
    let agent = site.log_in("ana", PASSWORD).await.cookie();
    assert_eq!(site.page("/admin/prompts", &agent, "en").await.status, StatusCode::FORBIDDEN);
    let script = site.page("/assets/prompts.js", "", "en").await;
    assert!(
        script.headers[header::CONTENT_TYPE].to_str().is_ok_and(|kind| kind.starts_with("text/javascript"))
    );
}
