//! Runs of calls: many one after the other, many at the same time, and RTP alone.

use std::io;
use std::time::Duration;

use crate::call::Setup;
use crate::clock;
use crate::figures::{Cost, Outcome, Report};
use crate::load::Load;
use crate::plane::{Plan, Plane};
use crate::process::{self, Cpu};

/// Time for a switch to write its records after the last call.
const LINGER: Duration = Duration::from_millis(1_500);
/// Time for the last packets to arrive.
const ARRIVAL: Duration = Duration::from_millis(300);
const SAMPLE: Duration = Duration::from_millis(250);

/// Calls one after the other at a rate.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Calls per second, above zero.
    pub rate: f64,
    /// How many calls.
    pub count: u32,
    /// From answer to BYE.
    pub hold: Duration,
}

/// Calls at the same time.
#[derive(Debug, Clone, Copy)]
pub struct Crowd {
    /// Calls per second while they are set up, above zero.
    pub rate: f64,
    /// How many calls.
    pub count: u32,
    /// Time between the last answer and the measurement.
    pub settle: Duration,
    /// The measurement.
    pub span: Duration,
}

/// Places `pace.count` calls; measures setup and CPU per call.
pub fn run_calls(setup: Setup, pace: Pace, pid: Option<u32>) -> io::Result<Report> {
    let mut load = Load::new(setup.clone())?;
    let mut meter = pid.map(Meter::new).transpose()?;
    let begun = clock::nanos();
    let whole = Duration::from_secs_f64(f64::from(pace.count) / pace.rate);
    let last = begun + clock::span_ns(whole + pace.hold + setup.give_up * 2 + setup.ring);
    let mut next_sample = begun;
    while load.outcome.offered < u64::from(pace.count) || load.live() > 0 {
        let now = clock::nanos();
        if now > last {
            break;
        }
        let due = place_due(&mut load, begun, pace.rate, pace.count, Some(pace.hold));
        sample(&mut meter, &mut next_sample)?;
        load.turn(due.min(next_sample))?;
    }
    linger(&mut load, LINGER)?;
    let mut cost = meter.as_mut().map(Meter::cost).transpose()?;
    let mut report = report("calls", load)?;
    if let Some(cost) = &mut cost {
        cost.cpu_ms_each = Some(cost.cpu_ms / f64::from(pace.count.max(1)));
    }
    report.cost = cost;
    Ok(report)
}

/// Sets up `crowd.count` calls, measures while all of them are up, and releases them.
pub fn run_live(setup: Setup, crowd: Crowd, pid: Option<u32>) -> io::Result<Report> {
    let give_up = setup.give_up;
    let mut load = Load::new(setup)?;
    let mut meter = pid.map(Meter::new).transpose()?;
    let begun = clock::nanos();
    let whole = Duration::from_secs_f64(f64::from(crowd.count) / crowd.rate);
    let mut next_sample = begun;
    while load.outcome.offered < u64::from(crowd.count)
        || usize::try_from(load.up()).is_ok_and(|up| up < load.live())
    {
        if clock::nanos() > begun + clock::span_ns(whole + give_up * 2) {
            break;
        }
        let due = place_due(&mut load, begun, crowd.rate, crowd.count, None);
        sample(&mut meter, &mut next_sample)?;
        load.turn(due.min(next_sample))?;
    }
    linger(&mut load, crowd.settle)?;
    let (from, until) = span_from_now(crowd.span);
    if let Some(plane) = load.plane() {
        plane.measure(from, until);
    }
    if let Some(meter) = &mut meter {
        meter.restart()?;
    }
    while clock::nanos() < until {
        sample(&mut meter, &mut next_sample)?;
        load.turn(until.min(next_sample))?;
    }
    let up = f64::from(load.up().max(1));
    let mut cost = meter.as_mut().map(Meter::cost).transpose()?;
    if let Some(cost) = &mut cost {
        cost.cpu_ms_per_call_second = Some(cost.cpu_ms / cost.wall_s / up);
        cost.bytes_each = Some(cost.peak_bytes.saturating_sub(cost.idle_bytes) as f64 / up);
    }
    linger(&mut load, ARRIVAL)?;
    let release = whole.max(Duration::from_millis(500));
    load.hang_up_all(release);
    let last = clock::nanos() + clock::span_ns(release + give_up * 2);
    while load.live() > 0 && clock::nanos() < last {
        load.turn(clock::nanos() + clock::span_ns(SAMPLE))?;
    }
    let mut report = report("live", load)?;
    report.cost = cost;
    Ok(report)
}

