//! Those in a large room who only listen.

use base::{Mono, RoomId};

use super::Engine;
use crate::audience::Kind;
use crate::hearing::Way;
use crate::room::Room;
use crate::speech::Encoded;

/// In a room of no more listeners each is encoded for by itself: who is muted and unmuted keeps its encoder.
const SMALL: usize = 8;

impl Engine {
    /// Sends what is said in a room to those who hear that and nothing else.
    pub(super) fn serve_audience(&mut self, now: Mono, id: RoomId, room: &mut Room) {
        if room.wanted == 0 || room.listeners.len() <= SMALL {
            return room.audience.clear();
        }
        room.tell_audience();
        for slot in &room.listeners {
            let Some(kind) = self.kind_of(*slot, id) else { continue };
            let packet = room.audience.packet(kind);
            if let Some(audio) = self.port_mut(*slot).and_then(|port| port.audio.as_deref_mut()) {
                audio.served = true;
                audio.speech.clear();
            }
            if let Some((encoded, content)) = packet {
                self.send_encoded(now, *slot, Encoded { payload: kind.payload, ..encoded }, content);
            }
        }
    }

    /// What somebody takes who only listens; `None` for everybody else.
    fn kind_of(&self, slot: u32, room: RoomId) -> Option<Kind> {
        let port = self.port(slot)?;
        let (hearing, audio) = (&port.hearing, port.audio.as_deref()?);
        let speaks = hearing.speaks.is_some_and(|(spoken, _)| spoken == room);
        let plain = hearing.way == Way::Work && hearing.sources.is_empty() && hearing.overheard == 0;
        let own = audio.is_wanted_out() || audio.hold.is_some() || audio.part.is_some();
        let payload = port.speech().filter(|payload| payload.codec.is_speech() && port.may_hear())?;
        (plain && !speaks && !own).then(|| Kind { payload, wishes: *port.wishes() })
    }
}
