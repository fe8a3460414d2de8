//! `/provisioning`: the files that phones fetch for themselves.
//!
//! A phone shows who it is by the secret in its address, or by HTTP Basic with its hardware address and that secret.
//! Whatever is wrong gets the same answer after the same steps.

use std::fmt::Write as _;

use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use base::fact::record_text;
use phone::vendor::{Device, File, Served, write};
use provision::{Directory, Phone, Vendor};
use store::Fetch;

use crate::auth::{self, peer_address};
use crate::problem::Problem;
use crate::router::Web;

/// Octets of a Basic credential that are looked at.
const CREDENTIAL_OCTETS: usize = 256;

/// Every address of the files.
pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route("/provisioning/{file}", get(by_password))
        .route("/provisioning/once/{token}", get(by_token))
        .route("/provisioning/{mac}/{secret}/{file}", get(by_folder))
}

/// A file in a phone's own folder.
async fn by_folder(
    State(web): State<Web>,
    Path((mac, secret, file)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
    parts: Parts,
) -> Result<Response, Problem> {
    admit(&web, &parts, &mac)?;
    let directory = web.ports.node.directory();
    let phone = web.ports.phones.key.opens(&directory, &mac, &secret).ok_or_else(Problem::nothing_here)?;
    let asked = Asked { file: &file, query: query.as_deref().unwrap_or_default(), parts: &parts };
    give(&web, &directory, phone, &asked).await
}

/// A file by its name alone, for a common address such as DHCP gives: HTTP Basic says whose.
async fn by_password(
    State(web): State<Web>,
    Path(file): Path<String>,
    RawQuery(query): RawQuery,
    parts: Parts,
) -> Result<Response, Problem> {
    let (mac, secret) = basic(&parts).unwrap_or_default();
    let mac: String = mac.parse::<provision::Mac>().map(String::from).unwrap_or_default();
    admit(&web, &parts, &mac)?;
    let directory = web.ports.node.directory();
    let Some(phone) = web.ports.phones.key.opens(&directory, &mac, &secret) else {
        let mut answer = Problem::new(StatusCode::UNAUTHORIZED, "this needs the phone's address and secret")
            .into_response();
        let challenge = HeaderValue::from_static("Basic realm=\"provisioning\", charset=\"UTF-8\"");
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        return Ok(answer);
    };
    let asked = Asked { file: &file, query: query.as_deref().unwrap_or_default(), parts: &parts };
    give(&web, &directory, phone, &asked).await
}

/// The settings of a softphone, once.
async fn by_token(
    State(web): State<Web>,
    Path(token): Path<String>,
    parts: Parts,
) -> Result<Response, Problem> {
    admit(&web, &parts, "")?;
    let taken = web.ports.store.take_phone_token(&auth::digest(&token), web.ports.node.now().wall).await;
    let (mac, generation) =
        taken.map_err(|error| Problem::internal(&error))?.ok_or_else(Problem::nothing_here)?;
    let directory = web.ports.node.directory();
    let phone = directory.phones.get(&mac).filter(|phone| phone.generation == generation);
    let phone = phone.ok_or_else(Problem::nothing_here)?;
    give(&web, &directory, phone, &Asked { file: "linphone.xml", query: "", parts: &parts }).await
}

/// What is asked for, and how.
struct Asked<'a> {
    file: &'a str,
    query: &'a str,
    parts: &'a Parts,
}

/// Refuses what anybody on the way could read, and who asks too often.
fn admit(web: &Web, parts: &Parts, mac: &str) -> Result<(), Problem> {
    if !web.ports.phones.plain && !auth::is_private(parts) {
        return Err(Problem::forbidden("settings are given over HTTPS alone"));
    }
    let mac: String = mac.chars().take(12).collect();
    web.fetches.take(web.ports.node.now().mono, peer_address(parts), &mac).map_err(|wait| {
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too many fetches; wait a moment");
        problem.retry_after(wait.as_secs().max(1))
    })
}

/// Writes a file, and notes who fetched it.
async fn give(
    web: &Web,
    directory: &Directory,
    phone: &Phone,
    asked: &Asked<'_>,
) -> Result<Response, Problem> {
    let file = File::named(phone.vendor, asked.file).ok_or_else(Problem::nothing_here)?;
    if file.mac.is_some_and(|mac| mac != phone.mac) {
        return Err(Problem::nothing_here());
    }
    let (host, url) = (host_of(asked.parts), folder_url(web, asked.parts, phone));
    let device = Device::of(directory, phone, &web.ports.phones.node, &web.ports.phones.key, &host, &url);
    let search = search_of(asked.query);
    let Served { media_type, text } =
        write(file.wanted, &device, &search).map_err(|error| Problem::internal(&error))?;
    let agent = asked.parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let fetch = Fetch {
        mac: phone.mac.to_string(),
        at: web.ports.node.now().wall,
        file: record_text(asked.file),
        address: peer_address(asked.parts).to_string(),
        agent: record_text(agent.unwrap_or_default()),
    };
    tracing::info!(mac = fetch.mac, file = fetch.file, "a phone fetched a file");
    if let Err(error) = web.ports.store.note_fetch(&fetch).await {
        tracing::warn!(%error, mac = fetch.mac, "a fetch could not be noted");
    }
    Ok(([(header::CONTENT_TYPE, media_type)], text).into_response())
}

