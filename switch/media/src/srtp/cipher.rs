//! The transforms: AES in counter mode with HMAC-SHA1 (RFC 3711 §4), and AES-GCM (RFC 7714).
//!
//! ```text
//!         AES-CM, RTP   header │ encrypted │ MKI │ tag          tag over header, encrypted and ROC
//!         AES-CM, RTCP  8 octets │ encrypted │ E, index │ MKI │ tag
//!         GCM, RTP      header │ encrypted │ tag │ MKI          tag over header and encrypted
//!         GCM, RTCP     8 octets │ encrypted │ tag │ E, index │ MKI
//! ```

use aes_gcm::{Aes128Gcm, Aes256Gcm};
use base::media::{MasterKey, Suite};

use super::Rejected;
use super::counter::Counter;
use super::derive::{Deriver, Packets, Purpose};
use super::gcm::{GCM_TAG, Gcm};

/// The session keys of one direction's RTP or RTCP, ready for use.
pub(super) enum Cipher {
    Counter(Box<Counter>),
    Gcm128(Box<Gcm<Aes128Gcm>>),
    Gcm256(Box<Gcm<Aes256Gcm>>),
}

/// Which packet: it is part of the initialisation vector.
#[derive(Clone, Copy, Debug)]
pub(super) struct Which {
    pub(super) ssrc: u32,
    /// 48 bits for RTP, 31 for RTCP.
    pub(super) index: u64,
}

impl Cipher {
    pub(super) fn new(suite: Suite, master: &MasterKey, packets: Packets) -> Self {
        let deriver = Deriver::new(suite, master);
        match (suite, packets) {
            (Suite::AesCm128Sha1_32, Packets::Rtp) => Self::counter(&deriver, packets, 4),
            // SRTCP has the long tag in both suites (RFC 4568 §6.2.2).
            (Suite::AesCm128Sha1_80 | Suite::AesCm128Sha1_32, _) => Self::counter(&deriver, packets, 10),
            (Suite::AeadAes128Gcm, _) => {
                let key: [u8; 16] = deriver.key(packets, Purpose::Encryption);
                Self::Gcm128(Box::new(Gcm::new(&key, deriver.key(packets, Purpose::Salt))))
            }
            (Suite::AeadAes256Gcm, _) => {
                let key: [u8; 32] = deriver.key(packets, Purpose::Encryption);
                Self::Gcm256(Box::new(Gcm::new(&key, deriver.key(packets, Purpose::Salt))))
            }
        }
    }

    fn counter(deriver: &Deriver, packets: Packets, tag: usize) -> Self {
        let key: [u8; 16] = deriver.key(packets, Purpose::Encryption);
        let mac: [u8; 20] = deriver.key(packets, Purpose::Authentication);
        Self::Counter(Box::new(Counter::new(&key, deriver.key(packets, Purpose::Salt), &mac, tag)))
    }

    /// Octets of its tag.
    pub(super) fn tag(&self) -> usize {
        match self {
            Self::Counter(counter) => counter.tag(),
            Self::Gcm128(_) | Self::Gcm256(_) => GCM_TAG,
        }
    }

    /// Protects `buffer[..length]` behind its header; the new length.
    pub(super) fn seal_rtp(
        &self,
        buffer: &mut [u8],
        header: usize,
        length: usize,
        which: Which,
    ) -> Result<usize, Rejected> {
        let packet = buffer.get_mut(..length + self.tag()).ok_or(Rejected::Malformed)?;
        let (body, tag) = packet.split_at_mut(length);
        match self {
            Self::Counter(counter) => {
                counter.apply(which, &mut body[header..]);
                tag.copy_from_slice(&counter.mac(body, which.roc())[..counter.tag()]);
            }
            Self::Gcm128(gcm) => gcm.seal(which, body, header, &[], tag)?,
            Self::Gcm256(gcm) => gcm.seal(which, body, header, &[], tag)?,
        }
        Ok(length + self.tag())
    }

