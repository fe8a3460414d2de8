//! The process does not grow with logins. Alone in its process, so that no other test's memory counts.

#[path = "web/node.rs"]
#[expect(dead_code, reason = "logging in is all that is done here")]
mod node;

use axum::http::StatusCode;
use webadmin::auth::Hasher;

use crate::node::Site;

const MIB: u64 = 1_024;

/// What is resident, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a size");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[tokio::test]
async fn thirty_hashes_and_thirty_logins_by_strangers_take_no_more_memory_than_two() {
    let site = Site::new().await;
    let before = resident();
    let hasher = Hasher::default();
    for _ in 0..30 {
        hasher.hash("correct horse").expect("a hash");
    }
    for stranger in 0..30 {
        let answer = site.log_in(&format!("stranger{stranger}"), "wrong horse").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < 45 * MIB, "{} MiB", grown / MIB);
}
