//! What hostile octets must not do: one function per thing that reads octets from outside.
//!
//! Each takes any octets and panics when a promise is broken. The tests run them over saved corpora and seeded changes of
//! those; `fuzz/` has a cargo-fuzz target around each, outside the workspace.

mod media;
mod mutate;
mod sdp;
mod sip;

pub use mutate::Mutator;

/// One reader under test.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name of its corpus and of its fuzz target.
    pub name: &'static str,
    /// Reads octets; panics when a promise is broken.
    pub run: fn(&[u8]),
}

/// Every reader of octets from outside.
pub const TARGETS: &[Target] = &[
    Target { name: "message", run: sip::message },
    Target { name: "framer", run: sip::framer },
    Target { name: "uri", run: sip::uri },
    Target { name: "addresses", run: sip::addresses },
    Target { name: "digest", run: sip::digest },
    Target { name: "multipart", run: sip::multipart },
    Target { name: "sdp", run: sdp::sdp },
    Target { name: "rtp", run: media::rtp },
    Target { name: "rtcp", run: media::rtcp },
    Target { name: "relay", run: media::relay },
];

/// The target of this name.
///
/// # Panics
/// Without one.
#[must_use]
pub fn target(name: &str) -> &'static Target {
    TARGETS.iter().find(|target| target.name == name).expect("a name that stands in TARGETS")
}
