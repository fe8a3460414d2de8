//! Random secrets and what is kept of them.

use std::fmt::Write as _;

use base::Wall;
use provision::Role;
use sha2::{Digest as _, Sha256};
use store::Token;

/// A secret of 256 random bits as 64 hexadecimal digits.
///
/// # Errors
/// When the operating system has no randomness to give.
pub fn random() -> Result<String, getrandom::Error> {
    let mut bits = [0_u8; 32];
    getrandom::fill(&mut bits)?;
    Ok(hex(&bits))
}

/// A new token for a program, and its secret: `tandem_` and random digits, so that scanners of leaked text
/// find it.
///
/// # Errors
/// When the operating system has no randomness to give.
pub fn new_token(name: &str, role: Role, now: Wall) -> Result<(Token, String), getrandom::Error> {
    let id: String = random()?.chars().take(16).collect();
    let secret = format!("tandem_{}", random()?);
    let token = Token {
        id: format!("token_{id}"),
        name: name.to_owned(),
        role,
        created_at: now,
        last_used_at: None,
        revoked_at: None,
    };
    Ok((token, secret))
}

/// SHA-256 of a secret: what is stored instead of it. Enough for secrets of 256 random bits; passwords
/// of people go through argon2.
#[must_use]
pub fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut text, octet| {
        write!(text, "{octet:02x}").expect("a String takes all that is written");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_256_bits_and_its_digest_is_the_known_one() {
        let secret = random().expect("randomness");
        assert_eq!(secret.len(), 64);
        assert_ne!(secret, random().expect("randomness"));
        // FIPS 180-4's one-block example.
        assert_eq!(hex(&digest("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
