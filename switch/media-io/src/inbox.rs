//! A worker's inbox: bounded, and silent towards the kernel while the worker is awake.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};

use base::limits::MEDIA_COMMANDS;
use base::media::MediaCommand;
use mio::Waker;

/// The side of whoever commands.
#[derive(Debug)]
pub(crate) struct Outbox {
    sender: SyncSender<MediaCommand>,
    bell: Arc<Bell>,
}

/// The worker's side.
#[derive(Debug)]
pub(crate) struct Inbox {
    receiver: Receiver<MediaCommand>,
    bell: Arc<Bell>,
}

#[derive(Debug)]
struct Bell {
    waker: Waker,
    asleep: AtomicBool,
    stop: AtomicBool,
}

pub(crate) fn inbox(waker: Waker) -> (Outbox, Inbox) {
    let (sender, receiver) = mpsc::sync_channel(MEDIA_COMMANDS);
    let bell = Arc::new(Bell { waker, asleep: AtomicBool::new(false), stop: AtomicBool::new(false) });
    (Outbox { sender, bell: Arc::clone(&bell) }, Inbox { receiver, bell })
}

impl Outbox {
    /// Gives the command back when the inbox is full or the worker gone.
    #[expect(clippy::result_large_err, reason = "the refused command itself, on a path taken only when full")]
    pub(crate) fn send(&self, command: MediaCommand) -> Result<(), MediaCommand> {
        self.sender.try_send(command).map_err(|refused| match refused {
            TrySendError::Full(command) | TrySendError::Disconnected(command) => command,
        })?;
        self.ring();
        Ok(())
    }

    pub(crate) fn stop(&self) {
        self.bell.stop.store(true, Ordering::SeqCst);
        self.ring();
    }

    /// One write to the kernel per sleep, whoever comes first.
    fn ring(&self) {
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
        let waited = wait(early.is_some() || self.is_stopped());
        self.bell.asleep.store(false, Ordering::SeqCst);
        (early, waited)
    }
}
