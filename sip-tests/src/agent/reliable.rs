//! What an agent does about reliable provisional responses and UPDATE (RFC 3262, RFC 3311).

use std::net::SocketAddr;
use std::time::Duration;

use base::Mono;

use super::dialog::tail;
use super::repeat::Server;
use super::{Agent, Pracks, Reinvite, Reply};
use crate::Msg;

/// How long a scripted step waits for a PRACK before it looks again.
const WAIT: Duration = Duration::from_millis(200);

impl Agent {
    /// A provisional response to its INVITE: an early dialog, and a PRACK where it wants one.
    pub(super) fn provisional(&mut self, now: Mono, talk: usize, msg: &Msg) {
        self.confirm_early(talk, msg);
        let Some(rseq) = rseq_of(msg) else { return };
        if self.talks[talk].rseqs.contains(&rseq) {
            return;
        }
        self.talks[talk].rseqs.push(rseq);
        let offers = !msg.body.is_empty() && self.talks[talk].delayed;
        match self.pracks {
            Pracks::None => {}
            Pracks::All if offers => {
                let answer = self.answer_to(talk, &msg.body);
                self.talks[talk].delayed = false;
                self.prack(now, talk, rseq, &answer);
            }
            Pracks::All => self.prack(now, talk, rseq, ""),
            Pracks::Offering => {
                self.talks[talk].version += 1;
                let offer = self.own_body(talk);
                self.prack(now, talk, rseq, &offer);
            }
        }
    }

    /// One scripted step of a call. A 200 waits for the PRACK of what came before it (RFC 3262 §3).
    pub(super) fn step(&mut self, now: Mono, talk: usize, status: u16) {
        let open = |known: &Server| known.talk == Some(talk) && known.rseq.is_some();
        if status > 100 && self.servers.iter().any(open) {
            self.planned.insert((now + WAIT, talk, status));
            return;
        }
        let at = &self.talks[talk];
        let supported = at.invite.header("Supported").is_some_and(|value| value.contains("100rel"));
        let reliable = self.reliably && supported && (101..200).contains(&status);
        let settled = self.reliably && supported && !at.rseqs.is_empty() && status == 200 && at.described;
        let has_body = matches!(status, 183 | 200) && !settled;
        let rseq = reliable.then(|| at.rseqs.last().map_or(1, |last| last + 1));
        let body = if has_body { self.own_body(talk) } else { String::new() };
        self.talks[talk].described |= reliable && has_body;
        self.respond(now, talk, Reply { status, body, rseq, ..Reply::default() });
    }

    /// Acknowledges a provisional response to the INVITE of a call.
    pub fn prack(&mut self, now: Mono, talk: usize, rseq: u32, body: &str) {
        let number = self.talks[talk].invite.cseq().0;
        self.talks[talk].cseq += 1;
        let cseq = self.talks[talk].cseq;
        let branch = self.branch();
        let (to, data) = self.inside(talk, "PRACK", cseq, &branch, "");
        let text = String::from_utf8(data).expect("text");
        let head = text.trim_end_matches(&tail("")).to_owned();
        let text = format!("{head}RAck: {rseq} {number} INVITE\r\n{}", tail(body));
        self.start(now, &branch, "PRACK", Some(talk), to, text.into_bytes());
    }

    /// Offers anew by UPDATE, in this direction.
    pub fn update(&mut self, now: Mono, talk: usize, direction: &'static str) {
        self.talks[talk].direction = direction;
        self.talks[talk].version += 1;
        let offer = self.own_body(talk);
        self.talks[talk].offering = true;
        self.ask_inside(now, talk, "UPDATE", &offer);
    }

    pub(super) fn pracked(&mut self, now: Mono, from: SocketAddr, msg: &Msg, talk: usize) {
        let invite = self.talks[talk].invite.cseq().0;
        let fits = |known: &&mut Server| {
            known.talk == Some(talk)
                && known.rseq.is_some_and(|rseq| msg.must("RAck") == format!("{rseq} {invite} INVITE"))
        };
        let Some(known) = self.servers.iter_mut().find(fits) else {
            return self.reply(now, from, msg, Some(talk), &Reply { status: 481, ..Reply::default() });
        };
        known.rest();
        let rseq = known.rseq.take().expect("it fits");
        self.talks[talk].rseqs.push(rseq);
        let mut reply = Reply { status: 200, ..Reply::default() };
        if !msg.body.is_empty() {
            self.talks[talk].remote_body.clone_from(&msg.body);
            if !std::mem::take(&mut self.talks[talk].offered_early) {
                reply.body = self.answer_to(talk, &msg.body);
            }
        }
        if !self.withhold_pracked {
            self.reply(now, from, msg, Some(talk), &reply);
        }
    }

    pub(super) fn update_asked(&mut self, now: Mono, from: SocketAddr, msg: &Msg, talk: usize) {
        let mut reply = Reply { status: 200, ..Reply::default() };
        if !msg.body.is_empty() {
            match self.updates {
                _ if self.talks[talk].asking || self.talks[talk].offering => reply.status = 491,
                Reinvite::Accept => {
                    self.talks[talk].remote_body.clone_from(&msg.body);
                    reply.body = self.answer_to(talk, &msg.body);
                }
                Reinvite::Refuse(status) => reply.status = status,
                Reinvite::Wait => {
                    self.talks[talk].updating = Some(msg.clone());
                    return;
                }
            }
        } else if let Reinvite::Refuse(status) = self.updates {
            reply.status = status;
        }
        self.reply(now, from, msg, Some(talk), &reply);
    }

    /// Answers the UPDATE that waits.
    pub fn accept_update(&mut self, now: Mono, talk: usize) {
        let msg = self.talks[talk].updating.take().expect("an UPDATE waits");
        self.talks[talk].remote_body.clone_from(&msg.body);
        let body = self.answer_to(talk, &msg.body);
        self.reply(now, self.switch, &msg, Some(talk), &Reply { status: 200, body, ..Reply::default() });
    }

    pub(super) fn update_told(&mut self, talk: usize, status: u16, msg: &Msg) {
        self.talks[talk].offering = false;
        self.talks[talk].updates.push(status);
        if status < 300 && !msg.body.is_empty() {
            self.talks[talk].remote_body.clone_from(&msg.body);
        }
    }

    pub(super) fn prack_told(&mut self, talk: usize, status: u16, msg: &Msg) {
        self.talks[talk].pracks.push(status);
        if status < 300 && !msg.body.is_empty() {
            self.talks[talk].remote_body.clone_from(&msg.body);
        }
    }
}

/// The number of a reliable response.
fn rseq_of(msg: &Msg) -> Option<u32> {
    msg.header("Require").filter(|value| value.contains("100rel"))?;
    msg.header("RSeq")?.parse().ok()
}
