//! Messages of mailboxes through the API and on their page; features.md §3.3 Voicemail.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use base::Wall;
use base::mail::{GreetingKind, MailOrder};
use base::media::RecordingFormat;
use provision::{Entity, Mailbox, Plan};
use store::{MessageId, NewMessage};
use webadmin::{MailChange, Node as _};

use crate::node::{AUDIO, Answer, LIVE_CALL, LOCAL, NOW, PASSWORD, RECORDING, Site};

const ANAS: &str = "1001.rec_0000000000000009";
const OTHERS: &str = "1002.rec_0000000000000009";

/// Ana owns the mailbox 1001 and not 1002; each has one message.
async fn site() -> Site {
    let site = Site::new().await;
    let before = site.fake.directory();
    let mut wanted = (*before).clone();
    let owned = Mailbox { owners: vec!["ana".to_owned()], ..Mailbox::numbered("1001") };
    wanted.put(Entity::Mailbox(owned));
    wanted.put(Entity::Mailbox(Mailbox::numbered("1002")));
    let plan = Plan { changes: provision::diff(&before, &wanted), wanted };
    site.fake.apply(plan).await.expect("mailboxes");
    for mailbox in ["1001", "1002"] {
        let new = NewMessage {
            id: MessageId { mailbox: mailbox.to_owned(), recording: RECORDING.parse().expect("an id") },
            call: LIVE_CALL.parse().expect("an id"),
            at: Wall(NOW.0 - 60_000_000),
            audio_ms: 9_000,
            path: "2023/11/14/x.wav.sealed".to_owned(),
            octets: 99,
            sha256: "ab".repeat(32),
            format: RecordingFormat::Wav,
            encrypted: true,
            cut: false,
            caller: "+34600".to_owned(),
            caller_name: "<b>Eva</b>".to_owned(),
            urgent: false,
            keep_until: None,
        };
        assert!(site.store.add_message(&new, None).await.expect("stored"));
    }
    site
}

async fn audio(site: &Site, cookie: &str, id: &str, range: Option<&str>) -> Answer {
    let request = Request::builder().uri(format!("/api/v1/voicemail-messages/{id}/audio"));
    let mut request = request.header(header::COOKIE, cookie);
    if let Some(range) = range {
        request = request.header(header::RANGE, range);
    }
    site.send(request.body(Body::empty()).expect("a request")).await
}

async fn agent(site: &Site) -> String {
    site.log_in("ana", PASSWORD).await.cookie()
}

