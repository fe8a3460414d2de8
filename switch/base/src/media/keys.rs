//! Keys of a stream (RFC 3711, RFC 4568). They never print.

use std::fmt;

use serde::{Deserialize, Serialize};

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
    /// All, the most widely spoken first.
    pub const ALL: [Self; 4] =
        [Self::AesCm128Sha1_80, Self::AeadAes256Gcm, Self::AeadAes128Gcm, Self::AesCm128Sha1_32];

    /// Whether we name it in offers of ours. Who has the short tag has the long one too.
    #[must_use]
    pub fn is_offered(self) -> bool {
        match self {
            Self::AesCm128Sha1_80 | Self::AeadAes128Gcm | Self::AeadAes256Gcm => true,
            Self::AesCm128Sha1_32 => false,
        }
    }

    /// Its name in SDP.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AesCm128Sha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm128Sha1_32 => "AES_CM_128_HMAC_SHA1_32",
            Self::AeadAes128Gcm => "AEAD_AES_128_GCM",
            Self::AeadAes256Gcm => "AEAD_AES_256_GCM",
        }
    }

    /// By its name in SDP, in any case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.name().eq_ignore_ascii_case(name))
    }

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

/// Whether media towards a trunk or station is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Srtp {
    /// Never.
    #[default]
    Off,
    /// Where the far end does it too.
    Optional,
    /// Always: calls without are refused.
    Required,
}

impl Srtp {
    /// Every choice with its word.
    pub const WORDS: &'static [(&'static str, Self)] =
        &[("off", Self::Off), ("optional", Self::Optional), ("required", Self::Required)];
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
