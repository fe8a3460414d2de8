//! A recording that is being written.
//!
//! Audio is gathered for some tenths of a second and written in one piece. A WAV file's head is made true after each;
//! Ogg pages and encrypted chunks are whole at each: a process that is killed leaves a file that plays up to there.
//! Nothing is forced to the disk before the file is closed.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};

use std::time::Duration;

use base::Wall;
use base::limits::RECORDING_GAPS;
use base::media::{Gap, RecordingFault, RecordingFormat};
use media::record::Opening;
use sha2::{Digest, Sha256};

use super::archive::Shared;
use super::entry::Entry;
use super::keys::make_folder;
use super::opus::OpusBody;
use super::sealed::{About, Sealer};
use super::wav::wav_head;

/// Milliseconds of audio that are written in one piece. With the block still in the worker, a kill loses less than a
/// second.
const PIECE_MS: u64 = 600;

#[derive(Debug)]
pub(crate) struct OpenFile {
    pub(crate) entry: Entry,
    file: File,
    body: Body,
    sealer: Option<Sealer>,
    /// Of all that was written; a plain WAV file's head changes, so it is read once more instead.
    digest: Option<Sha256>,
    waiting: Vec<u8>,
    /// Samples of each channel taken, and how many of them were written.
    taken: u64,
    written: u64,
    /// A piece could not be written: nothing comes after it.
    failed: bool,
}

#[derive(Debug)]
enum Body {
    Wav,
    Opus(Box<OpusBody>),
}

/// A recording whose last octet was written.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) entry: Entry,
    pub(crate) file: File,
    pub(crate) digest: Option<Sha256>,
}

