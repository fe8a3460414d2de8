//! `floor`: the bare forwarder that gives the price of moving packets at all.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use benches::{clock, forward, process};
use clap::Parser;

/// Forwards UDP between pairs of ends: epoll, one socket per leg, receive and send, nothing else.
#[derive(Parser)]
struct Args {
    /// First own port; call i listens at +4i and +4i+2
    #[arg(long, default_value = "127.0.0.1:30000")]
    listen: SocketAddr,
    /// First port of the callers; call i is at +2i
    #[arg(long, default_value = "127.0.0.2:10000")]
    caller: SocketAddr,
    /// First port of the callees; call i is at +2i
    #[arg(long, default_value = "127.0.0.3:10000")]
    callee: SocketAddr,
    /// Calls to forward for
    #[arg(long, default_value_t = 200)]
    calls: u16,
    /// Ends by itself after so many seconds
    #[arg(long = "for", default_value_t = 120)]
    secs: u64,
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command's output")]
fn main() -> ExitCode {
    let args = Args::parse();
    std::thread::spawn(move || {
        clock::wait(Duration::from_secs(args.secs));
        std::process::exit(0);
    });
    let plan = forward::Plan { listen: args.listen, ends: [args.caller, args.callee], calls: args.calls };
    match process::raise_open_files().and_then(|()| forward::run(plan, || println!("ready"))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("floor: {error}");
            ExitCode::FAILURE
        }
    }
}
