//! The calling side: INVITE, ACK, BYE.

use std::net::SocketAddr;

use crate::call::Timer;
use crate::callee::CalleeLeg;
use crate::clock;
use crate::load::{Load, T1};
use crate::message::{self, Message};

const SIDE: usize = 0;

/// Where the caller's end of a call is.
#[derive(Debug)]
pub(crate) enum CallerLeg {
    /// INVITE sent, no final answer yet.
    Inviting { invite: String, provisional: bool },
    /// 200 received and acknowledged.
    Up { to: String, target: String },
    /// BYE sent.
    Leaving { bye: String },
    /// BYE answered, or received.
    Left,
}

impl Load {
    pub(crate) fn invite(&self, id: u32, slot: u16) -> String {
        let (switch, caller) = (self.setup.switch, self.setup.caller);
        let number = self.number(id);
        let offer = message::sdp(self.setup.media.end(slot, SIDE));
        format!(
            "INVITE sip:{number}@{switch} SIP/2.0\r\n{}To: <sip:{number}@{switch}>\r\nCSeq: 1 INVITE\r\n\
             Contact: <sip:{number}@{caller}>\r\n{}",
            self.common(id, "i"),
            message::with_body(&offer)
        )
    }

    pub(crate) fn send_invite(&self, id: u32) {
        if let Some(CallerLeg::Inviting { invite, .. }) = self.calls.get(&id).map(|call| &call.caller) {
            self.send(SIDE, invite, self.setup.switch);
        }
    }

    pub(crate) fn invite_again(&mut self, id: u32, attempt: u32) {
        let Some(call) = self.calls.get(&id) else { return };
        if let CallerLeg::Inviting { provisional: false, .. } = call.caller {
            self.outcome.resent += 1;
            self.send_invite(id);
            self.after(T1 * 2_u32.pow(attempt.min(6)), id, Timer::InviteAgain(attempt + 1));
        }
    }

    pub(crate) fn caller_response(&mut self, message: &Message<'_>, code: u16) {
        let Some(id) = self.id_of(message.call_id()) else {
            self.outcome.strange += 1;
            return;
        };
        match message.cseq_method() {
            "INVITE" if code < 200 => self.progressed(id, code),
            "INVITE" if code < 300 => self.accepted(id, message),
            "INVITE" => self.rejected(id, message, code),
            "BYE" => {
                if let Some(call) = self.calls.get_mut(&id) {
                    call.caller = CallerLeg::Left;
                    self.close(id);
                }
            }
            _ => {}
        }
    }

    /// What the switch asks the caller in a dialog: its BYE, a refresh, a health check.
    pub(crate) fn caller_request(
        &mut self,
        message: &Message<'_>,
        method: &str,
        uri: &str,
        from: SocketAddr,
    ) {
        let id =
            message::user(uri).strip_prefix(&self.setup.prefix).and_then(|id| id.parse().ok()).unwrap_or(0);
        self.in_dialog(SIDE, id, message, method, from);
        if method == "BYE"
            && let Some(call) = self.calls.get_mut(&id)
        {
            // Our caller releases every call: a BYE from the far end first is a cut call.
            let cut = matches!(call.caller, CallerLeg::Up { .. });
            call.caller = CallerLeg::Left;
            if cut {
                self.outcome.stuck += 1;
                self.forget(id);
            }
        }
    }

    /// Answers a request that needs no state of its own.
    pub(crate) fn in_dialog(
        &mut self,
        side: usize,
        id: u32,
        message: &Message<'_>,
        method: &str,
        from: SocketAddr,
    ) {
        let me =
            if side == SIDE { self.setup.caller } else { self.setup.callee.unwrap_or(self.setup.caller) };
        let contact = format!("sip:{}@{me}", self.number(id));
        let slot = self.calls.get(&id).map_or(0, |call| call.slot);
        let answer = match method {
            "ACK" => return,
            "INVITE" => {
                let sdp = message::sdp(self.setup.media.end(slot, side));
                message.answer("200 OK", "again", Some(&contact), &sdp)
            }
            _ => message.answer("200 OK", "options", Some(&contact), ""),
        };
        self.send(side, &answer, from);
    }

    pub(crate) fn hang_up(&mut self, id: u32) {
        let Some(call) = self.calls.get(&id) else { return };
        let CallerLeg::Up { to, target } = &call.caller else { return };
        let bye = format!(
            "BYE {target} SIP/2.0\r\n{}To: {to}\r\nCSeq: 2 BYE\r\n{}",
            self.common(id, "b"),
            message::with_body("")
        );
        self.send(SIDE, &bye, self.setup.switch);
        if let Some(call) = self.calls.get_mut(&id) {
            call.released_ns = clock::nanos();
            call.caller = CallerLeg::Leaving { bye };
        }
        self.after(T1, id, Timer::ByeAgain(1));
        self.after(self.setup.give_up, id, Timer::GiveUpBye);
    }

