//! Transactions by number: an index with a generation, so that a number is never used twice.

/// Low bits of an id: the place. The rest counts how often the place was used.
const PLACE_BITS: u32 = 24;
const PLACE_MASK: u64 = (1 << PLACE_BITS) - 1;

/// A table that gives out ids and takes them back.
#[derive(Debug)]
pub(super) struct Arena<T> {
    places: Vec<Place<T>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Place<T> {
    generation: u64,
    value: Option<T>,
}

impl<T> Arena<T> {
    pub(super) fn new() -> Self {
        Self { places: Vec::new(), free: Vec::new() }
    }

    /// Keeps the value that `make` builds from its id. The caller bounds the number of values below 2^24.
    pub(super) fn insert(&mut self, make: impl FnOnce(u64) -> T) -> u64 {
        let index = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place { generation: 0, value: None });
            u32::try_from(self.places.len() - 1).expect("fewer than 2^24 transactions live")
        });
        let place = &mut self.places[index as usize];
        place.generation += 1;
        let id = place.generation << PLACE_BITS | u64::from(index);
        place.value = Some(make(id));
        id
    }

    pub(super) fn remove(&mut self, id: u64) -> Option<T> {
        let place = self.places.get_mut(place_of(id))?;
        if place.generation != id >> PLACE_BITS {
            return None;
        }
        let value = place.value.take()?;
        self.free.push((id & PLACE_MASK) as u32);
        Some(value)
    }

    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut T> {
        let place = self.places.get_mut(place_of(id))?;
        if place.generation == id >> PLACE_BITS { place.value.as_mut() } else { None }
    }

    pub(super) fn get(&self, id: u64) -> Option<&T> {
        let place = self.places.get(place_of(id))?;
        if place.generation == id >> PLACE_BITS { place.value.as_ref() } else { None }
    }

    pub(super) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }
}

fn place_of(id: u64) -> usize {
    (id & PLACE_MASK) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_not_used_again_although_its_place_is() {
        let mut arena = Arena::new();
        let first = arena.insert(|_| "a");
        assert_eq!(arena.remove(first), Some("a"));
        let second = arena.insert(|_| "b");
        assert_ne!(first, second);
        assert_eq!(arena.get(first), None);
        assert_eq!(arena.get(second), Some(&"b"));
        assert_eq!(arena.remove(first), None);
        assert_eq!(arena.len(), 1);
    }
}
