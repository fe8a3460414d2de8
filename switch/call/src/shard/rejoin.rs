//! Where requests inside a call go once the connection that its far end used is gone.
//!
//! ```text
//!   a phone that has registered again ───────────▶ the flow of that registration
//!   a trunk that has proven its `tls_name` ──────▶ TLS to its route or Contact, asked for that name
//!   in the clear, the hop names a protocol ──────▶ that one
//!   in the clear, it names none ─────────────────▶ TCP, and UDP where nobody takes that (RFC 3263 §4.1)
//!   anybody else ────────────────────────────────▶ where it was, which fails under TLS and WebSocket
//! ```

use std::net::SocketAddr;

use base::dns::{Host, Server};
use base::fact::Endpoint;
use base::wire::{Flow, PeerKey, Target, Transport};
use base::{LegId, Now};
use peer::Binding;
use sip::message::{Draft, Header, NameAddr, Uri};
use sip::server_of;

use super::{Shard, Slot};
use crate::act::{Act, Purpose};

/// Where a request goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Course {
    /// There.
    To(Target),
    /// By TCP, and by UDP where nobody takes that.
    Either(SocketAddr),
}

impl Shard {
    /// Where a request inside a call goes now; `None` when that has not changed.
    pub(super) fn rejoined(&self, now: Now, slot: &Slot, act: &Act) -> Option<Course> {
        if matches!(act, Act::Request { purpose: Purpose::Invite, .. }) {
            return None;
        }
        let (Act::Request { leg, target, draft, .. } | Act::Ack { leg, target, draft }) = act else {
            return None;
        };
        let (leg, target) = (*leg, *target);
        match target {
            Target::Flow(flow) if self.is_gone(flow) => self.anew(now, slot, leg, flow, draft),
            Target::Addr { transport: Transport::Tls, remote } => self.by_name(slot, leg, remote),
            Target::Flow(_) | Target::Addr { .. } | Target::Peer { .. } => None,
        }
    }

    /// Whether the connection of a flow is known to be closed.
    pub(super) fn is_gone(&self, flow: Flow) -> bool {
        flow.conn.is_some_and(|conn| !self.streams.contains(&conn))
    }

    fn anew(&self, now: Now, slot: &Slot, leg: LegId, flow: Flow, draft: &Draft) -> Option<Course> {
        let (hop, is_route) = next_hop(draft)?;
        if let (Endpoint::Station(extension), false) = (slot.call.far_end(leg)?.0, is_route)
            && let Some(binding) = self.binding_now(now, extension, &hop, slot.call.instance(leg))
        {
            return Some(Course::To(Target::Flow(binding.flow)));
        }
        let server = server_of(&hop)?;
        let Host::Ip(ip) = server.host else { return None };
        if ip != flow.remote.ip() {
            return None;
        }
        let at = |transport: Transport| {
            SocketAddr::new(ip, server.port.unwrap_or_else(|| transport.default_port()))
        };
        match (flow.transport, server.transport) {
            (Transport::Tls, _) => self.by_name(slot, leg, at(Transport::Tls)),
            (Transport::Tcp, None) if !server.secure => Some(Course::Either(at(Transport::Udp))),
            (Transport::Tcp, Some(transport @ (Transport::Udp | Transport::Tcp))) if !server.secure => {
                Some(Course::To(Target::Addr { transport, remote: at(transport) }))
            }
            (Transport::Udp | Transport::Tcp | Transport::Ws | Transport::Wss, _) => None,
        }
    }

    /// The way under TLS to a trunk that is known by the name it has proven.
    fn by_name(&self, slot: &Slot, leg: LegId, remote: SocketAddr) -> Option<Course> {
        let Endpoint::Trunk(name) = slot.call.far_end(leg)?.0 else { return None };
        let trunk = self.routes.trunk(name)?.trunk();
        if trunk.tls_name.is_empty() {
            return None;
        }
        let peer = PeerKey::of(name, &Host::named(&trunk.tls_name));
        Some(Course::To(Target::Peer { transport: Transport::Tls, remote, peer }))
    }

    /// The registration by which a phone is reached now: of the same contact, or of the same phone by its name.
    fn binding_now(&self, now: Now, extension: &str, hop: &Uri, instance: Option<&str>) -> Option<&Binding> {
        let is_open = |it: &&Binding| {
            it.path().is_empty() && (it.flow.conn.is_some() || !it.flow.transport.is_connected())
        };
        let is_same = |it: &&Binding| {
            instance.is_some() && it.instance().map(bare) == instance.map(bare)
                || Uri::parse(&it.contact).is_ok_and(|contact| contact.matches(hop))
        };
        self.registrar.lookup(now, extension).into_iter().filter(is_open).find(is_same)
    }
}

/// The server that the first hop of a request names, and nothing that its lost connection would add.
pub(super) fn server_named(act: &Act) -> Option<Server> {
    let (Act::Request { draft, .. } | Act::Ack { draft, .. }) = act else { return None };
    server_of(&next_hop(draft)?.0)
}

/// The first hop of a request, and whether it is a proxy on record.
fn next_hop(draft: &Draft) -> Option<(Uri, bool)> {
    match draft.get(Header::Route) {
        Some(route) => Some((NameAddr::parse(route).ok()?.uri, true)),
        None => Some((Uri::parse(draft.uri_text()).ok()?, false)),
    }
}

/// The name of a phone without what is written around it.
fn bare(instance: &str) -> &str {
    instance.trim_matches(['"', '<', '>'])
}
