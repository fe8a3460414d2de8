//! When each transaction next wants to be woken: a timing wheel.

use base::Mono;

/// Which transaction a deadline belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    Client(u64),
    Server(u64),
}

/// The one entry of a transaction that counts; an entry that says otherwise is out of date.
pub(super) type Waiting = Option<Mono>;

/// A slot is 2^13 µs wide, so the wheel spans 67 s: twice the longest timer.
const SLOT_BITS: u32 = 13;
const SLOTS: u64 = 8_192;

/// Deadlines in slots by time; to the microsecond, whatever the width of a slot.
///
/// A deadline that moves away leaves its entry in place: the transaction is woken early, finds nothing due
/// and is entered anew. Most timers are moved many times and never fire, so this saves most of the work. A
/// deadline beyond the wheel's span is treated the same way.
#[derive(Debug)]
pub(super) struct Deadlines {
    slots: Vec<Slot>,
    /// One bit for each slot that has entries.
    occupied: Vec<u64>,
    /// The slot, counted from the start of time, before which there are no entries.
    first: u64,
    entries: usize,
    /// Taken out of the wheel, the earliest last.
    ready: Vec<(Mono, Owner)>,
}

#[derive(Clone, Debug, Default)]
struct Slot {
    entries: Vec<(Mono, Owner)>,
    earliest: Mono,
}

impl Deadlines {
    pub(super) fn new() -> Self {
        Self {
            slots: vec![Slot::default(); SLOTS as usize],
            occupied: vec![0; SLOTS as usize / 64],
            first: 0,
            entries: 0,
            ready: Vec::new(),
        }
    }

    /// Makes sure that the owner is woken no later than `at`.
    pub(super) fn want(&mut self, waiting: &mut Waiting, at: Option<Mono>, owner: Owner) {
        let Some(at) = at else { return };
        if waiting.is_some_and(|entered| entered <= at) {
            return;
        }
        if self.entries == 0 {
            self.first = slot_of(at).saturating_sub(SLOTS / 2);
        }
        let last = self.first + SLOTS - 1;
        let at = at.min(Mono(last << SLOT_BITS));
        let number = slot_of(at).max(self.first);
        *waiting = Some(at);
        self.enter(number, at, owner);
    }

    /// Takes one entry that is due, the earliest first.
    pub(super) fn due(&mut self, now: Mono) -> Option<(Mono, Owner)> {
        if self.ready.is_empty() {
            self.collect(now);
        }
        self.ready.pop()
    }

    /// When the first entry is due; the transaction may turn out to want nothing yet.
    pub(super) fn next(&self) -> Option<Mono> {
        let ready = self.ready.last().map(|(at, _)| *at);
        let waiting = self.first_occupied().map(|number| self.slots[place(number)].earliest);
        ready.into_iter().chain(waiting).min()
    }

    fn enter(&mut self, number: u64, at: Mono, owner: Owner) {
        let slot = &mut self.slots[place(number)];
        slot.earliest = if slot.entries.is_empty() { at } else { slot.earliest.min(at) };
        slot.entries.push((at, owner));
        self.occupied[place(number) / 64] |= 1 << (number % 64);
        self.entries += 1;
    }

    /// Moves what is due in the first slot that has anything due.
    fn collect(&mut self, now: Mono) {
        let Some(number) = self.first_occupied() else { return };
        self.first = number.min(slot_of(now)).max(self.first);
        let slot = &mut self.slots[place(number)];
        if slot.earliest > now {
            return;
        }
        self.ready.extend(slot.entries.extract_if(.., |(at, _)| *at <= now));
        self.ready.sort_unstable_by(|left, right| right.cmp(left));
        self.entries -= self.ready.len();
        match slot.entries.iter().map(|(at, _)| *at).min() {
            Some(earliest) => slot.earliest = earliest,
            None => self.occupied[place(number) / 64] &= !(1 << (number % 64)),
        }
    }

