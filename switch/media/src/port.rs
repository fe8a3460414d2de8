//! One port: one leg's stream.

use std::net::SocketAddr;
use std::time::Duration;

use base::media::{Codec, Dtmf, LegMedia, MediaFlow, Payload, Remote, Standing, Wishes};
use base::{Mono, ShardId};
use smallvec::SmallVec;

use crate::audio::Audio;
use crate::digits;
use crate::early::Early;
use crate::engine::{Channel, Keys, Protection};
use crate::hearing::Hearing;
use crate::latch::{Latch, Mark, Source, Trust};
use crate::outgoing::Outgoing;
use crate::quality::{Stream, Told, Watch};
use crate::receive::Figures;
use crate::reception::{Reception, Taken};
use crate::rtcp::{self, Ending, Own, Sent, Sheet};
use crate::rtp::{self, Header};
use crate::silence::Silence;

/// How long a far end gets media without ever being heard: an address named in bad faith
/// is not flooded for a whole call.
const UNHEARD: Duration = Duration::from_secs(60);

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
    /// There once a key of the far end was pressed, or one is waited for.
    pub(crate) keys: Option<Box<Keys>>,
    pub(crate) silence: Silence,
    dtmf: Dtmf,
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
    /// Of audio that was worked on before.
    played: Option<Box<Figures>>,
    /// Reports, troubles and scores.
    pub(crate) watch: Watch,
    /// Since when the far end's address is used without anything heard from it.
    unheard_since: Option<Mono>,
    /// What is left for a far end of early standing.
    early: Option<Early>,
    /// Something plays to it alone, or keys are pressed for it.
    pub(crate) sounds: bool,
    sent: u64,
    sent_octets: u64,
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
    Rtcp,
}

