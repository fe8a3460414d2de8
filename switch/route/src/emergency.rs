//! Numbers that must always go through.

/// Emergency numbers everywhere: 112 (EU and mobile networks) and 911 (NANP). Others come by dial rules.
pub(crate) const BUILT_IN: [&str; 2] = ["112", "911"];

/// Whether `number` is one of the built-in emergency numbers.
pub(crate) fn is_built_in(number: &str) -> bool {
    BUILT_IN.contains(&number)
}
