//! Packets that pass without being decoded: with the numbers of the leg that they leave by.

use base::Mono;
use base::media::{Codec, Payload};

use super::{Channel, Engine};
use crate::departures::Sending;
use crate::outgoing::Clocked;
use crate::port::Port;
use crate::rtp::{self, Header};

impl Engine {
    /// Passes a packet of `source` to all who hear it as it is.
    pub(super) fn relay(
        &mut self,
        now: Mono,
        source: u32,
        header: &Header,
        payload: &Payload,
        packet: &[u8],
    ) {
        let Some(entry) = self.slots.get(source as usize) else { return };
        if entry.relays_to.is_empty() || !entry.port.as_ref().is_some_and(|port| port.may_be_heard()) {
            return;
        }
        let Some(content) = rtp::payload(packet) else { return };
        if payload.codec == Codec::TelephoneEvent && self.port(source).is_some_and(Port::holds_digits) {
            return self.leave_out(source, header);
        }
        for index in 0..entry.relays_to.len() {
            let listener =
                self.slots.get(source as usize).and_then(|entry| entry.relays_to.get(index).copied());
            if let Some(listener) = listener {
                self.pass(now, source, listener, header, payload, content);
            }
        }
    }

    /// Nobody gets the packet, or takes it for lost.
    fn leave_out(&mut self, source: u32, header: &Header) {
        let listeners = self.slots.get(source as usize).map(|entry| entry.relays_to.clone());
        for listener in listeners.into_iter().flatten() {
            if let Some(port) = self.port_mut(listener) {
                port.out.leave_out(source, header);
            }
        }
    }

    /// Neither CSRCs nor header extensions cross: they were agreed with the other leg.
    fn pass(
        &mut self,
        now: Mono,
        source: u32,
        listener: u32,
        header: &Header,
        payload: &Payload,
        content: &[u8],
    ) {
        let Some(port) = self.slots.get_mut(listener as usize).and_then(|entry| entry.port.as_deref_mut())
        else {
            return;
        };
        let Some(own) = port.same(payload) else {
            port.out.leave_out(source, header);
            return port.unmapped();
        };
        let Some(to) = port.send_rtp(now) else { return };
        port.sent_payload(content.len());
        let clocked =
            if payload.codec == Codec::TelephoneEvent { Clocked::Standing } else { Clocked::Running };
        let numbers = port.out.relay(now, source, header, own.clock_hz, clocked);
        let sending = Sending { slot: listener, channel: Channel::Rtp, to };
        self.departures.add(sending, |octets, begin| {
            octets.extend_from_slice(&numbers.header(own.number));
            octets.extend_from_slice(content);
            Self::sealed(port, octets, begin)
        });
    }
}
