//! The encrypted form of a recording's file.
//!
//! ```text
//! TANDEMR1 | format, channels: 1 octet each | rate: 4 | tenant: 4 | key number: 4 | recording: 20
//!          | nonce 12, sealed data key 48 | nonce prefix 7              (integers big-endian)
//! then chunks: last flag and length in 4 octets | octets | tag 16
//! ```
//!
//! The data key is the file's own. It is sealed by its tenant's key together with all that stands before it, so a file
//! cannot pass for another recording. Chunks follow the STREAM construction ([`super::cipher::chunk_nonce`]): one
//! left out, repeated, moved or cut off is noticed. WAV audio is kept without its header, which the reader makes of
//! the length; Ogg pages are kept as they are.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use base::media::RecordingFormat;
use base::{RecordingId, TenantId};

use super::cipher::{
    KEY_OCTETS, Key, NONCE_OCTETS, PREFIX_OCTETS, SealedKey, TAG_OCTETS, chunk_nonce, random,
};
use super::keys::{KeyError, Keys};

const MAGIC: &[u8; 8] = b"TANDEMR1";
/// Octets before the sealed data key.
const ABOUT_OCTETS: usize = 8 + 1 + 1 + 4 + 4 + 4 + 20;
/// Octets before the first chunk.
pub(crate) const HEAD_OCTETS: usize = ABOUT_OCTETS + NONCE_OCTETS + KEY_OCTETS + TAG_OCTETS + PREFIX_OCTETS;
/// Octets of a chunk's length field.
const LENGTH_OCTETS: usize = 4;
/// Octets of plain audio in a chunk at most.
const CHUNK_OCTETS: usize = 1 << 20;
const LAST: u32 = 1 << 31;

/// What a file says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct About {
    pub(crate) format: RecordingFormat,
    pub(crate) channels: u8,
    pub(crate) hz: u32,
    pub(crate) tenant: TenantId,
    pub(crate) recording: RecordingId,
}

/// Makes the chunks of a file.
#[derive(Debug)]
pub(crate) struct Sealer {
    key: Key,
    prefix: [u8; PREFIX_OCTETS],
    next: u32,
    /// Where the last sealing began.
    before: u32,
}

/// A chunk in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Chunk {
    /// Of its sealed octets.
    at: u64,
    /// Octets, the tag among them.
    length: u32,
    /// Of its first octet in the plain audio.
    plain_at: u64,
}

/// An encrypted file, opened.
#[derive(Debug)]
pub(crate) struct Sealed {
    file: File,
    key: Key,
    prefix: [u8; PREFIX_OCTETS],
    about: About,
    chunks: Vec<Chunk>,
    ended: bool,
}

/// Why an encrypted file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SealedError {
    /// The file system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// No key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It does not begin as such a file does.
    #[error("this is not an encrypted recording")]
    Alien,
    /// It was changed, cut, or is another recording's.
    #[error("the recording was changed since it was written")]
    Changed,
}

impl Sealer {
    /// A sealer with a fresh data key, and the head of its file.
    pub(crate) fn begin(about: About, keys: &Keys) -> Result<(Self, Vec<u8>), KeyError> {
        let tenant = keys.newest_of(about.tenant)?;
        let io = |source| KeyError::Io { path: "the operating system's randomness".into(), source };
        let key = Key::fresh().map_err(io)?;
        let mut head = about.octets(tenant.number);
        let sealed = tenant.key.seal_key(&key, &head).map_err(io)?;
        let prefix = random().map_err(io)?;
        head.extend_from_slice(&sealed.nonce);
        head.extend_from_slice(&sealed.octets);
        head.extend_from_slice(&prefix);
        Ok((Self { key, prefix, next: 0, before: 0 }, head))
    }

    /// Turns plain octets into chunks, in `plain`'s place.
    pub(crate) fn seal(&mut self, plain: &mut Vec<u8>, last: bool) {
        self.before = self.next;
        let chunks = plain.len().div_ceil(CHUNK_OCTETS).max(1);
        let mut sealed = Vec::with_capacity(plain.len() + chunks * (LENGTH_OCTETS + TAG_OCTETS));
        let mut rest = plain.as_mut_slice();
        for number in 0..chunks {
            let (chunk, after) = rest.split_at_mut(rest.len().min(CHUNK_OCTETS));
            let is_last = last && number + 1 == chunks;
            let length = (chunk.len() + TAG_OCTETS) as u32 | if is_last { LAST } else { 0 };
            let tag = self.key.seal(&chunk_nonce(&self.prefix, self.next, is_last), &[], chunk);
            sealed.extend_from_slice(&length.to_be_bytes());
            sealed.extend_from_slice(chunk);
            sealed.extend_from_slice(&tag);
            self.next += 1;
            rest = after;
        }
        *plain = sealed;
    }

    /// What was sealed last never came to be. Only a last chunk may follow: its nonce is not one of those given away.
    pub(crate) fn take_back(&mut self) {
        self.next = self.before;
    }
}

impl About {
    fn octets(self, key_number: u32) -> Vec<u8> {
        let mut octets = Vec::with_capacity(HEAD_OCTETS);
        octets.extend_from_slice(MAGIC);
        octets.push(match self.format {
            RecordingFormat::Wav => 0,
            RecordingFormat::Opus => 1,
        });
        octets.push(self.channels);
        octets.extend_from_slice(&self.hz.to_be_bytes());
        octets.extend_from_slice(&self.tenant.0.to_be_bytes());
        octets.extend_from_slice(&key_number.to_be_bytes());
        octets.extend_from_slice(self.recording.to_string().as_bytes());
        octets
    }