/// Sends the RTP of `crowd.count` calls through a bare forwarder.
pub fn run_bare(
    media: Plan,
    floor: crate::forward::Plan,
    crowd: Crowd,
    pid: Option<u32>,
) -> io::Result<Report> {
    let plane = Plane::new(media);
    let mut meter = pid.map(Meter::new).transpose()?;
    let gap = Duration::from_secs_f64(1.0 / crowd.rate);
    let count = u16::try_from(crowd.count).map_err(io::Error::other)?;
    for call in 0..count {
        plane.start(call, [floor.leg(call, 0), floor.leg(call, 1)]);
        clock::wait(gap);
    }
    clock::wait(crowd.settle);
    let (from, until) = span_from_now(crowd.span);
    plane.measure(from, until);
    if let Some(meter) = &mut meter {
        meter.restart()?;
    }
    clock::wait(crowd.span);
    let mut cost = meter.as_mut().map(Meter::cost).transpose()?;
    if let Some(cost) = &mut cost {
        cost.cpu_ms_per_call_second = Some(cost.cpu_ms / cost.wall_s / f64::from(count.max(1)));
    }
    clock::wait(ARRIVAL);
    let offered = u64::from(crowd.count);
    let outcome = Outcome { offered, answered: offered, complete: offered, ..Outcome::default() };
    let packets = Some(plane.finish()?);
    Ok(Report { mode: "bare".to_owned(), outcome, packets, cost, ..Report::default() })
}

/// Places the calls that are due; says when the next one is.
fn place_due(load: &mut Load, begun: u64, rate: f64, count: u32, hold: Option<Duration>) -> u64 {
    let due_at = |number: u64| begun + clock::span_ns(Duration::from_secs_f64(number as f64 / rate));
    let now = clock::nanos();
    while load.outcome.offered < u64::from(count) {
        let due = due_at(load.outcome.offered);
        if due > now {
            return due;
        }
        if !load.place(hold) {
            return now + 1_000_000;
        }
    }
    u64::MAX
}

fn linger(load: &mut Load, span: Duration) -> io::Result<()> {
    let until = clock::nanos() + clock::span_ns(span);
    while clock::nanos() < until {
        load.turn(until)?;
    }
    Ok(())
}

fn span_from_now(span: Duration) -> (u64, u64) {
    let from = clock::nanos();
    (from, from + clock::span_ns(span))
}

fn sample(meter: &mut Option<Meter>, next: &mut u64) -> io::Result<()> {
    let now = clock::nanos();
    if now >= *next {
        *next = now + clock::span_ns(SAMPLE);
        return meter.as_mut().map_or(Ok(()), Meter::sample);
    }
    Ok(())
}

fn report(mode: &str, load: Load) -> io::Result<Report> {
    let (outcome, delays, packets) = load.finish()?;
    Ok(Report {
        flood: None,
        guesses: None,
        lamps: None,
        mode: mode.to_owned(),
        outcome,
        post_dial: delays.post_dial.percentiles(),
        setup: delays.setup.percentiles(),
        through: delays.through.percentiles(),
        release: delays.release.percentiles(),
        packets,
        cost: None,
    })
}

/// Follows one process through a run.
#[derive(Debug)]
pub struct Meter {
    pid: u32,
    cpu: Cpu,
    cpu_at_start: u64,
    wall_at_start: u64,
    idle_bytes: u64,
    peak_bytes: u64,
}

impl Meter {
    /// Takes the idle figures now and starts counting.
    pub fn new(pid: u32) -> io::Result<Self> {
        let mut cpu = Cpu::new(pid);
        let idle_bytes = process::resident_bytes(pid)?;
        let cpu_at_start = cpu.total_ns()?;
        Ok(Self { pid, cpu, cpu_at_start, wall_at_start: clock::nanos(), idle_bytes, peak_bytes: idle_bytes })
    }

    /// Looks at memory and threads; often enough, no peak and no short-lived thread is missed.
    pub fn sample(&mut self) -> io::Result<()> {
        self.peak_bytes = self.peak_bytes.max(process::resident_bytes(self.pid)?);
        self.cpu.total_ns().map(drop)
    }

    /// Counts CPU and wall time anew from here.
    pub fn restart(&mut self) -> io::Result<()> {
        self.cpu_at_start = self.cpu.total_ns()?;
        self.wall_at_start = clock::nanos();
        Ok(())
    }

    /// The cost so far.
    pub fn cost(&mut self) -> io::Result<Cost> {
        self.sample()?;
        let cpu_ns = self.cpu.total_ns()?.saturating_sub(self.cpu_at_start);
        Ok(Cost {
            cpu_ms: cpu_ns as f64 / 1e6,
            wall_s: (clock::nanos() - self.wall_at_start) as f64 / 1e9,
            idle_bytes: self.idle_bytes,
            peak_bytes: self.peak_bytes,
            ..Cost::default()
        })
    }
}
