//! Media and SIP sockets, and how what they hear reaches the shards.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base::ShardId;
use base::media::MediaEvent;
use call::ShardInput;
use media_io::recordings::ArchiveConfig;
use media_io::{EntropySource, MediaIo, MediaIoConfig, Shelf};
use net::{ConnectionLimits, GuardConfig, Net, NetConfig, NetEvent, Origins, TlsSetup};
use tokio::runtime::Handle;

use super::StartError;
use crate::clock::Clock;
use crate::config::{NodeConfig, SipConfig};
use crate::descriptors;
use crate::entropy::OsEntropy;
use crate::inbox::{Door, Inbox, InboxSender, Lane};

const MOST_WORKERS: usize = 64;

pub(super) fn start_media(
    config: &NodeConfig,
    archive: ArchiveConfig,
    cores: usize,
    clock: Clock,
    clips: Arc<Shelf>,
    senders: Vec<InboxSender<ShardInput>>,
) -> Result<MediaIo, StartError> {
    let by_cores = u8::try_from(cores.clamp(1, MOST_WORKERS)).unwrap_or(1);
    let workers = if config.media.workers == 0 { by_cores } else { config.media.workers };
    #[expect(clippy::result_large_err, reason = "an event that finds no room goes back to its worker")]
    let sink = move |shard: ShardId, event: MediaEvent| {
        let Some(inbox) = senders.get(usize::from(shard.0)) else { return Ok(()) };
        let Some(room) = inbox.room(Lane::Event) else { return Err(event) };
        room.put(ShardInput::Media(event));
        Ok(())
    };
    let ports = config.media.ports.first..=config.media.ports.last;
    let clock = Arc::new(move || clock.now());
    let bind = only_address(config);
    let entropy: EntropySource = Arc::new(|| Box::new(OsEntropy::new()));
    let config = MediaIoConfig { ports, workers, bind, clock, entropy, clips, archive: Some(archive) };
    Ok(MediaIo::start(&config, Arc::new(sink))?)
}

/// The address of every SIP listener when they have one in common. SDP names it, so media has to come from it too
/// (RFC 4961), not from whichever of the machine's addresses the kernel would choose.
fn only_address(config: &NodeConfig) -> Option<IpAddr> {
    let SipConfig { udp, tcp, tls, ws, wss, .. } = &config.sip;
    let mut addresses = [udp, tcp, tls, ws, wss].into_iter().flatten().map(SocketAddr::ip);
    let first = addresses.next().filter(|ip| !ip.is_unspecified())?;
    addresses.all(|ip| ip == first).then_some(first)
}

/// A shard that is alone takes its datagrams in by itself: none of them has to wake a second thread.
pub(super) fn start_net(
    config: &NodeConfig,
    security: TlsSetup,
    runtime: &Handle,
    guard: GuardConfig,
    senders: Vec<InboxSender<ShardInput>>,
    mut inboxes: Vec<Inbox<ShardInput>>,
) -> Result<(Net, Vec<Inbox<ShardInput>>), StartError> {
    let net = NetConfig {
        udp: config.sip.udp.clone(),
        tcp: config.sip.tcp.clone(),
        tls: config.sip.tls.clone(),
        ws: config.sip.ws.clone(),
        wss: config.sip.wss.clone(),
        security,
        origins: Origins::new(&config.sip.origins),
        external_ip: config.sip.external_ip,
        media_external_ip: config.media.external_ip,
        media_ip: only_address(config),
        shards: u8::try_from(senders.len()).unwrap_or(u8::MAX),
        connections: ConnectionLimits { strangers: descriptors::for_strangers(), ..Default::default() },
        guard,
    };
    let sink = move |shard: ShardId, event: NetEvent| {
        let Some(inbox) = senders.get(usize::from(shard.0)) else { return Ok(()) };
        let Some(room) = inbox.room(Lane::Net) else { return Err(event) };
        room.put(match event {
            NetEvent::Wire(inbound) => ShardInput::Wire(inbound),
            NetEvent::SendFailed { ticket } => ShardInput::SendFailed { ticket },
            NetEvent::Returned(quoted) => ShardInput::Returned(quoted),
            NetEvent::ConnProven(conn, proofs) => ShardInput::ConnProven(conn, proofs),
            NetEvent::ConnClosed(conn) => ShardInput::ConnClosed(conn),
        });
        Ok(())
    };
    let (runtime, sink) = (runtime.clone(), Arc::new(sink));
    if inboxes.len() > 1 {
        return Ok((Net::start(&net, runtime, sink)?, inboxes));
    }
    let (net, receiver, waker) = Net::start_without_thread(&net, runtime, sink)?;
    let alone = inboxes.pop().map(|inbox| inbox.at(Box::new(SipDoor(receiver)), waker));
    Ok((net, alone.into_iter().collect()))
}

/// The SIP sockets, for a shard that waits at them.
struct SipDoor(net::Receiver);

impl Door for SipDoor {
    fn sleep(&mut self, patience: Option<Duration>) -> io::Result<()> {
        self.0.sleep(patience)
    }

    fn take_in(&mut self) {
        self.0.take_in();
    }
}
