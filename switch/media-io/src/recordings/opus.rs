//! Opus in Ogg (RFC 7845).

use base::RecordingId;
use base::media::Channels;
use media::codec::opus::{self as codec, FileEncoder};
use media::frame::Rate;
use ogg::{PacketWriteEndInfo, PacketWriter};

/// Packets of a second.
const PACKETS_PER_SEC: usize = 50;
/// Ticks of the 48 kHz clock of a packet of 20 ms.
const PACKET_48K: u64 = 960;
/// Octets of a packet at most.
const PACKET_OCTETS: usize = 2_560;

/// The stream of one file.
pub(crate) struct OpusBody {
    encoder: FileEncoder,
    writer: PacketWriter<'static, Vec<u8>>,
    serial: u32,
    rate: Rate,
    channels: usize,
    /// Samples that do not fill a packet yet.
    samples: Vec<i16>,
    /// The last packet made: how its page ends is known with the next.
    held: Option<Vec<u8>>,
    /// Of the samples encoded, at 48 kHz.
    position: u64,
    /// Of the samples taken, at 48 kHz.
    taken: u64,
}

impl OpusBody {
    /// `None` when there is no encoder for it.
    pub(crate) fn new(channels: u8, rate: Rate, recording: RecordingId) -> Option<Self> {
        let kind = if channels == 2 { Channels::Stereo } else { Channels::Mono };
        let encoder = FileEncoder::new(rate, kind)?;
        let serial = serial_of(recording);
        let mut writer = PacketWriter::new(Vec::new());
        let head = codec::head(kind, rate, encoder.pre_skip()).to_vec();
        let tags = codec::tags("Tandem", &[&format!("TITLE={recording}")]);
        for packet in [head, tags] {
            write(&mut writer, packet, serial, PacketWriteEndInfo::EndPage, 0);
        }
        Some(Self {
            encoder,
            writer,
            serial,
            rate,
            channels: usize::from(channels),
            samples: Vec::new(),
            held: None,
            position: 0,
            taken: 0,
        })
    }

    /// Takes samples, the channels interleaved.
    pub(crate) fn take(&mut self, samples: &[i16]) {
        self.taken += (samples.len() / self.channels) as u64 * 48_000 / u64::from(self.rate.hz());
        self.feed(samples);
    }

    /// Moves what is whole into `out`, as whole pages; at the end all there is.
    pub(crate) fn pages(&mut self, last: bool, out: &mut Vec<u8>) {
        if last {
            self.fill_up();
        }
        if let Some(packet) = self.held.take() {
            let end = if last { PacketWriteEndInfo::EndStream } else { PacketWriteEndInfo::EndPage };
            let whole = u64::from(self.encoder.pre_skip()) + self.taken;
            let position = if last { whole.min(self.position) } else { self.position };
            write(&mut self.writer, packet, self.serial, end, position);
        }
        out.append(self.writer.inner_mut());
    }

    fn feed(&mut self, samples: &[i16]) {
        self.samples.extend_from_slice(samples);
        let packet = self.rate.hz() as usize / PACKETS_PER_SEC * self.channels;
        let mut from = 0;
        while let Some(audio) = self.samples.get(from..from + packet) {
            let mut octets = [0; PACKET_OCTETS];
            let length = self.encoder.encode(audio, &mut octets).unwrap_or_else(|_damaged| {
                tracing::error!("an Opus encoder refused audio of its own length");
                0
            });
            from += packet;
            let before = self.held.replace(octets[..length].to_vec());
            if let Some(before) = before {
                let normal = PacketWriteEndInfo::NormalPacket;
                write(&mut self.writer, before, self.serial, normal, self.position);
            }
            self.position += PACKET_48K;
        }
        self.samples.drain(..from);
    }

    /// Silence until the encoder's delay is through, up to a whole packet and at least one.
    fn fill_up(&mut self) {
        let packet = self.rate.hz() as usize / PACKETS_PER_SEC * self.channels;
        let whole = u64::from(self.encoder.pre_skip()) + self.taken;
        while self.held.is_none() || self.position < whole {
            let missing = packet - self.samples.len();
            self.feed(&vec![0; missing]);
        }
    }
}

impl std::fmt::Debug for OpusBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpusBody").field("taken", &self.taken).finish_non_exhaustive()
    }
}

fn write(
    writer: &mut PacketWriter<'static, Vec<u8>>,
    packet: Vec<u8>,
    serial: u32,
    end: PacketWriteEndInfo,
    position: u64,
) {
    writer.write_packet(packet, serial, end, position).expect("a Vec takes all that is written");
}

/// A stream's serial number: any, and the file's own.
fn serial_of(recording: RecordingId) -> u32 {
    let text = recording.to_string();
    text.get(text.len() - 8..).and_then(|low| u32::from_str_radix(low, 16).ok()).unwrap_or(1)
}
