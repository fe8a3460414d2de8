//! What an agent does with requests.

use std::net::SocketAddr;
use std::time::Duration;

use base::Mono;

use super::dialog::tail;
use super::{Agent, Reinvite, Reply, Role, State, Talk};
use crate::msg::uri_in;
use crate::{Msg, digest};

impl Agent {
    pub(super) fn asked(&mut self, now: Mono, from: SocketAddr, msg: &Msg) {
        let method = msg.method().unwrap_or_default().to_owned();
        if method == "ACK" {
            return self.acked(msg);
        }
        let repeats: Vec<_> = self
            .servers
            .iter()
            .filter(|known| known.branch == msg.branch() && known.method == method)
            .map(|known| (known.to, known.latest.clone()))
            .collect();
        if !repeats.is_empty() {
            return self.out.extend(repeats);
        }
        let waiting = |talk: &Talk| {
            talk.asked.as_ref().is_some_and(|asked| asked.branch() == msg.branch())
                || (talk.is_open() && talk.invite.branch() == msg.branch())
        };
        if method == "INVITE" && self.talks.iter().any(waiting) {
            return;
        }
        if let Some(guard) = self.guard.clone()
            && guard.methods.contains(&method.as_str())
        {
            let header = if guard.status == 407 { "Proxy-Authorization" } else { "Authorization" };
            let nonce =
                if guard.fresh { format!("nonce=\"n{}\"", self.nonces) } else { "nonce=\"n1\"".to_owned() };
            let fits = |value: &str| {
                (!guard.fresh || value.contains(&nonce)) && digest::fits(value, &guard.password, &method)
            };
            self.nonces += 1;
            if !msg.header(header).is_some_and(fits) {
                let asks = if guard.status == 407 { "Proxy-Authenticate" } else { "WWW-Authenticate" };
                let line = format!(
                    "{asks}: Digest realm=\"carrier\", nonce=\"n{}\", algorithm=MD5, qop=\"auth\"",
                    if guard.fresh { self.nonces } else { 1 }
                );
                return self.reply(
                    now,
                    from,
                    msg,
                    None,
                    &Reply { status: guard.status, headers: vec![line], ..Reply::default() },
                );
            }
        }
        if method == "CANCEL" {
            return self.cancelled(now, from, msg);
        }
        if method == "NOTIFY" && self.notified != 0 {
            return self.reply(now, from, msg, None, &Reply { status: self.notified, ..Reply::default() });
        }
        if msg.to_tag().is_empty() {
            return self.asked_outside(now, from, msg, &method);
        }
        let mine = |talk: &Talk| talk.call_id == msg.must("Call-ID") && talk.local_tag == msg.to_tag();
        match self.talks.iter().position(mine).filter(|talk| self.talks[*talk].state != State::Over) {
            Some(talk) => self.asked_inside(now, from, msg, &method, talk),
            None => self.reply(now, from, msg, None, &Reply { status: 481, ..Reply::default() }),
        }
    }

    fn asked_outside(&mut self, now: Mono, from: SocketAddr, msg: &Msg, method: &str) {
        let mut reply = Reply { status: 200, ..Reply::default() };
        match method {
            "INVITE" => return self.invited(now, from, msg),
            "OPTIONS" if self.options == 0 => return,
            "OPTIONS" => reply.status = self.options,
            "MESSAGE" => reply.status = self.texts,
            "REGISTER" => {
                let expires: u32 = msg.must("Expires").parse().expect("Expires is a number");
                if expires > 0 && expires < self.min_expires {
                    reply.status = 423;
                    reply.headers.push(format!("Min-Expires: {}", self.min_expires));
                } else {
                    reply.headers.push(format!("Contact: {};expires={expires}", msg.must("Contact")));
                }
            }
            _ => reply.status = 481,
        }
        self.reply(now, from, msg, None, &reply);
    }

