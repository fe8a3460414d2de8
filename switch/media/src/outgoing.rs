//! What a far end sees of us: one SSRC, one row of sequence numbers and one clock, whoever it hears.

use base::{Entropy, Mono};

use crate::rtp::{self, Header};

/// A source's numbers may run ahead this far, or fall behind, and still be the same row (RFC 3550 A.1).
const MAX_DROPOUT: u16 = 3_000;
const MAX_MISORDER: u16 = 100;
/// A timestamp further than this from where the clock should be is a new beginning of the source's clock.
const CLOCK_JUMP_MS: u32 = 2_000;
/// A pause longer than this is one that the far end has noticed: the clock runs on by as much.
const NOTICED_MS: u32 = 150;
/// The longest packet.
const PACKET_MS: u32 = 120;

/// Our identity towards one far end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outgoing {
    ssrc: u32,
    /// The number of the next packet.
    next: u16,
    /// Of the newest packet.
    timestamp: u32,
    /// How long the newest packet is, in ticks.
    step: u32,
    /// When the newest packet went out; `None` before the first.
    at: Option<Mono>,
    /// How the numbers of the source that is relayed become ours.
    line: Option<Line>,
    /// The next packet begins something new.
    mark: bool,
}

#[derive(Clone, Copy, Debug)]
struct Line {
    source: u32,
    ssrc: u32,
    /// Added to the source's.
    sequence: u16,
    /// Added to the source's.
    timestamp: u32,
}

/// The numbers of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: u32,
    pub(crate) marker: bool,
}

impl Numbers {
    /// The header of a packet with them.
    pub(crate) fn header(&self, payload_type: u8) -> [u8; 12] {
        rtp::header(payload_type, self.marker, self.sequence, self.timestamp, self.ssrc)
    }
}

/// Whether a packet's timestamp says when it was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clocked {
    /// It does.
    Running,
    /// It stands still for as long as an event lasts (RFC 4733 §2.2.1).
    Standing,
}

impl Outgoing {
    pub(crate) fn new(entropy: &mut dyn Entropy) -> Self {
        let (ssrc, start) = (entropy.next_u32(), entropy.next_u64());
        Self {
            ssrc,
            // Low, so that a far end that misses the first packets has not missed a wrap (RFC 3711 §3.3.1).
            next: start as u16 >> 1,
            timestamp: (start >> 16) as u32,
            step: 0,
            at: None,
            line: None,
            mark: true,
        }
    }

    /// Whose numbers became ours last.
    pub(crate) fn source(&self) -> Option<u32> {
        self.line.map(|line| line.source)
    }

    /// That one has another slot from now on; `None` for none at all.
    pub(crate) fn follow(&mut self, source: Option<u32>) {
        self.line = self.line.and_then(|line| Some(Line { source: source?, ..line }));
    }

    pub(crate) fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The timestamp that a sample taken at `now` would have; for reports (RFC 3550 §6.4.1).
    pub(crate) fn timestamp_at(&self, now: Mono, clock_hz: u32) -> u32 {
        self.at.map_or(self.timestamp, |at| self.timestamp.wrapping_add(ticks_since(now, at, clock_hz)))
    }

    /// Numbers for a packet of `source` that is passed on. What the source lost or sent out of order stays so.
    pub(crate) fn relay(
        &mut self,
        now: Mono,
        source: u32,
        header: &Header,
        clock_hz: u32,
        clocked: Clocked,
    ) -> Numbers {
        let known = self.line.filter(|line| line.source == source && line.ssrc == header.ssrc);
        let row = known.filter(|line| self.is_of_row(header.sequence.wrapping_add(line.sequence)));
        let mut line = row.unwrap_or_else(|| {
            self.mark = true;
            Line {
                source,
                ssrc: header.ssrc,
                sequence: self.next.wrapping_sub(header.sequence),
                timestamp: 0,
            }
        });
        let due = self.timestamp_due(now, clock_hz);
        let timestamp = header.timestamp.wrapping_add(line.timestamp);
        let drift = timestamp.wrapping_sub(due).cast_signed().unsigned_abs();
        let jumped = clocked == Clocked::Running && drift > rtp::ticks(clock_hz, CLOCK_JUMP_MS);
        if row.is_none() || jumped {
            line.timestamp = due.wrapping_sub(header.timestamp);
        }
        self.line = Some(line);
        let numbers = Numbers {
            sequence: header.sequence.wrapping_add(line.sequence),
            timestamp: header.timestamp.wrapping_add(line.timestamp),
            ssrc: self.ssrc,
            marker: header.marker | std::mem::take(&mut self.mark),
        };
        self.note(now, &numbers, clock_hz);
        numbers
    }

