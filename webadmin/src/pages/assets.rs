//! Style and script, compiled in.

use axum::http::HeaderName;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};

type File = ([(HeaderName, &'static str); 2], &'static str);

pub(crate) async fn style() -> File {
    file("text/css; charset=utf-8", include_str!("../../assets/tandem.css"))
}

pub(crate) async fn page() -> File {
    file("text/javascript; charset=utf-8", include_str!("../../assets/page.js"))
}

pub(crate) async fn script() -> File {
    file("text/javascript; charset=utf-8", include_str!("../../assets/status.js"))
}

pub(crate) async fn phones() -> File {
    file("text/javascript; charset=utf-8", include_str!("../../assets/phones.js"))
}

pub(crate) async fn prompts() -> File {
    file("text/javascript; charset=utf-8", include_str!("../../assets/prompts.js"))
}

pub(crate) async fn call() -> File {
    file("text/javascript; charset=utf-8", include_str!("../../assets/call.js"))
}

pub(crate) async fn quality() -> File {
    file("text/javascript; charset=utf-8", include_str!("../../assets/quality.js"))
}

pub(crate) async fn recordings() -> File {
    file("text/javascript; charset=utf-8", include_str!("../../assets/recordings.js"))
}

pub(crate) async fn voicemail() -> File {
    file("text/javascript; charset=utf-8", include_str!("../../assets/voicemail.js"))
}

pub(crate) async fn conferences() -> File {
    file("text/javascript; charset=utf-8", include_str!("../../assets/conferences.js"))
}

pub(crate) async fn reach() -> File {
    file("text/javascript; charset=utf-8", include_str!("../../assets/reach.js"))
}

pub(crate) async fn icon() -> File {
    file("image/svg+xml", include_str!("../../assets/icon.svg"))
}

/// Pages ask again each time: after an upgrade nobody sees an old script with a new page.
fn file(kind: &'static str, text: &'static str) -> File {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-cache")], text)
}
