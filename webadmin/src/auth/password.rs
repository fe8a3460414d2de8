//! Passwords of people: argon2id, a few at a time.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::Hasher;
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

/// Hashing for the web: off the async threads, a bounded number at a time.
#[derive(Clone)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    shelf: Arc<Shelf>,
    /// Verified against when a login is unknown, so that the answer takes as long.
    nobody: Arc<str>,
}

/// The hashers that nobody uses now, as many as there are turns at most. Whichever blocking thread has the next
/// turn takes one; the lock is held for a push or a pop, never while hashing.
#[derive(Default)]
struct Shelf(Mutex<Vec<Hasher>>);

impl Shelf {
    fn take(&self) -> Hasher {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn put_back(&self, hasher: Hasher) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(hasher);
    }
}

impl Passwords {
    pub(crate) fn new() -> Self {
        let first = Hasher::default();
        let nobody = first.hash("nobody has this password").unwrap_or_default();
        let shelf = Shelf::default();
        shelf.put_back(first);
        Self {
            turns: Arc::new(Semaphore::new(AT_A_TIME)),
            waiting: Arc::new(Semaphore::new(WAITING)),
            shelf: Arc::new(shelf),
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
        let right = self.in_turn(move |hasher| hasher.verify(&password, &phc)).await?;
        Ok(known && right)
    }

    /// Runs `work` on a blocking thread when its turn comes; 503 when too many wait for theirs. A turn lasts until
    /// the work is done, even when the asker has gone away.
    pub(crate) async fn in_turn<T, F>(&self, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&Hasher) -> T + Send + 'static,
    {
        let busy = || {
            let status = axum::http::StatusCode::SERVICE_UNAVAILABLE;
            Problem::new(status, "too many logins at once; try again").retry_after(2)
        };
        let waiting = Arc::clone(&self.waiting).try_acquire_owned().map_err(|_full| busy())?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_closed| busy())?;
        let shelf = Arc::clone(&self.shelf);
        let work = move || {
            let hasher = shelf.take();
            let done = work(&hasher);
            shelf.put_back(hasher);
            drop((turn, waiting));
            done
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_password_is_refused_by_characters_not_octets() {
        assert!(matches!(check("ñññññññ"), Err(PasswordError::TooShort)));
        assert!(check("ññññññññ").is_ok());
        assert!(matches!(check(&"x".repeat(129)), Err(PasswordError::TooLong)));
    }

    #[tokio::test]
    async fn those_who_wait_are_bounded_and_work_whose_asker_left_keeps_its_turn() {
        let passwords = Passwords::new();
        let (go, gate) = std::sync::mpsc::sync_channel::<()>(AT_A_TIME);
        let gate = Arc::new(Mutex::new(gate));
        let ask = || {
            let (passwords, gate) = (passwords.clone(), Arc::clone(&gate));
            let work = move |_: &Hasher| gate.lock().expect("no test panics inside").recv().is_ok();
            tokio::spawn(async move { passwords.in_turn(work).await })
        };
        let asked: Vec<_> = (0..WAITING).map(|_| ask()).collect();
        while passwords.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(ask().await.expect("no panic").is_err());
        asked.iter().for_each(tokio::task::JoinHandle::abort);
        while passwords.waiting.available_permits() < WAITING - AT_A_TIME {
            tokio::task::yield_now().await;
        }
        assert_eq!(passwords.turns.available_permits(), 0);
        (0..AT_A_TIME).for_each(|_| go.send(()).expect("work waits"));
        while passwords.turns.available_permits() < AT_A_TIME
            || passwords.waiting.available_permits() < WAITING
        {
            tokio::task::yield_now().await;
        }
        assert_eq!(passwords.waiting.available_permits(), WAITING);
    }
}
