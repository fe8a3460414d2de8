//! What an Opus packet says of itself before it is decoded (RFC 6716 §3).

/// The longest that a packet may last, at 48 kHz: 120 ms.
const LONGEST: usize = 5_760;

/// Samples of a packet at 48 kHz, 120…5,760; `None` when it is not a packet.
#[must_use]
pub fn samples_48k(packet: &[u8]) -> Option<usize> {
    let frames = match packet.first()? & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => usize::from(packet.get(1)? & 63),
    };
    let samples = frames * frame_samples(*packet.first()?);
    (1..=LONGEST).contains(&samples).then_some(samples)
}

/// Whether a packet holds a copy of the one before it (LBRR, RFC 6716 §4.2.4).
#[must_use]
pub fn copies_the_one_before(packet: &[u8]) -> bool {
    let Some(&toc) = packet.first() else { return false };
    let (configuration, stereo) = (toc >> 3, toc & 4 != 0);
    if configuration >= 16 {
        // CELT knows no copies.
        return false;
    }
    let Some(&first) = first_frame(packet).and_then(<[u8]>::first) else { return false };
    // The range coder gives even bits from the top: a flag of speech for each 20 ms, then the one of copies, then the
    // same for the other channel.
    let parts = frame_samples(toc).div_ceil(960);
    let mid = first >> (7 - parts) & 1 != 0;
    let side = stereo && first >> 6usize.saturating_sub(2 * parts) & 1 != 0;
    mid || side
}

/// RFC 6716 §3.1, Table 2.
fn frame_samples(toc: u8) -> usize {
    let configuration = usize::from(toc >> 3);
    match configuration {
        0..=11 => [480, 960, 1_920, 2_880][configuration & 3],
        12..=15 => [480, 960][configuration & 1],
        _ => 120 << (configuration & 3),
    }
}

/// The first frame of a packet, with what comes after it (RFC 6716 §3.2).
fn first_frame(packet: &[u8]) -> Option<&[u8]> {
    let rest = packet.get(1..)?;
    match packet.first()? & 3 {
        0 | 1 => Some(rest),
        2 => rest.get(length_octets(rest)?..),
        _ => {
            let (&count, mut rest) = rest.split_first()?;
            let mut padding = count & 0x40 != 0;
            while padding {
                let (&octet, after) = rest.split_first()?;
                padding = octet == 255;
                rest = after;
            }
            let lengths = if count & 0x80 == 0 { 0 } else { usize::from(count & 63).saturating_sub(1) };
            (0..lengths).try_fold(rest, |rest, _| rest.get(length_octets(rest)?..))
        }
    }
}

/// Octets that the length of a frame takes (RFC 6716 §3.2.1).
fn length_octets(rest: &[u8]) -> Option<usize> {
    Some(if *rest.first()? < 252 { 1 } else { 2 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_tells_how_long_it_lasts() {
        let cases: [(&[u8], Option<usize>); 9] = [
            (&[], None),
            // SILK, 20 ms, one frame; then two; then three of 60 ms, which is too long.
            (&[0x08], Some(960)),
            (&[0x09, 1, 2], Some(1_920)),
            (&[0x1b, 3, 0], None),
            // CELT, 2.5 ms, 48 of them: 120 ms.
            (&[0xe3, 48], Some(5_760)),
            (&[0xe3, 49], None),
            // Hybrid, 10 ms, a number of frames that is missing or nought.
            (&[0x63], None),
            (&[0x63, 0], None),
            (&[0x60], Some(480)),
        ];
        for (packet, samples) in cases {
            assert_eq!(samples_48k(packet), samples, "{packet:x?}");
        }
    }

    #[test]
    fn only_packets_with_speech_coding_hold_copies() {
        // SILK 20 ms mono: speech flag, then the flag of copies.
        assert!(copies_the_one_before(&[0x08, 0b1100_0000]));
        assert!(!copies_the_one_before(&[0x08, 0b1000_0000]));
        // 60 ms: three flags of speech first.
        assert!(copies_the_one_before(&[0x18, 0b0001_0000]));
        // Stereo: the second channel's own flag.
        assert!(copies_the_one_before(&[0x0c, 0b0001_0000]));
        // CELT, and packets without a frame.
        assert!(!copies_the_one_before(&[0xf8, 0xff]));
        assert!(!copies_the_one_before(&[0x08]));
        assert!(!copies_the_one_before(&[0x0b, 0xff, 0xff]));
    }
}
