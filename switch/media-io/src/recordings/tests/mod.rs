//! Recordings through real files: what is in them is listened to.

mod crash;
mod encrypted;
mod files;
mod full;
mod rig;
