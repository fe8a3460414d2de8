//! A network on loopback whose inbox is a channel with a chosen amount of room.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TrySendError, sync_channel};
use std::time::Duration;

use base::testing::Counting;
use base::wire::{Inbound, Outbound, Target, Transport};
use base::{Mono, ShardId};
use bytes::Bytes;
use net::{ConnectionLimits, GuardConfig, Net, NetConfig, NetEvent, Origins, TlsSetup};
use peer::guard::{DoorLimits, Roll};
use tokio::runtime::Runtime;

/// Far longer than anything here takes; only a failure waits for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Bench {
    pub(crate) net: Net,
    pub(crate) inbox: Receiver<(ShardId, NetEvent)>,
    pub(crate) roll: Arc<Roll>,
    _runtime: Runtime,
}

pub(crate) fn bench(room: usize) -> Bench {
    bench_with(room, config())
}

pub(crate) fn config() -> NetConfig {
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    NetConfig {
        udp: vec![any_port],
        tcp: vec![any_port],
        tls: Vec::new(),
        ws: Vec::new(),
        wss: Vec::new(),
        security: TlsSetup::default(),
        origins: Origins::default(),
        external_ip: None,
        media_external_ip: None,
        media_ip: None,
        shards: 1,
        connections: ConnectionLimits { connect: Duration::from_millis(500), ..Default::default() },
        guard: GuardConfig {
            roll: Arc::new(Roll::new(64, &mut Counting::default())),
            limits: DoorLimits::new(10_000, 10_000, 10_000),
            clock: Arc::new(|| Mono(0)),
            crowded: Arc::new(|_| false),
        },
    }
}

pub(crate) fn bench_with(room: usize, config: NetConfig) -> Bench {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (sender, inbox) = sync_channel(room);
    let sink = move |shard, event| {
        sender.try_send((shard, event)).map_err(|refused| match refused {
            TrySendError::Full((_, event)) | TrySendError::Disconnected((_, event)) => event,
        })
    };
    let net = Net::start(&config, runtime.handle().clone(), Arc::new(sink)).unwrap();
    Bench { net, inbox, roll: Arc::clone(&config.guard.roll), _runtime: runtime }
}

impl Bench {
    pub(crate) fn udp(&self) -> SocketAddr {
        self.net.addresses(Transport::Udp)[0]
    }

    pub(crate) fn tcp(&self) -> SocketAddr {
        self.net.addresses(Transport::Tcp)[0]
    }

    pub(crate) fn event(&self) -> NetEvent {
        self.inbox.recv_timeout(PATIENCE).expect("an event").1
    }

    pub(crate) fn message(&self) -> Inbound {
        match self.event() {
            NetEvent::Wire(inbound) => inbound,
            other @ (NetEvent::SendFailed { .. }
            | NetEvent::Returned(_)
            | NetEvent::ConnProven(..)
            | NetEvent::ConnClosed(_)) => {
                panic!("{other:?} is no message")
            }
        }
    }
}

pub(crate) fn request(method: &str, call_id: &str) -> Vec<u8> {
    let lines = [
        &format!("{method} sip:1001@127.0.0.1 SIP/2.0"),
        "Via: SIP/2.0/UDP 127.0.0.9:5060;branch=z9hG4bK1;rport",
        "Max-Forwards: 70",
        "From: <sip:a@127.0.0.9>;tag=1",
        "To: <sip:1001@127.0.0.1>",
        &format!("Call-ID: {call_id}"),
        &format!("CSeq: 1 {method}"),
        "Content-Length: 0",
        "",
        "",
    ];
    lines.join("\r\n").into_bytes()
}

pub(crate) fn outbound(transport: Transport, remote: SocketAddr, ticket: u64) -> Outbound {
    let data = Bytes::from(request("OPTIONS", "out"));
    Outbound { data, target: Target::Addr { transport, remote }, ticket }
}
