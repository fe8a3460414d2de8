//! The packet of the load: PCMU in 172 bytes whose payload says who sent it and when.

/// RTP header and 20 ms of PCMU (RFC 3550 §5.1, RFC 3551 §4.5.14).
pub const PACKET_BYTES: usize = 172;

const HEADER_BYTES: usize = 12;
const MAGIC: u32 = 0x5441_4e44;

/// What a payload carries besides padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The sending stream.
    pub stream: u32,
    /// Counts the stream's packets; survives a switch that renumbers RTP.
    pub number: u32,
    /// [`crate::clock::nanos`] at the moment of sending.
    pub sent_ns: u64,
}

/// A packet to send.
pub fn packet(stamp: Stamp) -> [u8; PACKET_BYTES] {
    let mut bytes = [0xff; PACKET_BYTES];
    let sequence = (stamp.number & 0xffff) as u16;
    bytes[0] = 0x80;
    bytes[1] = if stamp.number == 0 { 0x80 } else { 0 };
    bytes[2..4].copy_from_slice(&sequence.to_be_bytes());
    bytes[4..8].copy_from_slice(&stamp.number.wrapping_mul(160).to_be_bytes());
    bytes[8..12].copy_from_slice(&(stamp.stream ^ 0x5a5a_0000).to_be_bytes());
    let payload = &mut bytes[HEADER_BYTES..];
    payload[0..4].copy_from_slice(&MAGIC.to_be_bytes());
    payload[4..8].copy_from_slice(&stamp.stream.to_be_bytes());
    payload[8..12].copy_from_slice(&stamp.number.to_be_bytes());
    payload[12..20].copy_from_slice(&stamp.sent_ns.to_be_bytes());
    bytes
}

/// The stamp of a received packet, or `None` if it is not one of ours, whole.
pub fn stamp(packet: &[u8]) -> Option<Stamp> {
    let payload = packet.get(HEADER_BYTES..PACKET_BYTES)?;
    let word = |at: usize| payload.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
    let sent_ns = payload.get(12..20)?.try_into().ok().map(u64::from_be_bytes)?;
    (word(0)? == MAGIC).then_some(Stamp { stream: word(4)?, number: word(8)?, sent_ns })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_comes_back_even_when_the_rtp_header_was_rewritten() {
        let sent = Stamp { stream: 7, number: 70_000, sent_ns: 123_456_789 };
        let mut bytes = packet(sent);
        bytes[2..12].fill(9);
        assert_eq!(stamp(&bytes), Some(sent));
        assert_eq!(stamp(&bytes[..100]), None);
        assert_eq!(stamp(&[0; PACKET_BYTES]), None);
    }
}
