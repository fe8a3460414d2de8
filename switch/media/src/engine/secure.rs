//! What protects packets: SRTP (RFC 3711), and the datagrams of a fax (UDPTL, ITU-T T.38), which are none of RTP's.

use base::Mono;
use base::media::Remote;

use super::{Arrival, Engine};
use crate::port::Port;

impl Engine {
    /// A negotiation came, with keys or without.
    pub(super) fn secured(&mut self, _slot: u32, _remote: &Remote) {}

    /// The packet as it was before the far end protected it; `None` when it ends here: it is not what the far end
    /// agreed to send, or was passed on as it is.
    pub(super) fn opened<'p>(
        &mut self,
        _now: Mono,
        _arrival: &Arrival,
        packet: &'p mut [u8],
    ) -> Option<&'p [u8]> {
        Some(packet)
    }

    /// Protects the RTP packet that begins at `begin`, for the far end of `port`. `None`: it must not be sent.
    pub(super) fn sealed(_port: &mut Port, _octets: &mut Vec<u8>, _begin: usize) -> Option<()> {
        Some(())
    }
}
