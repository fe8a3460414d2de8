//! Digest of the agents (RFC 2617, RFC 7616 with MD5), written apart from the switch's own.

use md5::{Digest, Md5};
use sha2::Sha256;

/// The MD5 of a text in lower-case hexadecimal digits.
#[must_use]
pub fn md5_hex(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|octet| format!("{octet:02x}")).collect()
}

pub(crate) fn sha256_hex(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|octet| format!("{octet:02x}")).collect()
}

/// A parameter of a challenge or of credentials.
pub(crate) fn field<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let rest = value.strip_prefix("Digest ")?;
    rest.split(',')
        .filter_map(|part| part.trim().split_once('='))
        .find_map(|(known, value)| known.eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"')))
}

/// Who asks, and for what.
pub(crate) struct Ask<'a> {
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
    pub(crate) method: &'a str,
    pub(crate) uri: &'a str,
}

/// The credentials that answer a challenge.
pub(crate) fn answer(challenge: &str, ask: &Ask<'_>, count: u32) -> String {
    let realm = field(challenge, "realm").unwrap_or_default();
    let nonce = field(challenge, "nonce").unwrap_or_default();
    let (user, uri) = (ask.user, ask.uri);
    let ha1 = md5_hex(&format!("{user}:{realm}:{}", ask.password));
    let ha2 = md5_hex(&format!("{}:{uri}", ask.method));
    let response = md5_hex(&format!("{ha1}:{nonce}:{count:08x}:c0ffee:auth:{ha2}"));
    format!(
        "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
         response=\"{response}\", algorithm=MD5, qop=auth, nc={count:08x}, cnonce=\"c0ffee\""
    )
}

/// Whether credentials fit a password.
pub(crate) fn fits(credentials: &str, password: &str, method: &str) -> bool {
    let field = |name| field(credentials, name).unwrap_or_default();
    let ha1 = md5_hex(&format!("{}:{}:{password}", field("username"), field("realm")));
    let ha2 = md5_hex(&format!("{method}:{}", field("uri")));
    let (nonce, response) = (field("nonce"), field("response"));
    let with_qop = format!("{ha1}:{nonce}:{}:{}:{}:{ha2}", field("nc"), field("cnonce"), field("qop"));
    let text = if field("qop").is_empty() { format!("{ha1}:{nonce}:{ha2}") } else { with_qop };
    response == md5_hex(&text)
}
