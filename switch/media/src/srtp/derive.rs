//! Session keys from a master key (RFC 3711 §4.3, RFC 7714 §11).

use aes::cipher::{BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes256};
use base::media::{MasterKey, Suite};

/// What a session key is for (RFC 3711 §4.3.2); SRTCP's labels are 3 higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Encryption = 0,
    Authentication = 1,
    Salt = 2,
}

/// Which packets a session key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packets {
    Rtp = 0,
    Rtcp = 3,
}

/// The pseudo-random function AES-CM over one master key.
pub(super) struct Deriver {
    master: Master,
    /// A salt of 96 bits counts as the high end of one of 112 (RFC 7714 §11).
    salt: [u8; 14],
}

enum Master {
    Aes128(Box<Aes128>),
    Aes256(Box<Aes256>),
}

impl Deriver {
    pub(super) fn new(suite: Suite, master: &MasterKey) -> Self {
        let (key_octets, salt_octets) = suite.lengths();
        let (key, tail) = master.octets().split_at(key_octets);
        let mut salt = [0; 14];
        salt[..salt_octets].copy_from_slice(tail);
        let fits = "a master key is as long as its suite wants";
        let master = match suite {
            Suite::AesCm128Sha1_80 | Suite::AesCm128Sha1_32 | Suite::AeadAes128Gcm => {
                Master::Aes128(Box::new(Aes128::new_from_slice(key).expect(fits)))
            }
            Suite::AeadAes256Gcm => Master::Aes256(Box::new(Aes256::new_from_slice(key).expect(fits))),
        };
        Self { master, salt }
    }

    /// The first `N` octets of the key stream for a purpose; the key derivation rate is 0.
    pub(super) fn key<const N: usize>(&self, packets: Packets, purpose: Purpose) -> [u8; N] {
        let mut block = [0; 16];
        block[..14].copy_from_slice(&self.salt);
        block[7] ^= packets as u8 + purpose as u8;
        let mut out = [0; N];
        for (number, part) in (0_u16..).zip(out.chunks_mut(16)) {
            block[14..].copy_from_slice(&number.to_be_bytes());
            let mut stream = block.into();
            match &self.master {
                Master::Aes128(cipher) => cipher.encrypt_block(&mut stream),
                Master::Aes256(cipher) => cipher.encrypt_block(&mut stream),
            }
            part.copy_from_slice(&stream[..part.len()]);
        }
        out
    }
}
