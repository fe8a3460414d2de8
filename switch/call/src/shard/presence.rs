//! Who comes into rooms and leaves them, and what is ordered there, told to the calls inside and to the other shards.

use base::{CallId, RoomId, RoomOrder};

use super::Shard;
use crate::call::{CallInput, RoomChange};
use crate::io::{Gossip, ShardOutput};
use crate::rooms::{Seat, room_of};

impl Shard {
    /// A call of this shard takes a seat.
    pub(super) fn sit(&mut self, room: RoomId, call: CallId, seat: Box<Seat>) {
        self.gossip_seat(room, call, Some(seat.clone()));
        self.seat_taken(room, call, *seat);
    }

    /// A call of this shard goes.
    pub(super) fn leave_room(&mut self, room: RoomId, call: CallId) {
        self.gossip_seat(room, call, None);
        self.seat_left(room, call);
    }

    /// A call of another shard comes, changes or goes.
    pub(super) fn heard_of_seat(&mut self, room: RoomId, call: CallId, seat: Option<Box<Seat>>) {
        match seat {
            Some(seat) => self.seat_taken(room, call, *seat),
            None => self.seat_left(room, call),
        }
    }

    /// Something is ordered in a conference, for all shards.
    pub(super) fn order_in(&mut self, conference: &str, order: RoomOrder) {
        self.order_room(room_of(conference, self.config.workers), order);
    }

    pub(super) fn order_room(&mut self, room: RoomId, order: RoomOrder) {
        self.outputs.push_back(ShardOutput::Gossip(Gossip::RoomOrder { room, order }));
        self.heard_of_order(room, order);
    }

    pub(super) fn heard_of_order(&mut self, room: RoomId, order: RoomOrder) {
        self.rooms.order(room, order);
        self.tell_room(room, None, &RoomChange::Ordered(order));
    }

    fn seat_taken(&mut self, room: RoomId, call: CallId, seat: Seat) {
        let (number, waits) = (seat.number.clone(), seat.waits);
        let former = self.rooms.sit(room, call, seat);
        let comes = !waits && former.is_none_or(|former| former.waits);
        let change = if comes { RoomChange::Came(number) } else { RoomChange::Seats };
        self.tell_room(room, Some(call), &change);
    }

    fn seat_left(&mut self, room: RoomId, call: CallId) {
        let Some(seat) = self.rooms.leave(room, call) else { return };
        let change = if seat.waits { RoomChange::Seats } else { RoomChange::Left(seat.number) };
        self.tell_room(room, None, &change);
    }

    fn tell_room(&mut self, room: RoomId, own: Option<CallId>, change: &RoomChange) {
        let picture = self.rooms.picture(room);
        for call in self.rooms.here(room, self.config.shard) {
            let change = if Some(call) == own { RoomChange::Seats } else { change.clone() };
            self.later.push_back((call, CallInput::Room { picture, change }));
        }
    }

    fn gossip_seat(&mut self, room: RoomId, call: CallId, seat: Option<Box<Seat>>) {
        self.outputs.push_back(ShardOutput::Gossip(Gossip::Seat { room, call, seat }));
    }
}
