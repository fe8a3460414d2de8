//! A worker's inbox: bounded, and silent towards the kernel while the worker is awake.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};

use base::limits::{MEDIA_COMMANDS, MEDIA_LETTERS};
use base::media::MediaCommand;
use mio::Waker;

use crate::travel::Letter;

/// The side of whoever commands, and of other workers, who write letters.
#[derive(Debug)]
pub(crate) struct Outbox {
    sender: SyncSender<MediaCommand>,
    letters: SyncSender<Vec<Letter>>,
    bell: Arc<Bell>,
}

/// The worker's side.
#[derive(Debug)]
pub(crate) struct Inbox {
    receiver: Receiver<MediaCommand>,
    letters: Receiver<Vec<Letter>>,
    bell: Arc<Bell>,
}

#[derive(Debug)]
struct Bell {
    waker: Waker,
    asleep: AtomicBool,
    /// Posts that were sent and not taken, or are just being sent.
    letters: AtomicUsize,
    stop: AtomicBool,
}

pub(crate) fn inbox(waker: Waker) -> (Outbox, Inbox) {
    let (sender, receiver) = mpsc::sync_channel(MEDIA_COMMANDS);
    let (to_letters, letters) = mpsc::sync_channel(MEDIA_LETTERS);
    let bell = Arc::new(Bell {
        waker,
        asleep: AtomicBool::new(false),
        letters: AtomicUsize::new(0),
        stop: AtomicBool::new(false),
    });
    let outbox = Outbox { sender, letters: to_letters, bell: Arc::clone(&bell) };
    (outbox, Inbox { receiver, letters, bell })
}

impl Outbox {
    /// Gives the command back when the inbox is full or the worker gone.
    #[expect(clippy::result_large_err, reason = "the refused command itself, on a path taken only when full")]
    pub(crate) fn send(&self, command: MediaCommand) -> Result<(), MediaCommand> {
        self.sender.try_send(command).map_err(|refused| match refused {
            TrySendError::Full(command) | TrySendError::Disconnected(command) => command,
        })
    }

    /// Takes letters all at once, or gives them back when as many posts wait as may. A worker that is gone takes none and refuses none: the node ends.
    pub(crate) fn post(&self, letters: Vec<Letter>) -> Result<(), Vec<Letter>> {
        self.bell.letters.fetch_add(1, Ordering::SeqCst);
        let sent = self.letters.try_send(letters);
        if sent.is_err() {
            self.bell.letters.fetch_sub(1, Ordering::SeqCst);
        }
        match sent {
            Ok(()) | Err(TrySendError::Disconnected(_)) => Ok(()),
            Err(TrySendError::Full(letters)) => Err(letters),
        }
    }

    pub(crate) fn stop(&self) {
        self.bell.stop.store(true, Ordering::SeqCst);
        self.ring();
    }

    /// One write to the kernel per sleep, whoever comes first.
    pub(crate) fn ring(&self) {
        fence(Ordering::SeqCst);
        if self.bell.asleep.swap(false, Ordering::SeqCst)
            && let Err(error) = self.bell.waker.wake()
        {
            tracing::warn!(%error, "a media worker was not woken; it looks by itself within half a second");
        }
    }
}

impl Inbox {
    pub(crate) fn take(&self) -> Option<MediaCommand> {
        // Both an empty and an abandoned inbox hold nothing.
        self.receiver.try_recv().ok()
    }

    pub(crate) fn take_letters(&self) -> Option<Vec<Letter>> {
        let letters = self.letters.try_recv().ok()?;
        self.bell.letters.fetch_sub(1, Ordering::SeqCst);
        Some(letters)
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.bell.stop.load(Ordering::SeqCst)
    }

    /// Runs `wait` with the bell armed. The command that arrived just before, if any, is returned beside
    /// what `wait` gives; `wait` is told so and must then not block.
    pub(crate) fn sleep(
        &self,
        wait: impl FnOnce(bool) -> io::Result<()>,
    ) -> (Option<MediaCommand>, io::Result<()>) {
        self.bell.asleep.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        let early = self.take();
        let is_mail = self.bell.letters.load(Ordering::SeqCst) > 0;
        let waited = wait(early.is_some() || is_mail || self.is_stopped());
        self.bell.asleep.store(false, Ordering::SeqCst);
        (early, waited)
    }
}

#[cfg(test)]
mod tests {
    use base::PortId;
    use mio::{Events, Poll, Token};

    use super::*;

    const OPEN: MediaCommand = MediaCommand::Open { port: PortId { worker: 0, slot: 0 } };

    #[test]
    fn a_full_inbox_gives_the_command_back() {
        let poll = Poll::new().unwrap();
        let (outbox, inbox) = inbox(Waker::new(poll.registry(), Token(0)).unwrap());
        (0..MEDIA_COMMANDS).for_each(|_| outbox.send(OPEN).unwrap());
        assert_eq!(outbox.send(OPEN), Err(OPEN));
        assert_eq!(inbox.take(), Some(OPEN));
        assert_eq!(outbox.send(OPEN), Ok(()));
    }

    #[test]
    fn a_command_that_came_before_the_sleep_prevents_it_and_rings_nothing() {
        let mut poll = Poll::new().unwrap();
        let (outbox, inbox) = inbox(Waker::new(poll.registry(), Token(0)).unwrap());
        outbox.send(OPEN).unwrap();
        let (early, waited) = inbox.sleep(|at_once| {
            assert!(at_once);
            Ok(())
        });
        assert_eq!((early, waited.is_ok()), (Some(OPEN), true));
        let mut rung = Events::with_capacity(1);
        poll.poll(&mut rung, Some(std::time::Duration::ZERO)).unwrap();
        assert!(rung.is_empty());
    }

    #[test]
    fn a_command_during_the_sleep_rings_once() {
        let mut poll = Poll::new().unwrap();
        let (outbox, inbox) = inbox(Waker::new(poll.registry(), Token(0)).unwrap());
        let mut rung = Events::with_capacity(4);
        let (_early, waited) = inbox.sleep(|_at_once| {
            outbox.send(OPEN).unwrap();
            outbox.ring();
            outbox.send(OPEN).unwrap();
            outbox.ring();
            poll.poll(&mut rung, None)
        });
        assert_eq!((waited.is_ok(), rung.iter().count()), (true, 1));
    }
}
