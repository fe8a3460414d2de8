//! What we know of a stream we receive: loss and jitter (RFC 3550 appendices A.1, A.3, A.8).

use std::time::Duration;

use base::Mono;

use crate::quality::Bursts;
use crate::rtcp;
use crate::rtp::Header;

/// A jump ahead up to this far is loss (A.1).
const MAX_DROPOUT: u16 = 3_000;
/// A step back up to this far is reordering (A.1).
const MAX_MISORDER: u16 = 100;

/// Packets in a row before another SSRC is taken for the far end's next stream; one out of all range is taken when its
/// successor comes (A.1).
const RUN: u8 = 3;
/// Sequence numbers may skip this far within a run.
const RUN_GAP: u16 = 8;
/// How long the stream so far must have paused by then. A sender that changes its SSRC loses no more than this; one who
/// forges packets beside a stream that goes on gets none in.
const PAUSE: Duration = Duration::from_millis(60);
/// Losses in a row that are looked at one by one; more are all alike.
const LONG_LOSS: u16 = 100;

/// Counters of one far end's streams, one SSRC after the other.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reception {
    pub(crate) packets: u64,
    pub(crate) octets: u64,
    lost_before: u64,
    expected_before: u64,
    bursts: Bursts,
    stream: Option<Stream>,
    /// The next stream of a far end that is not known any more may be any.
    any_next: bool,
    next: Option<Next>,
}

/// A stream that may follow.
#[derive(Clone, Copy, Debug)]
struct Next {
    ssrc: u32,
    sequence: u16,
    run: u8,
}

/// What a packet of the known source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// The far end's.
    Counted,
    /// Of another stream or far out of sequence.
    Stray,
}

#[derive(Clone, Copy, Debug)]
struct Stream {
    ssrc: u32,
    base: u16,
    highest: u16,
    last: Mono,
    /// Wraps of the sequence number.
    cycles: u32,
    received: u64,
    /// The number after one far out of range: when it comes next, the sender has restarted.
    suspect: Option<u16>,
    clock_hz: u32,
    timestamp: u32,
    transit: u32,
    /// Jitter times 16, in ticks.
    jitter: u32,
}

impl Reception {
    /// Takes a packet of the known source, unless it is none of its stream's.
    pub(crate) fn take(&mut self, now: Mono, header: &Header, clock_hz: u32) -> Taken {
        let is_other = self.stream.as_ref().is_some_and(|stream| stream.ssrc != header.ssrc);
        if is_other && !self.any_next && !self.follows(now, header) {
            return Taken::Stray;
        }
        match &mut self.stream {
            Some(stream) if !is_other => match stream.count(header.sequence) {
                Sequence::Counted { ahead } => {
                    stream.measure(now, header, clock_hz);
                    if let Some(lost) = ahead.checked_sub(1) {
                        self.bursts.came_after(lost.min(LONG_LOSS));
                    }
                }
                Sequence::Restarted => self.begin(now, header, clock_hz),
                Sequence::Wild => return Taken::Stray,
            },
            Some(_) | None => self.begin(now, header, clock_hz),
        }
        self.packets += 1;
        self.octets += header.payload_octets as u64;
        Taken::Counted
    }

    /// The source is another from now on, and so may be its stream.
    pub(crate) fn expect_any(&mut self) {
        self.any_next = true;
    }

    /// Whether another stream goes on for long enough while the one so far pauses.
    fn follows(&mut self, now: Mono, header: &Header) -> bool {
        let goes_on = |next: &Next| {
            next.ssrc == header.ssrc && (1..=RUN_GAP).contains(&header.sequence.wrapping_sub(next.sequence))
        };
        let run = self.next.filter(goes_on).map_or(1, |next| next.run.saturating_add(1));
        self.next = Some(Next { ssrc: header.ssrc, sequence: header.sequence, run });
        run >= RUN && self.stream.as_ref().is_none_or(|stream| now.since(stream.last) >= PAUSE)
    }

