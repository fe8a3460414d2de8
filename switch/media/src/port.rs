//! One port: one leg's stream.

use std::net::SocketAddr;
use std::time::Duration;

use base::media::{LegMedia, MediaFlow, Payload, Remote, Standing};
use base::{Mono, ShardId};
use smallvec::SmallVec;

use crate::latch::{Latch, Mark, Source, Trust};
use crate::reception::{Reception, Taken};
use crate::relay::Channel;
use crate::rtcp::{self, FarLoss};
use crate::rtp::{self, Header};
use crate::silence::Silence;

/// How long a far end gets media without ever being heard: an address named in bad faith
/// is not flooded for a whole call.
const UNHEARD: Duration = Duration::from_secs(60);
/// Packets that a third host named in an INVITE gets before the caller has shown that it reads what we send, or the
/// host is heard: 20 s of a ringing tone.
const EARLY_PACKETS: u16 = 1_000;

/// State of an open port.
#[derive(Clone, Debug)]
pub(crate) struct Port {
    pub(crate) shard: ShardId,
    pub(crate) hears: SmallVec<[u32; 2]>,
    pub(crate) silence: Silence,
    trust: Trust,
    rtp: Latch,
    rtcp: Latch,
    mux: bool,
    flow: MediaFlow,
    payloads: SmallVec<[Payload; 4]>,
    reception: Reception,
    far_loss: FarLoss,
    /// Since when the far end's address is used without anything heard from it.
    unheard_since: Option<Mono>,
    /// Packets left for a far end of early standing.
    early_left: Option<u16>,
    /// The sender report last passed to the far end.
    passed_report: Option<(u32, Mono)>,
    round_trip: Option<Duration>,
    sent: u64,
    strays: u64,
    rtcp_received: u64,
}

/// What a packet was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepted {
    Rtp {
        latched: bool,
        silence_ended: bool,
    },
    Rtcp {
        /// Of its sender report, if it is one.
        sent_at: Option<u32>,
    },
}

impl Port {
    pub(crate) fn new(shard: ShardId) -> Self {
        Self {
            shard,
            hears: SmallVec::new(),
            silence: Silence::default(),
            trust: Trust::default(),
            rtp: Latch::new(None),
            rtcp: Latch::new(None),
            mux: false,
            flow: MediaFlow::Neither,
            payloads: SmallVec::new(),
            reception: Reception::default(),
            far_loss: FarLoss::default(),
            unheard_since: None,
            early_left: None,
            passed_report: None,
            round_trip: None,
            sent: 0,
            strays: 0,
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

    /// Where an RTCP packet for the far end goes, and from which of our sockets. Reports go on during a hold.
    pub(crate) fn send_rtcp(&mut self, now: Mono, sent_at: Option<u32>) -> Option<(Channel, SocketAddr)> {
        let (channel, to) = if self.mux {
            (Channel::Rtp, self.rtp.destination()?)
        } else {
            (Channel::Rtcp, self.rtcp.destination()?)
        };
        self.passed_report = sent_at.map(|at| (at, now)).or(self.passed_report);
        Some((channel, to))
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
        let clock_hz = self.clock_of(&header)?;
        let mark = Mark { ssrc: header.ssrc, sequence: Some(header.sequence) };
        let latched = match self.rtp.judge(now, from, mark, &self.trust) {
            Source::Known => false,
            Source::New => true,
            Source::Stray => return None,
        };
        if latched {
            self.reception.expect_any();
        }
        match self.reception.take(now, &header, clock_hz) {
            Taken::Counted => {}
            Taken::Stray => return None,
        }
        let silence_ended = self.silence.heard(now);
        Some(Accepted::Rtp { latched, silence_ended })
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
            let measured = self.passed_report.and_then(|passed| reception.round_trip(now, passed));
            self.round_trip = measured.or(self.round_trip);
        }
        Some(Accepted::Rtcp { sent_at: report.sent_at })
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

    fn clock_of(&self, header: &Header) -> Option<u32> {
        let agreed = self.payloads.iter().find(|payload| payload.number == header.payload_type)?;
        Some(agreed.clock_hz)
    }
}
