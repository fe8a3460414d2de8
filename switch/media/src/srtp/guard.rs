//! Both directions of one stream.

use std::fmt;

use base::media::{MasterKey, StreamKeys, Suite};

use super::Rejected;
use super::index::Streams;
use super::inward::Inward;
use super::outward::Outward;
use super::past::Past;

/// Protects what goes to a far end and opens what comes from it.
pub struct Guard {
    keys: StreamKeys,
    out: Outward,
    inn: Inward,
    /// The far end's key before this one, until something comes under the new one: packets under way at a change.
    before: Option<Box<Inward>>,
    past: Past,
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
            past: Past::default(),
        }
    }

    /// Takes over the keys of another negotiation. A key that stays goes on where it was (RFC 4568 §7.1.4), and so do
    /// a stream's numbers under a new one; under one that comes back nothing is taken twice.
    pub fn rekey(&mut self, keys: &StreamKeys) {
        if keys.send != self.keys.send {
            self.out = outward(&keys.send, self.out.streams().rekeyed());
        }
        if (&keys.receive, keys.mki_octets) != (&self.keys.receive, self.keys.mki_octets) {
            let next = inward(keys, self.inn.streams().rekeyed());
            let last = std::mem::replace(&mut self.inn, next);
            self.leave(last, &keys.receive);
            self.inn.come_back(&mut self.past);
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

    /// The far end's key is another from now on.
    fn leave(&mut self, last: Inward, next: &(Suite, MasterKey)) {
        let left =
            if last.is_confirmed() { self.before.replace(Box::new(last)) } else { Some(Box::new(last)) };
        let back = self.before.take_if(|before| before.has_key(next));
        left.into_iter().chain(back).for_each(|left| left.leave(&mut self.past));
    }

    fn open(
        &mut self,
        mut with: impl FnMut(&mut Inward) -> Result<usize, Rejected>,
    ) -> Result<usize, Rejected> {
        let opened = with(&mut self.inn);
        match (&mut self.before, opened) {
            (before @ Some(_), Ok(length)) => {
                before.take().into_iter().for_each(|before| before.leave(&mut self.past));
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
    Inward::new(&keys.receive, keys.mki_octets, streams)
}
