//! Phones: listed, added, changed, given new secrets.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use provision::{TimeZone, Vendor};

use super::words::Words;
use super::{for_right, html};
use crate::auth::Right;
use crate::router::Web;

#[derive(askama::Template)]
#[template(path = "phones.html")]
struct PhonesPage {
    words: &'static Words,
    who: String,
    manages: bool,
    /// Each vendor's word with its name.
    vendors: Vec<(&'static str, &'static str)>,
    zones: Vec<&'static str>,
}

/// The page for supervisors and above; the login for strangers.
pub(crate) async fn page(State(web): State<Web>, parts: Parts) -> Response {
    for_right(&web, &parts, Right::SeeCalls, |who, words| {
        let manages = who.may(Right::Manage);
        let vendors = Vendor::WORDS.iter().map(|(word, vendor)| (*word, name(*vendor, words))).collect();
        let zones = TimeZone::names().collect();
        html(StatusCode::OK, &PhonesPage { words, who: who.name, manages, vendors, zones })
    })
    .await
}

fn name(vendor: Vendor, words: &Words) -> &'static str {
    match vendor {
        Vendor::Yealink => "Yealink",
        Vendor::Polycom => "Polycom",
        Vendor::Snom => "Snom",
        Vendor::Grandstream => "Grandstream",
        Vendor::CiscoSpa => "Cisco SPA",
        Vendor::Softphone => words.softphone,
    }
}
