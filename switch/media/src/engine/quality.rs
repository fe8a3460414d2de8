//! Reports (RTCP, RFC 3550 §6), which end at each leg, and what is wrong with a stream.

use std::cmp::Reverse;

use base::Mono;
use base::media::MediaEvent;

use super::Engine;
use crate::rtcp::Report;

impl Engine {
    /// A report of the far end came; the port has counted it.
    pub(super) fn report_arrives(&mut self, _now: Mono, _slot: u32, _report: &Report, _packet: &[u8]) {}

    /// What is due by the clock and needs no audio: silences.
    pub(super) fn watch(&mut self, now: Mono) {
        while let Some(Reverse((at, slot))) = self.deadlines.peek().copied()
            && at <= now
        {
            self.deadlines.pop();
            let id = self.id(slot);
            let Some(port) = self.port_mut(slot).filter(|port| port.silence.queued == Some(at)) else {
                continue;
            };
            port.silence.queued = None;
            if let Some(silent) = port.silence.report(now) {
                let event =
                    MediaEvent::Silent { port: id, ever_heard: silent.ever_heard, quiet: silent.quiet };
                self.tell(slot, event);
            }
            self.queue_deadline(slot);
        }
    }

    pub(super) fn queue_deadline(&mut self, slot: u32) {
        let Some(port) = self.port_mut(slot) else { return };
        let Some(due) = port.silence.due() else { return };
        if port.silence.queued.is_none_or(|queued| due < queued) {
            port.silence.queued = Some(due);
            self.deadlines.push(Reverse((due, slot)));
        }
    }
}