    fn invited(&mut self, now: Mono, from: SocketAddr, msg: &Msg) {
        let local_tag = self.unique("tag");
        let port = 40_000 + 2 * u16::try_from(self.talks.len()).expect("few calls");
        self.talks.push(Talk {
            role: Role::Callee,
            state: State::Calling,
            call_id: msg.must("Call-ID").to_owned(),
            local: format!("{};tag={local_tag}", msg.must("To")),
            remote: msg.must("From").to_owned(),
            local_tag,
            remote_tag: msg.from_tag().to_owned(),
            statuses: Vec::new(),
            refusal: None,
            reinvites: Vec::new(),
            updates: Vec::new(),
            rseqs: Vec::new(),
            pracks: Vec::new(),
            remote_body: msg.body.clone(),
            invite: msg.clone(),
            acks: 0,
            bye: None,
            media: SocketAddr::new(self.addr.ip(), port),
            direction: "sendrecv",
            version: 1,
            target: msg.contact().unwrap_or_else(|| uri_in(msg.must("From"))).to_owned(),
            routes: Vec::new(),
            cseq: 0,
            delayed: msg.body.is_empty(),
            cancelled: false,
            branch: msg.branch().to_owned(),
            headers: vec![from.to_string()],
            tries: 0,
            asked: None,
            asking: false,
            offered_early: false,
            described: false,
            offering: false,
            updating: None,
        });
        let index = self.talks.len() - 1;
        let steps = self.manner.iter();
        self.planned.extend(steps.map(|(ms, status)| (now + Duration::from_millis(*ms), index, *status)));
        self.tick(now);
    }

    /// Answers the INVITE of a call, or the re-INVITE that waits in it.
    pub fn respond(&mut self, now: Mono, talk: usize, reply: Reply) {
        let at = &mut self.talks[talk];
        let asked = at.asked.clone();
        if asked.is_none() {
            at.state = match reply.status {
                100 => at.state,
                101..=199 => State::Ringing,
                200..=299 => State::Up,
                _ => State::Over,
            };
        }
        if reply.status >= 200 {
            at.asked = None;
        }
        if reply.rseq.is_some() && at.delayed && !reply.body.is_empty() {
            at.offered_early = true;
        }
        let invite = asked.unwrap_or_else(|| at.invite.clone());
        self.reply(now, self.switch, &invite, Some(talk), &reply);
    }

    /// A 200 of another fork: a dialog of its own with the same INVITE.
    pub fn answer_as_fork(&mut self, now: Mono, talk: usize, tag: &str) -> usize {
        let mut other = self.talks[talk].clone();
        other.state = State::Up;
        other.local_tag = tag.to_owned();
        other.local = format!("{};tag={tag}", other.invite.must("To"));
        other.acks = 0;
        other.media.set_port(other.media.port() + 1_000);
        self.talks.push(other);
        let index = self.talks.len() - 1;
        let body = self.own_body(index);
        let invite = self.talks[index].invite.clone();
        let reply = Reply { status: 200, body, tag: Some(tag.to_owned()), ..Reply::default() };
        self.reply(now, self.switch, &invite, Some(index), &reply);
        index
    }

    fn asked_inside(&mut self, now: Mono, from: SocketAddr, msg: &Msg, method: &str, talk: usize) {
        let at = &mut self.talks[talk];
        let mut reply = Reply { status: 200, ..Reply::default() };
        match method {
            "BYE" => {
                if at.asking {
                    at.asking = false;
                }
                at.bye = Some(msg.clone());
                at.state = State::Over;
            }
            "INVITE" if at.asking || at.offering => reply.status = 491,
            "INVITE" if at.asked.is_some() => reply.status = 500,
            "INVITE" => {
                at.asked = Some(msg.clone());
                at.delayed = msg.body.is_empty();
                if let Some(contact) = msg.contact() {
                    contact.clone_into(&mut at.target);
                }
                if !msg.body.is_empty() {
                    at.remote_body.clone_from(&msg.body);
                }
                match self.reinvites {
                    Reinvite::Accept => return self.accept_reinvite(now, talk),
                    Reinvite::Refuse(status) => {
                        return self.respond(now, talk, Reply { status, ..Reply::default() });
                    }
                    Reinvite::Wait => return,
                }
            }
            "PRACK" => return self.pracked(now, from, msg, talk),
            "UPDATE" => return self.update_asked(now, from, msg, talk),
            _ => {}
        }
        self.reply(now, from, msg, Some(talk), &reply);
    }

