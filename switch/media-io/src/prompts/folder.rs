//! The folder of users' sounds.

use std::fs::{self, DirEntry};
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use base::limits::USER_SOUNDS;
use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use sounds::shelf::SoundName;

use super::read::RATE;

/// Kinds of file that are looked for, the one we write first.
const EXTENSIONS: [&str; 5] = ["wav", "opus", "ogg", "mp3", "flac"];
/// Folders in folders.
const DEPTH: usize = 6;

/// A file of a user.
#[derive(Clone, Debug)]
pub(super) struct UserFile {
    pub(super) name: SoundName,
    pub(super) path: PathBuf,
    pub(super) octets: u64,
    pub(super) at_s: u64,
}

/// Where users' sounds lie; it need not exist before the first of them.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// The file of a sound.
    pub(super) fn find(&self, name: &SoundName) -> Option<PathBuf> {
        EXTENSIONS.iter().map(|extension| self.path(name, extension)).find(|path| path.is_file())
    }

    /// Every file with a name that sounds may have, by name; at most `limits::USER_SOUNDS`.
    pub(super) fn list(&self) -> Vec<UserFile> {
        let mut files = Vec::new();
        self.walk(&self.0, DEPTH, &mut files);
        files.sort_by(|a, b| a.name.cmp(&b.name));
        files.dedup_by(|after, before| after.name == before.name);
        files
    }

    fn walk(&self, folder: &Path, depth: usize, files: &mut Vec<UserFile>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries.flatten() {
            if files.len() >= USER_SOUNDS {
                return;
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth > 0 => self.walk(&entry.path(), depth - 1, files),
                Ok(kind) if kind.is_file() => files.extend(self.user_file(&entry)),
                Ok(_) | Err(_) => {}
            }
        }
    }

    fn user_file(&self, entry: &DirEntry) -> Option<UserFile> {
        let path = entry.path();
        let extension = path.extension()?.to_str()?;
        if !EXTENSIONS.contains(&extension) {
            return None;
        }
        let name = path.with_extension("").strip_prefix(&self.0).ok()?.to_str()?.parse().ok()?;
        let metadata = entry.metadata().ok()?;
        let changed = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let at_s = changed.map_or(0, |since| since.as_secs());
        Some(UserFile { name, path, octets: metadata.len(), at_s })
    }

    /// Writes a sound so that it is there as a whole or not at all; one of the same name is replaced.
    pub(super) fn write(&self, name: &SoundName, samples: &[i16]) -> io::Result<()> {
        let target = self.path(name, "wav");
        let folder = target.parent().unwrap_or(&self.0);
        fs::create_dir_all(folder)?;
        let part = target.with_extension("part");
        fs::write(&part, wav(samples)?)?;
        fs::File::open(&part)?.sync_all()?;
        fs::rename(&part, &target)?;
        // Others of the same name would otherwise come back when this one is deleted.
        for extension in &EXTENSIONS[1..] {
            remove(&self.path(name, extension))?;
        }
        Ok(())
    }

    /// Whether there was one.
    pub(super) fn remove(&self, name: &SoundName) -> io::Result<bool> {
        let mut removed = false;
        for extension in EXTENSIONS {
            removed |= remove(&self.path(name, extension))?;
        }
        Ok(removed)
    }

    fn path(&self, name: &SoundName, extension: &str) -> PathBuf {
        self.0.join(format!("{name}.{extension}"))
    }
}

fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// A WAV file, 16 bit mono at 16 kHz.
pub(super) fn wav(samples: &[i16]) -> io::Result<Vec<u8>> {
    let spec =
        WavSpec { channels: 1, sample_rate: RATE, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut file = Cursor::new(Vec::with_capacity(samples.len() * 2 + 44));
    let mut writer = WavWriter::new(&mut file, spec).map_err(io::Error::other)?;
    let count = u32::try_from(samples.len()).map_err(io::Error::other)?;
    let mut block = writer.get_i16_writer(count);
    samples.iter().for_each(|sample| block.write_sample(*sample));
    block.flush().map_err(io::Error::other)?;
    writer.finalize().map_err(io::Error::other)?;
    Ok(file.into_inner())
}

/// Length of a WAV file by its header; `None` for other kinds.
pub(super) fn length_ms(path: &Path) -> Option<u64> {
    if path.extension()? != "wav" {
        return None;
    }
    let reader = WavReader::open(path).ok()?;
    Some(u64::from(reader.duration()) * 1_000 / u64::from(reader.spec().sample_rate.max(1)))
}
