//! Where a request comes from: which address, which page.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};

use crate::serve::Encrypted;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a program on this machine asks, and not a proxy for somebody else.
pub(crate) fn is_local(request: &Parts) -> bool {
    let proxied =
        request.headers.contains_key(FORWARDED_FOR) || request.headers.contains_key(header::FORWARDED);
    connected(request).is_some_and(|address| address.is_loopback()) && !proxied
}

/// The asker's address. A proxy on this machine is believed about the last address it added.
pub(crate) fn peer_address(request: &Parts) -> IpAddr {
    let Some(connected) = connected(request) else { return Ipv4Addr::UNSPECIFIED.into() };
    if !connected.is_loopback() {
        return connected;
    }
    let forwarded = request.headers.get_all(FORWARDED_FOR).iter().next_back();
    let last = forwarded.and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
    last.unwrap_or(connected)
}

fn connected(request: &Parts) -> Option<IpAddr> {
    request.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical())
}

/// Whether nobody on the way could read the request: it came under TLS, from a program on this machine, or through a
/// proxy on this machine that says that it did.
pub(crate) fn is_private(request: &Parts) -> bool {
    if request.extensions.get::<Encrypted>().is_some() || is_local(request) {
        return true;
    }
    let proto = request.headers.get(FORWARDED_PROTO).and_then(|value| value.to_str().ok());
    connected(request).is_some_and(|address| address.is_loopback()) && proto == Some("https")
}

/// Whether a page of ours sent the request: browsers say so in Sec-Fetch-Site, older ones in Origin.
/// `None` when neither is there: the asker is no browser.
pub(crate) fn same_origin(headers: &HeaderMap, public_url: &str) -> Option<bool> {
    if let Some(site) = headers.get(FETCH_SITE) {
        return Some(site == "same-origin" || site == "none");
    }
    let origin = headers.get(header::ORIGIN)?.to_str().unwrap_or("");
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
    let authority = origin.split_once("://").map(|(_scheme, authority)| authority);
    let ours = !public_url.is_empty() && origin == public_url.trim_end_matches('/');
    Some(ours || authority.is_some_and(|authority| !host.is_empty() && authority == host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().expect("a value"))).collect()
    }

    #[test]
    fn only_our_own_pages_are_of_the_same_origin() {
        let of = |pairs: &[(HeaderName, &'static str)]| same_origin(&headers(pairs), "https://pbx.example/");
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[(FETCH_SITE, "same-origin")]), Some(true));
        assert_eq!(of(&[(FETCH_SITE, "cross-site")]), Some(false));
        assert_eq!(of(&[(FETCH_SITE, "same-site")]), Some(false));
        let host = (header::HOST, "127.0.0.1:8080");
        assert_eq!(of(&[host.clone(), (header::ORIGIN, "http://127.0.0.1:8080")]), Some(true));
        assert_eq!(of(&[host.clone(), (header::ORIGIN, "http://evil.example")]), Some(false));
        assert_eq!(of(&[host.clone(), (header::ORIGIN, "null")]), Some(false));
        assert_eq!(of(&[host, (header::ORIGIN, "https://pbx.example")]), Some(true));
    }
}
