//! Sound files of any kind that we take, read as a whole.

use std::io::{self, Cursor};
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};

use base::limits::UPLOAD_OCTETS;
use sounds::shelf::UploadFault;
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;

use super::gather::{self, Gathered};
use super::opus_file;

/// Samples a second of everything we keep.
pub(super) const RATE: u32 = 16_000;
/// A header that claims more than a day does not know: its writer could not go back to fill it in.
const UNKNOWN_S: u64 = 86_400;

/// Kinds of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Wav,
    Flac,
    Mp3,
    Vorbis,
    Opus,
}

impl Kind {
    fn of(file: &[u8]) -> Option<Self> {
        let ogg = file.starts_with(b"OggS");
        match file {
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Some(Self::Wav),
            [b'f', b'L', b'a', b'C', ..] => Some(Self::Flac),
            [b'I', b'D', b'3', ..] => Some(Self::Mp3),
            [0xFF, second, ..] if second & 0xE0 == 0xE0 => Some(Self::Mp3),
            _ if ogg && file.get(28..36) == Some(b"OpusHead") => Some(Self::Opus),
            _ if ogg => Some(Self::Vorbis),
            _ => None,
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Flac => "flac",
            Self::Mp3 => "mp3",
            Self::Vorbis | Self::Opus => "ogg",
        }
    }
}

/// Reads WAV, FLAC, MP3, Ogg Vorbis or Ogg Opus into mono at 16 kHz, of at most `most_ms`. It ends between two packets
/// when `stop` is set.
///
/// # Errors
/// What is wrong with the file, and where.
pub(super) fn read(file: &[u8], most_ms: u64, stop: &AtomicBool) -> Result<Vec<i16>, UploadFault> {
    if file.is_empty() {
        return Err(UploadFault::Empty);
    }
    if file.len() > UPLOAD_OCTETS {
        return Err(UploadFault::TooLarge { most: UPLOAD_OCTETS });
    }
    let kind = Kind::of(file).ok_or(UploadFault::UnknownKind)?;
    // The readers are others' and the file is a stranger's: a panic is one more way to say that it is damaged.
    let samples = panic::catch_unwind(AssertUnwindSafe(|| match kind {
        Kind::Opus => opus_file::decode(file, most_ms, stop),
        Kind::Wav | Kind::Flac | Kind::Mp3 | Kind::Vorbis => decode(file, kind, most_ms, stop),
    }))
    .unwrap_or_else(|_panic| Err(damaged(0, 1, "its reader gave up")))?;
    if samples.len() < RATE as usize / 100 {
        return Err(UploadFault::TooShort);
    }
    Ok(samples)
}

fn decode(file: &[u8], kind: Kind, most_ms: u64, stop: &AtomicBool) -> Result<Vec<i16>, UploadFault> {
    let source = Box::new(Cursor::new(file.to_vec()));
    let stream = MediaSourceStream::new(source, MediaSourceStreamOptions::default());
    let mut hint = Hint::new();
    hint.with_extension(kind.extension());
    let mut format = symphonia::default::get_probe()
        .probe(&hint, stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(|error| fault(&error, 0, 1))?;
    let track = format.default_track(TrackType::Audio).ok_or(UploadFault::TooShort)?;
    let parameters = track.codec_params.as_ref().and_then(|parameters| parameters.audio());
    let parameters = parameters.ok_or_else(|| UploadFault::Unsupported("its encoding".to_owned()))?;
    let decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .map_err(|error| fault(&error, 0, 1))?;
    let (id, declared) = (track.id, track.num_frames);
    let (hz, channels) =
        (parameters.sample_rate, parameters.channels.as_ref().map(|channels| channels.count()));
    // A header that says too much is refused before anything is decoded.
    if let (Some(hz), Some(channels)) = (hz, channels) {
        gather::check(hz, channels)?;
        let most_ms = gather::most_ms(hz, channels, most_ms);
        if claimed(declared, hz) * 1_000 > most_ms * u64::from(hz) {
            return Err(UploadFault::TooLong { most_ms });
        }
    }
    let gathered = packets(&mut *format, decoder, id, most_ms, stop)?;
    let (heard, rate) = gathered.as_ref().map_or((0, RATE), Gathered::place);
    let missing = claimed(declared, rate);
    if heard + u64::from(rate) / 10 < missing {
        let seconds = missing as f64 / f64::from(rate);
        return Err(damaged(heard, rate, &format!("it ends here and says that it plays {seconds:.3} s")));
    }
    Ok(gathered.map(Gathered::finish).unwrap_or_default())
}

/// Samples that a header claims; 0 when its writer did not know.
fn claimed(declared: Option<u64>, rate: u32) -> u64 {
    declared.filter(|frames| frames / u64::from(rate) < UNKNOWN_S).unwrap_or(0)
}

/// All packets of a track; `None` when there was none.
fn packets(
    format: &mut dyn FormatReader,
    mut decoder: Box<dyn AudioDecoder>,
    track: u32,
    most_ms: u64,
    stop: &AtomicBool,
) -> Result<Option<Gathered>, UploadFault> {
    let mut gathered: Option<Gathered> = None;
    let mut interleaved: Vec<f32> = Vec::new();
    loop {
        go_on(stop)?;
        let (heard, rate) = gathered.as_ref().map_or((0, RATE), Gathered::place);
        let Some(packet) = format.next_packet().map_err(|error| fault(&error, heard, rate))? else {
            return Ok(gathered);
        };
        if packet.track_id != track {
            continue;
        }
        let decoded = decoder.decode(&packet).map_err(|error| fault(&error, heard, rate))?;
        let (hz, channels) = (decoded.spec().rate(), decoded.num_planes());
        gather::check(hz, channels)?;
        interleaved.resize(decoded.samples_interleaved(), 0.0);
        decoded.copy_to_slice_interleaved(&mut interleaved);
        gathered.get_or_insert_with(|| Gathered::new(hz)).take(hz, channels, &interleaved, most_ms)?;
    }
}

/// Refuses to go on once whoever wanted the file has gone.
pub(super) fn go_on(stop: &AtomicBool) -> Result<(), UploadFault> {
    if stop.load(Ordering::Relaxed) { Err(UploadFault::Stopped) } else { Ok(()) }
}

fn fault(error: &Error, samples: u64, rate: u32) -> UploadFault {
    match error {
        Error::Unsupported(what) => UploadFault::Unsupported((*what).to_owned()),
        Error::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            damaged(samples, rate, "it ends in the middle")
        }
        Error::IoError(_)
        | Error::DecodeError(_)
        | Error::SeekError(_)
        | Error::LimitError(_)
        | Error::ResetRequired
        | _ => damaged(samples, rate, &error.to_string()),
    }
}

fn damaged(samples: u64, rate: u32, detail: &str) -> UploadFault {
    UploadFault::Damaged { at_ms: samples * 1_000 / u64::from(rate), detail: detail.to_owned() }
}
