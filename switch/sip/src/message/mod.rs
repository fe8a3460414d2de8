//! SIP messages: octets in one buffer, header lines indexed once, values parsed when asked for, and output
//! that copies every untouched line as it came.
//!
//! Deliberately absent: bodies (see the `sdp` crate), and any rewriting of what a peer sent, except that
//! folded lines become single ones.

mod boundary;
mod date;
mod draft;
mod error;
mod framer;
mod header;
mod host;
mod malformed;
#[expect(clippy::module_inception, reason = "the folder is named for its main type")]
mod message;
mod method;
pub mod multipart;
mod name;
mod octets;
mod params;
mod parse;
mod peek;
mod scan;
mod split;
mod status;
mod typed;
mod uri;
mod uri_text;
mod validate;

pub use date::date;
pub use draft::Draft;
pub use error::{ParseError, ParseErrorKind};
pub use framer::{Framed, Framer};
pub use header::{CSeq, Challenge, Contacts, ContentType, Credentials, NameAddr, Reason, Via};
pub use host::Host;
pub use malformed::Malformed;
pub use message::Message;
pub use method::Method;
pub use name::Header;
pub use params::Params;
pub use parse::Framing;
pub use peek::{Peek, peek};
pub use split::Values;
pub use status::reason_phrase;
pub use uri::{Scheme, Uri};
pub use uri_text::decode as unescaped;
pub use validate::Invalid;
