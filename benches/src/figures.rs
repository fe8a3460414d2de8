//! Distributions, and the report of one run as people and programs read it.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// The longest duration told apart from longer ones.
const LONGEST_NS: u64 = 60_000_000_000;

/// Durations in nanoseconds, three significant digits.
#[derive(Debug, Clone)]
pub struct Spread(Histogram<u64>);

impl Default for Spread {
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, LONGEST_NS, 3).expect("constant bounds are valid"))
    }
}

impl Spread {
    /// Adds one duration; longer than a minute counts as a minute.
    pub fn record(&mut self, ns: u64) {
        self.0.saturating_record(ns);
    }

    /// Adds all of another's.
    pub fn merge(&mut self, other: &Self) {
        self.0.add(&other.0).expect("both have the same bounds");
    }

    /// The summary that is reported; `None` when nothing was recorded.
    pub fn percentiles(&self) -> Option<Percentiles> {
        let ms = |ns: u64| (ns as f64 / 1_000_000.0 * 10_000.0).round() / 10_000.0;
        (!self.0.is_empty()).then(|| Percentiles {
            count: self.0.len(),
            p50_ms: ms(self.0.value_at_quantile(0.50)),
            p90_ms: ms(self.0.value_at_quantile(0.90)),
            p99_ms: ms(self.0.value_at_quantile(0.99)),
            max_ms: ms(self.0.max()),
        })
    }
}

/// One distribution in milliseconds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Percentiles {
    /// Durations recorded.
    pub count: u64,
    /// Median.
    pub p50_ms: f64,
    /// 90th percentile.
    pub p90_ms: f64,
    /// 99th percentile.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

/// What happened to the calls or registrations of a run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Begun.
    pub offered: u64,
    /// Answered (a registration: accepted).
    pub answered: u64,
    /// Ended with BYE and its 200 at both ends (a registration: accepted).
    pub complete: u64,
    /// Refused, by status code.
    pub refused: BTreeMap<u16, u64>,
    /// Given up without a final answer.
    pub timed_out: u64,
    /// Answered, then not released properly: no 200 to our BYE, or no BYE at the far end.
    pub stuck: u64,
    /// Answered, but the switch's SDP leads nowhere or straight to the other end.
    pub unanchored: u64,
    /// Requests and answers that we had to send again.
    pub resent: u64,
    /// Messages that belong to nothing we know.
    pub strange: u64,
}

impl Outcome {
    /// Whatever was offered and did not run to its proper end.
    pub fn failed(&self) -> u64 {
        self.offered.saturating_sub(self.complete)
    }
}

/// RTP of a run, both directions.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Packets {
    /// Sent while measuring.
    pub sent: u64,
    /// Of these, received at the other end.
    pub received: u64,
    /// Received at the wrong end or unreadable.
    pub misdelivered: u64,
    /// Received after a later one of the same stream.
    pub reordered: u64,
    /// One way, sender's stamp to receiver's read.
    pub latency: Option<Percentiles>,
    /// The worst delay of the generator's own schedule; above a few ms the run says little.
    pub generator_late_ms: f64,
}

/// CPU and memory of the process under load.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Cost {
    /// CPU while measuring, ms.
    pub cpu_ms: f64,
    /// Wall time while measuring, s.
    pub wall_s: f64,
    /// CPU per call or registration offered, ms.
    pub cpu_ms_each: Option<f64>,
    /// CPU per second that one call was up, ms.
    pub cpu_ms_per_call_second: Option<f64>,
    /// Resident before the first call, bytes.
    pub idle_bytes: u64,
    /// Resident at the peak, bytes.
    pub peak_bytes: u64,
    /// Growth per call up or registration, bytes.
    pub bytes_each: Option<f64>,
}

/// Hostile packets and what they got.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Flood {
    /// Packets sent.
    pub sent: u64,
    /// Their octets.
    pub octets_sent: u64,
    /// Packets that came back.
    pub answers: u64,
    /// Their octets.
    pub octets_heard: u64,
}

/// How long wrong passwords take to be refused: for users there are, and for users there are not.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Guesses {
    /// REGISTER.
    pub register: [Percentiles; 2],
    /// INVITE.
    pub invite: [Percentiles; 2],
}

/// What those who watch a line were told, and how late.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Lamps {
    /// NOTIFYs that all states of all calls make.
    pub expected: u64,
    /// Those that came.
    pub notifies: u64,
    /// From the phone's 180 to each NOTIFY.
    pub early: Option<Percentiles>,
    /// From its 200.
    pub confirmed: Option<Percentiles>,
    /// From the caller's BYE.
    pub over: Option<Percentiles>,
}

