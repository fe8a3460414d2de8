//! `tandem export`.

use clap::Args;
use provision::Secrets;

use super::reach::{Missing, Reach};
use super::{Failure, ReachArgs, say};

#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    /// With password hashes and trunk passwords, to move a node
    #[arg(long)]
    secrets: bool,
    #[command(flatten)]
    reach: ReachArgs,
}

/// Prints what is set up.
pub(crate) fn run(args: &ExportArgs) -> Result<(), Failure> {
    let text = match Reach::of(&args.reach, Missing::Refuse)? {
        Reach::Running(remote) => remote.export(args.secrets)?,
        Reach::Stopped(stopped) => {
            stopped.export(if args.secrets { Secrets::Shown } else { Secrets::Hidden })
        }
    };
    say::result(&text)
}
