//! A whole node in one process, over real sockets on loopback.

#[cfg(test)]
mod life;
