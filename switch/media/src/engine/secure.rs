//! What protects packets: SRTP (RFC 3711), and the datagrams of a fax (UDPTL, ITU-T T.38), which are none of RTP's.

use base::Mono;
use base::media::{Carries, MediaEvent, Remote};

use super::{Arrival, Channel, Engine};
use crate::departures::Sending;
use crate::port::Port;
use crate::rtp;
use crate::srtp::{Guard, ROOM};

/// What a port has whose packets are not plain RTP.
#[derive(Debug, Default)]
pub(crate) struct Protection {
    /// Kept as long as the port, since no number may be used twice with one key.
    guard: Option<Guard>,
    /// Whether keys were agreed last.
    secured: bool,
    carries: Carries,
    /// Packets that did not authenticate or came again.
    pub(crate) unauthentic: u64,
}

/// A packet's kind, as far as protection goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Rtp,
    Rtcp,
}

impl Engine {
    /// A negotiation came, with keys or without.
    pub(super) fn secured(&mut self, slot: u32, remote: &Remote) {
        let Some(port) = self.port_mut(slot) else { return };
        if remote.carries == Carries::Udptl {
            port.silence.end();
        }
        if port.protection.is_none() && remote.keys.is_none() && remote.carries == Carries::Rtp {
            return;
        }
        let protection = port.protection.get_or_insert_default();
        protection.carries = remote.carries;
        protection.secured = remote.keys.is_some();
        match (&mut protection.guard, &remote.keys) {
            (Some(guard), Some(keys)) => guard.rekey(keys),
            (guard @ None, Some(keys)) => *guard = Some(Guard::new(keys)),
            (Some(_) | None, None) => {}
        }
    }

    /// The packet as it was before the far end protected it; `None` when it ends here: it is not what the far end
    /// agreed to send, or was passed on as it is.
    pub(super) fn opened<'p>(
        &mut self,
        now: Mono,
        arrival: &Arrival,
        packet: &'p mut [u8],
    ) -> Option<&'p [u8]> {
        let port = self.port_mut(arrival.slot)?;
        let is_mux = port.is_mux();
        let Some(protection) = port.protection.as_deref_mut() else { return Some(packet) };
        if protection.carries == Carries::Udptl {
            self.fax(now, arrival, packet);
            return None;
        }
        let Some(guard) = protection.guard.as_mut().filter(|_| protection.secured) else {
            return Some(packet);
        };
        let opened = match kind(arrival.channel, is_mux, packet) {
            Kind::Rtp => guard.unprotect_rtp(packet),
            Kind::Rtcp => guard.unprotect_rtcp(packet),
        };
        match opened {
            Ok(length) => packet.get(..length),
            Err(_rejected) => {
                protection.unauthentic += 1;
                port.stray();
                None
            }
        }
    }

    /// Protects the RTP packet that begins at `begin`, for the far end of `port`. `None`: it must not be sent.
    pub(super) fn sealed(port: &mut Port, octets: &mut Vec<u8>, begin: usize) -> Option<()> {
        seal(port, octets, begin, Kind::Rtp)
    }

    /// The same for a compound RTCP packet.
    pub(super) fn sealed_report(port: &mut Port, octets: &mut Vec<u8>, begin: usize) -> Option<()> {
        seal(port, octets, begin, Kind::Rtcp)
    }

    /// A datagram of a fax, unread, to who carries a fax too.
    fn fax(&mut self, now: Mono, arrival: &Arrival, packet: &[u8]) {
        let (slot, id) = (arrival.slot, self.id(arrival.slot));
        let Some(port) = self.port_mut(slot) else { return };
        let accepted = match arrival.channel {
            Channel::Rtp => port.accept_fax(now, arrival.from, packet),
            Channel::Rtcp => None,
        };
        let Some(is_new) = accepted else { return port.stray() };
        if is_new {
            self.tell(slot, MediaEvent::Latched { port: id, from: arrival.from });
        }
        let heard = |port: &Port| port.may_be_heard();
        for index in 0..self.slots.get(slot as usize).map_or(0, |entry| entry.relays_to.len()) {
            let Some(entry) =
                self.slots.get(slot as usize).filter(|entry| entry.port.as_deref().is_some_and(heard))
            else {
                return;
            };
            let Some(listener) = entry.relays_to.get(index).copied() else { return };
            let Some(port) =
                self.slots.get_mut(listener as usize).and_then(|entry| entry.port.as_deref_mut())
            else {
                continue;
            };
            if !port.protection.as_ref().is_some_and(|it| it.carries == Carries::Udptl) {
                continue;
            }
            let Some(to) = port.send_rtp(now) else { continue };
            self.departures.add(Sending { slot: listener, channel: Channel::Rtp, to }, |octets, _begin| {
                octets.extend_from_slice(packet);
                Some(())
            });
        }
    }
}

/// Under a shared port the second octet says which it is (RFC 5761 §4); SRTP leaves it readable.
fn kind(channel: Channel, is_mux: bool, packet: &[u8]) -> Kind {
    match channel {
        Channel::Rtp if is_mux && rtp::is_rtcp_under_mux(packet) => Kind::Rtcp,
        Channel::Rtp => Kind::Rtp,
        Channel::Rtcp => Kind::Rtcp,
    }
}

fn seal(port: &mut Port, octets: &mut Vec<u8>, begin: usize, kind: Kind) -> Option<()> {
    let Some(protection) = port.protection.as_deref_mut() else { return Some(()) };
    if protection.carries == Carries::Udptl {
        return None;
    }
    let Some(guard) = protection.guard.as_mut().filter(|_| protection.secured) else { return Some(()) };
    let length = octets.len().checked_sub(begin)?;
    octets.resize(begin + length + ROOM, 0);
    let packet = octets.get_mut(begin..)?;
    let sealed = match kind {
        Kind::Rtp => guard.protect_rtp(packet, length),
        Kind::Rtcp => guard.protect_rtcp(packet, length),
    };
    // What must not go out twice, or under a key that is worn out, does not go out.
    octets.truncate(begin + sealed.ok()?);
    Some(())
}
