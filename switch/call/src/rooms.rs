//! Who is in which room, as far as one shard knows: its own calls by name, those of other shards by number.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use base::{CallId, PortId, RoomId, ShardId};

/// The rooms that anybody is in.
#[derive(Debug, Default)]
pub(crate) struct Rooms(BTreeMap<RoomId, Room>);

#[derive(Debug, Default)]
struct Room {
    here: Vec<CallId>,
    elsewhere: BTreeMap<ShardId, u32>,
    /// Who speaks loudest, as its media worker last said.
    speaker: Option<PortId>,
}

/// The room of a conference: the same at every shard, and on one worker, from which its members' ports are leased.
#[must_use]
pub fn room_of(conference: &str, workers: u8) -> RoomId {
    let mut hasher = DefaultHasher::new();
    conference.hash(&mut hasher);
    let number = hasher.finish();
    let worker = u8::try_from(number % u64::from(workers.max(1))).unwrap_or(0);
    RoomId::new(worker, number)
}

impl Rooms {
    /// Who speaks in a room has changed.
    pub(crate) fn heard(&mut self, room: RoomId, speaker: Option<PortId>) {
        if let Some(known) = self.0.get_mut(&room) {
            known.speaker = speaker;
        }
    }

    /// Whether the far end of that port is the one who speaks in a room.
    pub(crate) fn is_speaker(&self, room: RoomId, port: PortId) -> bool {
        self.0.get(&room).is_some_and(|known| known.speaker == Some(port))
    }

    /// A call of this shard comes in; how many of its calls are there now.
    pub(crate) fn enter(&mut self, room: RoomId, call: CallId) -> u32 {
        let here = &mut self.0.entry(room).or_default().here;
        if !here.contains(&call) {
            here.push(call);
        }
        u32::try_from(here.len()).unwrap_or(u32::MAX)
    }

    /// A call of this shard goes; how many of its calls are left, `None` when it was not there.
    pub(crate) fn leave(&mut self, room: RoomId, call: CallId) -> Option<u32> {
        let known = self.0.get_mut(&room)?;
        let at = known.here.iter().position(|here| *here == call)?;
        known.here.swap_remove(at);
        let left = u32::try_from(known.here.len()).unwrap_or(u32::MAX);
        self.forget_empty(room);
        Some(left)
    }

    /// So many calls of another shard are there; how many there were.
    pub(crate) fn told(&mut self, room: RoomId, shard: ShardId, members: u32) -> u32 {
        let before = self.0.entry(room).or_default().elsewhere.insert(shard, members).unwrap_or(0);
        if members == 0
            && let Some(known) = self.0.get_mut(&room)
        {
            known.elsewhere.remove(&shard);
        }
        self.forget_empty(room);
        before
    }

    /// How many are in a room, at all shards.
    pub(crate) fn members(&self, room: RoomId) -> usize {
        self.0.get(&room).map_or(0, |room| {
            let elsewhere: u32 = room.elsewhere.values().sum();
            room.here.len() + elsewhere as usize
        })
    }

    /// The calls of this shard in a room.
    pub(crate) fn here(&self, room: RoomId) -> &[CallId] {
        self.0.get(&room).map_or(&[], |room| &room.here)
    }

    fn forget_empty(&mut self, room: RoomId) {
        if self.0.get(&room).is_some_and(|room| room.here.is_empty() && room.elsewhere.is_empty()) {
            self.0.remove(&room);
        }
    }
}

#[cfg(test)]
mod tests {
    use base::{CallIds, Wall};

    use super::*;

    #[test]
    fn a_room_is_the_same_everywhere_and_on_one_worker() {
        assert_eq!(room_of("team", 4), room_of("team", 4));
        assert!((0..50).all(|n| room_of(&n.to_string(), 3).worker() < 3));
        assert_eq!(room_of("team", 0).worker(), 0);
    }

    #[test]
    fn members_of_all_shards_count_and_an_empty_room_is_forgotten() {
        let (room, call) = (room_of("team", 1), CallIds::new(ShardId(0), Wall(0)).call());
        let mut rooms = Rooms::default();
        assert_eq!(rooms.enter(room, call), 1);
        assert_eq!(rooms.enter(room, call), 1, "nobody comes in twice");
        assert_eq!(rooms.told(room, ShardId(1), 2), 0);
        assert_eq!(rooms.members(room), 3);
        assert_eq!((rooms.leave(room, call), rooms.leave(room, call)), (Some(0), None));
        assert_eq!(rooms.told(room, ShardId(1), 0), 2);
        assert!(rooms.0.is_empty());
    }
}
