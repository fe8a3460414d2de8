//! `measure`: starts a switch on loopback, loads it, and sets the figures beside their aims.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use benches::clock;
use benches::node::{Node, provisioning};
use benches::rounds::Bench;
use benches::verdict::Verdict;
use clap::{Parser, ValueEnum};

/// Measures CPU per call, CPU per live call against the bare forwarder, latency, and memory.
#[derive(Parser)]
struct Args {
    /// The switch to measure; without it, `tandem` beside this program
    #[arg(long)]
    tandem: Option<PathBuf>,
    /// Measure only these
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Write the figures to benches/baselines/NAME.json
    #[arg(long, value_name = "NAME")]
    save: Option<String>,
    /// Calls for CPU per call
    #[arg(long, default_value_t = 3_000)]
    calls: u32,
    /// Their rate per second
    #[arg(long, default_value_t = 150)]
    rate: u32,
    /// Calls at a time with RTP
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=600))]
    live: u32,
    /// Turns of switch and floor
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
    /// Seconds of measurement in each turn
    #[arg(long, default_value_t = 8)]
    secs: u32,
    /// Calls held for the memory figure
    #[arg(long, default_value_t = 2_000)]
    held: u32,
    /// Registrations
    #[arg(long, default_value_t = 100_000)]
    registrations: u32,
    /// Seconds after which everything is ended
    #[arg(long, default_value_t = 280)]
    limit: u64,
}

type Measure = fn(&Bench, &Node, &mut Verdict, fn(&str)) -> io::Result<()>;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Memory per live call
    Memory,
    /// CPU per call and setup times
    Calls,
    /// CPU per live call and latency against the floor
    Media,
    /// Mixing, transcoding, recording and playing against the codecs alone
    Audio,
    /// Calls under a flood of hostile packets, and the cost of refusing
    Hostile,
    /// How long wrong passwords take to be refused
    Guesses,
    /// 5,000 phones that watch one line
    Lamps,
    /// Memory with many registrations
    Registrations,
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command's output")]
fn main() -> ExitCode {
    let args = Args::parse();
    let mut verdict = Verdict::default();
    let result = run(&args, &mut verdict).and_then(|()| save(&args, &verdict));
    println!("\n{verdict}");
    match result {
        Ok(()) if verdict.met() => ExitCode::SUCCESS,
        Ok(()) => ExitCode::from(3),
        Err(error) => {
            eprintln!("measure: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args, verdict: &mut Verdict) -> io::Result<()> {
    let own = std::env::current_exe()?;
    let beside = |name: &str| own.with_file_name(name);
    let bench = Bench {
        tandem: args.tandem.clone().unwrap_or_else(|| beside("tandem")),
        callgen: beside("callgen"),
        floor: beside("floor"),
        audio: beside("audio"),
        deadline_ns: clock::nanos() + clock::span_ns(Duration::from_secs(args.limit)),
        calls: (args.calls, args.rate.max(1)),
        live: args.live,
        rounds: args.rounds,
        secs: args.secs,
        held: args.held,
        registrations: args.registrations,
    };
    let wanted = |part: Part| args.only.is_empty() || args.only.contains(&part);
    let mut failures = Vec::new();
    if [Part::Memory, Part::Calls, Part::Media].into_iter().any(wanted) {
        let node = Node::start(&bench.tandem, &provisioning(0))?;
        let parts = [
            (Part::Memory, Bench::memory as Measure),
            (Part::Calls, Bench::calls),
            (Part::Media, Bench::media),
        ];
        for (part, measure) in parts {
            if wanted(part) {
                failures.extend(measure(&bench, &node, verdict, tell).err());
            }
        }
    }
    if wanted(Part::Audio) {
        failures.extend(bench.audio(verdict, tell).err());
    }
    if wanted(Part::Hostile) {
        failures.extend(bench.hostile(verdict, tell).err());
    }
    if wanted(Part::Guesses) {
        failures.extend(bench.guesses(verdict, tell).err());
    }
    if wanted(Part::Lamps) {
        failures.extend(bench.lamps(verdict, tell).err());
    }
    if wanted(Part::Registrations) {
        failures.extend(bench.registrations(verdict, tell).err());
    }
    let failures: Vec<String> = failures.iter().map(ToString::to_string).collect();
    if failures.is_empty() { Ok(()) } else { Err(io::Error::other(failures.join("\nmeasure: "))) }
}

fn save(args: &Args, verdict: &Verdict) -> io::Result<()> {
    let Some(name) = &args.save else { return Ok(()) };
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        return Err(io::Error::other("--save takes letters, digits, - and _"));
    }
    let folder = PathBuf::from("benches/baselines");
    std::fs::create_dir_all(&folder)?;
    let text = serde_json::to_string_pretty(verdict)?;
    std::fs::write(folder.join(format!("{name}.json")), text + "\n")
}

#[expect(clippy::print_stdout, reason = "a command's output")]
fn tell(text: &str) {
    println!("{}", text.trim_end());
}
