//! The events of one far end, each told once.

use std::time::Duration;

use base::Mono;
use base::media::{DigitBy, digit_of};
use smallvec::SmallVec;

use super::event::{BLOCK, Event};
use super::{Key, Press};
use crate::rtp::Header;

/// An event of which nothing came for so long is over, though no packet said so: seven in a row would have to be lost.
const QUIET: Duration = Duration::from_millis(150);
/// Blocks of one packet that are read; more than one is rare (RFC 4733 §2.5.1.5).
const BLOCKS: usize = 3;
/// Ticks of the longest segment (§2.5.1.3).
const SEGMENT: u32 = 0xffff;
/// A sequence number up to this far behind is late, not new (RFC 3550 A.1), if the one ahead came a moment ago.
const LATE: u16 = 100;
/// That moment.
const MOMENT: Duration = Duration::from_secs(2);

/// Reads event packets. A few octets, no heap.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    state: State,
    /// The last packet that was read, of any event.
    last: Option<Last>,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Idle,
    /// A key is down.
    Down(Down),
    /// The key of that packet is up; copies of its end may follow.
    Up { timestamp: u32, code: u8, ticks: u16 },
}

#[derive(Clone, Copy, Debug)]
struct Down {
    code: u8,
    clock_hz: u32,
    /// Of the segment that runs.
    timestamp: u32,
    /// Of the segments before.
    past: u64,
    ticks: u16,
    heard: Mono,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    ssrc: u32,
    sequence: u16,
    at: Mono,
}

/// What came of a packet, in order: at most a key of before that goes up, and three that go down and up.
type Keys = SmallVec<[Key; 2 * BLOCKS + 1]>;

impl Reader {
    /// Takes a packet of the type `telephone-event` with that clock. Late ones and copies give nothing.
    pub fn take(&mut self, now: Mono, header: &Header, clock_hz: u32, payload: &[u8]) -> SmallVec<[Key; 7]> {
        let mut keys = Keys::new();
        if self.is_late(now, header) {
            return keys;
        }
        let mut packet = *header;
        for block in payload.chunks_exact(BLOCK).take(BLOCKS) {
            let Some(event) = Event::read(block) else { break };
            self.block(now, &packet, clock_hz, event, &mut keys);
            packet.timestamp = packet.timestamp.wrapping_add(u32::from(event.ticks));
        }
        self.last = Some(Last { ssrc: header.ssrc, sequence: header.sequence, at: now });
        keys
    }

    /// Ends an event of which nothing came for too long.
    pub fn tick(&mut self, now: Mono) -> Option<Press> {
        match self.state {
            State::Down(down) if now.since(down.heard) >= QUIET => self.lift(),
            State::Down(_) | State::Idle | State::Up { .. } => None,
        }
    }

    /// When `tick` is next wanted.
    #[must_use]
    pub fn deadline(&self) -> Option<Mono> {
        match self.state {
            State::Down(down) => Some(down.heard + QUIET),
            State::Idle | State::Up { .. } => None,
        }
    }

    /// The key that is down.
    #[must_use]
    pub fn down(&self) -> Option<char> {
        match self.state {
            State::Down(down) => digit_of(down.code),
            State::Idle | State::Up { .. } => None,
        }
    }

    fn is_late(&self, now: Mono, header: &Header) -> bool {
        self.last.is_some_and(|last| {
            let behind = last.sequence.wrapping_sub(header.sequence);
            last.ssrc == header.ssrc && behind <= LATE && now.since(last.at) < MOMENT
        })
    }

    fn block(&mut self, now: Mono, packet: &Header, clock_hz: u32, event: Event, keys: &mut Keys) {
        if !self.goes_on(now, packet, event) {
            keys.extend(self.lift().map(Key::Up));
            let Some(digit) = digit_of(event.code) else { return };
            if self.is_copy(packet, event) {
                return;
            }
            keys.push(Key::Down(digit));
            self.state = State::Down(Down {
                code: event.code,
                clock_hz: clock_hz.max(1),
                timestamp: packet.timestamp,
                past: 0,
                ticks: event.ticks,
                heard: now,
            });
        }
        if event.end {
            keys.extend(self.lift().map(Key::Up));
        }
    }

