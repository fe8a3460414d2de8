//! Phones beside what is set up of them: what is typed into them, what they fetched, new secrets.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::request::Parts;
use phone::vendor::{Device, sip_uri};
use provision::{Entity, Phone, Vendor};
use qrcode::QrCode;
use qrcode::render::svg;
use serde_json::{Value, json};
use store::Fetch;

use super::change;
use super::page::Page;
use crate::auth::{self, Identity, Right};
use crate::phones::{base_url, folder_url, host_of, typed_url};
use crate::problem::Problem;
use crate::router::Web;
use crate::view::text;

/// How long a softphone may take to fetch its settings.
const TOKEN: Duration = Duration::from_secs(15 * 60);

/// Every phone: its last fetch, and which of its extensions somebody is registered on.
pub(crate) async fn states(State(web): State<Web>, who: Identity) -> Result<Json<Page<Value>>, Problem> {
    who.require(Right::SeeCalls)?;
    let fetches = web.ports.store.last_fetches().await.map_err(|error| Problem::internal(&error))?;
    let (directory, live) = (web.ports.node.directory(), web.ports.node.live());
    let state = |phone: &Phone| {
        let last = fetches.iter().find(|fetch| fetch.mac == phone.mac.as_str());
        let is_registered = |it: &&String| live.registrations.iter().any(|phone| phone.extension == **it);
        let registered: Vec<&String> = phone.stations.iter().filter(is_registered).collect();
        json!({ "mac": phone.mac, "registered": registered, "last_fetch": last.map(view) })
    };
    Ok(Json(Page { items: directory.phones.values().map(state).collect(), next: None }))
}

/// The address to type into a phone, and what it fetched.
pub(crate) async fn one(
    State(web): State<Web>,
    Path(name): Path<String>,
    who: Identity,
    parts: Parts,
) -> Result<Json<Value>, Problem> {
    who.require(Right::Manage)?;
    let phone = existing(&web, &name)?;
    let fetches = web.ports.store.fetches_of(&name).await.map_err(|error| Problem::internal(&error))?;
    let fetches: Vec<Value> = fetches.iter().map(view).collect();
    tracing::info!(by = who.name, mac = name, "a phone's address was shown");
    Ok(Json(json!({ "mac": name, "url": typed_url(&web, &parts, &phone), "fetches": fetches })))
}

/// Ends a phone's secrets and makes new ones. Those of a softphone are told this once.
pub(crate) async fn rotate(
    State(web): State<Web>,
    Path(name): Path<String>,
    who: Identity,
    parts: Parts,
) -> Result<Json<Value>, Problem> {
    who.require(Right::Manage)?;
    let turn = change::turn(&web).await?;
    let phone = existing(&web, &name)?;
    let phone = Phone { generation: phone.generation.wrapping_add(1), ..phone };
    change::commit(&web, &who, change::put(&web, Entity::Phone(phone.clone()))?, turn).await?;
    let mut told =
        json!({ "mac": name, "generation": phone.generation, "url": typed_url(&web, &parts, &phone) });
    if phone.vendor == Vendor::Softphone {
        told["settings"] = plain_settings(&web, &parts, &phone).await?;
    }
    Ok(Json(told))
}

/// All that a softphone needs: to be typed in, and as a code that linphone reads.
async fn plain_settings(web: &Web, parts: &Parts, phone: &Phone) -> Result<Value, Problem> {
    let directory = web.ports.node.directory();
    let (host, url) = (host_of(parts), folder_url(web, parts, phone));
    let device = Device::of(&directory, phone, &web.ports.phones.node, &web.ports.phones.key, &host, &url);
    let token = auth::random().map_err(|error| Problem::internal(&error))?;
    let now = web.ports.node.now().wall;
    let (digest, mac) = (auth::digest(&token), phone.mac.as_str());
    let kept = web.ports.store.add_phone_token(&digest, mac, phone.generation, now, now + TOKEN).await;
    kept.map_err(|error| Problem::internal(&error))?;
    let once = format!("{}/provisioning/once/{token}", base_url(web, parts));
    let code = QrCode::new(&once).map_err(|error| Problem::internal(&error))?;
    let drawn = code.render::<svg::Color<'_>>().min_dimensions(240, 240).build();
    let line = device.lines().first();
    Ok(json!({
        "server": device.server(),
        "transport": device.transport(),
        "user": line.map(|line| &line.extension),
        "name": line.map(|line| &line.name),
        "login": line.map(|line| &line.login),
        "password": line.map(|line| &line.password),
        "sip_uri": sip_uri(&device),
        "once_url": once,
        "qr_svg": drawn,
    }))
}

fn existing(web: &Web, name: &str) -> Result<Phone, Problem> {
    let found = web.ports.node.directory().phones.get(name).cloned();
    found.ok_or_else(|| Problem::not_found(format!("there is no phone {name:?}")))
}

fn view(fetch: &Fetch) -> Value {
    json!({ "at": text(fetch.at), "file": fetch.file, "address": fetch.address, "agent": fetch.agent })
}
