//! `tandem`: the telephony switch and its tools.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
