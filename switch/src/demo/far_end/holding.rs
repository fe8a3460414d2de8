//! How a far end lets the other end of a call wait (RFC 3264 §8.4).

use base::Now;
use bytes::Bytes;
use sdp::{Direction, Ours};
use sip::message::{Header, Message, Method};

use super::leg::{Leg, Opened, Up};
use super::{CallKey, FarEnd, News, Said};
use crate::demo::cue::Hold;

impl FarEnd {
    /// Offers to hold the other end, or no longer; nothing while another offer is on its way.
    pub(in crate::demo) fn hold(&mut self, now: Now, key: CallKey, hold: Hold) {
        let Some(channel) = self.calls.get(&key).map(|call| call.channel) else { return };
        let (Some(ours), codecs) = (self.ours(channel), [self.seat.coding.name()]) else { return };
        let Some(Leg::Up(up)) = self.calls.get_mut(&key).map(|call| &mut call.leg) else { return };
        if matches!(up.opened, Opened::Again { .. }) {
            return;
        }
        let direction = match hold {
            Hold::On => Direction::SendOnly,
            Hold::Off => Direction::SendRecv,
        };
        let ours = Ours { direction: Some(direction), ..ours };
        let Ok(mut offer) = sdp::make_offer(&ours, &codecs, &sdp::Numbers::default()) else { return };
        offer.number_after(&up.session);
        let mut draft = up.dialog.request(Method::Invite);
        draft.push(Header::Contact, &self.seat.contact()).push(Header::Allow, super::taking::ALLOW);
        draft.body("application/sdp", Bytes::from(offer.to_bytes()));
        up.session = offer;
        let cseq = up.dialog.local_cseq();
        let Some(invite) = self.request(now, draft) else { return };
        if let Some(Leg::Up(Up { opened, .. })) = self.calls.get_mut(&key).map(|call| &mut call.leg) {
            *opened = Opened::Again { invite, cseq, hold };
        }
        self.settle(now);
    }

    /// A response to an INVITE of ours within a call: to an offer, or the answer of the beginning once more.
    pub(super) fn handle_agreed(&mut self, key: CallKey, response: &Message, status: u16) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        let (channel, Leg::Up(up)) = (call.channel, &mut call.leg) else { return };
        let Opened::Again { invite, cseq, hold } = up.opened else {
            if status < 300 {
                self.acknowledge_again(key);
            }
            return;
        };
        match status {
            ..200 => {}
            200..300 => {
                up.dialog.refresh_target(response);
                let draft = up.dialog.ack(cseq);
                let target = self.seat.target();
                let Ok(ack) = self.stack.send_ack(&mut *self.entropy, target, &self.seat, draft) else {
                    return;
                };
                up.opened = Opened::ByUs { invite, ack };
                self.said.push_back(Said::Hold { channel, hold });
            }
            300.. => {
                up.opened = Opened::ByUs { invite, ack: Bytes::new() };
                self.tell(News::NotHeld(status));
            }
        }
    }
}
