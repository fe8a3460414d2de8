//! The data folder: what is in it, who holds it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

const FOLDERS: [&str; 4] = ["journal", "recordings", "voicemail", "sounds"];

/// A data folder that this process holds, until the value is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    path: PathBuf,
    _lock: File,
}

/// What `DATA/run.json` says of the node that runs there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunFile {
    /// Its process.
    pub(crate) pid: u32,
    /// Its API.
    pub(crate) url: String,
    /// A token with every right, for commands of the same user on this machine.
    pub(crate) token: String,
}

/// Why a folder could not be held.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DataError {
    /// A node or a command has it.
    #[error("{}: another tandem works in this data folder", path.display())]
    InUse { path: PathBuf },
    /// It cannot be made or opened.
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// Removes `run.json` when the node ends.
#[derive(Debug)]
pub(crate) struct Announced(PathBuf);

impl Held {
    /// Makes the folder (mode 0700) with its subfolders where missing, and takes its lock.
    pub(crate) fn take(path: &Path) -> Result<Self, DataError> {
        let failed = |source| DataError::Io { path: path.to_owned(), source };
        for folder in std::iter::once(path.to_owned()).chain(FOLDERS.map(|name| path.join(name))) {
            DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        }
        let lock = private().create(true).truncate(false).open(path.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes `run.json` (mode 0600) for commands that want to reach this node.
    pub(crate) fn announce(&self, run: &RunFile) -> io::Result<Announced> {
        let (fresh, path) = (self.path.join("run.json.new"), self.path.join("run.json"));
        let text = serde_json::to_vec_pretty(run)?;
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        private().create_new(true).open(&fresh)?.write_all(&text)?;
        fs::rename(&fresh, &path)?;
        Ok(Announced(path))
    }
}

/// Reads what a running node announced; `None` when it has not yet.
pub(crate) fn announced(data: &Path) -> Option<RunFile> {
    let text = fs::read(data.join("run.json")).ok()?;
    serde_json::from_slice(&text).ok()
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

impl Drop for Announced {
    fn drop(&mut self) {
        // A file left behind names a dead node; the lock, not the file, says whether one runs.
        fs::remove_file(&self.0).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("it exists").permissions().mode() & 0o777
    }

    #[test]
    fn a_data_folder_is_private_and_has_one_holder() {
        let path = std::env::temp_dir().join(format!("tandem-held-{}", std::process::id()));
        let held = Held::take(&path).expect("a free folder");
        assert_eq!(mode(&path), 0o700);
        assert!(path.join("journal").is_dir());
        assert!(matches!(Held::take(&path), Err(DataError::InUse { .. })));
        let run = RunFile { pid: 7, url: "http://127.0.0.1:8080".to_owned(), token: "secret".to_owned() };
        let announcement = held.announce(&run).expect("written");
        assert_eq!(mode(&path.join("run.json")), 0o600);
        assert_eq!(announced(&path), Some(run));
        drop(announcement);
        assert_eq!(announced(&path), None);
        drop(held);
        drop(Held::take(&path).expect("free again"));
        fs::remove_dir_all(&path).expect("removed");
    }
}
