//! One end of a call's audio: sends its tone every 20 ms and listens for the other one's.

use std::net::SocketAddr;
use std::time::Duration;

use base::{Entropy, Mono};
use media::rtp;

use super::tone::{Payload, SAMPLES, Side};

const HEADER: usize = 12;
const PACKET: Duration = Duration::from_millis(20);
/// A sender later than this gives up the packets it missed.
const LATE: Duration = Duration::from_millis(500);
/// What the first packet of a stream bears beside its payload type (RFC 3551 §4.1).
const MARKER: u8 = 0x80;

/// A stream out and a stream in.
#[derive(Debug)]
pub(super) struct Voice {
    side: Side,
    to: SocketAddr,
    tone: Payload,
    wanted: Payload,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    began: Mono,
    next: Mono,
    sent: u64,
    ear: Option<Ear>,
}

/// Who is heard, and how often it was the tone of the other end.
#[derive(Clone, Copy, Debug)]
struct Ear {
    ssrc: u32,
    heard: u64,
}

/// What one end says about its audio when the call is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hearing {
    /// Which end.
    pub(super) side: Side,
    /// The SSRC it sent with.
    pub(super) ours: u32,
    /// The SSRC it heard last.
    pub(super) theirs: Option<u32>,
    /// Packets sent.
    pub(super) sent: u64,
    /// Packets heard that were the other end's tone, octet for octet.
    pub(super) heard: u64,
    /// From the first packet sent to the end.
    pub(super) lasted: Duration,
}

impl Voice {
    /// Speaks from `now` on.
    pub(super) fn new(now: Mono, entropy: &mut dyn Entropy, side: Side, to: SocketAddr) -> Self {
        Self {
            side,
            to,
            tone: side.tone(),
            wanted: side.other().tone(),
            ssrc: entropy.next_u32(),
            sequence: entropy.next_u32() as u16,
            timestamp: entropy.next_u32(),
            began: now,
            next: now,
            sent: 0,
            ear: None,
        }
    }

    /// The next packet that is due, and where it goes.
    pub(super) fn packet(&mut self, now: Mono) -> Option<([u8; HEADER + SAMPLES], SocketAddr)> {
        if self.next > now {
            return None;
        }
        self.next = if now.since(self.next) > LATE { now } else { self.next } + PACKET;
        let marker = if self.sent == 0 { MARKER } else { 0 };
        let mut packet = [0; HEADER + SAMPLES];
        packet[0] = 0x80;
        packet[1] = marker;
        packet[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        packet[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        packet[8..HEADER].copy_from_slice(&self.ssrc.to_be_bytes());
        packet[HEADER..].copy_from_slice(&self.tone);
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(SAMPLES as u32);
        self.sent += 1;
        Some((packet, self.to))
    }

    /// When the next packet is due.
    pub(super) fn deadline(&self) -> Mono {
        self.next
    }

    /// Takes a packet; one of the call before, late on its way, is forgotten when the next stream begins.
    pub(super) fn hear(&mut self, packet: &[u8]) {
        let Some(header) = rtp::read(packet) else { return };
        let ear = self.ear.get_or_insert(Ear { ssrc: header.ssrc, heard: 0 });
        if ear.ssrc != header.ssrc {
            *ear = Ear { ssrc: header.ssrc, heard: 0 };
        }
        ear.heard += u64::from(packet.ends_with(&self.wanted));
    }

    /// Ends the call's audio.
    pub(super) fn finish(self, now: Mono) -> Hearing {
        Hearing {
            side: self.side,
            ours: self.ssrc,
            theirs: self.ear.map(|ear| ear.ssrc),
            sent: self.sent,
            heard: self.ear.map_or(0, |ear| ear.heard),
            lasted: now.since(self.began),
        }
    }
}

#[cfg(test)]
mod tests {
    use base::testing::Seeded;

    use super::*;

    fn pair() -> (Voice, Voice) {
        let mut entropy = Seeded::new(1);
        let to = "127.0.0.1:4000".parse().unwrap();
        let mut voice = |side| Voice::new(Mono(0), &mut entropy, side, to);
        (voice(Side::Caller), voice(Side::Callee))
    }

    #[test]
    fn two_ends_hear_each_other_fifty_times_a_second() {
        let (mut caller, mut callee) = pair();
        for ms in 0..1_000 {
            let now = Mono(ms * 1_000);
            if let Some((packet, _)) = caller.packet(now) {
                callee.hear(&packet);
            }
            if let Some((packet, _)) = callee.packet(now) {
                caller.hear(&packet);
            }
        }
        let (caller, callee) = (caller.finish(Mono(1_000_000)), callee.finish(Mono(1_000_000)));
        assert_eq!((caller.sent, caller.heard, callee.heard), (50, 50, 50));
        assert_eq!((caller.theirs, callee.theirs), (Some(callee.ours), Some(caller.ours)));
        assert_eq!(caller.lasted, Duration::from_secs(1));
    }

    #[test]
    fn an_end_that_hears_itself_hears_nobody() {
        let (mut caller, _) = pair();
        let (packet, _) = caller.packet(Mono(0)).unwrap();
        caller.hear(&packet);
        caller.hear(b"no RTP");
        assert_eq!(caller.finish(Mono(1)).heard, 0);
    }

    #[test]
    fn what_was_missed_in_a_long_pause_is_not_sent_all_at_once() {
        let (mut caller, _) = pair();
        let late = Mono(10_000_000);
        let burst = std::iter::from_fn(|| caller.packet(late)).count();
        assert_eq!(burst, 1);
        assert_eq!(caller.deadline(), late + PACKET);
    }
}
