//! RTP packet headers (RFC 3550 §5.1).

use rtp_rs::RtpReader;

/// What the relay needs of a packet's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// 0…127.
    pub payload_type: u8,
    /// Set on the first packet of a talk spurt or an event.
    pub marker: bool,
    /// Rises by one per packet, wraps.
    pub sequence: u16,
    /// In ticks of the payload's clock, wraps.
    pub timestamp: u32,
    /// The stream's number.
    pub ssrc: u32,
    /// Octets without header, extension and padding.
    pub payload_octets: usize,
}

/// Reads a header; `None` when the packet is not version 2 or its lengths do not fit.
#[must_use]
pub fn read(packet: &[u8]) -> Option<Header> {
    let reader = RtpReader::new(packet).ok()?;
    Some(Header {
        payload_type: reader.payload_type(),
        marker: reader.mark(),
        sequence: reader.sequence_number().into(),
        timestamp: reader.timestamp(),
        ssrc: reader.ssrc(),
        payload_octets: reader.payload().len(),
    })
}

/// Whether a packet on a shared port is RTCP: its second octet, without the marker, is 64…95 (RFC 5761 §4).
#[must_use]
pub fn is_rtcp_under_mux(packet: &[u8]) -> bool {
    packet.get(1).is_some_and(|octet| (64..=95).contains(&(octet & 0x7f)))
}

/// The payload of a packet, without header, extension and padding.
#[must_use]
pub fn payload(packet: &[u8]) -> Option<&[u8]> {
    RtpReader::new(packet).ok().map(|reader| reader.payload())
}

/// Ticks of so many milliseconds; as many as there are numbers for, where a clock is absurd.
pub(crate) fn ticks(clock_hz: u32, ms: u32) -> u32 {
    u32::try_from(u64::from(clock_hz) * u64::from(ms) / 1_000).unwrap_or(u32::MAX)
}

/// A header of twelve octets: version 2, no padding, no extension, no contributing sources.
#[must_use]
pub fn header(payload_type: u8, marker: bool, sequence: u16, timestamp: u32, ssrc: u32) -> [u8; 12] {
    let [s0, s1] = sequence.to_be_bytes();
    let [t0, t1, t2, t3] = timestamp.to_be_bytes();
    let [i0, i1, i2, i3] = ssrc.to_be_bytes();
    let second = u8::from(marker) << 7 | payload_type & 0x7f;
    [0x80, second, s0, s1, t0, t1, t2, t3, i0, i1, i2, i3]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_header_reads_and_a_wrong_version_does_not() {
        let mut packet = vec![0x80, 0x80 | 101, 0x12, 0x34, 0, 0, 0, 160, 0, 0, 0, 7];
        packet.extend([0; 160]);
        let header = read(&packet).unwrap();
        assert_eq!((header.payload_type, header.marker, header.sequence), (101, true, 0x1234));
        assert_eq!((header.timestamp, header.ssrc, header.payload_octets), (160, 7, 160));
        packet[0] = 0x40;
        assert_eq!(read(&packet), None);
    }

    #[test]
    fn a_header_that_was_written_reads_the_same() {
        let packet = [header(101, true, 0xfffe, 0x0102_0304, 0x8000_0001).as_slice(), &[7; 3]].concat();
        let read = read(&packet).unwrap();
        assert_eq!((read.payload_type, read.marker, read.sequence), (101, true, 0xfffe));
        assert_eq!(
            (read.timestamp, read.ssrc, payload(&packet)),
            (0x0102_0304, 0x8000_0001, Some([7; 3].as_slice()))
        );
    }

    #[test]
    fn payload_types_64_to_95_are_rtcp_on_a_shared_port() {
        assert!(is_rtcp_under_mux(&[0x80, 200]) && is_rtcp_under_mux(&[0x80, 207]));
        assert!(!is_rtcp_under_mux(&[0x80, 0x80]) && !is_rtcp_under_mux(&[0x80, 96]));
    }

    proptest! {
        #[test]
        fn no_packet_panics(packet in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _header = read(&packet);
            let _report = crate::rtcp::read(&packet, 0);
        }
    }
}
