//! Where a far end is and who it says it is.

use std::net::{IpAddr, SocketAddr};

use base::dns::Listens;
use base::wire::{Locals, Target, Transport};
use sip::auth::Login;
use sip::message::{NameAddr, Uri};

use crate::demo::coding::Coding;

/// An address, a name, a password.
#[derive(Clone, Debug)]
pub(in crate::demo) struct Seat {
    /// Its SIP address.
    pub(in crate::demo) own: SocketAddr,
    /// The switch's.
    pub(in crate::demo) switch: SocketAddr,
    /// Its user, in Contact and as an address of record.
    pub(in crate::demo) user: String,
    /// How it logs in; `None` for who is known by address.
    pub(in crate::demo) login: Option<Login>,
    /// What it speaks.
    pub(in crate::demo) coding: Coding,
}

impl Seat {
    /// The Contact value.
    pub(super) fn contact(&self) -> String {
        let uri = Uri::sip(Some(&self.user), self.own.ip(), Some(self.own.port()));
        NameAddr::new(uri).to_string()
    }

    /// Somebody at the switch.
    pub(super) fn at_switch(&self, user: Option<&str>) -> Uri {
        Uri::sip(user, self.switch.ip(), Some(self.switch.port()))
    }

    pub(super) fn target(&self) -> Target {
        Target::Addr { transport: Transport::Udp, remote: self.switch }
    }
}

impl Locals for Seat {
    fn signalling(&self, transport: Transport, _remote: SocketAddr) -> Option<SocketAddr> {
        (transport == Transport::Udp).then_some(self.own)
    }

    fn media(&self, _remote: SocketAddr) -> IpAddr {
        self.own.ip()
    }

    fn listens(&self) -> Listens {
        Listens::at(Transport::Udp, [&self.own])
    }
}