impl OpenFile {
    /// Makes the file and what stands beside it.
    pub(crate) fn create(shared: &Shared, opening: &Opening) -> Result<Self, RecordingFault> {
        let entry = Entry::of(opening, shared.epoch);
        let path = shared.root(entry.shelving()).join(&entry.file.path);
        if let Some(folder) = path.parent() {
            make_folder(folder).map_err(|error| fault_of(&error, &entry))?;
        }
        let (sealer, head) = begin(shared, &entry)?;
        entry.save(shared).map_err(|error| fault_of(&error, &entry))?;
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path);
        let body = match entry.file.format {
            RecordingFormat::Wav => Body::Wav,
            RecordingFormat::Opus => {
                let body = OpusBody::new(entry.file.channels, opening.rate, entry.recording);
                Body::Opus(Box::new(body.ok_or(RecordingFault::Disk)?))
            }
        };
        let plain_wav = matches!(body, Body::Wav) && sealer.is_none();
        let mut open = Self {
            file: file.map_err(|error| fault_of(&error, &entry))?,
            entry,
            body,
            sealer,
            digest: (!plain_wav).then(Sha256::new),
            waiting: Vec::new(),
            taken: 0,
            written: 0,
            failed: false,
        };
        open.append(shared, &head)?;
        Ok(open)
    }

    /// Takes samples, the channels interleaved.
    pub(crate) fn take(&mut self, shared: &Shared, samples: &[i16]) -> Result<(), RecordingFault> {
        match &mut self.body {
            Body::Wav => self.waiting.extend(samples.iter().flat_map(|sample| sample.to_le_bytes())),
            Body::Opus(body) => body.take(samples),
        }
        self.taken += samples.len() as u64 / u64::from(self.entry.file.channels);
        if (self.taken - self.written) * 1_000 >= PIECE_MS * u64::from(self.entry.hz) {
            self.flush(shared, false)?;
        }
        Ok(())
    }

    /// Notes what is left out; beside the file too, so that a kill does not forget it.
    pub(crate) fn leave_out(&mut self, shared: &Shared, gap: Gap) -> Result<(), RecordingFault> {
        let gaps = &mut self.entry.file.gaps;
        let full = gaps.len() >= RECORDING_GAPS;
        match gaps.last_mut() {
            Some(last) if full || last.at_ms == gap.at_ms => last.ms += gap.ms,
            Some(_) | None => gaps.push(gap),
        }
        self.entry.save(shared).map_err(|error| fault_of(&error, &self.entry))
    }

    /// When the last sample that came was taken.
    pub(crate) fn reached(&self) -> Wall {
        let left_out: u64 = self.entry.file.gaps.iter().map(|gap| gap.ms).sum();
        let audio = self.taken * 1_000 / u64::from(self.entry.hz);
        self.entry.file.started_at + Duration::from_millis(audio + left_out)
    }

    /// Writes what is left. Afterwards the file is as good as it can be made, whatever went wrong.
    pub(crate) fn finish(mut self, shared: &Shared, at: Wall) -> (Finished, Result<(), RecordingFault>) {
        let result = self.flush(shared, true);
        self.entry.file.audio_ms = self.written * 1_000 / u64::from(self.entry.hz);
        self.entry.file.ended_at = at;
        (Finished { entry: self.entry, file: self.file, digest: self.digest }, result)
    }

    fn flush(&mut self, shared: &Shared, last: bool) -> Result<(), RecordingFault> {
        if let (Body::Opus(body), false) = (&mut self.body, self.failed) {
            body.pages(last, &mut self.waiting);
        }
        let mut piece = std::mem::take(&mut self.waiting);
        if let Some(sealer) = &mut self.sealer {
            sealer.seal(&mut piece, last);
        }
        if let Err(fault) = self.append(shared, &piece) {
            self.failed = true;
            self.taken = self.written;
            if let Some(sealer) = &mut self.sealer {
                sealer.take_back();
            }
            return Err(fault);
        }
        self.written = self.taken;
        piece.clear();
        self.waiting = piece;
        self.correct_head().map_err(|error| fault_of(&error, &self.entry))
    }

    /// Appends octets whole or not at all.
    fn append(&mut self, shared: &Shared, octets: &[u8]) -> Result<(), RecordingFault> {
        if octets.is_empty() {
            return Ok(());
        }
        if !shared.budget.take(octets.len() as u64) {
            tracing::warn!(recording = %self.entry.recording, "the budget of recordings is used up");
            return Err(RecordingFault::DiskFull);
        }
        let end = self.entry.file.octets;
        if let Err(error) = self.file.write_all_at(octets, end) {
            shared.budget.give_back(octets.len() as u64);
            if let Err(error) = self.file.set_len(end) {
                tracing::debug!(%error, "a torn piece of a recording stays; its readers leave it out");
            }
            return Err(fault_of(&error, &self.entry));
        }
        self.entry.file.octets += octets.len() as u64;
        if let Some(digest) = &mut self.digest {
            digest.update(octets);
        }
        Ok(())
    }

    fn correct_head(&self) -> io::Result<()> {
        match (&self.body, &self.sealer) {
            (Body::Wav, None) => {
                let audio = self.written * u64::from(self.entry.file.channels) * 2;
                self.file.write_all_at(&wav_head(self.entry.file.channels, self.entry.hz, audio), 0)
            }
            (Body::Wav, Some(_)) | (Body::Opus(_), _) => Ok(()),
        }
    }
}

fn begin(shared: &Shared, entry: &Entry) -> Result<(Option<Sealer>, Vec<u8>), RecordingFault> {
    let file = &entry.file;
    if file.encrypted {
        let about = About {
            format: file.format,
            channels: file.channels,
            hz: entry.hz,
            tenant: entry.tenant,
            recording: entry.recording,
        };
        let (sealer, head) = Sealer::begin(about, &shared.keys).map_err(|error| {
            tracing::error!(%error, recording = %entry.recording, "a recording cannot be encrypted");
            RecordingFault::NoKey
        })?;
        return Ok((Some(sealer), head));
    }
    Ok(match file.format {
        RecordingFormat::Wav => (None, wav_head(file.channels, entry.hz, 0).to_vec()),
        RecordingFormat::Opus => (None, Vec::new()),
    })
}

fn fault_of(error: &io::Error, entry: &Entry) -> RecordingFault {
    tracing::warn!(%error, recording = %entry.recording, "a recording cannot be written");
    let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::FileTooLarge];
    if full.contains(&error.kind()) { RecordingFault::DiskFull } else { RecordingFault::Disk }
}
