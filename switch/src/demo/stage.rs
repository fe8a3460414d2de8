//! Where the players stand: their sockets, one thread, one clock.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base::wire::{Flow, Inbound, Transport};
use base::{Machine as _, Mono, Now};
use bytes::Bytes;
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};
use switch::clock::Clock;

use super::cue::{Act, Cue};
use super::player::Player;
use super::tally::Tally;
use super::voice::Voice;

/// Longer datagrams are cut; SIP over UDP has 64 KiB at most.
const DATAGRAM: usize = 65_535;
const EVENTS: usize = 256;
/// What the switch still writes about the last calls takes so long.
const EPILOGUE: Duration = Duration::from_millis(500);
/// How often somebody looks whether to stop.
const GLANCE: Duration = Duration::from_millis(100);

/// Sockets that are bound before their player is born, since it must say where it is.
pub(super) struct Place {
    sip: UdpSocket,
    channels: Vec<UdpSocket>,
}

/// One player with its sockets.
struct Actor {
    player: Player,
    sip: UdpSocket,
    own: SocketAddr,
    channels: Vec<Channel>,
}

struct Channel {
    socket: UdpSocket,
    voice: Option<Voice>,
}

/// What a token of the poll stands for.
#[derive(Clone, Copy)]
enum Source {
    Sip(usize),
    Rtp(usize, usize),
}

/// All of them.
pub(super) struct Stage {
    poll: Poll,
    clock: Clock,
    actors: Vec<Actor>,
    sources: Vec<Source>,
    tally: Tally,
    /// Voices so far, so that each has another tone than those before it.
    voices: usize,
    buffer: Vec<u8>,
}

impl Place {
    /// Free ports of one address: one for SIP, `channels` for RTP.
    pub(super) fn bind(ip: IpAddr, channels: usize) -> io::Result<Self> {
        let socket = || UdpSocket::bind(SocketAddr::new(ip, 0));
        Ok(Self { sip: socket()?, channels: (0..channels).map(|_| socket()).collect::<io::Result<_>>()? })
    }

    /// The SIP address.
    pub(super) fn sip(&self) -> io::Result<SocketAddr> {
        self.sip.local_addr()
    }

    /// The RTP addresses.
    pub(super) fn channels(&self) -> io::Result<Vec<SocketAddr>> {
        self.channels.iter().map(UdpSocket::local_addr).collect()
    }
}

