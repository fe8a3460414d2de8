//! AES-GCM (RFC 7714).

use aes_gcm::aead::consts::{U12, U16};
use aes_gcm::{AeadInOut, KeyInit};

use super::Rejected;
use super::cipher::{Which, xor};

/// Octets of its tag.
pub(super) const GCM_TAG: usize = 16;

pub(super) struct Gcm<C> {
    aead: C,
    salt: [u8; 12],
}

impl<C> Gcm<C>
where
    C: KeyInit + AeadInOut<NonceSize = U12, TagSize = U16>,
{
    pub(super) fn new(key: &[u8], salt: [u8; 12]) -> Self {
        Self { aead: C::new_from_slice(key).expect("as many octets are derived as the cipher wants"), salt }
    }

    pub(super) fn seal(
        &self,
        which: Which,
        body: &mut [u8],
        head: usize,
        number: &[u8],
        tag: &mut [u8],
    ) -> Result<(), Rejected> {
        let (head, data) = body.split_at_mut(head);
        let mut joined = [0; 12];
        let associated = associated(head, number, &mut joined);
        let made = self.aead.encrypt_inout_detached(&self.nonce(which).into(), associated, data.into());
        tag.copy_from_slice(&made.map_err(|_too_long| Rejected::Malformed)?);
        Ok(())
    }

    /// Compares the tag in constant time, before it decrypts.
    pub(super) fn open(
        &self,
        which: Which,
        body: &mut [u8],
        head: usize,
        number: &[u8],
        tag: &[u8],
    ) -> Result<(), Rejected> {
        let (head, data) = body.split_at_mut(head);
        let mut joined = [0; 12];
        let associated = associated(head, number, &mut joined);
        let tag = tag.try_into().map_err(|_length| Rejected::Malformed)?;
        self.aead
            .decrypt_inout_detached(&self.nonce(which).into(), associated, data.into(), tag)
            .map_err(|_wrong| Rejected::Unauthentic)
    }

    /// The index stands at the end: 48 bits of RTP (RFC 7714 §8.1), 32 of RTCP (§9.1).
    fn nonce(&self, which: Which) -> [u8; 12] {
        let mut nonce = self.salt;
        xor(&mut nonce[2..6], &which.ssrc.to_be_bytes());
        xor(&mut nonce[6..12], &which.index.to_be_bytes()[2..]);
        nonce
    }
}

/// What is authenticated and not encrypted: an RTP header, or 8 octets of RTCP and the number far behind them.
fn associated<'a>(head: &'a [u8], number: &[u8], joined: &'a mut [u8; 12]) -> &'a [u8] {
    if number.is_empty() {
        return head;
    }
    joined[..8].copy_from_slice(head);
    joined[8..].copy_from_slice(number);
    joined
}
