//! Commands of shards, each to whoever carries it out.

use base::media::{LegMedia, MediaCommand, MediaEvent, Remote};
use base::{Mono, PortId, ShardId};

use super::Engine;
use crate::outgoing::Outgoing;
use crate::port::Port;
use crate::quality::Watch;

impl Engine {
    /// Carries out a command of `shard`, which leased the port. `Lease` is not for engines and does nothing.
    pub fn handle(&mut self, now: Mono, shard: ShardId, command: MediaCommand) {
        self.at_work = command.port().map(|port| port.slot);
        match command {
            MediaCommand::Lease { .. } => {}
            MediaCommand::Open { port } => self.open(port.slot, shard),
            MediaCommand::Remote { port, remote } => self.agree(now, port.slot, &remote),
            MediaCommand::Hear { port, room, sources } => self.hear(now, port.slot, room, sources),
            MediaCommand::Speak { port, room, gain } => self.speak(now, port.slot, room, gain),
            MediaCommand::Play { port, play } => self.play(now, port.slot, play),
            MediaCommand::StopPlay { port, play } => self.stop_play(now, port.slot, play),
            MediaCommand::Collect { port, collect } => self.collect(now, port.slot, *collect),
            MediaCommand::StopCollect { port } => self.stop_collect(now, port.slot),
            MediaCommand::SendDigits { port, digits, each } => {
                self.send_digits(now, port.slot, &digits, each);
            }
            MediaCommand::DigitCame { port, digit, lasted } => {
                self.digit_came(now, port.slot, digit, lasted);
            }
            MediaCommand::HoldDigits { port, held } => self.hold_digits(now, port.slot, held),
            MediaCommand::Listen { port, listen } => self.listen(now, port.slot, listen),
            MediaCommand::Record { port, recorder } => self.record(now, port.slot, *recorder),
            MediaCommand::Recording { recording, act, .. } => {
                self.act_on_recording(now, recording, act);
            }
            MediaCommand::Tap(tap) => self.tap(now, tap),
            MediaCommand::Untap { port, tap } => self.untap(now, port.slot, tap),
            MediaCommand::Settle { port } => self.settle(port.slot),
            MediaCommand::Close { port } => self.close(now, port, shard),
        }
        self.close_seams(now);
    }

    /// An open port is left alone.
    fn open(&mut self, slot: u32, shard: ShardId) {
        let (out, watch) = (Outgoing::new(&mut *self.entropy), Watch::new(&mut *self.entropy));
        let Some(entry) = self.slots.get_mut(slot as usize) else { return };
        if entry.port.is_none() {
            entry.port = Some(Box::new(Port::new(shard, out, watch)));
            self.open += 1;
        }
    }

    /// Takes over a negotiation. Ignored on a port that is not open.
    fn agree(&mut self, now: Mono, slot: u32, remote: &Remote) {
        let Some(port) = self.port_mut(slot) else { return };
        port.agree(now, remote);
        self.watch_from(now, slot);
        self.secured(slot, remote);
        self.queue_deadline(slot);
        self.reconsider_around(now, slot);
    }

    fn settle(&mut self, slot: u32) {
        if let Some(port) = self.port_mut(slot) {
            port.settle();
        }
    }

    /// Nobody hears the port from now on and it hears nobody. One that was never opened ends with empty figures.
    pub(super) fn close(&mut self, now: Mono, id: PortId, shard: ShardId) {
        let slot = id.slot;
        if self.port(slot).is_none() {
            let closed = MediaEvent::Closed { port: id, media: LegMedia::default() };
            return self.events.push_back((shard, closed));
        }
        self.say_goodbye(now, slot);
        self.end_plays(slot);
        self.stop_collect(now, slot);
        self.end_recordings(now, slot);
        self.end_taps(now, slot);
        self.leave(now, slot);
        let Some(port) = self.slots.get_mut(slot as usize).and_then(|entry| entry.port.take()) else {
            return;
        };
        self.open -= 1;
        let closed = MediaEvent::Closed { port: id, media: port.figures() };
        self.events.push_back((port.shard, closed));
    }
}
