//! How much of the disk recordings may use.

use std::sync::atomic::{AtomicU64, Ordering};

/// Octets used and allowed; shared by the threads that write and those that delete.
#[derive(Debug)]
pub(crate) struct Budget {
    used: AtomicU64,
    /// 0 for as much as the disk has.
    most: u64,
}

impl Budget {
    pub(crate) fn new(most: u64) -> Self {
        Self { used: AtomicU64::new(0), most }
    }

    /// Takes room for `octets`; `false` when there is none.
    pub(crate) fn take(&self, octets: u64) -> bool {
        let used = self.used.fetch_add(octets, Ordering::Relaxed) + octets;
        let fits = self.most == 0 || used <= self.most;
        if !fits {
            self.give_back(octets);
        }
        fits
    }

    /// Counts what lies on the disk already.
    pub(crate) fn count(&self, octets: u64) {
        self.used.fetch_add(octets, Ordering::Relaxed);
    }

    pub(crate) fn give_back(&self, octets: u64) {
        let less = |used: u64| Some(used.saturating_sub(octets));
        // The closure never refuses.
        let _before = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Octets to be deleted so that a twentieth is free; 0 when it is.
    pub(crate) fn too_much(&self) -> u64 {
        if self.most == 0 { 0 } else { self.used().saturating_sub(self.most / 20 * 19) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_and_takes_no_room() {
        let budget = Budget::new(1_000);
        assert!(budget.take(990) && !budget.take(20));
        assert_eq!((budget.used(), budget.too_much()), (990, 40));
        budget.give_back(500);
        assert!(budget.take(20));
        assert!(Budget::new(0).take(u64::MAX / 2));
    }
}
