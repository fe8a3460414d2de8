//! Reports (RTCP, RFC 3550 §6), which end at each leg, how good its stream is, and what is wrong with it.

use std::cmp::Reverse;

use base::Mono;
use base::media::MediaEvent;

use super::Engine;
use crate::departures::Sending;
use crate::rtcp::Ending;

impl Engine {
    /// Media was agreed: reports are due, and so are looks for troubles.
    pub(super) fn watch_from(&mut self, now: Mono, slot: u32) {
        let Some(port) = self.slots.get_mut(slot as usize).and_then(|entry| entry.port.as_deref_mut()) else {
            return;
        };
        if !port.carries_nothing() {
            port.watch.begin(now, &mut *self.entropy);
        }
    }

    /// What is due by the clock and needs no audio: silences, reports, looks for troubles.
    pub(super) fn watch(&mut self, now: Mono) {
        while let Some(Reverse((at, slot))) = self.deadlines.peek().copied()
            && at <= now
        {
            self.deadlines.pop();
            self.at_work = Some(slot);
            let Some(port) = self.port_mut(slot).filter(|port| port.silence.queued == Some(at)) else {
                continue;
            };
            port.silence.queued = None;
            self.tell_silence(now, slot);
            self.report(now, slot);
            self.look(now, slot);
            self.keys_due(now, slot);
            self.queue_deadline(slot);
        }
    }

    pub(super) fn queue_deadline(&mut self, slot: u32) {
        let Some(port) = self.port_mut(slot) else { return };
        let Some(due) = port.due() else { return };
        if port.silence.queued.is_none_or(|queued| due < queued) {
            port.silence.queued = Some(due);
            self.deadlines.push(Reverse((due, slot)));
        }
    }

    /// The last report to a far end that has had one (RFC 3550 §6.3.7).
    pub(super) fn say_goodbye(&mut self, now: Mono, slot: u32) {
        if self.port(slot).is_some_and(|port| port.watch.session.has_reported()) {
            self.send_report(now, slot, Ending::Bye);
        }
    }

    fn tell_silence(&mut self, now: Mono, slot: u32) {
        let port = self.id(slot);
        if let Some(silent) = self.port_mut(slot).and_then(|port| port.silence.report(now)) {
            self.tell(slot, MediaEvent::Silent { port, ever_heard: silent.ever_heard, quiet: silent.quiet });
        }
    }

    fn report(&mut self, now: Mono, slot: u32) {
        let Some(port) = self.slots.get_mut(slot as usize).and_then(|entry| entry.port.as_deref_mut()) else {
            return;
        };
        if port.watch.session.is_time(now, &mut *self.entropy) {
            self.send_report(now, slot, Ending::GoesOn);
        }
    }

    fn send_report(&mut self, now: Mono, slot: u32, ending: Ending) {
        let Some(port) = self.slots.get_mut(slot as usize).and_then(|entry| entry.port.as_deref_mut()) else {
            return;
        };
        let Some((channel, to)) = port.reports_to(now) else { return };
        self.departures.add(Sending { slot, channel, to }, |octets, begin| {
            port.write_report(now, ending, octets);
            Self::sealed_report(port, octets, begin)
        });
    }

    fn look(&mut self, now: Mono, slot: u32) {
        let id = self.id(slot);
        let Some((troubles, tells)) = self.port_mut(slot).and_then(|port| port.look(now)) else { return };
        for (trouble, now) in troubles {
            self.tell(slot, MediaEvent::Trouble { port: id, trouble, now });
        }
        if tells && let Some(media) = self.port_mut(slot).map(|port| Box::new(port.figures_now())) {
            self.tell(slot, MediaEvent::Quality { port: id, media });
        }
    }
}
