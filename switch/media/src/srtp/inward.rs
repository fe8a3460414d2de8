//! What we open.

use base::media::{MasterKey, Suite};

use super::cipher::{Cipher, Which};
use super::derive::Packets;
use super::index::{RTP_PACKETS, Stream, Streams, Window};
use super::past::Past;
use super::{Rejected, header_octets, word};

/// The far end's key, and what has come under it.
pub(super) struct Inward {
    key: (Suite, MasterKey),
    rtp: Cipher,
    rtcp: Cipher,
    mki: usize,
    streams: Streams,
    /// What had been used under the key when it was taken up: nothing but for one that came back.
    earlier: Streams,
    /// Authentic RTP has come.
    confirmed: bool,
}

impl Inward {
    pub(super) fn new(key: &(Suite, MasterKey), mki_octets: u8, streams: Streams) -> Self {
        let cipher = |packets| Cipher::new(key.0, &key.1, packets);
        let (rtp, rtcp) = (cipher(Packets::Rtp), cipher(Packets::Rtcp));
        let (key, mki) = (key.clone(), usize::from(mki_octets));
        Self { key, rtp, rtcp, mki, streams, earlier: Streams::default(), confirmed: false }
    }

    /// Goes on where its key was left, if it was one of those.
    pub(super) fn come_back(&mut self, past: &mut Past) {
        self.earlier = past.take(&self.key);
    }

    /// Its key is left.
    pub(super) fn leave(mut self, past: &mut Past) {
        self.earlier.join(self.streams);
        past.keep(&self.key, self.earlier);
    }

    pub(super) fn has_key(&self, key: &(Suite, MasterKey)) -> bool {
        self.key == *key
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
            self.earlier_of(ssrc, |earlier| earlier.rtp).allows(index)?;
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
    /// and may have wrapped once before we heard it; or go on where it left the key. Never below what was used.
    fn elsewhere(
        &mut self,
        packet: &mut [u8],
        header: usize,
        ssrc: u32,
        guess: Option<u64>,
    ) -> Result<usize, Rejected> {
        let low = u64::from(u16::from_be_bytes([packet[2], packet[3]]));
        let earlier = self.earlier_of(ssrc, |earlier| earlier.rtp);
        let may_be = |index: &u64| guess != Some(*index) && earlier.is_before(*index);
        let usual = [low, 1 << 16 | low];
        let as_left = earlier.guess(low as u16).filter(|index| !usual.contains(index));
        for index in as_left.into_iter().chain(usual).filter(may_be) {
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
        self.earlier_of(ssrc, |earlier| earlier.rtcp).allows(index)?;
        let length = self.rtcp.open_rtcp(packet, self.mki, Which { ssrc, index })?;
        self.streams.note(ssrc, |stream| stream.rtcp.note(index))?;
        Ok(length)
    }

    fn earlier_of(&self, ssrc: u32, window: impl Fn(&Stream) -> Window) -> Window {
        self.earlier.of(ssrc).map(window).unwrap_or_default()
    }
}
