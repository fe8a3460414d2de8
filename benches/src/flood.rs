//! Hostile packets at a rate, from many addresses, and what comes back.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use crate::calls::Meter;
use crate::clock;
use crate::figures::{Flood, Report};
use crate::load::{bind, unique};
use crate::message::with_body;

/// Addresses they come from, each in a network of its own.
const SOURCES: u8 = 60;
const STEP: Duration = Duration::from_millis(1);

/// What to send.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where to.
    pub switch: SocketAddr,
    /// Packets a second, above zero.
    pub rate: f64,
    /// How long.
    pub span: Duration,
    /// INVITEs alone instead of the whole mix.
    pub invites: bool,
}

/// Sends until the time is over and tells what came back.
pub fn run(plan: &Plan, pid: Option<u32>) -> io::Result<Report> {
    let sockets: Vec<UdpSocket> = (0..SOURCES).map(|n| bind(source(n))).collect::<io::Result<_>>()?;
    let mut meter = pid.map(Meter::new).transpose()?;
    let (run, begun) = (unique(), clock::nanos());
    let mut flood = Flood::default();
    loop {
        let passed = clock::nanos() - begun;
        if passed >= clock::span_ns(plan.span) {
            break;
        }
        let due = (passed as f64 / 1e9 * plan.rate) as u64;
        while flood.sent < due {
            let n = flood.sent;
            let at = usize::try_from(n % u64::from(SOURCES)).unwrap_or(0);
            let packet = packet(plan, n, &run, source(u8::try_from(at).unwrap_or(0)));
            // What a full buffer drops was sent at us all the same.
            sockets[at].send_to(&packet, plan.switch).ok();
            flood.sent += 1;
            flood.octets_sent += packet.len() as u64;
        }
        sockets.iter().for_each(|socket| hear(socket, &mut flood));
        if let Some(meter) = &mut meter {
            meter.sample()?;
        }
        clock::wait(STEP);
    }
    clock::wait(STEP * 200);
    sockets.iter().for_each(|socket| hear(socket, &mut flood));
    let mut cost = meter.as_mut().map(Meter::cost).transpose()?;
    if let Some(cost) = &mut cost {
        cost.cpu_ms_each = Some(cost.cpu_ms / flood.sent.max(1) as f64);
    }
    Ok(Report { mode: "flood".to_owned(), flood: Some(flood), cost, ..Report::default() })
}

fn source(n: u8) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 77, n, 1)), 5_090)
}

fn hear(socket: &UdpSocket, flood: &mut Flood) {
    let mut datagram = [0; 4_096];
    while let Ok((octets, _)) = socket.recv_from(&mut datagram) {
        flood.answers += 1;
        flood.octets_heard += octets as u64;
    }
}

fn packet(plan: &Plan, n: u64, run: &str, from: SocketAddr) -> Vec<u8> {
    let method = match n / u64::from(SOURCES) % 5 {
        _ if plan.invites => "INVITE",
        0 => "OPTIONS",
        1 => "INVITE",
        2 => "REGISTER",
        3 => return garbage(n),
        _ => return rtp(n),
    };
    let (switch, user) = (plan.switch, 100 + n % 900);
    let digest = match method {
        "REGISTER" => format!(
            "Authorization: Digest username=\"{user}\", realm=\"tandem\", nonce=\"{n:046x}\", uri=\"sip:{switch}\", \
             response=\"{n:032x}\", algorithm=MD5, qop=auth, nc=00000001, cnonce=\"c\"\r\n"
        ),
        _ => String::new(),
    };
    format!(
        "{method} sip:{user}@{switch} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{run}{n};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:{user}@{switch}>;tag=f{n}\r\nTo: <sip:{user}@{switch}>\r\n\
         Call-ID: {n}-{run}@{from}\r\nCSeq: 1 {method}\r\nContact: <sip:{user}@{from}>\r\n\
         User-Agent: friendly-scanner\r\nAccept: application/sdp\r\n{digest}{}",
        with_body("")
    )
    .into_bytes()
}

fn garbage(n: u64) -> Vec<u8> {
    n.to_le_bytes().iter().cycle().map(|octet| octet.wrapping_mul(167) | 1).take(200).collect()
}

fn rtp(n: u64) -> Vec<u8> {
    let mut packet = vec![0x80, 0, 0, 0];
    packet.extend(n.to_be_bytes());
    packet.resize(172, 0xd5);
    packet
}
