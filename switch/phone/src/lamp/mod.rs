//! What lamps and keys of phones are told: lines (RFC 4235), mailboxes (RFC 3842), features and agents
//! (`as-feature-event`).

mod dialog_info;
pub mod feature_event;
mod message_summary;
mod watched;

pub use dialog_info::{DIALOG_INFO, DialogInfo, Lit};
pub use message_summary::{MESSAGE_SUMMARY, message_summary};
pub use watched::Watched;
