//! Opus in Ogg (RFC 7845), read as a whole.

use std::io::Cursor;
use std::sync::atomic::AtomicBool;

use ogg::PacketReader;
use ropus::{Channels, DecodeMode, Decoder};
use sounds::shelf::UploadFault;

use super::read::{RATE, go_on};

/// Samples of the longest packet: 120 ms.
const PACKET: usize = RATE as usize * 120 / 1_000;
/// RFC 7845 §4: granule positions count at 48 kHz.
const GRANULES: u64 = 48_000 / RATE as u64;

/// What the first packet says (RFC 7845 §5.1).
struct Head {
    /// Samples at our rate to be thrown away.
    skip: usize,
    /// In 256ths of a decibel.
    gain: i32,
}

/// Its samples at 16 kHz, stereo mixed to mono.
pub(super) fn decode(file: &[u8], most_ms: u64, stop: &AtomicBool) -> Result<Vec<i16>, UploadFault> {
    let mut packets = PacketReader::new(Cursor::new(file));
    let mut samples = Vec::new();
    let head = read_head(next(&mut packets, &samples)?.map(|packet| packet.data).as_deref())?;
    let broken = |samples: &[i16], what: &str| damaged(samples.len().saturating_sub(head.skip), what);
    let tags = next(&mut packets, &samples)?;
    if !tags.is_some_and(|tags| tags.data.starts_with(b"OpusTags")) {
        return Err(broken(&samples, "the second packet is not OpusTags"));
    }
    let mut decoder = Decoder::new(RATE, Channels::Mono).map_err(|_error| broken(&samples, "no decoder"))?;
    decoder.set_gain(head.gain).map_err(|_error| broken(&samples, "an output gain that cannot be"))?;
    let most = (most_ms * u64::from(RATE) / 1_000) as usize + head.skip;
    let mut last = None;
    while let Some(packet) = next(&mut packets, &samples)? {
        go_on(stop)?;
        let before = samples.len();
        if before > most {
            return Err(UploadFault::TooLong { most_ms });
        }
        samples.resize(before + PACKET, 0);
        let decoded = decoder.decode(&packet.data, &mut samples[before..], DecodeMode::Normal);
        let count = decoded.map_err(|_error| broken(&samples[..before], "a packet that is not Opus"))?;
        samples.truncate(before + count);
        last = packet.last_in_stream().then(|| packet.absgp_page());
    }
    if let Some(last) = last {
        // RFC 7845 §4.4: the position of the last page says where the audio ends.
        samples.truncate(usize::try_from(last / GRANULES).unwrap_or(usize::MAX));
    }
    samples.drain(..head.skip.min(samples.len()));
    Ok(samples)
}

fn next(
    packets: &mut PacketReader<Cursor<&[u8]>>,
    samples: &[i16],
) -> Result<Option<ogg::Packet>, UploadFault> {
    packets.read_packet().map_err(|error| damaged(samples.len(), &error.to_string()))
}

fn read_head(packet: Option<&[u8]>) -> Result<Head, UploadFault> {
    let head = packet.filter(|head| head.len() >= 19 && head.starts_with(b"OpusHead"));
    let head = head.ok_or_else(|| damaged(0, "the first packet is not OpusHead"))?;
    if head[8] >> 4 != 0 {
        return Err(UploadFault::Unsupported(format!("Ogg Opus of version {}", head[8])));
    }
    if head[18] != 0 || !(1..=2).contains(&head[9]) {
        return Err(UploadFault::Unsupported(format!("Opus with {} channels", head[9])));
    }
    let skip = usize::from(u16::from_le_bytes([head[10], head[11]])) / GRANULES as usize;
    Ok(Head { skip, gain: i32::from(i16::from_le_bytes([head[16], head[17]])) })
}

fn damaged(samples: usize, detail: &str) -> UploadFault {
    UploadFault::Damaged { at_ms: samples as u64 * 1_000 / u64::from(RATE), detail: detail.to_owned() }
}
