//! AES-256-GCM with whole keys, and the nonces of a stream of chunks.

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes256Gcm, KeyInit, Nonce, Tag};

/// Octets of a key.
pub(crate) const KEY_OCTETS: usize = 32;
/// Octets that authenticate a chunk or a sealed key.
pub(crate) const TAG_OCTETS: usize = 16;
/// Octets of a nonce.
pub(crate) const NONCE_OCTETS: usize = 12;
/// Octets of the part of a nonce that all chunks of a file share.
pub(crate) const PREFIX_OCTETS: usize = 7;

/// A key.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Key([u8; KEY_OCTETS]);

/// A key under another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SealedKey {
    pub(crate) nonce: [u8; NONCE_OCTETS],
    pub(crate) octets: [u8; KEY_OCTETS + TAG_OCTETS],
}

/// What does not open with this key: another key's, or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it was sealed with another key, or changed since")]
pub(crate) struct NotGenuine;

impl Key {
    /// A key from its octets.
    pub(crate) fn new(octets: [u8; KEY_OCTETS]) -> Self {
        Self(octets)
    }

    /// A key nobody has had before.
    pub(crate) fn fresh() -> std::io::Result<Self> {
        random().map(Self)
    }

    pub(crate) fn octets(&self) -> &[u8; KEY_OCTETS] {
        &self.0
    }

    /// Seals `inner`, bound to what `about` says of it.
    pub(crate) fn seal_key(&self, inner: &Self, about: &[u8]) -> std::io::Result<SealedKey> {
        let nonce = random()?;
        let mut octets = [0; KEY_OCTETS + TAG_OCTETS];
        octets[..KEY_OCTETS].copy_from_slice(&inner.0);
        let tag = self.seal(&nonce, about, &mut octets[..KEY_OCTETS]);
        octets[KEY_OCTETS..].copy_from_slice(&tag);
        Ok(SealedKey { nonce, octets })
    }

    pub(crate) fn open_key(&self, sealed: &SealedKey, about: &[u8]) -> Result<Self, NotGenuine> {
        let mut octets = sealed.octets;
        self.open(&sealed.nonce, about, &mut octets)?;
        let mut key = [0; KEY_OCTETS];
        key.copy_from_slice(&octets[..KEY_OCTETS]);
        Ok(Self(key))
    }

    /// Encrypts in place.
    pub(crate) fn seal(
        &self,
        nonce: &[u8; NONCE_OCTETS],
        about: &[u8],
        octets: &mut [u8],
    ) -> [u8; TAG_OCTETS] {
        self.cipher()
            .encrypt_inout_detached(&Nonce::from(*nonce), about, octets.into())
            .expect("a chunk is far below what AES-GCM may seal at once")
            .into()
    }

    /// Decrypts in place: `octets` ends with the tag, which stays behind the plain octets.
    pub(crate) fn open(
        &self,
        nonce: &[u8; NONCE_OCTETS],
        about: &[u8],
        octets: &mut [u8],
    ) -> Result<(), NotGenuine> {
        let plain = octets.len().checked_sub(TAG_OCTETS).ok_or(NotGenuine)?;
        let (octets, tag) = octets.split_at_mut(plain);
        let tag: [u8; TAG_OCTETS] = (&*tag).try_into().map_err(|_another_length| NotGenuine)?;
        self.cipher()
            .decrypt_inout_detached(&Nonce::from(*nonce), about, octets.into(), &Tag::from(tag))
            .map_err(|_forged| NotGenuine)
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(&self.0.into())
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

/// The nonce of a chunk: what the file's chunks share, its number, and whether it is the last. The STREAM construction
/// of Hoang, Reyhanitabar, Rogaway and Vizár (2015) with a 32 bit counter.
pub(crate) fn chunk_nonce(prefix: &[u8; PREFIX_OCTETS], number: u32, last: bool) -> [u8; NONCE_OCTETS] {
    let mut nonce = [0; NONCE_OCTETS];
    nonce[..PREFIX_OCTETS].copy_from_slice(prefix);
    nonce[PREFIX_OCTETS..PREFIX_OCTETS + 4].copy_from_slice(&number.to_be_bytes());
    nonce[NONCE_OCTETS - 1] = u8::from(last);
    nonce
}

/// Octets of the operating system's randomness.
pub(crate) fn random<const N: usize>() -> std::io::Result<[u8; N]> {
    let mut octets = [0; N];
    getrandom::fill(&mut octets).map_err(std::io::Error::other)?;
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of test case 15 of the GCM specification (McGrew and Viega), 256 bit key.
    #[test]
    fn the_cipher_gives_the_octets_of_the_specification() {
        let key =
            [0xfe, 0xff, 0xe9, 0x92, 0x86, 0x65, 0x73, 0x1c, 0x6d, 0x6a, 0x8f, 0x94, 0x67, 0x30, 0x83, 0x08];
        let key = Key::new([key, key].concat().try_into().unwrap());
        let nonce = [0xca, 0xfe, 0xba, 0xbe, 0xfa, 0xce, 0xdb, 0xad, 0xde, 0xca, 0xf8, 0x88];
        let mut octets = [0xd9, 0x31, 0x32, 0x25, 0xf8, 0x84, 0x06, 0xe5];
        key.seal(&nonce, b"", &mut octets);
        assert_eq!(octets, [0x52, 0x2d, 0xc1, 0xf0, 0x99, 0x56, 0x7d, 0x07]);
    }

    #[test]
    fn a_key_opens_only_under_its_own_key_and_for_what_it_was_sealed_for() {
        let (outer, inner) = (Key::fresh().unwrap(), Key::fresh().unwrap());
        let sealed = outer.seal_key(&inner, b"tenant 1").unwrap();
        assert_eq!(outer.open_key(&sealed, b"tenant 1"), Ok(inner));
        assert_eq!(outer.open_key(&sealed, b"tenant 2"), Err(NotGenuine));
        assert_eq!(Key::fresh().unwrap().open_key(&sealed, b"tenant 1"), Err(NotGenuine));
    }

    #[test]
    fn chunks_have_nonces_of_their_own() {
        let nonce = |number, last| chunk_nonce(&[1; 7], number, last);
        assert_ne!(nonce(1, false), nonce(2, false));
        assert_ne!(nonce(1, false), nonce(1, true));
    }
}
