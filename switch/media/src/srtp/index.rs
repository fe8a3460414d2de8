//! Which packet of a stream: the number that the 16 bits in a header stand for (RFC 3711 §3.3.1), and whether it has
//! been used (§3.3.2).

use base::limits::SRTP_STREAMS;

use super::Rejected;

/// Packets of one key and SSRC (RFC 3711 §9.2).
pub(super) const RTP_PACKETS: u64 = 1 << 48;
/// The same for SRTCP.
pub(super) const RTCP_PACKETS: u64 = 1 << 31;
/// How far back a packet may come late.
const WINDOW: u64 = 128;

/// What has been used of each SSRC under one key.
#[derive(Debug, Default)]
pub(super) struct Streams {
    all: Vec<Stream>,
}

/// Of one SSRC.
#[derive(Clone, Debug, Default)]
pub(super) struct Stream {
    pub(super) ssrc: u32,
    pub(super) rtp: Window,
    pub(super) rtcp: Window,
}

/// The highest number used, and which of those before it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Window {
    top: Option<u64>,
    /// Bit n: `top` less n has been used.
    used: u128,
}

impl Streams {
    pub(super) fn of(&self, ssrc: u32) -> Option<&Stream> {
        self.all.iter().find(|stream| stream.ssrc == ssrc)
    }

    /// Notes an authentic packet with `note`: the only way in which a stream comes to be.
    pub(super) fn note(&mut self, ssrc: u32, note: impl FnOnce(&mut Stream)) -> Result<(), Rejected> {
        if let Some(stream) = self.all.iter_mut().find(|stream| stream.ssrc == ssrc) {
            note(stream);
            return Ok(());
        }
        if self.all.len() >= SRTP_STREAMS {
            return Err(Rejected::TooManyStreams);
        }
        let mut stream = Stream { ssrc, ..Stream::default() };
        note(&mut stream);
        self.all.push(stream);
        Ok(())
    }

    /// Whatever was used of either is used.
    pub(super) fn join(&mut self, other: Self) {
        for theirs in other.all {
            if let Some(ours) = self.all.iter_mut().find(|ours| ours.ssrc == theirs.ssrc) {
                ours.rtp.join(theirs.rtp);
                ours.rtcp.join(theirs.rtcp);
            } else if self.all.len() < 2 * SRTP_STREAMS {
                self.all.push(theirs);
            }
        }
    }

    /// For the next key: the numbers of each stream go on (RFC 3711 §3.3.1), but for those begun longest ago.
    pub(super) fn rekeyed(&self) -> Self {
        let latest = self.all.len().saturating_sub(SRTP_STREAMS / 2);
        Self { all: self.all.iter().skip(latest).cloned().collect() }
    }
}

impl Window {
    /// Whatever was used of either is used.
    fn join(&mut self, other: Self) {
        let Some(theirs) = other.top else { return };
        let Some(ours) = self.top.filter(|ours| *ours >= theirs) else {
            let before = std::mem::replace(self, other);
            return if before.top.is_some() {
                self.join(before)
            };
        };
        let behind = u32::try_from(ours - theirs).unwrap_or(u32::MAX);
        self.used |= other.used.checked_shl(behind).unwrap_or(0);
    }

    /// Whether a number lies beyond all that was used.
    pub(super) fn is_before(&self, index: u64) -> bool {
        self.top.is_none_or(|top| top < index)
    }

    /// The number that a header's sequence number most likely stands for; `None` for one before the first.
    pub(super) fn guess(&self, sequence: u16) -> Option<u64> {
        let Some(top) = self.top else { return Some(u64::from(sequence)) };
        let (roc, low) = (top >> 16, top as u16);
        let roc = match (low < 0x8000, sequence) {
            (true, _) if sequence.saturating_sub(low) > 0x8000 => roc.checked_sub(1)?,
            (false, _) if low - 0x8000 > sequence => roc + 1,
            (true | false, _) => roc,
        };
        Some(roc << 16 | u64::from(sequence))
    }

    /// Whether a number may still be used.
    pub(super) fn allows(&self, index: u64) -> Result<(), Rejected> {
        let Some(top) = self.top else { return Ok(()) };
        let Some(back) = top.checked_sub(index) else { return Ok(()) };
        let free = back < WINDOW && self.used & (1 << back) == 0;
        if free { Ok(()) } else { Err(Rejected::Replayed) }
    }

    pub(super) fn next(&self) -> u64 {
        self.top.map_or(0, |top| top + 1)
    }

    /// Begins anew.
    pub(super) fn at(index: u64) -> Self {
        Self { top: Some(index), used: 1 }
    }

    pub(super) fn note(&mut self, index: u64) {
        let top = self.top.unwrap_or(index);
        if index >= top {
            let ahead = u32::try_from(index - top).unwrap_or(u32::MAX);
            self.used = self.used.checked_shl(ahead).unwrap_or(0) | 1;
            self.top = Some(index);
        } else {
            self.used |= 1_u128.checked_shl(u32::try_from(top - index).unwrap_or(u32::MAX)).unwrap_or(0);
        }
    }
}
