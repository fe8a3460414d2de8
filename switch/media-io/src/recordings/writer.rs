//! A thread that writes: all recordings whose ids fall to it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use base::media::{MediaEvent, RecordingFault};
use base::{CallId, PortId, RecordingId, ShardId, Wall};
use media::record::{Block, Opening, Parcel};

use super::archive::Shared;
use super::closing::Closing;
use super::file::OpenFile;
use super::teller::Teller;

/// How soon an event that a shard had no room for is offered again.
const RETRY: Duration = Duration::from_millis(20);

pub(crate) struct Writer {
    shared: Arc<Shared>,
    teller: Teller,
    /// The way back for blocks, by media worker.
    homes: Vec<SyncSender<Block>>,
    closer: SyncSender<Closing>,
    open: HashMap<RecordingId, Running>,
}

struct Running {
    shard: ShardId,
    port: PortId,
    file: OpenFile,
}

impl Writer {
    pub(crate) fn new(
        shared: Arc<Shared>,
        teller: Teller,
        homes: Vec<SyncSender<Block>>,
        closer: SyncSender<Closing>,
    ) -> Self {
        Self { shared, teller, homes, closer, open: HashMap::new() }
    }

    /// Writes until all media workers are gone, then closes what is open.
    pub(crate) fn run(mut self, parcels: &Receiver<Parcel>) {
        loop {
            let wait = if self.teller.is_waiting() { RETRY } else { Duration::MAX };
            match parcels.recv_timeout(wait) {
                Ok(parcel) => self.take(parcel),
                Err(RecvTimeoutError::Timeout) => self.teller.retry(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        for (_id, running) in std::mem::take(&mut self.open) {
            let at = running.file.reached();
            self.finish(running, at);
        }
    }

    fn take(&mut self, parcel: Parcel) {
        match parcel {
            Parcel::Open(opening) => self.start(&opening),
            Parcel::Audio { recording, block } => {
                let shared = Arc::clone(&self.shared);
                self.write(recording, |file| file.take(&shared, block.samples()));
                self.send_home(block);
            }
            Parcel::Gap { recording, gap } => {
                let shared = Arc::clone(&self.shared);
                self.write(recording, |file| file.leave_out(&shared, gap));
            }
            Parcel::Close { recording, at } => {
                if let Some(running) = self.open.remove(&recording) {
                    self.finish(running, at);
                }
            }
        }
    }

    fn start(&mut self, opening: &Opening) {
        let (shard, port) = (opening.shard, opening.port);
        let (call, recording) = (opening.recorder.call, opening.recorder.id);
        match OpenFile::create(&self.shared, opening) {
            Ok(file) => {
                self.open.insert(recording, Running { shard, port, file });
                self.teller.tell(shard, MediaEvent::RecordingStarted { port, call, recording });
            }
            Err(fault) => self.fail(shard, port, (call, recording), fault),
        }
    }

    /// After a fault the recording is over; what comes for it later is left out.
    fn write(
        &mut self,
        recording: RecordingId,
        write: impl FnOnce(&mut OpenFile) -> Result<(), RecordingFault>,
    ) {
        let Some(running) = self.open.get_mut(&recording) else { return };
        let Err(fault) = write(&mut running.file) else { return };
        if let Some(running) = self.open.remove(&recording) {
            self.fail(running.shard, running.port, (running.file.entry.call, recording), fault);
            let at = running.file.reached();
            self.finish(running, at);
        }
    }

    fn finish(&mut self, running: Running, at: Wall) {
        let Running { shard, port, file } = running;
        let (finished, result) = file.finish(&self.shared, at);
        if let Err(fault) = result {
            self.fail(shard, port, (finished.entry.call, finished.entry.recording), fault);
        }
        if self.closer.send(Closing { shard, port, finished }).is_err() {
            tracing::error!("the thread that closes recordings is gone; they are closed at the next start");
        }
    }

    fn fail(
        &mut self,
        shard: ShardId,
        port: PortId,
        (call, recording): (CallId, RecordingId),
        fault: RecordingFault,
    ) {
        tracing::warn!(%recording, ?fault, "a recording failed");
        self.teller.tell(shard, MediaEvent::RecordingFailed { port, call, recording, fault });
    }

    /// A worker that is gone, or has more than it lost, needs it no more.
    fn send_home(&self, block: Block) {
        if let Some(home) = self.homes.get(usize::from(block.worker()))
            && home.try_send(block).is_err()
        {
            tracing::trace!("a block has no home");
        }
    }
}
