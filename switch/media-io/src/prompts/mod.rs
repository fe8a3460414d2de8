//! Prompts and music in the world: files read, decoded once and shared by all workers; uploads taken in.
//!
//! The files are the only truth: those that ship lie in the program, those of users below one folder, as
//! `es/hello.wav` or `music/default/evening.wav`, and one of theirs is heard instead of one that ships with the same
//! name. A file put there by hand counts too, of any kind that can be uploaded.

mod folder;
mod gather;
mod level;
mod library;
mod opus_file;
mod read;
mod shelf;

pub use library::Prompts;
pub use shelf::{Shelf, ShelfStats};
