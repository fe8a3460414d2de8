//! Guessing at users: how long wrong passwords take to be refused for those there are and those there are not.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use crate::clock;
use crate::digest::{self, Request};
use crate::figures::{Guesses, Percentiles, Report, Spread};
use crate::load::unique;
use crate::message::{Message, Start, with_body};

const PATIENCE: Duration = Duration::from_secs(2);
/// The first user of those there are not, as many digits as those there are.
const NOBODY: u64 = 800_000;

/// What to guess at.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// The switch.
    pub switch: SocketAddr,
    /// Users there are: this number and the ones that follow, six digits.
    pub first: u64,
    /// Guesses at each kind of user with each method, at most 4,096: every one comes from a network of its own, and no
    /// user is guessed at more than twice, so that no ban is met.
    pub count: u16,
}

/// Guesses at one user there is and one there is not, by turns, REGISTER and INVITE.
pub fn run(plan: Plan) -> io::Result<Report> {
    let run = unique();
    let mut took = [[Spread::default(), Spread::default()], [Spread::default(), Spread::default()]];
    let mut report = Report { mode: "guess".to_owned(), ..Report::default() };
    for n in 0..plan.count {
        for (row, method) in ["REGISTER", "INVITE"].into_iter().enumerate() {
            // Who is first finds colder caches; so each kind is in half of the turns.
            for turn in [n & 1, 1 - (n & 1)].map(usize::from) {
                let user = [plan.first, NOBODY][turn] + u64::from(n);
                let from = source(u8::try_from(turn * 2 + row).unwrap_or(0), n);
                report.outcome.offered += 1;
                let guess = Guess { switch: plan.switch, from, user: user.to_string(), method, run: &run };
                if let Some(ns) = guess.refused_after()? {
                    took[row][turn].record(ns);
                    report.outcome.answered += 1;
                    report.outcome.complete += 1;
                } else {
                    report.outcome.timed_out += 1;
                }
            }
        }
    }
    let none = || io::Error::other("no guess was refused");
    let pair = |row: &[Spread; 2]| -> io::Result<[Percentiles; 2]> {
        let [known, unknown] = row.each_ref().map(Spread::percentiles);
        Ok([known.ok_or_else(none)?, unknown.ok_or_else(none)?])
    };
    report.guesses = Some(Guesses { register: pair(&took[0])?, invite: pair(&took[1])? });
    Ok(report)
}

/// Every guess has an address in a network of its own.
fn source(kind: u8, n: u16) -> SocketAddr {
    let [high, low] = n.to_be_bytes();
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 100 + kind * 16 + high % 16, low, 1)), 0)
}

/// One guess.
struct Guess<'a> {
    switch: SocketAddr,
    from: SocketAddr,
    user: String,
    method: &'static str,
    run: &'a str,
}

impl Guess<'_> {
    /// From the wrong password to its refusal, ns; `None` when either request is not answered with a challenge.
    fn refused_after(&self) -> io::Result<Option<u64>> {
        let socket = UdpSocket::bind(self.from)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.connect(self.switch)?;
        let Some((first, _)) = self.ask(&socket, 1, "")? else { return Ok(None) };
        let uri = self.uri();
        let Guess { user, method, run, .. } = self;
        let request = Request { user, password: "wrong", method, uri: &uri, cnonce: run };
        let Some(message) = Message::parse(&first) else { return Ok(None) };
        let (asks, answers) = match *method {
            "REGISTER" => ("WWW-Authenticate", "Authorization"),
            _ => ("Proxy-Authenticate", "Proxy-Authorization"),
        };
        let value =
            message.headers(asks, asks).find_map(|challenge| digest::authorization(challenge, request));
        let Some(value) = value else { return Ok(None) };
        Ok(self.ask(&socket, 2, &format!("{answers}: {value}\r\n"))?.map(|(_, ns)| ns))
    }

    /// Sends and waits for the challenge.
    fn ask(&self, socket: &UdpSocket, cseq: u32, credentials: &str) -> io::Result<Option<(Vec<u8>, u64)>> {
        let (text, mut answer) = (self.text(socket.local_addr()?, cseq, credentials), vec![0; 4_096]);
        let begun = clock::nanos();
        socket.send(text.as_bytes())?;
        loop {
            let octets = match socket.recv(&mut answer) {
                Ok(octets) => octets,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error),
            };
            let took = clock::nanos() - begun;
            let start = answer.get(..octets).and_then(Message::parse).map(|message| message.start);
            match start {
                Some(Start::Response(401 | 407)) => {
                    answer.truncate(octets);
                    return Ok(Some((answer, took)));
                }
                Some(Start::Response(100)) => {}
                Some(Start::Response(_) | Start::Request { .. }) | None => return Ok(None),
            }
        }
    }

    fn uri(&self) -> String {
        match self.method {
            "REGISTER" => format!("sip:{}", self.switch),
            _ => format!("sip:100000@{}", self.switch),
        }
    }

    fn text(&self, from: SocketAddr, cseq: u32, credentials: &str) -> String {
        let Guess { user, method, run, switch, .. } = self;
        let to = if *method == "REGISTER" { user } else { "100000" };
        format!(
            "{method} {} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{run}{user}{cseq};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{user}@{ip}>;tag=f{user}\r\nTo: <sip:{to}@{ip}>\r\n\
             Call-ID: {user}{method}-{run}@{ip}\r\nCSeq: {cseq} {method}\r\nContact: <sip:{user}@{from}>\r\n\
             User-Agent: a phone with a name as long as those of real ones\r\nAccept: application/sdp\r\n\
             Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, NOTIFY, REFER, MESSAGE\r\n\
             Supported: replaces, timer, path, outbound, 100rel, gruu\r\n{credentials}{}",
            self.uri(),
            with_body(""),
            ip = switch.ip(),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_guess_comes_from_a_network_of_its_own() {
        let network = |at: SocketAddr| match at.ip() {
            IpAddr::V4(ip) => ip.octets()[..3].to_vec(),
            IpAddr::V6(_) => Vec::new(),
        };
        let networks: BTreeSet<_> =
            (0..4_u8).flat_map(|kind| (0..2_000).map(move |n| source(kind, n))).map(network).collect();
        assert_eq!(networks.len(), 8_000);
    }
}
