//! Typed header values, each parsed when asked for.

mod contacts;
mod content_type;
mod cseq;
mod digest;
pub(crate) mod name_addr;
mod reason;
mod via;

pub use contacts::Contacts;
pub use content_type::ContentType;
pub use cseq::CSeq;
pub use digest::{Challenge, Credentials};
pub use name_addr::NameAddr;
pub use reason::Reason;
pub use via::Via;
