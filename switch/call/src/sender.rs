//! Who may speak for a far end inside its dialog: knowing the dialog's ids is not enough (S13).
//!
//! | far end | same connection or same address | another address |
//! |---|---|---|
//! | phone | yes: behind a NAT its port may change | by its password (407), then it is followed there |
//! | trunk | yes | if that is one of the same trunk's, else 403 |
//! | anybody else | yes | no, 403 |
//!
//! An ACK cannot be asked for a password: it counts from the same address or trunk only. A CANCEL is matched by the
//! stack and counts from the address of its INVITE.

use base::fact::Endpoint;
use base::wire::{Flow, Target};

/// What is done about a request in a dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    /// It is the far end's.
    Heard,
    /// It has to show the far end's password.
    Asked,
    /// It is not the far end's.
    Refused,
}

/// Whether an address is one of the trunk's that the leg belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OfTrunk {
    /// It is.
    Same,
    /// It is not, or the far end is no trunk.
    Other,
}

/// Judges a request that came by `flow` in the dialog with a far end that is reached at `known`.
pub(crate) fn voice(endpoint: &Endpoint, known: &Target, flow: &Flow, of_trunk: OfTrunk) -> Voice {
    let connection = match known {
        Target::Flow(known) => known.conn.is_some() && known.conn == flow.conn,
        Target::Addr { .. } | Target::Peer { .. } => false,
    };
    if connection || known.remote().ip().to_canonical() == flow.remote.ip().to_canonical() {
        return Voice::Heard;
    }
    match (endpoint, of_trunk) {
        (Endpoint::Trunk(_), OfTrunk::Same) => Voice::Heard,
        (Endpoint::Station(_), _) => Voice::Asked,
        (Endpoint::Trunk(_), OfTrunk::Other) | (Endpoint::Local(_) | Endpoint::Stranger(_), _) => {
            Voice::Refused
        }
    }
}

#[cfg(test)]
mod tests {
    use base::wire::{ConnId, Transport};

    use super::*;

    fn flow(remote: &str, conn: Option<u64>) -> Flow {
        let transport = if conn.is_some() { Transport::Tcp } else { Transport::Udp };
        let local = "192.0.2.1:5060".parse().unwrap();
        Flow { transport, local, remote: remote.parse().unwrap(), conn: conn.map(ConnId) }
    }

    /// S13, the table above.
    #[test]
    fn a_far_end_speaks_from_where_it_is_reached_and_others_have_to_prove_themselves() {
        let known = Target::Flow(flow("198.51.100.7:5060", None));
        let phone = Endpoint::Station("1001".to_owned());
        let trunk = Endpoint::Trunk("carrier".to_owned());
        let echo = Endpoint::Local("echo".to_owned());
        let at_home = flow("198.51.100.7:49152", None);
        let elsewhere = flow("203.0.113.200:5060", None);
        for endpoint in [&phone, &trunk, &echo] {
            assert_eq!(voice(endpoint, &known, &at_home, OfTrunk::Other), Voice::Heard);
        }
        assert_eq!(voice(&phone, &known, &elsewhere, OfTrunk::Other), Voice::Asked);
        assert_eq!(voice(&trunk, &known, &elsewhere, OfTrunk::Same), Voice::Heard);
        assert_eq!(voice(&trunk, &known, &elsewhere, OfTrunk::Other), Voice::Refused);
        assert_eq!(voice(&echo, &known, &elsewhere, OfTrunk::Other), Voice::Refused);
    }

    #[test]
    fn a_connection_that_is_still_the_same_is_its_far_end() {
        let known = Target::Flow(flow("198.51.100.7:5060", Some(3)));
        let phone = Endpoint::Station("1001".to_owned());
        let other = flow("203.0.113.200:5060", Some(4));
        assert_eq!(voice(&phone, &known, &flow("203.0.113.200:5060", Some(3)), OfTrunk::Other), Voice::Heard);
        assert_eq!(voice(&phone, &known, &other, OfTrunk::Other), Voice::Asked);
    }
}
