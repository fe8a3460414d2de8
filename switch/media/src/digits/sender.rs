//! Digits to one far end: as events where it takes them, else as tones.

use std::collections::VecDeque;
use std::time::Duration;

use base::limits;
use base::media::event_of;

use super::event::{BLOCK, Event};
use super::{Keypad, Press};
use crate::frame::{Frame, TICK_MS};

/// The shortest press that is sent: everybody's detector takes it (ITU-T Q.24: 40 ms).
const SHORTEST: Duration = Duration::from_millis(50);
/// The longest.
const LONGEST: Duration = Duration::from_secs(30);
/// Between two presses; the copies of an end fit into it.
const GAP_MS: u32 = 60;
/// What `,` stands for.
const PAUSE_MS: u32 = 1_000;
/// Copies of an end after the first (RFC 4733 §2.5.1.4), and how far apart.
const COPIES: u8 = 2;
const COPY_MS: u32 = 20;
/// Power in events: as loud as our tones together.
const VOLUME: u8 = 5;
/// Ticks of the longest segment (RFC 4733 §2.5.1.3).
const SEGMENT: u64 = 0xffff;
/// A frame's length.
const FRAME_MS: u32 = TICK_MS as u32;

/// How one far end takes digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// As events.
    Events {
        /// Of the payload type `telephone-event`.
        clock_hz: u32,
        /// Milliseconds between two packets.
        packet_ms: u8,
    },
    /// As tones in its audio.
    Tones,
}

/// What becomes of the frame of this turn, and what goes beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The frame.
    pub audio: Audio,
    /// A packet of type `telephone-event`.
    pub packet: Option<EventPacket>,
}

impl Turn {
    /// Nothing is sent but the frame.
    pub const NONE: Self = Self { audio: Audio::Untouched, packet: None };
}

/// What becomes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audio {
    /// It goes as it is.
    Untouched,
    /// It goes, overwritten with tones or the silence between them.
    Replaced,
    /// It does not go: the time belongs to the event.
    Withheld,
}

/// A packet of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPacket {
    /// The first of its event.
    pub marker: bool,
    /// From the beginning of the event to that of the frame, in ticks of the event's clock.
    pub ago: u32,
    /// From the beginning of the event to that of the segment, which is the packet's timestamp.
    pub segment: u32,
    /// Its payload.
    pub payload: [u8; BLOCK],
}

/// Sends digits, one after the other, in the time of the far end's frames.
#[derive(Clone, Debug, Default)]
pub struct Sender {
    waiting: VecDeque<Item>,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum Item {
    Press(Press),
    Pause,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Idle,
    Tone(Keypad),
    Event(Sending),
    /// `copy` repeats the end of the event before.
    Gap {
        ms: u32,
        copy: Option<Ended>,
        silent: bool,
    },
    Pause {
        ms: u32,
    },
}

#[derive(Clone, Copy, Debug)]
struct Sending {
    code: u8,
    clock_hz: u32,
    packet_ms: u32,
    /// Length of the event.
    ticks: u64,
    elapsed_ms: u32,
    /// Ticks in the segments before the one that runs.
    past: u64,
    marked: bool,
}

#[derive(Clone, Copy, Debug)]
struct Ended {
    packet: EventPacket,
    clock_hz: u32,
    left: u8,
}

impl Sender {
    /// Queues digits, each pressed that long, and says how many of them found room.
    pub fn send(&mut self, digits: &str, each: Duration) -> usize {
        let by = base::media::DigitBy::Event;
        digits
            .chars()
            .filter_map(|digit| match digit {
                ',' => Some(Item::Pause),
                digit => event_of(digit).map(|_| Item::Press(Press { digit, lasted: each, by })),
            })
            .take_while(|item| self.queue(*item))
            .count()
    }

    /// Queues one digit; `false` when too many wait.
    pub fn press(&mut self, press: Press) -> bool {
        self.queue(Item::Press(press))
    }

    /// Whether nothing is sent and nothing waits.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && matches!(self.state, State::Idle)
    }

