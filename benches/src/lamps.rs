//! Many phones watch one line (RFC 4235) while calls come to it one at a time: what telling them costs, and how late
//! they learn of it.

use std::collections::BTreeSet;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use crate::calls::Meter;
use crate::clock;
use crate::digest::{self, Request};
use crate::figures::{Lamps, Report, Spread};
use crate::load::{bind, unique};
use crate::message::{self, Message, Start, with_body};
use crate::poll::Poll;
use crate::register;

/// Sockets of the watchers, so that none of them overflows when all are told.
const SOCKETS: u16 = 16;
/// Subscriptions under way at the same time.
const WINDOW: usize = 32;
/// How long each state of a call lasts: long enough for all to be told.
const STATE: Duration = Duration::from_millis(1_500);
const AGAIN: Duration = Duration::from_millis(500);
const GIVE_UP: Duration = Duration::from_secs(60);
/// How long the other end of a call may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What to watch.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The switch.
    pub switch: SocketAddr,
    /// The caller's address, a trunk's.
    pub caller: SocketAddr,
    /// The number that rings the watched phone.
    pub number: String,
    /// The watched phone's address; the watchers have the ports after it.
    pub phones: SocketAddr,
    /// The watched extension, and digest user of all who watch.
    pub first: u64,
    /// The password.
    pub password: String,
    /// How many watch, as users that follow the watched one, fifty subscriptions each.
    pub watchers: u32,
    /// Calls, one at a time.
    pub calls: u32,
}

/// Subscriptions of one user: keys of one phone.
const EACH: u32 = 50;

struct Watching<'a> {
    plan: &'a Plan,
    phone: UdpSocket,
    caller: UdpSocket,
    sockets: Vec<UdpSocket>,
    poll: Poll,
    run: String,
    /// Subscriptions not yet granted: when they were asked for last.
    asked: BTreeSet<u32>,
    report: Report,
    /// When the state that is being told began, 0 while none is.
    since_ns: u64,
    told: Spread,
    notifies: u64,
    /// What the phone was asked last, to be answered.
    ringing: Option<(String, SocketAddr)>,
    /// The caller's 200.
    answered: Option<String>,
}

/// Subscribes everybody, places the calls, and reports cost and delay of each NOTIFY.
pub fn run(plan: &Plan, pid: Option<u32>) -> io::Result<Report> {
    let registration = register::Plan {
        switch: plan.switch,
        phones: plan.phones,
        first: plan.first,
        count: 1,
        password: plan.password.clone(),
        rate: 100.0,
        expires: 3_600,
    };
    register::run(&registration, None)?;
    let mut all = Watching::new(plan)?;
    let mut meter = pid.map(Meter::new).transpose()?;
    all.subscribe()?;
    all.wait(STATE)?;
    let bytes = meter.as_mut().map(Meter::cost).transpose()?;
    if let Some(meter) = &mut meter {
        meter.restart()?;
    }
    all.notifies = 0;
    let mut states = [Spread::default(), Spread::default(), Spread::default()];
    for call in 0..plan.calls {
        all.call(call, &mut states)?;
    }
    let mut cost = meter.as_mut().map(Meter::cost).transpose()?;
    if let (Some(cost), Some(bytes)) = (&mut cost, bytes) {
        cost.cpu_ms_each = Some(cost.cpu_ms / all.notifies.max(1) as f64);
        let grown = bytes.peak_bytes.saturating_sub(bytes.idle_bytes);
        cost.bytes_each = Some(grown as f64 / f64::from(plan.watchers.max(1)));
    }
    let expected = u64::from(plan.watchers) * u64::from(plan.calls) * 3;
    let [early, confirmed, over] = states.map(|state| state.percentiles());
    all.report.lamps = Some(Lamps { expected, notifies: all.notifies, early, confirmed, over });
    all.report.cost = cost;
    Ok(all.report)
}

impl<'a> Watching<'a> {
    fn new(plan: &'a Plan) -> io::Result<Self> {
        let poll = Poll::new()?;
        let (phone, caller) = (bind(plan.phones)?, bind(plan.caller)?);
        let at = |n: u16| SocketAddr::new(plan.phones.ip(), plan.phones.port() + n);
        let sockets = (1..=SOCKETS).map(|n| bind(at(n))).collect::<io::Result<Vec<_>>>()?;
        for socket in sockets.iter().chain([&phone, &caller]) {
            poll.add(socket, 0)?;
        }
        Ok(Self {
            plan,
            phone,
            caller,
            sockets,
            poll,
            run: unique(),
            asked: BTreeSet::new(),
            report: Report { mode: "lamps".to_owned(), ..Report::default() },
            since_ns: 0,
            told: Spread::default(),
            notifies: 0,
            ringing: None,
            answered: None,
        })
    }

