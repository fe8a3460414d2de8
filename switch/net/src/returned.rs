//! Datagrams that found nobody: the ICMP errors for what a socket has sent, with what they quote of it.
//!
//! Sockets are not connected, so the kernel tells these only on the error queue (Linux, `IP_RECVERR`).

use std::io::IoSliceMut;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;

use bytes::Bytes;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt};

/// Octets of a quotation that are looked at: hosts quote up to 576 of what they refuse.
const QUOTED: usize = 1_024;
/// Octets for what the kernel says of one error.
const TOLD: usize = 256;
/// The error was told by a router or the far host, over IPv4 or IPv6 (`SO_EE_ORIGIN_ICMP`, `SO_EE_ORIGIN_ICMP6`).
const ICMP: [u8; 2] = [2, 3];

/// Asks the kernel to keep such errors.
pub(crate) fn ask_for(socket: &UdpSocket, v4: bool) {
    // Where the kernel refuses, a closed port is met with silence, as before.
    match v4 {
        true => setsockopt(socket, sockopt::Ipv4RecvErr, &true).ok(),
        false => setsockopt(socket, sockopt::Ipv6RecvErr, &true).ok(),
    };
}

/// The errors that wait, as far as they say that a datagram will not arrive (RFC 3261 §18.4): what they quote of it,
/// which may be forged and is empty when a router quotes nothing.
pub(crate) fn take(socket: &UdpSocket) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || next(socket)).flatten()
}

/// `None` when none waits, `Some(None)` for one that says nothing of arrival.
fn next(socket: &UdpSocket) -> Option<Option<Bytes>> {
    let (mut quoted, mut told) = ([0; QUOTED], [0; TOLD]);
    let mut into = [IoSliceMut::new(&mut quoted)];
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    // An error here means that the queue is empty.
    let message = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut into, Some(&mut told), flags).ok()?;
    let length = message.bytes;
    let lost = message.cmsgs().ok().is_some_and(|mut all| all.any(|told| is_loss(&told)));
    Some(lost.then(|| Bytes::copy_from_slice(quoted.get(..length).unwrap_or_default())))
}

fn is_loss(told: &ControlMessageOwned) -> bool {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the library's enum; nothing else tells of errors")]
    let (origin, number) = match told {
        ControlMessageOwned::Ipv4RecvErr(error, _) => (error.ee_origin, error.ee_errno),
        ControlMessageOwned::Ipv6RecvErr(error, _) => (error.ee_origin, error.ee_errno),
        _ => return false,
    };
    let lost = [Errno::ECONNREFUSED, Errno::EHOSTUNREACH, Errno::ENETUNREACH, Errno::ENOPROTOOPT];
    ICMP.contains(&origin) && lost.into_iter().any(|errno| errno as u32 == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3261 §18.4: a port where nobody listens is noticed, with the datagram that found nobody.
    #[test]
    fn a_closed_port_sends_back_what_it_was_sent() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        ask_for(&socket, true);
        let nobody = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        socket.send_to(b"OPTIONS sip:a SIP/2.0\r\n", nobody).unwrap();
        let back: Vec<Bytes> = take(&socket).collect();
        assert_eq!(back, [&b"OPTIONS sip:a SIP/2.0\r\n"[..]]);
        assert_eq!(take(&socket).count(), 0);
    }
}
