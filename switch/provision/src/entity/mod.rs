//! The entities, as plain data.

mod conference;
mod defaults;
mod dialing;
mod feature_code;
mod mailbox;
mod recording_policy;
mod station;
mod trunk;
mod trunk_parts;
mod user;

pub use conference::{Announce, Conference};
pub use dialing::{DialRule, Number};
pub use feature_code::FeatureCode;
pub use mailbox::{GreetingChoice, Mailbox};
pub use recording_policy::{RecordWhen, RecordingPolicy};
pub use station::Station;
pub use trunk::Trunk;
pub use trunk_parts::{HeaderRule, Peer, Rewrite};
pub use user::{Role, User};