    /// Whether a block belongs to the key that is down; then it counts.
    fn goes_on(&mut self, now: Mono, packet: &Header, event: Event) -> bool {
        let other_stream = self.last.is_some_and(|last| last.ssrc != packet.ssrc);
        let State::Down(down) = &mut self.state else { return false };
        if down.code != event.code || other_stream {
            return false;
        }
        let ahead = packet.timestamp.wrapping_sub(down.timestamp);
        if ahead == 0 && down.ticks > 0xf000 && event.ticks < 0x1000 {
            // No segment of the RFC: a sender that lets the duration wrap.
            down.past = down.past.saturating_add(u64::from(SEGMENT) + 1);
        } else if ahead == SEGMENT && !packet.marker {
            down.past = down.past.saturating_add(u64::from(SEGMENT));
            down.timestamp = packet.timestamp;
        } else if ahead != 0 {
            return false;
        }
        down.ticks = event.ticks;
        down.heard = now;
        true
    }

    /// Whether a block repeats the end that was told. A marker with a shorter time is a key pressed again by a sender
    /// that does not move its timestamps.
    fn is_copy(&self, packet: &Header, event: Event) -> bool {
        let State::Up { timestamp, code, ticks } = self.state else { return false };
        let same = timestamp == packet.timestamp && code == event.code;
        let again = packet.marker && !event.end && event.ticks < ticks;
        let other_stream = self.last.is_some_and(|last| last.ssrc != packet.ssrc);
        same && !again && !other_stream
    }