    /// Opens a packet behind its header; the octets that are left. A wrong one stays as it is.
    pub(super) fn open_rtp(
        &self,
        packet: &mut [u8],
        header: usize,
        mki: usize,
        which: Which,
    ) -> Result<usize, Rejected> {
        let end = packet.len().checked_sub(self.tag() + mki).filter(|end| *end >= header);
        let end = end.ok_or(Rejected::Malformed)?;
        let (body, tail) = packet.split_at_mut(end);
        match self {
            Self::Counter(counter) => {
                counter.check(body, which.roc(), &tail[mki..])?;
                counter.apply(which, &mut body[header..]);
            }
            Self::Gcm128(gcm) => gcm.open(which, body, header, &[], &tail[..GCM_TAG])?,
            Self::Gcm256(gcm) => gcm.open(which, body, header, &[], &tail[..GCM_TAG])?,
        }
        Ok(end)
    }

    /// Protects a compound packet `buffer[..length]`, encrypted behind its first 8 octets; the new length.
    pub(super) fn seal_rtcp(
        &self,
        buffer: &mut [u8],
        length: usize,
        which: Which,
    ) -> Result<usize, Rejected> {
        let sealed = length + self.tag() + 4;
        let packet = buffer.get_mut(..sealed).filter(|_| length >= 8).ok_or(Rejected::Malformed)?;
        let (body, tail) = packet.split_at_mut(length);
        let number = rtcp_number(which);
        match self {
            Self::Counter(counter) => {
                counter.apply(which, &mut body[8..]);
                tail[..4].copy_from_slice(&number);
                tail[4..].copy_from_slice(&counter.mac(body, number)[..counter.tag()]);
            }
            Self::Gcm128(gcm) => gcm.seal(which, body, 8, &number, &mut tail[..GCM_TAG])?,
            Self::Gcm256(gcm) => gcm.seal(which, body, 8, &number, &mut tail[..GCM_TAG])?,
        }
        if !matches!(self, Self::Counter(_)) {
            tail[GCM_TAG..].copy_from_slice(&number);
        }
        Ok(sealed)
    }

    /// Where the number of an SRTCP packet stands.
    pub(super) fn rtcp_number_at(&self, packet: &[u8], mki: usize) -> Option<usize> {
        let behind = match self {
            Self::Counter(counter) => 4 + mki + counter.tag(),
            Self::Gcm128(_) | Self::Gcm256(_) => 4 + mki,
        };
        packet.len().checked_sub(behind).filter(|_| packet.len() >= 8 + 4 + mki + self.tag())
    }

    /// Opens an encrypted compound packet; the octets that are left. A wrong one stays as it is.
    pub(super) fn open_rtcp(&self, packet: &mut [u8], mki: usize, which: Which) -> Result<usize, Rejected> {
        let at = self.rtcp_number_at(packet, mki).ok_or(Rejected::Malformed)?;
        let number = rtcp_number(which);
        match self {
            Self::Counter(counter) => {
                let (body, tail) = packet.split_at_mut(at);
                counter.check(body, number, &tail[4 + mki..])?;
                counter.apply(which, &mut body[8..]);
                Ok(at)
            }
            Self::Gcm128(gcm) => {
                let (body, tail) = packet.split_at_mut(at - GCM_TAG);
                gcm.open(which, body, 8, &number, &tail[..GCM_TAG])?;
                Ok(at - GCM_TAG)
            }
            Self::Gcm256(gcm) => {
                let (body, tail) = packet.split_at_mut(at - GCM_TAG);
                gcm.open(which, body, 8, &number, &tail[..GCM_TAG])?;
                Ok(at - GCM_TAG)
            }
        }
    }
}

impl Which {
    fn roc(self) -> [u8; 4] {
        ((self.index >> 16) as u32).to_be_bytes()
    }
}

/// The E bit and the index (RFC 3711 §3.4).
fn rtcp_number(which: Which) -> [u8; 4] {
    (0x8000_0000 | which.index as u32).to_be_bytes()
}

pub(super) fn xor(into: &mut [u8], other: &[u8]) {
    into.iter_mut().zip(other).for_each(|(octet, with)| *octet ^= with);
}

#[cfg(test)]
impl Cipher {
    /// With session keys as RFC 7714's examples give them.
    pub(super) fn of_session_key(key: &[u8], salt: [u8; 12]) -> Self {
        if key.len() == 16 {
            Self::Gcm128(Box::new(Gcm::new(key, salt)))
        } else {
            Self::Gcm256(Box::new(Gcm::new(key, salt)))
        }
    }

    /// The same in counter mode.
    pub(super) fn of_counter_key(key: &[u8], salt: &[u8]) -> Self {
        Self::Counter(Box::new(Counter::new(key, salt.try_into().unwrap(), &[], 10)))
    }
}
