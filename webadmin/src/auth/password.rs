//! Passwords of people: argon2id, a few at a time.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use provision::{CannotHash, PasswordHasher};
use tokio::sync::Semaphore;

use crate::problem::Problem;

/// Hashes computed at a time: each takes 19 MiB and tens of milliseconds of a core.
const AT_A_TIME: usize = 2;
/// Hashes that may wait for their turn; more are refused with 503.
const WAITING: usize = 32;
/// Characters a password has at least.
const LEAST_CHARS: usize = 8;
/// Characters a password has at most.
const MOST_CHARS: usize = 128;

/// Why a password was not hashed.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Shorter than eight characters.
    #[error("a password has at least {LEAST_CHARS} characters")]
    TooShort,
    /// Longer than 128 characters.
    #[error("a password has at most {MOST_CHARS} characters")]
    TooLong,
    /// The hash function failed: no memory, no randomness.
    #[error("the password could not be hashed: {0}")]
    Hash(String),
}

/// Checks the length of a new password.
///
/// # Errors
/// When it is too short or too long.
pub fn check(password: &str) -> Result<(), PasswordError> {
    match password.chars().count() {
        ..LEAST_CHARS => Err(PasswordError::TooShort),
        LEAST_CHARS..=MOST_CHARS => Ok(()),
        _ => Err(PasswordError::TooLong),
    }
}

/// The argon2id hash of a password or PIN in PHC form, with a random salt. Takes tens of milliseconds.
///
/// # Errors
/// When memory or randomness is missing.
pub fn hash(password: &str) -> Result<String, PasswordError> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|phc| phc.to_string()).map_err(|error| PasswordError::Hash(error.to_string()))
}

/// Whether a password belongs to a hash. A text that is no hash belongs to none.
#[must_use]
pub fn verify(password: &str, phc: &str) -> bool {
    PasswordHash::new(phc)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// What provisioning hashes passwords and PINs with.
#[derive(Clone, Copy, Debug)]
pub struct Hasher;

impl PasswordHasher for Hasher {
    fn hash(&self, password: &str) -> Result<String, CannotHash> {
        hash(password).map_err(|error| {
            tracing::error!(%error, "hashing failed");
            CannotHash
        })
    }

    fn verify(&self, password: &str, phc: &str) -> bool {
        verify(password, phc)
    }
}

/// Hashing for the web: off the async threads, a bounded number at a time.
#[derive(Clone)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// Verified against when a login is unknown, so that the answer takes as long.
    nobody: Arc<str>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        let nobody = hash("nobody has this password").unwrap_or_default();
        Self {
            turns: Arc::new(Semaphore::new(AT_A_TIME)),
            waiting: Arc::new(Semaphore::new(WAITING)),
            nobody: nobody.into(),
        }
    }

    /// Whether the password belongs to the hash; takes the same time when there is none.
    pub(crate) async fn verify(&self, password: String, phc: Option<String>) -> Result<bool, Problem> {
        if password.chars().count() > MOST_CHARS {
            return Ok(false);
        }
        let known = phc.is_some();
        let phc = phc.unwrap_or_else(|| self.nobody.to_string());
        let right = self.in_turn(move || verify(&password, &phc)).await?;
        Ok(known && right)
    }

    /// Runs `work` on a blocking thread when its turn comes.
    pub(crate) async fn in_turn<T, F>(&self, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let busy = || {
            let status = axum::http::StatusCode::SERVICE_UNAVAILABLE;
            Problem::new(status, "too many logins at once; try again").retry_after(2)
        };
        let _waiting = self.waiting.try_acquire().map_err(|_full| busy())?;
        let _turn = self.turns.acquire().await.map_err(|_closed| busy())?;
        tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_belongs_to_its_hash_only() {
        let phc = hash("correct horse").expect("a hash");
        assert!(phc.starts_with("$argon2id$"));
        assert!(verify("correct horse", &phc));
        assert!(!verify("wrong horse", &phc));
        assert!(!verify("", ""));
    }

    #[test]
    fn a_short_password_is_refused_by_characters_not_octets() {
        assert!(matches!(check("ñññññññ"), Err(PasswordError::TooShort)));
        assert!(check("ññññññññ").is_ok());
        assert!(matches!(check(&"x".repeat(129)), Err(PasswordError::TooLong)));
    }
}
