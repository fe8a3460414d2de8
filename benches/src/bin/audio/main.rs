//! `audio`: what work on audio costs in the media engine, per leg and 20 ms, against the codecs alone.
//!
//! The rest of this package shares no code with the switch. Here the switch's own engine is driven without sockets, since
//! a system call costs more than the audio of a packet: what is compared is the engine with the codecs that it uses, and
//! of these Opus with its library.

mod coders;
mod cpu;
mod crowd;
mod prompts;
mod race;
mod recordings;
mod signal;

use std::process::ExitCode;
use std::time::Duration;

use base::media::{Codec, RecordingFormat};
use benches::verdict::{Figure, Verdict};
use clap::{Parser, ValueEnum};
use media::frame::Rate;

use crate::coders::{Coders, Library};
use crate::crowd::Crowd;
use crate::prompts::{Copies, Players};
use crate::race::{Lap, race};

/// Legs of each course but the large rooms, by twos.
const CALLS: u32 = 60;

/// Calls of the allocator per leg and 20 ms that are none per frame: a leg's figures are told every five seconds.
const EVENTS: f64 = 0.01;

/// Measures mixing, transcoding, recording and playing against their floors.
#[derive(Parser)]
struct Args {
    /// The figures as one JSON object
    #[arg(long)]
    json: bool,
    /// Measure only these
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Turns of each course
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=50))]
    rounds: u32,
    /// Steps of 20 ms in each turn
    #[arg(long, default_value_t = 250, value_parser = clap::value_parser!(u32).range(10..=10_000))]
    steps: u32,
    /// Seconds of recording
    #[arg(long, default_value_t = 5)]
    secs: u64,
}

