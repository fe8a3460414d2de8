//! Locating SIP servers (RFC 3263): from what a URI says to addresses in the order to try them.
//!
//! [`walk`](walk::walk) reads the [`Cache`](cache::Cache) from the URI to the addresses and says which answers it
//! misses; whatever comes in is put into the cache and the walk begins anew. So nothing is remembered but answers.

mod cache;
mod located;
mod locator;
mod walk;

pub(crate) use located::Place;
pub use located::{Hop, Located};
pub use locator::{Locator, Step};
