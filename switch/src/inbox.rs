//! A thread's bounded inbox: one queue, and for each kind of sender a bound of its own, so that none crowds out another.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base::limits;

use crate::bell::Bell;

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
    shared: Arc<Shared>,
}

/// The thread's end.
pub struct Inbox<Input> {
    queue: Receiver<Item<Input>>,
    shared: Arc<Shared>,
    door: Option<Box<dyn Door>>,
}

/// What both ends know.
#[derive(Default)]
struct Shared {
    /// Inputs in the queue, by lane.
    waiting: [AtomicUsize; 3],
    /// Wakes a thread that sleeps at its door; set once when it does so.
    bell: OnceLock<Bell>,
}

/// What else than its inbox a thread waits for. What comes in by it is put into the inbox like anything else.
pub trait Door: Send {
    /// Sleeps until something is at the door, the bell rings or `patience` has passed; without it for ever.
    ///
    /// # Errors
    /// When nothing will ever come in any more.
    fn sleep(&mut self, patience: Option<Duration>) -> io::Result<()>;
    /// Puts what is at the door into the inbox, without waiting.
    fn take_in(&mut self);
}

/// What waiting for input came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// Something is there, or the time has passed.
    GoOn,
    /// The thread is asked to end.
    Stop,
    /// Nothing can come in any more, though nobody asked for it.
    Deaf,
}

/// An empty inbox.
#[must_use]
pub fn inbox<Input>() -> (InboxSender<Input>, Inbox<Input>) {
    let room: usize = Lane::ALL.iter().map(|lane| lane.bound()).sum();
    // One place more, so that a request to end always fits.
    let (sender, receiver) = sync_channel(room + 1);
    let shared = Arc::<Shared>::default();
    (
        InboxSender { queue: sender, shared: Arc::clone(&shared) },
        Inbox { queue: receiver, shared, door: None },
    )
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
        (self.shared.waiting[lane as usize].fetch_add(1, Ordering::Relaxed) < lane.bound()).then_some(room)
    }

    /// Whether three quarters of the lane's places are taken.
    #[must_use]
    pub fn is_crowded(&self, lane: Lane) -> bool {
        self.shared.waiting[lane as usize].load(Ordering::Relaxed) >= lane.bound() / 4 * 3
    }

    /// Asks the thread to end after what is in the inbox.
    pub fn stop(&self) {
        // Full means that a request to end is in already; disconnected, that the thread has ended.
        self.queue.try_send(Item::Stop).ok();
        self.ring();
    }

    fn ring(&self) {
        if let Some(bell) = self.shared.bell.get() {
            bell.ring();
        }
    }
}

impl<Input> Room<'_, Input> {
    /// Puts the input in; a thread that has ended wants none.
    pub fn put(mut self, input: Input) {
        // The queue has room for every place of every lane, so only a thread that has ended refuses.
        self.used = self.sender.queue.try_send(Item::Input(self.lane, input)).is_ok();
        self.sender.ring();
    }
}

impl<Input> Drop for Room<'_, Input> {
    fn drop(&mut self) {
        if !self.used {
            self.sender.shared.waiting[self.lane as usize].fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl<Input> Clone for InboxSender<Input> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), shared: Arc::clone(&self.shared) }
    }
}

impl<Input> Inbox<Input> {
    /// Makes the thread sleep at `door` from now on; `waker` ends that sleep.
    #[must_use]
    pub fn at(mut self, door: Box<dyn Door>, waker: mio::Waker) -> Self {
        self.shared.bell.get_or_init(|| Bell::new(waker));
        self.door = Some(door);
        self
    }

    /// Waits for input, for ever without `patience`, and puts up to `most` into `batch`.
    pub fn wait(&mut self, patience: Option<Duration>, most: usize, batch: &mut Vec<Input>) -> Waited {
        let first = match self.first(patience) {
            Ok(Some(item)) => item,
            Ok(None) => return Waited::GoOn,
            Err(ended) => return ended,
        };
        for item in std::iter::once(first).chain(self.queue.try_iter().take(most.saturating_sub(1))) {
            match item {
                Item::Stop => return Waited::Stop,
                Item::Input(lane, input) => {
                    self.shared.waiting[lane as usize].fetch_sub(1, Ordering::Relaxed);
                    batch.push(input);
                }
            }
        }
        Waited::GoOn
    }

    fn first(&mut self, patience: Option<Duration>) -> Result<Option<Item<Input>>, Waited> {
        if let (Some(door), Some(bell)) = (&mut self.door, self.shared.bell.get()) {
            let (early, slept) = bell.sleep(
                || self.queue.try_recv().ok(),
                |at_once| door.sleep(if at_once { Some(Duration::ZERO) } else { patience }),
            );
            if let Err(error) = slept {
                tracing::error!(%error, "waiting for messages failed");
                return Err(Waited::Deaf);
            }
            door.take_in();
            return Ok(early.or_else(|| self.queue.try_recv().ok()));
        }
        match patience {
            Some(patience) => match self.queue.recv_timeout(patience) {
                Ok(item) => Ok(Some(item)),
                Err(RecvTimeoutError::Timeout) => Ok(None),
                Err(RecvTimeoutError::Disconnected) => Err(Waited::Stop),
            },
            None => self.queue.recv().map(Some).map_err(|_disconnected| Waited::Stop),
        }
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
        let (sender, mut inbox) = inbox();
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
        let (sender, mut inbox) = inbox();
        assert!(offer(&sender, Lane::Net, 1));
        sender.stop();
        let mut batch = Vec::new();
        assert_eq!(inbox.wait(None, 256, &mut batch), Waited::Stop);
        assert_eq!(batch, [1]);
    }

    #[test]
    fn waiting_ends_when_its_time_has_passed() {
        let (_sender, mut inbox) = inbox::<u8>();
        assert_eq!(inbox.wait(Some(Duration::ZERO), 256, &mut Vec::new()), Waited::GoOn);
    }

    /// A door with one knock waiting behind it, which it puts into the inbox.
    struct Knock(mio::Poll, InboxSender<usize>);

    impl Door for Knock {
        fn sleep(&mut self, patience: Option<Duration>) -> io::Result<()> {
            self.0.poll(&mut mio::Events::with_capacity(1), patience)
        }

        fn take_in(&mut self) {
            offer(&self.1, Lane::Net, 8);
        }
    }

    #[test]
    fn a_thread_at_its_door_is_woken_by_input_and_takes_in_what_is_at_the_door() {
        let (sender, inbox) = inbox();
        let poll = mio::Poll::new().expect("polling");
        let waker = mio::Waker::new(poll.registry(), mio::Token(0)).expect("a waker");
        let mut inbox = inbox.at(Box::new(Knock(poll, sender.clone())), waker);
        let thread = std::thread::spawn(move || {
            let mut heard = Vec::new();
            while !heard.contains(&7) {
                assert_eq!(inbox.wait(None, 256, &mut heard), Waited::GoOn);
            }
            heard.contains(&8)
        });
        assert!(offer(&sender, Lane::Command, 7));
        assert!(thread.join().expect("no panic"));
    }
}
