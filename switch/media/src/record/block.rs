//! What goes to the threads that write.

use base::media::{Gap, Recorder};
use base::{PortId, RecordingId, ShardId, Wall};

use crate::frame::Rate;

/// Samples of a block, all channels together: 200 ms of two channels at 8 kHz.
pub(crate) const BLOCK_SAMPLES: usize = 3_200;

/// A piece of a recording, for the thread that writes it. Those of one recording come in order.
#[derive(Debug)]
pub enum Parcel {
    /// It begins.
    Open(Box<Opening>),
    /// More audio.
    Audio {
        /// Of which.
        recording: RecordingId,
        /// The samples.
        block: Block,
    },
    /// Something is left out here.
    Gap {
        /// Of which.
        recording: RecordingId,
        /// Where and how much.
        gap: Gap,
    },
    /// It is over.
    Close {
        /// Which.
        recording: RecordingId,
        /// When.
        at: Wall,
    },
}

impl Parcel {
    /// The recording it belongs to.
    #[must_use]
    pub fn recording(&self) -> RecordingId {
        match self {
            Self::Open(opening) => opening.recorder.id,
            Self::Audio { recording, .. } | Self::Gap { recording, .. } | Self::Close { recording, .. } => {
                *recording
            }
        }
    }
}

/// How a recording begins.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Who is told of its fate.
    pub shard: ShardId,
    /// The port that it hangs on.
    pub port: PortId,
    /// What was asked.
    pub recorder: Recorder,
    /// Of its samples.
    pub rate: Rate,
    /// 1 or 2, interleaved left first.
    pub channels: u8,
}

/// Some tenths of a second of audio. Blocks are used again and again.
#[derive(Debug)]
pub struct Block {
    worker: u8,
    samples: Vec<i16>,
}

impl Block {
    pub(crate) fn new(worker: u8) -> Self {
        Self { worker, samples: Vec::with_capacity(BLOCK_SAMPLES) }
    }

    /// The media worker that wants it back.
    #[must_use]
    pub fn worker(&self) -> u8 {
        self.worker
    }

    /// Samples, the channels interleaved.
    #[must_use]
    pub fn samples(&self) -> &[i16] {
        &self.samples
    }

    pub(crate) fn room_for(&self, samples: usize) -> bool {
        self.samples.len() + samples <= BLOCK_SAMPLES
    }

    pub(crate) fn extend(&mut self, samples: impl Iterator<Item = i16>) {
        self.samples.extend(samples);
    }

    pub(crate) fn clear(&mut self) {
        self.samples.clear();
    }
}
