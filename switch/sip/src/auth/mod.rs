//! Digest authentication, both roles: RFC 7616 with the algorithms of RFC 8760 and the rules of RFC 3261 §22.
//!
//! SHA-256 is offered and chosen before MD5, `qop=auth` always. Who may log in is not known here.

mod counts;
mod digest;
mod login;
mod nonce;
mod verify;

pub use digest::{Algorithm, Ha1};
pub use login::{Challenged, Login};
pub use nonce::{NonceState, Nonces, Uses};
pub use verify::{Staleness, challenge, verify};
