//! Decoded sounds, shared by all workers.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};

use base::limits::CLIPS_MISSING;
use base::mail::MailFile;
use base::media::PromptName;
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use media::play::{Clip, Clips, Lookup};

/// Missing sounds that a warning names.
const NAMED: usize = 5;

/// What is asked for: a prompt, or a class of music.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Wanted {
    Prompt(PromptName),
    Music(Arc<str>),
    Message(MailFile),
}

/// Figures of the shelf.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShelfStats {
    /// Decoded sounds in memory.
    pub clips: u64,
    /// Octets they take.
    pub octets: u64,
    /// Times that a sound was played which does not exist or cannot be read.
    pub missing: u64,
    /// Names of such sounds, since the last change of sounds.
    pub missing_names: Vec<String>,
}

impl ShelfStats {
    /// A sentence for operators about what is missing, if anything is.
    #[must_use]
    pub fn missing_text(&self) -> Option<String> {
        let named = self.missing_names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = self.missing_names.len().saturating_sub(NAMED);
        match (named.is_empty(), more) {
            (true, _) => None,
            (false, 0) => Some(format!("sounds that calls should have heard do not exist: {named}")),
            (false, 1..) => {
                Some(format!("sounds that calls should have heard do not exist: {named} and {more} more"))
            }
        }
    }
}

/// What a worker may find: it looks, and never waits. One thread, the loader, writes.
pub struct Shelf {
    slots: DashMap<Wanted, Slot>,
    /// Octets that decoded sounds may take.
    room: usize,
    asks: SyncSender<Wanted>,
    /// Counts look-ups, to tell what was used lately.
    uses: AtomicU64,
    missing: AtomicU64,
    generation: AtomicU64,
}

enum Slot {
    Asked,
    Ready { clip: Arc<Clip>, used: AtomicU64 },
    Missing,
}

impl Shelf {
    pub(super) fn new(asks: SyncSender<Wanted>, room: usize) -> Self {
        Self {
            slots: DashMap::new(),
            room,
            asks,
            uses: AtomicU64::new(0),
            missing: AtomicU64::new(0),
            generation: AtomicU64::new(0),
        }
    }

    fn look(&self, wanted: Wanted) -> Lookup {
        if let Some(slot) = self.slots.get(&wanted) {
            return self.found(&slot);
        }
        match self.slots.entry(wanted) {
            Entry::Occupied(slot) => self.found(slot.get()),
            Entry::Vacant(slot) => match self.asks.try_send(slot.key().clone()) {
                Ok(()) => {
                    slot.insert(Slot::Asked);
                    Lookup::Loading
                }
                Err(TrySendError::Full(_)) => Lookup::Loading,
                Err(TrySendError::Disconnected(_)) => Lookup::Missing,
            },
        }
    }

    fn found(&self, slot: &Slot) -> Lookup {
        match slot {
            Slot::Asked => Lookup::Loading,
            Slot::Ready { clip, used } => {
                used.store(self.uses.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
                Lookup::Ready(Arc::clone(clip))
            }
            Slot::Missing => {
                self.missing.fetch_add(1, Ordering::Relaxed);
                Lookup::Missing
            }
        }
    }

    /// Changes with every `clear`.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The loader's answer to what it began to read in `generation`; `None` is missing.
    pub(super) fn put(&self, wanted: Wanted, clip: Option<Arc<Clip>>, generation: u64) {
        let used = AtomicU64::new(self.uses.fetch_add(1, Ordering::Relaxed));
        let slot = clip.map_or(Slot::Missing, |clip| Slot::Ready { clip, used });
        self.slots.insert(wanted.clone(), slot);
        if self.generation() != generation {
            // The file may have changed after it was read.
            self.slots.remove(&wanted);
        }
        self.make_room();
    }

    /// Everything is looked for again; what plays plays on.
    pub(super) fn clear(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.slots.clear();
    }

    pub(super) fn stats(&self) -> ShelfStats {
        let mut stats = ShelfStats { missing: self.missing.load(Ordering::Relaxed), ..ShelfStats::default() };
        for slot in &self.slots {
            match slot.value() {
                Slot::Asked => {}
                Slot::Ready { clip, .. } => {
                    stats.clips += 1;
                    stats.octets += clip.octets() as u64;
                }
                Slot::Missing => stats.missing_names.push(slot.key().to_string()),
            }
        }
        stats.missing_names.sort();
        stats
    }

    /// Lets go of what was unused longest until the rest fits.
    fn make_room(&self) {
        let mut ready: Vec<(u64, usize, Wanted)> = Vec::new();
        let mut missing = 0;
        for slot in &self.slots {
            match slot.value() {
                Slot::Asked => {}
                Slot::Missing => missing += 1,
                Slot::Ready { clip, used } => {
                    ready.push((used.load(Ordering::Relaxed), clip.octets(), slot.key().clone()));
                }
            }
        }
        if missing > CLIPS_MISSING {
            self.slots.retain(|_, slot| !matches!(slot, Slot::Missing));
        }
        let mut octets: usize = ready.iter().map(|(_, octets, _)| octets).sum();
        ready.sort_unstable_by_key(|(used, ..)| *used);
        for (_, size, wanted) in ready {
            if octets <= self.room {
                return;
            }
            self.slots.remove(&wanted);
            octets -= size;
        }
    }
}

impl Clips for Shelf {
    fn prompt(&self, name: &PromptName) -> Lookup {
        self.look(Wanted::Prompt(name.clone()))
    }

