//! `callgen`: plays callers and callees around a switch and measures what it does and costs.

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use benches::calls::{Crowd, Pace};
use benches::figures::Report;
use benches::{call, calls, flood, forward, guess, lamps, plane, process, register};
use clap::{Args, Parser, Subcommand};

/// SIP and RTP load from 127.0.0.2 through a switch to 127.0.0.3, with setup times, losses, latency and,
/// given the switch's pid, its CPU time and memory per call.
#[derive(Parser)]
struct Cli {
    /// Print one JSON object instead of lines
    #[arg(long, global = true)]
    json: bool,
    /// Process whose CPU time and memory are measured
    #[arg(long, global = true)]
    pid: Option<u32>,
    #[command(subcommand)]
    mode: Mode,
}

#[derive(Subcommand)]
enum Mode {
    /// Calls one after the other at a rate
    Calls {
        #[command(flatten)]
        sip: Sip,
        /// Calls per second
        #[arg(long, default_value_t = 50.0, value_parser = above_zero)]
        rate: f64,
        /// How many calls
        #[arg(long, default_value_t = 500)]
        count: u32,
        /// Milliseconds from answer to BYE
        #[arg(long, default_value_t = 100)]
        hold: u64,
    },
    /// Calls at the same time
    Live {
        #[command(flatten)]
        sip: Sip,
        #[command(flatten)]
        crowd: CrowdArgs,
    },
    /// The RTP of calls through `floor`, without SIP
    Bare {
        #[command(flatten)]
        rtp: RtpArgs,
        #[command(flatten)]
        crowd: CrowdArgs,
        /// The forwarder's first port
        #[arg(long, default_value = "127.0.0.1:30000")]
        floor: SocketAddr,
    },
    /// Hostile packets from 127.77.0.1 to 127.77.59.1: scans, INVITEs, bad passwords, garbage
    Flood {
        /// The switch
        #[arg(long, default_value = "127.0.0.1:5060")]
        to: SocketAddr,
        /// Packets per second
        #[arg(long, default_value_t = 20_000.0, value_parser = above_zero)]
        rate: f64,
        /// Seconds
        #[arg(long, default_value_t = 8)]
        secs: u64,
        /// INVITEs alone
        #[arg(long)]
        invites: bool,
    },
    /// Wrong passwords for users there are and users there are not, from 127.100.0.1 to 127.163.255.1
    Guess {
        /// The switch
        #[arg(long, default_value = "127.0.0.1:5060")]
        to: SocketAddr,
        /// First digest user there is; the others follow
        #[arg(long, default_value_t = 100_000)]
        first: u64,
        /// How many of each kind with each method
        #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u16).range(1..=4096))]
        count: u16,
    },
    /// Phones that watch a line while calls come to it, one at a time
    Lamps {
        /// The switch
        #[arg(long, default_value = "127.0.0.1:5060")]
        to: SocketAddr,
        /// The caller's address, a trunk's
        #[arg(long, default_value = "127.0.0.2:5080")]
        caller: SocketAddr,
        /// The number that rings the watched phone
        #[arg(long, default_value = "8")]
        number: String,
        /// The watched phone's address; the watchers have the ports after it
        #[arg(long, default_value = "127.0.0.4:5100")]
        phones: SocketAddr,
        /// The watched extension; those who watch follow it, fifty subscriptions each
        #[arg(long, default_value_t = 100_000)]
        first: u64,
        /// Password of every user
        #[arg(long, default_value = "secret")]
        password: String,
        /// How many watch
        #[arg(long, default_value_t = 5_000)]
        watchers: u32,
        /// Calls, one at a time
        #[arg(long, default_value_t = 3)]
        calls: u32,
    },
    /// Registrations with digest MD5
    Register {
        /// The registrar
        #[arg(long, default_value = "127.0.0.1:5060")]
        to: SocketAddr,
        /// The phones' address
        #[arg(long, default_value = "127.0.0.4:5072")]
        phones: SocketAddr,
        /// First digest user; the others follow
        #[arg(long, default_value_t = 100_000)]
        first: u64,
        /// How many
        #[arg(long, default_value_t = 1_000)]
        count: u32,
        /// Password of every user
        #[arg(long, default_value = "secret")]
        password: String,
        /// Most registrations per second
        #[arg(long, default_value_t = 5_000.0, value_parser = above_zero)]
        rate: f64,
        /// Expires, seconds
        #[arg(long, default_value_t = 3_600)]
        expires: u32,
    },
}

