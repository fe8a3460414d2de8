//! The way a REGISTER came by, which calls to the phone take back: directly, or through edge proxies (RFC 3327, RFC 5626).

use std::net::IpAddr;

use base::limits::PATH_HOPS;
use base::wire::Flow;
use peer::ContactAsk;
use sip::message::{Header, Message, NameAddr, Scheme};

use super::Shard;

/// Seconds after which a phone shall have said something on its flow, by datagrams (RFC 5626 §4.4.1).
const FLOW_SECS_DATAGRAM: u32 = 29;
/// The same on a stream, which NATs forget later.
const FLOW_SECS_STREAM: u32 = 120;

/// How a phone is reached.
pub(super) struct Way {
    /// Where the next hop is.
    pub(super) flow: Flow,
    /// Route values, the nearest to us first.
    pub(super) path: Vec<String>,
    /// The phone's own host, when an edge proxy tells it.
    pub(super) host: Option<IpAddr>,
    /// Whether the phone itself is the next hop.
    is_direct: bool,
    /// Whether the hop next to the phone keeps flows (RFC 5626 §5.1).
    keeps_flows: bool,
}

impl Shard {
    /// Reads the way of a REGISTER.
    ///
    /// A Path that did not come from an edge proxy of ours is kept only for phones that say they know of it (RFC 3327
    /// §5.3), and requests then go back to where the REGISTER came from, wherever the Path points.
    ///
    /// # Errors
    /// 400 for a Path that cannot be followed, 420 for one the phone does not know of.
    pub(super) fn way(&self, request: &Message, flow: Flow) -> Result<Way, u16> {
        let path: Vec<String> = request.values(Header::Path).map(str::to_owned).collect();
        let hops: Vec<NameAddr> = path
            .iter()
            .map(|hop| NameAddr::parse(hop).map_err(|_malformed| 400_u16))
            .collect::<Result<_, _>>()?;
        let is_hop = |hop: &NameAddr| matches!(hop.uri.scheme(), Scheme::Sip | Scheme::Sips);
        if hops.len() > PATH_HOPS || !hops.iter().all(is_hop) {
            return Err(400);
        }
        let is_direct = hops.is_empty() && request.values(Header::Via).nth(1).is_none();
        let from_edge = self.config.is_edge(flow.remote.ip());
        if !hops.is_empty() && !from_edge && !lists(request, Header::Supported, "path") {
            return Err(420);
        }
        Ok(Way {
            flow: hops.first().filter(|_| from_edge).map_or(flow, |hop| self.towards(flow, hop)),
            path,
            host: if from_edge { phone_host(request) } else { None },
            is_direct,
            keeps_flows: hops.last().map_or(is_direct, |hop| hop.uri.param("ob").is_some()),
        })
    }

    /// The next hop of a Path: the edge proxy's connection while it lasts, and the address it names. One that names no
    /// address is reached where its REGISTER came from.
    fn towards(&self, flow: Flow, hop: &NameAddr) -> Flow {
        let Some(target) = sip::target_of(&hop.uri) else { return flow };
        let (transport, remote) = (target.transport(), target.remote());
        if transport == flow.transport && remote.ip() == flow.remote.ip() {
            return Flow { remote, ..flow };
        }
        match self.locals.signalling(transport, remote).filter(|_| self.config.is_edge(remote.ip())) {
            Some(local) => Flow { transport, local, remote, conn: None },
            None => flow,
        }
    }
}

impl Way {
    /// Settles whether a `reg-id` counts (RFC 5626 §6). True when it does.
    ///
    /// # Errors
    /// 439 when the phone insists and the hop next to it does not keep flows.
    pub(super) fn settle(&self, request: &Message, contacts: &mut [ContactAsk]) -> Result<bool, u16> {
        let is_flow = |contact: &ContactAsk| contact.instance.is_some() && contact.reg_id.is_some();
        let asked = contacts.iter().any(is_flow);
        let insists = lists(request, Header::Supported, "outbound");
        if asked && !self.keeps_flows && insists {
            return Err(439);
        }
        if !self.keeps_flows {
            contacts.iter_mut().for_each(|contact| contact.reg_id = None);
        }
        Ok(asked && self.keeps_flows && insists)
    }

    /// The Flow-Timer of a phone whose flow ends here, seconds.
    pub(super) fn flow_secs(&self) -> Option<u32> {
        let secs = if self.flow.transport.is_connected() { FLOW_SECS_STREAM } else { FLOW_SECS_DATAGRAM };
        self.is_direct.then_some(secs)
    }

    /// The Via that tells a phone how often it may keep its NAT open when it asks with `keep` (RFC 6223 §4.3).
    pub(super) fn keep(&self, request: &Message) -> Option<String> {
        let secs = self.flow_secs()?;
        let via = request.values(Header::Via).next()?;
        let read = request.top_via().ok()?;
        let asks =
            read.params().iter().any(|(name, value)| name.eq_ignore_ascii_case("keep") && value.is_none());
        let parts = via.split(';').map(|part| {
            if part.trim().eq_ignore_ascii_case("keep") { format!("keep={secs}") } else { part.to_owned() }
        });
        asks.then(|| parts.collect::<Vec<_>>().join(";"))
    }
}

/// Whether a header lists this option tag.
pub(super) fn lists(request: &Message, header: Header<'_>, tag: &str) -> bool {
    request.values(header).any(|value| value.eq_ignore_ascii_case(tag))
}

/// The host of the first hop's sender, as the edge nearest to the phone saw it (RFC 3261 §18.2.1).
pub(super) fn phone_host(request: &Message) -> Option<IpAddr> {
    let vias = request.vias().ok()?;
    let first = vias.get(1..)?.last()?;
    first.received().or_else(|| first.host().ip())
}

#[cfg(test)]
mod tests {
    use base::wire::Transport;
    use bytes::Bytes;
    use sip::message::Framing;

    use super::*;

    fn kept(via: &str, is_direct: bool) -> Option<String> {
        let text = format!(
            "REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/UDP h;{via}\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\n\
             CSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        );
        let request = Message::parse(Bytes::from(text), Framing::Datagram).expect("a message");
        let address = "127.0.0.1:5060".parse().expect("an address");
        let flow = Flow { transport: Transport::Udp, local: address, remote: address, conn: None };
        let way = Way { flow, path: Vec::new(), host: None, is_direct, keeps_flows: is_direct };
        way.keep(&request)
    }

    /// RFC 6223 §4.3.
    #[test]
    fn a_phone_that_asks_how_often_to_keep_its_nat_open_is_told_by_its_next_hop_only() {
        assert_eq!(
            kept("keep;branch=z9hG4bKa", true).as_deref(),
            Some("SIP/2.0/UDP h;keep=29;branch=z9hG4bKa")
        );
        assert_eq!(kept("branch=z9hG4bKa", true), None);
        assert_eq!(kept("branch=z9hG4bKa;keep=10", true), None);
        assert_eq!(kept("keep;branch=z9hG4bKa", false), None);
    }
}
