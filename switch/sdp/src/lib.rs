//! SDP bodies and the offer/answer exchange (RFC 8866, RFC 3264), without io.
//!
//! A body is kept as its lines, so what this crate does not know survives a relay in its place and order.
//! Deliberately absent: name resolution (a host name in `c=` is shown, never looked up), ICE, and keys by other ways than `a=crypto`.

mod across;
mod address;
mod anchor;
mod attributes;
mod base64;
mod codec;
mod codecs;
mod crypto;
mod fax;
mod formats;
mod make;
mod media;
mod numbers;
mod offer_answer;
mod parse;
mod remote;
mod secure;
mod text;
mod wishes;

pub use across::{narrow, widen};
pub use address::{Host, Origin, RtcpAddress};
pub use anchor::{Ours, anchor};
pub use codec::{Codec, codec_of, first_codec_name};
pub use codecs::{NoCodecLeft, restrict, without_events};
pub use crypto::Crypto;
pub use make::{make_answer, make_offer};
pub use media::{Direction, Media, MediaKind};
pub use numbers::Numbers;
pub use offer_answer::{OfferAnswer, OfferAnswerError, Pending, answers_match};
pub use parse::{Fault, SdpError};
pub use remote::remote;
pub use secure::OurKeys;
pub use text::Sdp;
