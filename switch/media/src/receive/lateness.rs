//! How unevenly packets come, and how long they must wait so that almost all are there in time.
//!
//! The fastest packets of the last two seconds draw a line from timestamps to the times at which those could be here.
//! How far each packet lies behind that line goes into a histogram that forgets. A far clock that runs fast or slow tilts
//! the line, so drift needs no measure of its own: the delay behind the line is what is kept even.

use std::time::Duration;

use base::{Mono, limits};

/// Width of a bucket.
const BUCKET_US: i64 = 5_000;
const BUCKETS: usize = 41;
/// Part of the histogram that stays with each packet: it halves in 230.
const KEPT: f32 = 0.997;
/// Part of the packets that must be in time.
const IN_TIME: f32 = 0.97;
/// The least delay before so many packets have come.
const UNKNOWN: Duration = Duration::from_millis(40);
const KNOWN: u32 = 50;
/// The line is drawn by the fastest of so many spans.
const SPANS: usize = 4;
const SPAN: Duration = Duration::from_millis(500);
/// A packet so far from the line begins another line: timestamps have jumped.
const JUMP_US: i64 = 1_000_000;

/// Arrival of one stream's packets.
#[derive(Clone, Debug)]
pub(super) struct Lateness {
    clock_hz: u32,
    /// The last timestamp, and the same without wraps.
    last: Option<(u32, i64)>,
    /// The least transit of each span in microseconds, the latest first.
    least: [Option<i64>; SPANS],
    span_began: Mono,
    histogram: [f32; BUCKETS],
    packets: u32,
    target_us: i64,
}

impl Lateness {
    pub(super) fn new() -> Self {
        Self {
            clock_hz: 8_000,
            last: None,
            least: [None; SPANS],
            span_began: Mono(0),
            histogram: [0.0; BUCKETS],
            packets: 0,
            target_us: limits::JITTER_LEAST.max(UNKNOWN).as_micros() as i64,
        }
    }

    /// Another stream begins: its line is unknown, its unevenness is likely the same.
    pub(super) fn begin(&mut self, clock_hz: u32) {
        self.clock_hz = clock_hz.max(1);
        self.last = None;
        self.least = [None; SPANS];
    }

    /// Takes the arrival of a packet.
    pub(super) fn measure(&mut self, now: Mono, timestamp: u32) {
        let mut ticks = self.unwrapped(timestamp);
        let transit = self.transit(now, ticks);
        let behind = self.line().map_or(0, |line| transit.saturating_sub(line));
        if behind.saturating_abs() > JUMP_US {
            // Counted anew, so that the sum of jumps has no end to reach.
            ticks = i64::from(timestamp);
            self.least = [None; SPANS];
            self.draw(now, self.transit(now, ticks));
        } else {
            self.draw(now, transit);
            self.count(behind.max(0));
        }
        self.last = Some((timestamp, ticks));
    }

    /// How long after it could have been here a sample plays that plays at `at`; `None` before the first packet.
    pub(super) fn delay_us(&self, at: Mono, timestamp: u32) -> Option<i64> {
        let line = self.line()?;
        Some(self.transit(at, self.unwrapped(timestamp)).saturating_sub(line))
    }

    /// The delay that is wanted, at least `least`.
    pub(super) fn target_us(&self, least: Duration) -> i64 {
        let unknown = if self.packets < KNOWN { UNKNOWN } else { limits::JITTER_LEAST };
        let least = least.max(unknown).as_micros() as i64;
        self.target_us.clamp(least, limits::JITTER_MOST.as_micros() as i64)
    }

    fn draw(&mut self, now: Mono, transit: i64) {
        if now.since(self.span_began) >= SPAN {
            self.span_began = now;
            self.least.rotate_right(1);
            self.least[0] = None;
        }
        self.least[0] = Some(self.least[0].map_or(transit, |least| least.min(transit)));
    }