/// The whole of one run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Report {
    /// `calls`, `live`, `bare`, `flood`, `guess`, `lamps` or `register`.
    pub mode: String,
    /// What became of what was offered.
    pub outcome: Outcome,
    /// INVITE sent to first 18x at the caller (post-dial delay).
    pub post_dial: Option<Percentiles>,
    /// INVITE sent to 200 at the caller; for registrations REGISTER sent to final 200.
    pub setup: Option<Percentiles>,
    /// INVITE sent by the caller to INVITE seen by the callee: one way through the switch.
    pub through: Option<Percentiles>,
    /// BYE sent by the caller to BYE seen by the callee.
    pub release: Option<Percentiles>,
    /// RTP, when there was any.
    pub packets: Option<Packets>,
    /// Hostile packets, when there were any.
    #[serde(default)]
    pub flood: Option<Flood>,
    /// Wrong passwords, when there were any.
    #[serde(default)]
    pub guesses: Option<Guesses>,
    /// Lamps, when there were any.
    #[serde(default)]
    pub lamps: Option<Lamps>,
    /// Cost, when a pid was given.
    pub cost: Option<Cost>,
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Outcome { offered, answered, complete, refused, timed_out, stuck, unanchored, resent, strange } =
            &self.outcome;
        if let Some(Flood { sent, octets_sent, answers, octets_heard }) = &self.flood {
            writeln!(
                f,
                "flood: {sent} packets ({octets_sent} octets), {answers} answers ({octets_heard} octets)"
            )?;
        } else {
            writeln!(f, "{}: {offered} offered, {answered} answered, {complete} complete", self.mode)?;
        }
        if self.outcome.failed() > 0 || *resent > 0 || *strange > 0 {
            writeln!(
                f,
                "  refused {refused:?}, timed out {timed_out}, stuck {stuck}, resent {resent}, strange {strange}"
            )?;
        }
        if *unanchored > 0 {
            writeln!(f, "  {unanchored} calls with media that does not pass the switch")?;
        }
        let spreads = [
            ("post-dial", self.post_dial),
            ("setup", self.setup),
            ("INVITE through", self.through),
            ("BYE through", self.release),
            ("RTP one way", self.packets.as_ref().and_then(|packets| packets.latency)),
            ("REGISTER, user", self.guesses.map(|guesses| guesses.register[0])),
            ("REGISTER, nobody", self.guesses.map(|guesses| guesses.register[1])),
            ("INVITE, user", self.guesses.map(|guesses| guesses.invite[0])),
            ("INVITE, nobody", self.guesses.map(|guesses| guesses.invite[1])),
            ("lamp, rings", self.lamps.and_then(|lamps| lamps.early)),
            ("lamp, talks", self.lamps.and_then(|lamps| lamps.confirmed)),
            ("lamp, free", self.lamps.and_then(|lamps| lamps.over)),
        ];
        for (name, spread) in spreads {
            let Some(Percentiles { p50_ms, p90_ms, p99_ms, max_ms, .. }) = spread else { continue };
            writeln!(
                f,
                "  {name:<16} p50 {p50_ms:.3}  p90 {p90_ms:.3}  p99 {p99_ms:.3}  max {max_ms:.3} ms"
            )?;
        }
        if let Some(Packets { sent, received, misdelivered, reordered, generator_late_ms, .. }) =
            &self.packets
        {
            let lost = sent.saturating_sub(*received);
            writeln!(
                f,
                "  RTP sent {sent}, lost {lost}, misdelivered {misdelivered}, reordered {reordered}; generator late at most {generator_late_ms:.1} ms"
            )?;
        }
        self.cost.as_ref().map_or(Ok(()), |cost| write_cost(f, cost))
    }
}

fn write_cost(f: &mut std::fmt::Formatter<'_>, cost: &Cost) -> std::fmt::Result {
    let kib = |bytes: f64| bytes / 1_024.0;
    write!(f, "  CPU {:.1} ms in {:.2} s", cost.cpu_ms, cost.wall_s)?;
    if let Some(each) = cost.cpu_ms_each {
        write!(f, ", {each:.4} ms each")?;
    }
    if let Some(second) = cost.cpu_ms_per_call_second {
        write!(f, ", {second:.4} ms per live call-second")?;
    }
    write!(
        f,
        "\n  resident {:.0} KiB idle, {:.0} KiB peak",
        kib(cost.idle_bytes as f64),
        kib(cost.peak_bytes as f64)
    )?;
    if let Some(each) = cost.bytes_each {
        write!(f, ", {:.2} KiB each", kib(each))?;
    }
    writeln!(f)
}
