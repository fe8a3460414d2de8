//! Argon2id in memory that is kept and used again.
//!
//! Argon2's blocks are aligned to 64 octets, and glibc does not give freed memory of a larger alignment out again:
//! with fresh blocks for each hash a process grows by nearly their size every time.

use std::cell::RefCell;
use std::mem;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::{Error, Result};
use argon2::{
    Algorithm, Argon2, Block, CustomizedPasswordHasher, Params, PasswordHasher, PasswordVerifier, Version,
};
use provision::CannotHash;

use super::password::PasswordError;

/// Kibibytes that are kept. More has a mapping of its own in glibc, which goes back to the system when freed.
const KEPT_BLOCKS: usize = 32 * 1_024;
/// Kibibytes that a hash from elsewhere may ask for; we make hashes of 19 MiB.
const MOST_BLOCKS: usize = 256 * 1_024;

/// Makes and checks hashes of passwords and PINs, one at a time; holds 19 MiB from the first one on.
#[derive(Default)]
pub struct Hasher {
    blocks: RefCell<Vec<Block>>,
}

impl Hasher {
    /// The argon2id hash of a password or PIN in PHC form, with a random salt. Takes tens of milliseconds.
    ///
    /// # Errors
    /// When randomness is missing.
    pub fn hash(&self, password: &str) -> std::result::Result<String, PasswordError> {
        let hash = self.hash_password(password.as_bytes());
        hash.map(|phc| phc.to_string()).map_err(|error| PasswordError::Hash(error.to_string()))
    }

    /// Whether a password belongs to a hash. A text that is no hash belongs to none.
    #[must_use]
    pub fn verify(&self, password: &str, phc: &str) -> bool {
        PasswordHash::new(phc).is_ok_and(|hash| self.verify_password(password.as_bytes(), &hash).is_ok())
    }

    fn compute(&self, argon2: &Argon2<'_>, password: &[u8], salt: &Salt, length: usize) -> Result<Output> {
        let wanted = argon2.params().block_count();
        if wanted > MOST_BLOCKS {
            return Err(Error::OutOfMemory);
        }
        let mut blocks = self.blocks.borrow_mut();
        if blocks.len() < wanted {
            // What is there goes first, so that both are never held at once.
            drop(mem::take(&mut *blocks));
            blocks.resize(wanted, Block::default());
        }
        let mut room = [0; Output::MAX_LENGTH];
        let out = room.get_mut(..length).ok_or(Error::OutputSize)?;
        let used = blocks.get_mut(..wanted).unwrap_or_default();
        let computed = argon2.hash_password_into_with_memory(password, salt, out, used);
        if blocks.len() > KEPT_BLOCKS {
            drop(mem::take(&mut *blocks));
        }
        computed?;
        Ok(Output::new(out)?)
    }
}

impl PasswordHasher<PasswordHash> for Hasher {
    fn hash_password_with_salt(&self, password: &[u8], salt: &[u8]) -> Result<PasswordHash> {
        self.hash_password_customized(password, salt, None, None, Params::default())
    }
}

/// Brings checking along too: `PasswordVerifier` stands on this.
impl CustomizedPasswordHasher<PasswordHash> for Hasher {
    type Params = Params;

    fn hash_password_customized(
        &self,
        password: &[u8],
        salt: &[u8],
        algorithm: Option<&str>,
        version: Option<u32>,
        params: Params,
    ) -> Result<PasswordHash> {
        let algorithm = algorithm.map(Algorithm::try_from).transpose()?.unwrap_or_default();
        let version = version.map(Version::try_from).transpose()?.unwrap_or_default();
        let salt = Salt::new(salt)?;
        let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let names = ParamsString::try_from(&params)?;
        let output = self.compute(&Argon2::new(algorithm, version, params), password, &salt, length)?;
        Ok(PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: names,
            salt: Some(salt),
            hash: Some(output),
        })
    }
}

/// What provisioning hashes passwords and PINs with.
impl provision::PasswordHasher for Hasher {
    fn hash(&self, password: &str) -> std::result::Result<String, CannotHash> {
        Self::hash(self, password).map_err(|error| {
            tracing::error!(%error, "hashing failed");
            CannotHash
        })
    }

    fn verify(&self, password: &str, phc: &str) -> bool {
        Self::verify(self, password, phc)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_belongs_to_its_hash_only() {
        let hasher = Hasher::default();
        let phc = hasher.hash("correct horse").expect("a hash");
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(hasher.verify("correct horse", &phc));
        assert!(!hasher.verify("wrong horse", &phc));
        assert!(!hasher.verify("", ""));
        assert_ne!(hasher.hash("correct horse").expect("a hash"), phc, "the salt is another one");
    }

    #[test]
    fn what_the_crate_makes_fits_and_what_it_gets_fits_it() {
        let (hasher, crate_own) = (Hasher::default(), Argon2::default());
        let made = crate_own.hash_password(b"correct horse").expect("a hash").to_string();
        assert!(hasher.verify("correct horse", &made));
        let ours = hasher.hash("correct horse").expect("a hash");
        let ours = PasswordHash::new(&ours).expect("PHC form");
        assert!(PasswordVerifier::verify_password(&crate_own, b"correct horse", &ours).is_ok());
    }

    #[test]
    fn hashes_of_other_sizes_and_kinds_are_checked_in_turn() {
        let hasher = Hasher::default();
        for (algorithm, kib) in
            [("argon2i", 64), ("argon2id", 40 * 1_024), ("argon2d", 8), ("argon2id", 19_456)]
        {
            let params = Params::new(kib, 1, 1, None).expect("parameters");
            let made = Argon2::new(algorithm.try_into().expect("a kind"), Version::V0x13, params);
            let made = made.hash_password(b"correct horse").expect("a hash").to_string();
            assert!(hasher.verify("correct horse", &made) && !hasher.verify("wrong horse", &made), "{made}");
        }
    }

    #[test]
    fn a_hash_that_asks_for_gigabytes_fits_no_password() {
        let greedy = "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHRzb21l$c29tZW91dHB1dHNvbWVvdXRwdXQ";
        assert!(PasswordHash::new(greedy).is_ok(), "it is a hash");
        assert!(!Hasher::default().verify("correct horse", greedy));
    }
}
