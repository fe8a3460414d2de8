//! When we report, and what a report needs to know of those before it.
//!
//! With two members and reports of some hundred octets, five percent of the least telephone codec are never reached: the
//! interval is the minimum of RFC 3550 §6.2, halved before the first report, spread evenly from half to one and a half,
//! and divided by e − 3/2. When it is over, it is drawn again (reconsideration, §6.3.6), so that the reports of calls
//! that began together do not stay together.

use std::time::Duration;

use base::{Entropy, Mono};

use super::read::Report;

/// The least interval between two reports, before the drawing (RFC 3550 §6.2).
const INTERVAL: Duration = Duration::from_secs(5);
/// e − 3/2, which makes up for the shortening by reconsideration (§6.3.1).
const COMPENSATION: f64 = 1.218_28;

/// One leg's reporting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Session {
    /// Our name in this one stream.
    cname: u64,
    /// When the last report went out, or reporting began.
    last: Option<Mono>,
    due: Option<Mono>,
    /// A report has gone out.
    begun: bool,
    /// Packets we had sent by then.
    sent: u64,
    /// Of the far end, by then: those due, and those that came.
    expected: u64,
    received: u64,
    /// The far end's last sender report and reference time: the middle of its clock, and when it came.
    far_report: Option<(u32, Mono)>,
    far_reference: Option<(u32, Mono)>,
    /// The far end makes extended reports, so it reads them.
    extended: bool,
}

impl Session {
    pub(crate) fn new(entropy: &mut dyn Entropy) -> Self {
        Self {
            cname: entropy.next_u64(),
            last: None,
            due: None,
            begun: false,
            sent: 0,
            expected: 0,
            received: 0,
            far_report: None,
            far_reference: None,
            extended: false,
        }
    }

    /// Media was agreed: reports are due from now on.
    pub(crate) fn begin(&mut self, now: Mono, entropy: &mut dyn Entropy) {
        if self.due.is_none() {
            self.last = Some(now);
            self.due = Some(now + self.interval(entropy));
        }
    }

    /// When the next report is to be thought of.
    pub(crate) fn due(&self) -> Option<Mono> {
        self.due
    }

    /// Whether a report is to go out now; if it is not yet time, or after it, the next one is put off.
    pub(crate) fn is_time(&mut self, now: Mono, entropy: &mut dyn Entropy) -> bool {
        if self.due.is_none_or(|due| now < due) {
            return false;
        }
        let last = self.last.unwrap_or(now);
        let again = last + self.interval(entropy);
        if again > now {
            self.due = Some(again);
            return false;
        }
        (self.begun, self.last) = (true, Some(now));
        self.due = Some(now + self.interval(entropy));
        true
    }

    /// Whether we have sent since the report before: only then it is a sender report (RFC 3550 §6.4).
    pub(crate) fn sends(&mut self, sent: u64) -> bool {
        std::mem::replace(&mut self.sent, sent) != sent
    }

    /// The share of packets lost since the report before, in 256ths (RFC 3550 A.3).
    pub(crate) fn fraction_lost(&mut self, expected: u64, received: u64) -> u8 {
        let due = expected.saturating_sub(self.expected);
        let came = received.saturating_sub(self.received);
        (self.expected, self.received) = (expected, received);
        let lost = due.saturating_sub(came);
        (lost * 256).checked_div(due).map_or(0, |fraction| fraction.min(255) as u8)
    }

    /// A report of the far end came.
    pub(crate) fn hear(&mut self, now: Mono, report: &Report) {
        self.extended |= report.extended;
        self.far_report = report.sent_at.map(|at| (at, now)).or(self.far_report);
        self.far_reference = report.reference.map(|at| (at, now)).or(self.far_reference);
    }

    /// The far end's last sender report and how long ago it came, in 1/65536 s; zeros before the first.
    pub(crate) fn last_report(&self, now: Mono) -> (u32, u32) {
        self.far_report.map_or((0, 0), |heard| since(now, heard))
    }

    /// The same of its reference time.
    pub(crate) fn last_reference(&self, now: Mono) -> Option<(u32, u32)> {
        self.far_reference.map(|heard| since(now, heard))
    }

    pub(crate) fn is_extended(&self) -> bool {
        self.extended
    }

    /// Whether any report went out, so that the far end knows us (RFC 3550 §6.3.7).
    pub(crate) fn has_reported(&self) -> bool {
        self.begun
    }

    pub(crate) fn cname(&self) -> u64 {
        self.cname
    }

    fn interval(&self, entropy: &mut dyn Entropy) -> Duration {
        let least = if self.begun { INTERVAL } else { INTERVAL / 2 };
        let spread = 0.5 + f64::from(entropy.next_u32()) / f64::from(u32::MAX);
        least.mul_f64(spread / COMPENSATION)
    }
}

fn since(now: Mono, (middle, at): (u32, Mono)) -> (u32, u32) {
    let delay = now.since(at).as_micros() * 65_536 / 1_000_000;
    (middle, u32::try_from(delay).unwrap_or(u32::MAX))
}

/// Time since the process began, as reports write it: seconds and their 2³²nd parts. Who has no wall clock may use that
/// (RFC 3550 §6.4.1), and nobody learns from it how ours is set.
pub(crate) fn ntp(now: Mono) -> u64 {
    (u128::from(now.0) * (1 << 32) / 1_000_000) as u64
}

/// The part of it by which far ends refer to it.
pub(crate) fn middle(ntp: u64) -> u32 {
    (ntp >> 16) as u32
}

#[cfg(test)]
mod tests {
    use base::testing::Seeded;

    use super::*;

    /// RFC 3550 §6.2, §6.3.1, §6.3.6.
    #[test]
    fn reports_are_some_five_seconds_apart_never_in_step_and_the_first_comes_sooner() {
        let mut entropy = Seeded::new(5);
        let mut session = Session::new(&mut entropy);
        session.begin(Mono(0), &mut entropy);
        let mut times = Vec::new();
        for ms in 0..600_000_u64 {
            if session.is_time(Mono(ms * 1_000), &mut entropy) {
                times.push(ms);
            }
        }
        assert!((1_000..=3_200).contains(&times[0]), "{}", times[0]);
        let gaps: Vec<u64> = times.windows(2).map(|two| two[1] - two[0]).collect();
        assert!(gaps.iter().all(|gap| (2_040..=6_200).contains(gap)), "{gaps:?}");
        assert!((100..200).contains(&times.len()), "{}", times.len());
    }

    #[test]
    fn the_share_of_loss_is_of_the_time_since_the_last_report() {
        let mut session = Session::new(&mut Seeded::new(5));
        assert_eq!(session.fraction_lost(100, 75), 64);
        assert_eq!(session.fraction_lost(200, 175), 0);
        assert_eq!(session.fraction_lost(200, 180), 0, "duplicates are no gain");
        assert_eq!(session.fraction_lost(300, 180), 255);
    }

    #[test]
    fn times_in_reports_are_seconds_and_their_parts() {
        assert_eq!(ntp(Mono(1_500_000)), 0x0000_0001_8000_0000);
        assert_eq!(middle(ntp(Mono(1_500_000))), 0x0001_8000);
    }
}
