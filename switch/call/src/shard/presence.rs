//! Who comes into rooms and leaves them, told to the calls inside and to the other shards.

use base::{CallId, RoomId, ShardId};

use super::Shard;
use crate::call::{CallInput, RoomChange};
use crate::io::{Gossip, ShardOutput};

impl Shard {
    pub(super) fn enter_room(&mut self, room: RoomId, call: CallId) {
        let here = self.rooms.enter(room, call);
        self.tell_room(room, Some(call), RoomChange::Came);
        self.gossip_room(room, here);
    }

    pub(super) fn leave_room(&mut self, room: RoomId, call: CallId) {
        if let Some(here) = self.rooms.leave(room, call) {
            self.tell_room(room, None, RoomChange::Left);
            self.gossip_room(room, here);
        }
    }

    pub(super) fn heard_of_room(&mut self, shard: ShardId, room: RoomId, members: u32) {
        let before = self.rooms.told(room, shard, members);
        if before != members {
            let change = if members > before { RoomChange::Came } else { RoomChange::Left };
            self.tell_room(room, None, change);
        }
    }

    fn tell_room(&mut self, room: RoomId, own: Option<CallId>, change: RoomChange) {
        let members = self.rooms.members(room);
        for call in self.rooms.here(room) {
            let change = if Some(*call) == own { RoomChange::Own } else { change };
            self.later.push_back((*call, CallInput::Room { members, change }));
        }
    }

    fn gossip_room(&mut self, room: RoomId, members: u32) {
        let shard = self.config.shard;
        self.outputs.push_back(ShardOutput::Gossip(Gossip::Room { shard, room, members }));
    }
}
