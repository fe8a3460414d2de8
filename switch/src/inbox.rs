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

/// A place in an inbox, for one input.
pub struct Room<'a, Input> {
    sender: &'a InboxSender<Input>,
    lane: Lane,
    used: bool,
}

impl<Input> InboxSender<Input> {
    /// A place for one input; `None` when the lane is full.
    #[must_use]
    pub fn room(&self, lane: Lane) -> Option<Room<'_, Input>> {
        let room = Room { sender: self, lane, used: false };
        // Dropping the room gives its place back.
        (self.waiting[lane as usize].fetch_add(1, Ordering::Relaxed) < lane.bound()).then_some(room)
    }

    /// Asks the thread to end after what is in the inbox.
    pub fn stop(&self) {
        // Full means that a request to end is in already; disconnected, that the thread has ended.
        self.queue.try_send(Item::Stop).ok();
    }
}

impl<Input> Room<'_, Input> {
    /// Puts the input in; a thread that has ended wants none.
    pub fn put(mut self, input: Input) {
        // The queue has room for every place of every lane, so only a thread that has ended refuses.
        self.used = self.sender.queue.try_send(Item::Input(self.lane, input)).is_ok();
    }
}

impl<Input> Drop for Room<'_, Input> {
    fn drop(&mut self) {
        if !self.used {
            self.sender.waiting[self.lane as usize].fetch_sub(1, Ordering::Relaxed);
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

    fn offer(sender: &InboxSender<usize>, lane: Lane, input: usize) -> bool {
        sender.room(lane).map(|room| room.put(input)).is_some()
    }

    #[test]
    fn a_full_lane_has_no_room_and_leaves_the_others_theirs() {
        let (sender, inbox) = inbox();
        assert!((0..limits::SHARD_NET_INBOX).all(|number| offer(&sender, Lane::Net, number)));
        assert!(!offer(&sender, Lane::Net, 99_999));
        assert!(offer(&sender, Lane::Command, 7));
        let mut batch = Vec::new();
        assert_eq!(inbox.wait(None, 256, &mut batch), Waited::GoOn);
        assert_eq!(batch.len(), 256);
        assert!(offer(&sender, Lane::Net, 99_999));
    }

    #[test]
    fn room_that_is_not_used_is_given_back() {
        let (sender, _inbox) = inbox::<usize>();
        for _ in 0..=limits::SHARD_NET_INBOX {
            assert!(sender.room(Lane::Net).is_some());
        }
    }

    #[test]
    fn a_request_to_end_comes_after_what_was_there_before() {
        let (sender, inbox) = inbox();
        assert!(offer(&sender, Lane::Net, 1));
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