    fn user(&self, id: u32) -> String {
        (self.plan.first + 1 + u64::from(id / EACH)).to_string()
    }

    fn socket(&self, id: u32) -> usize {
        usize::try_from(id).unwrap_or(0) % self.sockets.len().max(1)
    }

    fn subscribe(&mut self) -> io::Result<()> {
        let last = clock::nanos() + clock::span_ns(GIVE_UP);
        let mut next = 0;
        while (next < self.plan.watchers || !self.asked.is_empty()) && clock::nanos() < last {
            while next < self.plan.watchers && self.asked.len() < WINDOW {
                self.report.outcome.offered += 1;
                self.asked.insert(next);
                self.ask(next, 1, None);
                next += 1;
            }
            let before = self.asked.len();
            self.wait(if before < WINDOW { AGAIN } else { Duration::from_millis(1) })?;
        }
        self.report.outcome.timed_out = self.asked.len() as u64;
        Ok(())
    }

    fn ask(&self, id: u32, cseq: u32, authorization: Option<&str>) {
        let Plan { switch, first, .. } = self.plan;
        let (user, run, n) = (self.user(id), &self.run, self.socket(id));
        let Some(socket) = self.sockets.get(n) else { return };
        let Ok(at) = socket.local_addr() else { return };
        let authorization =
            authorization.map(|value| format!("Proxy-Authorization: {value}\r\n")).unwrap_or_default();
        let text = format!(
            "SUBSCRIBE sip:{first}@{switch} SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bK{run}s{id}c{cseq};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{user}@{ip}>;tag=s{id}{run}\r\nTo: <sip:{first}@{ip}>\r\n\
             Call-ID: {id}-{run}@{ip}\r\nCSeq: {cseq} SUBSCRIBE\r\nContact: <sip:{user}@{at}>\r\n\
             Event: dialog\r\nAccept: application/dialog-info+xml\r\nExpires: 3600\r\n{authorization}{}",
            with_body(""),
            ip = switch.ip(),
        );
        // What a full buffer drops is missed and counted.
        socket.send_to(text.as_bytes(), switch).ok();
    }

    /// Takes what comes for so long.
    fn wait(&mut self, span: Duration) -> io::Result<()> {
        let until = clock::nanos() + clock::span_ns(span);
        let mut ready = Vec::new();
        while clock::nanos() < until {
            self.poll.wait(Some(Duration::from_millis(1)), &mut ready)?;
            self.receive();
        }
        Ok(())
    }

    /// Takes what comes until something has happened, or it never will.
    fn wait_for(&mut self, has_come: impl Fn(&Self) -> bool) -> io::Result<()> {
        let until = clock::nanos() + clock::span_ns(PATIENCE);
        while !has_come(self) && clock::nanos() < until {
            self.wait(Duration::from_millis(1))?;
        }
        Ok(())
    }

    fn receive(&mut self) {
        let mut datagram = [0; 8_192];
        for n in 0..self.sockets.len() {
            while let Some(Ok((length, from))) = self.sockets.get(n).map(|it| it.recv_from(&mut datagram)) {
                let octets = datagram.get(..length).unwrap_or_default();
                let Some(message) = Message::parse(octets) else { continue };
                match message.start {
                    Start::Request { .. } => self.notified(n, &message, from),
                    Start::Response(code) => self.granted(code, &message),
                }
            }
        }
        while let Ok((length, from)) = self.phone.recv_from(&mut datagram) {
            let text = String::from_utf8_lossy(datagram.get(..length).unwrap_or_default()).into_owned();
            let Some(message) = Message::parse(text.as_bytes()) else { continue };
            match message.start {
                Start::Request { method: "INVITE", .. } => self.ringing = Some((text, from)),
                Start::Request { method: "ACK", .. } | Start::Response(_) => {}
                Start::Request { .. } => {
                    let answer = message.answer("200 OK", "p", None, "");
                    self.phone.send_to(answer.as_bytes(), from).ok();
                }
            }
        }
        while let Ok((length, _)) = self.caller.recv_from(&mut datagram) {
            let text = String::from_utf8_lossy(datagram.get(..length).unwrap_or_default()).into_owned();
            if let Some(Start::Response(200)) = Message::parse(text.as_bytes()).map(|message| message.start) {
                self.answered = Some(text);
            }
        }
    }

    fn notified(&mut self, n: usize, message: &Message<'_>, from: SocketAddr) {
        self.notifies += 1;
        if self.since_ns > 0 {
            self.told.record(clock::nanos() - self.since_ns);
        }
        let answer = message.answer("200 OK", "", None, "");
        if let Some(socket) = self.sockets.get(n) {
            socket.send_to(answer.as_bytes(), from).ok();
        }
    }

