//! The only place that writes to the terminal.

use std::fmt::Display;
use std::io::Write as _;

/// A result: to stdout, so that it can be piped.
pub(crate) fn result(text: &dyn Display) -> Result<(), super::Failure> {
    let mut out = std::io::stdout().lock();
    let written = write!(out, "{text}").and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(super::Failure::running(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A note for the person at the terminal: to stderr.
pub(crate) fn note(text: &dyn Display) {
    to_stderr(format_args!("{text}\n"));
}

/// A question; the cursor stays behind it.
pub(crate) fn ask(text: &dyn Display) {
    to_stderr(format_args!("{text}"));
}

/// Why the command failed.
pub(crate) fn error(text: &dyn Display) {
    to_stderr(format_args!("tandem: {text}\n"));
}

/// A closed stderr leaves nobody to tell.
fn to_stderr(text: std::fmt::Arguments<'_>) {
    std::io::stderr().lock().write_fmt(text).ok();
}
