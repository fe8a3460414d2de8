//! RTCP packets as far as a relay reads them (RFC 3550 §6.4).

use std::time::Duration;

use base::Mono;
use rtcp_types::{Compound, Packet, ReportBlock};

/// What a compound packet says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Who wrote it.
    pub ssrc: u32,
    /// The middle 32 bits of its sender report's NTP time, when there is one.
    pub sent_at: Option<u32>,
    /// Its first report block.
    pub reception: Option<Reception>,
}

/// How its writer hears a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reception {
    /// The stream heard.
    pub ssrc: u32,
    /// Packets lost since the stream began; 0 when duplicates outweigh.
    pub lost: u32,
    /// In ticks of the payload's clock.
    pub jitter_ticks: u32,
    /// `sent_at` of the sender report last heard; 0 for none.
    pub last_report: u32,
    /// Since then, in 1/65536 s.
    pub delay: u32,
}

/// Reads a compound packet; a reduced-size one (RFC 5506) passes too. `None` when it is not RTCP or its
/// lengths do not fit, or nobody wrote it: it names no SSRC.
#[must_use]
pub fn read(packet: &[u8]) -> Option<Report> {
    let mut first = None;
    packet.get(4..8)?;
    for part in Compound::parse(packet).ok()? {
        let part = part.ok()?;
        if part.is_unknown() {
            return None;
        }
        first = first.or_else(|| Some(report_of(&part, packet)));
    }
    first
}

fn report_of(part: &Packet<'_>, packet: &[u8]) -> Report {
    match part {
        Packet::Sr(sr) => Report {
            ssrc: sr.ssrc(),
            sent_at: Some((sr.ntp_timestamp() >> 16) as u32),
            reception: sr.report_blocks().next().map(|block| Reception::of(&block)),
        },
        Packet::Rr(rr) => Report {
            ssrc: rr.ssrc(),
            sent_at: None,
            reception: rr.report_blocks().next().map(|block| Reception::of(&block)),
        },
        Packet::App(_)
        | Packet::Bye(_)
        | Packet::Sdes(_)
        | Packet::TransportFeedback(_)
        | Packet::PayloadFeedback(_)
        | Packet::Xr(_)
        | Packet::Unknown(_) => {
            let ssrc =
                packet.get(4..8).and_then(|octets| octets.try_into().ok()).map_or(0, u32::from_be_bytes);
            Report { ssrc, sent_at: None, reception: None }
        }
    }
}

impl Reception {
    fn of(block: &ReportBlock<'_>) -> Self {
        // A signed 24-bit number (RFC 3550 §6.4.1).
        let lost = block.cumulative_lost();
        Self {
            ssrc: block.ssrc(),
            lost: if lost & 0x80_0000 == 0 { lost } else { 0 },
            jitter_ticks: block.interarrival_jitter(),
            last_report: block.last_sender_report_timestamp(),
            delay: block.delay_since_last_sender_report_timestamp(),
        }
    }

    /// Round trip between us and the writer, when `passed` is the sender report we last passed to it:
    /// its `sent_at` and when it went out (RFC 3550 §6.4.1).
    #[must_use]
    pub fn round_trip(&self, now: Mono, passed: (u32, Mono)) -> Option<Duration> {
        let (sent_at, at) = passed;
        let known = self.last_report != 0 && self.last_report == sent_at;
        let delay = Duration::from_micros(u64::from(self.delay) * 1_000_000 / 65_536);
        known.then(|| now.since(at).saturating_sub(delay))
    }
}

/// Packets a far end says it lost, added up over the streams it heard.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FarLoss {
    ssrc: u32,
    current: u32,
    before: u64,
}

impl FarLoss {
    pub(crate) fn take(&mut self, reception: &Reception) {
        if reception.ssrc != self.ssrc {
            self.before += u64::from(self.current);
            self.ssrc = reception.ssrc;
        }
        self.current = reception.lost;
    }

    pub(crate) fn total(&self) -> u64 {
        self.before + u64::from(self.current)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use rtcp_types::{ReceiverReport, RtcpPacketWriterExt, SenderReport};

    use super::*;

    pub(crate) fn sender_report(ssrc: u32, ntp: u64) -> Vec<u8> {
        let mut packet = vec![0; 28];
        SenderReport::builder(ssrc).ntp_timestamp(ntp).write_into(&mut packet).unwrap();
        packet
    }

    pub(crate) fn receiver_report(ssrc: u32, heard: u32, lost: u32, last_report: u32, delay: u32) -> Vec<u8> {
        let mut packet = vec![0; 32];
        let block = ReportBlock::builder(heard)
            .cumulative_lost(lost)
            .last_sender_report_timestamp(last_report)
            .delay_since_last_sender_report_timestamp(delay);
        ReceiverReport::builder(ssrc).add_report_block(block).write_into(&mut packet).unwrap();
        packet
    }

    #[test]
    fn a_report_tells_loss_and_round_trip() {
        let packet = receiver_report(1, 2, 17, 0x0001_0000, 65_536);
        let reception = read(&packet).unwrap().reception.unwrap();
        assert_eq!((reception.ssrc, reception.lost), (2, 17));
        let passed = (0x0001_0000, Mono(5_000_000));
        assert_eq!(reception.round_trip(Mono(6_030_000), passed), Some(Duration::from_millis(30)));
        assert_eq!(reception.round_trip(Mono(6_030_000), (9, Mono(0))), None);
    }

    #[test]
    fn a_sender_report_shows_the_middle_of_its_clock() {
        assert_eq!(read(&sender_report(3, 0x1111_2222_3333_4444)).unwrap().sent_at, Some(0x2222_3333));
    }

    #[test]
    fn a_negative_count_of_loss_is_none() {
        let packet = receiver_report(1, 2, 0xff_fffe, 0, 0);
        assert_eq!(read(&packet).unwrap().reception.unwrap().lost, 0);
    }

    #[test]
    fn rtp_and_fragments_are_not_rtcp() {
        assert_eq!(read(&[0x80, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]), None);
        assert_eq!(read(&sender_report(3, 1)[..20]), None);
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[0x81, 202, 0, 0]), None);
    }

    #[test]
    fn far_loss_adds_up_over_streams() {
        let mut loss = FarLoss::default();
        let heard = |ssrc, lost| Reception { ssrc, lost, jitter_ticks: 0, last_report: 0, delay: 0 };
        loss.take(&heard(1, 4));
        loss.take(&heard(1, 6));
        loss.take(&heard(2, 1));
        assert_eq!(loss.total(), 7);
    }
}
