//! Which port stands in which slot. Ports of this worker have the slot that their name says; those of other workers are
//! given one behind them, be it that they have moved here or that somebody here is to hear them once they have.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use base::PortId;

/// Beats for which a slot that was given back rests: what fades out, or had the floor, is not taken for its next port.
const REST: u64 = 256;

/// Names and slots.
#[derive(Debug)]
pub(super) struct Places {
    worker: u8,
    /// Slots of this worker's own ports.
    own: u32,
    guests: BTreeMap<PortId, u32>,
    /// Who is in the slots behind `own`.
    names: Vec<Option<PortId>>,
    /// Slots without anybody, and the beat since which.
    resting: VecDeque<(u64, u32)>,
    /// Own ports that are at another worker.
    pub(super) away: BTreeSet<u32>,
    /// Guests' slots whose sockets are here: they keep their place until those go, whatever happens to the port.
    pub(super) hosted: BTreeSet<u32>,
}

impl Places {
    pub(super) fn new(worker: u8, own: usize) -> Self {
        Self {
            worker,
            own: u32::try_from(own).unwrap_or(u32::MAX),
            guests: BTreeMap::new(),
            names: Vec::new(),
            resting: VecDeque::new(),
            away: BTreeSet::new(),
            hosted: BTreeSet::new(),
        }
    }

    /// Where a port stands; `None` for one of another worker that has no place here.
    pub(super) fn slot(&self, port: PortId) -> Option<u32> {
        if port.worker == self.worker {
            (port.slot < self.own).then_some(port.slot)
        } else {
            self.guests.get(&port).copied()
        }
    }

    /// The same, with a place made for who has none; `None` for a name that nobody has. `stamp` counts beats.
    pub(super) fn give(&mut self, port: PortId, stamp: u64) -> Option<u32> {
        if port.worker == self.worker || self.guests.contains_key(&port) {
            return self.slot(port);
        }
        let slot = match self.resting.front() {
            Some((since, slot)) if stamp.saturating_sub(*since) > REST => {
                let slot = *slot;
                self.resting.pop_front();
                slot
            }
            Some(_) | None => self.own.checked_add(u32::try_from(self.names.len()).ok()?)?,
        };
        let index = (slot - self.own) as usize;
        if index == self.names.len() {
            self.names.push(None);
        }
        *self.names.get_mut(index)? = Some(port);
        self.guests.insert(port, slot);
        Some(slot)
    }

    /// Takes a guest's place back.
    pub(super) fn take_back(&mut self, slot: u32, stamp: u64) {
        let name = slot.checked_sub(self.own).and_then(|index| self.names.get_mut(index as usize));
        if let Some(name) = name.and_then(Option::take) {
            self.guests.remove(&name);
            self.resting.push_back((stamp, slot));
        }
    }

    /// Who stands in a slot.
    pub(super) fn name(&self, slot: u32) -> PortId {
        let guest = slot.checked_sub(self.own).and_then(|index| self.names.get(index as usize));
        guest.copied().flatten().unwrap_or(PortId { worker: self.worker, slot })
    }

    /// Whether the port is this worker's own.
    pub(super) fn is_own(&self, port: PortId) -> bool {
        port.worker == self.worker
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUEST: PortId = PortId { worker: 1, slot: 3 };
    const OTHER: PortId = PortId { worker: 2, slot: 3 };

    #[test]
    fn own_ports_have_the_slot_of_their_name_and_guests_one_behind_them() {
        let mut places = Places::new(0, 4);
        let own = PortId { worker: 0, slot: 3 };
        assert_eq!((places.give(own, 0), places.give(PortId { worker: 0, slot: 4 }, 0)), (Some(3), None));
        assert_eq!(
            (places.slot(GUEST), places.give(GUEST, 0), places.give(GUEST, 0)),
            (None, Some(4), Some(4))
        );
        assert_eq!((places.give(OTHER, 0), places.name(4), places.name(3)), (Some(5), GUEST, own));
    }

    #[test]
    fn a_slot_rests_before_the_next_guest_gets_it() {
        let mut places = Places::new(0, 4);
        places.give(GUEST, 0);
        places.take_back(4, 10);
        places.take_back(4, 10);
        assert_eq!((places.slot(GUEST), places.give(OTHER, 11)), (None, Some(5)));
        places.take_back(5, 12);
        assert_eq!(places.give(OTHER, 11 + REST), Some(4));
    }
}
