//! Commands of shards, each to whoever carries it out.

use base::media::{LegMedia, MediaCommand, MediaEvent, Remote};
use base::{Mono, ShardId};

use super::Engine;
use crate::outgoing::Outgoing;
use crate::port::Port;
use crate::quality::Watch;

impl Engine {
    /// Carries out a command of `shard`, which leased the port. `Lease` and `Move` are not for engines and do nothing,
    /// nor does what is for a port that is not here.
    pub fn handle(&mut self, now: Mono, shard: ShardId, command: MediaCommand) {
        let Some(slot) = command.port().and_then(|port| self.places.slot(port)) else { return };
        self.at_work = Some(slot);
        match command {
            MediaCommand::Lease { .. } | MediaCommand::Move { .. } => {}
            MediaCommand::Open { .. } => self.open(slot, shard),
            MediaCommand::Remote { remote, .. } => self.agree(now, slot, &remote),
            MediaCommand::Hear { room, sources, .. } => self.hear(now, slot, room, sources),
            MediaCommand::Speak { room, gain, .. } => self.speak(now, slot, room, gain),
            MediaCommand::Play { play, .. } => self.play(now, slot, play),
            MediaCommand::StopPlay { play, .. } => self.stop_play(now, slot, play),
            MediaCommand::Collect { collect, .. } => self.collect(now, slot, *collect),
            MediaCommand::StopCollect { .. } => self.stop_collect(now, slot),
            MediaCommand::SendDigits { digits, each, .. } => {
                self.send_digits(now, slot, &digits, each);
            }
            MediaCommand::DigitCame { digit, lasted, .. } => {
                self.digit_came(now, slot, digit, lasted);
            }
            MediaCommand::HoldDigits { held, .. } => self.hold_digits(now, slot, held),
            MediaCommand::Listen { listen, .. } => self.listen(now, slot, listen),
            MediaCommand::Record { recorder, .. } => self.record(now, slot, *recorder),
            MediaCommand::Recording { recording, act, .. } => {
                self.act_on_recording(now, recording, act);
            }
            MediaCommand::Tap(tap) => self.tap(now, tap),
            MediaCommand::Untap { tap, .. } => self.untap(now, slot, tap),
            MediaCommand::Settle { .. } => self.settle(slot),
            MediaCommand::Close { .. } => self.close(now, slot, shard),
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
    pub(super) fn close(&mut self, now: Mono, slot: u32, shard: ShardId) {
        let id = self.id(slot);
        if self.port(slot).is_none() {
            let closed = MediaEvent::Closed { port: id, media: LegMedia::default() };
            return self.events.push_back((shard, closed));
        }
        self.say_goodbye(now, slot);
        self.end_plays(slot);
        self.stop_collect(now, slot);
        self.end_recordings(now, slot);
        self.end_taps(now, id);
        self.leave(now, slot);
        let Some(port) = self.slots.get_mut(slot as usize).and_then(|entry| entry.port.take()) else {
            return;
        };
        self.open -= 1;
        let closed = MediaEvent::Closed { port: id, media: port.figures() };
        self.events.push_back((port.shard, closed));
        self.vacate(slot);
    }
}
