//! The network over real sockets on loopback.

#[cfg(test)]
mod bench;
#[cfg(test)]
mod pki;
#[cfg(test)]
mod strangers;
#[cfg(test)]
mod tcp;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod udp;
#[cfg(test)]
mod ws;
