//! Softphones: a file for linphone, and a URI for those that read one.

use super::device::{Device, Speaks};

#[derive(askama::Template)]
#[template(path = "linphone.xml")]
struct Linphone<'a> {
    device: &'a Device<'a>,
}

/// The file that linphone fetches for itself.
///
/// # Errors
/// When the template cannot be filled, which no setting can bring about.
pub fn linphone(device: &Device<'_>) -> askama::Result<String> {
    askama::Template::render(&Linphone { device })
}

/// The account of a line for programs that read it out of a URI; without the password, which no URI should bear
/// (RFC 3261 §19.1.1).
#[must_use]
pub fn sip_uri(device: &Device<'_>) -> String {
    let extension = device.lines.first().map_or("", |line| line.extension.as_str());
    let transport = match device.speaks {
        Speaks::Udp => "udp",
        Speaks::Tcp => "tcp",
        Speaks::Tls => "tls",
    };
    format!("sip:{extension}@{};transport={transport}", device.server())
}
