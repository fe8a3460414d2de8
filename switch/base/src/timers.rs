//! A few named deadlines in one value.

use crate::Mono;

/// The kinds of timer a machine has: a field-less enum with consecutive values from 0.
pub trait TimerKind: Copy + 'static {
    /// Every kind, in the order of its index.
    const ALL: &'static [Self];
    /// Its place in `ALL`.
    fn index(self) -> usize;
}

/// One optional deadline per kind; `N` must be `K::ALL.len()`, which is checked at compile time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timers<K, const N: usize> {
    at: [Option<Mono>; N],
    kind: std::marker::PhantomData<K>,
}

impl<K: TimerKind, const N: usize> Timers<K, N> {
    const SIZED: () = assert!(N == K::ALL.len(), "one slot per timer kind");

    /// No timer set.
    #[must_use]
    pub fn new() -> Self {
        let () = Self::SIZED;
        Self { at: [None; N], kind: std::marker::PhantomData }
    }

    /// Sets or moves a timer.
    pub fn set(&mut self, kind: K, at: Mono) {
        if let Some(slot) = self.at.get_mut(kind.index()) {
            *slot = Some(at);
        }
    }

    /// Stops a timer.
    pub fn stop(&mut self, kind: K) {
        if let Some(slot) = self.at.get_mut(kind.index()) {
            *slot = None;
        }
    }

    /// Stops all.
    pub fn clear(&mut self) {
        self.at = [None; N];
    }

    /// When this kind fires, if it is set.
    #[must_use]
    pub fn at(&self, kind: K) -> Option<Mono> {
        self.at.get(kind.index()).copied().flatten()
    }

    /// Whether this kind is set.
    #[must_use]
    pub fn is_set(&self, kind: K) -> bool {
        self.at(kind).is_some()
    }

    /// The soonest deadline.
    #[must_use]
    pub fn next(&self) -> Option<Mono> {
        self.at.iter().flatten().min().copied()
    }

    /// Takes one timer that is due at `now`, the earliest first.
    pub fn due(&mut self, now: Mono) -> Option<K> {
        let (index, _) = self
            .at
            .iter()
            .enumerate()
            .filter_map(|(i, at)| at.filter(|at| *at <= now).map(|at| (i, at)))
            .min_by_key(|(_, at)| *at)?;
        self.at[index] = None;
        K::ALL.get(index).copied()
    }
}

impl<K: TimerKind, const N: usize> Default for Timers<K, N> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum T {
        A,
        B,
    }

    impl TimerKind for T {
        const ALL: &'static [Self] = &[Self::A, Self::B];
        fn index(self) -> usize {
            self as usize
        }
    }

    #[test]
    fn the_earliest_due_timer_comes_first_and_only_once() {
        let mut timers = Timers::<T, 2>::new();
        timers.set(T::A, Mono(20));
        timers.set(T::B, Mono(10));
        assert_eq!(timers.next(), Some(Mono(10)));
        assert_eq!(timers.due(Mono(9)), None);
        assert_eq!(timers.due(Mono(30)), Some(T::B));
        assert_eq!(timers.due(Mono(30)), Some(T::A));
        assert_eq!(timers.due(Mono(30)), None);
    }
}
