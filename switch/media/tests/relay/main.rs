//! The relay in virtual time.

mod calls;
mod hygiene;
mod quality;
mod secure;
mod world;