    fn line(&self) -> Option<i64> {
        self.least.iter().flatten().min().copied()
    }

    /// Those that no delay would help do not count.
    fn count(&mut self, behind: i64) {
        if behind > limits::JITTER_MOST.as_micros() as i64 {
            return;
        }
        self.packets = self.packets.saturating_add(1);
        let kept = KEPT.min(1.0 - 1.0 / self.packets as f32);
        self.histogram.iter_mut().for_each(|share| *share *= kept);
        let bucket = usize::try_from(behind / BUCKET_US).unwrap_or(0).min(BUCKETS - 1);
        self.histogram[bucket] += 1.0 - kept;
        let mut share = 0.0;
        let enough = self.histogram.iter().position(|part| {
            share += part;
            share >= IN_TIME
        });
        self.target_us = (enough.unwrap_or(BUCKETS - 1) as i64 + 1) * BUCKET_US;
    }

    fn unwrapped(&self, timestamp: u32) -> i64 {
        self.last.map_or_else(
            || i64::from(timestamp),
            |(last, ticks)| ticks.saturating_add(i64::from(timestamp.wrapping_sub(last).cast_signed())),
        )
    }

    /// From the moment of so many ticks to `at`, in microseconds.
    fn transit(&self, at: Mono, ticks: i64) -> i64 {
        let taken = i128::from(ticks) * 1_000_000 / i128::from(self.clock_hz);
        let transit = i128::from(at.0) - taken;
        i64::try_from(transit).unwrap_or(if transit < 0 { i64::MIN } else { i64::MAX })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target_after(lateness_ms: impl Fn(u32) -> u64, packets: u32) -> i64 {
        let mut lateness = Lateness::new();
        lateness.begin(8_000);
        for n in 0..packets {
            let at = Mono((u64::from(n) * 20 + lateness_ms(n)) * 1_000);
            lateness.measure(at, 5_000_u32.wrapping_add(n * 160));
        }
        lateness.target_us(limits::JITTER_LEAST) / 1_000
    }

    #[test]
    fn even_packets_wait_the_least_and_uneven_ones_as_long_as_nearly_all_need() {
        assert_eq!(target_after(|_| 0, 200), 20);
        assert_eq!(target_after(|n| u64::from(n * 37 % 61), 500), 60);
        assert_eq!(target_after(|n| u64::from(n * 37 % 201), 500), 200);
    }

    #[test]
    fn one_late_packet_in_a_hundred_is_left_behind() {
        assert_eq!(target_after(|n| if n % 100 == 0 { 150 } else { 0 }, 1_000), 20);
    }

    #[test]
    fn timestamps_that_jump_for_ever_add_up_to_nothing() {
        let mut lateness = Lateness::new();
        lateness.begin(8_000);
        for n in 0..10_000_u32 {
            let at = Mono(u64::from(n) * 1_000);
            lateness.measure(at, n.wrapping_mul(0x7fff_ffff));
            let delay = lateness.delay_us(at, n.wrapping_mul(0x7fff_ffff));
            assert!(delay.is_some_and(|delay| delay.abs() < 1 << 40), "{delay:?}");
        }
        assert!(lateness.last.is_some_and(|(_, ticks)| ticks.abs() < 1 << 40));
    }

    /// RFC 3550 §5.1: timestamps wrap.
    #[test]
    fn a_wrap_of_timestamps_is_no_jump_and_a_jump_begins_another_line() {
        let mut lateness = Lateness::new();
        lateness.begin(8_000);
        lateness.measure(Mono(0), u32::MAX - 79);
        lateness.measure(Mono(20_000), 80);
        assert_eq!(lateness.delay_us(Mono(50_000), 80), Some(30_000));
        lateness.measure(Mono(40_000), 3_000_000_000);
        assert_eq!(lateness.delay_us(Mono(50_000), 3_000_000_000), Some(10_000));
    }
}
