//! RTP on the wire: media worker threads, their sockets and port leases.
