//! A phone that others must not disturb.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{Node, Party};

/// Between two of its OPTIONS.
const PAUSE: Duration = Duration::from_millis(20);

/// Runs `trouble` while a phone asks with OPTIONS again and again, and returns how long its answers took, the longest
/// last. What the machine itself is busy with counts too.
///
/// # Panics
/// When one of them is not answered.
pub fn answers_during(node: &Node, phone: SocketAddr, trouble: impl FnOnce()) -> Vec<Duration> {
    let (party, over) = (Party::new(phone), AtomicBool::new(false));
    let (sip, over) = (node.sip(), &over);
    let mut took = std::thread::scope(|scope| {
        let asking = scope.spawn(move || {
            let mut took = Vec::new();
            while !over.load(Ordering::SeqCst) || took.is_empty() {
                took.push(ask(&party, sip, took.len()));
                std::thread::park_timeout(PAUSE);
            }
            took
        });
        let ending = Over(over);
        trouble();
        drop(ending);
        asking.join().expect("every OPTIONS is answered")
    });
    took.sort();
    took
}

/// Ends the asking, also when the trouble panics.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[expect(clippy::disallowed_methods, reason = "the wire's time is what is measured")]
fn ask(party: &Party, switch: SocketAddr, number: usize) -> Duration {
    let me = party.address();
    let before = Instant::now();
    party.send(
        switch,
        format!(
            "OPTIONS sip:{switch} SIP/2.0\r\nVia: SIP/2.0/UDP {me};rport;branch=z9hG4bKwell{number}\r\nMax-Forwards: 70\r\n\
             From: <sip:well@{me}>;tag=w{number}\r\nTo: <sip:{switch}>\r\nCall-ID: well{number}@{me}\r\nCSeq: 1 OPTIONS\r\n\
             Content-Length: 0\r\n\r\n"
        ),
    );
    party.expect("SIP/2.0 200");
    before.elapsed()
}
