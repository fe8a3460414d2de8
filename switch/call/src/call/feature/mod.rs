//! What people do with calls beyond calling, by their phones' keys, by codes and by the API: one file for each feature.
//! Each is a change of who is on which side of the meeting, and the signalling that goes with it.

mod consult;
mod dialled;
mod errand;
mod hold;
mod refer;
mod transfer;
mod waiting;

pub(super) use errand::{Errand, Failing};
pub(super) use hold::Holding;
pub(crate) use refer::read_replaces;
pub(super) use transfer::Blind;
pub(super) use waiting::Waiting;
mod in_call;
mod keys;
mod messages;
mod signature;

pub(super) use signature::Signature;
