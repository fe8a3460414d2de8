//! One port: one leg's stream.

use std::net::SocketAddr;
use std::time::Duration;

use base::media::{Codec, LegMedia, MediaFlow, Payload, Remote, Standing, Wishes};
use base::{Mono, ShardId};
use smallvec::SmallVec;

use crate::audio::Audio;
use crate::engine::{Channel, Protection};
use crate::hearing::Hearing;
use crate::latch::{Latch, Mark, Source, Trust};
use crate::outgoing::Outgoing;
use crate::reception::{Reception, Taken};
use crate::rtcp::{self, FarLoss, Report};
use crate::rtp::{self, Header};
use crate::silence::Silence;

/// How long a far end gets media without ever being heard: an address named in bad faith
/// is not flooded for a whole call.
const UNHEARD: Duration = Duration::from_secs(60);
/// Packets that a third host named in an INVITE gets before the caller has shown that it reads what we send, or the
/// host is heard: 20 s of a ringing tone.
const EARLY_PACKETS: u16 = 1_000;

/// State of an open port.
#[derive(Debug)]
pub(crate) struct Port {
    pub(crate) shard: ShardId,
    /// Whom it hears and who hears it.
    pub(crate) hearing: Hearing,
    /// What the far end sees of us.
    pub(crate) out: Outgoing,
    /// There while its audio is worked on.
    pub(crate) audio: Option<Box<Audio>>,
    /// There while its packets are not plain RTP, or once they were.
    pub(crate) protection: Option<Box<Protection>>,
    pub(crate) silence: Silence,
    wishes: Wishes,
    trust: Trust,
    rtp: Latch,
    rtcp: Latch,
    mux: bool,
    flow: MediaFlow,
    payloads: SmallVec<[Payload; 4]>,
    /// What the far end sent last, events and noise left out.
    spoken: Option<Payload>,
    reception: Reception,
    far_loss: FarLoss,
    /// Since when the far end's address is used without anything heard from it.
    unheard_since: Option<Mono>,
    /// Packets left for a far end of early standing.
    early_left: Option<u16>,
    /// Our sender report that went to the far end last: the middle of its time, and when.
    reported: Option<(u32, Mono)>,
    round_trip: Option<Duration>,
    sent: u64,
    strays: u64,
    /// Packets of sources that the far end has no payload type for.
    unmapped: u64,
    rtcp_received: u64,
}

/// What a packet was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepted {
    Rtp {
        header: Header,
        payload: Payload,
        latched: bool,
        silence_ended: bool,
        /// It speaks another codec than before.
        changed: bool,
    },
    Rtcp(Report),
}

impl Port {
    pub(crate) fn new(shard: ShardId, out: Outgoing) -> Self {
        Self {
            shard,
            hearing: Hearing::default(),
            out,
            audio: None,
            protection: None,
            wishes: Wishes::default(),
            silence: Silence::default(),
            trust: Trust::default(),
            rtp: Latch::new(None),
            rtcp: Latch::new(None),
            mux: false,
            flow: MediaFlow::Neither,
            payloads: SmallVec::new(),
            spoken: None,
            reception: Reception::default(),
            far_loss: FarLoss::default(),
            unheard_since: None,
            early_left: None,
            reported: None,
            round_trip: None,
            sent: 0,
            strays: 0,
            unmapped: 0,
            rtcp_received: 0,
        }
    }

    /// Takes over a negotiation. An address left out (a hold without one) keeps the source known so far.
    pub(crate) fn agree(&mut self, now: Mono, remote: &Remote) {
        self.trust = Trust { host: remote.host, rule: remote.rule.clone() };
        let moved = remote.rtp.is_some_and(|address| self.rtp.expect(address));
        let sends_again = remote.flow.sends() && !self.flow.sends() && self.unheard_since.is_some();
        if moved || sends_again {
            self.unheard_since = Some(now);
        }
        if moved && remote.standing == Standing::Early && self.names_a_third_host(remote) {
            self.early_left = Some(self.early_left.unwrap_or(EARLY_PACKETS));
        }
        if let Some(address) = remote.rtcp {
            self.rtcp.expect(address);
        }
        self.mux = remote.mux;
        self.flow = remote.flow;
        self.payloads.clone_from(&remote.payloads);
        self.spoken = self.spoken.filter(|spoken| remote.payloads.contains(spoken));
        self.wishes = remote.wishes;
        if !remote.flow.receives() {
            self.silence.end();
        } else if moved || !self.silence.is_watching() {
            self.silence.begin(now, self.reception.packets > 0 && !moved);
        }
    }