    /// A packet of the source was not passed on: the far end shall not take it for a lost one.
    pub(crate) fn leave_out(&mut self, source: u32, header: &Header) {
        let next = self.next;
        if let Some(line) = &mut self.line
            && line.source == source
            && line.ssrc == header.ssrc
            && header.sequence.wrapping_add(line.sequence) == next
        {
            line.sequence = line.sequence.wrapping_sub(1);
        }
    }

    /// Numbers for a packet of our own, `ticks` long.
    pub(crate) fn own(&mut self, now: Mono, ticks: u32, clock_hz: u32) -> Numbers {
        let timestamp = self.timestamp_due(now, clock_hz);
        self.line = None;
        let numbers = Numbers {
            sequence: self.next,
            timestamp,
            ssrc: self.ssrc,
            marker: std::mem::take(&mut self.mark),
        };
        self.note(now, &numbers, clock_hz);
        self.step = ticks;
        numbers
    }

    /// The timestamp of what is sent `ticks` after all that was sent so far.
    pub(crate) fn timestamp_after(&self, now: Mono, ticks: u32, clock_hz: u32) -> u32 {
        self.timestamp_due(now, clock_hz).wrapping_add(ticks)
    }

    /// Numbers for a packet that takes no time of the audio beside it: one of an event (RFC 4733 §2.2.1).
    pub(crate) fn beside(&mut self, now: Mono, timestamp: u32, marker: bool) -> Numbers {
        let sequence = self.next;
        self.next = sequence.wrapping_add(1);
        self.at.get_or_insert(now);
        if let Some(line) = &mut self.line {
            line.sequence = line.sequence.wrapping_add(1);
        }
        Numbers { sequence, timestamp, ssrc: self.ssrc, marker }
    }

    /// Nothing is sent for the next `ticks`.
    pub(crate) fn pause(&mut self, ticks: u32) {
        self.step = self.step.wrapping_add(ticks);
        self.mark = true;
    }

    /// What follows is not what went before: another source, or sound after a pause.
    pub(crate) fn begin(&mut self) {
        self.mark = true;
    }

    /// Where the clock stands for the packet that follows the newest one: right behind it, later after a pause.
    fn timestamp_due(&self, now: Mono, clock_hz: u32) -> u32 {
        let Some(at) = self.at else { return self.timestamp };
        let behind = self.timestamp.wrapping_add(self.step);
        let elapsed = ticks_since(now, at, clock_hz);
        let noticed = self.step.saturating_add(rtp::ticks(clock_hz, NOTICED_MS));
        if elapsed > noticed { self.timestamp.wrapping_add(elapsed) } else { behind }
    }

    fn is_of_row(&self, sequence: u16) -> bool {
        let ahead = sequence.wrapping_sub(self.next);
        !(MAX_DROPOUT..=u16::MAX - MAX_MISORDER).contains(&ahead)
    }

    fn note(&mut self, now: Mono, numbers: &Numbers, clock_hz: u32) {
        let ahead = numbers.sequence.wrapping_sub(self.next);
        if ahead >= MAX_DROPOUT && self.at.is_some() {
            return;
        }
        let step = numbers.timestamp.wrapping_sub(self.timestamp);
        if ahead == 0 && (1..=rtp::ticks(clock_hz, PACKET_MS)).contains(&step) {
            self.step = step;
        }
        self.next = numbers.sequence.wrapping_add(1);
        if self.timestamp != numbers.timestamp || self.at.is_none() {
            self.at = Some(now);
        }
        self.timestamp = numbers.timestamp;
    }
}

fn ticks_since(now: Mono, at: Mono, clock_hz: u32) -> u32 {
    (now.since(at).as_micros() * u128::from(clock_hz) / 1_000_000) as u32
}

#[cfg(test)]
mod tests {
    use base::testing::Counting;

    use super::*;

    fn header(ssrc: u32, sequence: u16, timestamp: u32) -> Header {
        Header { payload_type: 0, marker: false, sequence, timestamp, ssrc, payload_octets: 160 }
    }

    struct Line8 {
        out: Outgoing,
        base: Numbers,
    }

    /// Source 1 has been relayed from number 100 and timestamp 16,000 on, three packets of 20 ms.
    fn three() -> Line8 {
        let mut out = Outgoing::new(&mut Counting::default());
        let at = |n: u16| Mono(u64::from(n) * 20_000);
        let base = out.relay(at(0), 1, &header(7, 100, 16_000), 8_000, Clocked::Running);
        assert!(base.marker);
        for n in 1..3_u16 {
            let packet = header(7, 100 + n, 16_000 + u32::from(n) * 160);
            let numbers = out.relay(at(n), 1, &packet, 8_000, Clocked::Running);
            assert_eq!(offset(base, numbers), (n, u32::from(n) * 160, false));
        }
        Line8 { out, base }
    }

