//! Requests inside a dialog, as text.

use std::net::SocketAddr;

use base::Mono;

use super::{Agent, Role, State};
use crate::msg::uri_in;
use crate::offer::spoken;
use crate::{Msg, body};

impl Agent {
    /// A request of one of its calls: ACK, BYE, re-INVITE, INFO.
    pub(super) fn inside(
        &mut self,
        talk: usize,
        method: &str,
        cseq: u32,
        branch: &str,
        body: &str,
    ) -> (SocketAddr, Vec<u8>) {
        let via = self.via(branch);
        let contact = self.contact();
        let talk = &self.talks[talk];
        let mut text = format!("{method} {} SIP/2.0\r\n{via}", talk.target);
        for route in &talk.routes {
            text.push_str(&format!("Route: {route}\r\n"));
        }
        text.push_str(&format!(
            "Max-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\nContact: {contact}\r\n",
            talk.local, talk.remote, talk.call_id
        ));
        if matches!(method, "INVITE" | "UPDATE") {
            self.abilities.iter().for_each(|line| text.push_str(&format!("{line}\r\n")));
        }
        for line in self.lines.iter().filter(|_| matches!(method, "INVITE" | "UPDATE")) {
            text.push_str(&format!("{line}\r\n"));
        }
        text.push_str(&tail(body));
        (self.switch, text.into_bytes())
    }

    /// Hangs up.
    pub fn bye(&mut self, now: Mono, talk: usize) {
        if !matches!(self.talks[talk].state, State::Up) {
            return;
        }
        self.talks[talk].state = State::Leaving;
        self.ask_inside(now, talk, "BYE", "");
    }

    /// Sends a request inside the call, as a transaction of its own.
    pub fn ask_inside(&mut self, now: Mono, talk: usize, method: &str, body: &str) {
        self.talks[talk].cseq += 1;
        let cseq = self.talks[talk].cseq;
        let branch = self.branch();
        let (to, data) = self.inside(talk, method, cseq, &branch, body);
        self.start(now, &branch, method, Some(talk), to, data);
    }

    /// The number of its next request in a call.
    pub(crate) fn count_on(&mut self, talk: usize) -> u32 {
        self.talks[talk].cseq += 1;
        self.talks[talk].cseq
    }

    /// Counts its requests from so many back.
    pub fn rewind(&mut self, talk: usize, by: i64) {
        let cseq = i64::from(self.talks[talk].cseq) - by;
        self.talks[talk].cseq = u32::try_from(cseq.max(0)).expect("a sequence number");
    }

    /// Offers the session anew, in this direction.
    pub fn reinvite(&mut self, now: Mono, talk: usize, direction: &'static str) {
        self.talks[talk].direction = direction;
        self.talks[talk].version += 1;
        let offer = self.own_body(talk);
        self.reinvite_with(now, talk, &offer);
    }

    /// A re-INVITE with this body; an empty one asks the other side for its offer.
    pub fn reinvite_with(&mut self, now: Mono, talk: usize, offer: &str) {
        self.talks[talk].asking = true;
        self.talks[talk].delayed = offer.is_empty();
        self.ask_inside(now, talk, "INVITE", offer);
        let branch = self.clients.last().map(|client| client.branch.clone()).unwrap_or_default();
        self.talks[talk].branch = branch;
    }

    pub(super) fn acknowledge(&mut self, talk: usize, cseq: u32, body: &str) -> (SocketAddr, Vec<u8>) {
        let branch = self.branch();
        self.inside(talk, "ACK", cseq, &branch, body)
    }

    /// The body that it would send now.
    #[must_use]
    pub fn own_body(&self, talk: usize) -> String {
        let talk = &self.talks[talk];
        let answers = talk.role == Role::Callee && matches!(talk.state, State::Calling | State::Ringing);
        let offer = Some(talk.invite.body.as_str()).filter(|offer| answers && !offer.is_empty());
        self.secured(spoken(&body(talk.media, talk.version, talk.direction), self.formats, offer), offer)
    }

    /// A body as it is secured here (RFC 4568); as an answer, under the profile and one of the lines of the offer.
    pub(super) fn secured(&self, body: String, offer: Option<&str>) -> String {
        let profile = offer.map_or(self.profile, profile_of);
        if let Some((session, stream)) = body.split_once("m=audio ").filter(|_| self.fax) {
            let port = stream.split(' ').next().unwrap_or_default();
            return format!("{session}m=image {port} udptl t38\r\na=T38FaxVersion:0\r\n");
        }
        let body = body.replace(" RTP/AVP ", &format!(" {profile} "));
        let lines = match offer {
            None => self.crypto.iter().map(|line| format!("a=crypto:{line}\r\n")).collect(),
            Some(offer) => self.crypto.iter().find_map(|line| answered(line, offer)).unwrap_or_default(),
        };
        body + &lines
    }

    /// The far end's tag, target and route set from a 2xx.
    pub(super) fn confirm(&mut self, talk: usize, response: &Msg) {
        let talk = &mut self.talks[talk];
        response.to_tag().clone_into(&mut talk.remote_tag);
        response.must("To").clone_into(&mut talk.remote);
        response.contact().unwrap_or_else(|| uri_in(response.must("To"))).clone_into(&mut talk.target);
        talk.routes = response.all("Record-Route").map(str::to_owned).collect();
        talk.routes.reverse();
        talk.state = State::Up;
    }

    /// The same from a provisional response: the latest early dialog is the one it speaks in.
    pub(super) fn confirm_early(&mut self, talk: usize, response: &Msg) {
        self.confirm(talk, response);
        self.talks[talk].state = State::Ringing;
    }
}

fn profile_of(offer: &str) -> &str {
    let media = offer.lines().find(|line| line.starts_with("m=audio"));
    media.and_then(|line| line.split(' ').nth(2)).unwrap_or("RTP/AVP")
}

/// Our line with the tag of the offered one of its suite.
fn answered(line: &str, offer: &str) -> Option<String> {
    let (suite, key) = line.split_once(' ')?.1.split_once(' ')?;
    let mut offered = offer.lines().filter_map(|line| line.strip_prefix("a=crypto:")?.split_once(' '));
    let (tag, _) = offered.find(|(_, rest)| rest.split(' ').next() == Some(suite))?;
    Some(format!("a=crypto:{tag} {suite} {key}\r\n"))
}

/// The end of a message: type and length of the body, the body. One that begins with a boundary has several parts.
pub(super) fn tail(body: &str) -> String {
    let kind = match body.strip_prefix("--").and_then(|rest| rest.lines().next()) {
        _ if body.is_empty() => return "Content-Length: 0\r\n\r\n".to_owned(),
        Some(boundary) => format!("multipart/mixed;boundary={boundary}"),
        None => "application/sdp".to_owned(),
    };
    format!("Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}
