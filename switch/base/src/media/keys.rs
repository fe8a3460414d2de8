//! Keys of a stream (RFC 3711, RFC 4568). They never print.

use std::fmt;

/// A crypto suite of SDES that this switch speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suite {
    /// `AES_CM_128_HMAC_SHA1_80`.
    AesCm128Sha1_80,
    /// `AES_CM_128_HMAC_SHA1_32`.
    AesCm128Sha1_32,
    /// `AEAD_AES_128_GCM` (RFC 7714).
    AeadAes128Gcm,
    /// `AEAD_AES_256_GCM` (RFC 7714).
    AeadAes256Gcm,
}

impl Suite {
    /// Octets of the master key and of the master salt.
    #[must_use]
    pub fn lengths(self) -> (usize, usize) {
        match self {
            Self::AesCm128Sha1_80 | Self::AesCm128Sha1_32 => (16, 14),
            Self::AeadAes128Gcm => (16, 12),
            Self::AeadAes256Gcm => (32, 12),
        }
    }
}

/// A master key with its salt, in one piece as SDES writes them.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey(Box<[u8]>);

impl MasterKey {
    /// `None` unless it is as long as the suite wants.
    #[must_use]
    pub fn new(suite: Suite, key_and_salt: &[u8]) -> Option<Self> {
        let (key, salt) = suite.lengths();
        (key_and_salt.len() == key + salt).then(|| Self(key_and_salt.into()))
    }

    /// Key and salt in one piece.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

/// Both directions of a secured stream. Where they come from (SDES today, DTLS for browsers) does not matter here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamKeys {
    /// What we protect with.
    pub send: (Suite, MasterKey),
    /// What the far end protects with.
    pub receive: (Suite, MasterKey),
    /// Octets of the key identifier (MKI) in what the far end sends; 0 for none. We send none.
    pub mki_octets: u8,
}
