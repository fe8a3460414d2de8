//! What we protect.

use base::media::{MasterKey, Suite};

use super::cipher::{Cipher, Which};
use super::derive::Packets;
use super::index::{RTCP_PACKETS, RTP_PACKETS, Streams};
use super::{Rejected, header_octets, word};

/// Our key, and which numbers it has been used for. None is used twice: with these ciphers that would give away what
/// was said, so what is relayed twice goes out once.
pub(super) struct Outward {
    rtp: Cipher,
    rtcp: Cipher,
    streams: Streams,
}

impl Outward {
    pub(super) fn new(suite: Suite, master: &MasterKey, streams: Streams) -> Self {
        let cipher = |packets| Cipher::new(suite, master, packets);
        Self { rtp: cipher(Packets::Rtp), rtcp: cipher(Packets::Rtcp), streams }
    }

    pub(super) fn streams(&self) -> &Streams {
        &self.streams
    }

    pub(super) fn rtp(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, Rejected> {
        let packet = buffer.get(..length).ok_or(Rejected::Malformed)?;
        let header = header_octets(packet).ok_or(Rejected::Malformed)?;
        let ssrc = word(packet, 8).ok_or(Rejected::Malformed)?;
        let sequence = u16::from_be_bytes([packet[2], packet[3]]);
        if buffer.len() < length + self.rtp.tag() {
            return Err(Rejected::Malformed);
        }
        let window = self.streams.of(ssrc).map(|stream| stream.rtp).unwrap_or_default();
        let index = window.guess(sequence).ok_or(Rejected::Replayed)?;
        if index >= RTP_PACKETS {
            return Err(Rejected::WornOut);
        }
        window.allows(index)?;
        self.streams.note(ssrc, |stream| stream.rtp.note(index))?;
        self.rtp.seal_rtp(buffer, header, length, Which { ssrc, index })
    }

    pub(super) fn rtcp(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, Rejected> {
        let packet = buffer.get(..length).filter(|packet| packet.len() >= 8).ok_or(Rejected::Malformed)?;
        let ssrc = word(packet, 4).ok_or(Rejected::Malformed)?;
        if buffer.len() < length + self.rtcp.tag() + 4 {
            return Err(Rejected::Malformed);
        }
        let index = self.streams.of(ssrc).map_or(0, |stream| stream.rtcp.next());
        if index >= RTCP_PACKETS {
            return Err(Rejected::WornOut);
        }
        self.streams.note(ssrc, |stream| stream.rtcp.note(index))?;
        self.rtcp.seal_rtcp(buffer, length, Which { ssrc, index })
    }
}
