//! Letters between calls, and legs that go with them, within this shard and to others.
//!
//! Messages and media reports of a leg that has gone to another shard still arrive here, by its Call-ID and its port's
//! lease: they are passed on until that shard says that the leg is over.

use std::collections::HashMap;

use base::media::MediaEvent;
use base::wire::{Flow, Inbound};
use base::{CallId, LegId, Now, PortId, ShardId};
use sip::message::{Framing, Message, peek};

use super::slots::SlotPost;
use super::{Asker, Shard, Slot};
use crate::act::Purpose;
use crate::call::CallInput;
use crate::io::ShardOutput;
use crate::letter::{Addressee, Handed, Letter, Word, Written};

/// What one shard sends another one alone.
#[derive(Debug)]
pub enum Post {
    /// A call writes to another.
    Letter(Letter),
    /// A message of a dialog that lives there now.
    Wire(Inbound),
    /// What becomes of a port that belongs to a leg there now.
    Media(MediaEvent),
    /// An answer to a request that a leg sent before it went there.
    Answered(Box<Late>),
    /// Somebody wants a slot, or has one no more.
    Slot(SlotPost),
    /// A leg that came from there is over.
    Over {
        /// Its Call-ID.
        call_id: String,
        /// Its port.
        port: Option<PortId>,
    },
}

/// An answer to a request that a leg sent before it moved.
#[derive(Debug)]
pub struct Late {
    call: CallId,
    leg: LegId,
    purpose: Purpose,
    response: Message,
    flow: Flow,
}

/// Legs that have gone to other shards, and legs that have come from there.
#[derive(Debug, Default)]
pub(super) struct Moved {
    /// Call-IDs of legs that have gone, and where to.
    dialogs: HashMap<Box<str>, ShardId>,
    ports: HashMap<PortId, ShardId>,
    /// Where legs that have come were before, by Call-ID.
    homes: HashMap<Box<str>, ShardId>,
    /// Transactions of legs on their way from call to call within this shard.
    between: HashMap<LegId, Vec<(sip::ClientId, Purpose)>>,
}

impl Moved {
    /// What is remembered of legs that moved.
    pub(super) fn len(&self) -> usize {
        self.dialogs.len() + self.ports.len() + self.homes.len() + self.between.len()
    }
}

impl Shard {
    /// Post of another shard.
    pub(super) fn posted(&mut self, now: Now, post: Post) {
        match post {
            Post::Letter(Letter(written)) => self.deliver(*written),
            Post::Wire(inbound) => self.received(now, inbound),
            Post::Media(event) => self.media(now, event),
            Post::Answered(late) => {
                let Late { call, leg, purpose, response, flow } = *late;
                self.turn(now, call, CallInput::Response { leg, purpose, response, flow });
            }
            Post::Over { call_id, port } => self.is_over_there(&call_id, port),
            Post::Slot(post) => self.slot_post(post),
        }
    }

    /// A call of this shard writes.
    pub(super) fn write(&mut self, from: CallId, to: Addressee, word: Word) {
        let written = Written { from, to, word };
        match &written.to {
            Addressee::Call(call) if call.shard() != self.config.shard => {
                let to = call.shard();
                self.post(to, Post::Letter(Letter(Box::new(written))));
            }
            Addressee::Call(_) => self.deliver(written),
            Addressee::Dialog(name) => {
                let known =
                    self.dialogs.contains_key(&(name.call_id.as_str().into(), name.to.as_str().into()));
                if known {
                    return self.deliver(written);
                }
                if self.config.shards <= 1 {
                    return self.later.push_back((from, CallInput::Letter { from, word: Word::No(481) }));
                }
                self.ask_everybody(written);
            }
        }
    }

    /// Nobody knows from outside which shard has a dialog: all are asked, and who has it answers.
    fn ask_everybody(&mut self, written: Written) {
        let Written { from, to, word: Word::Ask(wish) } = written else { return };
        let own = self.config.shard;
        for shard in (0..self.config.shards).map(ShardId).filter(|shard| *shard != own) {
            let written = Written { from, to: to.clone(), word: Word::Ask(wish.clone()) };
            self.post(shard, Post::Letter(Letter(Box::new(written))));
        }
    }

    fn deliver(&mut self, written: Written) {
        let Written { from, to, word } = written;
        let call = match &to {
            Addressee::Call(call) => {
                Some(*call).filter(|call| self.calls.contains_key(call) || self.turning == Some(*call))
            }
            Addressee::Dialog(name) => {
                let key = (name.call_id.as_str().into(), name.to.as_str().into());
                match self.dialogs.get(&key) {
                    Some((call, _)) => Some(*call),
                    None => return,
                }
            }
        };
        let Some(call) = call else { return self.bounce(from, to, word) };
        self.later.push_back((call, CallInput::Letter { from, word }));
    }

    /// The call that a letter is for is no more.
    fn bounce(&mut self, from: CallId, to: Addressee, word: Word) {
        let Addressee::Call(gone) = to else { return };
        let answer = match word {
            Word::Ask(_) => Word::No(481),
            Word::Hand(handed) => Word::Back(handed),
            Word::Come(_) => Word::Never,
            Word::Key { .. } => Word::Done(false),
            Word::Attend(_) => Word::Parted { moved: false },
            Word::Sight(_) => Word::Leave,
            Word::Back(_)
            | Word::No(_)
            | Word::Dial(_)
            | Word::Taken(_)
            | Word::Never
            | Word::Done(_)
            | Word::Parked(_)
            | Word::Leave
            | Word::Parted { .. } => return,
        };
        self.write(gone, Addressee::Call(from), answer);
    }

