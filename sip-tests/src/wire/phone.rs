//! A phone of our own with a codec: what it says is made beforehand, what it hears is kept with its time.

use std::f64::consts::TAU;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use base::media::{Codec, Wishes};
use media::frame::Rate;
use media::{codec, rtp};

use super::{Heard, Party, sdp_port};

const PACKET: Duration = Duration::from_millis(20);
/// Between two looks for packets.
const LOOK: Duration = Duration::from_millis(2);
const LONGEST_PAYLOAD: usize = 4_000;

/// Packets of 20 ms of one codec.
#[derive(Clone, Debug)]
pub struct Audio(Arc<[Vec<u8>]>);

impl Audio {
    /// What a phone with this codec makes of these samples at the codec's own rate ([`Self::rate`]).
    ///
    /// # Panics
    /// When the codec is not speech.
    pub fn of(codec: Codec, samples: &[i16]) -> Self {
        let rate = Self::rate(codec);
        let mut encoder = codec::encoder(codec, &Wishes::default(), rate).expect("speech");
        let payload = |audio: &[i16]| {
            let mut payload = vec![0; LONGEST_PAYLOAD];
            let octets = encoder.encode(audio, &mut payload).expect("20 ms");
            payload.truncate(octets);
            payload
        };
        Self(samples.chunks_exact(rate.frame() * 2).map(payload).collect())
    }

    /// Tones one after the other: frequency (0 for silence) and milliseconds, with an eighth of full scale.
    pub fn tones(codec: Codec, tones: &[(u32, u32)]) -> Self {
        Self::of(codec, &sines(Self::rate(codec).hz(), tones))
    }

    /// The rate that a codec is best fed with.
    pub fn rate(codec: Codec) -> Rate {
        match codec.audio_hz() {
            48_000 => Rate::Hz48000,
            16_000 => Rate::Hz16000,
            _ => Rate::Hz8000,
        }
    }
}

/// The level of [`Audio::tones`].
pub const TONE_DBM0: f32 = -14.9;

fn sines(rate_hz: u32, tones: &[(u32, u32)]) -> Vec<i16> {
    let mut samples = Vec::new();
    for (hz, ms) in tones {
        for at in 0..ms * (rate_hz / 1_000) {
            let sine = (TAU * f64::from(*hz) * f64::from(at) / f64::from(rate_hz)).sin();
            #[expect(clippy::cast_possible_truncation, reason = "an eighth of the range of i16")]
            samples.push((sine * 4_096.0).round() as i16);
        }
    }
    samples
}

/// A packet with its time.
#[derive(Clone, Debug)]
pub(super) struct Came {
    pub(super) at: Instant,
    pub(super) head: rtp::Header,
    pub(super) payload: Vec<u8>,
}

/// A party that speaks and listens.
#[derive(Debug)]
pub struct Phone {
    /// Its signalling.
    pub party: Party,
    codec: Codec,
    number: u8,
    to: Option<SocketAddr>,
    says: Audio,
    /// Packets of `says` that were sent or lost.
    said: usize,
    /// Which of the packets the network loses.
    loses: Vec<bool>,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
    sent: Vec<Instant>,
    came: Vec<Came>,
}

impl Phone {
    /// A silent phone that takes SIP there and has this codec and no other.
    pub fn new(sip: SocketAddr, codec: Codec) -> Self {
        let party = Party::new(sip);
        let ssrc = 0x7000_0000 + u32::from(party.rtp_address().port());
        Self {
            party,
            codec,
            number: number_of(codec),
            to: None,
            says: Audio(Arc::new([])),
            said: 0,
            loses: Vec::new(),
            sequence: 60_000,
            timestamp: 4_000_000_000,
            ssrc,
            sent: Vec::new(),
            came: Vec::new(),
        }
    }

    /// Its offer or answer.
    pub fn sdp(&self) -> String {
        let at = self.party.rtp_address();
        let (ip, port, number) = (at.ip(), at.port(), self.number);
        let name = match self.codec {
            Codec::Pcma => "PCMA/8000",
            Codec::G722 => "G722/8000",
            Codec::Opus => "opus/48000/2",
            Codec::Pcmu | Codec::TelephoneEvent | Codec::ComfortNoise | Codec::Other(_) => "PCMU/8000",
        };
        format!(
            "v=0\r\no=phone 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP {number}\r\n\
             a=rtpmap:{number} {name}\r\na=ptime:20\r\n"
        )
    }

    /// Calls a number and waits until it answers; returns the 200.
    ///
    /// # Panics
    /// When it does not.
    pub fn call(&mut self, switch: SocketAddr, number: &str, id: &str) -> String {
        self.party.invite_with(switch, number, id, &self.sdp());
        self.connected(switch, id)
    }

    /// Waits for the 200 to its call and acknowledges it.
    ///
    /// # Panics
    /// When it does not come.
    pub fn connected(&mut self, switch: SocketAddr, id: &str) -> String {
        let ok = self.party.expect("SIP/2.0 200");
        self.to = Some(self.party.acknowledge(&ok, switch, id));
        ok
    }

    /// Answers the next call; returns its INVITE.
    ///
    /// # Panics
    /// When none comes or it does not offer the phone's codec.
    pub fn answer(&mut self, switch: SocketAddr) -> String {
        let invite = self.party.expect("INVITE");
        self.accept(&invite, switch);
        invite
    }

