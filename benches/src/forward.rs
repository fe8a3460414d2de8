//! The floor: what moving packets costs when nothing is known about them.
//!
//! Epoll, one UDP socket per leg, receive and send; no RTP, no latching, no statistics.

use std::io;
use std::net::{SocketAddr, UdpSocket};

use crate::poll::Poll;

/// Where the legs of a forwarder listen and whom they serve.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// First port of the forwarder: call `i` has its legs at `+4i` and `+4i+2`.
    pub listen: SocketAddr,
    /// First port of the two ends: call `i` is at `+2i`.
    pub ends: [SocketAddr; 2],
    /// How many calls.
    pub calls: u16,
}

impl Plan {
    /// The forwarder's address for one end of a call.
    pub fn leg(&self, call: u16, side: usize) -> SocketAddr {
        shifted(self.listen, call.saturating_mul(4).saturating_add(if side == 0 { 0 } else { 2 }))
    }

    /// One end's own address.
    pub fn end(&self, call: u16, side: usize) -> SocketAddr {
        shifted(self.ends[side & 1], call.saturating_mul(2))
    }
}

/// Forwards between the ends of every call until the process is ended; `ready` is called once all is bound.
pub fn run(plan: Plan, ready: impl FnOnce()) -> io::Result<()> {
    let legs = bind(plan)?;
    let mut poll = Poll::new()?;
    for (token, leg) in legs.iter().enumerate() {
        poll.add(leg, token as u64)?;
    }
    ready();
    let mut tokens = Vec::new();
    let mut packet = [0; 2_048];
    loop {
        poll.wait(None, &mut tokens)?;
        for &token in &tokens {
            let at = usize::try_from(token).unwrap_or(usize::MAX);
            let (Some(leg), Some(other)) = (legs.get(at), legs.get(at ^ 1)) else { continue };
            // A peer that has closed its socket shows as an error here; the floor has no state to change.
            if let Ok(length) = leg.recv(&mut packet) {
                other.send(packet.get(..length).unwrap_or_default()).ok();
            }
        }
    }
}

fn bind(plan: Plan) -> io::Result<Vec<UdpSocket>> {
    let sides = (0..plan.calls).flat_map(|call| [(call, 0), (call, 1)]);
    sides
        .map(|(call, side)| {
            let socket = UdpSocket::bind(plan.leg(call, side))?;
            socket.connect(plan.end(call, side))?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        })
        .collect()
}

fn shifted(address: SocketAddr, by: u16) -> SocketAddr {
    SocketAddr::new(address.ip(), address.port().saturating_add(by))
}
