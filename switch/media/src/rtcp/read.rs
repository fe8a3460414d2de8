//! What far ends report.

use std::time::Duration;

use base::Mono;
use rtcp_types::{Compound, Packet, ReportBlock};

use super::session::{middle, ntp};

/// Packet type of extended reports (RFC 3611 §2), and their blocks (§4.4, §4.5, §4.7).
const XR: u8 = 207;
const REFERENCE_TIME: u8 = 4;
const LAST_REFERENCE: u8 = 5;
const VOIP_METRICS: u8 = 7;
/// A round trip longer than this is none.
const LONGEST: Duration = Duration::from_secs(60);
/// 1/65536ths of a second that a clock may be off.
const ROUNDED: u32 = 655;
/// A metric that its writer does not know.
const UNKNOWN: u8 = 127;

/// What a compound packet says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Who wrote it.
    pub ssrc: u32,
    /// The middle 32 bits of its sender report's NTP time, when there is one.
    pub sent_at: Option<u32>,
    /// How it hears us.
    pub reception: Option<Reception>,
    /// It reports about streams, ours or others.
    pub reports: bool,
    /// It has extended reports.
    pub extended: bool,
    /// The middle of its writer's clock, for those who send no sender reports (RFC 3611 §4.4).
    pub reference: Option<u32>,
    /// The last of ours that it has heard, and the time since then in 1/65536 s (§4.5).
    pub last_reference: Option<(u32, u32)>,
    /// How its listener is doing (§4.7).
    pub metrics: Option<Metrics>,
    /// It leaves.
    pub bye: bool,
}

/// How its writer hears a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reception {
    /// The stream heard.
    pub ssrc: u32,
    /// Packets lost of those due since its last report, in 256ths.
    pub fraction: u8,
    /// Packets lost since the stream began; 0 when duplicates outweigh.
    pub lost: u32,
    /// The highest sequence number it has heard, with its wraps.
    pub highest: u32,
    /// In ticks of the payload's clock.
    pub jitter_ticks: u32,
    /// `sent_at` of the sender report last heard; 0 for none.
    pub last_report: u32,
    /// Since then, in 1/65536 s.
    pub delay: u32,
}

/// VoIP metrics (RFC 3611 §4.7), as far as they are of use here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// Share of packets lost, in 256ths.
    pub loss: u8,
    /// Share of packets that came too late to be played, in 256ths.
    pub discarded: u8,
    /// Milliseconds between its network and its ear, both ways.
    pub end_system_ms: u16,
    /// Tenths of its own mean opinion score, delay counted; `None` when it does not know.
    pub mos_tenths: Option<u8>,
}

/// Reads a compound packet, for whoever sends the stream `heard`; a reduced-size one (RFC 5506) passes too. `None` when
/// it is not RTCP or its lengths do not fit, or nobody wrote it: it names no SSRC.
#[must_use]
pub fn read(packet: &[u8], heard: u32) -> Option<Report> {
    let ssrc = packet.get(4..8).and_then(|octets| octets.try_into().ok()).map(u32::from_be_bytes)?;
    let mut report = Report::of(ssrc);
    for part in Compound::parse(packet).ok()? {
        report.add(&part.ok()?, heard)?;
    }
    if report.extended {
        report.add_extended(packet, heard);
    }
    Some(report)
}

impl Report {
    fn of(ssrc: u32) -> Self {
        Self {
            ssrc,
            sent_at: None,
            reception: None,
            reports: false,
            extended: false,
            reference: None,
            last_reference: None,
            metrics: None,
            bye: false,
        }
    }

    fn add(&mut self, part: &Packet<'_>, heard: u32) -> Option<()> {
        match part {
            Packet::Sr(sr) => {
                self.sent_at = Some((sr.ntp_timestamp() >> 16) as u32);
                self.add_blocks(sr.report_blocks(), heard);
            }
            Packet::Rr(rr) => self.add_blocks(rr.report_blocks(), heard),
            Packet::Bye(_) => self.bye = true,
            Packet::Xr(_) => self.extended = true,
            Packet::Unknown(_) => return None,
            Packet::App(_) | Packet::Sdes(_) | Packet::TransportFeedback(_) | Packet::PayloadFeedback(_) => {}
        }
        Some(())
    }

