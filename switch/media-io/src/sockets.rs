//! Pairs of UDP sockets and the addresses they speak.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use media::Channel;
use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};
use socket2::{Domain, Protocol, Socket, Type};

use crate::config::StartError;

/// Expedited forwarding (RFC 3246, RFC 4594 §4.1) as it stands in the TOS octet.
const TOS_EXPEDITED: u32 = 0xb8;
/// Octets the kernel may hold for one socket.
const RECEIVE_BUFFER: usize = 256 * 1024;

/// An RTP and an RTCP socket, on neighbouring ports.
#[derive(Debug)]
pub(crate) struct Sockets {
    rtp: UdpSocket,
    rtcp: UdpSocket,
}

/// The local address of all sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Local {
    ip: IpAddr,
}

impl Local {
    /// The configured address, else every IPv6 and IPv4 address, else every IPv4 address.
    pub(crate) fn choose(configured: Option<IpAddr>) -> Result<Self, StartError> {
        let both = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
        if configured.is_none() && open(both, 0).is_ok() {
            return Ok(Self { ip: both });
        }
        let address = configured.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        match open(address, 0) {
            Ok(_probe) => Ok(Self { ip: address }),
            Err(source) => Err(StartError::Bind { address, source }),
        }
    }

    /// The address in the form this socket family sends to.
    fn outward(self, to: SocketAddr) -> SocketAddr {
        match (self.ip, to.ip()) {
            (IpAddr::V6(_), IpAddr::V4(ip)) => SocketAddr::new(IpAddr::V6(ip.to_ipv6_mapped()), to.port()),
            (IpAddr::V6(_) | IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V4(_), IpAddr::V4(_)) => to,
        }
    }
}

impl Sockets {
    /// Binds the pair at `rtp_port` and has its packets announced under [`token`].
    pub(crate) fn open(local: Local, rtp_port: u16, slot: u32, registry: &Registry) -> io::Result<Self> {
        let rtcp_port = rtp_port.checked_add(1).ok_or(io::ErrorKind::AddrNotAvailable)?;
        let rtp = UdpSocket::from_std(open(local.ip, rtp_port)?);
        let rtcp = UdpSocket::from_std(open(local.ip, rtcp_port)?);
        let mut sockets = Self { rtp, rtcp };
        sockets.enter(slot, registry)?;
        Ok(sockets)
    }

    /// Has its packets announced under [`token`], those that wait already among them.
    pub(crate) fn enter(&mut self, slot: u32, registry: &Registry) -> io::Result<()> {
        registry.register(&mut self.rtp, token(slot, Channel::Rtp), Interest::READABLE)?;
        registry.register(&mut self.rtcp, token(slot, Channel::Rtcp), Interest::READABLE)
    }

    /// Has nothing announced here any more; what comes from now on waits.
    pub(crate) fn leave(&mut self, registry: &Registry) -> io::Result<()> {
        registry.deregister(&mut self.rtp)?;
        registry.deregister(&mut self.rtcp)
    }

    /// The next packet; `None` when there is none.
    pub(crate) fn receive(&self, channel: Channel, into: &mut [u8]) -> Option<(usize, SocketAddr)> {
        loop {
            match self.of(channel).recv_from(into) {
                Ok((length, from)) => return Some((length, inward(from))),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                // An ICMP message about an earlier packet says nothing about the next one.
                Err(error) if is_about_another_packet(&error) => {}
                Err(error) => {
                    tracing::debug!(%error, "a media socket does not receive");
                    return None;
                }
            }
        }
    }

    pub(crate) fn send(
        &self,
        local: Local,
        channel: Channel,
        packet: &[u8],
        to: SocketAddr,
    ) -> io::Result<()> {
        self.of(channel).send_to(packet, local.outward(to)).map(drop)
    }

    fn of(&self, channel: Channel) -> &UdpSocket {
        match channel {
            Channel::Rtp => &self.rtp,
            Channel::Rtcp => &self.rtcp,
        }
    }
}

/// What a socket is called in the poll.
pub(crate) fn token(slot: u32, channel: Channel) -> Token {
    Token(slot as usize * 2 + usize::from(channel == Channel::Rtcp))
}

/// The reverse of [`token`].
pub(crate) fn of_token(token: Token) -> (u32, Channel) {
    let channel = if token.0.is_multiple_of(2) { Channel::Rtp } else { Channel::Rtcp };
    ((token.0 / 2) as u32, channel)
}

fn is_about_another_packet(error: &io::Error) -> bool {
    use io::ErrorKind::{
        ConnectionRefused, ConnectionReset, HostUnreachable, Interrupted, NetworkUnreachable,
    };
    let kinds = [ConnectionRefused, ConnectionReset, HostUnreachable, Interrupted, NetworkUnreachable];
    kinds.contains(&error.kind())
}

/// An IPv4 address in IPv4 form, without flow label or scope.
fn inward(from: SocketAddr) -> SocketAddr {
    SocketAddr::new(from.ip().to_canonical(), from.port())
}

fn open(ip: IpAddr, port: u16) -> io::Result<std::net::UdpSocket> {
    let address = SocketAddr::new(ip, port);
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if ip.is_ipv6() {
        socket.set_only_v6(!ip.is_unspecified())?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    wish(socket.set_recv_buffer_size(RECEIVE_BUFFER), "receive buffer");
    // On a dual-stack socket this is what packets to IPv4 addresses carry.
    wish(socket.set_tos_v4(TOS_EXPEDITED), "IP_TOS");
    if ip.is_ipv6() {
        wish(socket.set_tclass_v6(TOS_EXPEDITED), "IPV6_TCLASS");
    }
    Ok(socket.into())
}

/// Media flows without it, only less well.
fn wish(result: io::Result<()>, option: &'static str) {
    if let Err(error) = result {
        tracing::debug!(%error, option, "a media socket option was refused");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_slot_and_channel() {
        for (slot, channel) in [(0, Channel::Rtp), (0, Channel::Rtcp), (4_999, Channel::Rtcp)] {
            assert_eq!(of_token(token(slot, channel)), (slot, channel));
        }
    }

    #[test]
    fn ipv4_is_mapped_only_where_the_socket_needs_it() {
        let four: SocketAddr = "192.0.2.1:4000".parse().unwrap();
        let dual = Local { ip: IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
        assert_eq!(dual.outward(four).to_string(), "[::ffff:192.0.2.1]:4000");
        assert_eq!(inward(dual.outward(four)), four);
        assert_eq!(Local { ip: IpAddr::V4(Ipv4Addr::LOCALHOST) }.outward(four), four);
    }
}