    /// Answers this offer; it may be of another codec than the phone had until then.
    ///
    /// # Panics
    /// When it does not hold the phone's codec.
    pub fn accept(&mut self, invite: &str, switch: SocketAddr) {
        self.number = offered(invite, self.codec).unwrap_or_else(|| panic!("no {:?}: {invite}", self.codec));
        let answer = self.sdp();
        let answer = match invite {
            held if held.contains("a=sendonly") => answer + "a=recvonly\r\n",
            held if held.contains("a=inactive") => answer + "a=inactive\r\n",
            _ => answer,
        };
        self.party.reply(invite, switch, "200 OK", &answer);
        self.to = Some(SocketAddr::new(switch.ip(), sdp_port(invite)));
    }

    /// Takes another codec, which its next offer or answer has.
    pub fn change(&mut self, codec: Codec) {
        (self.codec, self.number) = (codec, number_of(codec));
        self.came.clear();
    }

    /// Says this from now on, over and over. G.722 and Opus click where it begins again: what they are decoded to hangs on
    /// what came before.
    pub fn say(&mut self, audio: &Audio) {
        (self.says, self.said) = (audio.clone(), 0);
        self.sent.clear();
    }

    /// Lets the network lose these packets of what it says.
    pub fn lose(&mut self, loses: Vec<bool>) {
        self.loses = loses;
    }

    /// Forgets what it has heard.
    pub fn forget(&mut self) {
        self.came.clear();
    }

    /// What it has heard since it was answered, or forgot.
    pub fn heard(&self) -> Heard {
        Heard::of(self.codec, self.number, &self.came)
    }

    /// When it sent what stands so many milliseconds after the beginning of what it says.
    ///
    /// # Panics
    /// When it has not yet.
    pub fn said_at(&self, ms: usize) -> Instant {
        self.sent[ms / 20]
    }

    /// How many milliseconds behind its beat it has sent at worst: what the machine had no time for.
    pub fn late_ms(&self) -> usize {
        let Some(first) = self.sent.first() else { return 0 };
        let behind = |(place, at): (u32, &Instant)| at.duration_since(*first).saturating_sub(PACKET * place);
        let worst = (0..).zip(&self.sent).map(behind).max().unwrap_or_default();
        usize::try_from(worst.as_millis()).unwrap_or(usize::MAX)
    }

    /// Where it sends its audio.
    ///
    /// # Panics
    /// Without a call.
    pub fn far(&self) -> SocketAddr {
        self.to.expect("a call")
    }

    fn speak(&mut self, now: Instant) {
        let Some(to) = self.to.filter(|_| !self.says.0.is_empty()) else { return };
        let payload = &self.says.0[self.said % self.says.0.len()];
        let head = rtp::header(self.number, self.said == 0, self.sequence, self.timestamp, self.ssrc);
        if !self.loses.get(self.said).copied().unwrap_or(false) {
            self.party.rtp.send_to(&[&head[..], payload].concat(), to).expect("sendable");
        }
        self.sent.push(now);
        self.said += 1;
        self.sequence = self.sequence.wrapping_add(1);
        let ticks = if self.codec == Codec::Opus { 960 } else { 160 };
        self.timestamp = self.timestamp.wrapping_add(ticks);
    }

    fn listen(&mut self, now: Instant) {
        let mut octets = [0; 2_048];
        loop {
            match self.party.rtp.recv(&mut octets) {
                Ok(length) => {
                    let packet = &octets[..length];
                    let head = rtp::read(packet).expect("RTP and nothing else");
                    let payload = rtp::payload(packet).expect("RTP and nothing else").to_vec();
                    self.came.push(Came { at: now, head, payload });
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => panic!("an RTP socket: {error}"),
            }
        }
    }
}

/// Lets all of them speak, a packet each 20 ms, and listen for so long.
///
/// # Panics
/// When their sockets fail.
#[expect(clippy::disallowed_methods, reason = "phones keep real time, and their delay is what is measured")]
pub fn converse(phones: &mut [&mut Phone], span: Duration) {
    for phone in &*phones {
        phone.party.rtp.set_nonblocking(true).expect("a bound socket");
    }
    let start = Instant::now();
    let mut due = Duration::ZERO;
    while due < span {
        let now = Instant::now();
        if now.duration_since(start) >= due {
            phones.iter_mut().for_each(|phone| phone.speak(now));
            due += PACKET;
        }
        phones.iter_mut().for_each(|phone| phone.listen(now));
        thread::park_timeout(LOOK);
    }
    for phone in &*phones {
        phone.party.rtp.set_nonblocking(false).expect("a bound socket");
    }
}

fn number_of(codec: Codec) -> u8 {
    match codec {
        Codec::Pcma => 8,
        Codec::G722 => 9,
        Codec::Opus => 111,
        Codec::Pcmu | Codec::TelephoneEvent | Codec::ComfortNoise | Codec::Other(_) => 0,
    }
}

/// The payload type that a body has for a codec (RFC 3551 §6 has those of G.711 and G.722).
fn offered(message: &str, codec: Codec) -> Option<u8> {
    let line = message.lines().find_map(|line| line.strip_prefix("m=audio "))?;
    let mut numbers = line.split(' ').skip(2).filter_map(|number| number.trim().parse().ok());
    if codec != Codec::Opus {
        return numbers.find(|number| *number == number_of(codec));
    }
    let map = message.lines().find(|line| line.starts_with("a=rtpmap:") && line.contains(" opus/48000/2"))?;
    map.trim_start_matches("a=rtpmap:").split(' ').next()?.parse().ok()
}
