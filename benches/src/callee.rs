//! The called side: 180, 200, and 200 to BYE.

use std::net::SocketAddr;

use crate::call::Timer;
use crate::clock;
use crate::load::{Load, T1};
use crate::message::{self, Message};

const SIDE: usize = 1;

/// Where the callee's end of a call is.
#[derive(Debug)]
pub(crate) enum CalleeLeg {
    /// No INVITE yet.
    Idle,
    /// 180 sent, or 200 sent and not acknowledged.
    Answering { call_id: String, answer: String, from: SocketAddr, picked_up: bool },
    /// ACK received.
    Up,
    /// BYE received and answered.
    Left,
}

impl Load {
    pub(crate) fn callee_request(
        &mut self,
        message: &Message<'_>,
        method: &str,
        uri: &str,
        from: SocketAddr,
    ) {
        let number = message::user(uri);
        let id = number.strip_prefix(&self.setup.prefix).and_then(|id| id.parse().ok()).unwrap_or(0);
        match method {
            "INVITE" => self.ring(id, message, from),
            "ACK" => self.acknowledged(id),
            "BYE" => {
                self.in_dialog(SIDE, id, message, method, from);
                self.released(id);
            }
            _ => self.in_dialog(SIDE, id, message, method, from),
        }
    }

    pub(crate) fn pick_up(&mut self, id: u32) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let CalleeLeg::Answering { answer, from, picked_up, .. } = &mut call.callee else { return };
        *picked_up = true;
        let (answer, from) = (answer.clone(), *from);
        self.send(SIDE, &answer, from);
        self.after(T1, id, Timer::AnswerAgain(1));
    }

    pub(crate) fn answer_again(&mut self, id: u32, attempt: u32) {
        let Some(call) = self.calls.get(&id) else { return };
        if let CalleeLeg::Answering { answer, from, .. } = &call.callee {
            self.send(SIDE, answer, *from);
            self.outcome.resent += 1;
            self.after(T1 * 2_u32.pow(attempt.min(3)), id, Timer::AnswerAgain(attempt + 1));
        }
    }

    fn ring(&mut self, id: u32, message: &Message<'_>, from: SocketAddr) {
        let run = format!("b{id}{}", self.run);
        let Some(call) = self.calls.get_mut(&id) else {
            self.outcome.strange += 1;
            self.send(SIDE, &message.answer("404 Not Found", &run, None, ""), from);
            return;
        };
        match &call.callee {
            CalleeLeg::Idle => {}
            CalleeLeg::Answering { call_id, answer, picked_up, .. } => {
                if call_id == message.call_id() && *picked_up {
                    let answer = answer.clone();
                    self.send(SIDE, &answer, from);
                } else if call_id != message.call_id() {
                    self.outcome.strange += 1;
                    self.send(SIDE, &message.answer("486 Busy Here", &run, None, ""), from);
                }
                return;
            }
            CalleeLeg::Up | CalleeLeg::Left => return self.in_dialog(SIDE, id, message, "INVITE", from),
        }
        self.delays.through.record(clock::nanos() - call.begun_ns);
        call.to[SIDE] = message.media();
        let contact =
            format!("sip:{}@{}", message_number(message), self.setup.callee.unwrap_or(self.setup.caller));
        let sdp = message::sdp(self.setup.media.end(call.slot, SIDE));
        let answer = message.answer("200 OK", &run, Some(&contact), &sdp);
        let call_id = message.call_id().to_owned();
        call.callee = CalleeLeg::Answering { call_id, answer, from, picked_up: false };
        self.send(SIDE, &message.answer("180 Ringing", &run, Some(&contact), ""), from);
        if self.setup.ring.is_zero() {
            self.pick_up(id);
        } else {
            self.after(self.setup.ring, id, Timer::Answer);
        }
    }

    fn acknowledged(&mut self, id: u32) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if let CalleeLeg::Answering { picked_up: true, .. } = call.callee {
            call.callee = CalleeLeg::Up;
            self.settle(id);
        }
    }

    fn released(&mut self, id: u32) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.released_ns == 0 {
            self.outcome.stuck += 1;
            self.forget(id);
            return;
        }
        if !matches!(call.callee, CalleeLeg::Left) {
            self.delays.release.record(clock::nanos() - call.released_ns);
            call.callee = CalleeLeg::Left;
        }
        self.close(id);
    }
}

fn message_number<'a>(message: &Message<'a>) -> &'a str {
    match message.start {
        message::Start::Request { uri, .. } => message::user(uri),
        message::Start::Response(_) => "",
    }
}
