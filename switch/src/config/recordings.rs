//! `[recordings]`: where they lie and how much of the disk they may use.

use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;

use media_io::recordings::{ArchiveConfig, Entry};

use super::error::ConfigError;
use super::read::Reader;

/// `[recordings]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingsConfig {
    /// The folder; `recordings` in the data folder when it is not said.
    pub folder: Option<PathBuf>,
    /// The node's keys for encrypted recordings; `recording.key` in the data folder when it is not said.
    pub key_file: Option<PathBuf>,
    /// Megabytes (of 1,000,000 octets) that recordings may use, the oldest going first; 0 for as many as the disk has.
    pub budget_mb: u32,
    /// Threads that write and encode; 0 leaves the choice to the number of cores.
    pub writers: u8,
}

impl RecordingsConfig {
    pub(super) fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
        let writers = reader.number("recordings", "writers", 0..=16, 0)?;
        Ok(Self {
            folder: reader.path("recordings", "folder")?,
            key_file: reader.path("recordings", "key_file")?,
            budget_mb: reader.number("recordings", "budget_mb", 0..=u32::MAX, 0)?,
            writers: u8::try_from(writers).unwrap_or(u8::MAX),
        })
    }

    /// What the archive of a node with this data folder is started with.
    #[must_use]
    pub fn archive(&self, data: &Path, cores: usize, to_database: SyncSender<Entry>) -> ArchiveConfig {
        let by_cores = u8::try_from(cores.div_ceil(2).clamp(1, 8)).unwrap_or(1);
        ArchiveConfig {
            folder: self.folder.clone().unwrap_or_else(|| data.join("recordings")),
            mail_folder: data.join("voicemail"),
            key_file: self.key_file.clone().unwrap_or_else(|| data.join("recording.key")),
            budget_octets: u64::from(self.budget_mb) * 1_000_000,
            writers: if self.writers == 0 { by_cores } else { self.writers },
            to_database,
        }
    }
}
