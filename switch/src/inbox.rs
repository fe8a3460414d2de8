//! A thread's bounded inbox: one queue, and for each kind of sender a bound of its own, so that none crowds out another.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use base::limits;

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// The network.
    Net,
    /// Operators and the supervisor.
    Command,
    /// Media workers, other shards, answers to what was asked.
    Event,
}

impl Lane {
    const ALL: [Self; 3] = [Self::Net, Self::Command, Self::Event];

    const fn bound(self) -> usize {
        match self {
            Self::Net => limits::SHARD_NET_INBOX,
            Self::Command => limits::SHARD_COMMANDS,
            Self::Event => limits::SHARD_EVENTS,
        }
    }
}

enum Item<Input> {
    Input(Lane, Input),
    Stop,
}

/// The way into an inbox.
pub struct InboxSender<Input> {
    queue: SyncSender<Item<Input>>,
    waiting: Arc<[AtomicUsize; 3]>,
}

/// The thread's end.
pub struct Inbox<Input> {
    queue: Receiver<Item<Input>>,
    waiting: Arc<[AtomicUsize; 3]>,
}

/// What waiting for input came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// Something is there, or the time has passed.
    GoOn,
    /// The thread is asked to end.
    Stop,
}

/// An empty inbox.
#[must_use]
pub fn inbox<Input>() -> (InboxSender<Input>, Inbox<Input>) {
    let room: usize = Lane::ALL.iter().map(|lane| lane.bound()).sum();
    // One place more, so that a request to end always fits.
    let (sender, receiver) = sync_channel(room + 1);
    let waiting = Arc::<[AtomicUsize; 3]>::default();
    (InboxSender { queue: sender, waiting: Arc::clone(&waiting) }, Inbox { queue: receiver, waiting })
}

impl<Input> InboxSender<Input> {
    /// Puts an input in without waiting.
    ///
    /// # Errors
    /// Gives it back when the lane is full or the thread is gone.
    pub fn offer(&self, lane: Lane, input: Input) -> Result<(), Input> {
        let waiting = &self.waiting[lane as usize];
        if waiting.fetch_add(1, Ordering::Relaxed) >= lane.bound() {
            waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(input);
        }
        match self.queue.try_send(Item::Input(lane, input)) {
            Ok(()) => Ok(()),
            Err(refused) => {
                waiting.fetch_sub(1, Ordering::Relaxed);
                match refused {
                    std::sync::mpsc::TrySendError::Full(item)
                    | std::sync::mpsc::TrySendError::Disconnected(item) => Err(item.input()),
                }
            }
        }
    }

    /// Asks the thread to end after what is in the inbox.
    pub fn stop(&self) {
        // Full means that a request to end is in already; disconnected, that the thread has ended.
        self.queue.try_send(Item::Stop).ok();
    }
}

impl<Input> Item<Input> {
    fn input(self) -> Input {
        match self {
            Self::Input(_, input) => input,
            Self::Stop => unreachable!("only inputs are offered"),
        }
    }
}

impl<Input> Clone for InboxSender<Input> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), waiting: Arc::clone(&self.waiting) }
    }
}

impl<Input> Inbox<Input> {
    /// Waits for input, for ever without `patience`, and puts up to `most` into `batch`.
    pub fn wait(&self, patience: Option<Duration>, most: usize, batch: &mut Vec<Input>) -> Waited {
        let first = match patience {
            Some(patience) => match self.queue.recv_timeout(patience) {
                Ok(item) => item,
                Err(RecvTimeoutError::Timeout) => return Waited::GoOn,
                Err(RecvTimeoutError::Disconnected) => return Waited::Stop,
            },
            None => match self.queue.recv() {
                Ok(item) => item,
                Err(_disconnected) => return Waited::Stop,
            },
        };
        for item in std::iter::once(first).chain(self.queue.try_iter().take(most.saturating_sub(1))) {
            match item {
                Item::Stop => return Waited::Stop,
                Item::Input(lane, input) => {
                    self.waiting[lane as usize].fetch_sub(1, Ordering::Relaxed);
                    batch.push(input);
                }
            }
        }
        Waited::GoOn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_lane_gives_back_what_does_not_fit_and_leaves_the_others_their_room() {
        let (sender, inbox) = inbox();
        for number in 0..limits::SHARD_NET_INBOX {
            assert_eq!(sender.offer(Lane::Net, number), Ok(()));
        }
        assert_eq!(sender.offer(Lane::Net, 99_999), Err(99_999));
        assert_eq!(sender.offer(Lane::Command, 7), Ok(()));
        let mut batch = Vec::new();
        assert_eq!(inbox.wait(None, 256, &mut batch), Waited::GoOn);
        assert_eq!(batch.len(), 256);
        assert_eq!(sender.offer(Lane::Net, 99_999), Ok(()));
    }

    #[test]
    fn a_request_to_end_comes_after_what_was_there_before() {
        let (sender, inbox) = inbox();
        assert_eq!(sender.offer(Lane::Net, 1), Ok(()));
        sender.stop();
        let mut batch = Vec::new();
        assert_eq!(inbox.wait(None, 256, &mut batch), Waited::Stop);
        assert_eq!(batch, [1]);
    }

    #[test]
    fn waiting_ends_when_its_time_has_passed() {
        let (_sender, inbox) = inbox::<u8>();
        assert_eq!(inbox.wait(Some(Duration::ZERO), 256, &mut Vec::new()), Waited::GoOn);
    }
}
