//! The client's role: answer a challenge.

use std::fmt;

use base::Entropy;

use super::digest::{Algorithm, Ha1, Sum};
use crate::message::{Challenge, Credentials, Header, Message, Method};

/// A user and a password of ours with some peer.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    user: String,
    password: String,
}

impl Login {
    /// What we say when asked.
    #[must_use]
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { user: user.into(), password: password.into() }
    }

    /// Answers a 401 or 407: the header to add to the same request sent anew with the next `CSeq`. `uri` is
    /// the Request-URI. `None` when no challenge is one we can answer.
    ///
    /// The caller answers once per request (and once more when the challenge says `stale`), and only to whom the
    /// password belongs: a realm is a claim.
    #[must_use]
    pub fn answer(
        &self,
        response: &Message,
        method: &Method,
        uri: &str,
        entropy: &mut dyn Entropy,
    ) -> Option<(Header<'static>, String)> {
        let (asked, answered) = match response.status()? {
            401 => (Header::WwwAuthenticate, Header::Authorization),
            407 => (Header::ProxyAuthenticate, Header::ProxyAuthorization),
            _ => return None,
        };
        let challenges = response.headers(asked).filter_map(|line| Challenge::parse(line).ok());
        let (challenge, algorithm) = best(challenges)?;
        let credentials = self.credentials(&challenge, algorithm, (method, uri), entropy.token());
        Some((answered, credentials.to_string()))
    }

    fn credentials(
        &self,
        challenge: &Challenge,
        algorithm: Algorithm,
        (method, uri): (&Method, &str),
        cnonce: String,
    ) -> Credentials {
        let counted = !challenge.qop.is_empty();
        let sum = Sum {
            algorithm,
            method: method.as_str(),
            uri,
            nonce: &challenge.nonce,
            cnonce: &cnonce,
            nc: counted.then_some("00000001"),
        };
        let response = sum.response(&Ha1::of(&self.user, &challenge.realm, &self.password));
        Credentials {
            username: self.user.clone(),
            realm: challenge.realm.clone(),
            nonce: challenge.nonce.clone(),
            uri: uri.to_owned(),
            response,
            algorithm: challenge.algorithm.clone(),
            opaque: challenge.opaque.clone(),
            qop: counted.then(|| "auth".to_owned()),
            nc: counted.then_some(1),
            cnonce: Some(cnonce),
        }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(…)")
    }
}

/// The first with SHA-256, else the first with MD5.
fn best(challenges: impl Iterator<Item = Challenge>) -> Option<(Challenge, Algorithm)> {
    challenges
        .filter(|challenge| {
            challenge.qop.is_empty() || challenge.qop.iter().any(|qop| qop.eq_ignore_ascii_case("auth"))
        })
        .filter_map(|challenge| {
            let algorithm = challenge.algorithm.as_deref().map_or(Some(Algorithm::Md5), Algorithm::parse)?;
            Some((challenge, algorithm))
        })
        .min_by_key(|(_, algorithm)| match algorithm {
            Algorithm::Sha256 | Algorithm::Sha256Sess => 0,
            Algorithm::Md5 | Algorithm::Md5Sess => 1,
        })
}
