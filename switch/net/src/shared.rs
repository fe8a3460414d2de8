//! What every part of the network layer reads; nothing here changes but counters and the connection table.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base::ShardId;
use tokio::runtime::Handle;

use crate::counters::{Counters, count};
use crate::demux::Demux;
use crate::event::{NetEvent, Sink};
use crate::guard::GuardConfig;
use crate::locals::Shown;
use crate::table::Table;
use crate::tls::Tls;
use crate::udp::UdpListener;
use crate::ws::Origins;

/// How long a stream waits before it tries a full inbox again.
const INBOX_RETRY: std::time::Duration = std::time::Duration::from_millis(2);

pub(crate) struct Shared {
    pub(crate) shown: Arc<Shown>,
    pub(crate) udp: Vec<UdpListener>,
    pub(crate) table: Table,
    pub(crate) demux: Demux,
    pub(crate) tls: Tls,
    pub(crate) origins: Origins,
    pub(crate) sink: Sink,
    pub(crate) guard: GuardConfig,
    pub(crate) counters: Counters,
    pub(crate) runtime: Handle,
    pub(crate) stopping: AtomicBool,
}

impl Shared {
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Puts an event into a shard's inbox, waiting while it is full.
    pub(crate) async fn deliver(&self, shard: ShardId, mut event: NetEvent) {
        let mut held = false;
        while let Err(back) = (self.sink)(shard, event) {
            if self.is_stopping() {
                return;
            }
            if !std::mem::replace(&mut held, true) {
                count(&self.counters.tcp_held);
            }
            event = back;
            tokio::time::sleep(INBOX_RETRY).await;
        }
    }

    /// Puts an event into the inbox of every shard.
    pub(crate) async fn tell_all(&self, event: &NetEvent) {
        for shard in self.demux.shards() {
            self.deliver(shard, event.clone()).await;
        }
    }
}
