//! SRTP and SRTCP (RFC 3711, RFC 7714): a stream's packets protected and opened in place.
//!
//! Ciphers and hashes come from the RustCrypto crates; here they are put together as the RFCs say. A packet that does not
//! authenticate changes nothing and allocates nothing, whatever SSRC or number it bears.
//!
//! Deliberately absent: key derivation rates other than 0, unencrypted or unauthenticated streams, several master keys
//! at a time. Where keys come from (SDES, DTLS) does not matter here.

mod cipher;
mod counter;
mod derive;
mod gcm;
mod guard;
mod index;
mod inward;
mod outward;
mod past;
#[cfg(test)]
mod tests;

pub use guard::Guard;

/// Octets that a protected packet may be longer than a plain one: the longest tag and the number of an SRTCP packet.
pub const ROOM: usize = 16 + 4;

/// Why a packet was neither protected nor opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// Not an RTP or RTCP packet, too short for a tag, or no room for one.
    #[error("not a packet")]
    Malformed,
    /// Its tag is wrong: forged, damaged, plain, or protected with another key.
    #[error("it does not authenticate")]
    Unauthentic,
    /// Its number has been used, or lies too far back to tell.
    #[error("its number has been used")]
    Replayed,
    /// RTCP that is authenticated and not encrypted, which nobody has agreed to.
    #[error("it is not encrypted")]
    Unencrypted,
    /// One more SSRC than `limits::SRTP_STREAMS` under one key.
    #[error("too many streams under one key")]
    TooManyStreams,
    /// The key has protected as many packets as it may (RFC 3711 §9.2).
    #[error("the key is worn out")]
    WornOut,
}

/// Octets of an RTP header with its sources and extension; `None` when the packet ends before it does.
fn header_octets(packet: &[u8]) -> Option<usize> {
    let first = *packet.first()?;
    if first >> 6 != 2 {
        return None;
    }
    let fixed = 12 + 4 * usize::from(first & 0x0f);
    let extension = if first & 0x10 == 0 {
        0
    } else {
        let words = packet.get(fixed + 2..fixed + 4)?;
        4 + 4 * usize::from(u16::from_be_bytes([words[0], words[1]]))
    };
    (packet.len() >= fixed + extension).then_some(fixed + extension)
}

/// The 32 bits at `at`.
fn word(packet: &[u8], at: usize) -> Option<u32> {
    packet.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}