    fn read(octets: &[u8; HEAD_OCTETS]) -> Option<(Self, u32)> {
        let number =
            |at: usize| u32::from_be_bytes([octets[at], octets[at + 1], octets[at + 2], octets[at + 3]]);
        let format = match octets[8] {
            0 => RecordingFormat::Wav,
            1 => RecordingFormat::Opus,
            _unknown => return None,
        };
        let recording = std::str::from_utf8(&octets[22..ABOUT_OCTETS]).ok()?.parse().ok()?;
        let (channels, hz, tenant) = (octets[9], number(10), TenantId(number(14)));
        let known = octets.starts_with(MAGIC) && matches!(channels, 1 | 2) && hz > 0;
        known.then_some((Self { format, channels, hz, tenant, recording }, number(18)))
    }
}

impl Sealed {
    /// Opens a file and finds its chunks; what is torn at its end is left out.
    pub(crate) fn open(file: File, keys: &Keys) -> Result<Self, SealedError> {
        let mut head = [0; HEAD_OCTETS];
        file.read_exact_at(&mut head, 0).map_err(short)?;
        let (about, key_number) = About::read(&head).ok_or(SealedError::Alien)?;
        let (known, sealed) = head.split_at(ABOUT_OCTETS);
        let (nonce, sealed) = sealed.split_at(NONCE_OCTETS);
        let (octets, prefix) = sealed.split_at(KEY_OCTETS + TAG_OCTETS);
        let sealed = SealedKey {
            nonce: nonce.try_into().expect("split there"),
            octets: octets.try_into().expect("split there"),
        };
        let outer = keys.of(about.tenant, key_number)?;
        let key = outer.open_key(&sealed, known).map_err(|_forged| SealedError::Changed)?;
        let prefix = prefix.try_into().expect("split there");
        let (chunks, ended) = find_chunks(&file)?;
        Ok(Self { file, key, prefix, about, chunks, ended })
    }

    pub(crate) fn about(&self) -> About {
        self.about
    }

    /// Whether its last chunk is there.
    pub(crate) fn is_ended(&self) -> bool {
        self.ended
    }

    /// Octets of plain audio.
    pub(crate) fn plain_octets(&self) -> u64 {
        self.chunks.last().map_or(0, |chunk| chunk.plain_at + chunk.plain_octets())
    }

    /// Reads plain octets from a place; fewer than asked at the end of a chunk, none at the end.
    pub(crate) fn read_at(&self, at: u64, into: &mut [u8]) -> Result<usize, SealedError> {
        let index = self.chunks.partition_point(|chunk| chunk.plain_at + chunk.plain_octets() <= at);
        let Some(chunk) = self.chunks.get(index) else { return Ok(0) };
        let plain = self.open_chunk(index, *chunk)?;
        let from = plain.get((at - chunk.plain_at) as usize..).unwrap_or_default();
        let length = from.len().min(into.len());
        into[..length].copy_from_slice(&from[..length]);
        Ok(length)
    }

    /// Ends a file that was left behind: what is torn goes, a last chunk comes.
    pub(crate) fn end(mut self) -> Result<Self, SealedError> {
        if self.ended {
            return Ok(self);
        }
        let end = self.chunks.last().map_or(HEAD_OCTETS as u64, |chunk| chunk.at + u64::from(chunk.length));
        self.file.set_len(end)?;
        let next = self.chunks.len() as u32;
        let mut last = Vec::new();
        Sealer { key: self.key.clone(), prefix: self.prefix, next, before: next }.seal(&mut last, true);
        self.file.write_all_at(&last, end)?;
        (self.chunks, self.ended) = find_chunks(&self.file)?;
        Ok(self)
    }

    fn open_chunk(&self, index: usize, chunk: Chunk) -> Result<Vec<u8>, SealedError> {
        let mut octets = vec![0; chunk.length as usize];
        self.file.read_exact_at(&mut octets, chunk.at).map_err(short)?;
        let last = self.ended && index + 1 == self.chunks.len();
        let nonce = chunk_nonce(&self.prefix, index as u32, last);
        self.key.open(&nonce, &[], &mut octets).map_err(|_forged| SealedError::Changed)?;
        octets.truncate(octets.len() - TAG_OCTETS);
        Ok(octets)
    }
}

impl Chunk {
    fn plain_octets(self) -> u64 {
        u64::from(self.length) - TAG_OCTETS as u64
    }
}

/// The whole chunks of a file, and whether the last of them says so.
fn find_chunks(file: &File) -> Result<(Vec<Chunk>, bool), SealedError> {
    let size = file.metadata()?.len();
    let (mut chunks, mut at, mut plain_at) = (Vec::new(), HEAD_OCTETS as u64, 0);
    while at + LENGTH_OCTETS as u64 <= size {
        let mut field = [0; LENGTH_OCTETS];
        file.read_exact_at(&mut field, at)?;
        let field = u32::from_be_bytes(field);
        let chunk = Chunk { at: at + LENGTH_OCTETS as u64, length: field & !LAST, plain_at };
        if !(TAG_OCTETS..=CHUNK_OCTETS + TAG_OCTETS).contains(&(chunk.length as usize)) {
            return Err(SealedError::Changed);
        }
        at = chunk.at + u64::from(chunk.length);
        if at > size {
            break;
        }
        plain_at += chunk.plain_octets();
        chunks.push(chunk);
        if field & LAST != 0 {
            return if at == size { Ok((chunks, true)) } else { Err(SealedError::Changed) };
        }
    }
    Ok((chunks, false))
}

fn short(error: io::Error) -> SealedError {
    if error.kind() == io::ErrorKind::UnexpectedEof { SealedError::Alien } else { SealedError::Io(error) }
}
