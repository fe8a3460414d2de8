//! Brings events to their shards, and keeps those that a full inbox refused.

use std::collections::VecDeque;

use base::ShardId;
use base::media::MediaEvent;

use crate::config::EventSink;

/// At most as many wait as recordings run, times the events of one.
pub(crate) struct Teller {
    sink: EventSink,
    waiting: VecDeque<(ShardId, MediaEvent)>,
}

impl Teller {
    pub(crate) fn new(sink: EventSink) -> Self {
        Self { sink, waiting: VecDeque::new() }
    }

    pub(crate) fn tell(&mut self, shard: ShardId, event: MediaEvent) {
        self.waiting.push_back((shard, event));
        self.retry();
    }

    /// Offers what waits, in order, until one is refused.
    pub(crate) fn retry(&mut self) {
        while let Some((shard, event)) = self.waiting.pop_front() {
            if let Err(event) = (self.sink)(shard, event) {
                self.waiting.push_front((shard, event));
                return;
            }
        }
    }

    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }
}
