//! The one event loop: inbox or deadline, then the machine, then what it wants done.

use std::panic::{AssertUnwindSafe, catch_unwind};

use base::{Machine, Mono, Now};

use crate::clock::Clock;
use crate::inbox::{Inbox, Waited};

/// Inputs of one turn.
const BATCH: usize = 256;
/// Timers wait for the next multiple of this, so that those close together share one waking.
const ROUND_MICROS: u64 = 25_000;

/// The first round at or after `at`.
pub(crate) fn round_after(at: Mono) -> Mono {
    Mono(at.0.div_ceil(ROUND_MICROS).saturating_mul(ROUND_MICROS))
}

/// The world as one machine's driver sees it.
pub trait Edge<M: Machine> {
    /// Does what the machine wants after it has stirred, in the order of importance. What comes of it at once is
    /// put into `again` and handled next.
    fn act(&mut self, now: Now, outputs: &mut Vec<M::Output>, again: &mut Vec<M::Input>);
    /// Tries again what could not be done, and shows the machine to readers, when it is time for either.
    fn keep_up(&mut self, now: Now, machine: &M);
    /// When `keep_up` is wanted.
    fn deadline(&self) -> Option<Mono>;
}

/// Drives a machine until its inbox asks to stop or the machine itself is broken.
pub struct Driver<M: Machine, E> {
    machine: M,
    edge: E,
    clock: Clock,
    inbox: Inbox<M::Input>,
}

/// How driving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// As asked.
    Stopped,
    /// The machine panicked outside a single input, so its state cannot be trusted; or nothing can reach it.
    Broken,
}

impl<M: Machine, E: Edge<M>> Driver<M, E> {
    /// A driver that has not begun.
    pub fn new(machine: M, edge: E, clock: Clock, inbox: Inbox<M::Input>) -> Self {
        Self { machine, edge, clock, inbox }
    }

    /// Turns until stopped; owns the thread.
    pub fn run(mut self) -> Ended {
        let mut batch = Vec::with_capacity(BATCH);
        let mut again = Vec::new();
        let mut outputs = Vec::new();
        let mut waited = Waited::GoOn;
        loop {
            let now = self.clock.now();
            let due = self.machine.deadline().is_some_and(|due| due <= now.mono);
            if due || !batch.is_empty() {
                self.take(now, &mut batch);
                if catch_unwind(AssertUnwindSafe(|| self.turn(now, &mut outputs))).is_err() {
                    tracing::error!("a shard is broken and ends");
                    return Ended::Broken;
                }
                self.edge.act(now, &mut outputs, &mut again);
            }
            self.edge.keep_up(now, &self.machine);
            if !again.is_empty() {
                std::mem::swap(&mut batch, &mut again);
                continue;
            }
            match waited {
                Waited::GoOn => {}
                Waited::Stop => return Ended::Stopped,
                Waited::Deaf => return Ended::Broken,
            }
            waited = self.wait(&mut batch);
        }
    }

    /// An input whose handling panics is dropped; the calls it did not concern go on.
    fn take(&mut self, now: Now, batch: &mut Vec<M::Input>) {
        for input in batch.drain(..) {
            let machine = &mut self.machine;
            if catch_unwind(AssertUnwindSafe(|| machine.handle(now, input))).is_err() {
                tracing::error!("an input made a shard panic and is dropped");
            }
        }
    }

    fn turn(&mut self, now: Now, outputs: &mut Vec<M::Output>) {
        if self.machine.deadline().is_some_and(|due| due <= now.mono) {
            self.machine.tick(now);
        }
        while let Some(output) = self.machine.poll() {
            outputs.push(output);
        }
    }

    fn wait(&mut self, batch: &mut Vec<M::Input>) -> Waited {
        let timers = self.machine.deadline().map(round_after);
        let deadline = timers.into_iter().chain(self.edge.deadline()).min();
        let patience = deadline.map(|due| due.since(self.clock.now().mono));
        self.inbox.wait(patience, BATCH, batch)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::mpsc::{SyncSender, sync_channel};
    use std::time::Duration;

    use super::*;
    use crate::inbox::{InboxSender, Lane, inbox};

    /// Says each number it hears; 0 sets a timer that says 100, 13 is bad luck.
    #[derive(Default)]
    struct Parrot {
        says: VecDeque<u32>,
        due: Option<Mono>,
    }

    impl Machine for Parrot {
        type Input = u32;
        type Output = u32;

        fn handle(&mut self, now: Now, input: u32) {
            match input {
                0 => self.due = Some(now.mono + Duration::from_millis(5)),
                13 => panic!("bad luck"),
                other => self.says.push_back(other),
            }
        }

        fn tick(&mut self, _now: Now) {
            self.due = None;
            self.says.push_back(100);
        }

        fn poll(&mut self) -> Option<u32> {
            self.says.pop_front()
        }

        fn deadline(&self) -> Option<Mono> {
            self.due
        }
    }

    struct Ear(SyncSender<u32>);

    impl Edge<Parrot> for Ear {
        fn act(&mut self, _now: Now, outputs: &mut Vec<u32>, again: &mut Vec<u32>) {
            for said in outputs.drain(..) {
                self.0.send(said).expect("the test listens");
                if said == 50 {
                    again.push(51);
                }
            }
        }

        fn keep_up(&mut self, _now: Now, _machine: &Parrot) {}

        fn deadline(&self) -> Option<Mono> {
            None
        }
    }

    fn drive(inputs: &[u32], stop_after: usize) -> (Vec<u32>, Ended) {
        let (sender, inbox): (InboxSender<u32>, _) = inbox();
        let (ear, heard) = sync_channel(16);
        let driver = Driver::new(Parrot::default(), Ear(ear), Clock::start(), inbox);
        inputs.iter().for_each(|input| sender.room(Lane::Event).expect("room").put(*input));
        let thread = std::thread::spawn(|| driver.run());
        let heard = (0..stop_after).map(|_| heard.recv().expect("a word")).collect();
        sender.stop();
        (heard, thread.join().expect("no panic gets out"))
    }

    #[test]
    fn inputs_come_out_in_order_and_what_they_cause_follows() {
        assert_eq!(drive(&[7, 50, 8], 4), (vec![7, 50, 8, 51], Ended::Stopped));
    }

    #[test]
    fn a_deadline_is_kept_without_input() {
        assert_eq!(drive(&[0], 1), (vec![100], Ended::Stopped));
    }

    #[test]
    fn timers_close_together_share_a_round() {
        assert_eq!(round_after(Mono(25_000)), Mono(25_000));
        assert_eq!(round_after(Mono(25_001)), round_after(Mono(49_999)));
    }

    #[test]
    fn an_input_that_panics_is_dropped_and_the_next_is_handled() {
        assert_eq!(drive(&[7, 13, 8], 2), (vec![7, 8], Ended::Stopped));
    }
}
