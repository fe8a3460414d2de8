//! What an earlier process left behind: counted, closed, entered.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::time::UNIX_EPOCH;

use base::Wall;
use base::media::RecordingFormat;

use super::archive::Shared;
use super::closing::{close, digest_of};
use super::entry::Entry;
use super::file::Finished;
use super::name::ENTRY;
use super::playback::Playback;
use super::sealed::Sealed;
use super::wav::{WAV_HEAD, wav_head};
use super::{ogg_pages, playback::PlaybackError};

/// Walks the folder once. Entries that wait are sent on; recordings that were being written are closed first.
pub(crate) fn count_and_close(shared: &Shared, to_database: &SyncSender<Entry>) {
    let mut found = Vec::new();
    let mut octets = 0;
    for folder in [&shared.folder, &shared.mail_folder] {
        walk(folder, &mut |path, length| {
            if path.extension().is_some_and(|extension| extension == ENTRY) {
                found.push(path);
            } else {
                octets += length;
            }
        });
    }
    shared.budget.count(octets);
    found.sort();
    let (mut entered, mut closed) = (0, 0);
    for path in found {
        match settle(shared, &path) {
            Ok(Some(mut entry)) => {
                entry.left_behind = true;
                entered += 1;
                closed += u32::from(entry.cut);
                if to_database.send(entry).is_err() {
                    return;
                }
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "a recording left behind cannot be closed");
            }
        }
    }
    if entered > 0 {
        tracing::info!(entered, closed, "recordings of an earlier run are entered");
    }
}

/// The entry beside a recording, closed; `None` for one that this process writes, or whose audio never came to be.
fn settle(shared: &Shared, path: &Path) -> Result<Option<Entry>, PlaybackError> {
    let mut entry = match Entry::load(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        entry => entry.map_err(PlaybackError::Io)?,
    };
    match entry.writer {
        None => return Ok(Some(entry)),
        Some(writer) if writer == shared.epoch => return Ok(None),
        Some(_) => entry.cut = true,
    }
    let audio = shared.root(entry.shelving()).join(&entry.file.path);
    let file = match OpenOptions::new().read(true).write(true).open(&audio) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::remove_file(path).map_err(PlaybackError::Io)?;
            return Ok(None);
        }
        file => file.map_err(PlaybackError::Io)?,
    };
    let written_last = modified(&file).map_err(PlaybackError::Io)?;
    let (file, samples) = mend(shared, &entry, file)?;
    entry.file.octets = file.metadata().map_err(PlaybackError::Io)?.len();
    entry.file.audio_ms = samples * 1_000 / u64::from(entry.hz.max(1));
    entry.file.ended_at = written_last.max(entry.file.started_at);
    close_mended(shared, entry, file).map(Some).map_err(PlaybackError::Io)
}

fn close_mended(shared: &Shared, entry: Entry, mut file: File) -> io::Result<Entry> {
    let digest = Some(digest_of(&mut file)?);
    close(shared, Finished { entry, file, digest })
}

/// Makes a file whole and says how many samples of each channel it holds.
fn mend(shared: &Shared, entry: &Entry, file: File) -> Result<(File, u64), PlaybackError> {
    let frame = u64::from(entry.file.channels.max(1)) * 2;
    if entry.file.encrypted {
        let writable = file.try_clone().map_err(PlaybackError::Io)?;
        let sealed = Sealed::open(file, &shared.keys)?.end()?;
        let samples = match entry.file.format {
            RecordingFormat::Wav => sealed.plain_octets() / frame,
            RecordingFormat::Opus => {
                let pages = Playback::of_sealed(sealed).read_all()?;
                ogg_pages::whole(&pages).samples(entry.hz)
            }
        };
        return Ok((writable, samples));
    }
    match entry.file.format {
        RecordingFormat::Wav => mend_wav(entry, file, frame).map_err(PlaybackError::Io),
        RecordingFormat::Opus => {
            let octets =
                fs::read(shared.root(entry.shelving()).join(&entry.file.path)).map_err(PlaybackError::Io)?;
            let whole = ogg_pages::whole(&octets);
            file.set_len(whole.octets).map_err(PlaybackError::Io)?;
            Ok((file, whole.samples(entry.hz)))
        }
    }
}

fn mend_wav(entry: &Entry, file: File, frame: u64) -> io::Result<(File, u64)> {
    let samples = file.metadata()?.len().saturating_sub(WAV_HEAD as u64) / frame;
    file.set_len(WAV_HEAD as u64 + samples * frame)?;
    file.write_all_at(&wav_head(entry.file.channels, entry.hz, samples * frame), 0)?;
    Ok((file, samples))
}

fn modified(file: &File) -> io::Result<Wall> {
    let at = file.metadata()?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Wall(i64::try_from(at.as_micros()).unwrap_or(i64::MAX)))
}

/// Shows every file below a folder, and its length.
fn walk(folder: &Path, show: &mut dyn FnMut(PathBuf, u64)) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            tracing::warn!(%error, folder = %folder.display(), "a folder of recordings cannot be read");
            return;
        }
    };
    // An entry that went since the folder was read is none.
    for entry in entries.filter_map(Result::ok) {
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => walk(&entry.path(), show),
            Ok(metadata) if metadata.is_file() => show(entry.path(), metadata.len()),
            Ok(_) | Err(_) => {}
        }
    }
}
