//! Log lines to stderr, with a level that can change while the node runs.

use std::io::IsTerminal as _;

use switch::config::{LogConfig, LogFormat, LogLevel};
use tracing_subscriber::EnvFilter;

/// Starts logging; returns what changes the level later.
pub(crate) fn start(config: &LogConfig) -> impl FnMut(LogLevel) + use<> {
    let colours = std::io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(colours);
    let builder = builder.with_env_filter(filter(config.level));
    let set: Box<dyn Fn(EnvFilter)> = match config.format {
        LogFormat::Text => {
            let builder = builder.with_filter_reloading();
            let handle = builder.reload_handle();
            builder.init();
            Box::new(move |filter| report(handle.reload(filter)))
        }
        LogFormat::Json => {
            let builder = builder.json().with_filter_reloading();
            let handle = builder.reload_handle();
            builder.init();
            Box::new(move |filter| report(handle.reload(filter)))
        }
    };
    move |level| set(filter(level))
}

/// Everything of ours at the level; of the libraries only what may wake somebody, unless every packet is wanted.
fn filter(level: LogLevel) -> EnvFilter {
    match level {
        LogLevel::Trace => EnvFilter::new("trace"),
        LogLevel::Error | LogLevel::Warn | LogLevel::Info | LogLevel::Debug => {
            EnvFilter::new(format!("{level},sqlx=warn,hyper=warn,mio=warn,ureq=warn"))
        }
    }
}

fn report(changed: Result<(), impl std::fmt::Display>) {
    if let Err(error) = changed {
        tracing::warn!(%error, "the log level could not be changed");
    }
}
