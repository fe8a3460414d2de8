//! SIP messages, transactions, dialogs and digest, without io: nothing here reads a clock or a socket.

pub mod auth;
mod dialog;
pub mod message;
pub mod reliable;
mod session_timer;
mod stack;
pub mod transaction;
pub mod usage;

pub use dialog::Dialog;
pub use session_timer::{CallIdOf, Refused, SessionDue, SessionPolicy, SessionTimer, TooBrief};
pub use stack::{
    ClientId, NewRequest, NoSocket, ServerId, SipEvent, Stack, StackConfig, StackOutput, Stats,
    TransactionId, server_of, target_of,
};
