//! A SIP party of our own with a real RTP socket, driven line by line by the test.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// How long an expected message may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long silence is listened to before it counts as such.
const SILENCE: Duration = Duration::from_millis(400);
/// Messages that may pass by before the expected one.
const OTHERS: usize = 50;

/// One end of a call, over UDP.
#[derive(Debug)]
pub struct Party {
    sip: UdpSocket,
    pub(super) rtp: UdpSocket,
    rtcp: UdpSocket,
}

/// An RTP packet as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtpPacket {
    /// Payload type.
    pub payload_type: u8,
    /// Sequence number.
    pub sequence: u16,
    /// Who sent it.
    pub ssrc: u32,
    /// What it carries.
    pub payload: Vec<u8>,
    /// Where it came from.
    pub from: SocketAddr,
}

impl Party {
    /// A party that takes SIP there, and RTP and RTCP on a pair of ports from 30500 on.
    ///
    /// # Panics
    /// When the addresses are taken.
    pub fn new(sip: SocketAddr) -> Self {
        let bind = |port: u16| UdpSocket::bind((sip.ip(), port)).ok();
        let pair = (30_500..31_000).step_by(2).find_map(|port| bind(port).zip(bind(port + 1)));
        let (rtp, rtcp) = pair.expect("a free pair of ports");
        let socket = UdpSocket::bind(sip).expect("the party's own address");
        for each in [&socket, &rtp, &rtcp] {
            each.set_read_timeout(Some(PATIENCE)).expect("a bound socket");
        }
        Self { sip: socket, rtp, rtcp }
    }

    /// Where it takes SIP.
    pub fn address(&self) -> SocketAddr {
        self.sip.local_addr().expect("bound")
    }

    /// Where it takes RTP.
    pub fn rtp_address(&self) -> SocketAddr {
        self.rtp.local_addr().expect("bound")
    }

    /// Its SDP: PCMU at its own socket.
    pub fn sdp(&self) -> String {
        let (ip, port) = (self.rtp_address().ip(), self.rtp_address().port());
        format!(
            "v=0\r\no=party 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n\
             a=rtpmap:0 PCMU/8000\r\na=ptime:20\r\n"
        )
    }

    /// Acknowledges a refusal of an INVITE for number `busy` (RFC 3261 §17.1.1.3).
    pub fn refused(&self, answer: &str, switch: SocketAddr) {
        let lines: String = ["Via", "From", "To", "Call-ID"]
            .map(|name| format!("{name}: {}\r\n", header(answer, name)))
            .concat();
        self.send(
            switch,
            format!("ACK sip:busy@{switch} SIP/2.0\r\n{lines}CSeq: 1 ACK\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"),
        );
    }

    /// Sends octets as they are.
    ///
    /// # Panics
    /// When they cannot be sent.
    pub fn send(&self, to: SocketAddr, message: impl AsRef<[u8]>) {
        self.sip.send_to(message.as_ref(), to).expect("sendable");
    }

    /// Sends an INVITE for `number` with its SDP; `id` makes the Call-ID, the tag and the branch.
    pub fn invite(&self, switch: SocketAddr, number: &str, id: &str) {
        self.invite_with(switch, number, id, &self.sdp());
    }