    pub(crate) fn lost(&self) -> u64 {
        self.lost_before + self.stream.as_ref().map_or(0, Stream::lost)
    }

    pub(crate) fn jitter_us(&self) -> u32 {
        self.stream.as_ref().map_or(0, |stream| {
            let us = u64::from(stream.jitter) * 1_000_000 / 16 / u64::from(stream.clock_hz.max(1));
            u32::try_from(us).unwrap_or(u32::MAX)
        })
    }

    /// Packets that were due so far, by their numbers.
    pub(crate) fn expected(&self) -> u64 {
        self.expected_before + self.stream.as_ref().map_or(0, Stream::expected)
    }

    /// How losses lie.
    pub(crate) fn bursts(&self) -> &Bursts {
        &self.bursts
    }

    /// What a report says of the present stream, its share of loss and times left out; `None` before the first packet.
    pub(crate) fn block(&self) -> Option<rtcp::Block> {
        let stream = self.stream.as_ref()?;
        Some(rtcp::Block {
            ssrc: stream.ssrc,
            fraction: 0,
            lost: u32::try_from(stream.lost()).unwrap_or(u32::MAX),
            highest: stream.cycles << 16 | u32::from(stream.highest),
            jitter_ticks: stream.jitter >> 4,
            last_report: 0,
            delay: 0,
        })
    }

    fn begin(&mut self, now: Mono, header: &Header, clock_hz: u32) {
        (self.lost_before, self.expected_before) = (self.lost(), self.expected());
        (self.any_next, self.next) = (false, None);
        self.stream = Some(Stream {
            ssrc: header.ssrc,
            base: header.sequence,
            highest: header.sequence,
            cycles: 0,
            last: now,
            received: 1,
            suspect: None,
            clock_hz,
            timestamp: header.timestamp,
            transit: ticks(now, clock_hz).wrapping_sub(header.timestamp),
            jitter: 0,
        });
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sequence {
    Counted {
        /// Of the highest number before; 0 for one that is no higher.
        ahead: u16,
    },
    Restarted,
    Wild,
}

impl Stream {
    fn count(&mut self, sequence: u16) -> Sequence {
        let mut ahead = sequence.wrapping_sub(self.highest);
        if ahead < MAX_DROPOUT {
            self.cycles = self.cycles.wrapping_add(u32::from(sequence < self.highest));
            self.highest = sequence;
        } else if ahead <= u16::MAX - MAX_MISORDER {
            if self.suspect == Some(sequence) {
                return Sequence::Restarted;
            }
            self.suspect = Some(sequence.wrapping_add(1));
            return Sequence::Wild;
        } else {
            ahead = 0;
        }
        self.suspect = None;
        self.received += 1;
        Sequence::Counted { ahead }
    }

    /// Packets that repeat a timestamp (keypad events, RFC 4733 §2.2.1) say nothing about jitter.
    fn measure(&mut self, now: Mono, header: &Header, clock_hz: u32) {
        self.last = now;
        if header.timestamp == self.timestamp {
            return;
        }
        let transit = ticks(now, clock_hz).wrapping_sub(header.timestamp);
        self.timestamp = header.timestamp;
        let before = std::mem::replace(&mut self.transit, transit);
        if clock_hz != self.clock_hz {
            self.clock_hz = clock_hz;
            return;
        }
        let difference = transit.wrapping_sub(before).cast_signed().unsigned_abs();
        // A jump of more than 10 s is a new timestamp base, not jitter.
        if difference < clock_hz.saturating_mul(10) {
            let faded = self.jitter.saturating_add(8) >> 4;
            self.jitter = self.jitter.saturating_add(difference).saturating_sub(faded);
        }
    }

    fn expected(&self) -> u64 {
        let highest = u64::from(self.cycles) << 16 | u64::from(self.highest);
        (highest + 1).saturating_sub(u64::from(self.base))
    }

    fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.received)
    }
}

