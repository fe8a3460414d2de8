//! A running node, and how it is taken apart in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use base::wire::Transport;
use journal::Journal;
use net::Net;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle as Task;

use super::web::Web;
use crate::drive::Ended;
use crate::hub::Hub;

/// How long the store may take at the end.
const LAST_WRITES: Duration = Duration::from_secs(5);
/// How often is looked whether a thread has ended.
const LOOK: Duration = Duration::from_millis(5);

/// A running node.
pub struct Running {
    pub(super) hub: Arc<Hub>,
    pub(super) net: Net,
    pub(super) http: SocketAddr,
    pub(super) https: Option<SocketAddr>,
    pub(super) shards: Vec<JoinHandle<Ended>>,
    pub(super) broken: watch::Receiver<bool>,
    pub(super) web: Web,
    pub(super) keeper: Task<()>,
    pub(super) recordings: Option<JoinHandle<()>>,
    pub(super) chores: Vec<Task<()>>,
    pub(super) journal: Journal,
}

impl Running {
    /// The SIP listeners of a protocol as bound.
    #[must_use]
    pub fn sip(&self, transport: Transport) -> &[SocketAddr] {
        self.net.addresses(transport)
    }

    /// Where the web panel listens.
    #[must_use]
    pub fn http(&self) -> SocketAddr {
        self.http
    }

    /// Where the web panel listens under TLS.
    #[must_use]
    pub fn https(&self) -> Option<SocketAddr> {
        self.https
    }

    /// The node's handles.
    #[must_use]
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// Resolves when a shard or a media worker broke, so that the node must end.
    pub async fn broken(&self) {
        let mut broken = self.broken.clone();
        if broken.wait_for(|broken| *broken).await.is_err() {
            // Every shard has ended in order: nothing can break any more.
            std::future::pending::<()>().await;
        }
    }

    /// Ends every part in order: web, shards, network, media, and last what is still to be written. Blocks; call
    /// it outside the runtime.
    pub fn stop(self, runtime: &Handle) {
        self.web.end.send_replace(true);
        runtime.block_on(self.web.task).ok();
        if let Some(secure) = self.web.secure {
            runtime.block_on(secure).ok();
        }
        self.hub.shards.iter().for_each(|shard| shard.inbox.stop());
        for shard in self.shards {
            if shard.join().is_err() {
                tracing::error!("a shard's thread had panicked");
            }
        }
        self.net.shutdown();
        self.chores.iter().for_each(Task::abort);
        let store = self.hub.store.clone();
        drop(self.hub);
        // The shards held the keeper's senders, so it ends once everything is written.
        let kept = async { tokio::time::timeout(LAST_WRITES, self.keeper).await };
        if runtime.block_on(kept).is_err() {
            tracing::warn!("the last changes of registrations could not be stored");
        }
        if let Some(recordings) = self.recordings
            && !ends_soon(&recordings)
        {
            tracing::warn!("some recordings are entered in the store at the next start");
        }
        let unsettled = self.journal.finish(LAST_WRITES);
        if unsettled > 0 {
            tracing::warn!(calls = unsettled, "call records wait in the journal for the next start");
        }
        runtime.block_on(store.close());
    }
}

/// The media workers are gone, so that the last recordings are closed and entered.
fn ends_soon(thread: &JoinHandle<()>) -> bool {
    let looks = LAST_WRITES.as_millis() / LOOK.as_millis();
    for _ in 0..looks {
        if thread.is_finished() {
            return true;
        }
        std::thread::park_timeout(LOOK);
    }
    thread.is_finished()
}
