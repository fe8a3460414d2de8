//! Calls that come to a far end, and requests within calls.

use base::Now;
use bytes::Bytes;
use sdp::Sdp;
use sip::message::{Draft, Header, Message, Method};
use sip::{Dialog, ServerId};

use super::leg::{Leg, Offered, Opened, Up};
use super::{CallKey, End, FarEnd, News, Said};
use crate::demo::tone::Side;

/// What a far end understands.
pub(super) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS";

impl FarEnd {
    /// Says that it rings.
    pub(in crate::demo) fn ring(&mut self, now: Now, key: CallKey) {
        let Some(Leg::Offered(offered)) = self.calls.get(&key).map(|call| &call.leg) else { return };
        let (id, tag) = (offered.id, offered.dialog.local_tag().to_owned());
        let contact = self.seat.contact();
        if let Some(request) = self.stack.server_request(id) {
            let mut draft = Draft::response(request, 180, "");
            draft.add_to_tag(&tag).push(Header::Contact, &contact);
            self.stack.respond(now, id, draft);
        }
        self.settle(now);
    }

    /// Picks up.
    pub(in crate::demo) fn answer(&mut self, now: Now, key: CallKey) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        let Leg::Offered(Offered { id, dialog, offer, answer }) = &call.leg else { return };
        let (id, dialog, session) = (*id, dialog.clone(), answer.clone());
        let to = sdp::remote(offer, Some(&session)).rtp;
        let (Some(request), Some(to)) = (self.stack.server_request(id), to) else {
            return self.turn_down(now, key, 488);
        };
        let mut draft = Draft::response(request, 200, "");
        draft.add_to_tag(dialog.local_tag()).push(Header::Contact, &self.seat.contact());
        draft.push(Header::Allow, ALLOW).body("application/sdp", Bytes::from(session.to_bytes()));
        self.stack.respond(now, id, draft);
        call.leg = Leg::Up(Up { dialog, session, opened: Opened::ByThem { invite: id } });
        let (channel, coding) = (call.channel, self.seat.coding);
        self.said.push_back(Said::Speak { key, channel, to, side: Side::Callee, coding });
        self.tell(News::Answered(key));
        self.settle(now);
    }

    /// Does not want the call.
    pub(in crate::demo) fn refuse(&mut self, now: Now, key: CallKey, status: u16) {
        self.turn_down(now, key, status);
        self.settle(now);
    }

    pub(super) fn turn_down(&mut self, now: Now, key: CallKey, status: u16) {
        let Some(Leg::Offered(offered)) = self.calls.get(&key).map(|call| &call.leg) else { return };
        let (id, tag) = (offered.id, offered.dialog.local_tag().to_owned());
        if let Some(request) = self.stack.server_request(id) {
            let mut draft = Draft::response(request, status, "");
            draft.add_to_tag(&tag);
            self.stack.respond(now, id, draft);
        }
        self.finish(key, End::Refused(status));
    }

    pub(super) fn handle_request(&mut self, now: Now, id: ServerId, request: &Message) {
        let Some(method) = request.method() else { return };
        if request.to_tag().is_some() {
            self.handle_within(now, id, request, method);
        } else if *method == Method::Invite {
            self.handle_invite(now, id, request);
        } else if *method == Method::Options {
            self.reply(now, id, request, 200);
        } else {
            self.reply(now, id, request, 405);
        }
    }

    pub(super) fn handle_ack(&mut self, request: &Message) {
        let Some(key) = self.key_of_dialog(request) else { return };
        if let Some(Leg::Up(Up { opened: Opened::ByThem { invite }, .. })) =
            self.calls.get(&key).map(|call| &call.leg)
        {
            self.stack.acknowledged(*invite);
        }
    }

    pub(super) fn handle_cancelled(&mut self, now: Now, id: ServerId) {
        let Some(key) = self.key_of_server(id) else { return };
        if let Some(request) = self.stack.server_request(id) {
            let draft = Draft::response(request, 487, "");
            self.stack.respond(now, id, draft);
        }
        self.finish(key, End::Cancelled);
    }

    pub(super) fn handle_unacknowledged(&mut self, now: Now, id: ServerId) {
        if let Some(key) = self.key_of_server(id) {
            self.leave(now, key, End::Trouble("a call nobody acknowledged"));
        }
    }

    fn handle_invite(&mut self, now: Now, id: ServerId, request: &Message) {
        let tag = self.entropy.token();
        let (Ok(dialog), Ok(offer)) = (Dialog::uas(request, &tag), Sdp::parse(&request.body())) else {
            return self.reply(now, id, request, 488);
        };
        let codecs = [self.seat.coding.name()];
        let answer = |ours| sdp::make_answer(&offer, &ours, &codecs).ok();
        let key = self.open(|_, ours| {
            let answer = answer(ours)?;
            Some(Leg::Offered(Offered { id, dialog, offer: offer.clone(), answer }))
        });
        match key {
            Some(key) => self.tell(News::Incoming(key)),
            None => self.reply(now, id, request, 486),
        }
    }

    /// BYE ends a call; a new offer gets the same answer as before; nothing else changes anything.
    fn handle_within(&mut self, now: Now, id: ServerId, request: &Message, method: &Method) {
        let Some(key) = self.key_of_dialog(request) else { return self.reply(now, id, request, 481) };
        let Some(call) = self.calls.get_mut(&key) else { return };
        if let Some(Err(status)) = call.leg.dialog_mut().map(|dialog| dialog.accepts(request)) {
            return self.reply(now, id, request, status);
        }
        let is_up = matches!(call.leg, Leg::Up(_));
        let is_settled = is_up && !matches!(call.leg, Leg::Up(Up { opened: Opened::Again { .. }, .. }));
        if *method == Method::Bye {
            self.reply(now, id, request, 200);
            if is_up {
                self.finish(key, End::HungUp);
            }
        } else if *method == Method::Invite && is_settled {
            self.offer_again(now, id, key, request);
        } else if *method == Method::Options {
            self.reply(now, id, request, 200);
        } else {
            self.reply(now, id, request, if *method == Method::Invite { 491 } else { 405 });
        }
    }

    fn offer_again(&mut self, now: Now, id: ServerId, key: CallKey, request: &Message) {
        let Some(Leg::Up(up)) = self.calls.get_mut(&key).map(|call| &mut call.leg) else { return };
        up.dialog.refresh_target(request);
        if let Opened::ByThem { invite } = &mut up.opened {
            *invite = id;
        } else {
            up.opened = Opened::ByThem { invite: id };
        }
        let mut draft = Draft::response(request, 200, "");
        draft.push(Header::Contact, &self.seat.contact());
        draft.body("application/sdp", Bytes::from(up.session.to_bytes()));
        self.stack.respond(now, id, draft);
    }

    fn reply(&mut self, now: Now, id: ServerId, request: &Message, status: u16) {
        let mut draft = Draft::response(request, status, "");
        draft.push(Header::Allow, ALLOW);
        self.stack.respond(now, id, draft);
    }

    fn key_of_dialog(&mut self, request: &Message) -> Option<CallKey> {
        let (call_id, local) = (request.call_id()?, request.to_tag()?);
        let remote = request.from_tag().unwrap_or("");
        let belongs =
            |leg: &mut Leg| leg.dialog_mut().is_some_and(|dialog| dialog.matches(call_id, local, remote));
        self.calls.iter_mut().find_map(|(key, call)| belongs(&mut call.leg).then_some(*key))
    }

    fn key_of_server(&self, id: ServerId) -> Option<CallKey> {
        self.calls.iter().find(|(_, call)| call.leg.server() == Some(id)).map(|(key, _)| *key)
    }
}
