//! What people do with calls beyond calling, by their phones' keys, by codes and by the API: one file for each feature.
//! Each is a change of who is on which side of the meeting, and the signalling that goes with it.

mod conference;
mod conference_keys;
mod conference_menu;
mod conference_room;
mod consult;
mod dialled;
mod dialling;
mod errand;
mod hold;
mod intercom;
mod page;
mod park;
mod pickup;
mod refer;
mod supervise;
mod supervised;
mod transfer;
mod waiting;

pub(super) use conference::Conference;
pub(super) use conference_room::Inside;
pub(crate) use conference_room::RoomChange;
pub(super) use dialling::Dialling;
pub(super) use errand::{Errand, Failing};
pub(super) use hold::Holding;
pub(super) use page::Page;
pub(super) use park::Parked;
pub(crate) use refer::read_replaces;
pub(crate) use supervise::SUPERVISES;
pub(super) use supervise::Supervising;
pub(super) use supervised::Attended;
pub(super) use transfer::Blind;
pub(super) use waiting::Waiting;
mod in_call;
mod keys;
mod messages;
mod second_line;
mod signature;
mod time;

pub(crate) use second_line::Keyed;
pub(super) use signature::Signature;
