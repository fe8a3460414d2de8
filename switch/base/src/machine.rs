//! The one shape of everything that owns a thread.

use crate::{Mono, Now};

/// A machine that decides and never acts: inputs and time go in, outputs come out.
///
/// The driver's turn: `handle` each input (or `tick` when the deadline has passed), then `poll` until
/// `None`, then wait for the next input or `deadline`.
pub trait Machine {
    /// What can happen to it.
    type Input;
    /// What it wants done.
    type Output;

    /// Takes one input.
    fn handle(&mut self, now: Now, input: Self::Input);
    /// Runs everything that is due at `now`.
    fn tick(&mut self, now: Now);
    /// The next thing to do in the world; `None` when drained.
    fn poll(&mut self) -> Option<Self::Output>;
    /// When `tick` is next wanted; `None` when nothing waits.
    fn deadline(&self) -> Option<Mono>;
}
