//! How often one address may try to log in.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base::Mono;

/// Cells of each table; keys that share one share their limit.
const CELLS: usize = 4_096;
/// One login from one address: ten tries at once, then one every half minute.
const PER_LOGIN: Rate = Rate { burst: 10, every: Duration::from_secs(30) };
/// One address with any login: sixty at once, then one every two seconds.
const PER_ADDRESS: Rate = Rate { burst: 60, every: Duration::from_secs(2) };

/// Counts tries in two fixed tables, keyed at random, so that nobody can fill memory or aim at a cell.
pub(crate) struct Tries {
    key: RandomState,
    by_login: Box<[AtomicU64]>,
    by_address: Box<[AtomicU64]>,
    per_login: Rate,
    per_address: Rate,
}

#[derive(Clone, Copy)]
struct Rate {
    burst: u32,
    every: Duration,
}

impl Tries {
    pub(crate) fn new() -> Self {
        Self::with(PER_LOGIN, PER_ADDRESS)
    }

    /// For phones that fetch their settings: many may stand behind one address, and all start after a power cut.
    pub(crate) fn of_phones() -> Self {
        let per_phone = Rate { burst: 30, every: Duration::from_secs(5) };
        Self::with(per_phone, Rate { burst: 600, every: Duration::from_millis(100) })
    }

    fn with(per_login: Rate, per_address: Rate) -> Self {
        let table = || (0..CELLS).map(|_cell| AtomicU64::new(0)).collect();
        Self { key: RandomState::new(), by_login: table(), by_address: table(), per_login, per_address }
    }

    /// Takes one try; `Err` is how long to wait when there is none left.
    pub(crate) fn take(&self, now: Mono, address: IpAddr, login: &str) -> Result<(), Duration> {
        let network = network(address);
        take(self.cell(&self.by_address, &network), now, self.per_address)?;
        take(self.cell(&self.by_login, &(network, login)), now, self.per_login)
    }

    fn cell<'a>(&self, table: &'a [AtomicU64], key: &impl Hash) -> &'a AtomicU64 {
        let at = self.key.hash_one(key) % CELLS as u64;
        table.get(at as usize).expect("a remainder is below the table's length")
    }
}

/// The generic cell rate algorithm: the cell holds when, in microseconds, the next try would be due
/// at an even pace; a try may come `burst` paces early.
fn take(cell: &AtomicU64, now: Mono, rate: Rate) -> Result<(), Duration> {
    let pace = u64::try_from(rate.every.as_micros()).unwrap_or(u64::MAX);
    let early = pace.saturating_mul(u64::from(rate.burst));
    let next = |due: u64| {
        let due = due.max(now.0).saturating_add(pace);
        (due - now.0 <= early).then_some(due)
    };
    let taken = cell.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
    taken.map(drop).map_err(|due| Duration::from_micros((due + pace).saturating_sub(now.0 + early)))
}

/// An IPv6 host owns its /64; counting single addresses would count nothing.
fn network(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(host) => u128::from(host.to_bits()),
        IpAddr::V6(host) => host.to_bits() >> 64 << 64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_tries_at_once_then_one_every_half_minute() {
        let tries = Tries::new();
        let address: IpAddr = "198.51.100.7".parse().expect("an address");
        let start = Mono(1_000_000);
        for _try in 0..10 {
            assert_eq!(tries.take(start, address, "ana"), Ok(()));
        }
        assert_eq!(tries.take(start, address, "ana"), Err(Duration::from_secs(30)));
        assert_eq!(tries.take(start, address, "bob"), Ok(()));
        let later = start + Duration::from_secs(30);
        assert_eq!(tries.take(later, address, "ana"), Ok(()));
        assert!(tries.take(later, address, "ana").is_err());
    }

    #[test]
    fn an_address_that_walks_through_logins_is_held_too() {
        let tries = Tries::new();
        let host = |low: u16| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, low]);
        let taken = (0..200).filter(|n| tries.take(Mono(0), host(*n), &format!("login-{n}")).is_ok()).count();
        assert_eq!(taken, 60);
    }
}
