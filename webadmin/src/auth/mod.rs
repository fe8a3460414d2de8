//! Who asks, and what they may.

mod guard;
mod hasher;
mod origin;
mod password;
mod secret;
mod tries;

pub(crate) use guard::{
    Credential, Identity, Right, SESSION_COOKIE, SESSION_SECS, identify, session_cookie_of,
};
pub use hasher::Hasher;
pub(crate) use origin::{is_local, is_private, peer_address, same_origin};
pub(crate) use password::Passwords;
pub use password::{PasswordError, check};
pub use secret::{digest, new_token, random};
pub(crate) use tries::Tries;
