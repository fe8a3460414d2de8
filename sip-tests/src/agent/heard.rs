//! What an agent makes of responses.

use std::time::Duration;

use base::Mono;

use super::{Agent, State};
use crate::Msg;
use crate::body;
use crate::offer::{direction_of, mirrored, spoken};

/// Once something was heard, timer B no longer runs (RFC 3261 §17.1.1.2); a patient caller waits this long.
const PROCEEDING: Duration = Duration::from_secs(300);

impl Agent {
    pub(super) fn told(&mut self, now: Mono, msg: &Msg) {
        let (cseq, method) = msg.cseq();
        let status = msg.status().unwrap_or(0);
        let found =
            self.clients.iter().position(|client| client.branch == msg.branch() && client.method == method);
        let Some(at) = found else { return };
        let client = &mut self.clients[at];
        client.next = client.next.filter(|_| status < 200 && method != "INVITE");
        if client.done {
            if let Some(ack) = client.ack.clone() {
                let withheld = self.withhold_acks && status < 300;
                self.out.extend(Some((self.clients[at].to, ack)).filter(|_| !withheld));
            }
            return;
        }
        let news = client.heard != status;
        client.heard = status;
        client.done = status >= 200;
        if method == "INVITE" {
            client.until = now + PROCEEDING;
        }
        let talk = client.talk;
        let Some(talk) = talk else { return self.told_outside(now, msg, &method, status) };
        match method.as_str() {
            "INVITE" if self.talks[talk].asking => self.reinvite_told(talk, at, cseq, status, msg),
            "INVITE" => {
                if news {
                    self.talks[talk].statuses.push(status);
                }
                self.invite_told(now, talk, at, cseq, status, msg);
            }
            "BYE" if status >= 200 => self.talks[talk].state = State::Over,
            "UPDATE" if status >= 200 => self.update_told(talk, status, msg),
            "PRACK" if status >= 200 => self.prack_told(talk, status, msg),
            _ if status >= 200 => self.results.push((method, status)),
            _ => {}
        }
    }

    fn invite_told(&mut self, now: Mono, talk: usize, client: usize, cseq: u32, status: u16, msg: &Msg) {
        if !msg.body.is_empty() {
            self.talks[talk].remote_body.clone_from(&msg.body);
        }
        match status {
            0..=100 => {}
            101..=199 => self.provisional(now, talk, msg),
            200..=299 => {
                self.confirm(talk, msg);
                let owes = self.talks[talk].delayed && !msg.body.is_empty();
                let answer = if owes { self.answer_to(talk, &msg.body) } else { String::new() };
                self.send_ack(talk, client, cseq, &answer);
                if self.talks[talk].cancelled {
                    self.bye(now, talk);
                }
            }
            _ => {
                self.ack_refusal(client, msg);
                self.talks[talk].tries += 1;
                if matches!(status, 401 | 407) && self.talks[talk].tries < 3 && !self.talks[talk].cancelled {
                    let uri = self.talks[talk].target.clone();
                    if let Some(line) = self.credentials(msg, "INVITE", &uri) {
                        return self.invite(now, talk, Some(line));
                    }
                }
                self.talks[talk].refusal = Some(msg.clone());
                self.talks[talk].state = State::Over;
            }
        }
    }

    fn reinvite_told(&mut self, talk: usize, client: usize, cseq: u32, status: u16, msg: &Msg) {
        if status < 200 {
            return;
        }
        self.talks[talk].asking = false;
        self.talks[talk].reinvites.push(status);
        if status >= 300 {
            self.ack_refusal(client, msg);
            if matches!(status, 408 | 481) {
                self.talks[talk].state = State::Over;
            }
            return;
        }
        self.talks[talk].remote_body.clone_from(&msg.body);
        let answer = if self.talks[talk].delayed { self.answer_to(talk, &msg.body) } else { String::new() };
        self.send_ack(talk, client, cseq, &answer);
    }

    fn send_ack(&mut self, talk: usize, client: usize, cseq: u32, body: &str) {
        let body = if self.forgets_bodies { "" } else { body };
        let (to, ack) = self.acknowledge(talk, cseq, body);
        self.clients[client].ack = Some(ack.clone());
        if !self.withhold_acks {
            self.out.push((to, ack));
        }
    }

    /// The ACK of a refusal: the INVITE's own Via and URI (RFC 3261 §17.1.1.3).
    fn ack_refusal(&mut self, client: usize, msg: &Msg) {
        let invite = Msg::split(&self.clients[client].data);
        let text = format!(
            "ACK {} SIP/2.0\r\nVia: {}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\n\
             CSeq: {} ACK\r\nContent-Length: 0\r\n\r\n",
            invite.uri().unwrap_or_default(),
            invite.must("Via"),
            invite.must("From"),
            msg.must("To"),
            invite.must("Call-ID"),
            invite.cseq().0
        );
        self.clients[client].ack = Some(text.clone().into_bytes());
        self.out.push((self.clients[client].to, text.into_bytes()));
    }

    fn told_outside(&mut self, now: Mono, msg: &Msg, method: &str, status: u16) {
        if status < 200 {
            return;
        }
        let challenged = self.results.last().is_some_and(|(_, last)| matches!(last, 401 | 407));
        self.results.push((method.to_owned(), status));
        if method == "REGISTER" && status == 401 && !challenged && self.password.is_some() {
            let asked = self.asked_last("REGISTER");
            let (contact, expires) =
                (asked.header("Contact").unwrap_or_default().to_owned(), asked.header("Expires"));
            let expires = expires.and_then(|text| text.parse().ok());
            self.register_as(now, &contact, expires, Some(msg));
        }
        if matches!(method, "SUBSCRIBE" | "REFER") && status == 407 && !challenged && self.password.is_some()
        {
            self.ask_again(now, method, msg);
        }
    }

    /// Sends its last request of this method once more, with its password.
    fn ask_again(&mut self, now: Mono, method: &str, challenge: &Msg) {
        let Some(sent) = self.clients.iter().rev().find(|client| client.method == method) else { return };
        let (text, old) = (String::from_utf8_lossy(&sent.data).into_owned(), sent.branch.clone());
        let asked = Msg::split(text.as_bytes());
        let (uri, number) = (asked.uri().unwrap_or_default().to_owned(), asked.cseq().0);
        let Some(credentials) = self.credentials(challenge, method, &uri) else { return };
        let branch = self.branch();
        let again = format!("CSeq: {} {method}\r\n{credentials}", number + 1);
        let text = text.replace(&old, &branch).replace(&format!("CSeq: {number} {method}"), &again);
        self.start(now, &branch, method, None, self.switch, text.into_bytes());
    }

    fn asked_last(&self, method: &str) -> Msg {
        let sent = self.clients.iter().rev().find(|client| client.method == method);
        sent.map(|client| Msg::split(&client.data)).unwrap_or_default()
    }

    /// Its answer to an offer, in the direction the offer allows.
    pub(super) fn answer_to(&mut self, talk: usize, offer: &str) -> String {
        self.talks[talk].direction = mirrored(direction_of(offer));
        self.talks[talk].version += 1;
        let at = &self.talks[talk];
        self.secured(
            spoken(&body(at.media, at.version, at.direction), self.formats, Some(offer)),
            Some(offer),
        )
    }
}
