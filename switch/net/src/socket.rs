//! Opening sockets the way SIP wants them.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};

use crate::returned;

/// Class selector 3, the marking for signalling (RFC 4594 §4.2), as the octet of the IP header.
const CS3: u32 = 24 << 2;
/// Room for a burst: some thousand INVITEs.
const BUFFER_OCTETS: usize = 4 << 20;
const BACKLOG: i32 = 1_024;
const KEEPALIVE: std::time::Duration = std::time::Duration::from_secs(60);

/// A non-blocking datagram socket on `address`.
pub(crate) fn udp(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = open(address, Type::DGRAM, Protocol::UDP)?;
    // The system caps the size quietly; a small buffer is no reason not to serve.
    socket.set_recv_buffer_size(BUFFER_OCTETS).ok();
    socket.set_send_buffer_size(BUFFER_OCTETS).ok();
    socket.bind(&address.into())?;
    let socket: UdpSocket = socket.into();
    returned::ask_for(&socket, address.is_ipv4());
    Ok(socket)
}

/// A non-blocking listener on `address`.
pub(crate) fn tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = open(address, Type::STREAM, Protocol::TCP)?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Marks a connection as signalling, without delay of small writes, and probes a silent peer.
pub(crate) fn tune(stream: &tokio::net::TcpStream) {
    let socket = SockRef::from(stream);
    // Each of these only improves a connection that works without.
    socket.set_tcp_nodelay(true).ok();
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE)).ok();
    let v4 = stream.local_addr().is_ok_and(|address| address.is_ipv4());
    mark(&socket, v4);
}

fn open(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        // So that [::] and 0.0.0.0 can listen side by side and addresses keep their own form.
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    mark(&socket, address.is_ipv4());
    Ok(socket)
}

fn mark(socket: &Socket, v4: bool) {
    // Marking is a request to the network; where it is forbidden calls still work.
    if v4 {
        socket.set_tos_v4(CS3).ok()
    } else {
        socket.set_tclass_v6(CS3).ok()
    };
}
