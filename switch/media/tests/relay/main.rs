//! The relay in virtual time.

mod calls;
mod hygiene;
mod secure;
mod world;
