//! The network over real sockets on loopback.

#[cfg(test)]
mod bench;
#[cfg(test)]
mod tcp;
#[cfg(test)]
mod udp;