type Measure = fn(&Args, &mut Verdict) -> Result<(), String>;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Prompts
    Playing,
    /// Rooms of one codec
    Mixing,
    /// Calls between two codecs
    Transcoding,
    /// Calls between G.711 and Opus
    Opus,
    /// Recordings
    Recording,
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command's output")]
fn main() -> ExitCode {
    let args = Args::parse();
    let mut verdict = Verdict::default();
    let result = measure(&args, &mut verdict);
    if args.json {
        println!("{}", serde_json::to_string(&verdict).unwrap_or_default());
    } else {
        println!("{verdict}");
    }
    match result {
        Ok(()) if verdict.met() => ExitCode::SUCCESS,
        Ok(()) => ExitCode::from(3),
        Err(error) => {
            eprintln!("audio: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What fails keeps nothing else from being measured.
fn measure(args: &Args, verdict: &mut Verdict) -> Result<(), String> {
    let parts: [(Part, Measure); 5] = [
        (Part::Playing, playing),
        (Part::Mixing, mixing),
        (Part::Transcoding, transcoding),
        (Part::Opus, opus),
        (Part::Recording, recording),
    ];
    let wanted = parts.iter().filter(|(part, _)| args.only.is_empty() || args.only.contains(part));
    let failures: Vec<String> = wanted.filter_map(|(_, part)| part(args, verdict).err()).collect();
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\naudio: ")) }
}

/// Rooms of one codec against that codec alone.
fn mixing(args: &Args, verdict: &mut Verdict) -> Result<(), String> {
    let mut floor = Coders::calls([Codec::Pcmu; 2], Rate::Hz8000, CALLS);
    let mut two = Crowd::calls([Codec::Pcmu; 2], CALLS);
    let mut three = Crowd::rooms(Codec::Pcmu, CALLS * 2 / 3, 3);
    let mut hundred = Crowd::rooms(Codec::Pcmu, 1, 100);
    let mut thousand = Crowd::rooms(Codec::Pcmu, 1, 1_000);
    let mut far_floor = Coders::calls([Codec::Pcmu; 2], Rate::Hz8000, 500);
    two.check("two parties")?;
    three.check("three parties")?;
    hundred.check("a room of 100")?;
    thousand.check("a room of 1,000")?;
    let courses: [&mut dyn race::Course; 6] =
        [&mut floor, &mut two, &mut three, &mut hundred, &mut far_floor, &mut thousand];
    let [floor, two, three, hundred, far_floor, thousand] = race(courses, args.rounds, args.steps / 5 + 1);
    lap(verdict, ["g711_alone", "g711_alone_p99"], &floor);
    let over = |lap: &Lap| (lap.mean_ns - floor.mean_ns) / 1_000.0;
    lap(verdict, ["mixed_two", "mixed_two_p99"], &two);
    verdict.figures.push(Figure::note("mixed_two_over_codec", over(&two), "us").aim(1.0));
    lap(verdict, ["mixed_three", "mixed_three_p99"], &three);
    verdict.figures.push(Figure::note("mixed_three_over_codec", over(&three), "us").aim(1.0));
    lap(verdict, ["mixed_100", "mixed_100_p99"], &hundred);
    verdict.figures.push(Figure::note("mixed_100_over_codec", over(&hundred), "us").aim(1.0));
    lap(verdict, ["mixed_1000", "mixed_1000_p99"], &thousand);
    verdict.figures.push(
        Figure::note("mixed_1000_over_codec", (thousand.mean_ns - far_floor.mean_ns) / 1_000.0, "us")
            .aim(1.0),
    );
    verdict.figures.extend([
        Figure::note("mixed_two_allocations", two.allocations, "").aim(EVENTS),
        Figure::note("mixed_three_allocations", three.allocations, "").aim(EVENTS),
        Figure::note("mixed_100_allocations", hundred.allocations, "").aim(EVENTS),
        Figure::note("mixed_1000_allocations", thousand.allocations, "").aim(EVENTS),
    ]);
    Ok(())
}

/// Calls between two codecs against the two codecs alone.
fn transcoding(args: &Args, verdict: &mut Verdict) -> Result<(), String> {
    let pairs = [
        (
            [Codec::Pcmu, Codec::Pcma],
            Rate::Hz8000,
            1.0,
            ["pcmu_pcma", "pcmu_pcma_over_codecs", "pcmu_pcma_ratio", "pcmu_pcma_allocations"],
        ),
        (
            [Codec::Pcmu, Codec::G722],
            Rate::Hz16000,
            // Twice the samples.
            2.0,
            ["pcmu_g722", "pcmu_g722_over_codecs", "pcmu_g722_ratio", "pcmu_g722_allocations"],
        ),
    ];
    for (codecs, rate, most, names) in pairs {
        let mut floor = Coders::calls(codecs, rate, CALLS);
        let mut legs = Crowd::calls(codecs, CALLS);
        legs.check(names[0])?;
        let [floor, legs] = race([&mut floor, &mut legs], args.rounds, args.steps);
        let over = (legs.mean_ns - floor.mean_ns) / 1_000.0;
        verdict.figures.extend([
            Figure::note(names[0], legs.mean_ns / 1_000.0, "us"),
            Figure::note(names[1], over, "us").aim(most),
            Figure::note(names[2], legs.mean_ns / floor.mean_ns, ""),
            Figure::note(names[3], legs.allocations, "").aim(EVENTS),
        ]);
    }
    Ok(())
}

/// Calls between G.711 and Opus against G.711 and the library of Opus.
fn opus(args: &Args, verdict: &mut Verdict) -> Result<(), String> {
    let mut library = Library::calls(8);
    let mut legs = Crowd::calls([Codec::Pcmu, Codec::Opus], 8);
    legs.check("PCMU to Opus")?;
    let [library, legs] = race([&mut library, &mut legs], args.rounds, args.steps);
    verdict.figures.extend([
        Figure::note("pcmu_opus_library", library.mean_ns / 1_000.0, "us"),
        Figure::note("pcmu_opus", legs.mean_ns / 1_000.0, "us"),
        Figure::note("pcmu_opus_ratio", legs.mean_ns / library.mean_ns, "").aim(1.05),
        // The library allocates as often as the content makes it, and the content of the two differs.
        Figure::note("pcmu_opus_allocations", legs.allocations - library.allocations, ""),
    ]);
    Ok(())
}

/// A prompt to a thousand, against copying it.
fn playing(args: &Args, verdict: &mut Verdict) -> Result<(), String> {
    let (mut floor, mut players) = (Copies::new(1_000), Players::new(1_000));
    let [floor, players] = race([&mut floor, &mut players], args.rounds, args.steps);
    verdict.figures.extend([
        Figure::note("played_copy", floor.mean_ns / 1_000.0, "us"),
        Figure::note("played_prompt", players.mean_ns / 1_000.0, "us"),
        Figure::note("played_prompt_over_copy", (players.mean_ns - floor.mean_ns) / 1_000.0, "us").aim(1.0),
        Figure::note("played_allocations", players.allocations, "").aim(EVENTS),
    ]);
    Ok(())
}

/// A thousand two-party calls recorded at once in WAV, against copying the same audio into files.
fn recording(args: &Args, verdict: &mut Verdict) -> Result<(), String> {
    let time = Duration::from_secs(args.secs);
    let floor = recordings::copied(1_000, time)?;
    let ours = recordings::recorded(1_000, time, RecordingFormat::Wav)?;
    let us = |cores: f64| cores * 20_000.0 / 2_000.0;
    verdict.figures.extend([
        Figure::note("recorded_1000_calls", ours.cores, "cores").aim(1.0),
        Figure::note("recorded_leg", us(ours.cores), "us"),
        Figure::note("copied_leg", us(floor.cores), "us"),
        Figure::note("recorded_ratio", ours.cores / floor.cores, ""),
        Figure::note("recorded_faults", ours.faults as f64, "").aim(0.0),
    ]);
    Ok(())
}

fn lap(verdict: &mut Verdict, names: [&'static str; 2], lap: &Lap) {
    verdict.figures.extend([
        Figure::note(names[0], lap.mean_ns / 1_000.0, "us"),
        Figure::note(names[1], lap.p99_ns / 1_000.0, "us"),
    ]);
}
