//! Sound files of any kind that we take, read as a whole.

use std::io::{self, Cursor};
use std::panic::{self, AssertUnwindSafe};

use base::limits::UPLOAD_OCTETS;
use media::dsp;
use sounds::shelf::UploadFault;
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;

use super::opus_file;

/// Samples a second of everything we keep.
pub(super) const RATE: u32 = 16_000;
/// Rates that are taken.
const RATES: std::ops::RangeInclusive<u32> = 4_000..=192_000;
/// Channels that are taken; they are mixed into one.
const CHANNELS: usize = 8;
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

/// Reads WAV, FLAC, MP3, Ogg Vorbis or Ogg Opus into mono at 16 kHz, of at most `most_ms`.
///
/// # Errors
/// What is wrong with the file, and where.
pub(super) fn read(file: &[u8], most_ms: u64) -> Result<Vec<i16>, UploadFault> {
    if file.is_empty() {
        return Err(UploadFault::Empty);
    }
    if file.len() > UPLOAD_OCTETS {
        return Err(UploadFault::TooLarge { most: UPLOAD_OCTETS });
    }
    let kind = Kind::of(file).ok_or(UploadFault::UnknownKind)?;
    // The readers are others' and the file is a stranger's: a panic is one more way to say that it is damaged.
    let samples = panic::catch_unwind(AssertUnwindSafe(|| match kind {
        Kind::Opus => opus_file::decode(file, most_ms),
        Kind::Wav | Kind::Flac | Kind::Mp3 | Kind::Vorbis => decode(file, kind, most_ms),
    }))
    .unwrap_or_else(|_panic| Err(damaged(0, 1, "its reader gave up")))?;
    if samples.len() < RATE as usize / 100 {
        return Err(UploadFault::TooShort);
    }
    Ok(samples)
}

fn decode(file: &[u8], kind: Kind, most_ms: u64) -> Result<Vec<i16>, UploadFault> {
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
    let (audio, rate) = packets(&mut *format, decoder, id, most_ms)?;
    let missing = declared.filter(|frames| frames / u64::from(rate) < UNKNOWN_S).unwrap_or(0);
    if (audio.len() as u64) + u64::from(rate) / 10 < missing {
        let seconds = missing as f64 / f64::from(rate);
        return Err(damaged(
            audio.len(),
            rate,
            &format!("it ends here and says that it plays {seconds:.3} s"),
        ));
    }
    Ok(if rate == RATE { audio } else { dsp::converted(&audio, rate, RATE) })
}

/// All packets of a track, mixed to one channel, and their rate.
fn packets(
    format: &mut dyn FormatReader,
    mut decoder: Box<dyn AudioDecoder>,
    track: u32,
    most_ms: u64,
) -> Result<(Vec<i16>, u32), UploadFault> {
    let (mut audio, mut rate) = (Vec::new(), RATE);
    let mut interleaved: Vec<f32> = Vec::new();
    while let Some(packet) = format.next_packet().map_err(|error| fault(&error, audio.len(), rate))? {
        if packet.track_id != track {
            continue;
        }
        let decoded = decoder.decode(&packet).map_err(|error| fault(&error, audio.len(), rate))?;
        let channels = decoded.num_planes();
        if !RATES.contains(&decoded.spec().rate()) || !(1..=CHANNELS).contains(&channels) {
            let what = format!("{} Hz with {channels} channels", decoded.spec().rate());
            return Err(UploadFault::Unsupported(what));
        }
        if !audio.is_empty() && rate != decoded.spec().rate() {
            return Err(UploadFault::Unsupported("a sampling rate that changes".to_owned()));
        }
        rate = decoded.spec().rate();
        interleaved.resize(decoded.samples_interleaved(), 0.0);
        decoded.copy_to_slice_interleaved(&mut interleaved);
        audio.extend(interleaved.chunks_exact(channels).map(mixed));
        if audio.len() as u64 * 1_000 > most_ms * u64::from(rate) {
            return Err(UploadFault::TooLong { most_ms });
        }
    }
    Ok((audio, rate))
}

fn mixed(channels: &[f32]) -> i16 {
    (channels.iter().sum::<f32>() / channels.len() as f32 * 32_768.0).round() as i16
}

fn fault(error: &Error, samples: usize, rate: u32) -> UploadFault {
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

fn damaged(samples: usize, rate: u32, detail: &str) -> UploadFault {
    UploadFault::Damaged { at_ms: samples as u64 * 1_000 / u64::from(rate), detail: detail.to_owned() }
}
