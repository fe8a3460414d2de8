//! Grammar of digest challenges and credentials (RFC 7616); the mathematics is elsewhere.

use std::fmt;

use crate::message::malformed::Malformed;
use crate::message::octets::{is_token, trim};
use crate::message::split::{quote, quoted, separator, unescape};

/// What a server asks for: WWW-Authenticate, Proxy-Authenticate.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Challenge {
    /// Whose passwords.
    pub realm: String,
    /// To hash with.
    pub nonce: String,
    /// To send back.
    pub opaque: Option<String>,
    /// As written; absent means MD5.
    pub algorithm: Option<String>,
    /// Qualities of protection on offer; none from RFC 2069 servers.
    pub qop: Vec<String>,
    /// Only the nonce was too old.
    pub stale: bool,
}

/// What a client answers: Authorization, Proxy-Authorization.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Credentials {
    /// Who.
    pub username: String,
    /// Of the challenge.
    pub realm: String,
    /// Of the challenge.
    pub nonce: String,
    /// The request's URI as the client hashed it.
    pub uri: String,
    /// The hash, hexadecimal.
    pub response: String,
    /// As written; absent means MD5.
    pub algorithm: Option<String>,
    /// Of the challenge.
    pub opaque: Option<String>,
    /// The client's nonce.
    pub cnonce: Option<String>,
    /// The chosen quality of protection.
    pub qop: Option<String>,
    /// How often the nonce was used; eight hexadecimal digits on the wire.
    pub nc: Option<u32>,
}

const CHALLENGE: Malformed = Malformed::Syntax("digest challenge");
const CREDENTIALS: Malformed = Malformed::Syntax("digest credentials");

impl Challenge {
    /// Reads a header's value.
    ///
    /// # Errors
    /// `Malformed::Syntax` for another scheme, wrong grammar, a field given twice, or without realm or nonce.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let fields = Fields::parse(text).ok_or(CHALLENGE)?;
        let qop = fields.get("qop").unwrap_or_default();
        Ok(Self {
            realm: fields.get("realm").ok_or(CHALLENGE)?,
            nonce: fields.get("nonce").ok_or(CHALLENGE)?,
            opaque: fields.get("opaque"),
            algorithm: fields.token("algorithm", CHALLENGE)?,
            qop: qop.split(',').map(trim).filter(|qop| !qop.is_empty()).map(str::to_owned).collect(),
            stale: fields.get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
        })
    }
}

impl Credentials {
    /// Reads a header's value.
    ///
    /// # Errors
    /// `Malformed::Syntax` for another scheme, wrong grammar, a field given twice, or one of
    /// username, realm, nonce, uri, response missing.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let fields = Fields::parse(text).ok_or(CREDENTIALS)?;
        let need = |name| fields.get(name).ok_or(CREDENTIALS);
        let nc = match fields.get("nc") {
            Some(nc) if nc.len() == 8 && nc.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                Some(u32::from_str_radix(&nc, 16).map_err(|_not_hexadecimal| CREDENTIALS)?)
            }
            Some(_) => return Err(CREDENTIALS),
            None => None,
        };
        Ok(Self {
            username: need("username")?,
            realm: need("realm")?,
            nonce: need("nonce")?,
            uri: need("uri")?,
            response: need("response")?,
            algorithm: fields.token("algorithm", CREDENTIALS)?,
            opaque: fields.get("opaque"),
            cnonce: fields.get("cnonce"),
            qop: fields.token("qop", CREDENTIALS)?,
            nc,
        })
    }
}

