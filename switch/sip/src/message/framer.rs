use bytes::{Buf, Bytes, BytesMut};

use base::limits::SIP_STREAM_OCTETS;

use super::error::{ParseError, ParseErrorKind};
use super::message::Message;
use super::parse::{Framing, framed_length};
use super::scan::head_end;

/// Cuts a byte stream into messages. However the stream is cut into reads, the same items come out.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: BytesMut,
    /// Octets already searched for the empty line.
    searched: usize,
    /// Octets of the message at the front, once its header block is here.
    wanted: Option<usize>,
    /// The last item was a lone CRLF.
    half_ping: bool,
    broken: bool,
}

/// One item of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Framed {
    /// A whole message.
    Message(Bytes),
    /// A second CRLF in a row: the peer asks for a CRLF (RFC 5626 §4.4.1). Its first one came as `Pong`.
    Ping,
    /// A CRLF.
    Pong,
}

impl Framer {
    /// Takes what was read. Read no more than some kilobytes at a time and take all items before the next.
    pub fn feed(&mut self, data: &[u8]) {
        if !self.broken {
            self.buffer.extend_from_slice(data);
        }
    }

    /// Octets of an unfinished message; 0 between messages.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.buffer.len()
    }

    /// Whether the header block of the unfinished message is complete, so that only its body is awaited.
    #[must_use]
    pub fn awaits_body(&self) -> bool {
        self.wanted.is_some()
    }

    /// The next item. An error is the last one: answer what is answerable and close.
    #[expect(clippy::should_implement_trait, reason = "more items come after None, when more is fed")]
    pub fn next(&mut self) -> Option<Result<Framed, ParseError>> {
        if self.buffer.starts_with(b"\r\n") {
            self.buffer.advance(2);
            self.half_ping = !self.half_ping;
            return Some(Ok(if self.half_ping { Framed::Pong } else { Framed::Ping }));
        }
        if self.buffer.is_empty() || self.buffer.as_ref() == b"\r" {
            return None;
        }
        self.half_ping = false;
        let wanted = match self.wanted {
            Some(octets) => octets,
            None => match self.measure()? {
                Ok(octets) => octets,
                Err(kind) => return Some(Err(self.give_up(kind))),
            },
        };
        self.wanted = Some(wanted);
        if self.buffer.len() < wanted {
            return None;
        }
        self.wanted = None;
        self.searched = 0;
        // A copy of its own, so that a message kept for long does not keep the whole read buffer.
        Some(Ok(Framed::Message(Bytes::copy_from_slice(&self.buffer.split_to(wanted)))))
    }

    fn measure(&mut self) -> Option<Result<usize, ParseErrorKind>> {
        let Some(end) = head_end(&self.buffer, self.searched) else {
            self.searched = self.buffer.len();
            return (self.searched > SIP_STREAM_OCTETS).then_some(Err(ParseErrorKind::MessageSize));
        };
        Some(framed_length(self.buffer.get(..end).unwrap_or_default()))
    }

    fn give_up(&mut self, kind: ParseErrorKind) -> ParseError {
        self.broken = true;
        let rest = std::mem::take(&mut self.buffer).freeze();
        let partial = match Message::parse(rest, Framing::Stream) {
            Ok(message) => Some(message),
            Err(error) => error.partial,
        };
        ParseError::new(kind, 0, partial.filter(Message::is_request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(stream: &[u8], cut: usize) -> Vec<Result<Framed, u16>> {
        let mut framer = Framer::default();
        let mut items = Vec::new();
        for part in stream.chunks(cut) {
            framer.feed(part);
            while let Some(item) = framer.next() {
                items.push(item.map_err(|error| error.status));
            }
        }
        items
    }

    fn message(octets: &str) -> Result<Framed, u16> {
        Ok(Framed::Message(Bytes::copy_from_slice(octets.as_bytes())))
    }

    #[test]
    fn messages_and_keep_alives_come_out_alike_for_every_cut() {
        let one = "OPTIONS sip:h SIP/2.0\r\nl: 4\r\n\r\na\r\n\r";
        let two = "BYE sip:h SIP/2.0\r\nA: b\r\n\r\n";
        let stream = format!("\r\n\r\n{one}{two}\r\n{two}\r\n\r\n\r\n");
        let expected = [
            Ok(Framed::Pong),
            Ok(Framed::Ping),
            message(one),
            message(two),
            Ok(Framed::Pong),
            message(two),
            Ok(Framed::Pong),
            Ok(Framed::Ping),
            Ok(Framed::Pong),
        ];
        for cut in 1..stream.len() {
            assert_eq!(items(stream.as_bytes(), cut), expected, "cut {cut}");
        }
    }

    /// Conformance S11.
    #[test]
    fn a_stream_that_cannot_be_framed_ends_with_its_status() {
        for (bad, status) in [
            ("OPTIONS sip:h SIP/2.0\r\nl: 1\r\nl: 2\r\n\r\n", 400),
            ("OPTIONS sip:h SIP/2.0\r\nl: -1\r\n\r\n", 400),
            ("OPTIONS sip:h SIP/2.0\r\nl: 99999999999999999999\r\n\r\n", 413),
            ("OPTIONS sip:h SIP/2.0\nl: 0\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ] {
            let stream = format!("{bad}OPTIONS sip:h SIP/2.0\r\n\r\n");
            assert_eq!(items(stream.as_bytes(), 7), [Err(status)], "{bad}");
        }
    }

    #[test]
    fn a_header_block_without_end_stops_at_the_limit() {
        let mut framer = Framer::default();
        framer.feed(b"OPTIONS sip:h SIP/2.0\r\nVia: SIP/2.0/TCP h\r\n");
        while framer.pending() <= SIP_STREAM_OCTETS {
            assert!(framer.next().is_none());
            framer.feed(&[b'x'; 4_096]);
        }
        let error = framer.next().unwrap().unwrap_err();
        assert_eq!((error.status, framer.pending()), (513, 0));
        assert!(error.answerable().is_some());
        framer.feed(b"more");
        assert!(framer.next().is_none());
    }

    #[test]
    fn another_version_is_framed_and_left_to_the_parser() {
        let stream = "OPTIONS sip:h SIP/3.0\r\n\r\n";
        assert_eq!(items(stream.as_bytes(), 5), [message(stream)]);
    }
}