    pub(super) fn post(&mut self, to: ShardId, post: Post) {
        self.outputs.push_back(ShardOutput::Post { to, post });
    }

    /// A leg leaves one call for another.
    pub(super) fn hand(&mut self, slot: &mut Slot, from: CallId, to: CallId, handed: Box<Handed>) {
        let leg = handed.leg.id;
        let call_id: Box<str> = handed.leg.call_id.as_str().into();
        let dialogs = &mut self.dialogs;
        slot.keys.retain(|key| key.0 != call_id || dialogs.remove(key).is_none());
        let port = handed.leg.media.as_ref().map(|media| media.port());
        if let Some(port) = port {
            self.open_ports.remove(&port);
            slot.ports.retain(|open| *open != port);
        }
        let clients: Vec<_> = slot.clients.iter().filter(|(_, of, _)| *of == leg).copied().collect();
        slot.clients.retain(|(_, of, _)| *of != leg);
        if to.shard() == self.config.shard {
            let known = clients.into_iter().map(|(client, _, purpose)| (client, purpose)).collect();
            self.moved.between.insert(leg, known);
        } else {
            for (client, leg, purpose) in clients {
                self.clients.insert(client, Asker::Away { call: to, leg, purpose });
            }
            self.moved.dialogs.insert(call_id, to.shard());
            if let Some(port) = port {
                self.moved.ports.insert(port, to.shard());
                self.ports.closed();
            }
        }
        self.write(from, Addressee::Call(to), Word::Hand(handed));
    }

    /// A leg has come into a call.
    pub(super) fn adopt(&mut self, slot: &mut Slot, call: CallId, leg: LegId, came: Came) {
        let Came { call_id, local_tag, port, home } = came;
        let key: super::DialogKey = (call_id.as_str().into(), local_tag.into());
        self.dialogs.insert(key.clone(), (call, leg));
        slot.keys.push(key);
        if let Some(port) = port {
            self.open_ports.insert(port, call);
            slot.ports.push(port);
        }
        for (client, purpose) in self.moved.between.remove(&leg).unwrap_or_default() {
            if let Some(asker) = self.clients.get_mut(&client) {
                *asker = Asker::Call { call, leg, purpose };
                slot.clients.push((client, leg, purpose));
            }
        }
        if home != self.config.shard {
            self.moved.dialogs.remove(call_id.as_str());
            if let Some(port) = port {
                self.moved.ports.remove(&port);
                self.ports.came();
            }
            self.moved.homes.insert(call_id.into(), home);
        }
    }

    /// A call is forgotten: shards from which its legs had come need pass nothing on any more.
    pub(super) fn tell_homes(&mut self, slot: &Slot) {
        if self.moved.homes.is_empty() {
            return;
        }
        for (call_id, _) in &slot.keys {
            let port = slot.call.port_of_call_id(call_id);
            if let Some(home) = self.moved.homes.remove(call_id) {
                self.post(home, Post::Over { call_id: call_id.to_string(), port });
            }
        }
    }

    fn is_over_there(&mut self, call_id: &str, port: Option<PortId>) {
        self.moved.dialogs.remove(call_id);
        if let Some(port) = port {
            self.moved.ports.remove(&port);
        }
        if let Some(home) = self.moved.homes.remove(call_id) {
            self.post(home, Post::Over { call_id: call_id.to_owned(), port });
        }
    }

    /// Passes a message on to where its dialog has gone; gives back what is for us.
    pub(super) fn forwarded(&mut self, inbound: Inbound) -> Option<Inbound> {
        if self.moved.dialogs.is_empty() {
            return Some(inbound);
        }
        let Some(to) = self.where_to(&inbound) else {
            return Some(inbound);
        };
        // What began the dialog, and what answers us, is for the transactions that are still here.
        let moved = Message::parse(inbound.data.clone(), Framing::Datagram).is_ok_and(|message| {
            if message.is_request() { message.to_tag().is_some() } else { !self.stack.has_asked(&message) }
        });
        if !moved {
            return Some(inbound);
        }
        self.post(to, Post::Wire(inbound));
        None
    }

    fn where_to(&self, inbound: &Inbound) -> Option<ShardId> {
        let call_id = std::str::from_utf8(peek(&inbound.data)?.call_id).ok()?;
        self.moved.dialogs.get(call_id).copied()
    }

    /// Passes a report on to where its port's leg has gone; gives back what is for us.
    pub(super) fn forwarded_media(&mut self, event: MediaEvent) -> Option<MediaEvent> {
        let to = event.port().and_then(|port| self.moved.ports.get(&port).copied());
        match to {
            Some(to) => {
                self.post(to, Post::Media(event));
                None
            }
            None => Some(event),
        }
    }

    /// Passes an answer on to where the leg has gone that asked.
    pub(super) fn answered_away(
        &mut self,
        (call, leg, purpose): (CallId, LegId, Purpose),
        response: Message,
        flow: Flow,
    ) {
        let late = Late { call, leg, purpose, response, flow };
        self.post(call.shard(), Post::Answered(Box::new(late)));
    }
}

/// What the tables need of a leg that has come.
#[derive(Debug)]
pub(crate) struct Came {
    pub(crate) call_id: String,
    pub(crate) local_tag: String,
    pub(crate) port: Option<PortId>,
    pub(crate) home: ShardId,
}
