//! Numbers to where: a pure function from a snapshot and an inquiry to a verdict and its reason.
//!
//! Deliberately absent: registrations and health. A verdict names extensions and trunks; whether they can
//! be reached is for `peer` to say.

mod decide;
mod dialled;
mod hours;
mod inquiry;
mod plan;
mod recording;
mod ring;
mod snapshot;
mod trunk;

pub use decide::{decide, may_lead, onward};
pub use dialled::{behind_withhold, same_number};
pub use hours::{HoursState, Schedule};
pub use inquiry::{Inquiry, Local, Origin, TrunkTry, Verdict};
pub use plan::{After, By, Decline, LedWhen, Manner, Onward, RingPlan, RingStage, Rung};
pub use provision::{Feature, TestTarget};
pub use recording::Recordable;
pub use snapshot::{BuildError, Snapshot};
pub use trunk::TrunkRoute;