    pub(crate) fn bye_again(&mut self, id: u32, attempt: u32) {
        if let Some(CallerLeg::Leaving { bye }) = self.calls.get(&id).map(|call| &call.caller) {
            self.send(SIDE, bye, self.setup.switch);
            self.outcome.resent += 1;
            self.after(T1 * 2_u32.pow(attempt.min(3)), id, Timer::ByeAgain(attempt + 1));
        }
    }

    pub(crate) fn give_up_invite(&mut self, id: u32) {
        let Some(call) = self.calls.get(&id) else { return };
        if let CallerLeg::Inviting { .. } = call.caller {
            let number = self.number(id);
            let switch = self.setup.switch;
            let cancel = format!(
                "CANCEL sip:{number}@{switch} SIP/2.0\r\n{}To: <sip:{number}@{switch}>\r\nCSeq: 1 CANCEL\r\n{}",
                self.common(id, "i"),
                message::with_body("")
            );
            self.send(SIDE, &cancel, switch);
            self.outcome.timed_out += 1;
            self.forget(id);
        }
    }

    pub(crate) fn give_up_bye(&mut self, id: u32) {
        if self.calls.contains_key(&id) {
            self.outcome.stuck += 1;
            self.forget(id);
        }
    }

    /// Counts a call whose two ends are both gone.
    pub(crate) fn close(&mut self, id: u32) {
        let Some(call) = self.calls.get(&id) else { return };
        let far_gone = self.setup.callee.is_none() || matches!(call.callee, CalleeLeg::Left);
        if far_gone && matches!(call.caller, CallerLeg::Left) {
            self.outcome.complete += 1;
            self.forget(id);
        }
    }

    fn progressed(&mut self, id: u32, code: u16) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if let CallerLeg::Inviting { provisional, .. } = &mut call.caller {
            *provisional = true;
            if code > 100 {
                self.delays.post_dial.record(clock::nanos() - call.begun_ns);
            }
        }
    }

    fn accepted(&mut self, id: u32, message: &Message<'_>) {
        let to = message.header("To", "t").unwrap_or_default().to_owned();
        let target = message.contact().unwrap_or_default().to_owned();
        let ack = format!(
            "ACK {target} SIP/2.0\r\n{}To: {to}\r\nCSeq: 1 ACK\r\n{}",
            self.common(id, "k"),
            message::with_body("")
        );
        let Some(call) = self.calls.get_mut(&id) else {
            self.outcome.strange += 1;
            return;
        };
        match &call.caller {
            CallerLeg::Inviting { .. } => {
                self.delays.setup.record(clock::nanos() - call.begun_ns);
                self.outcome.answered += 1;
                call.to[SIDE] = message.media();
                call.caller = CallerLeg::Up { to, target };
                self.send(SIDE, &ack, self.setup.switch);
                self.settle(id);
            }
            CallerLeg::Up { .. } => self.send(SIDE, &ack, self.setup.switch),
            CallerLeg::Leaving { .. } | CallerLeg::Left => {}
        }
    }

    fn rejected(&mut self, id: u32, message: &Message<'_>, code: u16) {
        let to = message.header("To", "t").unwrap_or_default();
        let (number, switch) = (self.number(id), self.setup.switch);
        let ack = format!(
            "ACK sip:{number}@{switch} SIP/2.0\r\n{}To: {to}\r\nCSeq: 1 ACK\r\n{}",
            self.common(id, "i"),
            message::with_body("")
        );
        self.send(SIDE, &ack, switch);
        if self.calls.contains_key(&id) {
            *self.outcome.refused.entry(code).or_default() += 1;
            self.forget(id);
        }
    }

    /// Headers that every request of a call begins with; `transaction` makes the branch.
    fn common(&self, id: u32, transaction: &str) -> String {
        let (run, caller) = (&self.run, self.setup.caller);
        let ip = caller.ip();
        format!(
            "Via: SIP/2.0/UDP {caller};branch=z9hG4bK{run}{transaction}{id};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:15550100@{ip}>;tag=a{id}{run}\r\nCall-ID: {id}-{run}@{ip}\r\n"
        )
    }

    fn id_of(&self, call_id: &str) -> Option<u32> {
        let (id, rest) = call_id.split_once('-')?;
        rest.starts_with(&self.run).then(|| id.parse().ok())?
    }
}
