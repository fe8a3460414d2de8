//! The entities, as plain data.

mod answering;
mod conference;
mod defaults;
mod dialing;
mod feature_code;
mod group;
mod hours;
mod mailbox;
mod parking;
mod phone;
mod phone_parts;
mod phonebook;
mod recording_policy;
mod station;
mod time_zone;
mod trunk;
mod trunk_parts;
mod user;

pub use answering::{AutoAnswer, AutoAnswerFor, IntercomFrom};
pub use conference::{Announce, Conference};
pub use dialing::{DialRule, Number};
pub use feature_code::FeatureCode;
pub use group::{Group, Member, Strategy};
pub use hours::{BadDate, BadRow, Holiday, HolidayDate, Hours, HoursRow, Span};
pub use mailbox::{GreetingChoice, Mailbox};
pub use parking::Parking;
pub use phone::Phone;
pub use phone_parts::{BadKey, BadMac, KeyAction, LineKey, Mac, Vendor};
pub use phonebook::{BadBookNumber, BadScope, BookNumber, NumberKind, PhonebookEntry, Scope};
pub use recording_policy::{RecordWhen, RecordingPolicy};
pub use station::{Mwi, Station};
pub use time_zone::{BadTimeZone, Change as ClockChange, Summer, TimeZone};
pub use trunk::Trunk;
pub use trunk_parts::{HeaderRule, Peer, Rewrite};
pub use user::{Incoming, MobileShows, Role, User};
