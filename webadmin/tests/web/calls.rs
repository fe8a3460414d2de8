//! What people do with live calls, and the page where they do it.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use base::media::Gain;
use base::{CallOrder, ConsultAct, Part, RoomOrder};

use webadmin::view::DoingView;

use crate::node::{LIVE_CALL, PASSWORD, Site};

fn path(action: &str) -> String {
    format!("/calls/{LIVE_CALL}/{action}")
}

#[tokio::test]
async fn an_admin_plays_types_mutes_and_supervisors_only_look() {
    let site = Site::new().await;
    let (admin, supervisor) = (site.token("admin").await, site.token("supervisor").await);
    let ask = async |action: &str, body: &str| site.api(&admin, "POST", &path(action), body).await;
    let digits = ask("digits", r##"{"leg":1,"digits":"12#,*"}"##).await;
    assert_eq!(digits.status, StatusCode::ACCEPTED, "{}", digits.text);
    assert_eq!(ask("voice", r#"{"leg":0,"muted":true,"gain_db":-6.5}"#).await.status, StatusCode::ACCEPTED);
    assert_eq!(ask("stop", "{}").await.status, StatusCode::ACCEPTED);
    let expected = [
        CallOrder::Digits { leg: 1, digits: "12#,*".to_owned() },
        CallOrder::Voice { leg: 0, muted: Some(true), deaf: None, gain: Some(Gain::centibels(-650)) },
        CallOrder::Stop { leg: None },
    ];
    assert_eq!(site.fake.orders(), expected);
    site.api(&supervisor, "POST", &path("stop"), "{}").await.assert_problem(403);
    assert_eq!(site.fake.orders().len(), 3);
}

#[tokio::test]
async fn an_admin_gives_a_parked_call_to_a_station_and_all_see_the_slots() {
    let site = Site::new().await;
    let (admin, supervisor) = (site.token("admin").await, site.token("supervisor").await);
    let slots = site.api(&supervisor, "GET", "/parking-slots", "").await;
    assert_eq!(slots.status, StatusCode::OK, "{}", slots.text);
    assert_eq!(slots.json()["items"][0]["slot"], 701);
    assert_eq!(slots.json()["items"][0]["call"], LIVE_CALL);
    let nowhere = site.api(&admin, "POST", &path("park"), r#"{"leg":1,"slot":"799"}"#).await;
    assert_eq!(nowhere.assert_problem(422)["field"], "slot");
    let nobody = site.api(&admin, "POST", &path("pickup"), r#"{"station":"9"}"#).await;
    assert_eq!(nobody.assert_problem(422)["field"], "station");
    site.api(&supervisor, "POST", &path("pickup"), r#"{"station":"1001"}"#).await.assert_problem(403);
    assert!(site.fake.orders().is_empty());
}

#[tokio::test]
async fn an_order_that_cannot_be_names_its_field() {
    let site = Site::new().await;
    let admin = site.token("admin").await;
    let cases = [
        ("digits", r#"{"leg":1,"digits":"12x"}"#, "digits"),
        ("digits", r#"{"digits":"1"}"#, "leg"),
        ("digits", r#"{"leg":7,"digits":"1"}"#, "leg"),
        ("voice", r#"{"leg":0,"gain_db":99}"#, "gain_db"),
        ("voice", r#"{"leg":0,"muted":"yes"}"#, "muted"),
        ("play", r#"{"prompt":"no/such"}"#, "prompt"),
        ("play", r#"{"prompt":"no/such","times":0}"#, "times"),
        ("conference", r#"{"name":"nowhere"}"#, "name"),
    ];
    for (action, body, field) in cases {
        let problem = site.api(&admin, "POST", &path(action), body).await.assert_problem(422);
        assert_eq!(problem["field"], field, "{action} {body}");
    }
    let gone = LIVE_CALL.replace('7', "9");
    site.api(&admin, "POST", &format!("/calls/{gone}/stop"), "{}").await.assert_problem(404);
    assert!(site.fake.orders().is_empty());
}

#[tokio::test]
async fn the_page_of_a_call_is_for_supervisors_and_its_actions_for_admins() {
    let site = Site::new().await;
    let get = |cookie: &str| {
        let page = Request::builder().uri(format!("/admin/calls/{LIVE_CALL}"));
        page.header(header::COOKIE, cookie)
            .header("accept-language", "es")
            .body(Body::empty())
            .expect("a request")
    };
    assert_eq!(site.send(get("")).await.headers[header::LOCATION], "/login");
    let supervisor = site.log_in("sue", PASSWORD).await.cookie();
    let page = site.send(get(&supervisor)).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("Quién oye a quién") && !page.text.contains("id=\"hangup\""));
    let admin = site.log_in("adam", PASSWORD).await.cookie();
    let page = site.send(get(&admin)).await.text;
    assert!(page.contains("id=\"hangup\"") && page.contains("<label for=\"keys\">"));
    assert!(!page.contains("http://") && !page.contains("style=") && !page.contains("onclick"));
}

/// CROCO-28, BP-29…31: what a phone does by its keys an admin does for it.
#[tokio::test]
async fn an_admin_holds_transfers_consults_and_drops() {
    let site = Site::new().await;
    let admin = site.token("admin").await;
    let ask = async |action: &str, body: &str| {
        let answer = site.api(&admin, "POST", &path(action), body).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{action}: {}", answer.text);
    };
    let to = "1002".to_owned();
    site.fake.talk(DoingView::default());
    ask("transfer", r#"{"leg":1,"to":"1002","on_failure":"agent","stays":true}"#).await;
    ask("consult", r#"{"leg":1,"to":"1002"}"#).await;
    ask("hold", r#"{"leg":1}"#).await;
    ask("legs/1/drop", "{}").await;
    ask("legs/1/part", r#"{"part":"coaches","whom":0}"#).await;
    let asking = DoingView {
        what: "consultation".to_owned(),
        by: Some(1),
        to: to.clone(),
        answered: true,
        holder: Some(1),
    };
    site.fake.talk(asking);
    ask("consult/complete", r#"{"leg":1,"stays":true}"#).await;
    ask("consult/merge", r#"{"leg":1}"#).await;
    ask("retrieve", r#"{"leg":1}"#).await;
    let expected = [
        CallOrder::Transfer { leg: 1, to: to.clone(), on_failure: Some("agent".to_owned()), stays: true },
        CallOrder::Consult { leg: 1, to },
        CallOrder::Hold { leg: 1, on: true },
        CallOrder::Drop { leg: 1 },
        CallOrder::TakePart { leg: 1, part: Part::Coaches { leg: 0 } },
        CallOrder::Consulted { leg: 1, act: ConsultAct::Complete { stays: true } },
        CallOrder::Consulted { leg: 1, act: ConsultAct::Merge },
        CallOrder::Hold { leg: 1, on: false },
    ];
    assert_eq!(site.fake.orders(), expected);
}

/// E15: without a call that is up nothing is transferred; who asks hears why.
#[tokio::test]
async fn what_cannot_be_now_is_a_conflict_that_says_why() {
    let site = Site::new().await;
    let (admin, supervisor) = (site.token("admin").await, site.token("supervisor").await);
    let ask = async |action: &str, body: &str, status: u16| {
        let problem = site.api(&admin, "POST", &path(action), body).await.assert_problem(status);
        problem["detail"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(ask("transfer", r#"{"leg":1,"to":"1002"}"#, 409).await, "the call is not answered");
    site.fake.talk(DoingView::default());
    assert_eq!(ask("consult/merge", r#"{"leg":1}"#, 409).await, "leg 1 asks nobody");
    assert_eq!(ask("retrieve", r#"{"leg":0}"#, 409).await, "leg 0 holds nobody");
    ask("consult/forget", r#"{"leg":1}"#, 404).await;
    ask("legs/9/drop", "{}", 404).await;
    ask("transfer", r#"{"leg":1,"to":""}"#, 422).await;
    ask("transfer", r#"{"leg":1,"to":"1002","on_failure":"maybe"}"#, 422).await;
    ask("legs/0/part", r#"{"part":"coaches","whom":0}"#, 422).await;
    ask("legs/0/part", r#"{"part":"shouts"}"#, 422).await;
    let asking = DoingView {
        what: "consultation".to_owned(),
        by: Some(1),
        to: "1002".to_owned(),
        ..DoingView::default()
    };
    site.fake.talk(asking);
    assert_eq!(ask("transfer", r#"{"leg":1,"to":"1003"}"#, 409).await, "a consultation to 1002 is under way");
    assert_eq!(ask("consult/alternate", r#"{"leg":1}"#, 409).await, "1002 has not answered");
    site.api(&supervisor, "POST", &path("hold"), r#"{"leg":1}"#).await.assert_problem(403);
    assert!(site.fake.orders().is_empty());
}

/// BP-33: who is in a conference is seen; it is locked, muted and left by order.
#[tokio::test]
async fn a_conference_is_seen_locked_and_rid_of_a_member() {
    let site = Site::new().await;
    let (admin, supervisor) = (site.token("admin").await, site.token("supervisor").await);
    site.api(&supervisor, "GET", "/conferences/team/room", "").await.assert_problem(404);
    let made = site.api(&admin, "POST", "/conferences", r#"{"name":"team","extension":"700"}"#).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let room = site.api(&supervisor, "GET", "/conferences/team/room", "").await;
    assert_eq!(room.status, StatusCode::OK, "{}", room.text);
    let ask = async |method: &str, path: &str, body: &str| site.api(&admin, method, path, body).await.status;
    let accepted = StatusCode::ACCEPTED;
    assert_eq!(ask("PATCH", "/conferences/team/room", r#"{"locked":true,"muted":false}"#).await, accepted);
    assert_eq!(ask("DELETE", "/conferences/team/room", "").await, accepted);
    site.api(&supervisor, "PATCH", "/conferences/team/room", "{}").await.assert_problem(403);
    let orders: Vec<RoomOrder> = site.fake.room_orders().into_iter().map(|(_, order)| order).collect();
    assert_eq!(orders, [RoomOrder::Lock(true), RoomOrder::MuteAll(false), RoomOrder::End]);
}