/// `Digest name=value, name="value"`.
struct Fields<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Fields<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (scheme, mut rest) = trim(text).split_once([' ', '\t'])?;
        if !scheme.eq_ignore_ascii_case("Digest") {
            return None;
        }
        let mut fields: Vec<(&str, &str)> = Vec::with_capacity(10);
        loop {
            let end = separator(rest, b',').unwrap_or(rest.len());
            let (name, value) = rest.get(..end)?.split_once('=')?;
            let (name, value) = (trim(name), trim(value));
            let twice = fields.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
            if twice || !is_token(name.as_bytes()) || !is_value(value) {
                return None;
            }
            fields.push((name, value));
            match rest.get(end + 1..) {
                Some(behind) => rest = behind,
                None => return Some(Self(fields)),
            }
        }
    }

    fn get(&self, name: &str) -> Option<String> {
        let (_, value) = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(quoted(value).map_or_else(|| (*value).to_owned(), |(inner, _)| unescape(inner)))
    }

    /// A field that must be a token, in quotes or without.
    fn token(&self, name: &str, otherwise: Malformed) -> Result<Option<String>, Malformed> {
        match self.get(name) {
            Some(value) if !is_token(value.as_bytes()) => Err(otherwise),
            value => Ok(value),
        }
    }
}

fn is_value(value: &str) -> bool {
    match quoted(value) {
        Some((_, rest)) => rest.is_empty(),
        None => !value.is_empty() && !value.contains(['"', ' ', '\t']),
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest realm={}, nonce={}", quote(&self.realm), quote(&self.nonce))?;
        if let Some(opaque) = &self.opaque {
            write!(f, ", opaque={}", quote(opaque))?;
        }
        if self.stale {
            f.write_str(", stale=true")?;
        }
        if let Some(algorithm) = &self.algorithm {
            write!(f, ", algorithm={algorithm}")?;
        }
        if self.qop.is_empty() { Ok(()) } else { write!(f, ", qop={}", quote(&self.qop.join(","))) }
    }
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest username={}, realm={}", quote(&self.username), quote(&self.realm))?;
        write!(f, ", nonce={}, uri={}", quote(&self.nonce), quote(&self.uri))?;
        write!(f, ", response={}", quote(&self.response))?;
        for (name, value) in [("algorithm", &self.algorithm), ("qop", &self.qop)] {
            value.as_ref().map_or(Ok(()), |value| write!(f, ", {name}={value}"))?;
        }
        for (name, value) in [("cnonce", &self.cnonce), ("opaque", &self.opaque)] {
            value.as_ref().map_or(Ok(()), |value| write!(f, ", {name}={}", quote(value)))?;
        }
        self.nc.map_or(Ok(()), |nc| write!(f, ", nc={nc:08x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_reads_as_it_prints() {
        let text = r#"Digest realm="a \"b\"", nonce="n,1", opaque="o", stale=true, algorithm=SHA-256, qop="auth,auth-int""#;
        let challenge = Challenge::parse(text).unwrap();
        assert_eq!(challenge.realm, "a \"b\"");
        assert_eq!(challenge.qop, ["auth", "auth-int"]);
        assert_eq!(challenge.to_string(), text);
    }

    #[test]
    fn credentials_read_as_they_print() {
        let text = r#"Digest username="bob", realm="r", nonce="n", uri="sip:h", response="0f", algorithm=MD5, qop=auth, cnonce="c", nc=0000001a"#;
        let credentials = Credentials::parse(text).unwrap();
        assert_eq!(credentials.nc, Some(26));
        assert_eq!(credentials.to_string(), text);
    }

    #[test]
    fn other_schemes_gaps_and_doubles_are_refused() {
        for bad in [
            "NoOneKnowsThisScheme opaque-data=here",
            "Digest",
            "Digest username=\"bob\"",
            r#"Digest username="a", username="b", realm="r", nonce="n", uri="u", response="0""#,
            r#"Digest username="a, realm="r", nonce="n", uri="u", response="0""#,
            r#"Digest username="a", realm="r", nonce="n", uri="u", response="0", nc=1"#,
            r#"Digest username="a",, realm="r", nonce="n", uri="u", response="0""#,
        ] {
            assert!(Credentials::parse(bad).is_err(), "{bad}");
        }
    }
}