#[tokio::test]
async fn people_find_their_own_messages_and_admins_all() {
    let site = site().await;
    let ids = |answer: Answer| -> Vec<String> {
        let items = answer.json()["items"].as_array().expect("a list").clone();
        items.iter().map(|it| it["id"].as_str().expect("an id").to_owned()).collect()
    };
    let ana = agent(&site).await;
    let adam = site.log_in("adam", PASSWORD).await.cookie();
    let sue = site.log_in("sue", PASSWORD).await.cookie();
    assert_eq!(ids(site.session(&ana, "GET", "/voicemail-messages", "").await), [ANAS]);
    assert_eq!(ids(site.session(&sue, "GET", "/voicemail-messages", "").await), Vec::<String>::new());
    assert_eq!(ids(site.session(&adam, "GET", "/voicemail-messages", "").await).len(), 2);
    let one = ids(site.session(&adam, "GET", "/voicemail-messages?mailbox=1002", "").await);
    assert_eq!(one, [OTHERS]);
    let others = ids(site.session(&ana, "GET", "/voicemail-messages?mailbox=1002", "").await);
    assert_eq!(others, Vec::<String>::new());
    // Another's message is not there at all, whatever is asked of it.
    for (method, path, body) in [
        ("GET", "", ""),
        ("GET", "/audio", ""),
        ("PATCH", "", r#"{"heard":true}"#),
        ("DELETE", "", ""),
        ("POST", "/forward", r#"{"mailbox":"1001"}"#),
    ] {
        let path = format!("/voicemail-messages/{OTHERS}{path}");
        site.session(&ana, method, &path, body).await.assert_problem(404);
    }
    site.session(&ana, "GET", "/mailboxes/1002/greetings", "").await.assert_problem(404);
    site.session(&ana, "GET", "/voicemail-notices", "").await.assert_problem(403);
    let token = site.token("agent").await;
    let none = ids(site.api(&token, "GET", "/voicemail-messages", "").await);
    assert_eq!(none, Vec::<String>::new(), "a token is nobody's");
}

/// RFC 9110 §14; who listened is noted, and the lamp is told.
#[tokio::test]
async fn a_message_is_heard_whole_and_in_parts_and_is_new_no_more() {
    let site = site().await;
    let ana = agent(&site).await;
    let whole = audio(&site, &ana, ANAS, None).await;
    assert_eq!((whole.status, whole.text.as_str()), (StatusCode::OK, AUDIO));
    assert_eq!(whole.headers[header::CONTENT_TYPE], "audio/wav");
    let part = audio(&site, &ana, ANAS, Some("bytes=5-7")).await;
    assert_eq!((part.status, part.text.as_str()), (StatusCode::PARTIAL_CONTENT, "and"));
    assert_eq!(audio(&site, &ana, ANAS, Some("bytes=25-")).await.status, StatusCode::RANGE_NOT_SATISFIABLE);
    let shown = site.session(&ana, "GET", &format!("/voicemail-messages/{ANAS}"), "").await.json();
    assert!(shown["heard_at"].is_string());
    assert_eq!(shown["listens"][0]["who"], "ana");
    assert!(shown.get("path").is_none(), "where it lies is nobody's business");
    assert_eq!(site.fake.mail(), [MailChange::Told("1001".to_owned())], "told once");
}

#[tokio::test]
async fn a_message_is_marked_passed_on_and_deleted() {
    let site = site().await;
    let ana = agent(&site).await;
    let path = format!("/voicemail-messages/{ANAS}");
    for (body, heard, urgent) in
        [(r#"{"heard":true,"urgent":true}"#, true, true), (r#"{"heard":false}"#, false, true)]
    {
        let marked = site.session(&ana, "PATCH", &path, body).await;
        assert_eq!(marked.status, StatusCode::NO_CONTENT, "{}", marked.text);
        let shown = site.session(&ana, "GET", &path, "").await.json();
        assert_eq!((shown["heard_at"].is_string(), &shown["urgent"]), (heard, &urgent.into()));
    }
    site.session(&ana, "PATCH", &path, r#"{"colour":"red"}"#).await.assert_problem(422);
    let forward = format!("{path}/forward");
    site.session(&ana, "POST", &forward, r#"{"mailbox":"1999"}"#).await.assert_problem(422);
    site.session(&ana, "POST", &forward, r#"{"mailbox":"1001"}"#).await.assert_problem(422);
    let passed = site.session(&ana, "POST", &forward, r#"{"mailbox":"1002"}"#).await;
    assert_eq!(passed.status, StatusCode::ACCEPTED, "{}", passed.text);
    let order = MailOrder::Forward {
        mailbox: "1001".to_owned(),
        recording: RECORDING.parse().expect("an id"),
        to: "1002".to_owned(),
    };
    assert_eq!(site.fake.mail().last(), Some(&MailChange::Order(order)));
    assert_eq!(site.session(&ana, "DELETE", &path, "").await.status, StatusCode::NO_CONTENT);
    site.session(&ana, "GET", &path, "").await.assert_problem(404);
}

#[tokio::test]
async fn greetings_are_taken_away_by_whose_they_are() {
    let site = site().await;
    let ana = agent(&site).await;
    let list = site.session(&ana, "GET", "/mailboxes/1001/greetings", "").await.json();
    assert_eq!(list["items"].as_array().map(Vec::len), Some(0));
    let taken = site.session(&ana, "DELETE", "/mailboxes/1001/greetings/busy", "").await;
    assert_eq!(taken.status, StatusCode::ACCEPTED);
    let order = MailOrder::Ungreet { mailbox: "1001".to_owned(), kind: GreetingKind::Busy };
    assert_eq!(site.fake.mail(), [MailChange::Order(order)]);
    site.session(&ana, "DELETE", "/mailboxes/1001/greetings/loud", "").await.assert_problem(404);
    site.session(&ana, "DELETE", "/mailboxes/1002/greetings/busy", "").await.assert_problem(404);
}

#[tokio::test]
async fn a_greeting_is_uploaded_by_whose_it_is_and_replaces_the_one_before() {
    let site = site().await;
    let ana = agent(&site).await;
    let (sue, adam) = (site.log_in("sue", PASSWORD).await, site.log_in("adam", PASSWORD).await);
    let path = "/mailboxes/1001/greetings/busy";
    let list = async || {
        let list = site.session(&ana, "GET", "/mailboxes/1001/greetings", "").await.json();
        let shown = |it: &serde_json::Value| (it["kind"].clone(), it["audio_ms"].clone());
        list["items"].as_array().expect("a list").iter().map(shown).collect::<Vec<_>>()
    };
    let put = site.session(&ana, "PUT", path, "RIFF....").await;
    assert_eq!(put.status, StatusCode::ACCEPTED, "{}", put.text);
    assert_eq!(put.json(), serde_json::json!({ "kind": "busy", "audio_ms": 500 }));
    assert_eq!(list().await, [("busy".into(), 500.into())]);
    // An admin may for everybody, and there is one of a kind.
    let put = site.session(&adam.cookie(), "PUT", &format!("{path}?level=false"), "fLaC").await;
    assert_eq!(put.status, StatusCode::ACCEPTED, "{}", put.text);
    assert_eq!(list().await, [("busy".into(), 700.into())]);
    // Neither others' mailboxes, nor kinds that there are not, nor files that are none.
    site.session(&ana, "PUT", "/mailboxes/1002/greetings/busy", "RIFF").await.assert_problem(404);
    site.session(&sue.cookie(), "PUT", path, "RIFF").await.assert_problem(404);
    site.session("", "PUT", path, "RIFF").await.assert_problem(401);
    site.session(&ana, "PUT", "/mailboxes/1001/greetings/loud", "RIFF").await.assert_problem(404);
    let unknown = site.session(&ana, "PUT", &format!("{path}?colour=red"), "RIFF").await;
    assert_eq!(unknown.assert_problem(400)["field"], "colour");
    site.session(&ana, "PUT", path, "?").await.assert_problem(415);
    let damaged = site.session(&ana, "PUT", path, "bad").await.assert_problem(422);
    assert_eq!(damaged["field"], "file");
    site.session(&ana, "PUT", path, "").await.assert_problem(422);
    let large = "x".repeat(base::limits::UPLOAD_OCTETS + 1);
    site.session(&ana, "PUT", path, &large).await.assert_problem(413);
    assert_eq!(list().await, [("busy".into(), 700.into())], "what is refused changes nothing");
}

#[tokio::test]
async fn the_description_names_every_address_of_voice_mail() {
    let site = site().await;
    let described = site.api(LOCAL, "GET", "/openapi.json", "").await.json();
    for (path, method) in [
        ("/voicemail-messages", "get"),
        ("/voicemail-messages/{id}", "patch"),
        ("/voicemail-messages/{id}", "delete"),
        ("/voicemail-messages/{id}/audio", "get"),
        ("/voicemail-messages/{id}/forward", "post"),
        ("/voicemail-notices", "get"),
        ("/mailboxes/{name}/greetings", "get"),
        ("/mailboxes/{name}/greetings/{kind}", "put"),
        ("/mailboxes/{name}/greetings/{kind}", "delete"),
    ] {
        assert!(described["paths"][path][method].is_object(), "{method} {path}");
    }
}

#[tokio::test]
async fn the_page_is_for_everybody_and_speaks_two_languages() {
    let site = site().await;
    assert_eq!(site.page("/admin/voicemail", "", "en").await.headers[header::LOCATION], "/login");
    let ana = agent(&site).await;
    let page = site.page("/admin/voicemail", &ana, "es").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("Buzón de voz") && page.text.contains(r#"lang="es""#));
    assert!(!page.text.contains("style=") && !page.text.contains("onclick"));
    assert!(site.page("/", &ana, "en").await.text.contains("/admin/voicemail"));
}
