//! AES in counter mode with HMAC-SHA1 (RFC 3711 §4.1.1, §4.2.1).

use aes::Aes128;
use aes::cipher::{InnerIvInit, StreamCipherCore};
use ctr::CtrCore;
use ctr::flavors::Ctr128BE;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::Rejected;
use super::cipher::{Which, xor};

pub(super) struct Counter {
    aes: Aes128,
    salt: [u8; 14],
    mac: Hmac<Sha1>,
    tag: usize,
}

impl Counter {
    pub(super) fn new(key: &[u8], salt: [u8; 14], mac: &[u8], tag: usize) -> Self {
        Self {
            aes: Aes128::new_from_slice(key).expect("16 octets are derived"),
            salt,
            mac: Hmac::new_from_slice(mac).expect("HMAC takes keys of any length"),
            tag,
        }
    }

    /// Octets of its tag.
    pub(super) fn tag(&self) -> usize {
        self.tag
    }

    /// Encrypts or decrypts (RFC 3711 §4.1.1).
    pub(super) fn apply(&self, which: Which, data: &mut [u8]) {
        let mut iv = [0; 16];
        iv[..14].copy_from_slice(&self.salt);
        xor(&mut iv[4..8], &which.ssrc.to_be_bytes());
        xor(&mut iv[8..14], &which.index.to_be_bytes()[2..]);
        let core: CtrCore<&Aes128, Ctr128BE> = CtrCore::inner_iv_init(&self.aes, &iv.into());
        core.apply_keystream_partial(data.into());
    }

    pub(super) fn mac(&self, body: &[u8], number: [u8; 4]) -> [u8; 20] {
        self.hash(body, number).finalize().into_bytes().into()
    }

    /// In constant time.
    pub(super) fn check(&self, body: &[u8], number: [u8; 4], tag: &[u8]) -> Result<(), Rejected> {
        self.hash(body, number).verify_truncated_left(tag).map_err(|_wrong| Rejected::Unauthentic)
    }

    fn hash(&self, body: &[u8], number: [u8; 4]) -> Hmac<Sha1> {
        self.mac.clone().chain_update(body).chain_update(number)
    }
}
