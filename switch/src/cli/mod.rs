//! The commands: `tandem serve` and the tools around it.

mod apply;
mod check;
mod data;
mod demo;
mod export;
mod files;
mod first;
mod logs;
mod prompt;
mod reach;
mod remote;
mod say;
mod serve;
mod token;
mod user;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use switch::config::{ConfigError, NodeConfig, environment};

/// A SIP telephony switch. Without a command it serves.
#[derive(Debug, Parser)]
#[command(name = "tandem", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    node: NodeArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the switch until SIGTERM or Ctrl-C
    Serve(NodeArgs),
    /// Shows a switch at work among simulated phones and a simulated carrier on loopback
    Demo(demo::DemoArgs),
    /// Sets up what the files say and prints the difference
    Apply(apply::ApplyArgs),
    /// Prints what is set up as TOML
    Export(export::ExportArgs),
    /// Checks node configurations and provisioning files
    Check(check::CheckArgs),
    /// Manages the people who log in
    #[command(subcommand)]
    User(user::UserCommand),
    /// Manages tokens for programs
    #[command(subcommand)]
    Token(token::TokenCommand),
}

/// Which node.
#[derive(Args, Clone, Debug)]
struct NodeArgs {
    /// The node configuration; defaults and TANDEM__… variables alone without one
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data folder
    #[arg(long, value_name = "DIR", default_value = "tandem-data")]
    data: PathBuf,
}

/// Which node, here or elsewhere.
#[derive(Args, Clone, Debug)]
struct ReachArgs {
    #[command(flatten)]
    node: NodeArgs,
    /// The API of a running node, such as http://127.0.0.1:8080
    #[arg(long)]
    url: Option<String>,
    /// A token of that node, with the role the command needs; TANDEM_TOKEN holds it unseen by others
    #[arg(long, requires = "url")]
    token: Option<String>,
}

/// Why a command failed; decides the exit code.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// Bad arguments, configuration or provisioning: 2.
    #[error("{0}")]
    Input(String),
    /// It went wrong while running: 1.
    #[error("{0}")]
    Running(String),
}

impl Failure {
    fn input(what: impl ToString) -> Self {
        Self::Input(what.to_string())
    }

    fn running(what: impl ToString) -> Self {
        Self::Running(what.to_string())
    }

    fn code(&self) -> ExitCode {
        match self {
            Self::Input(_) => ExitCode::from(2),
            Self::Running(_) => ExitCode::from(1),
        }
    }
}

impl NodeArgs {
    fn load(&self) -> Result<NodeConfig, Failure> {
        self.reload().map_err(Failure::input)
    }

    fn reload(&self) -> Result<NodeConfig, ConfigError> {
        NodeConfig::load(self.config.as_deref(), environment())
    }
}

/// Runs the command of the command line.
pub(crate) fn run() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        None => serve::run(&cli.node),
        Some(Command::Serve(node)) => serve::run(&node),
        Some(Command::Demo(args)) => demo::run(&args),
        Some(Command::Apply(args)) => apply::run(&args),
        Some(Command::Export(args)) => export::run(&args),
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::User(command)) => user::run(&command),
        Some(Command::Token(command)) => token::run(&command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say::error(&failure);
            failure.code()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_command_serves_with_the_same_options() {
        let cli = Cli::try_parse_from(["tandem", "--data", "/tmp/x"]).expect("valid");
        assert!(cli.command.is_none());
        assert_eq!(cli.node.data, PathBuf::from("/tmp/x"));
    }

    #[test]
    fn a_token_is_for_a_url() {
        assert!(Cli::try_parse_from(["tandem", "export", "--token", "tandem_0"]).is_err());
    }
}
