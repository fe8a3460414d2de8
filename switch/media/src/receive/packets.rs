//! Packets that wait for their turn, in order of their sequence numbers.

use base::limits;
use base::media::Codec;

const SLOTS: usize = limits::JITTER_PACKETS;

/// What a packet is for the ear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sound {
    /// Speech, so many ticks of it.
    Speech { codec: Codec, ticks: u32 },
    /// From here on noise so many dB below overload (RFC 3389).
    Noise { level: u8 },
    /// None: an event, or what cannot be decoded.
    Nothing,
}

/// What is known of a held packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    pub(super) sound: Sound,
}

/// What became of a packet that was put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    Taken,
    /// It is here already, or was played.
    Twice,
    /// Its turn is over.
    Late,
    /// Its number is out of all reach.
    Beyond,
}

/// A ring with a slot for each number that may be waited for. Slots keep their buffers.
#[derive(Debug)]
pub(super) struct Packets {
    slots: Box<[Slot]>,
    /// The number whose turn is next.
    next: u16,
    /// Which of the numbers before it were here: bit 0 is the one just before.
    played: u64,
    highest: u16,
    held: usize,
    held_ticks: u32,
    /// Nothing was played yet: an earlier number may still come first.
    fresh: bool,
}

#[derive(Debug, Default)]
struct Slot {
    held: Option<Held>,
    payload: Vec<u8>,
}

impl Packets {
    pub(super) fn new() -> Self {
        let slots = std::iter::repeat_with(Slot::default).take(SLOTS).collect();
        Self { slots, next: 0, played: 0, highest: 0, held: 0, held_ticks: 0, fresh: true }
    }

    /// Lets go of all and begins with that number.
    pub(super) fn begin(&mut self, first: u16) {
        self.slots.iter_mut().for_each(|slot| slot.held = None);
        (self.next, self.highest, self.played, self.fresh) = (first, first, 0, true);
        (self.held, self.held_ticks) = (0, 0);
    }

    pub(super) fn put(&mut self, packet: Held, payload: &[u8]) -> Put {
        let ahead = packet.sequence.wrapping_sub(self.next).cast_signed();
        if ahead < 0 {
            return self.put_behind(packet, payload, ahead.unsigned_abs());
        }
        if usize::from(ahead.unsigned_abs()) >= SLOTS {
            return Put::Beyond;
        }
        let slot = &mut self.slots[usize::from(packet.sequence) % SLOTS];
        if slot.held.is_some() {
            return Put::Twice;
        }
        slot.held = Some(packet);
        slot.payload.clear();
        slot.payload.extend_from_slice(payload);
        self.held += 1;
        self.held_ticks += packet.ticks();
        if packet.sequence.wrapping_sub(self.highest).cast_signed() > 0 {
            self.highest = packet.sequence;
        }
        Put::Taken
    }

    /// The held packet whose number is lowest.
    pub(super) fn first(&self) -> Option<Held> {
        if self.held == 0 {
            return None;
        }
        let reach = self.highest.wrapping_sub(self.next);
        (0..=reach).find_map(|ahead| self.slot(self.next.wrapping_add(ahead)).held)
    }

    pub(super) fn payload(&self, sequence: u16) -> &[u8] {
        &self.slot(sequence).payload
    }

    /// The turn of a held packet is over, and of all before it.
    pub(super) fn finish(&mut self, packet: Held) {
        let skipped = u32::from(self.missing_before(packet));
        self.played = self.played.checked_shl(skipped + 1).unwrap_or(0) | 1;
        self.next = packet.sequence.wrapping_add(1);
        self.fresh = false;
        let slot = &mut self.slots[usize::from(packet.sequence) % SLOTS];
        if slot.held.take().is_some() {
            self.held -= 1;
            self.held_ticks = self.held_ticks.saturating_sub(packet.ticks());
        }
    }

    /// How many numbers before it have not come.
    pub(super) fn missing_before(&self, packet: Held) -> u16 {
        packet.sequence.wrapping_sub(self.next)
    }

    /// Ticks of speech that are held.
    pub(super) fn ticks(&self) -> u32 {
        self.held_ticks
    }

    pub(super) fn highest(&self) -> u16 {
        self.highest
    }

    fn put_behind(&mut self, packet: Held, payload: &[u8], behind: u16) -> Put {
        let spread = usize::from(self.highest.wrapping_sub(packet.sequence));
        if self.fresh && spread < SLOTS {
            self.next = packet.sequence;
            return self.put(packet, payload);
        }
        let was_here = behind <= 64 && self.played >> (behind - 1) & 1 == 1;
        if was_here { Put::Twice } else { Put::Late }
    }

    fn slot(&self, sequence: u16) -> &Slot {
        &self.slots[usize::from(sequence) % SLOTS]
    }
}

impl Held {
    fn ticks(&self) -> u32 {
        match self.sound {
            Sound::Speech { ticks, .. } => ticks,
            Sound::Noise { .. } | Sound::Nothing => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(sequence: u16) -> Held {
        let sound = Sound::Speech { codec: Codec::Pcmu, ticks: 160 };
        Held { sequence, timestamp: u32::from(sequence) * 160, sound }
    }

    fn drain(packets: &mut Packets) -> Vec<u16> {
        let mut order = Vec::new();
        while let Some(first) = packets.first() {
            packets.finish(first);
            order.push(first.sequence);
        }
        order
    }

    #[test]
    fn packets_leave_in_order_over_a_wrap_and_the_first_may_come_second() {
        let mut packets = Packets::new();
        packets.begin(65_535);
        for sequence in [65_535, 65_534, 2, 0, 1] {
            assert_eq!(packets.put(packet(sequence), &[]), Put::Taken);
        }
        assert_eq!((packets.ticks(), drain(&mut packets)), (800, vec![65_534, 65_535, 0, 1, 2]));
        assert_eq!(packets.ticks(), 0);
    }

    #[test]
    fn one_that_was_played_is_a_duplicate_and_one_that_was_given_up_is_late() {
        let mut packets = Packets::new();
        packets.begin(1);
        packets.put(packet(1), &[]);
        packets.put(packet(3), &[]);
        assert_eq!(packets.put(packet(3), &[]), Put::Twice);
        assert_eq!(drain(&mut packets), [1, 3]);
        assert_eq!((packets.put(packet(1), &[]), packets.put(packet(2), &[])), (Put::Twice, Put::Late));
        assert_eq!(packets.put(packet(4 + SLOTS as u16), &[]), Put::Beyond);
    }
}
