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
    realm: Option<String>,
    sha256_only: bool,
}

impl Login {
    /// What we say when asked.
    #[must_use]
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { user: user.into(), password: password.into(), realm: None, sha256_only: false }
    }

    /// Answers challenges of this realm alone; a realm is a claim, and others claim others.
    #[must_use]
    pub fn for_realm(self, realm: &str) -> Self {
        Self { realm: Some(realm.to_owned()), ..self }
    }

    /// Answers no MD5: whoever asks for it wants a weaker answer than was agreed (RFC 8760 §5).
    #[must_use]
    pub fn sha256_only(self) -> Self {
        Self { sha256_only: true, ..self }
    }

    /// The best challenge of a 401 or 407 that this login answers; `None` when there is none.
    #[must_use]
    pub fn take_up(&self, response: &Message, entropy: &mut dyn Entropy) -> Option<Challenged> {
        let (asked, header) = match response.status()? {
            401 => (Header::WwwAuthenticate, Header::Authorization),
            407 => (Header::ProxyAuthenticate, Header::ProxyAuthorization),
            _ => return None,
        };
        let challenges = response.headers(asked).filter_map(|line| Challenge::parse(line).ok());
        let ours = |challenge: &Challenge| self.realm.as_ref().is_none_or(|realm| challenge.realm == *realm);
        let (challenge, algorithm) = best(challenges.filter(ours))?;
        let strong = matches!(algorithm, Algorithm::Sha256 | Algorithm::Sha256Sess);
        let answered = strong || !self.sha256_only;
        answered.then(|| Challenged { header, challenge, algorithm, cnonce: entropy.token(), count: 0 })
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
        Some(self.next(&mut self.take_up(response, entropy)?, method, uri))
    }

    /// The header for the next request to whoever asked, before it asks again.
    #[must_use]
    pub fn next(&self, asked: &mut Challenged, method: &Method, uri: &str) -> (Header<'static>, String) {
        let Challenged { header, challenge, algorithm, cnonce, count } = asked;
        *count = count.saturating_add(1);
        let counted = !challenge.qop.is_empty();
        let nc = format!("{count:08x}");
        let sum = Sum {
            algorithm: *algorithm,
            method: method.as_str(),
            uri,
            nonce: &challenge.nonce,
            cnonce,
            nc: counted.then_some(nc.as_str()),
        };
        let response = sum.response(&Ha1::of(&self.user, &challenge.realm, &self.password));
        let credentials = Credentials {
            username: self.user.clone(),
            realm: challenge.realm.clone(),
            nonce: challenge.nonce.clone(),
            uri: uri.to_owned(),
            response,
            algorithm: challenge.algorithm.clone(),
            opaque: challenge.opaque.clone(),
            qop: counted.then(|| "auth".to_owned()),
            nc: counted.then_some(*count),
            cnonce: Some(cnonce.clone()),
        };
        (*header, credentials.to_string())
    }
}

/// A challenge we took up: its nonce serves later requests too, each with the next count (RFC 7616 §3.4).
#[derive(Clone, Debug)]
pub struct Challenged {
    header: Header<'static>,
    challenge: Challenge,
    algorithm: Algorithm,
    cnonce: String,
    count: u32,
}

impl Challenged {
    /// The header its answer stands in.
    #[must_use]
    pub fn header(&self) -> Header<'static> {
        self.header
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

#[cfg(test)]
mod tests {
    use base::testing::Counting;
    use bytes::Bytes;

    use super::super::{NonceState, Nonces, Staleness, challenge, verify};
    use super::*;
    use crate::message::Framing;

    const HERE: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn refusal(status: &str, lines: &str) -> Message {
        let text = format!("SIP/2.0 {status}\r\n{lines}Content-Length: 0\r\n\r\n");
        Message::parse(Bytes::from(text), Framing::Datagram).unwrap()
    }

