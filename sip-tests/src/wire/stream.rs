//! Stream connections from an address of the test's choice.

use std::net::{SocketAddr, TcpStream};

use socket2::{Domain, Socket, Type};

/// Opens a connection from `local`, port 0 for any, to `remote`.
///
/// # Panics
/// When it is refused.
pub fn connect(local: SocketAddr, remote: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::for_address(remote), Type::STREAM, None).expect("a socket");
    socket.bind(&local.into()).expect("our own address");
    socket.connect(&remote.into()).expect("somebody listens there");
    socket.into()
}