    /// The far end has shown that it reads what we send.
    pub(crate) fn settle(&mut self) {
        self.early_left = None;
    }

    /// Checks a packet and counts it; `None` for a stray.
    pub(crate) fn accept(
        &mut self,
        now: Mono,
        channel: Channel,
        from: SocketAddr,
        packet: &[u8],
    ) -> Option<Accepted> {
        let accepted = match channel {
            Channel::Rtp if rtp::is_rtcp_under_mux(packet) && self.mux => self.accept_rtcp(now, from, packet),
            Channel::Rtp => self.accept_rtp(now, from, packet),
            Channel::Rtcp if self.mux => None,
            Channel::Rtcp => self.accept_rtcp(now, from, packet),
        };
        match accepted {
            Some(_) => (self.unheard_since, self.early_left) = (None, None),
            None => self.strays += 1,
        }
        accepted
    }

    /// Checks where a datagram of a fax comes from, and counts it: whether its source is new, `None` for a stray. Its
    /// first two octets are its number (ITU-T T.38 §9.1).
    pub(crate) fn accept_fax(&mut self, now: Mono, from: SocketAddr, packet: &[u8]) -> Option<bool> {
        let number = packet.get(..2)?;
        let mark = Mark { ssrc: 0, sequence: Some(u16::from_be_bytes([number[0], number[1]])) };
        let is_new = match self.rtp.judge(now, from, mark, &self.trust) {
            Source::Known => false,
            Source::New => true,
            Source::Stray => return None,
        };
        (self.unheard_since, self.early_left) = (None, None);
        self.reception.packets += 1;
        self.reception.octets += packet.len() as u64;
        Some(is_new)
    }

    /// Whether RTP and RTCP share the RTP port.
    pub(crate) fn is_mux(&self) -> bool {
        self.mux
    }

    /// Whether the far end's media is wanted by anybody.
    pub(crate) fn may_be_heard(&self) -> bool {
        self.flow.receives()
    }

    /// Where an RTP packet for the far end goes; counted as sent.
    pub(crate) fn send_rtp(&mut self, now: Mono) -> Option<SocketAddr> {
        let to = self.rtp.destination().filter(|_| self.flow.sends() && !self.is_in_doubt(now))?;
        if let Some(left) = &mut self.early_left {
            *left = left.checked_sub(1)?;
        }
        self.sent += 1;
        Some(to)
    }

    /// Whether the far end takes media.
    pub(crate) fn may_hear(&self) -> bool {
        self.flow.sends()
    }

    /// Where our reports to the far end go, and from which of our sockets. They go on during a hold.
    pub(crate) fn reports_to(&self) -> Option<(Channel, SocketAddr)> {
        if self.mux {
            Some((Channel::Rtp, self.rtp.destination()?))
        } else {
            Some((Channel::Rtcp, self.rtcp.destination()?))
        }
    }

    /// Our sender report went to the far end; `sent_at` is the middle of its NTP time.
    pub(crate) fn reported(&mut self, now: Mono, sent_at: u32) {
        self.reported = Some((sent_at, now));
    }

    /// What we send: the first agreed payload type that is neither an event nor noise.
    pub(crate) fn speech(&self) -> Option<Payload> {
        self.payloads.iter().copied().find(|payload| is_speech(payload.codec))
    }

    /// What the far end sends: its latest speech, else the first that was agreed.
    pub(crate) fn spoken(&self) -> Option<Payload> {
        self.spoken.or_else(|| self.speech())
    }

    /// The far end's payload type for packets of `other`; `None` when it has none for them.
    pub(crate) fn same(&self, other: &Payload) -> Option<Payload> {
        let equal = |own: &&Payload| own.clock_hz == other.clock_hz && own.codec == other.codec;
        self.payloads
            .iter()
            .find(equal)
            .or_else(|| self.payloads.iter().find(|own| is_static(own, other)))
            .copied()
    }

    /// How the far end wants what we send.
    pub(crate) fn wishes(&self) -> &Wishes {
        &self.wishes
    }

    /// A packet of a source is of no type that the far end has: it is not sent.
    pub(crate) fn unmapped(&mut self) {
        self.unmapped += 1;
    }

