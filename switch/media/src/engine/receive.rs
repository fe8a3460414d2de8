//! A packet comes in.

use base::Mono;
use base::media::MediaEvent;

use super::{Arrival, Engine};
use crate::port::Accepted;

impl Engine {
    /// Judges one packet, passes it on where it is heard as it is, and keeps it where its audio is wanted. It may be
    /// changed in place.
    pub fn receive(&mut self, now: Mono, arrival: Arrival, packet: &mut [u8]) {
        let slot = arrival.slot;
        self.at_work = Some(slot);
        let Some(packet) = self.opened(now, &arrival, packet) else { return };
        let Some(port) = self.port_mut(slot) else { return };
        match port.accept(now, arrival.channel, arrival.from, packet) {
            None => {}
            Some(Accepted::Rtp { header, payload, latched, silence_ended, changed }) => {
                if latched || silence_ended {
                    self.tell_source(slot, latched, silence_ended);
                }
                if changed {
                    self.reconsider_around(now, slot);
                    self.close_seams(now);
                }
                self.digits_arrive(now, slot, &header, &payload, packet);
                self.relay(now, slot, &header, &payload, packet);
                self.take_in(now, slot, &header, &payload, packet);
            }
            Some(Accepted::Rtcp) => {
                // What we encode for it from now on may help out for what it loses.
                let percent = port.watch.far_loss_percent();
                if let Some(audio) = port.audio.as_deref_mut() {
                    audio.speech.expect_loss(percent);
                }
            }
        }
    }

    fn tell_source(&mut self, slot: u32, latched: bool, silence_ended: bool) {
        let id = self.id(slot);
        let Some(source) = self.port(slot).map(|port| port.source()) else { return };
        if let Some(from) = source.filter(|_| latched) {
            self.tell(slot, MediaEvent::Latched { port: id, from });
        }
        if silence_ended {
            self.tell(slot, MediaEvent::Heard { port: id });
            self.queue_deadline(slot);
        }
    }
}
