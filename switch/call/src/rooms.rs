//! Who is in which room, at all shards: each tells of its own calls, and of what is ordered there.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use base::{CallId, PortId, RoomId, RoomOrder, ShardId, Wall};

/// The rooms that anybody is in.
#[derive(Debug, Default)]
pub(crate) struct Rooms(BTreeMap<RoomId, Room>);

#[derive(Debug, Default)]
struct Room {
    seats: BTreeMap<CallId, Seat>,
    law: Law,
    /// Who speaks loudest, as its media worker last said.
    speaker: Option<PortId>,
}

/// A call's place in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    pub(crate) conference: Arc<str>,
    /// Who it is; empty when withheld.
    pub(crate) number: Box<str>,
    pub(crate) moderates: bool,
    /// It waits outside for a moderator.
    pub(crate) waits: bool,
    pub(crate) since: Wall,
}

/// What holds for all in a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Law {
    /// Nobody else comes in.
    pub(crate) locked: bool,
    pub(crate) recorded: bool,
    /// All but moderators are muted, those who come too.
    pub(crate) muted: bool,
}

/// A room as its calls are told of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RoomPicture {
    /// Those who do not wait outside.
    pub(crate) present: usize,
    /// All, those who wait too.
    pub(crate) seated: usize,
    pub(crate) moderators: usize,
    pub(crate) law: Law,
    /// Who has been in it longest: what the room hears is recorded there.
    pub(crate) eldest: Option<CallId>,
    /// Who came last.
    pub(crate) youngest: Option<CallId>,
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

    /// A call takes its seat, or another one; what it had before.
    pub(crate) fn sit(&mut self, room: RoomId, call: CallId, seat: Seat) -> Option<Seat> {
        self.0.entry(room).or_default().seats.insert(call, seat)
    }

    /// A call goes; `None` when it was not there. What was ordered holds until the last one has gone.
    pub(crate) fn leave(&mut self, room: RoomId, call: CallId) -> Option<Seat> {
        let known = self.0.get_mut(&room)?;
        let seat = known.seats.remove(&call);
        if known.seats.is_empty() {
            self.0.remove(&room);
        }
        seat
    }

    /// Something is ordered; it holds where anybody is.
    pub(crate) fn order(&mut self, room: RoomId, order: RoomOrder) {
        let Some(known) = self.0.get_mut(&room) else { return };
        match order {
            RoomOrder::Lock(on) => known.law.locked = on,
            RoomOrder::Record(on) => known.law.recorded = on,
            RoomOrder::MuteAll(on) => known.law.muted = on,
            RoomOrder::Remove(_) | RoomOrder::End => {}
        }
    }

    /// A room now; of one that nobody is in all is 0.
    pub(crate) fn picture(&self, room: RoomId) -> RoomPicture {
        let Some(known) = self.0.get(&room) else { return RoomPicture::default() };
        let present = || known.seats.iter().filter(|(_, seat)| !seat.waits);
        RoomPicture {
            present: present().count(),
            seated: known.seats.len(),
            moderators: known.seats.values().filter(|seat| seat.moderates).count(),
            law: known.law,
            eldest: present().min_by_key(|(call, seat)| (seat.since, **call)).map(|(call, _)| *call),
            youngest: present().max_by_key(|(call, seat)| (seat.since, **call)).map(|(call, _)| *call),
        }
    }

    /// The calls of this shard in a room.
    pub(crate) fn here(&self, room: RoomId, shard: ShardId) -> impl Iterator<Item = CallId> + '_ {
        let seats = self.0.get(&room).into_iter().flat_map(|room| room.seats.keys());
        seats.copied().filter(move |call| call.shard() == shard)
    }

    /// Numbers of those in a room, oldest first.
    pub(crate) fn roll(&self, room: RoomId) -> Vec<Box<str>> {
        let seats = self.0.get(&room).into_iter().flat_map(|room| room.seats.values());
        let mut present: Vec<&Seat> = seats.filter(|seat| !seat.waits).collect();
        present.sort_by_key(|seat| seat.since);
        present.into_iter().map(|seat| seat.number.clone()).collect()
    }

    /// Each room that anybody is in, by its conference's name, and what holds there.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, Law)> {
        self.0.values().filter_map(|room| Some((&*room.seats.values().next()?.conference, room.law)))
    }
}

#[cfg(test)]
mod tests {
    use base::CallIds;

    use super::*;

    fn seat(waits: bool, moderates: bool, since: i64) -> Seat {
        Seat { conference: "team".into(), number: "1001".into(), moderates, waits, since: Wall(since) }
    }

    #[test]
    fn a_room_is_the_same_everywhere_and_on_one_worker() {
        assert_eq!(room_of("team", 4), room_of("team", 4));
        assert!((0..50).all(|n| room_of(&n.to_string(), 3).worker() < 3));
        assert_eq!(room_of("team", 0).worker(), 0);
    }

    #[test]
    fn members_of_all_shards_count_and_an_empty_room_is_forgotten() {
        let room = room_of("team", 1);
        let [one, other] = [0, 1].map(|shard| CallIds::new(ShardId(shard), Wall(0)).call());
        let mut rooms = Rooms::default();
        assert_eq!(rooms.sit(room, one, seat(true, false, 1)), None);
        assert_eq!(rooms.sit(room, other, seat(false, true, 2)), None);
        rooms.order(room, RoomOrder::Lock(true));
        let picture = rooms.picture(room);
        assert_eq!((picture.present, picture.seated, picture.moderators), (1, 2, 1));
        assert!(picture.law.locked && picture.eldest == Some(other));
        assert!(rooms.sit(room, one, seat(false, false, 1)).is_some(), "nobody comes in twice");
        assert_eq!(rooms.here(room, ShardId(0)).collect::<Vec<_>>(), [one]);
        assert!(rooms.leave(room, one).is_some() && rooms.leave(room, one).is_none());
        assert!(rooms.leave(room, other).is_some() && rooms.0.is_empty());
        assert!(!rooms.picture(room).law.locked, "what was ordered is forgotten");
    }
}
