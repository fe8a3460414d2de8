//! What one stream connection may say: nothing of it is dropped, its reader waits.

use std::net::SocketAddr;
use std::time::Duration;

use base::Mono;

use super::bucket::Bucket;
use super::door::DoorLimits;
use super::roll::{Entry, Roll};

/// One connection's budget.
#[derive(Debug)]
pub struct Tap {
    bucket: Bucket,
}

impl Tap {
    /// How long a reader waits before it asks again.
    pub const WAIT: Duration = Duration::from_millis(50);

    /// A connection that has said nothing.
    #[must_use]
    pub fn new(now: Mono, limits: &DoorLimits) -> Self {
        Self { bucket: Bucket::full(now, limits.per_source) }
    }

    /// Whether the next message may be read now. Trunks always may.
    pub fn draw(&mut self, now: Mono, limits: &DoorLimits, roll: &Roll, remote: SocketAddr) -> bool {
        if roll.has(now, &Entry::trunk(remote.ip())) {
            return true;
        }
        let known = roll.has(now, &Entry::flow(remote));
        self.bucket.take(now, if known { limits.known } else { limits.per_source })
    }
}

#[cfg(test)]
mod tests {
    use base::testing::Counting;

    use super::*;
    use crate::guard::Notice;

    #[test]
    fn a_connection_that_floods_is_read_slowly_until_its_phone_is_known() {
        let (roll, limits) = (Roll::new(64, &mut Counting::default()), DoorLimits::new(10, 50, 1_000));
        let remote: SocketAddr = "192.0.2.7:40000".parse().unwrap();
        let mut tap = Tap::new(Mono(0), &limits);
        let mut read = |at: Mono| (0..5_000).filter(|_| tap.draw(at, &limits, &roll, remote)).count();
        assert_eq!(read(Mono(0)), 40);
        assert_eq!(read(Mono(1_000_000)), 10);
        roll.note(Mono(0), &Notice { entry: Entry::flow(remote), until: Mono(u64::MAX) });
        assert_eq!(read(Mono(2_000_000)), 1_000);
    }
}
