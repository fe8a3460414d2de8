//! Calls that a far end places and how it leaves any call.

use base::Now;
use sdp::Sdp;
use sip::message::{Draft, Message, Method};
use sip::{ClientId, Dialog};

use super::invite::Invite;
use super::leg::{Leg, Opened, Placing, Up, Wish};
use super::{CallKey, End, FarEnd, News, Said};
use crate::demo::tone::Side;

impl FarEnd {
    /// Calls a number; `None` when every channel is taken.
    pub(in crate::demo) fn call(&mut self, now: Now, caller: &str, number: &str) -> Option<CallKey> {
        let key = self.open(|it, ours| {
            let offer = sdp::make_offer(&ours, &[it.seat.coding.name()], &sdp::Numbers::default()).ok()?;
            let invite = Invite::new(&it.seat, &mut *it.entropy, caller, number);
            let id = it.request(now, invite.draft(&offer))?;
            Some(Leg::Placing(Placing { id, invite, offer, wish: Wish::Wanted }))
        });
        self.settle(now);
        key
    }

    /// A response to an INVITE that waits.
    pub(super) fn handle_progress(&mut self, now: Now, key: CallKey, response: &Message, status: u16) {
        match status {
            ..200 => {}
            200..300 => self.connect(now, key, response),
            401 | 407 => {
                if !self.log_in(now, key, response) {
                    self.refused(key, status);
                }
            }
            300.. => self.refused(key, status),
        }
    }

    fn refused(&mut self, key: CallKey, status: u16) {
        let Some(Leg::Placing(placing)) = self.calls.get(&key).map(|call| &call.leg) else { return };
        let end = match placing.wish {
            Wish::Wanted => End::Refused(status),
            Wish::GivenUp => End::Cancelled,
        };
        self.finish(key, end);
    }

    /// The 2xx came again: so does the ACK.
    pub(super) fn acknowledge_again(&mut self, key: CallKey) {
        let Some(Leg::Up(up)) = self.calls.get(&key).map(|call| &call.leg) else { return };
        if let Opened::ByUs { ack, .. } = &up.opened {
            self.stack.send(self.seat.target(), ack.clone());
        }
    }

    /// Ends a call by what its state asks for; `end` is what is told of one that was up.
    pub(super) fn leave(&mut self, now: Now, key: CallKey, end: End) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        match &mut call.leg {
            Leg::Placing(placing) => {
                placing.wish = Wish::GivenUp;
                self.stack.cancel(now, placing.id, None);
            }
            Leg::Offered(_) => self.turn_down(now, key, 486),
            Leg::Up(up) => {
                let bye = up.dialog.request(Method::Bye);
                let (dialog, channel) = (up.dialog.clone(), call.channel);
                self.said.push_back(Said::Hush { channel });
                self.leave_by(now, key, bye, dialog, end);
            }
            Leg::Leaving { .. } => {}
        }
    }

    /// Sends a request of ours to the switch.
    pub(super) fn request(&mut self, now: Now, draft: Draft) -> Option<ClientId> {
        let target = self.seat.target();
        // Only an address family that the seat lacks could fail, and a seat has the switch's.
        self.stack.request(now, &mut *self.entropy, target, &self.seat, draft).ok()
    }

    fn leave_by(&mut self, now: Now, key: CallKey, bye: Draft, dialog: Dialog, end: End) {
        let bye = self.request(now, bye);
        let Some(call) = self.calls.get_mut(&key) else { return };
        let Some(bye) = bye else { return self.finish(key, End::Trouble("a BYE that could not be sent")) };
        call.leg = Leg::Leaving { bye, dialog, end };
    }

    /// Sends the INVITE again with credentials; `false` when that was done before or cannot be.
    fn log_in(&mut self, now: Now, key: CallKey, response: &Message) -> bool {
        let Some(Leg::Placing(placing)) = self.calls.get_mut(&key).map(|call| &mut call.leg) else {
            return false;
        };
        let Some(login) = self.seat.login.as_ref().filter(|_| placing.wish == Wish::Wanted) else {
            return false;
        };
        let answer = login.answer(response, &Method::Invite, placing.invite.uri(), &mut *self.entropy);
        let Some((header, credentials)) = answer.filter(|_| placing.invite.again()) else { return false };
        let mut draft = placing.invite.draft(&placing.offer);
        draft.push(header, &credentials);
        let Some(id) = self.request(now, draft) else { return false };
        if let Some(Leg::Placing(placing)) = self.calls.get_mut(&key).map(|call| &mut call.leg) {
            placing.id = id;
        }
        true
    }

    /// Somebody answered: ACK, and talk unless the call was given up meanwhile.
    fn connect(&mut self, now: Now, key: CallKey, response: &Message) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        let Leg::Placing(placing) = &call.leg else { return };
        let Ok(mut dialog) = Dialog::uac(response) else {
            return self.finish(key, End::Trouble("an answer that makes no dialog"));
        };
        let (wish, offer, invite) = (placing.wish, placing.offer.clone(), placing.id);
        let draft = dialog.ack(placing.invite.cseq());
        let target = self.seat.target();
        let Ok(ack) = self.stack.send_ack(&mut *self.entropy, target, &self.seat, draft) else {
            return self.finish(key, End::Trouble("an ACK that could not be sent"));
        };
        let theirs = Sdp::parse(&response.body()).ok();
        let to = theirs.and_then(|theirs| sdp::remote(&theirs, Some(&offer)).rtp);
        match (wish, to) {
            (Wish::Wanted, Some(to)) => {
                let opened = Opened::ByUs { invite, ack };
                call.leg = Leg::Up(Up { dialog, session: offer, opened });
                let (channel, coding) = (call.channel, self.seat.coding);
                self.said.push_back(Said::Speak { key, channel, to, side: Side::Caller, coding });
                self.tell(News::Answered(key));
            }
            (Wish::Wanted, None) => {
                let bye = dialog.request(Method::Bye);
                self.leave_by(now, key, bye, dialog, End::Trouble("an answer without audio"));
            }
            (Wish::GivenUp, _) => {
                let bye = dialog.request(Method::Bye);
                self.leave_by(now, key, bye, dialog, End::Cancelled);
            }
        }
    }
}
