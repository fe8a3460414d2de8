//! What we report.

use super::read::Reception;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SDES: u8 = 202;
const BYE: u8 = 203;
const XR: u8 = 207;
/// SDES item (RFC 3550 §6.5.1).
const CNAME: u8 = 1;
/// Blocks of extended reports (RFC 3611 §4.4, §4.5, §4.7).
const REFERENCE_TIME: u8 = 4;
const LAST_REFERENCE: u8 = 5;
const VOIP_METRICS: u8 = 7;
/// A level that is not measured, a score that is not made.
const UNKNOWN: u8 = 127;
/// Loss is concealed well, the jitter buffer adapts (§4.7.6).
const HOW_RECEIVED: u8 = 0b1011_0000;
/// Losses this near to one another belong to one burst (RFC 3611 §4.7.2).
pub(crate) const BURST_GAP: u8 = 16;

/// Who reports.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Own {
    pub(crate) ssrc: u32,
    pub(crate) cname: u64,
}

/// What was sent, for a sender report.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) ntp: u64,
    pub(crate) timestamp: u32,
    pub(crate) packets: u32,
    pub(crate) octets: u32,
}

/// What was received.
pub(crate) type Block = Reception;

/// An extended report.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sheet {
    /// Our clock.
    pub(crate) ntp: u64,
    /// Who is read.
    pub(crate) heard: u32,
    /// The far end's clock as last heard, and how long ago in 1/65536 s.
    pub(crate) last_reference: Option<(u32, u32)>,
    pub(crate) listening: Option<Listening>,
}

/// VoIP metrics of the far end's stream (RFC 3611 §4.7); shares in 256ths, times in ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listening {
    pub(crate) loss: u8,
    pub(crate) discarded: u8,
    pub(crate) burst_density: u8,
    pub(crate) gap_density: u8,
    pub(crate) burst_ms: u16,
    pub(crate) gap_ms: u16,
    pub(crate) round_trip_ms: u16,
    pub(crate) end_system_ms: u16,
    /// 0…100 (ITU-T G.107).
    pub(crate) rating: u8,
    pub(crate) mos_tenths: u8,
    pub(crate) waiting_ms: u16,
    pub(crate) waiting_most_ms: u16,
}

/// Whether we go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    GoesOn,
    Bye,
}

/// Appends a compound packet (RFC 3550 §6.1): a sender or receiver report, our name, and what else there is.
pub(crate) fn compound(
    out: &mut Vec<u8>,
    own: &Own,
    sent: Option<&Sent>,
    block: Option<&Block>,
    sheet: Option<&Sheet>,
    ending: Ending,
) {
    let kind = if sent.is_some() { SENDER_REPORT } else { RECEIVER_REPORT };
    part(out, kind, u8::from(block.is_some()), |out| {
        put(out, &[own.ssrc]);
        if let Some(sent) = sent {
            out.extend(sent.ntp.to_be_bytes());
            put(out, &[sent.timestamp, sent.packets, sent.octets]);
        }
        if let Some(block) = block {
            let lost = block.lost.min(0x7f_ffff) | u32::from(block.fraction) << 24;
            let Block { ssrc, highest, jitter_ticks, last_report, delay, .. } = *block;
            put(out, &[ssrc, lost, highest, jitter_ticks, last_report, delay]);
        }
    });
    part(out, SDES, 1, |out| {
        put(out, &[own.ssrc]);
        // A number for this one stream, so that nobody is known again by it (RFC 7022 §4.2).
        out.extend([CNAME, 16]);
        let digit = |place: u32| char::from_digit((own.cname >> (4 * place)) as u32 & 0xf, 16).unwrap_or('0');
        out.extend((0..16).rev().map(|place| digit(place) as u8));
        out.push(0);
    });
    if let Some(sheet) = sheet {
        part(out, XR, 0, |out| {
            put(out, &[own.ssrc]);
            extended(out, sheet);
        });
    }
    if ending == Ending::Bye {
        part(out, BYE, 1, |out| put(out, &[own.ssrc]));
    }
}

