//! The four transaction machines of RFC 3261 §17 with RFC 6026: four machines, four types.
//!
//! Each is told what happened (a status, a retransmission, a deadline that passed) and says what follows.
//! None holds a message, a key or an address: those belong to [`Stack`](crate::Stack).

mod client_invite;
mod client_other;
mod server_invite;
mod server_other;
mod timing;

pub use client_invite::{ClientInvite, ClientInviteFired, ClientInviteStep};
pub use client_other::{ClientOther, ClientOtherFired, ClientOtherStep};
pub use server_invite::{AckStep, ServerInvite, ServerInviteFired};
pub use server_other::{ServerOther, ServerOtherFired};
pub use timing::Timing;

/// What to do with a request that arrived again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeated {
    /// Send the latest response once more.
    Resend,
    /// Nothing was sent yet, or nothing may be sent any more.
    Absorb,
}

/// What to do with a response the owner wants sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Responded {
    /// It goes out.
    Send,
    /// It comes too late, or must not be sent at all.
    Drop,
}
