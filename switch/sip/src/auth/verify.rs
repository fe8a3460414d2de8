//! The server's role: ask, and judge the answer.

use subtle::ConstantTimeEq as _;

use super::digest::{Algorithm, Ha1, Sum};
use crate::message::{Challenge, Credentials, Method};

/// Whether a challenge tells the client to try again with the same password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staleness {
    /// The password was not looked at, or was wrong.
    First,
    /// Only the nonce was too old: `stale=true`.
    Stale,
}

/// The values of the challenge headers to send, one line each: SHA-256 first, then MD5 (RFC 8760 §2.4).
///
/// Blanks stand around the equals sign of `algorithm = SHA-256`, as RFC 3261 §25.1 allows (EQUAL). Clients that know
/// only MD5 and look no further than the first `algorithm=`, SIPp among them, thus come to the challenge they can meet.
#[must_use]
pub fn challenge(realm: &str, nonce: &str, staleness: Staleness) -> Vec<String> {
    let one = |algorithm: Algorithm| Challenge {
        realm: realm.to_owned(),
        nonce: nonce.to_owned(),
        algorithm: Some(algorithm.as_str().to_owned()),
        qop: vec!["auth".to_owned()],
        stale: staleness == Staleness::Stale,
        ..Challenge::default()
    };
    let sha256 = one(Algorithm::Sha256).to_string().replace(", algorithm=SHA", ", algorithm = SHA");
    vec![sha256, one(Algorithm::Md5).to_string()]
}

/// Whether the credentials were made with the password behind `ha1`, for a request of this method. The
/// comparison takes the same time for every wrong answer. Nonce and realm are the caller's to check.
#[must_use]
pub fn verify(credentials: &Credentials, method: &Method, ha1: &Ha1) -> bool {
    let Some(algorithm) = algorithm_of(credentials) else { return false };
    let sum = |nc| Sum {
        algorithm,
        method: method.as_str(),
        uri: &credentials.uri,
        nonce: &credentials.nonce,
        cnonce: credentials.cnonce.as_deref().unwrap_or(""),
        nc,
    };
    match (credentials.qop.as_deref(), credentials.nc) {
        (None, _) => matches(&sum(None), ha1, credentials),
        (Some(qop), Some(nc)) if qop.eq_ignore_ascii_case("auth") && credentials.cnonce.is_some() => {
            // The count is hashed as it was written, and either case of its digits is seen.
            [format!("{nc:08x}"), format!("{nc:08X}")]
                .iter()
                .any(|nc| matches(&sum(Some(nc)), ha1, credentials))
        }
        (Some(_), _) => false,
    }
}

fn algorithm_of(credentials: &Credentials) -> Option<Algorithm> {
    credentials.algorithm.as_deref().map_or(Some(Algorithm::Md5), Algorithm::parse)
}

fn matches(sum: &Sum<'_>, ha1: &Ha1, credentials: &Credentials) -> bool {
    let given = credentials.response.to_ascii_lowercase();
    sum.response(ha1).as_bytes().ct_eq(given.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mufasa() -> Credentials {
        Credentials::parse(
            r#"Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=SHA-256,
               nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, qop=auth,
               cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
               response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
               opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#
                .replace('\n', " ")
                .as_str(),
        )
        .unwrap()
    }

    fn get() -> Method {
        Method::parse("GET").unwrap()
    }

    /// RFC 7616 §3.9.1.
    #[test]
    fn the_right_password_is_recognised_and_a_wrong_one_is_not() {
        let right = Ha1::of("Mufasa", "http-auth@example.org", "Circle of Life");
        let wrong = Ha1::of("Mufasa", "http-auth@example.org", "circle of life");
        assert!(verify(&mufasa(), &get(), &right));
        assert!(!verify(&mufasa(), &get(), &wrong));
        assert!(!verify(&mufasa(), &Method::Register, &right));
    }

    #[test]
    fn an_unknown_algorithm_or_protection_is_refused() {
        let right = Ha1::of("Mufasa", "http-auth@example.org", "Circle of Life");
        let unknown = Credentials { algorithm: Some("SHA-512-256".into()), ..mufasa() };
        let integrity = Credentials { qop: Some("auth-int".into()), ..mufasa() };
        let uncounted = Credentials { nc: None, ..mufasa() };
        for credentials in [unknown, integrity, uncounted] {
            assert!(!verify(&credentials, &get(), &right));
        }
    }

    #[test]
    fn sha_256_is_offered_before_md5() {
        assert_eq!(
            challenge("pbx.test", "abc", Staleness::Stale),
            [
                r#"Digest realm="pbx.test", nonce="abc", stale=true, algorithm = SHA-256, qop="auth""#,
                r#"Digest realm="pbx.test", nonce="abc", stale=true, algorithm=MD5, qop="auth""#,
            ]
        );
    }
}