fn extended(out: &mut Vec<u8>, sheet: &Sheet) {
    out.extend([REFERENCE_TIME, 0, 0, 2]);
    out.extend(sheet.ntp.to_be_bytes());
    if let Some((last, delay)) = sheet.last_reference {
        out.extend([LAST_REFERENCE, 0, 0, 3]);
        put(out, &[sheet.heard, last, delay]);
    }
    if let Some(own) = &sheet.listening {
        out.extend([VOIP_METRICS, 0, 0, 8]);
        put(out, &[sheet.heard]);
        out.extend([own.loss, own.discarded, own.burst_density, own.gap_density]);
        put_short(out, &[own.burst_ms, own.gap_ms, own.round_trip_ms, own.end_system_ms]);
        out.extend([UNKNOWN, UNKNOWN, UNKNOWN, BURST_GAP]);
        out.extend([own.rating, UNKNOWN, own.mos_tenths, own.mos_tenths]);
        out.extend([HOW_RECEIVED, 0]);
        put_short(out, &[own.waiting_ms, own.waiting_most_ms, own.waiting_most_ms]);
    }
}

/// A part with its header; what `write` appends is padded to whole words.
fn part(out: &mut Vec<u8>, kind: u8, count: u8, write: impl FnOnce(&mut Vec<u8>)) {
    let begin = out.len();
    out.extend([0x80 | count, kind, 0, 0]);
    write(out);
    let length = (out.len() - begin).next_multiple_of(4);
    out.resize(begin + length, 0);
    let words = (length / 4 - 1) as u16;
    out[begin + 2..begin + 4].copy_from_slice(&words.to_be_bytes());
}

fn put(out: &mut Vec<u8>, words: &[u32]) {
    words.iter().for_each(|word| out.extend(word.to_be_bytes()));
}

fn put_short(out: &mut Vec<u8>, shorts: &[u16]) {
    shorts.iter().for_each(|short| out.extend(short.to_be_bytes()));
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    const OWN: Own = Own { ssrc: 7, cname: 0xabc };
    const SENT: Sent = Sent { ntp: 0x0000_0005_8000_0000, timestamp: 160, packets: 2, octets: 320 };

    fn block() -> Block {
        Block {
            ssrc: 9,
            fraction: 25,
            lost: 3,
            highest: 0x1_0002,
            jitter_ticks: 12,
            last_report: 1,
            delay: 2,
        }
    }

    /// RFC 3550 §6.1, §6.4.1: octet by octet.
    #[test]
    fn a_sender_report_is_what_the_rfc_draws() {
        let mut packet = Vec::new();
        compound(&mut packet, &OWN, Some(&SENT), Some(&block()), None, Ending::GoesOn);
        assert_eq!(packet[..8], [0x81, 200, 0, 12, 0, 0, 0, 7]);
        assert_eq!(packet[8..28], [0, 0, 0, 5, 128, 0, 0, 0, 0, 0, 0, 160, 0, 0, 0, 2, 0, 0, 1, 64]);
        assert_eq!(packet[28..36], [0, 0, 0, 9, 25, 0, 0, 3]);
        assert_eq!(packet[52..62], [0x81, 202, 0, 6, 0, 0, 0, 7, 1, 16]);
        assert_eq!(&packet[62..78], b"0000000000000abc");
        assert_eq!(packet.len(), 80);
        let report = read(&packet, 9).unwrap();
        assert_eq!((report.ssrc, report.sent_at, report.reception), (7, Some(0x0005_8000), Some(block())));
        assert_eq!((read(&packet, 8).unwrap().reception, report.bye), (None, false));
    }

    /// RFC 3611 §4.4, §4.5, §4.7.
    #[test]
    fn an_extended_report_says_what_it_was_given() {
        let listening =
            Listening { loss: 5, discarded: 6, end_system_ms: 60, mos_tenths: 41, ..Listening::default() };
        let sheet = Sheet {
            ntp: SENT.ntp,
            heard: 9,
            last_reference: Some((0x0102_0304, 65_536)),
            listening: Some(listening),
        };
        let mut packet = Vec::new();
        compound(&mut packet, &OWN, None, None, Some(&sheet), Ending::Bye);
        let report = read(&packet, 9).unwrap();
        assert_eq!((report.sent_at, report.reports, report.extended, report.bye), (None, false, true, true));
        assert_eq!(report.reference, Some(0x0005_8000));
        assert_eq!(report.last_reference, Some((0x0102_0304, 65_536)));
        let metrics = report.metrics.unwrap();
        assert_eq!((metrics.loss, metrics.discarded, metrics.end_system_ms), (5, 6, 60));
        assert_eq!((metrics.mos_tenths, read(&packet, 8).unwrap().metrics), (Some(41), None));
    }
}