/// User and password of HTTP Basic (RFC 7617).
fn basic(parts: &Parts) -> Option<(String, String)> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") || encoded.len() > CREDENTIAL_OCTETS {
        return None;
    }
    let text = String::from_utf8(base64(encoded.trim())?).ok()?;
    text.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
}

/// Base64 (RFC 4648 §4), with or without its padding.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    let (mut held, mut bits) = (0_u32, 0_u32);
    for digit in text.trim_end_matches('=').bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        held = (held << 6 | u32::from(value)) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            octets.push((held >> bits & 0xff) as u8);
        }
    }
    Some(octets)
}

/// What the phone's user looks for: `q`, as far as it is a plain percent-encoded text.
fn search_of(query: &str) -> String {
    let value = query.split('&').find_map(|pair| pair.strip_prefix("q=")).unwrap_or_default();
    let mut octets = Vec::with_capacity(value.len());
    let mut rest = value.bytes().take(256);
    while let Some(octet) = rest.next() {
        match octet {
            b'+' => octets.push(b' '),
            b'%' => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                let text = String::from_utf8(digits).unwrap_or_default();
                octets.extend(u8::from_str_radix(&text, 16).ok());
            }
            plain => octets.push(plain),
        }
    }
    String::from_utf8_lossy(&octets).into_owned()
}

/// The name by which we were asked, without its port, when it is one.
pub(crate) fn host_of(parts: &Parts) -> String {
    let host = parts.headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
    if host.len() > 255 || !host.bytes().all(plain) {
        return String::new();
    }
    match host.split_once(']') {
        Some((address, _port)) => address.trim_start_matches('[').to_owned(),
        None => host.split(':').next().unwrap_or_default().to_owned(),
    }
}

/// The address of the node for phones, without a slash at the end.
pub(crate) fn base_url(web: &Web, parts: &Parts) -> String {
    let ports = &web.ports;
    if !ports.public_url.is_empty() {
        return ports.public_url.trim_end_matches('/').to_owned();
    }
    let host = host_of(parts);
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    match ports.phones.https_port {
        Some(port) => format!("https://{host}:{port}"),
        None => {
            let port =
                parts.headers.get(header::HOST).and_then(|value| value.to_str().ok()?.rsplit_once(':'));
            let port = port.map_or("", |(_, port)| port);
            let mut url = format!("http://{host}");
            if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) {
                write!(url, ":{port}").expect("a String takes all that is written");
            }
            url
        }
    }
}

/// A phone's own folder, with a slash at the end. A secret.
pub(crate) fn folder_url(web: &Web, parts: &Parts, phone: &Phone) -> String {
    let secret = web.ports.phones.key.folder(phone);
    format!("{}/provisioning/{}/{secret}/", base_url(web, parts), phone.mac)
}

/// What is typed into a phone so that it fetches its settings: its folder, or a file in it where the vendor wants one.
pub(crate) fn typed_url(web: &Web, parts: &Parts, phone: &Phone) -> String {
    let folder = folder_url(web, parts, phone);
    match phone.vendor {
        Vendor::Yealink | Vendor::Polycom | Vendor::Grandstream => folder,
        Vendor::Snom => format!("{folder}snom-{{mac}}.xml"),
        Vendor::CiscoSpa => format!("{folder}spa$MA.xml"),
        Vendor::Softphone => format!("{folder}linphone.xml"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648 §10, RFC 7617 §2.
    #[test]
    fn a_basic_credential_is_read() {
        let read = |text: &str| base64(text).map(|octets| String::from_utf8_lossy(&octets).into_owned());
        for (encoded, text) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9vYmFy", "foobar"),
            ("QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin:open sesame"),
        ] {
            assert_eq!(read(encoded).as_deref(), Some(text));
        }
        assert_eq!(read("no base64!"), None);
    }

    #[test]
    fn a_search_is_taken_out_of_the_query() {
        assert_eq!(search_of("x=1&q=g%C3%B3mez+ana"), "gómez ana");
        assert_eq!((search_of("q=%zz%4"), search_of("")), ("\u{4}".to_owned(), String::new()));
    }
}