    /// A packet was not what it should be.
    pub(crate) fn stray(&mut self) {
        self.strays += 1;
    }

    pub(crate) fn source(&self) -> Option<SocketAddr> {
        self.rtp.source()
    }

    pub(crate) fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    pub(crate) fn figures(&self) -> LegMedia {
        LegMedia {
            received: self.reception.packets,
            received_octets: self.reception.octets,
            sent: self.sent,
            lost: self.reception.lost(),
            jitter_us: self.reception.jitter_us(),
            far_lost: self.far_loss.total(),
            strays: self.strays,
            unauthentic: self.protection.as_ref().map_or(0, |it| it.unauthentic),
            rtcp: self.rtcp_received,
            ..LegMedia::default()
        }
    }

    fn is_in_doubt(&self, now: Mono) -> bool {
        self.unheard_since.is_some_and(|since| now.since(since) >= UNHEARD)
    }

    fn names_a_third_host(&self, remote: &Remote) -> bool {
        let (Some(named), Some(host)) = (remote.rtp.map(|rtp| rtp.ip()), remote.host) else { return false };
        named != host.to_canonical() && !self.trust.is_of_network(named)
    }

    fn accept_rtp(&mut self, now: Mono, from: SocketAddr, packet: &[u8]) -> Option<Accepted> {
        let header = rtp::read(packet)?;
        let payload = self.payload_of(&header)?;
        let mark = Mark { ssrc: header.ssrc, sequence: Some(header.sequence) };
        let latched = match self.rtp.judge(now, from, mark, &self.trust) {
            Source::Known => false,
            Source::New => true,
            Source::Stray => return None,
        };
        if latched {
            self.reception.expect_any();
        }
        match self.reception.take(now, &header, payload.clock_hz) {
            Taken::Counted => {}
            Taken::Stray => return None,
        }
        let silence_ended = self.silence.heard(now);
        let changed = is_speech(payload.codec) && self.spoken() != Some(payload);
        if changed {
            self.spoken = Some(payload);
        }
        Some(Accepted::Rtp { header, payload, latched, silence_ended, changed })
    }

    fn accept_rtcp(&mut self, now: Mono, from: SocketAddr, packet: &[u8]) -> Option<Accepted> {
        let report = rtcp::read(packet)?;
        let known = if self.mux {
            self.rtp.destination() == Some(from)
        } else {
            self.knows_rtcp_source(now, from, report.ssrc)
        };
        if !known {
            return None;
        }
        self.rtcp_received += 1;
        if let Some(reception) = &report.reception {
            self.far_loss.take(reception);
            let measured = self.reported.and_then(|reported| reception.round_trip(now, reported));
            self.round_trip = measured.or(self.round_trip);
        }
        Some(Accepted::Rtcp(report))
    }

    /// RTCP from the host whose RTP is known is taken at once: with reports 5 s apart a run takes too long. From then
    /// on no other host is learned, but the address that SDP names is.
    fn knows_rtcp_source(&mut self, now: Mono, from: SocketAddr, ssrc: u32) -> bool {
        let rtp_host = self.rtp.source().map(|rtp| rtp.ip()).filter(|_| self.rtcp.is_waiting());
        let source = match rtp_host {
            Some(host) if host == from.ip() => self.rtcp.keep(from),
            Some(_) if !self.rtcp.expects(from) => Source::Stray,
            Some(_) | None => self.rtcp.judge(now, from, Mark { ssrc, sequence: None }, &self.trust),
        };
        match source {
            Source::Known | Source::New => true,
            Source::Stray => false,
        }
    }

    fn payload_of(&self, header: &Header) -> Option<Payload> {
        self.payloads.iter().copied().find(|payload| payload.number == header.payload_type)
    }
}

fn is_speech(codec: Codec) -> bool {
    match codec {
        Codec::Pcmu | Codec::Pcma | Codec::G722 | Codec::Opus | Codec::Other(_) => true,
        Codec::TelephoneEvent | Codec::ComfortNoise => false,
    }
}

/// Numbers below 96 mean the same everywhere, whatever parameters stand beside them (RFC 3551 §6).
fn is_static(own: &Payload, other: &Payload) -> bool {
    let unknown = matches!((own.codec, other.codec), (Codec::Other(_), Codec::Other(_)));
    unknown && own.number == other.number && own.number < 96
}