#[derive(Args)]
struct Sip {
    /// The switch
    #[arg(long, default_value = "127.0.0.1:5060")]
    to: SocketAddr,
    /// The callers' SIP address
    #[arg(long, default_value = "127.0.0.2:5070")]
    caller: SocketAddr,
    /// The callees' SIP address
    #[arg(long, default_value = "127.0.0.3:5070")]
    callee: SocketAddr,
    /// Someone else answers; RTP is not sent then
    #[arg(long)]
    no_callee: bool,
    /// Digits before the seven that number the calls
    #[arg(long, default_value = "9")]
    prefix: String,
    /// Milliseconds from 180 to 200
    #[arg(long, default_value_t = 0)]
    ring: u64,
    /// Seconds to wait for an answer, and for the release
    #[arg(long, default_value_t = 8)]
    give_up: u64,
    /// Send RTP both ways
    #[arg(long)]
    rtp: bool,
    #[command(flatten)]
    media: RtpArgs,
}

#[derive(Args, Clone, Copy)]
struct RtpArgs {
    /// First RTP port of the callers; call i is at +2i
    #[arg(long, default_value = "127.0.0.2:10000")]
    caller_rtp: SocketAddr,
    /// First RTP port of the callees
    #[arg(long, default_value = "127.0.0.3:10000")]
    callee_rtp: SocketAddr,
    /// Milliseconds between two packets of a stream
    #[arg(long, default_value_t = 20)]
    ptime: u64,
    /// Threads that send and receive RTP
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    threads: u8,
}

#[derive(Args, Clone, Copy)]
struct CrowdArgs {
    /// Calls per second during set-up
    #[arg(long, default_value_t = 200.0, value_parser = above_zero)]
    rate: f64,
    /// How many calls
    #[arg(long, default_value_t = 200)]
    count: u32,
    /// Milliseconds between the last answer and the measurement
    #[arg(long, default_value_t = 1_000)]
    settle: u64,
    /// Seconds of measurement
    #[arg(long, default_value_t = 8)]
    secs: u64,
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command's output")]
fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.json;
    match process::raise_open_files().and_then(|()| run(cli)).and_then(|report| {
        let text = if json { serde_json::to_string(&report)? } else { report.to_string() };
        println!("{}", text.trim_end());
        Ok(report.outcome.failed())
    }) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(3),
        Err(error) => {
            eprintln!("callgen: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> io::Result<Report> {
    let pid = cli.pid;
    match cli.mode {
        Mode::Calls { sip, rate, count, hold } => {
            calls::run_calls(setup(sip), Pace { rate, count, hold: Duration::from_millis(hold) }, pid)
        }
        Mode::Live { sip, crowd } => calls::run_live(setup(sip), crowd.plan(), pid),
        Mode::Bare { rtp, crowd, floor } => {
            let calls = u16::try_from(crowd.count).unwrap_or(u16::MAX);
            let forward = forward::Plan { listen: floor, ends: [rtp.caller_rtp, rtp.callee_rtp], calls };
            calls::run_bare(rtp.plan(), forward, crowd.plan(), pid)
        }
        Mode::Flood { to, rate, secs, invites } => {
            flood::run(&flood::Plan { switch: to, rate, span: Duration::from_secs(secs), invites }, pid)
        }
        Mode::Guess { to, first, count } => guess::run(guess::Plan { switch: to, first, count }),
        Mode::Lamps { to, caller, number, phones, first, password, watchers, calls } => lamps::run(
            &lamps::Plan { switch: to, caller, number, phones, first, password, watchers, calls },
            pid,
        ),
        Mode::Register { to, phones, first, count, password, rate, expires } => {
            register::run(&register::Plan { switch: to, phones, first, count, password, rate, expires }, pid)
        }
    }
}

fn setup(sip: Sip) -> call::Setup {
    call::Setup {
        switch: sip.to,
        caller: sip.caller,
        callee: (!sip.no_callee).then_some(sip.callee),
        prefix: sip.prefix,
        ring: Duration::from_millis(sip.ring),
        give_up: Duration::from_secs(sip.give_up),
        media: sip.media.plan(),
        rtp: sip.rtp && !sip.no_callee,
    }
}

impl RtpArgs {
    fn plan(self) -> plane::Plan {
        let ptime = Duration::from_millis(self.ptime.max(1));
        plane::Plan { ends: [self.caller_rtp, self.callee_rtp], ptime, threads: usize::from(self.threads) }
    }
}

impl CrowdArgs {
    fn plan(self) -> Crowd {
        Crowd {
            rate: self.rate,
            count: self.count,
            settle: Duration::from_millis(self.settle),
            span: Duration::from_secs(self.secs),
        }
    }
}

fn above_zero(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|error| format!("{text:?}: {error}"))?;
    if rate.is_finite() && rate > 0.0 { Ok(rate) } else { Err("must be above zero".to_owned()) }
}