    fn message(&self, file: &MailFile) -> Lookup {
        self.look(Wanted::Message(file.clone()))
    }

    fn music(&self, class: &Arc<str>) -> Lookup {
        self.look(Wanted::Music(Arc::clone(class)))
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prompt(name) => write!(f, "{}/{}", name.language, name.id),
            Self::Music(class) => write!(f, "music/{class}"),
            Self::Message(file) => write!(f, "voicemail/{}", file.recording),
        }
    }
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shelf({} sounds)", self.slots.len())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    fn name(id: &str) -> Wanted {
        Wanted::Music(Arc::from(id))
    }

    /// Of 3,000 octets.
    fn clip() -> Option<Arc<Clip>> {
        Some(Arc::new(Clip::new(vec![0; 1_000].into_boxed_slice())))
    }

    fn is_ready(shelf: &Shelf, id: &str) -> bool {
        matches!(shelf.look(name(id)), Lookup::Ready(_))
    }

    #[test]
    fn what_was_unused_longest_makes_room() {
        let (asks, _asked) = sync_channel(10);
        let shelf = Shelf::new(asks, 9_000);
        for id in ["a", "b", "c"] {
            shelf.put(name(id), clip(), 0);
        }
        assert!(is_ready(&shelf, "a"));
        shelf.put(name("d"), clip(), 0);
        assert_eq!((shelf.stats().clips, shelf.stats().octets), (3, 9_000));
        assert!(is_ready(&shelf, "a") && is_ready(&shelf, "c") && is_ready(&shelf, "d"));
        assert!(!is_ready(&shelf, "b"));
    }

    #[test]
    fn a_sound_is_asked_for_once_and_again_when_the_loader_was_too_busy() {
        let (asks, asked) = sync_channel(1);
        let shelf = Shelf::new(asks, 9_000);
        for id in ["a", "a", "b"] {
            assert!(matches!(shelf.look(name(id)), Lookup::Loading));
        }
        assert_eq!(asked.try_iter().count(), 1);
        assert!(matches!(shelf.look(name("b")), Lookup::Loading));
        assert_eq!(asked.try_iter().count(), 1);
        drop(asked);
        assert!(matches!(shelf.look(name("c")), Lookup::Missing));
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept() {
        let (asks, _asked) = sync_channel(10);
        let shelf = Shelf::new(asks, 9_000);
        let before = shelf.generation();
        shelf.clear();
        shelf.put(name("a"), clip(), before);
        assert!(!is_ready(&shelf, "a"));
    }

    #[test]
    fn names_of_missing_sounds_are_bounded() {
        let (asks, _asked) = sync_channel(10);
        let shelf = Shelf::new(asks, 9_000);
        for n in 0..CLIPS_MISSING + 10 {
            shelf.put(name(&n.to_string()), None, 0);
        }
        assert!(shelf.stats().missing_names.len() <= CLIPS_MISSING);
    }
}
