//! Whose response counts.

use std::net::IpAddr;

use base::wire::{Flow, Target};

/// Whether a response that bears our branch is believed: it comes by the connection that the request took, from the
/// address that it went to, or from one that the owner says speaks for that (first the one asked, then the source).
///
/// RFC 3261 §17.1.3 matches responses by branch and method alone. Whoever has seen a request knows its branch, and could
/// answer it from anywhere and get the call's media (conformance S13). Ports are not looked at: a NAT changes them.
pub(super) fn is_believed(asked: &Target, flow: &Flow, speaks_for: &dyn Fn(IpAddr, IpAddr) -> bool) -> bool {
    let conn = match asked {
        Target::Flow(sent) => sent.conn,
        Target::Peer { .. } | Target::Addr { .. } => None,
    };
    let (to, from) = (asked.remote().ip().to_canonical(), flow.remote.ip().to_canonical());
    (conn.is_some() && conn == flow.conn) || to == from || speaks_for(to, from)
}

#[cfg(test)]
mod tests {
    use base::wire::{ConnId, Transport};

    use super::*;

    fn flow(transport: Transport, remote: &str, conn: Option<u64>) -> Flow {
        let remote = remote.parse().unwrap();
        Flow { transport, local: "127.0.0.1:5060".parse().unwrap(), remote, conn: conn.map(ConnId) }
    }

    /// S13.
    #[test]
    fn a_response_counts_from_where_the_request_went_and_from_whom_the_owner_names() {
        let remote = "[::ffff:127.0.0.9]:5062".parse().unwrap();
        let asked = Target::Addr { transport: Transport::Udp, remote };
        let from = |source| flow(Transport::Udp, source, None);
        assert!(is_believed(&asked, &from("127.0.0.9:40000"), &|_, _| false));
        assert!(!is_believed(&asked, &from("127.0.0.8:5062"), &|_, _| false));
        let pair = |to: IpAddr, from: IpAddr| (to.to_string(), from.to_string());
        let named = |to, from| pair(to, from) == ("127.0.0.9".to_owned(), "127.0.0.8".to_owned());
        assert!(is_believed(&asked, &from("127.0.0.8:5062"), &named));
    }

    #[test]
    fn a_response_by_the_connection_of_the_request_counts_wherever_it_leads() {
        let asked = Target::Flow(flow(Transport::Tcp, "127.0.0.9:5062", Some(1)));
        assert!(is_believed(&asked, &flow(Transport::Tcp, "127.0.0.8:5062", Some(1)), &|_, _| false));
        assert!(!is_believed(&asked, &flow(Transport::Tcp, "127.0.0.8:5062", Some(2)), &|_, _| false));
        assert!(!is_believed(&asked, &flow(Transport::Udp, "127.0.0.8:5062", None), &|_, _| false));
    }
}