    fn offset(base: Numbers, numbers: Numbers) -> (u16, u32, bool) {
        assert_eq!(base.ssrc, numbers.ssrc);
        let sequence = numbers.sequence.wrapping_sub(base.sequence);
        (sequence, numbers.timestamp.wrapping_sub(base.timestamp), numbers.marker)
    }

    #[test]
    fn gaps_and_reordering_of_a_source_stay_what_they_are() {
        let Line8 { mut out, base } = three();
        for (n, sequence) in [(6_u64, 106_u16), (7, 105), (8, 107)] {
            let packet = header(7, sequence, 16_000 + u32::from(sequence - 100) * 160);
            let numbers = out.relay(Mono(n * 20_000), 1, &packet, 8_000, Clocked::Running);
            let n = sequence - 100;
            assert_eq!(offset(base, numbers), (n, u32::from(n) * 160, false));
        }
    }

    /// RFC 3550 §5.1: one SSRC, whose numbers rise by one and whose clock runs with time.
    #[test]
    fn another_source_goes_on_where_the_one_before_it_stopped() {
        let Line8 { mut out, base } = three();
        let next = out.relay(Mono(60_000), 2, &header(9, 60_000, 5), 8_000, Clocked::Running);
        assert_eq!(offset(base, next), (3, 480, true));
        let later = out.relay(Mono(1_060_000), 1, &header(7, 200, 0), 8_000, Clocked::Running);
        assert_eq!(offset(base, later), (4, 480 + 8_000, true));
    }

    #[test]
    fn a_source_that_restarts_its_numbers_or_its_clock_is_followed_without_a_jump() {
        let Line8 { mut out, base } = three();
        let restarted = out.relay(Mono(60_000), 1, &header(7, 50_009, 777_777), 8_000, Clocked::Running);
        assert_eq!(offset(base, restarted), (3, 480, true));
        let jumped = out.relay(Mono(80_000), 1, &header(7, 50_010, 5), 8_000, Clocked::Running);
        assert_eq!(offset(base, jumped), (4, 640, false));
    }

    /// RFC 3551 §4.1: silence suppression is a jump of the timestamp, not of the sequence number.
    #[test]
    fn a_pause_of_the_source_stays_a_pause() {
        let Line8 { mut out, base } = three();
        let packet = header(7, 103, 16_000 + 8_000 * 5);
        let numbers = out.relay(Mono(5_000_000), 1, &packet, 8_000, Clocked::Running);
        assert_eq!(offset(base, numbers), (3, 40_000, false));
    }

    /// RFC 4733 §2.2.1.
    #[test]
    fn the_timestamp_of_a_long_event_stands_still() {
        let Line8 { mut out, base } = three();
        for n in 0..500_u16 {
            let packet = header(7, 103 + n, 16_000 + 480);
            let numbers =
                out.relay(Mono(60_000 + u64::from(n) * 20_000), 1, &packet, 8_000, Clocked::Standing);
            assert_eq!(offset(base, numbers), (3 + n, 480, false));
        }
    }

    #[test]
    fn a_packet_left_out_leaves_no_gap() {
        let Line8 { mut out, base } = three();
        out.leave_out(1, &header(7, 103, 16_480));
        let numbers = out.relay(Mono(80_000), 1, &header(7, 104, 16_640), 8_000, Clocked::Running);
        assert_eq!(offset(base, numbers), (3, 640, false));
    }

    /// The clock of an encoding that is only passed on is what SDP said.
    #[test]
    fn no_clock_is_too_slow_or_too_fast() {
        for clock_hz in [0, 1, 7_999, u32::MAX] {
            let mut out = Outgoing::new(&mut Counting::default());
            for n in 0..5_u16 {
                let now = Mono(u64::from(n) * 3_000_000);
                let packet = header(7, n, u32::from(n).wrapping_mul(0x7fff_ffff));
                let relayed = out.relay(now, 1, &packet, clock_hz, Clocked::Running);
                out.pause(u32::MAX);
                let own = out.own(now, u32::MAX, clock_hz);
                assert_eq!(own.sequence, relayed.sequence.wrapping_add(1));
            }
        }
    }

    #[test]
    fn our_own_packets_follow_relayed_ones_and_the_other_way_round() {
        let Line8 { mut out, base } = three();
        assert_eq!(offset(base, out.own(Mono(100_000), 160, 8_000)), (3, 480, false));
        assert_eq!(offset(base, out.own(Mono(120_000), 160, 8_000)), (4, 640, false));
        let relayed = out.relay(Mono(125_000), 1, &header(7, 107, 17_120), 8_000, Clocked::Running);
        assert_eq!(offset(base, relayed), (5, 800, true));
    }
}
