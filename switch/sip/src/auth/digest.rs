//! The sums of digest authentication: RFC 7616 §3.4 and RFC 8760, without any grammar.

use base::Entropy;
use md5::Md5;
use sha2::{Digest, Sha256};

use super::nonce::hex;

/// The hash a challenge names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// `MD5`, and what no algorithm at all means.
    Md5,
    /// `MD5-sess`.
    Md5Sess,
    /// `SHA-256`.
    Sha256,
    /// `SHA-256-sess`.
    Sha256Sess,
}

impl Algorithm {
    /// Reads the `algorithm` parameter, in any case; `None` for one we do not compute.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Md5, Self::Md5Sess, Self::Sha256, Self::Sha256Sess]
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(text))
    }

    /// As written in a header.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Md5Sess => "MD5-sess",
            Self::Sha256 => "SHA-256",
            Self::Sha256Sess => "SHA-256-sess",
        }
    }

    /// H of the parts joined by colons, in hexadecimal.
    fn hash(self, parts: &[&[u8]]) -> String {
        match self {
            Self::Md5 | Self::Md5Sess => hex(&joined::<Md5>(parts)),
            Self::Sha256 | Self::Sha256Sess => hex(&joined::<Sha256>(parts)),
        }
    }

    fn is_session(self) -> bool {
        match self {
            Self::Md5 | Self::Sha256 => false,
            Self::Md5Sess | Self::Sha256Sess => true,
        }
    }
}

/// All that needs to be kept of a password: H(user:realm:password) by both hashes.
///
/// As good as the password within its realm, so it prints nothing of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Ha1 {
    /// By MD5.
    pub md5: [u8; 16],
    /// By SHA-256.
    pub sha256: [u8; 32],
}

impl Ha1 {
    /// From the password.
    #[must_use]
    pub fn of(user: &str, realm: &str, password: &str) -> Self {
        let parts = [user.as_bytes(), realm.as_bytes(), password.as_bytes()];
        Self { md5: joined::<Md5>(&parts).into(), sha256: joined::<Sha256>(&parts).into() }
    }

    /// From what was stored: 32 and 64 hexadecimal digits; `None` when they are anything else.
    #[must_use]
    pub fn from_hex(md5: &str, sha256: &str) -> Option<Self> {
        let mut sums = Self { md5: [0; 16], sha256: [0; 32] };
        unhex(md5, &mut sums.md5)?;
        unhex(sha256, &mut sums.sha256)?;
        Some(sums)
    }

    /// One that no password fits, for users that do not exist: their requests take the same path.
    #[must_use]
    pub fn nobody(entropy: &mut dyn Entropy) -> Self {
        Self::of("", "", &format!("{}{}", entropy.token(), entropy.token()))
    }

    fn hex(&self, algorithm: Algorithm) -> String {
        match algorithm {
            Algorithm::Md5 | Algorithm::Md5Sess => hex(&self.md5),
            Algorithm::Sha256 | Algorithm::Sha256Sess => hex(&self.sha256),
        }
    }
}

impl std::fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ha1(…)")
    }
}

/// What a response is computed from besides the password; all texts as they stand on the wire.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sum<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) method: &'a str,
    pub(super) uri: &'a str,
    pub(super) nonce: &'a str,
    /// "" when absent.
    pub(super) cnonce: &'a str,
    /// With `qop=auth`, the count; without, the form of RFC 2069.
    pub(super) nc: Option<&'a str>,
}

impl Sum<'_> {
    /// The `response` parameter.
    pub(super) fn response(&self, ha1: &Ha1) -> String {
        let secret = self.secret(ha1);
        let request = self.algorithm.hash(&[self.method.as_bytes(), self.uri.as_bytes()]);
        let (secret, nonce, request) = (secret.as_bytes(), self.nonce.as_bytes(), request.as_bytes());
        match self.nc {
            Some(nc) => {
                let (nc, cnonce) = (nc.as_bytes(), self.cnonce.as_bytes());
                self.algorithm.hash(&[secret, nonce, nc, cnonce, b"auth", request])
            }
            None => self.algorithm.hash(&[secret, nonce, request]),
        }
    }

    fn secret(&self, ha1: &Ha1) -> String {
        let plain = ha1.hex(self.algorithm);
        if !self.algorithm.is_session() {
            return plain;
        }
        self.algorithm.hash(&[plain.as_bytes(), self.nonce.as_bytes(), self.cnonce.as_bytes()])
    }
}

fn joined<D: Digest>(parts: &[&[u8]]) -> sha2::digest::Output<D> {
    let mut hash = D::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            hash.update(b":");
        }
        hash.update(part);
    }
    hash.finalize()
}

fn unhex(text: &str, into: &mut [u8]) -> Option<()> {
    if text.len() != into.len() * 2 {
        return None;
    }
    for (octet, digits) in into.iter_mut().zip(text.as_bytes().chunks(2)) {
        *octet = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7616 §3.9.1.
    fn mufasa(algorithm: Algorithm) -> String {
        let sum = Sum {
            algorithm,
            method: "GET",
            uri: "/dir/index.html",
            nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            nc: Some("00000001"),
        };
        sum.response(&Ha1::of("Mufasa", "http-auth@example.org", "Circle of Life"))
    }

    #[test]
    fn the_examples_of_rfc_7616_come_out() {
        assert_eq!(mufasa(Algorithm::Md5), "8ca523f5e9506fed4657c9700eebdbec");
        assert_eq!(
            mufasa(Algorithm::Sha256),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
        );
    }

    /// RFC 2617 §3.5, the same request in the form of RFC 2069.
    #[test]
    fn without_qop_the_form_of_rfc_2069_is_used() {
        let sum = Sum {
            algorithm: Algorithm::Md5,
            method: "GET",
            uri: "/dir/index.html",
            nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
            cnonce: "",
            nc: None,
        };
        let ha1 = Ha1::of("Mufasa", "testrealm@host.com", "Circle Of Life");
        assert_eq!(sum.response(&ha1), "670fd8c2df070c60b045671b8b24ff02");
    }

    #[test]
    fn session_variants_differ_from_plain_ones_and_names_ignore_case() {
        assert_ne!(mufasa(Algorithm::Sha256Sess), mufasa(Algorithm::Sha256));
        assert_eq!(Algorithm::parse("sha-256"), Some(Algorithm::Sha256));
        assert_eq!(Algorithm::parse("SHA-512-256"), None);
    }

    #[test]
    fn a_hash_as_good_as_a_password_is_not_printed() {
        assert_eq!(format!("{:?}", Ha1::of("a", "b", "c")), "Ha1(…)");
    }
}