    fn add_blocks<'b>(&mut self, blocks: impl Iterator<Item = ReportBlock<'b>>, heard: u32) {
        for block in blocks {
            self.reports = true;
            if block.ssrc() == heard {
                self.reception = Some(Reception::of(&block));
            }
        }
    }

    /// The parts of a compound packet that was found to be whole, once more.
    fn add_extended(&mut self, mut packet: &[u8], heard: u32) {
        while let Some((part, rest)) = split(packet) {
            if part.get(1) == Some(&XR) {
                let mut blocks = part.get(8..).unwrap_or(&[]);
                while let Some((block, next)) = split(blocks) {
                    self.add_block(block, heard);
                    blocks = next;
                }
            }
            packet = rest;
        }
    }

    fn add_block(&mut self, block: &[u8], heard: u32) {
        match block.first() {
            Some(&REFERENCE_TIME) => {
                self.reference = Some(u32_at(block, 4) << 16 | u32_at(block, 8) >> 16);
            }
            Some(&LAST_REFERENCE) => {
                let ours = block[4..].chunks_exact(12).find(|one| u32_at(one, 0) == heard);
                self.last_reference = ours.map(|one| (u32_at(one, 4), u32_at(one, 8)));
            }
            Some(&VOIP_METRICS) if block.len() == 36 && u32_at(block, 4) == heard => {
                self.metrics = Some(Metrics {
                    loss: block[8],
                    discarded: block[9],
                    end_system_ms: u16::from_be_bytes([block[18], block[19]]),
                    mos_tenths: Some(block[27]).filter(|mos| *mos != UNKNOWN),
                });
            }
            Some(_) | None => {}
        }
    }
}

/// The first of several parts, each with its length in words of 4 octets, less one, in its third and fourth octets.
fn split(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let words = u16::from_be_bytes([*octets.get(2)?, *octets.get(3)?]);
    octets.split_at_checked(4 * (usize::from(words) + 1))
}

/// 0 where there is none.
fn u32_at(octets: &[u8], at: usize) -> u32 {
    octets.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_be_bytes)
}

impl Reception {
    fn of(block: &ReportBlock<'_>) -> Self {
        // A signed 24-bit number (RFC 3550 §6.4.1).
        let lost = block.cumulative_lost();
        Self {
            ssrc: block.ssrc(),
            fraction: block.fraction_lost(),
            lost: if lost & 0x80_0000 == 0 { lost } else { 0 },
            highest: block.extended_sequence_number(),
            jitter_ticks: block.interarrival_jitter(),
            last_report: block.last_sender_report_timestamp(),
            delay: block.delay_since_last_sender_report_timestamp(),
        }
    }

    /// Round trip between us and the writer (RFC 3550 §6.4.1); `None` when it has heard no report of ours.
    #[must_use]
    pub fn round_trip(&self, now: Mono) -> Option<Duration> {
        round_trip(now, (self.last_report, self.delay))
    }
}

/// Round trip by what came back of a time that we sent: its middle, and how long the far end kept it in 1/65536 s.
pub(crate) fn round_trip(now: Mono, back: (u32, u32)) -> Option<Duration> {
    if back.0 == 0 {
        return None;
    }
    let there_and_back = middle(ntp(now)).wrapping_sub(back.0).wrapping_sub(back.1);
    let time = Duration::from_micros(u64::from(there_and_back) * 1_000_000 / 65_536);
    // Far ends round, so that it may lie just below nothing; what lies far off is no time of ours.
    let rounded = u32::MAX - there_and_back < ROUNDED;
    if rounded { Some(Duration::ZERO) } else { Some(time).filter(|time| *time < LONGEST) }
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

    /// RFC 3550 §6.4.1: the worked example, A − LSR − DLSR, with the report sent 1 s after the start.
    #[test]
    fn a_report_tells_loss_and_round_trip() {
        let packet = receiver_report(1, 2, 17, 0x0001_0000, 65_536);
        let reception = read(&packet, 2).unwrap().reception.unwrap();
        assert_eq!((reception.ssrc, reception.lost), (2, 17));
        let after = |ms: u64| reception.round_trip(Mono(ms * 1_000)).map(|time| time.as_millis());
        assert_eq!((after(2_030), after(2_000), after(1_995)), (Some(29), Some(0), Some(0)));
        assert_eq!((after(1_000), after(90_000)), (None, None), "no time of ours");
    }

    #[test]
    fn a_sender_report_shows_the_middle_of_its_clock() {
        assert_eq!(read(&sender_report(3, 0x1111_2222_3333_4444), 0).unwrap().sent_at, Some(0x2222_3333));
    }

    #[test]
    fn a_negative_count_of_loss_is_none() {
        let packet = receiver_report(1, 2, 0xff_fffe, 0, 0);
        assert_eq!(read(&packet, 2).unwrap().reception.unwrap().lost, 0);
    }

    #[test]
    fn rtp_and_fragments_are_not_rtcp() {
        assert_eq!(read(&[0x80, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1], 0), None);
        assert_eq!(read(&sender_report(3, 1)[..20], 0), None);
        assert_eq!(read(&[], 0), None);
        assert_eq!(read(&[0x81, 202, 0, 0], 0), None);
    }

    #[test]
    fn far_loss_adds_up_over_streams() {
        let mut loss = FarLoss::default();
        let heard = |ssrc, lost| Reception {
            ssrc,
            fraction: 0,
            lost,
            highest: 0,
            jitter_ticks: 0,
            last_report: 0,
            delay: 0,
        };
        loss.take(&heard(1, 4));
        loss.take(&heard(1, 6));
        loss.take(&heard(2, 1));
        assert_eq!(loss.total(), 7);
    }
}
