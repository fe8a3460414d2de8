use super::message::Message;
use super::method::Method;

/// Octets that are no SIP message, or one we refuse, with what is needed to answer it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{kind} at octet {at}")]
pub struct ParseError {
    /// What to answer; on a stream the connection is closed after it, except for 505 and 414.
    pub status: u16,
    /// What is wrong.
    pub kind: ParseErrorKind,
    /// Where, in octets from the start line.
    pub at: usize,
    /// The request as far as it could be read: its good header lines, perhaps no body.
    pub partial: Option<Message>,
}

/// What is wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ParseErrorKind {
    /// Nothing but line ends: a keep-alive.
    #[error("no message")]
    Empty,
    /// Neither a request line nor a status line.
    #[error("no SIP start line")]
    NotSip,
    /// Blanks too many or too few in the request line, or octets that are no UTF-8.
    #[error("bad request line")]
    RequestLine,
    /// A status outside 100..=699.
    #[error("bad status line")]
    StatusLine,
    /// A protocol version other than 2.0.
    #[error("other SIP version")]
    Version,
    /// A Request-URI beyond `limits::SIP_URI_OCTETS`.
    #[error("Request-URI too long")]
    UriSize,
    /// A CR or LF that is no part of a CRLF.
    #[error("bare CR or LF")]
    LineEnd,
    /// A header line without colon, with a name that is no token, or a fold of nothing.
    #[error("bad header line")]
    HeaderLine,
    /// A header line beyond `limits::SIP_HEADER_OCTETS`.
    #[error("header line too long")]
    HeaderSize,
    /// More header lines than `limits::SIP_HEADERS`.
    #[error("too many header lines")]
    HeaderCount,
    /// No empty line behind the headers.
    #[error("no empty line")]
    EmptyLine,
    /// A Content-Length that is no number, or several that differ.
    #[error("bad Content-Length")]
    ContentLength,
    /// A Content-Length beyond the end of the datagram.
    #[error("body shorter than Content-Length")]
    BodyCut,
    /// A body beyond `limits::SIP_BODY_OCTETS`.
    #[error("body too large")]
    BodySize,
    /// A message beyond the transport's limit.
    #[error("message too large")]
    MessageSize,
}

impl ParseErrorKind {
    /// The status to answer with.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Version => 505,
            Self::UriSize => 414,
            Self::BodySize => 413,
            Self::MessageSize => 513,
            Self::Empty
            | Self::NotSip
            | Self::RequestLine
            | Self::StatusLine
            | Self::LineEnd
            | Self::HeaderLine
            | Self::HeaderSize
            | Self::HeaderCount
            | Self::EmptyLine
            | Self::ContentLength
            | Self::BodyCut => 400,
        }
    }

    /// A short reason for the answer's status line.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Version => "Version Not Supported",
            Self::UriSize => "Request-URI Too Long",
            Self::BodySize => "Request Entity Too Large",
            Self::MessageSize => "Message Too Large",
            Self::Empty | Self::NotSip | Self::StatusLine => "Bad Request",
            Self::RequestLine => "Bad Request Line",
            Self::LineEnd => "Bare CR or LF",
            Self::HeaderLine => "Bad Header Line",
            Self::HeaderSize => "Header Line Too Long",
            Self::HeaderCount => "Too Many Header Lines",
            Self::EmptyLine => "Missing Empty Line",
            Self::ContentLength => "Bad Content-Length",
            Self::BodyCut => "Body Shorter Than Content-Length",
        }
    }
}

impl ParseError {
    pub(crate) fn new(kind: ParseErrorKind, at: usize, partial: Option<Message>) -> Self {
        Self { status: kind.status(), kind, at, partial }
    }

    /// The request to answer: one that is no ACK and whose top Via says where to. Anything else is dropped.
    #[must_use]
    pub fn answerable(&self) -> Option<&Message> {
        let request = self.partial.as_ref()?;
        let answered = request.method().is_some_and(|method| *method != Method::Ack);
        if answered && request.top_via().is_ok() { Some(request) } else { None }
    }
}