    /// The same with a body of the test's choice.
    pub fn invite_with(&self, switch: SocketAddr, number: &str, id: &str, sdp: &str) {
        let end = format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}", sdp.len());
        let uri = format!("sip:{number}@{switch}");
        self.send(switch, self.request("INVITE", &uri, &format!("<{uri}>"), id, 1) + &end);
    }

    /// Acknowledges a 200 that answers [`Self::invite`] and returns where to send RTP.
    pub fn acknowledge(&self, ok: &str, switch: SocketAddr, id: &str) -> SocketAddr {
        self.within(ok, switch, id, "ACK", 1);
        SocketAddr::new(switch.ip(), sdp_port(ok))
    }

    /// Offers another body in the call that `ok` opened; returns the answer, acknowledged.
    ///
    /// # Panics
    /// When it is not accepted.
    pub fn reinvite(&self, ok: &str, switch: SocketAddr, id: &str, cseq: u32, sdp: &str) -> String {
        let (contact, to) = (uri_of(header(ok, "Contact")), header(ok, "To"));
        let end = format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}", sdp.len());
        self.send(switch, self.request("INVITE", contact, to, id, cseq) + &end);
        let of_ours = format!("{cseq} INVITE");
        let fits = |message: &str| message.starts_with("SIP/2.0 200") && header(message, "CSeq") == of_ours;
        let answer = self.message_where(None, fits).expect("a 200 to the re-INVITE");
        self.within(ok, switch, id, "ACK", cseq);
        answer
    }

    /// The next datagrams at its RTP port, whatever they are, or fewer when no more come.
    pub fn datagrams(&self, count: usize) -> Vec<Vec<u8>> {
        let next = |_| {
            let mut octets = [0; 2_048];
            let length = self.rtp.recv(&mut octets).ok()?;
            Some(octets[..length].to_vec())
        };
        (0..count).map_while(next).collect()
    }

    /// Every datagram at its RTP port until there is silence.
    ///
    /// # Panics
    /// When the socket takes no timeout.
    pub fn drained(&self) -> Vec<Vec<u8>> {
        self.rtp.set_read_timeout(Some(SILENCE)).expect("a bound socket");
        let heard = self.datagrams(usize::from(u16::MAX));
        self.rtp.set_read_timeout(Some(PATIENCE)).expect("a bound socket");
        heard
    }

    /// Hangs up the call that `ok` opened and waits for the answer.
    pub fn hang_up(&self, ok: &str, switch: SocketAddr, id: &str) {
        self.within(ok, switch, id, "BYE", 9);
        self.expect("SIP/2.0 200");
    }

    fn within(&self, ok: &str, switch: SocketAddr, id: &str, method: &str, cseq: u32) {
        let (contact, to) = (uri_of(header(ok, "Contact")), header(ok, "To"));
        self.send(switch, self.request(method, contact, to, id, cseq) + "Content-Length: 0\r\n\r\n");
    }

    /// Answers `request` with a status line's rest, such as `180 Ringing`, and a body of SDP or none.
    pub fn reply(&self, request: &str, to: SocketAddr, status: &str, sdp: &str) {
        let mut answer = format!("SIP/2.0 {status}\r\n");
        for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
            let value = header(request, name);
            let tag = if name == "To" && !value.contains(";tag=") { ";tag=party" } else { "" };
            answer += &format!("{name}: {value}{tag}\r\n");
        }
        answer += &format!("Contact: <sip:party@{}>\r\n", self.address());
        if !sdp.is_empty() {
            answer += "Content-Type: application/sdp\r\n";
        }
        self.send(to, answer + &format!("Content-Length: {}\r\n\r\n{sdp}", sdp.len()));
    }

    /// The next SIP message whose first line begins with `start`; others pass by.
    ///
    /// # Panics
    /// When it does not come.
    pub fn expect(&self, start: &str) -> String {
        let mut others = Vec::new();
        for _ in 0..OTHERS {
            let Some(message) = self.receive() else { break };
            if message.starts_with(start) {
                return message;
            }
            others.push(message.lines().next().unwrap_or_default().to_owned());
        }
        panic!("no {start:?} came, but {others:?}");
    }

    /// The next SIP message, or `None` when none comes in time.
    pub fn receive(&self) -> Option<String> {
        let mut octets = [0; 65_536];
        let (length, _) = self.sip.recv_from(&mut octets).ok()?;
        Some(String::from_utf8_lossy(&octets[..length]).into_owned())
    }

    /// The next SIP message that `fits`; others pass by. `None` when `patience`, 10 s without one, passes in silence.
    ///
    /// # Panics
    /// When the socket takes no timeout.
    pub fn message_where(&self, patience: Option<Duration>, fits: impl Fn(&str) -> bool) -> Option<String> {
        self.sip.set_read_timeout(patience.or(Some(PATIENCE))).expect("a bound socket");
        let mut coming = std::iter::from_fn(|| self.receive()).take(OTHERS);
        let found = coming.find(|message| fits(message));
        self.sip.set_read_timeout(Some(PATIENCE)).expect("a bound socket");
        found
    }

    /// Sends `count` RTP packets of 20 ms with this octet as sound, the first with sequence number 1.
    ///
    /// # Panics
    /// When they cannot be sent.
    pub fn talk(&self, to: SocketAddr, count: u16, sound: u8) {
        talk(&self.rtp, to, count, sound);
    }

    /// Sends these octets from its RTP socket, one packet after the other as fast as they go.
    ///
    /// # Panics
    /// When they cannot be sent.
    pub fn spray(&self, to: SocketAddr, packets: impl IntoIterator<Item = Vec<u8>>) {
        for packet in packets {
            self.rtp.send_to(&packet, to).expect("sendable");
        }
    }

    /// Sends an RTCP packet there.
    ///
    /// # Panics
    /// When it cannot be sent.
    pub fn report(&self, to: SocketAddr, packet: &[u8]) {
        self.rtcp.send_to(packet, to).expect("sendable");
    }

    /// The next RTCP packet.
    pub fn reported(&self) -> Option<Vec<u8>> {
        let mut octets = [0; 2_048];
        let length = self.rtcp.recv(&mut octets).ok()?;
        Some(octets[..length].to_vec())
    }

    /// Sends these payloads of PCMU, 20 ms apart by the clock: where one is late the next are not. Returns by how much the
    /// latest was late, which says how busy the machine is.
    ///
    /// # Panics
    /// When they cannot be sent.
    #[expect(clippy::disallowed_methods, reason = "a phone's clock is what makes its sound keep time")]
    pub fn play(&self, to: SocketAddr, payloads: &[Vec<u8>]) -> Duration {
        let begun = Instant::now();
        let mut latest = Duration::ZERO;
        for (payload, sequence) in payloads.iter().zip(1_u16..) {
            let mut packet = vec![0x80, 0];
            packet.extend(sequence.to_be_bytes());
            packet.extend((u32::from(sequence) * 160).to_be_bytes());
            packet.extend([7; 4]);
            packet.extend(payload);
            self.rtp.send_to(&packet, to).expect("sendable");
            let next = begun + Duration::from_millis(20) * u32::from(sequence);
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
            latest = latest.max(next.elapsed());
        }
        latest
    }

    /// `count` RTP packets, or fewer when no more come.
    ///
    /// # Panics
    /// When something else than RTP comes.
    pub fn hear(&self, count: usize) -> Vec<RtpPacket> {
        (0..count).map_while(|_| self.packet()).collect()
    }

    /// Every RTP packet that comes until there is silence.
    ///
    /// # Panics
    /// When something else than RTP comes.
    pub fn hear_out(&self) -> Vec<RtpPacket> {
        self.rtp.set_read_timeout(Some(SILENCE)).expect("a bound socket");
        let heard = std::iter::from_fn(|| self.packet()).collect();
        self.rtp.set_read_timeout(Some(PATIENCE)).expect("a bound socket");
        heard
    }

    fn packet(&self) -> Option<RtpPacket> {
        let mut octets = [0; 2_048];
        let (length, from) = self.rtp.recv_from(&mut octets).ok()?;
        let (head, payload) = octets[..length].split_first_chunk::<12>().expect("a whole RTP header");
        assert_eq!(head[0], 0x80, "RTP version 2 without extras");
        Some(RtpPacket {
            payload_type: head[1] & 0x7f,
            sequence: u16::from_be_bytes([head[2], head[3]]),
            ssrc: u32::from_be_bytes([head[8], head[9], head[10], head[11]]),
            payload: payload.to_vec(),
            from,
        })
    }

    fn request(&self, method: &str, uri: &str, to: &str, id: &str, cseq: u32) -> String {
        let me = self.address();
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {me};rport;branch=z9hG4bK{id}{method}{cseq}\r\nMax-Forwards: 70\r\n\
             From: <sip:party@{me}>;tag={id}\r\nTo: {to}\r\nCall-ID: {id}@{}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:party@{me}>\r\n",
            me.ip()
        )
    }
}