    fn lift(&mut self) -> Option<Press> {
        let State::Down(down) = self.state else { return None };
        self.state = State::Up { timestamp: down.timestamp, code: down.code, ticks: down.ticks };
        let ticks = down.past.saturating_add(u64::from(down.ticks));
        let us = ticks.saturating_mul(1_000_000) / u64::from(down.clock_hz);
        Some(Press { digit: digit_of(down.code)?, lasted: Duration::from_micros(us), by: DigitBy::Event })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Packet {
        ms: u64,
        sequence: u16,
        timestamp: u32,
        marker: bool,
        event: Event,
    }

    fn packet(ms: u64, sequence: u16, timestamp: u32, code: u8, ticks: u16) -> Packet {
        let event = Event { code, end: false, volume: 10, ticks };
        Packet { ms, sequence, timestamp, marker: false, event }
    }

    fn ended(mut packet: Packet) -> Packet {
        packet.event.end = true;
        packet
    }

    fn marked(mut packet: Packet) -> Packet {
        packet.marker = true;
        packet
    }

    fn take(reader: &mut Reader, clock_hz: u32, packet: &Packet) -> Vec<Key> {
        let header = Header {
            payload_type: 101,
            marker: packet.marker,
            sequence: packet.sequence,
            timestamp: packet.timestamp,
            ssrc: 7,
            payload_octets: BLOCK,
        };
        reader.take(Mono(packet.ms * 1_000), &header, clock_hz, &packet.event.write()).to_vec()
    }

    fn presses(clock_hz: u32, packets: &[Packet]) -> Vec<(char, u64)> {
        let mut reader = Reader::default();
        let mut told = Vec::new();
        for packet in packets {
            if let Some(press) = reader.tick(Mono(packet.ms * 1_000)) {
                told.push(Key::Up(press));
            }
            told.extend(take(&mut reader, clock_hz, packet));
        }
        told.extend(reader.tick(Mono(3_600_000_000)).map(Key::Up));
        let ups = told.into_iter().filter_map(|key| match key {
            Key::Down(_) => None,
            Key::Up(press) => Some((press.digit, press.lasted.as_micros() as u64)),
        });
        ups.collect()
    }

    /// One press as it should be sent: a packet every 20 ms, the last one thrice.
    fn press(ms: u64, sequence: u16, timestamp: u32, code: u8, packets: u16) -> Vec<Packet> {
        let mut all: Vec<Packet> = (1..=packets)
            .map(|n| packet(ms + 20 * u64::from(n), sequence + n, timestamp, code, n * 160))
            .collect();
        all[0].marker = true;
        for copy in 1..=3 {
            let n = packets + copy;
            all.push(ended(packet(
                ms + 20 * u64::from(n),
                sequence + n,
                timestamp,
                code,
                (packets + 1) * 160,
            )));
        }
        all
    }

    /// RFC 4733 §2.5.1.4, §2.5.2.2.
    #[test]
    fn three_copies_of_an_end_are_one_key() {
        assert_eq!(presses(8_000, &press(0, 10, 1_000, 5, 4)), [('5', 100_000)]);
    }

    #[test]
    fn a_key_is_told_down_with_its_first_packet_and_up_with_its_first_end() {
        let mut reader = Reader::default();
        let packets = press(0, 10, 1_000, 11, 2);
        let told: Vec<Vec<Key>> = packets.iter().map(|packet| take(&mut reader, 8_000, packet)).collect();
        let up = Press { digit: '#', lasted: Duration::from_millis(60), by: DigitBy::Event };
        assert_eq!(told, [vec![Key::Down('#')], vec![], vec![Key::Up(up)], vec![], vec![]]);
    }

    /// RFC 4733 §2.6.1: any one packet is enough.
    #[test]
    fn any_one_packet_of_an_event_is_enough_for_the_key() {
        let count = press(0, 10, 1_000, 9, 3).len();
        for kept in 0..count {
            let only: Vec<Packet> = press(0, 10, 1_000, 9, 3).into_iter().skip(kept).take(1).collect();
            let told = presses(8_000, &only);
            assert_eq!(told.len(), 1, "{kept}");
            assert_eq!(told[0].0, '9');
        }
    }

    #[test]
    fn without_an_end_the_next_key_or_150_ms_end_it() {
        let lost_ends = |mut packets: Vec<Packet>| {
            packets.retain(|packet| !packet.event.end);
            packets
        };
        let mut both = lost_ends(press(0, 10, 1_000, 1, 3));
        both.extend(lost_ends(press(120, 20, 2_000, 1, 3)));
        assert_eq!(presses(8_000, &both), [('1', 60_000), ('1', 60_000)]);
        let mut reader = Reader::default();
        take(&mut reader, 8_000, &packet(0, 1, 1, 1, 160));
        assert_eq!(reader.deadline(), Some(Mono(150_000)));
        assert_eq!((reader.tick(Mono(149_999)), reader.down()), (None, Some('1')));
        assert_eq!(reader.tick(Mono(150_000)).map(|press| press.digit), Some('1'));
        assert_eq!((reader.tick(Mono(400_000)), reader.deadline()), (None, None));
    }

    #[test]
    fn a_copy_that_comes_after_its_time_is_no_second_key() {
        let mut packets = press(0, 10, 1_000, 4, 3);
        packets.push(ended(packet(900, 40, 1_000, 4, 640)));
        assert_eq!(presses(8_000, &packets).len(), 1);
    }

    /// RFC 4733 §2.5.1.3: a long event goes on in segments.
    #[test]
    fn a_key_held_for_20_s_is_one_key() {
        let mut packets = vec![marked(packet(0, 1, 5_000, 0, 160))];
        packets.push(packet(100, 2, 5_000, 0, 0xffff));
        packets.push(packet(200, 3, 5_000 + 0xffff, 0, 160));
        packets.push(packet(300, 4, 5_000 + 0xffff, 0, 0xffff));
        packets.push(ended(packet(400, 5, 5_000 + 2 * 0xffff, 0, 28_930)));
        assert_eq!(presses(8_000, &packets), [('0', 20_000_000)]);
    }

    #[test]
    fn a_duration_that_wraps_is_one_key_too() {
        let packets = [packet(0, 1, 9, 2, 0xfff0), ended(packet(20, 2, 9, 2, 144))];
        assert_eq!(presses(8_000, &packets), [('2', 8_210_000)]);
    }

    #[test]
    fn the_clock_says_how_long() {
        assert_eq!(presses(48_000, &[ended(packet(0, 1, 9, 2, 4_800))]), [('2', 100_000)]);
        assert_eq!(presses(8_000, &[ended(packet(0, 1, 9, 2, 4_800))]), [('2', 600_000)]);
        assert_eq!(presses(0, &[ended(packet(0, 1, 9, 2, 0))]), [('2', 0)], "a clock of 0 does no harm");
    }

    #[test]
    fn a_sender_that_never_moves_its_timestamps_is_understood() {
        let mut packets = press(0, 10, 0, 3, 3);
        packets.extend(press(300, 20, 0, 3, 3));
        packets.extend(press(600, 30, 0, 4, 3));
        let told: String = presses(8_000, &packets).iter().map(|told| told.0).collect();
        assert_eq!(told, "334");
    }

    /// RFC 4733 §2.5.1.5.
    #[test]
    fn several_events_of_one_packet_are_several_keys() {
        let mut reader = Reader::default();
        let payload: Vec<u8> = [(1, true), (2, true), (3, false)]
            .iter()
            .flat_map(|(code, end)| Event { code: *code, end: *end, volume: 8, ticks: 400 }.write())
            .collect();
        let header = Header {
            payload_type: 101,
            marker: true,
            sequence: 1,
            timestamp: 77,
            ssrc: 1,
            payload_octets: 12,
        };
        let keys = reader.take(Mono(0), &header, 8_000, &payload);
        let downs = keys.iter().filter(|key| matches!(key, Key::Down(_))).count();
        assert_eq!((keys.len(), downs, reader.down()), (5, 3, Some('3')));
    }

    #[test]
    fn hook_flash_and_other_events_are_no_keys_and_end_none_twice() {
        let mut packets = press(0, 10, 1_000, 16, 3);
        packets.extend(press(300, 20, 4_000, 7, 3));
        packets.extend(press(600, 30, 9_000, 255, 3));
        assert_eq!(presses(8_000, &packets), [('7', 80_000)]);
    }

    #[test]
    fn another_stream_of_the_far_end_begins_anew() {
        let mut reader = Reader::default();
        let mut header = Header {
            payload_type: 101,
            marker: false,
            sequence: 40_000,
            timestamp: 5,
            ssrc: 1,
            payload_octets: 4,
        };
        let end = Event { code: 1, end: true, volume: 0, ticks: 800 }.write();
        assert_eq!(reader.take(Mono(0), &header, 8_000, &end).len(), 2);
        header.ssrc = 2;
        header.sequence = 3;
        assert_eq!(reader.take(Mono(9), &header, 8_000, &end).len(), 2, "same timestamp, another stream");
        assert_eq!(reader.take(Mono(9), &header, 8_000, &end).len(), 0, "a copy");
    }

    proptest! {
        /// RFC 4733 §2.6: loss, copies and disorder among packets give each key once, in order.
        #[test]
        fn keys_come_once_and_in_order_whatever_the_network_does(
            codes in proptest::collection::vec(0_u8..16, 1..20),
            losses in proptest::collection::vec(0_u8..100, 400),
            swaps in proptest::collection::vec(any::<bool>(), 400),
        ) {
            let mut packets = Vec::new();
            for (n, code) in codes.iter().enumerate() {
                let n = n as u32;
                packets.extend(press(u64::from(n) * 300, (n * 10) as u16, n * 2_400, *code, 5));
            }
            let mut lossy: Vec<Packet> = Vec::new();
            let mut gone = 0;
            for (packet, loss) in packets.into_iter().zip(&losses) {
                // Never a whole press: at most four in a row.
                gone = if *loss < 20 && gone < 4 { gone + 1 } else { 0 };
                if gone == 0 {
                    lossy.push(packet);
                }
            }
            for at in 1..lossy.len() {
                if swaps[at] && lossy[at].timestamp == lossy[at - 1].timestamp {
                    lossy.swap(at - 1, at);
                    let ms = lossy[at].ms;
                    lossy[at].ms = lossy[at - 1].ms;
                    lossy[at - 1].ms = ms;
                }
            }
            let wanted: String = codes.iter().filter_map(|code| digit_of(*code)).collect();
            let told: String = presses(8_000, &lossy).iter().map(|told| told.0).collect();
            prop_assert_eq!(told, wanted);
        }

        #[test]
        fn no_packet_panics_and_every_down_has_its_up(
            packets in proptest::collection::vec((any::<u16>(), 0_u32..100_000, any::<bool>(), any::<[u8; 8]>(), 0_u32..3), 0..60),
        ) {
            let mut reader = Reader::default();
            let mut down = None;
            for (n, (sequence, timestamp, marker, payload, ssrc)) in packets.into_iter().enumerate() {
                let now = Mono(n as u64 * 40_000);
                if reader.tick(now).is_some() {
                    prop_assert!(down.take().is_some());
                }
                let header = Header { payload_type: 101, marker, sequence, timestamp, ssrc, payload_octets: 8 };
                for key in reader.take(now, &header, 8_000, &payload) {
                    match key {
                        Key::Down(digit) => prop_assert!(down.replace(digit).is_none()),
                        Key::Up(press) => prop_assert_eq!(down.take(), Some(press.digit)),
                    }
                }
            }
        }
    }
}
