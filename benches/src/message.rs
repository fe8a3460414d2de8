//! Just enough SIP text to place, take and end calls.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

/// A received message, borrowed from its datagram.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// What it is.
    pub start: Start<'a>,
    head: &'a str,
    /// After the empty line.
    pub body: &'a str,
}

/// The first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start<'a> {
    /// A request.
    Request {
        /// `INVITE` and so on.
        method: &'a str,
        /// The Request-URI.
        uri: &'a str,
    },
    /// An answer with its status code.
    Response(u16),
}

impl<'a> Message<'a> {
    /// Reads a datagram; `None` for keep-alives and anything that is no SIP.
    pub fn parse(datagram: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(datagram).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let (first, head) = head.split_once("\r\n")?;
        let start = if let Some(status) = first.strip_prefix("SIP/2.0 ") {
            Start::Response(status.get(..3)?.parse().ok()?)
        } else {
            let (method, rest) = first.split_once(' ')?;
            Start::Request { method, uri: rest.strip_suffix(" SIP/2.0")? }
        };
        Some(Self { start, head, body })
    }

    /// The values of all headers of this name; `short` is its compact form or the same name again.
    pub fn headers(&self, name: &str, short: &str) -> impl Iterator<Item = &'a str> {
        self.head.split("\r\n").filter_map(move |line| {
            let (key, value) = line.split_once(':')?;
            let key = key.trim_end();
            (key.eq_ignore_ascii_case(name) || key.eq_ignore_ascii_case(short)).then(|| value.trim())
        })
    }

    /// The first header of this name.
    pub fn header(&self, name: &str, short: &str) -> Option<&'a str> {
        self.headers(name, short).next()
    }

    /// Call-ID.
    pub fn call_id(&self) -> &'a str {
        self.header("Call-ID", "i").unwrap_or_default()
    }

    /// The method in CSeq.
    pub fn cseq_method(&self) -> &'a str {
        self.header("CSeq", "CSeq").and_then(|cseq| cseq.split_whitespace().nth(1)).unwrap_or_default()
    }

    /// The URI in Contact.
    pub fn contact(&self) -> Option<&'a str> {
        let value = self.header("Contact", "m")?;
        value.split_once('<').map_or_else(|| value.split(';').next(), |(_, rest)| rest.split('>').next())
    }

    /// Where the SDP in the body wants its audio.
    pub fn media(&self) -> Option<SocketAddr> {
        let line = |prefix: &str| self.body.lines().find_map(|line| line.strip_prefix(prefix));
        let ip: IpAddr = line("c=IN IP4 ")?.trim().parse().ok()?;
        let port: u16 = line("m=audio ")?.split(' ').next()?.parse().ok()?;
        (port != 0).then(|| SocketAddr::new(ip, port))
    }

    /// An answer to this request; `tag` is added to a To that has none.
    pub fn answer(&self, status: &str, tag: &str, contact: Option<&str>, sdp: &str) -> String {
        let mut text = format!("SIP/2.0 {status}\r\n");
        let mut line =
            |name: &str, value: &str| write!(text, "{name}: {value}\r\n").expect("a String takes all");
        for via in self.headers("Via", "v") {
            line("Via", via);
        }
        for route in self.headers("Record-Route", "Record-Route") {
            line("Record-Route", route);
        }
        line("From", self.header("From", "f").unwrap_or_default());
        let to = self.header("To", "t").unwrap_or_default();
        if to.contains(";tag=") || tag.is_empty() {
            line("To", to);
        } else {
            line("To", &format!("{to};tag={tag}"));
        }
        line("Call-ID", self.call_id());
        line("CSeq", self.header("CSeq", "CSeq").unwrap_or_default());
        if let Some(contact) = contact {
            line("Contact", &format!("<{contact}>"));
        }
        text.push_str(&with_body(sdp));
        text
    }
}

/// The end of a message: content headers, empty line, body.
pub fn with_body(sdp: &str) -> String {
    if sdp.is_empty() {
        return "Content-Length: 0\r\n\r\n".to_owned();
    }
    format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}", sdp.len())
}

/// An offer or answer of PCMU and telephone-event at `at`.
pub fn sdp(at: SocketAddr) -> String {
    let (ip, port) = (at.ip(), at.port());
    format!(
        "v=0\r\no=- {port} 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    )
}

/// The user part of a SIP URI.
pub fn user(uri: &str) -> &str {
    let rest = uri.split_once(':').map_or(uri, |(_, rest)| rest);
    rest.split_once('@').map_or("", |(user, _)| user)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INVITE: &str = "INVITE sip:90000001@127.0.0.3:5070 SIP/2.0\r\nv: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx\r\n\
        f: <sip:1@a>;tag=1\r\nTo: <sip:90000001@a>\r\ni: abc\r\nCSeq: 1 INVITE\r\nm: <sip:x@127.0.0.1:5060>;q=1\r\n\r\n\
        v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 4000 RTP/AVP 0\r\n";

    #[test]
    fn compact_headers_contact_and_media_are_found() {
        let invite = Message::parse(INVITE.as_bytes()).unwrap();
        assert_eq!(invite.start, Start::Request { method: "INVITE", uri: "sip:90000001@127.0.0.3:5070" });
        assert_eq!(user("sip:90000001@127.0.0.3:5070"), "90000001");
        assert_eq!(invite.call_id(), "abc");
        assert_eq!(invite.contact(), Some("sip:x@127.0.0.1:5060"));
        assert_eq!(invite.media(), Some("127.0.0.1:4000".parse().unwrap()));
    }

    #[test]
    fn an_answer_repeats_via_and_adds_the_tag_once() {
        let invite = Message::parse(INVITE.as_bytes()).unwrap();
        let text = invite.answer("200 OK", "b", Some("sip:b@127.0.0.3"), "");
        let answer = Message::parse(text.as_bytes()).unwrap();
        assert_eq!(answer.start, Start::Response(200));
        assert_eq!(answer.header("Via", "v"), Some("SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx"));
        assert_eq!(answer.header("To", "t"), Some("<sip:90000001@a>;tag=b"));
        assert_eq!(answer.cseq_method(), "INVITE");
    }
}
