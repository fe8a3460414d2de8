//! Digits that come in SIP INFO, and those that go out in it.

use std::time::Duration;

use base::LegId;
use base::media::{Dtmf, MediaCommand};
use phone::keys::Pressed;
use sip::ServerId;
use sip::message::{Message, Method};

use super::requests::refuse;
use super::{Call, Ctx, Joined, Refusal};
use crate::act::{Act, Purpose};
use crate::digits::{self, Told};
use crate::leg::Leg;
use crate::negotiate::Negotiation;
use crate::reply::{Agent, introduce};

impl Call {
    /// An INFO: a digit counts as if it had come in the audio, all else is for the other side.
    pub(super) fn informed(&mut self, ctx: &mut Ctx<'_>, leg: LegId, server: ServerId, request: &Message) {
        let Some(port) = self.port_of(leg) else { return self.relay(ctx, leg, server, request) };
        match digits::told(request) {
            None | Some(Ok(Told::Flash)) => self.relay(ctx, leg, server, request),
            Some(Ok(Told::Digit { digit, lasted })) => {
                ctx.out.push(Act::Media(MediaCommand::DigitCame { port, digit, lasted }));
                refuse(ctx, server, request, 200);
            }
            Some(Err(bad)) => refuse(ctx, server, request, bad.status()),
        }
    }

    /// A leg's far end pressed a key. Where codes are taken from it nobody else has heard of it; otherwise the media
    /// worker has told those that take it in RTP.
    pub(super) fn pressed(&mut self, ctx: &mut Ctx<'_>, leg: LegId, digit: char, lasted: Duration) {
        if self.heard_after_key(leg) || self.room_key(ctx, leg, digit) || self.is_choosing(leg) {
            return;
        }
        if self.supervises.is_some() {
            self.supervise_key(ctx, leg, digit);
        } else if self.takes_codes(leg) {
            self.key_pressed(ctx, leg, Pressed { digit, lasted });
        } else if let Some(to) = self.other(leg).filter(|to| self.is_told_in_info(*to)) {
            self.tell_in_info(ctx, to, digit, lasted);
        }
    }

    /// Keys that were held back are for the others after all.
    pub(super) fn pass_keys(&mut self, ctx: &mut Ctx<'_>, leg: LegId, keys: &[Pressed]) {
        let in_room = matches!(self.joined, Joined::Room(_));
        let listeners = match self.other(leg) {
            _ if in_room || keys.is_empty() => return,
            Some(other) => vec![other],
            None => self.company(leg),
        };
        let each = keys.iter().flat_map(|key| listeners.iter().map(move |to| (*key, *to)));
        for (Pressed { digit, lasted }, to) in each {
            if self.is_told_in_info(to) {
                self.tell_in_info(ctx, to, digit, lasted);
            } else if let Some(port) = self.port_of(to) {
                let digits = digit.to_string().into_boxed_str();
                ctx.out.push(Act::Media(MediaCommand::SendDigits { port, digits, each: lasted }));
            }
        }
    }

    fn is_told_in_info(&self, leg: LegId) -> bool {
        self.media_of(leg).map(Negotiation::dtmf) == Some(Dtmf::Info)
    }

    fn tell_in_info(&mut self, ctx: &mut Ctx<'_>, to: LegId, digit: char, lasted: Duration) {
        let Some(at) = self.leg_mut(to).filter(|at| at.talking().is_some()) else { return };
        if !at.typed.get_or_insert_default().push(digit, lasted) {
            ctx.out.push(Act::Count("digits_dropped"));
        }
        tell_digit(ctx, at);
    }

    /// The answer to a digit of ours; 481 says that the call is over (RFC 5057 §5.2).
    pub(super) fn digit_response(&mut self, ctx: &mut Ctx<'_>, leg: LegId, status: u16, response: &Message) {
        if status < 200 {
            return;
        }
        self.digit_told(ctx, leg);
        if status == 481 && self.leg(leg).is_some_and(|at| at.talking().is_some()) {
            self.leg_gone(ctx, leg, Refusal::from_response(status, response), self.party(leg));
        }
    }

    /// No answer is awaited any more: the next one goes out.
    pub(super) fn digit_told(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        let Some(at) = self.leg_mut(leg) else { return };
        if let Some(typed) = &mut at.typed {
            typed.told();
        }
        tell_digit(ctx, at);
    }
}

fn tell_digit(ctx: &mut Ctx<'_>, at: &mut Leg) {
    if at.talking().is_none() {
        return;
    }
    let Some((digit, lasted)) = at.typed.as_mut().and_then(|typed| typed.next()) else { return };
    let Some(talking) = at.talking_mut() else { return };
    let mut draft = talking.dialog.request(Method::Info);
    introduce(&mut draft, &at.contact, Agent::Client(&ctx.config.user_agent));
    draft.body(digits::DTMF_RELAY, digits::body(digit, lasted).into());
    at.send(&mut ctx.out, Purpose::Digit, draft);
}
