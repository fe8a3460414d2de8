//! What browsers, programs and probes see of the web layer.

mod api;
mod calls;
mod node;
mod operations;
mod pages;
mod past;
mod phones;
mod reach;
mod recordings;
mod sounds;
mod voicemail;
mod wire;
