use std::fmt;
use std::net::IpAddr;

use crate::message::host::{Host, bare_ip, host_and_port};
use crate::message::malformed::Malformed;
use crate::message::octets::{digits, is_token, trim};
use crate::message::params::Params;

/// One Via value: a hop a request took and its response takes back (RFC 3261 §20.42, RFC 3581).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// `SIP/2.0/UDP`, without blanks.
    protocol: String,
    host: Host,
    port: Option<u16>,
    params: Params,
}

impl Via {
    /// A Via of ours; `transport` as [`base::wire::Transport::via`] writes it.
    #[must_use]
    pub fn new(transport: &str, host: impl Into<Host>, port: Option<u16>, branch: &str) -> Self {
        let mut params = Params::default();
        params.set("branch", Some(branch));
        Self { protocol: format!("SIP/2.0/{transport}"), host: host.into(), port, params }
    }

    /// Reads one value. Versions other than 2.0 are read too, so that a request can be answered 505.
    ///
    /// # Errors
    /// `Malformed::Syntax` when any part is wrong, empty parameters included.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let bad = Malformed::Syntax("Via");
        let mut parts = text.splitn(3, '/').map(trim);
        let (Some(name), Some(version), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad);
        };
        let (transport, rest) = rest.split_once([' ', '\t']).ok_or(bad)?;
        if !name.eq_ignore_ascii_case("SIP")
            || !is_token(version.as_bytes())
            || !is_token(transport.as_bytes())
        {
            return Err(bad);
        }
        let (sent_by, params) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
        let (host, port) = host_and_port(trim(sent_by)).map_err(|_which| bad)?;
        let params = Params::parse(params, "Via")?;
        Ok(Self { protocol: ["SIP/", version, "/", transport].concat(), host, port, params })
    }

    /// `UDP`, `TCP`, or what the peer wrote.
    #[must_use]
    pub fn transport(&self) -> &str {
        self.protocol.rsplit('/').next().unwrap_or("")
    }

    /// The sent-by host.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The sent-by port, when written.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The branch; absent from RFC 2543 peers.
    #[must_use]
    pub fn branch(&self) -> Option<&str> {
        self.params.get("branch").filter(|branch| !branch.is_empty())
    }

    /// The source address a server saw; IPv6 with or without brackets.
    #[must_use]
    pub fn received(&self) -> Option<IpAddr> {
        self.params.get("received").and_then(bare_ip)
    }

    /// `None` without rport, `Some(None)` when asked for, `Some(Some(port))` when filled in.
    #[must_use]
    pub fn rport(&self) -> Option<Option<u16>> {
        let port = self.params.get("rport")?;
        Some(digits(port.as_bytes()).and_then(|port| u16::try_from(port).ok()))
    }

    /// All parameters.
    #[must_use]
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// Fills in the source address; IPv6 without brackets (RFC 5118 §4.5).
    pub fn set_received(&mut self, address: IpAddr) {
        self.params.set("received", Some(&address.to_string()));
    }

    /// Asks for the source port with `None`, fills it in with `Some`.
    pub fn set_rport(&mut self, port: Option<u16>) {
        self.params.set("rport", port.map(|port| port.to_string()).as_deref());
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.protocol, self.host)?;
        match self.port {
            Some(port) => write!(f, ":{port}{}", self.params),
            None => write!(f, "{}", self.params),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4475 §3.1.1.1.
    #[test]
    fn blanks_may_stand_almost_anywhere() {
        let via =
            Via::parse("SIP  / 2.0  / TCP     spindle.example.com   ;  branch  =   z9hG4bK9ikj8").unwrap();
        assert_eq!((via.transport(), via.branch()), ("TCP", Some("z9hG4bK9ikj8")));
        assert_eq!(via.host().to_string(), "spindle.example.com");
        let via = Via::parse("SIP/2.0/UDP first.example.com: 4000;ttl=16;maddr=224.2.0.1").unwrap();
        assert_eq!(via.port(), Some(4000));
    }

    #[test]
    fn received_and_rport_are_filled_in_place() {
        let mut via = Via::parse("SIP/2.0/UDP [2001:db8::9:1]:5061;rport;branch=z9hG4bKas3").unwrap();
        assert_eq!(via.rport(), Some(None));
        via.set_rport(Some(40_000));
        via.set_received("2001:db8::9:255".parse().unwrap());
        let text = "SIP/2.0/UDP [2001:db8::9:1]:5061;rport=40000;branch=z9hG4bKas3;received=2001:db8::9:255";
        assert_eq!(via.to_string(), text);
        assert_eq!(Via::parse(text).unwrap(), via);
    }

    /// RFC 5118 §4.5.
    #[test]
    fn received_is_read_with_and_without_brackets() {
        for text in ["SIP/2.0/UDP h;received=[2001:db8::9:255]", "SIP/2.0/UDP h;received=2001:db8::9:255"] {
            assert_eq!(Via::parse(text).unwrap().received(), "2001:db8::9:255".parse().ok());
        }
    }

    #[test]
    fn garbage_is_refused() {
        for bad in [
            "",
            "SIP/2.0/UDP",
            "SIP/2.0/UDP 192.0.2.15;;",
            "SIP/2.0 h",
            "HTTP/1.1/TCP h",
            "SIP/2.0/UDP h;branch=\"a",
        ] {
            assert_eq!(Via::parse(bad), Err(Malformed::Syntax("Via")), "{bad}");
        }
    }
}
