//! The API: what is set up, calls, tokens, provisioning.

use axum::http::{StatusCode, header};

use crate::node::{LIVE_CALL, LOCAL, PASSWORD, Site};

const STATION: &str = r#"{"extension":"1001","user":"ana","password":"s3cret","ring_secs":25}"#;

#[tokio::test]
async fn a_station_is_made_shown_changed_and_removed_without_showing_its_secrets() {
    let site = Site::new().await;
    let made = site.api(LOCAL, "POST", "/stations", STATION).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    assert_eq!(made.headers[header::LOCATION], "/api/v1/stations/1001");
    assert_eq!(made.json()["ring_secs"], 25);
    assert!(!made.text.contains("ha1") && !made.text.contains("s3cret"));
    site.api(LOCAL, "POST", "/stations", STATION).await.assert_problem(409);

    let before = site.store.load_directory().await.expect("read").stations["1001"].clone();
    assert_eq!(before.ha1_md5.len(), 32);
    let changed = site.api(LOCAL, "PUT", "/stations/1001", r#"{"user":"ana","ring_secs":30}"#).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    let after = site.store.load_directory().await.expect("read").stations["1001"].clone();
    assert_eq!((after.ring_secs, &after.ha1_md5), (30, &before.ha1_md5));

    assert_eq!(site.api(LOCAL, "DELETE", "/stations/1001", "").await.status, StatusCode::NO_CONTENT);
    site.api(LOCAL, "GET", "/stations/1001", "").await.assert_problem(404);
    site.api(LOCAL, "DELETE", "/stations/1001", "").await.assert_problem(404);
}

#[tokio::test]
async fn a_wrong_field_is_named() {
    let site = Site::new().await;
    let body = r#"{"extension":"1001","ring_seconds":25}"#;
    let problem = site.api(LOCAL, "POST", "/stations", body).await.assert_problem(422);
    assert!(problem["errors"][0]["field"].to_string().contains("ring_seconds"), "{problem}");
    let body = r#"{"extension":"1001","ring_secs":1000}"#;
    let problem = site.api(LOCAL, "POST", "/stations", body).await.assert_problem(422);
    assert!(problem.to_string().contains("ring_secs"), "{problem}");
    let body = r#"{"did":"+15550100","to":"station:7777"}"#;
    let problem = site.api(LOCAL, "POST", "/numbers", body).await.assert_problem(422);
    assert!(problem.to_string().contains("7777"), "{problem}");
    let body = r#"{"did":"+15550101"}"#;
    let problem = site.api(LOCAL, "PUT", "/numbers/%2B15550100", body).await.assert_problem(422);
    assert_eq!(problem["field"], "did");
}

#[tokio::test]
async fn a_pattern_with_a_slash_and_a_plus_has_an_address() {
    let site = Site::new().await;
    let body = r#"{"pattern":"^\\+?[0-9]/{7,15}$","trunks":["carrier"]}"#;
    let trunk = r#"{"name":"carrier","peer":"sip:127.0.0.10:5060"}"#;
    assert_eq!(site.api(LOCAL, "POST", "/trunks", trunk).await.status, StatusCode::CREATED);
    let made = site.api(LOCAL, "POST", "/dial-rules", body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let place = made.headers[header::LOCATION].to_str().expect("text").to_owned();
    let path = place.strip_prefix("/api/v1").expect("under the API");
    assert_eq!(site.api(LOCAL, "GET", path, "").await.json()["trunks"][0], "carrier");
    let refused = site.api(LOCAL, "DELETE", "/trunks/carrier", "").await;
    let problem = refused.assert_problem(409);
    assert!(problem.to_string().contains("dial_rule"), "{problem}");
}

#[tokio::test]
async fn lists_come_a_page_at_a_time() {
    let site = Site::new().await;
    let first = site.api(LOCAL, "GET", "/users?limit=3", "").await.json();
    let logins = |page: &serde_json::Value| -> Vec<String> {
        let items = page["items"].as_array().expect("items");
        items.iter().map(|user| user["login"].as_str().expect("a login").to_owned()).collect()
    };
    assert_eq!(logins(&first), ["adam", "ana", "olga"]);
    let cursor = first["next"].as_str().expect("a cursor");
    let second = site.api(LOCAL, "GET", &format!("/users?limit=3&cursor={cursor}"), "").await.json();
    assert_eq!(logins(&second), ["sue"]);
    assert!(second["next"].is_null());
    let phones = site.api(LOCAL, "GET", "/registrations?limit=2", "").await.json();
    assert_eq!(phones["items"].as_array().map(Vec::len), Some(2));
    assert!(phones["next"].is_string());
}

#[tokio::test]
async fn an_agent_sees_no_calls_a_supervisor_changes_nothing() {
    let site = Site::new().await;
    let (agent, supervisor) = (site.token("agent").await, site.token("supervisor").await);
    let status = site.api(&agent, "GET", "/status", "").await.json();
    assert!(status["calls"].is_null() && status["recent"].is_null());
    assert_eq!(status["calls_total"], 1);
    for path in ["/calls?state=live", "/stations", "/tokens", "/export"] {
        site.api(&agent, "GET", path, "").await.assert_problem(403);
    }
    let live = site.api(&supervisor, "GET", "/calls?state=live", "").await.json();
    assert_eq!(live["items"][0]["id"], LIVE_CALL);
    assert_eq!(site.api(&supervisor, "GET", "/stations", "").await.status, StatusCode::OK);
    site.api(&supervisor, "POST", "/stations", STATION).await.assert_problem(403);
    let hang_up = format!("/calls/{LIVE_CALL}/hangup");
    site.api(&supervisor, "POST", &hang_up, "").await.assert_problem(403);
    assert_eq!(site.fake.hung_up(), 0);
}

#[tokio::test]
async fn an_admin_neither_makes_nor_changes_an_owner() {
    let site = Site::new().await;
    let admin = site.token("admin").await;
    let made = r#"{"login":"eve","role":"owner"}"#;
    site.api(&admin, "POST", "/users", made).await.assert_problem(403);
    site.api(&admin, "PUT", "/users/adam", r#"{"role":"owner"}"#).await.assert_problem(403);
    let password = r#"{"password":"another horse"}"#;
    site.api(&admin, "PUT", "/users/olga/password", password).await.assert_problem(403);
    site.api(&admin, "DELETE", "/users/olga", "").await.assert_problem(403);
    site.api(LOCAL, "DELETE", "/users/olga", "").await.assert_problem(409);
    site.api(&admin, "GET", "/export?secrets=true", "").await.assert_problem(403);
    site.api(&admin, "POST", "/tokens", r#"{"name":"x","role":"owner"}"#).await.assert_problem(403);
    site.api(&admin, "POST", "/apply", "[[user]]\nlogin = \"eve\"\nrole = \"owner\"")
        .await
        .assert_problem(403);
    assert_eq!(site.api(&admin, "PUT", "/users/ana/password", password).await.status, StatusCode::NO_CONTENT);
    assert_eq!(site.log_in("ana", "another horse").await.status, StatusCode::SEE_OTHER);
    assert_eq!(site.log_in("ana", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_admin_sets_the_own_password_with_the_current_one() {
    let site = Site::new().await;
    let session = site.log_in("adam", PASSWORD).await.cookie();
    let path = "/users/adam/password";
    let without = r#"{"password":"another horse"}"#;
    let problem = site.session(&session, "PUT", path, without).await.assert_problem(422);
    assert_eq!(problem["field"], "current");
    let wrong = r#"{"password":"another horse","current":"wrong horse"}"#;
    let problem = site.session(&session, "PUT", path, wrong).await.assert_problem(422);
    assert_eq!(problem["field"], "current");
    let right = r#"{"password":"another horse","current":"correct horse"}"#;
    site.session(&session, "PUT", "/users/olga/password", right).await.assert_problem(422);
    site.session(&session, "PUT", "/users/olga/password", without).await.assert_problem(403);
    assert_eq!(site.session(&session, "PUT", path, right).await.status, StatusCode::NO_CONTENT);
    site.session(&session, "GET", "/status", "").await.assert_problem(401);
    assert_eq!(site.log_in("adam", "another horse").await.status, StatusCode::SEE_OTHER);

    let agent = site.log_in("ana", PASSWORD).await.cookie();
    site.session(&agent, "PUT", "/users/ana/password", right).await.assert_problem(403);
    let named_alike = site.api(LOCAL, "POST", "/tokens", r#"{"name":"adam","role":"admin"}"#).await.json();
    let token = named_alike["token"].as_str().expect("a secret");
    site.api(token, "PUT", path, without).await.assert_problem(403);
}

#[tokio::test]
async fn guesses_of_the_current_password_are_limited_like_logins() {
    let site = Site::new().await;
    let session = site.log_in("adam", PASSWORD).await.cookie();
    let wrong = r#"{"password":"another horse","current":"wrong horse"}"#;
    for _guess in 0..9 {
        site.session(&session, "PUT", "/users/adam/password", wrong).await.assert_problem(422);
    }
    let held = site.session(&session, "PUT", "/users/adam/password", wrong).await;
    held.assert_problem(429);
    assert_eq!(held.headers[header::RETRY_AFTER], "30");
}

#[tokio::test]
async fn a_revoked_token_opens_nothing() {
    let site = Site::new().await;
    let token = site.token("admin").await;
    let list = site.api(&token, "GET", "/tokens", "").await;
    assert_eq!(list.json()["items"][0]["name"], "for admin");
    assert!(!list.text.contains(&token));
    let id = list.json()["items"][0]["id"].as_str().expect("an id").to_owned();
    let revoked = site.api(LOCAL, "DELETE", &format!("/tokens/{id}"), "").await;
    assert_eq!(revoked.status, StatusCode::NO_CONTENT);
    site.api(&token, "GET", "/status", "").await.assert_problem(401);
}

#[tokio::test]
async fn provisioning_applies_once_and_comes_back_out() {
    let site = Site::new().await;
    let text = "[[trunk]]\nname = \"carrier\"\npeer = \"sip:127.0.0.10:5060\"\nusername = \"u\"\npassword = \"p4ss\"\n\
                [[station]]\nextension = \"1001\"\nuser = \"ana\"\npassword = \"s3cret\"\n";
    let dry = site.api(LOCAL, "POST", "/apply?dry_run=true", text).await;
    assert_eq!(dry.status, StatusCode::OK, "{}", dry.text);
    assert_eq!(dry.json()["changes"].as_array().map(Vec::len), Some(2));
    assert_eq!(dry.json()["warnings"].as_array().map(Vec::len), Some(1));
    assert!(site.store.load_directory().await.expect("read").trunks.is_empty());
    let applied = site.api(LOCAL, "POST", "/apply", text).await;
    assert_eq!(applied.json()["changes"].as_array().map(Vec::len), Some(2), "{}", applied.text);
    assert!(!applied.text.contains("p4ss") && !applied.text.contains("s3cret"));
    let again = site.api(LOCAL, "POST", "/apply", text).await;
    assert_eq!(again.json()["changes"].as_array().map(Vec::len), Some(0), "{}", again.text);

    let public = site.api(LOCAL, "GET", "/export", "").await.text;
    assert!(public.contains("carrier") && !public.contains("p4ss") && !public.contains("argon2"));
    let whole = site.api(LOCAL, "GET", "/export?secrets=true", "").await.text;
    assert!(whole.contains("p4ss") && whole.contains("argon2"));
    for exported in [public, whole] {
        let unchanged = site.api(LOCAL, "POST", "/apply", &exported).await;
        assert_eq!(unchanged.json()["changes"].as_array().map(Vec::len), Some(0), "{}", unchanged.text);
    }
    let wrong = site
        .api(
            LOCAL,
            "POST",
            "/apply",
            "[[station]]\nextension = \"1\"\nring_secs = 0\npassword = \"s3cret\"\n",
        )
        .await;
    let problem = wrong.assert_problem(422);
    assert_eq!(problem["errors"][0]["line"], 3, "{problem}");
}

#[tokio::test]
async fn a_live_call_is_shown_and_ended() {
    let site = Site::new().await;
    let path = format!("/calls/{LIVE_CALL}");
    assert_eq!(site.api(LOCAL, "GET", &path, "").await.json()["state"], "ringing");
    let ended = site.api(LOCAL, "POST", &format!("{path}/hangup"), "").await;
    assert_eq!(ended.status, StatusCode::ACCEPTED);
    assert_eq!(site.fake.hung_up(), 1);
    let other = "/calls/call_0000000000000008";
    site.api(LOCAL, "GET", other, "").await.assert_problem(404);
    site.api(LOCAL, "POST", &format!("{other}/hangup"), "").await.assert_problem(404);
    site.api(LOCAL, "GET", "/calls/nonsense", "").await.assert_problem(404);
}

#[tokio::test]
async fn who_is_banned_is_seen_by_supervisors_and_let_in_again_by_admins() {
    let site = Site::new().await;
    site.fake.ban("203.0.113.7");
    site.fake.ban("203.0.113.0/24");
    let [agent, supervisor, admin] =
        [site.token("agent").await, site.token("supervisor").await, site.token("admin").await];
    site.api(&agent, "GET", "/bans", "").await.assert_problem(403);
    let bans = site.api(&supervisor, "GET", "/bans", "").await.json();
    assert_eq!(bans["items"][0]["place"], "203.0.113.7");
    site.api(&supervisor, "DELETE", "/bans/203.0.113.7", "").await.assert_problem(403);
    for place in ["203.0.113.7", "203.0.113.0%2F24"] {
        let lifted = site.api(&admin, "DELETE", &format!("/bans/{place}"), "").await;
        assert_eq!(lifted.status, StatusCode::NO_CONTENT, "{place}");
        site.api(&admin, "DELETE", &format!("/bans/{place}"), "").await.assert_problem(404);
    }
    site.api(&admin, "DELETE", "/bans/nowhere", "").await.assert_problem(404);
}
