//! What two user agents use a dialog for beside calls: subscriptions (RFC 6665) and referrals (RFC 3515), each in a
//! dialog of its own (RFC 5057 advises against sharing one).
//!
//! Deliberately absent: event packages and who may subscribe to what; the owner knows.

mod refer;
mod subscribe;

pub use refer::{Refer, Referral, Report, sipfrag};
pub use subscribe::{Ended, EventAsk, Lifetimes, Subscription, UsageRefusal};