impl Port {
    pub(crate) fn new(shard: ShardId, out: Outgoing, watch: Watch) -> Self {
        Self {
            shard,
            hearing: Hearing::default(),
            out,
            audio: None,
            protection: None,
            keys: None,
            dtmf: Dtmf::default(),
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
            played: None,
            watch,
            unheard_since: None,
            early: None,
            sounds: false,
            sent: 0,
            sent_octets: 0,
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
        if moved && remote.standing == Standing::Early {
            self.early = Some(Early::after(self.early, self.names_a_third_host(remote)));
        }
        if let Some(address) = remote.rtcp {
            self.rtcp.expect(address);
        }
        self.mux = remote.mux;
        self.flow = remote.flow;
        self.payloads.clone_from(&remote.payloads);
        self.spoken = self.spoken.filter(|spoken| remote.payloads.contains(spoken));
        self.wishes = remote.wishes;
        self.dtmf = remote.dtmf;
        if !remote.flow.receives() {
            self.silence.end();
        } else if moved || !self.silence.is_watching() {
            self.silence.begin(now, self.reception.packets > 0 && !moved);
        }
    }

    /// The far end has shown that it reads what we send.
    pub(crate) fn settle(&mut self) {
        self.early = None;
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
            Some(_) => (self.unheard_since, self.early) = (None, None),
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
        (self.unheard_since, self.early) = (None, None);
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
        let is_own = self.sounds || self.hearing.room.is_some();
        if let Some(early) = &mut self.early {
            early.take(is_own)?;
        }
        self.sent += 1;
        Some(to)
    }

    /// Whether no payload type was agreed: what flows, if anything, is not RTP.
    pub(crate) fn carries_nothing(&self) -> bool {
        self.payloads.is_empty()
    }

    /// Whether the far end takes media.
    pub(crate) fn may_hear(&self) -> bool {
        self.flow.sends()
    }

    /// Where our reports to the far end go, and from which of our sockets. They go on during a hold.
    pub(crate) fn reports_to(&self, now: Mono) -> Option<(Channel, SocketAddr)> {
        if self.is_in_doubt(now) || self.payloads.is_empty() {
            None
        } else if self.mux {
            Some((Channel::Rtp, self.rtp.destination()?))
        } else {
            Some((Channel::Rtcp, self.rtcp.destination()?))
        }
    }

    /// So many octets of payload went out in a packet.
    pub(crate) fn sent_payload(&mut self, octets: usize) {
        self.sent_octets += octets as u64;
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

    /// The payload type that its events have: the one of the clock of its speech, else any (RFC 4733 §2.1).
    pub(crate) fn events(&self) -> Option<Payload> {
        let events = || self.payloads.iter().filter(|payload| payload.codec == Codec::TelephoneEvent);
        let clock_hz = self.speech().map_or(0, |speech| speech.clock_hz);
        events().find(|payload| payload.clock_hz == clock_hz).or_else(|| events().next()).copied()
    }

    /// How the far end takes digits in its stream; `None` when it does not.
    pub(crate) fn digit_way(&self) -> Option<digits::Way> {
        let as_events = || {
            let events = self.events()?;
            Some(digits::Way::Events { clock_hz: events.clock_hz, packet_ms: self.wishes.packet_ms })
        };
        match self.dtmf {
            Dtmf::Auto => Some(as_events().unwrap_or(digits::Way::Tones)),
            Dtmf::Rtp => as_events(),
            Dtmf::Inband => Some(digits::Way::Tones),
            Dtmf::Info => None,
        }
    }

    /// Whether its far end's digits pass to nobody.
    pub(crate) fn holds_digits(&self) -> bool {
        self.keys.as_ref().is_some_and(|keys| keys.are_held())
    }

    /// Whether tones in what it hears are to be taken out, since it is told digits in another way.
    pub(crate) fn is_told_digits(&self) -> bool {
        self.dtmf == Dtmf::Info || matches!(self.digit_way(), Some(digits::Way::Events { .. }))
    }

    /// The payload type for comfort noise beside what we send, if the far end takes it.
    pub(crate) fn noise(&self) -> Option<Payload> {
        let speech = self.speech()?;
        let fits = |own: &&Payload| own.codec == Codec::ComfortNoise && own.clock_hz == speech.clock_hz;
        self.payloads.iter().find(fits).copied()
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
        self.watch.round_trip()
    }

    /// When there is next something to do for it that needs no audio.
    pub(crate) fn due(&self) -> Option<Mono> {
        let keys = self.keys.as_ref().and_then(|keys| keys.due());
        self.silence.due().into_iter().chain(self.watch.due()).chain(keys).min()
    }

    /// The figures so far; scores are of the whole call.
    pub(crate) fn figures(&self) -> LegMedia {
        let mut media = self.counts();
        self.watch.sum_up(&self.stream(), &mut media);
        media
    }

    /// The figures so far; scores are of the time since they were told last.
    pub(crate) fn figures_now(&mut self) -> LegMedia {
        let mut media = self.counts();
        let (watch, stream) = self.watched();
        watch.tell(&stream, &mut media);
        media
    }

    /// What is wrong, when it is time to look, and whether the figures are to be told.
    pub(crate) fn look(&mut self, now: Mono) -> Option<(Told, bool)> {
        let (watch, stream) = self.watched();
        watch.look(now, &stream)
    }

    /// Appends our report to the far end (RFC 3550 §6.1).
    pub(crate) fn write_report(&mut self, now: Mono, ending: Ending, octets: &mut Vec<u8>) {
        let (ssrc, clock_hz) = (self.out.ssrc(), self.speech().map_or(8_000, |speech| speech.clock_hz));
        let ntp = rtcp::ntp(now);
        let sent = Sent {
            ntp,
            timestamp: self.out.timestamp_at(now, clock_hz),
            packets: self.sent as u32,
            octets: self.sent_octets as u32,
        };
        let (watch, stream) = self.watched();
        let block = stream.reception.block().map(|mut block| {
            block.fraction =
                watch.session.fraction_lost(stream.reception.expected(), stream.reception.packets);
            (block.last_report, block.delay) = watch.session.last_report(now);
            block
        });
        let sheet = watch.session.is_extended().then(|| Sheet {
            ntp,
            heard: block.map_or(0, |block| block.ssrc),
            last_reference: watch.session.last_reference(now),
            listening: block.map(|_| watch.listening(&stream)),
        });
        let own = Own { ssrc, cname: watch.session.cname() };
        let sends = watch.session.sends(stream.sent);
        rtcp::compound(octets, &own, sends.then_some(&sent), block.as_ref(), sheet.as_ref(), ending);
    }

    /// What became of packets whose audio was worked on.
    fn played(&self) -> Figures {
        let kept = self.played.as_deref().copied().unwrap_or_default();
        self.audio
            .as_ref()
            .and_then(|audio| audio.receiver.as_ref())
            .map_or(kept, |now| kept.and(now.figures()))
    }

    /// Its audio is not worked on any more.
    pub(crate) fn drop_audio(&mut self) -> Option<Box<Audio>> {
        let played = self.played();
        let audio = self.audio.take();
        self.sounds = false;
        if audio.as_ref().is_some_and(|audio| audio.receiver.is_some()) {
            self.played = Some(Box::new(Figures { delay_ms: 0, ..played }));
        }
        audio
    }

    fn stream(&self) -> Stream<'_> {
        Stream {
            reception: &self.reception,
            played: self.played(),
            sent: self.sent,
            spoken: self.spoken().map(|spoken| spoken.codec),
            speech: self.speech(),
            may_send: self.flow.sends() && !self.carries_nothing(),
            may_receive: self.flow.receives() && !self.carries_nothing(),
        }
    }

    fn watched(&mut self) -> (&mut Watch, Stream<'_>) {
        let Stream { played, sent, spoken, speech, may_send, may_receive, .. } = self.stream();
        let Self { watch, reception, .. } = self;
        (watch, Stream { reception, played, sent, spoken, speech, may_send, may_receive })
    }

    fn counts(&self) -> LegMedia {
        LegMedia {
            received: self.reception.packets,
            received_octets: self.reception.octets,
            sent: self.sent,
            lost: self.reception.lost(),
            jitter_us: self.reception.jitter_us(),
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
            Source::Stray => {
                if self.flow.receives() {
                    self.watch.stray(from);
                }
                return None;
            }
        };
        if latched {
            self.reception.expect_any();
        }
        match self.reception.take(now, &header, payload.clock_hz) {
            Taken::Counted => {}
            Taken::Stray => return None,
        }
        let silence_ended = self.silence.heard(now);
        if let Some(content) = rtp::payload(packet) {
            self.watch.packet(payload.codec, header.sequence, content);
        }
        let changed = is_speech(payload.codec) && self.spoken() != Some(payload);
        if changed {
            self.spoken = Some(payload);
        }
        Some(Accepted::Rtp { header, payload, latched, silence_ended, changed })
    }

    fn accept_rtcp(&mut self, now: Mono, from: SocketAddr, packet: &[u8]) -> Option<Accepted> {
        let report = rtcp::read(packet, self.out.ssrc())?;
        let known = if self.mux {
            self.rtp.destination() == Some(from)
        } else {
            self.knows_rtcp_source(now, from, report.ssrc)
        };
        if !known {
            return None;
        }
        self.rtcp_received += 1;
        let clock_hz = self.speech().map_or(8_000, |speech| speech.clock_hz);
        self.watch.report(now, &report, self.sent, clock_hz);
        Some(Accepted::Rtcp)
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
