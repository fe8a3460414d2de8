//! What an administrator sets up: trunks, stations, users, phones, numbers, dial rules and conferences.
//!
//! The same types are the rows of the store, the fields of the API and the tables of provisioning files.
//! Deliberately absent: files, sockets, databases. Texts come in, checked values and differences go out.

mod agent;
mod check;
mod check_answering;
mod check_hours;
mod check_mailbox;
mod check_phone;
mod check_trunk;
mod destination;
mod diff;
mod directory;
mod entity;
mod export;
mod exposed;
mod feature;
mod fields;
mod forward;
mod identity;
mod node;
mod parse;
mod pattern;
mod peer_uri;
mod plan;
mod problem;
mod read;
mod read_phone;
mod reliable;
mod secret;
mod settings;
mod supervise;

pub use agent::AgentState;
pub use base::HostMask;
pub use check::{EMERGENCY_NUMBERS, check};
pub use destination::{BadDestination, Destination, TestTarget};
pub use diff::{Change, FieldChange, diff};
pub use directory::{Directory, Entity, Key, Kind};
pub use entity::{
    Announce, AutoAnswer, AutoAnswerFor, BadBookNumber, BadDate, BadKey, BadMac, BadRow, BadScope,
    BadTimeZone, BookNumber, ClockChange, Conference, DialRule, FeatureCode, GreetingChoice, Group,
    HeaderRule, Holiday, HolidayDate, Hours, HoursRow, Incoming, IntercomFrom, KeyAction, LineKey, Mac,
    Mailbox, Member, MobileShows, Mwi, Number, NumberKind, Parking, Peer, Phone, PhonebookEntry, RecordWhen,
    RecordingPolicy, Rewrite, Role, Scope, Span, Station, Strategy, Summer, TimeZone, Trunk, User, Vendor,
};
pub use export::{Secrets, entity_to_json, export};
pub use feature::{Feature, Follows, Standard, may_follow};
pub use forward::{BadForward, ForwardTo, ForwardWhen};
pub use identity::{Anonymous, AnswersTo, ForwardsIn, PasswordFor, ShownIn};
pub use parse::{Parsed, entity_from_json, parse};
pub use pattern::{BadPattern, Pattern, Replacement};
pub use peer_uri::{BadPeerUri, PeerUri};
pub use plan::{Plan, plan};
pub use problem::Problem;
pub use read::Reading;
pub use reliable::Reliable;
pub use secret::{CannotHash, PasswordHasher, ha1_md5, ha1_sha256};
pub use settings::{SETTINGS, Settings, SettingsChange, StationSettings};
pub use supervise::{Supervisor, may_supervise};
