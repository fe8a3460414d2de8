//! What the tests with a browser need.

use std::path::PathBuf;

/// Where `sip-tests/run` keeps playwright-core.
///
/// # Panics
/// When nobody has a home.
pub fn node_path() -> PathBuf {
    if let Some(path) = std::env::var_os("TANDEM_TEST_NODE_PATH") {
        return path.into();
    }
    let home = std::env::var_os("HOME").expect("somebody's home");
    let cache =
        std::env::var_os("XDG_CACHE_HOME").map_or_else(|| PathBuf::from(home).join(".cache"), PathBuf::from);
    cache.join("tandem-tests/node_modules")
}
