//! What an agent sends again until it is heard (RFC 3261 §17), and gives up after 64·T1.

use std::net::SocketAddr;
use std::time::Duration;

use base::Mono;
use base::wire::Transport;

use super::{Agent, State};

const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);

/// A request of the agent.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) branch: String,
    pub(super) method: String,
    pub(super) talk: Option<usize>,
    pub(super) data: Vec<u8>,
    pub(super) to: SocketAddr,
    pub(super) next: Option<Mono>,
    pub(super) interval: Duration,
    pub(super) until: Mono,
    /// A final response came, or none will.
    pub(super) done: bool,
    /// The ACK, to be repeated with the response.
    pub(super) ack: Option<Vec<u8>>,
    pub(super) heard: u16,
}

/// A request that the agent answered.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) branch: String,
    pub(super) method: String,
    pub(super) talk: Option<usize>,
    pub(super) latest: Vec<u8>,
    pub(super) status: u16,
    pub(super) to: SocketAddr,
    pub(super) cseq: u32,
    pub(super) tag: String,
    pub(super) next: Option<Mono>,
    pub(super) interval: Duration,
    pub(super) until: Option<Mono>,
    /// It is reliable, and no PRACK has come.
    pub(super) rseq: Option<u32>,
}

impl Client {
    pub(super) fn deadline(&self) -> Option<Mono> {
        (!self.done).then(|| self.next.map_or(self.until, |next| next.min(self.until)))
    }
}

impl Server {
    pub(super) fn deadline(&self) -> Option<Mono> {
        [self.next, self.until].into_iter().flatten().min()
    }

    /// The ACK came.
    pub(super) fn rest(&mut self) {
        self.next = None;
        self.until = None;
    }
}

impl Agent {
    pub(super) fn start(
        &mut self,
        now: Mono,
        branch: &str,
        method: &str,
        talk: Option<usize>,
        to: SocketAddr,
        data: Vec<u8>,
    ) {
        self.out.push((to, data.clone()));
        let next = (self.transport == Transport::Udp).then_some(now + T1);
        self.clients.push(Client {
            branch: branch.to_owned(),
            method: method.to_owned(),
            talk,
            data,
            to,
            next,
            interval: T1,
            until: now + T1 * 64,
            done: false,
            ack: None,
            heard: 0,
        });
    }

    pub(super) fn repeat(&mut self, now: Mono) {
        let mut given_up = Vec::new();
        for client in self.clients.iter_mut().filter(|client| !client.done) {
            if client.until <= now {
                client.done = true;
                given_up.push((client.method.clone(), client.talk));
            } else if client.next.is_some_and(|next| next <= now) {
                self.out.push((client.to, client.data.clone()));
                client.interval = if client.method == "INVITE" {
                    client.interval * 2
                } else {
                    (client.interval * 2).min(T2)
                };
                client.next = Some(now + client.interval);
            }
        }
        let mut unacknowledged = Vec::new();
        for server in &mut self.servers {
            if server.until.is_some_and(|until| until <= now) {
                server.rest();
                if (200..300).contains(&server.status) {
                    unacknowledged.extend(server.talk);
                }
            } else if server.next.is_some_and(|next| next <= now) {
                self.out.push((server.to, server.latest.clone()));
                let doubled = server.interval * 2;
                server.interval = if server.rseq.is_some() { doubled } else { doubled.min(T2) };
                server.next = Some(now + server.interval);
            }
        }
        given_up.into_iter().for_each(|(method, talk)| self.unanswered(&method, talk));
        for talk in unacknowledged {
            self.bye(now, talk);
        }
    }

    /// Sends the answer of a call once more.
    pub fn repeat_answer(&mut self, talk: usize) {
        let answered = |known: &&Server| known.talk == Some(talk) && known.method == "INVITE";
        let found = self.servers.iter().find(answered).map(|known| (known.to, known.latest.clone()));
        self.out.extend(found);
    }

    fn unanswered(&mut self, method: &str, talk: Option<usize>) {
        let Some(talk) = talk else { return self.results.push((method.to_owned(), 0)) };
        let talk = &mut self.talks[talk];
        match method {
            "INVITE" if talk.state == State::Up => talk.asking = false,
            "INVITE" | "BYE" => talk.state = State::Over,
            _ => {}
        }
    }

    /// Keeps a response for repetition; a final one to an INVITE is sent until it is acknowledged.
    #[expect(clippy::too_many_arguments, reason = "all of it is one transaction")]
    pub(super) fn keep(
        &mut self,
        now: Mono,
        branch: &str,
        method: &str,
        talk: Option<usize>,
        status: u16,
        cseq: u32,
        tag: &str,
        to: SocketAddr,
        data: Vec<u8>,
    ) {
        self.out.push((to, data.clone()));
        let waits = method == "INVITE" && status >= 200;
        let repeats = waits && (status < 300 || self.transport == Transport::Udp);
        self.servers.retain(|known| {
            known.branch != branch
                || known.method != method
                || (status < 300 && known.tag != tag && known.status >= 200)
        });
        self.servers.push(Server {
            branch: branch.to_owned(),
            method: method.to_owned(),
            talk,
            latest: data,
            status,
            to,
            cseq,
            tag: tag.to_owned(),
            next: repeats.then_some(now + T1),
            interval: T1,
            until: waits.then_some(now + T1 * 64),
            rseq: None,
        });
    }

    /// The response just kept is reliable: it is repeated on every transport, without a ceiling (RFC 3262 §3).
    pub(super) fn repeat_until_pracked(&mut self, now: Mono, branch: &str, rseq: u32) {
        let Some(kept) = self.servers.iter_mut().rev().find(|known| known.branch == branch) else { return };
        kept.rseq = Some(rseq);
        kept.next = Some(now + T1);
        kept.until = Some(now + T1 * 64);
    }
}
