//! What we open.

use base::media::{MasterKey, Suite};

use super::cipher::{Cipher, Which};
use super::derive::Packets;
use super::index::{RTP_PACKETS, Streams, Window};
use super::{Rejected, header_octets, word};

/// The far end's key, and what has come under it.
pub(super) struct Inward {
    rtp: Cipher,
    rtcp: Cipher,
    mki: usize,
    streams: Streams,
    /// Authentic RTP has come.
    confirmed: bool,
}

impl Inward {
    pub(super) fn new(suite: Suite, master: &MasterKey, mki_octets: u8, streams: Streams) -> Self {
        let cipher = |packets| Cipher::new(suite, master, packets);
        let (rtp, rtcp) = (cipher(Packets::Rtp), cipher(Packets::Rtcp));
        Self { rtp, rtcp, mki: usize::from(mki_octets), streams, confirmed: false }
    }

    pub(super) fn streams(&self) -> &Streams {
        &self.streams
    }

    pub(super) fn is_confirmed(&self) -> bool {
        self.confirmed
    }

    pub(super) fn rtp(&mut self, packet: &mut [u8]) -> Result<usize, Rejected> {
        let header = header_octets(packet).ok_or(Rejected::Malformed)?;
        let ssrc = word(packet, 8).ok_or(Rejected::Malformed)?;
        let sequence = u16::from_be_bytes([packet[2], packet[3]]);
        let window = self.streams.of(ssrc).map(|stream| stream.rtp).unwrap_or_default();
        let guess = window.guess(sequence);
        let as_guessed = guess.ok_or(Rejected::Replayed).and_then(|index| {
            window.allows(index)?;
            if index >= RTP_PACKETS {
                return Err(Rejected::WornOut);
            }
            let length = self.rtp.open_rtp(packet, header, self.mki, Which { ssrc, index })?;
            self.streams.note(ssrc, |stream| stream.rtp.note(index))?;
            Ok(length)
        });
        let opened = match as_guessed {
            Err(Rejected::Unauthentic | Rejected::Replayed) if !self.confirmed => {
                self.elsewhere(packet, header, ssrc, guess)
            }
            opened => opened,
        };
        self.confirmed |= opened.is_ok();
        opened
    }

    /// Before any RTP has come under a key, a far end may count from 0 although it should go on (RFC 3711 §3.3.1),
    /// and may have wrapped once before we heard it.
    fn elsewhere(
        &mut self,
        packet: &mut [u8],
        header: usize,
        ssrc: u32,
        guess: Option<u64>,
    ) -> Result<usize, Rejected> {
        let low = u64::from(u16::from_be_bytes([packet[2], packet[3]]));
        for index in [low, 1 << 16 | low].into_iter().filter(|index| guess != Some(*index)) {
            if let Ok(length) = self.rtp.open_rtp(packet, header, self.mki, Which { ssrc, index }) {
                self.streams.note(ssrc, |stream| stream.rtp = Window::at(index))?;
                return Ok(length);
            }
        }
        Err(Rejected::Unauthentic)
    }

    pub(super) fn rtcp(&mut self, packet: &mut [u8]) -> Result<usize, Rejected> {
        let at = self.rtcp.rtcp_number_at(packet, self.mki).ok_or(Rejected::Malformed)?;
        let ssrc = word(packet, 4).ok_or(Rejected::Malformed)?;
        let number = word(packet, at).ok_or(Rejected::Malformed)?;
        if packet[0] >> 6 != 2 {
            return Err(Rejected::Malformed);
        }
        if number & 0x8000_0000 == 0 {
            return Err(Rejected::Unencrypted);
        }
        let index = u64::from(number & 0x7fff_ffff);
        self.streams.of(ssrc).map_or(Ok(()), |stream| stream.rtcp.allows(index))?;
        let length = self.rtcp.open_rtcp(packet, self.mki, Which { ssrc, index })?;
        self.streams.note(ssrc, |stream| stream.rtcp.note(index))?;
        Ok(length)
    }
}
