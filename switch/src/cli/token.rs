//! `tandem token …`.

use clap::{Args, Subcommand, ValueEnum};
use provision::Role;

use super::reach::{Missing, Reach};
use super::{Failure, ReachArgs, say};

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Makes a token and prints it; it cannot be shown again
    New(NewArgs),
}

#[derive(Args, Debug)]
pub(crate) struct NewArgs {
    /// A name to know it by
    name: String,
    /// What it may do
    #[arg(long, value_enum)]
    role: RoleWord,
    #[command(flatten)]
    reach: ReachArgs,
}

/// The roles as the command line writes them.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleWord {
    Agent,
    Supervisor,
    Admin,
    Owner,
}

impl RoleWord {
    fn role(self) -> Role {
        match self {
            Self::Agent => Role::Agent,
            Self::Supervisor => Role::Supervisor,
            Self::Admin => Role::Admin,
            Self::Owner => Role::Owner,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

/// Makes a token.
pub(crate) fn run(command: &TokenCommand) -> Result<(), Failure> {
    let TokenCommand::New(args) = command;
    let secret = match Reach::of(&args.reach, Missing::Refuse)? {
        Reach::Running(remote) => remote.new_token(&args.name, args.role.word())?,
        Reach::Stopped(stopped) => stopped.new_token(&args.name, args.role.role())?,
    };
    say::result(&format_args!("{secret}\n"))
}
