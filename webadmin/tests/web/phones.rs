//! Phones fetch their settings, and people set phones up; issue row "Provisioning".

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode, header};
use serde_json::Value;

use crate::node::{Answer, LOCAL, PASSWORD, Site};

const MAC: &str = "805ec0123456";

async fn office() -> Site {
    let site = Site::new().await;
    for (path, body) in [
        ("/stations", r#"{"extension":"1001","password":"pass-1001","name":"Ana <b>"}"#),
        (
            "/phones",
            r#"{"mac":"80:5E:C0:12:34:56","vendor":"yealink","stations":["1001"],"keys":["blf:1001"]}"#,
        ),
        ("/phones", r#"{"mac":"020000000001","vendor":"softphone","stations":["1001"]}"#),
        ("/phonebook", r#"{"entry":"taxi","name":"Taxi","numbers":["+15550100"]}"#),
    ] {
        let answer = site.api(LOCAL, "POST", path, body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{path} {}", answer.text);
    }
    site
}

/// From a program on the node's own machine, which needs no TLS.
async fn fetch(site: &Site, path: &str, basic: &str) -> Answer {
    fetch_from(site, path, basic, [127, 0, 0, 1]).await
}

async fn fetch_from(site: &Site, path: &str, basic: &str, from: [u8; 4]) -> Answer {
    let request = Request::builder().uri(path).header(header::HOST, "pbx.example:8080");
    let request = request.extension(ConnectInfo(SocketAddr::from((from, 40_000))));
    let request = request.header(header::USER_AGENT, "Yealink SIP-T46S 66.86.0.15");
    let request = if basic.is_empty() {
        request
    } else {
        request.header(header::AUTHORIZATION, format!("Basic {basic}"))
    };
    site.send(request.body(Body::empty()).expect("a request")).await
}

/// The path of a phone's folder.
async fn folder(site: &Site, mac: &str) -> String {
    let told = site.api(LOCAL, "GET", &format!("/phones/{mac}/provisioning"), "").await;
    let url = told.json()["url"].as_str().expect("an address").to_owned();
    let path = url.split_once("//").and_then(|(_, rest)| rest.find('/').map(|at| rest[at..].to_owned()));
    let path = path.expect("a path");
    path[..=path.rfind('/').expect("a folder")].to_owned()
}

#[tokio::test]
async fn a_phone_fetches_its_files_from_its_folder_and_that_is_noted() {
    let site = office().await;
    let folder = folder(&site, MAC).await;
    let common = fetch(&site, &format!("{folder}y000000000028.cfg"), "").await;
    assert_eq!((common.status, common.text.as_str()), (StatusCode::OK, "#!version:1.0.0.1\n"));
    let own = fetch(&site, &format!("{folder}{MAC}.cfg"), "").await;
    assert_eq!(own.status, StatusCode::OK);
    assert_eq!(own.headers[header::CACHE_CONTROL], "no-store");
    for part in [
        "account.1.auth_name = 1001~805ec0123456",
        "account.1.sip_server.1.address = pbx.example",
        "display_name = Ana <b>",
    ] {
        assert!(own.text.contains(part), "{part}\n{}", own.text);
    }
    assert!(own.text.contains(&format!("server.url = https://pbx.example:8443{folder}")), "{}", own.text);
    let book = fetch(&site, &format!("{folder}phonebook.xml?q=tax"), "").await;
    assert!(book.text.contains("<Name>Taxi</Name>") && !book.text.contains("Ana"), "{}", book.text);
    let states = site.api(LOCAL, "GET", "/phone-states", "").await.json();
    let of = |mac: &str| -> Value {
        let items = states["items"].as_array().expect("a list");
        items.iter().find(|it| it["mac"] == mac).expect("the phone").clone()
    };
    assert_eq!(of(MAC)["last_fetch"]["address"], "127.0.0.1");
    assert_eq!(of(MAC)["last_fetch"]["agent"], "Yealink SIP-T46S 66.86.0.15");
    assert_eq!(
        (&of(MAC)["registered"][0], &of("020000000001")["last_fetch"]),
        (&"1001".into(), &Value::Null)
    );
}

/// Nobody learns which phones there are: a wrong secret, a wrong phone and a wrong file look the same.
#[tokio::test]
async fn whatever_is_wrong_gets_the_same_answer() {
    let site = office().await;
    let folder = folder(&site, MAC).await;
    let nowhere = fetch(&site, "/provisioning/no/such/file", "").await;
    for path in [
        format!("/provisioning/{MAC}/aaaaaaaaaaaaaaaaaaaaaaaa/{MAC}.cfg"),
        format!("/provisioning/{MAC}//{MAC}.cfg"),
        folder.replace(MAC, "805ec0123457") + "805ec0123457.cfg",
        format!("{folder}805ec0123457.cfg"),
        format!("{folder}cfg{MAC}.xml"),
        format!("{folder}..%2f..%2fetc%2fpasswd"),
        "/provisioning/once/ffff".to_owned(),
    ] {
        let answer = fetch(&site, &path, "").await;
        assert_eq!((answer.status, &answer.text), (StatusCode::NOT_FOUND, &nowhere.text), "{path}");
    }
    // A common address asks for HTTP Basic, whichever file it is: MAC:wrong, nobody:x, and no credential at all.
    for basic in ["", "ODA1ZWMwMTIzNDU2Ondyb25n", "bm9ib2R5Ong=", "%%%"] {
        for file in [format!("{MAC}.cfg"), "y000000000028.cfg".to_owned(), "805ec0123457.cfg".to_owned()] {
            let answer = fetch(&site, &format!("/provisioning/{file}"), basic).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{file}");
            assert!(
                answer.headers[header::WWW_AUTHENTICATE].to_str().expect("text").starts_with("Basic realm=")
            );
        }
    }
}

#[tokio::test]
async fn a_common_address_gives_a_phone_that_shows_its_secret_its_files() {
    let site = office().await;
    let folder = folder(&site, MAC).await;
    let secret = folder.trim_end_matches('/').rsplit('/').next().expect("a secret");
    let credential =
        encode(&format!("80:5E:C0:12:34:56:{secret}").replacen("80:5E:C0:12:34:56", "805EC0123456", 1));
    let own = fetch(&site, &format!("/provisioning/{MAC}.cfg"), &credential).await;
    assert_eq!(own.status, StatusCode::OK, "{}", own.text);
    assert!(own.text.contains("account.1.password"));
}

/// Base64 for tests (RFC 4648 §4).
fn encode(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let held =
            chunk.iter().fold(0_u32, |held, octet| held << 8 | u32::from(*octet)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let digit = DIGITS[(held >> (18 - 6 * at) & 63) as usize];
            out.push(if at <= chunk.len() { digit.into() } else { '=' });
        }
    }
    out
}

#[tokio::test]
async fn without_tls_only_this_machine_gets_settings_and_nobody_gets_too_many() {
    let site = office().await;
    let path = format!("{}{MAC}.cfg", folder(&site, MAC).await);
    let from_elsewhere = fetch_from(&site, &path, "", [192, 0, 2, 9]).await;
    assert_eq!(from_elsewhere.status, StatusCode::FORBIDDEN);
    assert!(!from_elsewhere.text.contains("account"));
    let mut last = StatusCode::OK;
    for _ in 0..31 {
        last = fetch(&site, &path, "").await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        fetch(&site, "/provisioning/020000000001/x/linphone.xml", "").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_new_secret_ends_the_old_one_and_a_softphone_is_told_once() {
    let site = office().await;
    let before = folder(&site, MAC).await;
    let rotated = site.api(LOCAL, "POST", &format!("/phones/{MAC}/rotate"), "").await.json();
    assert_eq!((&rotated["generation"], &rotated["settings"]), (&1.into(), &Value::Null));
    assert_eq!(fetch(&site, &format!("{before}{MAC}.cfg"), "").await.status, StatusCode::NOT_FOUND);
    let after = folder(&site, MAC).await;
    assert_eq!(fetch(&site, &format!("{after}{MAC}.cfg"), "").await.status, StatusCode::OK);
    let told = site.api(LOCAL, "POST", "/phones/020000000001/rotate", "").await.json();
    let settings = &told["settings"];
    assert_eq!(
        (settings["user"].as_str(), settings["login"].as_str()),
        (Some("1001"), Some("1001~020000000001"))
    );
    assert!(settings["qr_svg"].as_str().expect("a drawing").contains("<svg"));
    let password = settings["password"].as_str().expect("a password");
    assert!(!settings["sip_uri"].as_str().expect("a URI").contains(password));
    let once = settings["once_url"].as_str().expect("an address");
    let path = &once[once.find("/provisioning/").expect("a path")..];
    let first = fetch(&site, path, "").await;
    assert!(first.text.contains(&format!(">{password}<")), "{}", first.text);
    assert_eq!(fetch(&site, path, "").await.status, StatusCode::NOT_FOUND);
    let shown = site.api(LOCAL, "GET", "/phones/020000000001", "").await;
    assert!(!shown.text.contains(password) && shown.text.contains("\"generation\":1"), "{}", shown.text);
    let gone = site.api(LOCAL, "POST", "/phones/ffffffffffff/rotate", "").await;
    gone.assert_problem(404);
}

#[tokio::test]
async fn secrets_of_phones_are_for_admins_and_the_page_speaks_both_languages() {
    let site = office().await;
    let token = site.token("supervisor").await;
    for (method, path) in [("GET", "provisioning"), ("POST", "rotate")] {
        site.api(&token, method, &format!("/phones/{MAC}/{path}"), "").await.assert_problem(403);
    }
    assert_eq!(site.api(&token, "GET", "/phone-states", "").await.status, StatusCode::OK);
    let cookie = site.log_in("adam", PASSWORD).await.cookie();
    let english = site.page("/admin/phones", &cookie, "en").await;
    assert!(english.text.contains("Last fetch") && english.text.contains("Cisco SPA"), "{}", english.text);
    let spanish = site.page("/admin/phones", &cookie, "es").await;
    assert!(spanish.text.contains("Última descarga") && spanish.text.contains("id=\"edit\""));
    let cookie = site.log_in("sue", PASSWORD).await.cookie();
    assert!(!site.page("/admin/phones", &cookie, "en").await.text.contains("id=\"edit\""));
}