    /// Answers a re-INVITE with 200.
    pub fn accept_reinvite(&mut self, now: Mono, talk: usize) {
        let offer = self.talks[talk].asked.as_ref().map(|asked| asked.body.clone()).unwrap_or_default();
        let body = if offer.is_empty() { self.own_body(talk) } else { self.answer_to(talk, &offer) };
        self.respond(now, talk, Reply { status: 200, body, ..Reply::default() });
    }

    fn acked(&mut self, msg: &Msg) {
        let number = msg.cseq().0;
        let known = self.servers.iter_mut().find(|known| {
            known.method == "INVITE"
                && known.cseq == number
                && known.tag == msg.to_tag()
                && known.status >= 200
                && (known.status < 300 || known.branch == msg.branch())
        });
        let Some(known) = known else { return };
        known.rest();
        let (talk, status) = (known.talk, known.status);
        if let Some(talk) = talk.filter(|_| status < 300) {
            self.talks[talk].acks += 1;
            if !msg.body.is_empty() {
                self.talks[talk].remote_body.clone_from(&msg.body);
            }
        }
    }

    fn cancelled(&mut self, now: Mono, from: SocketAddr, msg: &Msg) {
        let branch = msg.branch();
        let fresh = |talk: &Talk| talk.is_open() && talk.invite.branch() == branch;
        let again = |talk: &Talk| talk.asked.as_ref().is_some_and(|asked| asked.branch() == branch);
        let found = self.talks.iter().position(|talk| fresh(talk) || again(talk));
        let known = found.is_some() || self.servers.iter().any(|known| known.branch == branch);
        let status = if known { 200 } else { 481 };
        self.reply(now, from, msg, None, &Reply { status, ..Reply::default() });
        if let Some(talk) = found {
            self.respond(now, talk, Reply { status: 487, ..Reply::default() });
        }
    }

    pub(super) fn reply(&mut self, now: Mono, to: SocketAddr, msg: &Msg, talk: Option<usize>, reply: &Reply) {
        let (cseq, method) = msg.cseq();
        let own =
            talk.map(|talk| self.talks[talk].local_tag.clone()).unwrap_or_else(|| format!("t-{}", self.name));
        let tag = reply.tag.clone().unwrap_or(own);
        let mut text = format!("SIP/2.0 {} Said\r\n", reply.status);
        for (name, value) in &msg.headers {
            let tagged = name == "To" && reply.status > 100 && msg.to_tag().is_empty();
            match name.as_str() {
                "Via" | "From" | "Call-ID" | "CSeq" => text.push_str(&format!("{name}: {value}\r\n")),
                "To" if tagged => text.push_str(&format!("To: {value};tag={tag}\r\n")),
                "To" => text.push_str(&format!("To: {value}\r\n")),
                _ => {}
            }
        }
        if method == "INVITE" && (101..400).contains(&reply.status)
            || method == "UPDATE" && reply.status == 200
        {
            text.push_str(&format!("Contact: {}\r\n", self.contact()));
            for line in &self.abilities {
                text.push_str(&format!("{line}\r\n"));
            }
        }
        if let Some(rseq) = reply.rseq {
            text.push_str(&format!("Require: 100rel\r\nRSeq: {rseq}\r\n"));
        }
        let settles = matches!(method.as_str(), "INVITE" | "UPDATE") && (200..300).contains(&reply.status);
        for line in reply.headers.iter().chain(self.lines.iter().filter(|_| settles)) {
            text.push_str(&format!("{line}\r\n"));
        }
        text.push_str(&tail(&reply.body));
        let tag = if msg.to_tag().is_empty() { tag } else { msg.to_tag().to_owned() };
        self.keep(now, msg.branch(), &method, talk, reply.status, cseq, &tag, to, text.into_bytes());
        if let Some(rseq) = reply.rseq {
            self.repeat_until_pracked(now, msg.branch(), rseq);
        }
    }
}