fn ticks(now: Mono, clock_hz: u32) -> u32 {
    (u128::from(now.0) * u128::from(clock_hz) / 1_000_000) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(ssrc: u32, sequence: u16, timestamp: u32) -> Header {
        Header { payload_type: 0, marker: false, sequence, timestamp, ssrc, payload_octets: 160 }
    }

    fn after(packets: impl IntoIterator<Item = (u64, Header)>) -> Reception {
        let mut reception = Reception::default();
        for (ms, header) in packets {
            reception.take(Mono(ms * 1_000), &header, 8_000);
        }
        reception
    }

    fn in_order(sequences: &[u16]) -> Reception {
        after(sequences.iter().zip(0u32..).map(|(seq, n)| (u64::from(n) * 20, header(1, *seq, n * 160))))
    }

    #[test]
    fn loss_is_counted_over_a_wrap() {
        let reception = in_order(&[65_533, 65_534, 0, 1, 3]);
        assert_eq!((reception.packets, reception.lost()), (5, 2));
    }

    #[test]
    fn reordering_is_not_loss_and_duplicates_never_make_it_negative() {
        assert_eq!(in_order(&[1, 3, 2, 4]).lost(), 0);
        assert_eq!(in_order(&[1, 1, 1, 2]).lost(), 0);
    }

    /// Conformance M2: a forged source is not enough.
    #[test]
    fn packets_of_another_ssrc_beside_a_stream_that_goes_on_are_strays() {
        let mut reception = Reception::default();
        for n in 0..50_u16 {
            let at = Mono(u64::from(n) * 20_000);
            assert_eq!(reception.take(at, &header(1, n, 0), 8_000), Taken::Counted);
            for burst in 0..5 {
                assert_eq!(reception.take(at, &header(666, n * 5 + burst, 0), 8_000), Taken::Stray);
            }
        }
        assert_eq!(reception.packets, 50);
    }

    /// RFC 3550 §8.2: a sender may change its SSRC at any time.
    #[test]
    fn a_stream_that_takes_over_costs_less_than_its_first_three_packets() {
        let mut reception = Reception::default();
        let taken: Vec<Taken> = (0..6_u16)
            .map(|n| reception.take(Mono(u64::from(n) * 20_000), &header(1 + u32::from(n / 2), n, 0), 8_000))
            .collect();
        assert_eq!(taken[..2], [Taken::Counted; 2]);
        assert_eq!(taken[2..], [Taken::Stray; 4], "none of these goes on");
        let after: Vec<Taken> = (6..10_u16)
            .map(|n| reception.take(Mono(u64::from(n) * 20_000), &header(9, n, 0), 8_000))
            .collect();
        assert_eq!(after, [Taken::Stray, Taken::Stray, Taken::Counted, Taken::Counted]);
    }

    #[test]
    fn one_wild_number_is_ignored_and_two_in_a_row_restart_the_count() {
        assert_eq!(in_order(&[1, 2, 40_000, 3]).lost(), 0);
        assert_eq!(in_order(&[1, 2, 4, 40_000, 40_001, 40_003]).lost(), 2);
    }

    #[test]
    fn the_loss_of_a_stream_stays_when_the_next_begins() {
        let next = [(100, 900), (120, 901), (140, 902)].map(|(ms, number)| (ms, header(2, number, 0)));
        let reception = after([(0, header(1, 1, 0)), (40, header(1, 3, 320))].into_iter().chain(next));
        assert_eq!(reception.lost(), 1);
    }

    #[test]
    fn even_arrival_has_no_jitter_and_uneven_arrival_settles_near_its_spread() {
        assert_eq!(in_order(&[1, 2, 3, 4]).jitter_us(), 0);
        let uneven = (0u16..200).map(|n| {
            let late = u64::from(n % 2) * 5;
            (u64::from(n) * 20 + late, header(1, n, u32::from(n) * 160))
        });
        let jitter = after(uneven).jitter_us();
        assert!((4_500..=5_500).contains(&jitter), "{jitter}");
    }
}
