//! `tandem apply`.

use std::path::PathBuf;

use clap::Args;

use super::files::Files;
use super::reach::{Difference, Missing, Reach, first_plan};
use super::{Failure, ReachArgs, say};

#[derive(Args, Debug)]
pub(crate) struct ApplyArgs {
    /// Provisioning files; what they do not name stays as it is
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Only prints the difference
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    reach: ReachArgs,
}

/// Applies the files; prints one line for each change.
pub(crate) fn run(args: &ApplyArgs) -> Result<(), Failure> {
    let files = Files::read(&args.files)?;
    let first = if args.dry_run { first_plan(&args.reach, &files)? } else { None };
    let difference = match first {
        Some(difference) => difference,
        None => reached(args, &files)?,
    };
    say::result(&difference.text)?;
    difference.warnings.iter().for_each(|warning| say::note(&format_args!("warning: {warning}")));
    match (difference.text.lines().count(), args.dry_run) {
        (0, _) => say::note(&"nothing to change"),
        (count, true) => say::note(&format_args!("{count} to change; nothing was changed")),
        (count, false) => say::note(&format_args!("{count} changed")),
    }
    Ok(())
}

fn reached(args: &ApplyArgs, files: &Files) -> Result<Difference, Failure> {
    let missing = if args.dry_run { Missing::Leave } else { Missing::Make };
    match Reach::of(&args.reach, missing)? {
        Reach::Running(remote) => remote.apply(files, args.dry_run),
        Reach::Stopped(stopped) => stopped.apply(files, args.dry_run),
    }
}