    fn first_occupied(&self) -> Option<u64> {
        if self.entries == 0 {
            return None;
        }
        let start = place(self.first);
        let words = self.occupied.len();
        let behind = self.occupied[start / 64] >> (start % 64);
        if behind != 0 {
            return Some(self.first + u64::from(behind.trailing_zeros()));
        }
        let word_start = self.first - (start % 64) as u64;
        (1..=words).find_map(|step| {
            let word = self.occupied[(start / 64 + step) % words];
            (word != 0).then(|| word_start + step as u64 * 64 + u64::from(word.trailing_zeros()))
        })
    }
}

fn slot_of(at: Mono) -> u64 {
    at.0 >> SLOT_BITS
}

fn place(number: u64) -> usize {
    (number % SLOTS) as usize
}

#[cfg(test)]
mod tests {
    use base::Entropy as _;
    use base::testing::Seeded;

    use super::*;

    const OWNER: Owner = Owner::Client(1);

    #[test]
    fn a_deadline_that_moves_away_adds_no_entry_and_one_that_comes_nearer_does() {
        let mut deadlines = Deadlines::new();
        let mut waiting = None;
        deadlines.want(&mut waiting, Some(Mono(500)), OWNER);
        deadlines.want(&mut waiting, Some(Mono(900)), OWNER);
        assert_eq!(deadlines.entries, 1);
        deadlines.want(&mut waiting, Some(Mono(100)), OWNER);
        assert_eq!(deadlines.next(), Some(Mono(100)));
        assert_eq!(deadlines.due(Mono(99)), None);
        assert_eq!(deadlines.due(Mono(100)), Some((Mono(100), OWNER)));
        assert_eq!(deadlines.next(), Some(Mono(500)));
    }

    #[test]
    fn a_deadline_beyond_the_span_wakes_early_and_ends_right() {
        let mut deadlines = Deadlines::new();
        deadlines.want(&mut None, Some(Mono(0)), Owner::Server(1));
        let goal = Mono(200_000_000);
        let mut waiting = None;
        deadlines.want(&mut waiting, Some(goal), OWNER);
        let mut woken = 0;
        while waiting != Some(goal) {
            let at = deadlines.next().unwrap();
            let (_, owner) = deadlines.due(at).unwrap();
            if owner == OWNER {
                woken += 1;
                waiting = None;
                deadlines.want(&mut waiting, Some(goal), OWNER);
            }
        }
        assert!((1..=3).contains(&woken), "{woken}");
        assert_eq!(deadlines.next(), Some(goal));
    }

    #[test]
    fn after_a_long_silence_nothing_fires_early_or_late() {
        let mut deadlines = Deadlines::new();
        for start in [5, 90_000_000_000, 90_000_000_000_000] {
            deadlines.want(&mut None, Some(Mono(start + 500_000)), OWNER);
            deadlines.want(&mut None, Some(Mono(start + 1)), OWNER);
            assert_eq!(deadlines.due(Mono(start)), None);
            assert_eq!(deadlines.due(Mono(start + 600_000)), Some((Mono(start + 1), OWNER)));
            assert_eq!(deadlines.due(Mono(start + 600_000)), Some((Mono(start + 500_000), OWNER)));
            assert_eq!(deadlines.next(), None);
        }
    }

    #[test]
    fn entries_come_out_in_the_order_of_their_times() {
        let (mut deadlines, mut entropy) = (Deadlines::new(), Seeded::new(1));
        let (mut now, mut open) = (Mono(0), Vec::new());
        for turn in 0..5_000 {
            let at = Mono(now.0 + entropy.below(33_000_000));
            deadlines.want(&mut None, Some(at), Owner::Server(turn));
            open.push(at);
            now = Mono(now.0 + entropy.below(20_000));
            while let Some((at, _)) = deadlines.due(now) {
                let earliest = open.iter().enumerate().min_by_key(|(_, open)| **open).unwrap();
                assert_eq!(at, *earliest.1);
                open.swap_remove(earliest.0);
            }
            assert_eq!(deadlines.next(), open.iter().min().copied());
        }
    }
}