/// Sends RTP from any socket; each `sound` is a stream of its own.
pub(crate) fn talk(socket: &UdpSocket, to: SocketAddr, count: u16, sound: u8) {
    for sequence in 1..=count {
        let mut packet = vec![0x80, 0];
        packet.extend(sequence.to_be_bytes());
        packet.extend((u32::from(sequence) * 160).to_be_bytes());
        packet.extend([sound; 4]);
        packet.extend([sound; 160]);
        socket.send_to(&packet, to).expect("sendable");
        // 20 ms as a phone would, so that no buffer on the way overflows.
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// The value of the first header with this long name; empty without one.
pub fn header<'a>(message: &'a str, name: &str) -> &'a str {
    let head = message.split("\r\n\r\n").next().unwrap_or_default();
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(found, _)| found.trim().eq_ignore_ascii_case(name)).map_or("", |(_, value)| value.trim())
}

/// The port of the first audio line in a message's SDP.
///
/// # Panics
/// Without one.
pub fn sdp_port(message: &str) -> u16 {
    let line = message.lines().find_map(|line| line.strip_prefix("m=audio "));
    let port = line.and_then(|line| line.split(' ').next());
    port.and_then(|port| port.parse().ok()).unwrap_or_else(|| panic!("no audio in {message}"))
}

fn uri_of(value: &str) -> &str {
    let inner = value.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or(value, |(uri, _)| uri)
}