impl Stage {
    /// An empty stage.
    pub(super) fn new(clock: Clock) -> io::Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            clock,
            actors: Vec::new(),
            sources: Vec::new(),
            tally: Tally::default(),
            voices: 0,
            buffer: vec![0; DATAGRAM],
        })
    }

    /// Puts a player on its place.
    pub(super) fn enter(&mut self, place: Place, player: Player) -> io::Result<()> {
        let (at, own) = (self.actors.len(), place.sip()?);
        let Place { mut sip, channels } = place;
        self.listen(&mut sip, Source::Sip(at))?;
        let mut ready = Vec::with_capacity(channels.len());
        for (channel, mut socket) in channels.into_iter().enumerate() {
            self.listen(&mut socket, Source::Rtp(at, channel))?;
            ready.push(Channel { socket, voice: None });
        }
        self.actors.push(Actor { player, sip, own, channels: ready });
        Ok(())
    }

    /// What was counted so far.
    pub(super) fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }

    /// Plays until `until`, or until `stop` is set.
    pub(super) fn play(&mut self, until: Option<Mono>, stop: &AtomicBool) -> io::Result<()> {
        while !stop.load(Ordering::Relaxed) && until.is_none_or(|until| self.clock.now().mono < until) {
            self.turn()?;
        }
        Ok(())
    }

    /// The end: those who called hang up, and everybody waits for the last call to be over, `patience` at most.
    pub(super) fn curtain(&mut self, patience: Duration) -> io::Result<()> {
        let now = self.clock.now();
        for at in 0..self.actors.len() {
            self.cue(now, at, Cue::Curtain);
        }
        let until = now.mono + patience;
        while self.live() > 0 && self.clock.now().mono < until {
            self.turn()?;
        }
        let until = self.clock.now().mono + EPILOGUE;
        while self.clock.now().mono < until {
            self.turn()?;
        }
        for _ in 0..self.live() {
            self.tally.fail("a call that did not end".to_owned());
        }
        self.tally.close();
        Ok(())
    }

    fn live(&self) -> usize {
        self.actors.iter().map(|actor| actor.player.live()).sum()
    }

    fn turn(&mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        let now = self.clock.now().mono;
        let patience = self.deadline().map_or(GLANCE, |due| due.since(now).min(GLANCE));
        match self.poll.poll(&mut events, Some(patience)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            Ok(()) | Err(_) => {}
        }
        for event in &events {
            match self.sources.get(event.token().0).copied() {
                Some(Source::Sip(at)) => self.read_sip(at),
                Some(Source::Rtp(at, channel)) => self.read_rtp(at, channel),
                None => {}
            }
        }
        let now = self.clock.now();
        for at in 0..self.actors.len() {
            self.run_due(now, at);
        }
        Ok(())
    }

    fn deadline(&self) -> Option<Mono> {
        let voices = |actor: &Actor| {
            actor.channels.iter().filter_map(|channel| channel.voice.as_ref()?.deadline()).min()
        };
        self.actors.iter().flat_map(|actor| [actor.player.deadline(), voices(actor)]).flatten().min()
    }

    fn run_due(&mut self, now: Now, at: usize) {
        let Some(actor) = self.actors.get_mut(at) else { return };
        for Channel { socket, voice } in &mut actor.channels {
            while let Some((packet, to)) = voice.as_mut().and_then(|voice| voice.packet(now.mono)) {
                // A full buffer loses the packet, as any network may.
                socket.send_to(&packet, to).ok();
            }
        }
        if actor.player.deadline().is_some_and(|due| due <= now.mono) {
            actor.player.tick(now);
            self.perform(now, at);
        }
    }

    fn cue(&mut self, now: Now, at: usize, cue: Cue) {
        if let Some(actor) = self.actors.get_mut(at) {
            actor.player.handle(now, cue);
            self.perform(now, at);
        }
    }

    /// Does what a player wants.
    fn perform(&mut self, now: Now, at: usize) {
        let Some(Actor { player, sip, channels, .. }) = self.actors.get_mut(at) else { return };
        while let Some(act) = player.poll() {
            match act {
                // What is lost here is sent again by its transaction.
                Act::Send(outbound) => drop(sip.send_to(&outbound.data, outbound.target.remote())),
                Act::Speak { channel, speech } => {
                    self.voices += 1;
                    let voice = Voice::new(now.mono, player.entropy(), speech, self.voices);
                    if let Some(channel) = channels.get_mut(channel) {
                        channel.voice = Some(voice);
                    }
                }
                Act::Hold { channel, hold } => {
                    let voice = channels.get_mut(channel).and_then(|channel| channel.voice.as_mut());
                    voice.into_iter().for_each(|voice| voice.hold(now.mono, hold));
                }
                Act::Hush { channel } => {
                    let voice = channels.get_mut(channel).and_then(|channel| channel.voice.take());
                    voice.into_iter().for_each(|voice| self.tally.hear(voice.finish(now.mono)));
                }
                Act::Tell(story) => self.tally.add(story),
            }
        }
    }

    fn read_sip(&mut self, at: usize) {
        loop {
            let Some(actor) = self.actors.get(at) else { return };
            let Ok((octets, remote)) = actor.sip.recv_from(&mut self.buffer) else { return };
            let data = Bytes::copy_from_slice(self.buffer.get(..octets).unwrap_or_default());
            let flow = Flow { transport: Transport::Udp, local: actor.own, remote, conn: None };
            self.cue(self.clock.now(), at, Cue::Sip(Inbound { data, flow }));
        }
    }

    fn read_rtp(&mut self, at: usize, channel: usize) {
        let Some(channel) = self.actors.get_mut(at).and_then(|actor| actor.channels.get_mut(channel)) else {
            return;
        };
        while let Ok((octets, _)) = channel.socket.recv_from(&mut self.buffer) {
            if let Some(voice) = &mut channel.voice {
                voice.hear(self.buffer.get(..octets).unwrap_or_default());
            }
        }
    }

    fn listen(&mut self, socket: &mut UdpSocket, source: Source) -> io::Result<()> {
        let token = Token(self.sources.len());
        self.sources.push(source);
        self.poll.registry().register(socket, token, Interest::READABLE)
    }
}
