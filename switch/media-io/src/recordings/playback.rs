//! Reading a recording, whatever its form on disk.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use base::RecordingId;
use base::media::RecordingFormat;

use super::keys::Keys;
use super::sealed::{Sealed, SealedError};
use super::wav::{WAV_HEAD, wav_head};

/// The plain octets of a recording: a WAV or Ogg file as players know them.
#[derive(Debug)]
pub struct Playback {
    form: Form,
    octets: u64,
    format: RecordingFormat,
}

#[derive(Debug)]
enum Form {
    Plain(File),
    /// Pages, encrypted.
    Sealed(Sealed),
    /// Audio alone, encrypted: its head is made here.
    SealedAudio {
        head: [u8; WAV_HEAD],
        audio: Sealed,
    },
}

/// Why a recording cannot be listened to.
#[derive(Debug, thiserror::Error)]
pub enum PlaybackError {
    /// There is no such file any more.
    #[error("the recording's file is gone")]
    Gone,
    /// The file system refused.
    #[error(transparent)]
    Io(io::Error),
    /// It cannot be decrypted.
    #[error(transparent)]
    Sealed(#[from] SealedError),
}

impl Playback {
    pub(crate) fn open(
        path: &Path,
        recording: RecordingId,
        closed: bool,
        keys: &Keys,
    ) -> Result<Self, PlaybackError> {
        let gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
        let file = File::open(path)
            .map_err(|error| if gone(&error) { PlaybackError::Gone } else { PlaybackError::Io(error) })?;
        let name = path.to_str().unwrap_or_default();
        if !name.ends_with(".sealed") {
            let octets = file.metadata().map_err(PlaybackError::Io)?.len();
            let opus = name.ends_with(".opus");
            let format = if opus { RecordingFormat::Opus } else { RecordingFormat::Wav };
            return Ok(Self { form: Form::Plain(file), octets, format });
        }
        let sealed = Sealed::open(file, keys)?;
        if sealed.about().recording != recording || (closed && !sealed.is_ended()) {
            return Err(SealedError::Changed.into());
        }
        Ok(Self::of_sealed(sealed))
    }

    pub(crate) fn of_sealed(sealed: Sealed) -> Self {
        let (about, audio) = (sealed.about(), sealed.plain_octets());
        match about.format {
            RecordingFormat::Wav => {
                let head = wav_head(about.channels, about.hz, audio);
                let octets = audio + WAV_HEAD as u64;
                Self { form: Form::SealedAudio { head, audio: sealed }, octets, format: about.format }
            }
            RecordingFormat::Opus => Self { form: Form::Sealed(sealed), octets: audio, format: about.format },
        }
    }

    /// How many octets there are.
    #[must_use]
    pub fn octets(&self) -> u64 {
        self.octets
    }

    /// The kind of file.
    #[must_use]
    pub fn format(&self) -> RecordingFormat {
        self.format
    }

    /// Reads from a place; fewer octets than asked in places, none at the end.
    ///
    /// # Errors
    /// When the file system refuses, or an encrypted file was changed.
    pub fn read_at(&self, at: u64, into: &mut [u8]) -> Result<usize, PlaybackError> {
        match &self.form {
            Form::Plain(file) => file.read_at(into, at).map_err(PlaybackError::Io),
            Form::Sealed(sealed) => Ok(sealed.read_at(at, into)?),
            Form::SealedAudio { head, audio } => {
                match head.get(at as usize..).filter(|rest| !rest.is_empty()) {
                    Some(rest) => {
                        let length = rest.len().min(into.len());
                        into[..length].copy_from_slice(&rest[..length]);
                        Ok(length)
                    }
                    None => Ok(audio.read_at(at - WAV_HEAD as u64, into)?),
                }
            }
        }
    }

    /// All of it.
    ///
    /// # Errors
    /// As [`Self::read_at`].
    pub fn read_all(&self) -> Result<Vec<u8>, PlaybackError> {
        let mut all = vec![0; usize::try_from(self.octets).unwrap_or(usize::MAX)];
        let mut at = 0;
        while at < all.len() {
            match self.read_at(at as u64, &mut all[at..])? {
                0 => break,
                read => at += read,
            }
        }
        all.truncate(at);
        Ok(all)
    }
}