    /// What goes to the far end in the time of this frame.
    pub fn turn(&mut self, way: Way, frame: &mut Frame) -> Turn {
        if matches!(self.state, State::Idle) {
            self.begin(way);
        }
        match &mut self.state {
            State::Idle => Turn::NONE,
            State::Tone(keypad) => {
                if keypad.fill(frame) {
                    self.state = State::Gap { ms: 0, copy: None, silent: true };
                }
                Turn { audio: Audio::Replaced, packet: None }
            }
            State::Event(sending) => {
                let (packet, ended) = sending.turn();
                if let Some(ended) = ended {
                    self.state = State::Gap { ms: 0, copy: Some(ended), silent: false };
                }
                Turn { audio: Audio::Withheld, packet }
            }
            State::Gap { .. } => self.wait(frame),
            State::Pause { ms } => {
                *ms += FRAME_MS;
                if *ms >= PAUSE_MS {
                    self.state = State::Idle;
                }
                Turn::NONE
            }
        }
    }

    fn queue(&mut self, item: Item) -> bool {
        let room = self.waiting.len() < limits::COLLECTED_DIGITS;
        if room {
            self.waiting.push_back(item);
        }
        room
    }

    fn begin(&mut self, way: Way) {
        self.state = match self.waiting.pop_front() {
            None => State::Idle,
            Some(Item::Pause) => State::Pause { ms: 0 },
            Some(Item::Press(press)) => State::of(press, way),
        };
    }

    fn wait(&mut self, frame: &mut Frame) -> Turn {
        let State::Gap { ms, copy, silent } = &mut self.state else {
            return Turn::NONE;
        };
        *ms += FRAME_MS;
        let packet = copy.as_mut().and_then(|ended| ended.turn(*ms));
        let audio = if *silent {
            frame.samples_mut().fill(0);
            Audio::Replaced
        } else {
            Audio::Untouched
        };
        if *ms >= GAP_MS {
            self.state = State::Idle;
        }
        Turn { audio, packet }
    }
}

impl State {
    fn of(press: Press, way: Way) -> Self {
        let lasting = press.lasted.clamp(SHORTEST, LONGEST);
        let (code, keypad) = (event_of(press.digit), Keypad::press(press.digit, lasting));
        match (way, code, keypad) {
            (Way::Events { clock_hz, packet_ms }, Some(code), _) => Self::Event(Sending {
                code,
                clock_hz,
                packet_ms: u32::from(packet_ms).max(FRAME_MS),
                ticks: lasting.as_micros() as u64 * u64::from(clock_hz) / 1_000_000,
                elapsed_ms: 0,
                past: 0,
                marked: false,
            }),
            (Way::Tones, _, Some(keypad)) => Self::Tone(keypad),
            (Way::Events { .. } | Way::Tones, _, _) => Self::Idle,
        }
    }
}

impl Sending {
    /// One more frame of the event: the packet that is due, and the end when this was it.
    fn turn(&mut self) -> (Option<EventPacket>, Option<Ended>) {
        let frame_began = ticks(self.elapsed_ms, self.clock_hz);
        self.elapsed_ms += FRAME_MS;
        let so_far = ticks(self.elapsed_ms, self.clock_hz).min(self.ticks);
        let in_segment = so_far - self.past;
        if in_segment > SEGMENT {
            let packet = self.packet(frame_began, SEGMENT, false);
            self.past += SEGMENT;
            return (Some(packet), None);
        }
        let over = so_far == self.ticks;
        if !over && !self.elapsed_ms.is_multiple_of(self.packet_ms) {
            return (None, None);
        }
        let packet = self.packet(frame_began, in_segment, over);
        let copied = EventPacket { marker: false, ..packet };
        let ended = over.then_some(Ended { packet: copied, clock_hz: self.clock_hz, left: COPIES });
        (Some(packet), ended)
    }

    fn packet(&mut self, frame_began: u64, ticks: u64, end: bool) -> EventPacket {
        let marker = !std::mem::replace(&mut self.marked, true);
        let ticks = u16::try_from(ticks).unwrap_or(u16::MAX);
        let event = Event { code: self.code, end, volume: VOLUME, ticks };
        EventPacket { marker, ago: frame_began as u32, segment: self.past as u32, payload: event.write() }
    }
}

