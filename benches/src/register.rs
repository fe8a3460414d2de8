//! Registers many addresses of record with digest and weighs them.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use crate::calls::Meter;
use crate::clock;
use crate::digest::{self, Request};
use crate::figures::{Report, Spread};
use crate::load::{T1, bind, unique};
use crate::message::{Message, Start, with_body};
use crate::poll::Poll;

/// Registrations under way at the same time.
const WINDOW: usize = 64;
const ATTEMPTS: u32 = 6;
const SAMPLE: Duration = Duration::from_millis(250);

/// What to register.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The registrar.
    pub switch: SocketAddr,
    /// The phones' address; all share one socket.
    pub phones: SocketAddr,
    /// Digest users are this number and the ones that follow.
    pub first: u64,
    /// How many.
    pub count: u32,
    /// The password of every user.
    pub password: String,
    /// Most registrations per second, above zero.
    pub rate: f64,
    /// Expires, seconds.
    pub expires: u32,
}

#[derive(Debug)]
struct Pending {
    begun_ns: u64,
    sent_ns: u64,
    attempt: u32,
    text: String,
    challenged: bool,
}

struct Registering<'a> {
    plan: &'a Plan,
    socket: UdpSocket,
    run: String,
    pending: BTreeMap<u32, Pending>,
    /// Ids in the order of their last sending; stale entries are skipped.
    waiting: VecDeque<(u64, u32)>,
    report: Report,
    took: Spread,
}

/// Registers everyone once and reports time, CPU and memory each.
pub fn run(plan: &Plan, pid: Option<u32>) -> io::Result<Report> {
    let socket = bind(plan.phones)?;
    let mut poll = Poll::new()?;
    poll.add(&socket, 0)?;
    let mut meter = pid.map(Meter::new).transpose()?;
    let report = Report { mode: "register".to_owned(), ..Report::default() };
    let (pending, waiting) = (BTreeMap::new(), VecDeque::new());
    let mut all =
        Registering { plan, socket, run: unique(), pending, waiting, report, took: Spread::default() };
    let (begun, mut next_sample, mut next, mut ready) = (clock::nanos(), 0, 0, Vec::new());
    while next < plan.count || !all.pending.is_empty() {
        let now = clock::nanos();
        if let Some(meter) = meter.as_mut().filter(|_| now >= next_sample) {
            meter.sample()?;
            next_sample = now + clock::span_ns(SAMPLE);
        }
        let due = ((now - begun) as f64 / 1e9 * plan.rate) as u32;
        while next < plan.count.min(due) && all.pending.len() < WINDOW {
            all.begin(next);
            next += 1;
        }
        poll.wait(Some(Duration::from_millis(1)), &mut ready)?;
        all.receive();
        all.send_again();
    }
    if let Some(meter) = &mut meter {
        clock::wait(SAMPLE * 4);
        let mut cost = meter.cost()?;
        let accepted = all.report.outcome.complete.max(1) as f64;
        cost.cpu_ms_each = Some(cost.cpu_ms / accepted);
        cost.bytes_each = Some(cost.peak_bytes.saturating_sub(cost.idle_bytes) as f64 / accepted);
        all.report.cost = Some(cost);
    }
    all.report.setup = all.took.percentiles();
    Ok(all.report)
}

impl Registering<'_> {
    fn begin(&mut self, id: u32) {
        self.report.outcome.offered += 1;
        let now = clock::nanos();
        let text = self.request(id, 1, None);
        self.pending.insert(id, Pending { begun_ns: now, sent_ns: now, attempt: 0, text, challenged: false });
        self.send(id);
    }

    fn request(&self, id: u32, cseq: u32, authorization: Option<&str>) -> String {
        let Plan { switch, phones, first, expires, .. } = self.plan;
        let (user, run) = (first + u64::from(id), &self.run);
        let authorization =
            authorization.map(|value| format!("Authorization: {value}\r\n")).unwrap_or_default();
        format!(
            "REGISTER sip:{switch} SIP/2.0\r\nVia: SIP/2.0/UDP {phones};branch=z9hG4bK{run}r{id}c{cseq};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{user}@{ip}>;tag=r{id}{run}\r\nTo: <sip:{user}@{ip}>\r\n\
             Call-ID: {id}-{run}@{phone}\r\nCSeq: {cseq} REGISTER\r\nContact: <sip:{user}@{phones}>\r\n\
             Expires: {expires}\r\nSupported: replaces, timer, path, outbound, 100rel\r\n\
             Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, NOTIFY, REFER\r\n{authorization}{}",
            with_body(""),
            ip = switch.ip(),
            phone = phones.ip(),
        )
    }

    fn send(&mut self, id: u32) {
        let Some(pending) = self.pending.get_mut(&id) else { return };
        pending.sent_ns = clock::nanos();
        self.waiting.push_back((pending.sent_ns, id));
        // What a full buffer drops is sent again.
        self.socket.send_to(pending.text.as_bytes(), self.plan.switch).ok();
    }

    fn receive(&mut self) {
        let mut datagram = [0; 8_192];
        while let Ok((length, _)) = self.socket.recv_from(&mut datagram) {
            let Some(message) = Message::parse(datagram.get(..length).unwrap_or_default()) else { continue };
            let id = message.call_id().split_once('-').and_then(|(id, _)| id.parse().ok());
            match (message.start, id.filter(|id| self.pending.contains_key(id))) {
                (Start::Response(code), Some(id)) if code >= 200 => self.answered(id, code, &message),
                (Start::Response(_), Some(_)) => {}
                (Start::Response(_), None) | (Start::Request { .. }, _) => self.report.outcome.strange += 1,
            }
        }
    }

    fn answered(&mut self, id: u32, code: u16, message: &Message<'_>) {
        let challenged = self.pending.get(&id).is_some_and(|pending| pending.challenged);
        let cseq = message.header("CSeq", "CSeq").unwrap_or_default();
        if code == 401 && challenged && cseq.starts_with("1 ") {
            return;
        }
        if code == 401 && !challenged {
            let (user, uri) =
                ((self.plan.first + u64::from(id)).to_string(), format!("sip:{}", self.plan.switch));
            let password = &self.plan.password;
            let request = Request { user: &user, password, method: "REGISTER", uri: &uri, cnonce: &self.run };
            let value = message
                .headers("WWW-Authenticate", "WWW-Authenticate")
                .find_map(|challenge| digest::authorization(challenge, request));
            if let Some(value) = value {
                let text = self.request(id, 2, Some(&value));
                if let Some(pending) = self.pending.get_mut(&id) {
                    (pending.text, pending.challenged, pending.attempt) = (text, true, 0);
                }
                return self.send(id);
            }
        }
        let Some(pending) = self.pending.remove(&id) else { return };
        if code < 300 {
            self.report.outcome.answered += 1;
            self.report.outcome.complete += 1;
            self.took.record(clock::nanos() - pending.begun_ns);
        } else {
            *self.report.outcome.refused.entry(code).or_default() += 1;
        }
    }

    fn send_again(&mut self) {
        let now = clock::nanos();
        while let Some(&(sent_ns, id)) = self.waiting.front() {
            if sent_ns + clock::span_ns(T1) > now {
                return;
            }
            self.waiting.pop_front();
            let Some(pending) = self.pending.get_mut(&id).filter(|pending| pending.sent_ns == sent_ns) else {
                continue;
            };
            pending.attempt += 1;
            if pending.attempt > ATTEMPTS {
                self.pending.remove(&id);
                self.report.outcome.timed_out += 1;
            } else {
                self.report.outcome.resent += 1;
                self.send(id);
            }
        }
    }
}