    fn granted(&mut self, code: u16, message: &Message<'_>) {
        let id = message.call_id().split_once('-').and_then(|(id, _)| id.parse::<u32>().ok());
        let Some(id) = id.filter(|id| self.asked.contains(id)) else { return };
        let cseq = message.header("CSeq", "CSeq").unwrap_or_default();
        if code == 407 && cseq.starts_with("1 ") {
            let (user, uri) = (self.user(id), format!("sip:{}@{}", self.plan.first, self.plan.switch));
            let (password, cnonce) = (&self.plan.password, &self.run);
            let request = Request { user: &user, password, method: "SUBSCRIBE", uri: &uri, cnonce };
            let mut challenges = message.headers("Proxy-Authenticate", "Proxy-Authenticate");
            if let Some(value) = challenges.find_map(|it| digest::authorization(it, request)) {
                return self.ask(id, 2, Some(&value));
            }
        }
        self.asked.remove(&id);
        if code < 300 {
            self.report.outcome.answered += 1;
            self.report.outcome.complete += 1;
        } else {
            *self.report.outcome.refused.entry(code).or_default() += 1;
        }
    }

    /// One call: it rings, is answered and ends, and of each all are told.
    fn call(&mut self, call: u32, states: &mut [Spread; 3]) -> io::Result<()> {
        let Plan { switch, number, caller, .. } = self.plan.clone();
        let run = self.run.clone();
        let common = |method: &str, cseq: u32, to: &str| {
            format!(
                "Via: SIP/2.0/UDP {caller};branch=z9hG4bK{run}k{call}c{cseq}{method};rport\r\nMax-Forwards: 70\r\n\
                 From: <sip:+15550123@{caller}>;tag=k{call}\r\nTo: {to}\r\nCall-ID: k{call}{run}\r\n\
                 CSeq: {cseq} {method}\r\nContact: <sip:c@{caller}>\r\n"
            )
        };
        let (ours, theirs) =
            (SocketAddr::new(caller.ip(), 10_000), SocketAddr::new(self.plan.phones.ip(), 10_000));
        let to = format!("<sip:{number}@{switch}>");
        let invite = with_body(&message::sdp(ours));
        let invite = format!("INVITE sip:{number}@{switch} SIP/2.0\r\n{}{invite}", common("INVITE", 1, &to));
        (self.ringing, self.answered) = (None, None);
        self.caller.send_to(invite.as_bytes(), switch)?;
        self.wait_for(|all| all.ringing.is_some())?;
        let Some((asked, from)) = self.ringing.clone() else { return Err(io::Error::other("nothing rings")) };
        let asked = Message::parse(asked.as_bytes()).ok_or_else(|| io::Error::other("no INVITE"))?;
        let (tag, contact) = (format!("p{call}"), format!("sip:p@{}", self.plan.phones));
        let sdp = message::sdp(theirs);
        let answers = [
            asked.answer("180 Ringing", &tag, Some(&contact), ""),
            asked.answer("200 OK", &tag, Some(&contact), &sdp),
        ];
        for (answer, state) in answers.iter().zip(states.iter_mut()) {
            self.since_ns = clock::nanos();
            self.phone.send_to(answer.as_bytes(), from)?;
            if answer.starts_with("SIP/2.0 200") {
                self.wait_for(|all| all.answered.is_some())?;
                self.acknowledge(&common)?;
            }
            self.wait(STATE)?;
            state.merge(&std::mem::take(&mut self.told));
        }
        let Some(ok) = self.answered.clone() else { return Err(io::Error::other("nobody answers")) };
        let ok = Message::parse(ok.as_bytes()).ok_or_else(|| io::Error::other("no 200"))?;
        let (to, target) = (ok.header("To", "t").unwrap_or_default(), ok.contact().unwrap_or_default());
        let bye = format!("BYE {target} SIP/2.0\r\n{}{}", common("BYE", 2, to), with_body(""));
        self.since_ns = clock::nanos();
        self.caller.send_to(bye.as_bytes(), switch)?;
        self.wait(STATE)?;
        let [_, _, over] = states;
        over.merge(&std::mem::take(&mut self.told));
        self.since_ns = 0;
        Ok(())
    }

    fn acknowledge(&self, common: &impl Fn(&str, u32, &str) -> String) -> io::Result<()> {
        let Some(ok) = &self.answered else { return Ok(()) };
        let ok = Message::parse(ok.as_bytes()).ok_or_else(|| io::Error::other("no 200"))?;
        let (to, target) = (ok.header("To", "t").unwrap_or_default(), ok.contact().unwrap_or_default());
        let ack = format!("ACK {target} SIP/2.0\r\n{}{}", common("ACK", 1, to), with_body(""));
        self.caller.send_to(ack.as_bytes(), self.plan.switch).map(drop)
    }
}