impl Ended {
    fn turn(&mut self, ms: u32) -> Option<EventPacket> {
        self.packet.ago = self.packet.ago.wrapping_add(ticks(FRAME_MS, self.clock_hz) as u32);
        if self.left == 0 || !ms.is_multiple_of(COPY_MS) {
            return None;
        }
        self.left -= 1;
        Some(self.packet)
    }
}

fn ticks(ms: u32, clock_hz: u32) -> u64 {
    u64::from(ms) * u64::from(clock_hz) / 1_000
}

#[cfg(test)]
mod tests {
    use base::Mono;
    use base::media::DigitBy;
    use proptest::prelude::*;

    use super::*;
    use crate::digits::{Key, Reader};
    use crate::dsp::level::tone_dbm0;
    use crate::frame::Rate;
    use crate::rtp::Header;

    const EVENTS: Way = Way::Events { clock_hz: 8_000, packet_ms: 20 };

    /// Turns until all is sent, at most so many.
    fn turns(sender: &mut Sender, way: Way, most: usize) -> Vec<Turn> {
        let mut frame = Frame::silent(Rate::Hz8000);
        let mut turns = Vec::new();
        while !sender.is_idle() && turns.len() < most {
            turns.push(sender.turn(way, &mut frame));
        }
        turns
    }

    /// What a far end reads of them: digit and milliseconds. Timestamps begin near the wrap.
    fn read(turns: &[Turn], clock_hz: u32) -> Vec<(char, u64)> {
        let mut reader = Reader::default();
        let mut told = Vec::new();
        let (mut sequence, mut frame_at) = (65_530_u16, u32::MAX - 900);
        for (n, turn) in turns.iter().enumerate() {
            if let Some(packet) = turn.packet {
                let header = Header {
                    payload_type: 101,
                    marker: packet.marker,
                    sequence,
                    timestamp: frame_at.wrapping_add(packet.segment).wrapping_sub(packet.ago),
                    ssrc: 1,
                    payload_octets: 4,
                };
                let keys = reader.take(Mono(n as u64 * 10_000), &header, clock_hz, &packet.payload);
                told.extend(keys.into_iter().filter_map(|key| match key {
                    Key::Down(_) => None,
                    Key::Up(press) => Some((press.digit, press.lasted.as_millis() as u64)),
                }));
                sequence = sequence.wrapping_add(1);
            }
            frame_at = frame_at.wrapping_add(clock_hz / 100);
        }
        told
    }

    /// With the frame's number and from its beginning to the timestamp.
    fn packets(turns: &[Turn]) -> Vec<(usize, bool, i32, Event)> {
        let packets = turns.iter().enumerate().filter_map(|(n, turn)| {
            let packet = turn.packet?;
            let from_frame = packet.segment as i32 - packet.ago as i32;
            Some((n, packet.marker, from_frame, Event::read(&packet.payload).unwrap()))
        });
        packets.collect()
    }

    /// RFC 4733 §2.5.1: one timestamp, a growing duration, a marker at the front and three ends.
    #[test]
    fn an_event_has_one_timestamp_a_growing_duration_one_marker_and_three_ends() {
        let mut sender = Sender::default();
        assert_eq!(sender.send("5", Duration::from_millis(100)), 1);
        let turns = turns(&mut sender, EVENTS, 99);
        let told: Vec<(usize, bool, i32, u16, bool)> = packets(&turns)
            .into_iter()
            .map(|(n, marker, from, event)| (n, marker, from + n as i32 * 80, event.ticks, event.end))
            .collect();
        assert_eq!(
            told,
            [
                (1, true, 0, 160, false),
                (3, false, 0, 320, false),
                (5, false, 0, 480, false),
                (7, false, 0, 640, false),
                (9, false, 0, 800, true),
                (11, false, 0, 800, true),
                (13, false, 0, 800, true),
            ]
        );
        let withheld = turns.iter().filter(|turn| turn.audio == Audio::Withheld).count();
        assert_eq!((withheld, turns.len()), (10, 16), "audio goes on while the end is repeated");
    }

