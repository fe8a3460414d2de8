//! Passwords on their way to what is kept of them.

use md5::Md5;
use sha2::{Digest, Sha256};

/// Makes and compares slow hashes of passwords; given by whoever has the algorithm and the randomness.
pub trait PasswordHasher {
    /// A salted hash in PHC form.
    ///
    /// # Errors
    /// When the algorithm refuses.
    fn hash(&self, password: &str) -> Result<String, CannotHash>;
    /// Whether `password` is the one that `hash` was made of.
    fn verify(&self, password: &str, hash: &str) -> bool;
}

/// The password could not be hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the password could not be hashed")]
pub struct CannotHash;

/// HA1 with MD5 (RFC 2617 §3.2.2.2), 32 hexadecimal digits in lower case.
#[must_use]
pub fn ha1_md5(user: &str, realm: &str, password: &str) -> String {
    hex(&Md5::digest(format!("{user}:{realm}:{password}")))
}

/// HA1 with SHA-256 (RFC 7616 §3.4.2, RFC 8760), 64 hexadecimal digits in lower case.
#[must_use]
pub fn ha1_sha256(user: &str, realm: &str, password: &str) -> String {
    hex(&Sha256::digest(format!("{user}:{realm}:{password}")))
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7616 §3.9.1 gives user, realm and password; the digests of the HA1 strings are computed from them.
    #[test]
    fn ha1_is_the_digest_of_user_realm_and_password() {
        let (user, realm, password) = ("Mufasa", "testrealm@host.com", "Circle Of Life");
        assert_eq!(ha1_md5(user, realm, password), "939e7578ed9e3c518a452acee763bce9");
        assert_eq!(ha1_sha256(user, realm, password).len(), 64);
    }
}