    fn answer(response: &Message) -> Option<(Header<'static>, Credentials)> {
        let login = Login::new("ann", "secret");
        let (header, value) =
            login.answer(response, &Method::Register, "sip:pbx.test", &mut Counting::default())?;
        Some((header, Credentials::parse(&value).unwrap()))
    }

    #[test]
    fn our_own_challenge_is_answered_with_sha_256_and_verified() {
        let nonces = Nonces::new([1; 32]);
        let nonce = nonces.issue(base::Now::default(), HERE, &mut Counting::default());
        let values = challenge("pbx.test", &nonce, Staleness::First);
        let lines: String = values.iter().map(|value| format!("WWW-Authenticate: {value}\r\n")).collect();
        let (header, credentials) = answer(&refusal("401 Unauthorized", &lines)).unwrap();
        assert_eq!(header, Header::Authorization);
        assert_eq!(credentials.algorithm.as_deref(), Some("SHA-256"));
        assert!(verify(&credentials, &Method::Register, &Ha1::of("ann", "pbx.test", "secret")));
        assert!(!verify(&credentials, &Method::Register, &Ha1::of("ann", "pbx.test", "other")));
        assert_eq!(nonces.check(base::Now::default(), HERE, &credentials.nonce), NonceState::Fresh);
    }

    /// RFC 7616 §3.4: a server that counts refuses a count it has seen.
    #[test]
    fn later_requests_carry_a_digest_of_their_own_and_the_next_count() {
        let line = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n";
        let login = Login::new("ann", "secret");
        let mut asked = login.take_up(&refusal("401 Unauthorized", line), &mut Counting::default()).unwrap();
        for (count, method) in [(1, Method::Invite), (2, Method::Bye)] {
            let (_, value) = login.next(&mut asked, &method, "sip:pbx.test");
            let credentials = Credentials::parse(&value).unwrap();
            assert_eq!(credentials.nc, Some(count));
            assert!(verify(&credentials, &method, &Ha1::of("ann", "r", "secret")));
        }
    }

    #[test]
    fn an_old_proxy_gets_md5_without_protection() {
        let line = "Proxy-Authenticate: Digest realm=\"old\", nonce=\"n\"\r\n";
        let (header, credentials) = answer(&refusal("407 Required", line)).unwrap();
        assert_eq!(header, Header::ProxyAuthorization);
        assert_eq!((credentials.qop.as_deref(), credentials.nc), (None, None));
        assert!(verify(&credentials, &Method::Register, &Ha1::of("ann", "old", "secret")));
    }

    #[test]
    fn a_challenge_beyond_us_is_not_answered() {
        let line =
            "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256, qop=\"auth\"\r\n";
        assert_eq!(answer(&refusal("401 Unauthorized", line)), None);
        let line = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"\r\n";
        assert_eq!(answer(&refusal("401 Unauthorized", line)), None);
        assert_eq!(answer(&refusal("403 Forbidden", line)), None);
    }

    /// S3: a password is for one realm, and where SHA-256 was agreed MD5 is a downgrade.
    #[test]
    fn a_login_answers_its_own_realm_and_its_own_strength_alone() {
        let line = |realm: &str, algorithm: &str| {
            format!(
                "WWW-Authenticate: Digest realm=\"{realm}\", nonce=\"n\", algorithm={algorithm}, qop=\"auth\"\r\n"
            )
        };
        let login = Login::new("ann", "secret").for_realm("carrier");
        let taken = |login: &Login, lines: &str| {
            login.take_up(&refusal("401 Unauthorized", lines), &mut Counting::default()).is_some()
        };
        assert!(taken(&login, &line("carrier", "MD5")));
        assert!(!taken(&login, &line("evil", "MD5")));
        assert!(taken(&login, &(line("evil", "SHA-256") + &line("carrier", "MD5"))));
        let strong = login.sha256_only();
        assert!(!taken(&strong, &line("carrier", "MD5")));
        assert!(taken(&strong, &(line("carrier", "MD5") + &line("carrier", "SHA-256"))));
    }
}