    #[test]
    fn short_presses_are_lengthened_and_odd_ones_are_exact() {
        let press = |micros| Press { digit: '7', lasted: Duration::from_micros(micros), by: DigitBy::Tone };
        let mut sender = Sender::default();
        assert!(sender.press(press(3_000)) && sender.press(press(72_500)));
        let turns = turns(&mut sender, EVENTS, 99);
        let ends: Vec<u16> =
            packets(&turns).iter().filter(|told| told.3.end).map(|told| told.3.ticks).collect();
        assert_eq!(ends, [400, 400, 400, 580, 580, 580]);
    }

    #[test]
    fn a_comma_is_a_pause_of_a_second_in_which_audio_goes_on() {
        let mut sender = Sender::default();
        assert_eq!(sender.send("1,x2", Duration::from_millis(60)), 3, "x is no key");
        let turns = turns(&mut sender, EVENTS, 999);
        let marked: Vec<usize> = packets(&turns).iter().filter(|told| told.1).map(|told| told.0).collect();
        assert_eq!(marked, [1, 1 + 6 + 6 + 100]);
        assert!(turns[14..110].iter().all(|turn| turn.audio == Audio::Untouched && turn.packet.is_none()));
    }

    #[test]
    fn only_so_many_digits_wait() {
        let mut sender = Sender::default();
        let many = "1".repeat(limits::COLLECTED_DIGITS + 9);
        assert_eq!(sender.send(&many, SHORTEST), limits::COLLECTED_DIGITS);
        let press = Press { digit: '2', lasted: SHORTEST, by: DigitBy::Info };
        assert!(!sender.press(press));
    }

    /// RFC 4733 §2.5.1.3, at 48 kHz of which a segment holds 1.365 s.
    #[test]
    fn a_long_press_is_sent_in_segments() {
        let mut sender = Sender::default();
        sender.send("#", Duration::from_secs(5));
        let turns = turns(&mut sender, Way::Events { clock_hz: 48_000, packet_ms: 20 }, 999);
        let begins: std::collections::BTreeSet<i32> =
            packets(&turns).iter().map(|told| told.2 + told.0 as i32 * 480).collect();
        assert_eq!(begins.into_iter().collect::<Vec<_>>(), [0, 0xffff, 2 * 0xffff, 3 * 0xffff]);
        assert_eq!(read(&turns, 48_000), [('#', 5_000)]);
    }

    #[test]
    fn who_takes_no_events_gets_tones_with_silence_between_them() {
        let mut sender = Sender::default();
        sender.send("12", Duration::from_millis(80));
        let mut audio = Vec::new();
        let mut frame = Frame::silent(Rate::Hz8000);
        while !sender.is_idle() {
            frame.samples_mut().fill(3_000);
            assert_eq!(sender.turn(Way::Tones, &mut frame).audio, Audio::Replaced);
            audio.extend_from_slice(frame.samples());
        }
        assert_eq!(audio.len(), 2 * (640 + 480));
        assert!(audio[640..1_120].iter().all(|sample| *sample == 0));
        assert!(tone_dbm0(&audio[..640], 697, 8_000) > -10.0);
        assert!(tone_dbm0(&audio[1_120..1_760], 1_336, 8_000) > -8.0);
    }

    proptest! {
        #[test]
        fn a_reader_hears_what_was_sent(
            presses in proptest::collection::vec((0_usize..16, 50_u64..2_000), 1..12),
            packet_ms in 1_u8..7,
            wide: bool,
        ) {
            let clock_hz = if wide { 48_000 } else { 8_000 };
            let mut sender = Sender::default();
            let wanted: Vec<(char, u64)> =
                presses.iter().map(|(at, ms)| (char::from(b"0123456789*#ABCD"[*at]), *ms)).collect();
            for (digit, ms) in &wanted {
                let press = Press { digit: *digit, lasted: Duration::from_millis(*ms), by: DigitBy::Event };
                prop_assert!(sender.press(press));
            }
            let turns = turns(&mut sender, Way::Events { clock_hz, packet_ms: packet_ms * 10 }, 9_999);
            prop_assert_eq!(read(&turns, clock_hz), wanted);
        }
    }
}
