//! What lasts: SQLite and PostgreSQL behind one contract.
//!
//! One SQL text serves both engines; only the migrations exist twice. Times are whole milliseconds, every row
//! carries its tenant. Deliberately absent: clocks, randomness, hashing, and anything a call waits for: nobody on
//! the call path asks the store.

mod bindings;
mod bulk;
mod calls;
mod db;
mod error;
mod lenient;
mod meta;
mod open;
mod phones;
mod provision;
mod recordings;
mod records;
mod sessions;
mod settings;
mod sql;
mod tokens;
mod voicemail;
mod voicemail_notices;
mod words;

#[cfg(test)]
mod tests;

pub use bindings::{BindingChange, BindingRow};
pub use calls::{BadCursor, CallCursor, CallFilter, CallPage, MOST_CALLS};
pub use error::StoreError;
pub use open::Store;
pub use phones::Fetch;
pub use recordings::{
    Deleted, Listened, NewRecording, RecordingCursor, RecordingFilter, RecordingPage, StoredRecording,
};
pub use sessions::Session;
pub use tokens::Token;
pub use voicemail::{MessageCursor, MessageId, MessagePage, NewMessage, StoredGreeting, StoredMessage};
pub use voicemail_notices::Notice;
