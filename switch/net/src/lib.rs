//! SIP on the wire: UDP and TCP sockets, connections and demultiplexing.
