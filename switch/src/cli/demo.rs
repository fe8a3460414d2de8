//! `tandem demo`.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use switch::config::{LogConfig, LogFormat, LogLevel};

use super::{Failure, logs, say};
use crate::demo::{self, MOST_AGENTS, Options, Verdict};

/// The longest demo.
const MOST_SECS: u64 = 24 * 3_600;

#[derive(Args, Debug)]
pub(crate) struct DemoArgs {
    /// Agents with a phone
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=i64::from(MOST_AGENTS)))]
    agents: u8,
    /// Ends by itself after a time such as 60s, 5m or 1h; without it Ctrl-C does
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    lasts: Option<Duration>,
    /// Where the web panel listens; port 0 takes a free one. Without it 127.0.0.1:8080, or a free port when that
    /// is taken
    #[arg(long, value_name = "ADDRESS")]
    http: Option<SocketAddr>,
}

/// Shows a switch at work; fails unless calls went through.
pub(crate) fn run(args: &DemoArgs) -> Result<(), Failure> {
    drop(logs::start(&LogConfig { level: LogLevel::Warn, format: LogFormat::Text }));
    let options = Options { agents: args.agents, lasts: args.lasts, http: args.http };
    // A closed stdout leaves nobody to tell; the exit code still says how it went.
    let verdict = demo::play(options, |text| drop(say::result(text))).map_err(Failure::running)?;
    match verdict {
        Verdict::Good => Ok(()),
        Verdict::Bad => Err(Failure::running("the demo did not go as it should; the summary says why")),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..) {
        Some("" | "s") => Some(1),
        Some("m") => Some(60),
        Some("h") => Some(3_600),
        Some(_) | None => None,
    };
    let secs = unit.zip(digits.parse::<u64>().ok()).and_then(|(unit, count)| count.checked_mul(unit));
    let secs = secs.filter(|secs| (1..=MOST_SECS).contains(secs));
    secs.map(Duration::from_secs).ok_or_else(|| "allowed: 1s to 24h, written as 60s, 5m or 1h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_unit() {
        let secs = |text| duration(text).map(|time| time.as_secs()).ok();
        let read: Vec<_> = ["60s", "5m", "1h", "90"].map(secs).to_vec();
        assert_eq!(read, [Some(60), Some(300), Some(3_600), Some(90)]);
        for wrong in ["", "s", "0s", "-1s", "1d", "25h", "1.5s", "99999999999999999999m", "5é"] {
            assert_eq!(secs(wrong), None, "{wrong}");
        }
    }
}
