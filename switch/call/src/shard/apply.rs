//! Carries out what a call wants done.

use base::media::MediaCommand;
use base::wire::{Target, Transport};
use base::{CallId, Now};
use sip::message::Draft;
use sip::{ClientId, NoSocket};

use super::aim::redirected;
use super::rejoin::Course;
use super::{Asker, Shard, Slot};
use crate::act::{Act, Failure, Purpose};
use crate::call::CallInput;
use crate::io::ShardOutput;

impl Shard {
    /// Sends a request of ours, a large one over TCP unless a trunk has chosen UDP for that address.
    pub(super) fn send_request(
        &mut self,
        now: Now,
        target: Target,
        draft: Draft,
    ) -> Result<ClientId, NoSocket> {
        let Self { stack, entropy, locals, trunks, .. } = self;
        let may = |remote| !trunks.is_pinned(remote);
        stack.request_by_size(now, &mut **entropy, target, &**locals, draft, may)
    }

    /// Sends a request by TCP, and by UDP where nobody takes that.
    fn send_by_either(&mut self, now: Now, target: Target, draft: Draft) -> Result<ClientId, NoSocket> {
        let Self { stack, entropy, locals, .. } = self;
        stack.request_by_stream(now, &mut **entropy, target, &**locals, draft)
    }

    pub(super) fn apply(&mut self, now: Now, id: CallId, slot: &mut Slot, act: Act) {
        let Some(act) = self.aimed(now, id, slot, act) else { return };
        let (act, either) = match self.rejoined(now, slot, &act) {
            None => (act, None),
            Some(Course::To(target)) => (redirected(act, target), None),
            Some(Course::Either(remote)) => {
                (redirected(act, Target::Addr { transport: Transport::Udp, remote }), Some(remote))
            }
        };
        match act {
            Act::Respond { server, draft } => self.stack.respond(now, server, draft),
            Act::RespondReliably { server, draft } => self.stack.respond_reliably(now, server, draft),
            Act::AnswerAs { server, tag } => self.stack.will_answer_as(server, &tag),
            Act::RespondAgain { server } => self.stack.respond_again(server),
            Act::Pracked { server } => self.stack.pracked(server),
            Act::Request { leg, purpose, target, draft } => {
                let sent = match either {
                    Some(_) => self.send_by_either(now, target, draft),
                    None => self.send_request(now, target, draft),
                };
                match sent {
                    Ok(client) => {
                        slot.clients.push((client, leg, purpose));
                        self.clients.insert(client, Asker::Call { call: id, leg, purpose });
                    }
                    Err(_no_socket) => {
                        let failure = Failure::Unreachable;
                        self.later.push_back((id, CallInput::Failed { leg, purpose, failure }));
                    }
                }
            }
            Act::Ack { leg: _, target, draft } => {
                // Nobody answers an ACK, so nobody says that TCP was no good; one too many does no harm.
                if let Some(remote) = either {
                    let by_stream = Target::Addr { transport: Transport::Tcp, remote };
                    let _no_socket =
                        self.stack.send_ack(&mut *self.entropy, by_stream, &*self.locals, draft.clone());
                }
                if self.stack.send_ack(&mut *self.entropy, target, &*self.locals, draft).is_err() {
                    self.count("acks_unsent");
                }
            }
            Act::Cancel { leg, reason } => {
                let invite = |purpose| matches!(purpose, Purpose::Invite | Purpose::Reinvite);
                let last = slot.clients.iter().rev().find(|(_, of, purpose)| *of == leg && invite(*purpose));
                if let Some((client, _, _)) = last {
                    self.stack.cancel(now, *client, reason.as_deref());
                }
            }
            Act::Acknowledged { server } => self.stack.acknowledged(server),
            Act::Enlist { call_id, local_tag, leg } => {
                let key = (call_id.into_boxed_str(), local_tag.into_boxed_str());
                if self.dialogs.insert(key.clone(), (id, leg)).is_none() {
                    slot.keys.push(key);
                }
            }
            Act::Slot(act) => self.slot_wanted(id, act),
            Act::Mail(order) => self.outputs.push_back(ShardOutput::Mail(order)),
            Act::Media(command) => {
                if let MediaCommand::Open { port } = &command {
                    self.open_ports.insert(*port, id);
                    slot.ports.push(*port);
                } else if let MediaCommand::Close { port } = &command {
                    slot.ports.retain(|open| open != port);
                }
                self.outputs.push_back(ShardOutput::Media(command));
            }
            Act::Write { to, word } => self.write(id, to, word),
            Act::Hand { to, handed } => self.hand(slot, id, to, handed),
            Act::Adopt { leg, came } => self.adopt(slot, id, leg, came),
            Act::Sit { room, seat } => self.sit(room, id, seat),
            Act::RoomOrder { room, order } => self.order_room(room, order),
            Act::Leave(room) => self.leave_room(room, id),
            Act::Watch(lines) => self.watch(id, lines),
            Act::Stand(spots) => self.stands(id, spots),
            Act::Reach { extension, change } => self.change_reach(now, &extension, &[change]),
            Act::Fact(what) => self.fact(now, id, what),
            Act::Count(what) => self.count(what),
        }
    }
}
