//! Wakes a thread that sleeps in a poll, and is silent towards the kernel while it is awake.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering, fence};

use mio::Waker;

/// Rung by senders after they have put something into a queue.
pub(crate) struct Bell {
    waker: Waker,
    asleep: AtomicBool,
}

impl Bell {
    pub(crate) fn new(waker: Waker) -> Self {
        Self { waker, asleep: AtomicBool::new(false) }
    }

    /// One write to the kernel per sleep, whoever comes first.
    pub(crate) fn ring(&self) {
        fence(Ordering::SeqCst);
        if self.asleep.load(Ordering::SeqCst)
            && self.asleep.swap(false, Ordering::SeqCst)
            && let Err(error) = self.waker.wake()
        {
            tracing::warn!(%error, "a thread was not woken; it looks by itself when its next timer is due");
        }
    }

    /// Runs `wait` with the bell armed. What `take` found just before, if anything, is returned beside what `wait`
    /// gives; `wait` is told so and must then not block.
    pub(crate) fn sleep<Item>(
        &self,
        take: impl FnOnce() -> Option<Item>,
        wait: impl FnOnce(bool) -> io::Result<()>,
    ) -> (Option<Item>, io::Result<()>) {
        self.asleep.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        let early = take();
        let waited = wait(early.is_some());
        self.asleep.store(false, Ordering::SeqCst);
        (early, waited)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mio::{Events, Poll, Token};

    use super::*;

    fn rings(poll: &mut Poll) -> usize {
        let mut events = Events::with_capacity(4);
        poll.poll(&mut events, Some(Duration::ZERO)).expect("polling");
        events.iter().count()
    }

    #[test]
    fn a_thread_that_is_awake_is_not_rung_for_and_one_that_sleeps_once() {
        let mut poll = Poll::new().expect("polling");
        let bell = Bell::new(Waker::new(poll.registry(), Token(0)).expect("a waker"));
        bell.ring();
        assert_eq!(rings(&mut poll), 0);
        let (early, slept) = bell.sleep(
            || None::<u8>,
            |at_once| {
                assert!(!at_once);
                bell.ring();
                bell.ring();
                Ok(())
            },
        );
        assert_eq!((early, slept.is_ok(), rings(&mut poll)), (None, true, 1));
    }

    #[test]
    fn what_came_before_the_sleep_prevents_it() {
        let poll = Poll::new().expect("polling");
        let bell = Bell::new(Waker::new(poll.registry(), Token(0)).expect("a waker"));
        let (early, _slept) = bell.sleep(
            || Some(1),
            |at_once| {
                assert!(at_once);
                Ok(())
            },
        );
        assert_eq!(early, Some(1));
    }
}
