//! The client's half of digest authentication, MD5 (RFC 2617 §3.2.2, RFC 3261 §22.4).

use std::fmt::Write as _;

use md5::{Digest as _, Md5};

/// Who answers a challenge, and for which request.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Digest username.
    pub user: &'a str,
    /// Its password.
    pub password: &'a str,
    /// Method of the request.
    pub method: &'a str,
    /// Request-URI of the request.
    pub uri: &'a str,
    /// Client nonce, used with qop.
    pub cnonce: &'a str,
}

/// The value of Authorization that answers a challenge; `None` when it does not offer MD5.
pub fn authorization(challenge: &str, request: Request<'_>) -> Option<String> {
    let challenge = challenge.strip_prefix("Digest ")?;
    let field = |name: &str| parameter(challenge, name);
    if !field("algorithm").unwrap_or("MD5").eq_ignore_ascii_case("MD5") {
        return None;
    }
    let Request { user, password, method, uri, cnonce } = request;
    let (realm, nonce) = (field("realm")?, field("nonce")?);
    let ha1 = hex(&format!("{user}:{realm}:{password}"));
    let ha2 = hex(&format!("{method}:{uri}"));
    let mut value =
        format!("Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\"");
    if field("qop").is_some() {
        let response = hex(&format!("{ha1}:{nonce}:00000001:{cnonce}:auth:{ha2}"));
        let rest = format!(", qop=auth, nc=00000001, cnonce=\"{cnonce}\", response=\"{response}\"");
        value.push_str(&rest);
    } else {
        let response = hex(&format!("{ha1}:{nonce}:{ha2}"));
        value.push_str(&format!(", response=\"{response}\""));
    }
    if let Some(opaque) = field("opaque") {
        value.push_str(&format!(", opaque=\"{opaque}\""));
    }
    value.push_str(", algorithm=MD5");
    Some(value)
}

/// One parameter of a challenge. Quoted values with commas inside are kept whole.
fn parameter<'a>(challenge: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = challenge;
    loop {
        let (key, after) = rest.split_once('=')?;
        let key = key.trim_matches([',', ' ']);
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_once(',').unwrap_or((after, "")),
        };
        if key.eq_ignore_ascii_case(name) {
            return Some(value.trim());
        }
        rest = next;
    }
}

fn hex(text: &str) -> String {
    Md5::digest(text).iter().fold(String::with_capacity(32), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a String takes all");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2617 §3.5.
    #[test]
    fn the_rfcs_example_gives_the_rfcs_answer() {
        let challenge = "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
            nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
        let request = Request {
            user: "Mufasa",
            password: "Circle Of Life",
            method: "GET",
            uri: "/dir/index.html",
            cnonce: "0a4f113b",
        };
        let value = authorization(challenge, request).unwrap();
        assert!(value.contains("response=\"6629fae49393a05397450978507c4ef1\""), "{value}");
        assert!(value.contains("opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""), "{value}");
        assert!(authorization("Digest realm=\"a\", nonce=\"b\", algorithm=SHA-256", request).is_none());
    }
}
