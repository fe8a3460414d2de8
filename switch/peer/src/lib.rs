//! Who is out there: registered phones and trunks, their health and capacity, as pure machines.
//!
//! Deliberately absent: SIP. Whoever speaks it asks and reports here in plain values.

mod agenda;
mod binding;
mod capacity;
mod contact;
pub mod guard;
mod health;
mod locate;
mod reach;
mod registrar;
mod registration;
mod selection;
mod trunk;
mod trunks;
mod upkeep;
mod view;

pub use binding::{Binding, BindingChange, Reach};
pub use capacity::Refusal;
pub use health::Failing;
pub use locate::{Hop, Located, Locator, Step};
pub use registrar::{ContactAsk, Register, RegisterRefusal, Registrar, Stands};
pub use registration::{RegisterFail, RegistrationState};
pub use selection::PeerAt;
pub use trunks::{Awaited, TrunkAction, TrunkGossip, Trunks};
pub use view::{PeerView, TargetView, TrunkView};
