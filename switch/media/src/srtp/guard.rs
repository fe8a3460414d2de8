//! Both directions of one stream.

use std::fmt;

use base::media::{MasterKey, StreamKeys, Suite};

use super::Rejected;
use super::index::Streams;
use super::inward::Inward;
use super::outward::Outward;

/// Protects what goes to a far end and opens what comes from it.
pub struct Guard {
    keys: StreamKeys,
    out: Outward,
    inn: Inward,
    /// The far end's key before this one, until something comes under the new one: packets under way at a change.
    before: Option<Box<Inward>>,
}

impl Guard {
    /// With fresh keys: nothing has been protected with ours before.
    #[must_use]
    pub fn new(keys: &StreamKeys) -> Self {
        Self {
            out: outward(&keys.send, Streams::default()),
            inn: inward(keys, Streams::default()),
            keys: keys.clone(),
            before: None,
        }
    }

    /// Takes over the keys of another negotiation. A key that stays goes on where it was (RFC 4568 §7.1.4), and so do
    /// a stream's numbers under a new one.
    pub fn rekey(&mut self, keys: &StreamKeys) {
        if keys.send != self.keys.send {
            self.out = outward(&keys.send, self.out.streams().rekeyed());
        }
        if (&keys.receive, keys.mki_octets) != (&self.keys.receive, self.keys.mki_octets) {
            let next = inward(keys, self.inn.streams().rekeyed());
            let last = std::mem::replace(&mut self.inn, next);
            if last.is_confirmed() {
                self.before = Some(Box::new(last));
            }
        }
        self.keys = keys.clone();
    }

    /// Protects the RTP packet `buffer[..length]` in place; the new length. The buffer needs [`super::ROOM`] more.
    ///
    /// # Errors
    /// When it must not go out: the packet is none, its number has been used, or the key is worn out.
    pub fn protect_rtp(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, Rejected> {
        self.out.rtp(buffer, length)
    }

    /// The same for a compound RTCP packet.
    ///
    /// # Errors
    /// When it must not go out.
    pub fn protect_rtcp(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, Rejected> {
        self.out.rtcp(buffer, length)
    }

    /// Opens an SRTP packet in place; the octets of the RTP packet. A rejected one has changed nothing.
    ///
    /// # Errors
    /// When it is not the far end's, or has come before.
    pub fn unprotect_rtp(&mut self, packet: &mut [u8]) -> Result<usize, Rejected> {
        self.open(|inward| inward.rtp(packet))
    }

    /// The same for SRTCP.
    ///
    /// # Errors
    /// When it is not the far end's, or has come before.
    pub fn unprotect_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, Rejected> {
        self.open(|inward| inward.rtcp(packet))
    }

    fn open(
        &mut self,
        mut with: impl FnMut(&mut Inward) -> Result<usize, Rejected>,
    ) -> Result<usize, Rejected> {
        let opened = with(&mut self.inn);
        match (&mut self.before, opened) {
            (before @ Some(_), Ok(length)) => {
                *before = None;
                Ok(length)
            }
            (Some(before), Err(Rejected::Unauthentic | Rejected::Malformed)) => with(before),
            (Some(_) | None, opened) => opened,
        }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("keys", &self.keys).finish_non_exhaustive()
    }
}

fn outward((suite, key): &(Suite, MasterKey), streams: Streams) -> Outward {
    Outward::new(*suite, key, streams)
}

fn inward(keys: &StreamKeys, streams: Streams) -> Inward {
    let (suite, key) = &keys.receive;
    Inward::new(*suite, key, keys.mki_octets, streams)
}
