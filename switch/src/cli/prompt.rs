//! Asking for a password without showing it.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::{Failure, say};

/// Octets read at most.
const MOST: u64 = 4_096;

/// The new password: asked twice at a terminal, else the first line of stdin.
pub(crate) fn new_password(from_stdin: bool) -> Result<String, Failure> {
    if from_stdin || !io::stdin().is_terminal() {
        return line();
    }
    let first = hidden("New password: ")?;
    let second = hidden("The same again: ")?;
    if first == second { Ok(first) } else { Err(Failure::input("the two passwords differ")) }
}

fn hidden(question: &str) -> Result<String, Failure> {
    say::ask(&question);
    let echo = Echo::off().map_err(Failure::running)?;
    let answer = line();
    drop(echo);
    say::note(&"");
    answer
}

fn line() -> Result<String, Failure> {
    let mut text = String::new();
    io::stdin().lock().take(MOST).read_line(&mut text).map_err(Failure::running)?;
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() { Err(Failure::input("no password was given")) } else { Ok(password.to_owned()) }
}

/// The terminal without echo, until dropped.
struct Echo(Termios);

impl Echo {
    fn off() -> io::Result<Self> {
        let stdin = io::stdin();
        let before = tcgetattr(&stdin)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&stdin, OptionalActions::Flush, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        // Without a terminal left there is no echo to bring back.
        tcsetattr(io::stdin(), OptionalActions::Now, &self.0).ok();
    }
}
