//! SIP messages, transactions, dialogs and digest, without io: nothing here reads a clock or a socket.

pub mod message;
