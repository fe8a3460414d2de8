//! Words everyone speaks: ids, time, machines, timers, causes, facts and the vocabulary between threads.
//!
//! Deliberately absent: clocks, sockets, files, operating-system randomness, locks. Time and randomness
//! come in as arguments; what should happen in the world goes out as values.

mod cause;
pub mod dns;
mod entropy;
pub mod fact;
mod host_mask;
mod id;
pub mod limits;
mod machine;
pub mod mail;
pub mod media;
mod order;
pub mod record;
mod session;
mod supervision;
mod time;
mod timers;
mod why;
pub mod wire;

#[doc(hidden)]
pub mod testing;

pub use cause::{Cause, Party};
pub use entropy::Entropy;
pub use host_mask::{BadHost, HostMask};
pub use id::{CallId, CallIds, LegId, PortId, RecordingId, RoomId, ShardId, TenantId};
pub use machine::Machine;
pub use order::{CallOrder, ConsultAct, Part, RecordOrder, RoomOrder, SuperviseOrder};
pub use session::{SessionTimers, UnknownSessionTimers};
pub use supervision::Supervision;
pub use time::{Mono, Now, Wall};
pub use timers::{TimerKind, Timers};
pub use why::Why;
