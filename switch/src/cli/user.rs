//! `tandem user …`.

use clap::{Args, Subcommand};
use webadmin::auth;

use super::reach::{Missing, Reach};
use super::{Failure, ReachArgs, prompt, say};

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Sets the password of a user
    Password(PasswordArgs),
}

#[derive(Args, Debug)]
pub(crate) struct PasswordArgs {
    /// Whose
    login: String,
    /// Takes the first line of stdin, without a question
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    reach: ReachArgs,
}

/// Sets a password.
pub(crate) fn run(command: &UserCommand) -> Result<(), Failure> {
    let UserCommand::Password(args) = command;
    let reach = Reach::of(&args.reach, Missing::Refuse)?;
    let password = prompt::new_password(args.password_stdin)?;
    auth::check(&password).map_err(Failure::input)?;
    match reach {
        Reach::Running(remote) => remote.set_password(&args.login, &password)?,
        Reach::Stopped(stopped) => stopped.set_password(&args.login, &password)?,
    }
    say::note(&format_args!("the password of {} is set", args.login));
    Ok(())
}
