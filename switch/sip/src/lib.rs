//! SIP messages, transactions, dialogs and digest, without io: nothing here reads a clock or a socket.

pub mod auth;
mod dialog;
pub mod message;
mod stack;
pub mod transaction;

pub use dialog::Dialog;
pub use stack::{
    ClientId, NoSocket, ServerId, SipEvent, Stack, StackConfig, StackOutput, Stats, TransactionId, target_of,
};
