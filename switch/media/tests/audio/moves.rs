//! Ports that go from one worker's engine to another's while they are in use, and what far ends hear of it: nothing.

use std::sync::Arc;
use std::time::Duration;

use base::media::{
    Channels, Collect, CollectId, DigitSet, Ear, Gain, Heard, MediaCommand, MediaEvent, Over, Play, PlayId,
    Recorder, RecordingAct, Sound, Tap, TapId, Tone, TonePart, Wishes,
};
use base::testing::Seeded;
use base::{CallIds, Mono, PortId, RoomId, ShardId, Wall};
use media::dsp::level;
use media::record::Parcel;
use media::tap::Tapped;
use media::{Arrival, Channel, Engine, rtp};

use super::churn::recorder;
use super::world::*;

const SHARD: ShardId = ShardId(1);
const PEAK: f32 = 8_000.0;
const HZ: [f32; 3] = [400.0, 700.0, 1_100.0];

/// Two workers; port `n` is born at worker 0.
struct Two {
    engines: [Engine; 2],
    fars: Vec<Far>,
    at: Vec<usize>,
    now: Mono,
    events: Vec<MediaEvent>,
    recorded: Vec<i16>,
    tapped: Vec<i16>,
}

impl Two {
    fn new(payloads: &[base::media::Payload]) -> Self {
        let engine = |worker: u8| Engine::new(worker, 64, Box::new(Seeded::new(worker.into())));
        let mut two = Self {
            engines: [engine(0), engine(1)],
            fars: Vec::new(),
            at: Vec::new(),
            now: Mono(1_000_000),
            events: Vec::new(),
            recorded: Vec::new(),
            tapped: Vec::new(),
        };
        for (payload, slot) in payloads.iter().zip(0..) {
            let mut far = Far::new(slot, *payload);
            far.tone = Some((HZ[slot as usize], PEAK));
            two.at.push(0);
            two.obey(MediaCommand::Open { port: port(slot) });
            let remote = remote(&far, *payload, Wishes::default());
            two.fars.push(far);
            two.obey(MediaCommand::Remote { port: port(slot), remote });
        }
        two
    }

    /// Two who hear each other.
    fn call(payloads: [base::media::Payload; 2]) -> Self {
        let mut two = Self::new(&payloads);
        two.hear(0, &[1]);
        two.hear(1, &[0]);
        two
    }

    fn obey(&mut self, command: MediaCommand) {
        let at = self.at[command.port().expect("a port").slot as usize];
        self.engines[at].handle(self.now, SHARD, command);
        self.collect();
    }

    fn hear(&mut self, slot: u32, sources: &[u32]) {
        let sources = sources.iter().map(|source| Heard::plain(port(*source))).collect();
        self.obey(MediaCommand::Hear { port: port(slot), room: None, sources });
    }

    fn join(&mut self, slot: u32, room: RoomId) {
        self.obey(MediaCommand::Speak { port: port(slot), room: Some(room), gain: Gain::UNITY });
        self.obey(MediaCommand::Hear {
            port: port(slot),
            room: Some(room),
            sources: [].into_iter().collect(),
        });
    }

    fn go(&mut self, slot: u32, to: usize) {
        let from = self.at[slot as usize];
        self.engines.iter_mut().for_each(|engine| engine.tick(self.now));
        let moving = self.engines[from].depart(self.now, port(slot)).expect("an open port");
        self.collect();
        if let Some(place) = self.engines[from].place_of(port(slot)) {
            self.engines[from].unhost(place);
        }
        self.engines[to].host(port(slot)).expect("a place");
        self.engines[to].arrive(self.now, moving);
        self.at[slot as usize] = to;
        self.collect();
    }

    fn run(&mut self, ms: u64) {
        for _ in 0..ms / 10 {
            self.now += Duration::from_millis(10);
            for index in 0..self.fars.len() {
                let packet = if self.now.0.is_multiple_of(20_000) { self.fars[index].packet() } else { None };
                let (at, from) = (self.at[index], self.fars[index].address());
                if let (Some(mut packet), Some(slot)) =
                    (packet, self.engines[at].place_of(port(index as u32)))
                {
                    let arrival = Arrival { slot, channel: Channel::Rtp, from };
                    self.engines[at].receive(self.now, arrival, &mut packet);
                    self.collect();
                }
            }
            for at in 0..2 {
                self.engines[at].tick(self.now);
            }
            self.collect();
        }
    }

    fn collect(&mut self) {
        let Self { engines, fars, now, events, recorded, tapped, .. } = self;
        for engine in engines {
            while let Some((sending, packet)) = engine.poll_packet() {
                let to = fars.iter_mut().find(|far| far.address() == sending.to);
                if let Some(far) = to.filter(|_| !rtp::is_rtcp_under_mux(packet)) {
                    far.take(*now, packet);
                }
            }
            while let Some(parcel) = engine.poll_parcel() {
                if let Parcel::Audio { block, .. } = parcel {
                    recorded.extend(block.samples());
                    engine.recycle(block);
                }
            }
            while let Some((_, told)) = engine.poll_tapped() {
                if let Tapped::Audio(block) = told {
                    tapped.extend(block);
                }
            }
            events.extend(std::iter::from_fn(|| engine.poll_event()).map(|(_, event)| event));
        }
    }

    fn assert_heard(&self, listener: usize, speaker: usize) {
        let found = self.fars[listener].level(HZ[speaker] as u32, 300);
        assert_near(found, dbm0(PEAK), &format!("{listener} hears {speaker}"));
    }

    fn closed(&self) -> Vec<(PortId, base::media::LegMedia)> {
        let closed = |event: &MediaEvent| {
            if let MediaEvent::Closed { port, media } = event { Some((*port, *media)) } else { None }
        };
        self.events.iter().filter_map(closed).collect()
    }
}

/// RFC 3550 §5.1: to the far end it is one stream with one SSRC, whatever worker sends it.
#[test]
fn a_call_whose_packets_pass_goes_there_and_back_fifty_times_without_a_jump_or_a_loss() {
    let mut two = Two::call([PCMU, PCMU]);
    two.run(200);
    for round in 0..50 {
        let to = 1 - round % 2;
        two.go(0, to);
        two.go(1, to);
        assert_eq!(two.engines[1 - to].open_ports(), 0);
        two.run(60);
    }
    for (far, other) in [(0, 1), (1, 0)] {
        two.fars[far].assert_even(20);
        two.assert_heard(far, other);
        assert_eq!(two.fars[far].heads.len(), (200 + 50 * 60) / 20);
        assert_eq!(two.fars[far].heads.iter().filter(|(_, head)| head.marker).count(), 1, "one beginning");
    }
    (0..2).for_each(|slot| two.obey(MediaCommand::Close { port: port(slot) }));
    let closed = two.closed();
    assert_eq!(closed.iter().map(|(port, _)| *port).collect::<Vec<_>>(), [port(0), port(1)]);
    for (_, media) in closed {
        assert_eq!((media.received, media.sent, media.lost, media.strays), (160, 160, 0, 0));
    }
}

/// "At most one beat of gap": what is decoded, mixed and encoded anew goes on too, and its tone does not break.
#[test]
fn a_call_between_two_codecs_goes_there_and_back_and_the_tone_does_not_break() {
    let mut two = Two::call([PCMU, PCMA]);
    two.run(600);
    two.fars.iter_mut().for_each(Far::forget);
    for round in 0..50 {
        two.go(0, 1 - round % 2);
        two.go(1, 1 - round % 2);
        two.run(60);
    }
    for (far, other) in [(0, 1), (1, 0)] {
        two.fars[far].assert_even(20);
        two.assert_heard(far, other);
        let steepest = (PEAK * std::f32::consts::TAU * HZ[other] / 8_000.0) as i32;
        assert!(two.fars[far].steepest() < steepest + 1_000, "{}", two.fars[far].steepest());
        assert!(two.fars[far].heads.len() >= 149, "{}", two.fars[far].heads.len());
    }
}

/// Issue row: any two calls can be joined.
#[test]
fn a_call_that_talks_goes_into_a_room_of_another_worker_and_all_hear_each_other() {
    let room = RoomId::new(1, 7);
    let mut two = Two::new(&[PCMU, PCMU, PCMU]);
    two.go(2, 1);
    two.join(2, room);
    two.hear(0, &[1]);
    two.hear(1, &[0]);
    two.run(600);
    (0..2).for_each(|slot| two.go(slot, 1));
    (0..2).for_each(|slot| two.join(slot, room));
    two.run(800);
    for listener in 0..3 {
        (0..3).filter(|it| *it != listener).for_each(|speaker| two.assert_heard(listener, speaker));
        two.fars[listener].assert_whole();
    }
    assert_eq!((two.engines[0].open_ports(), two.engines[0].load().ports), (0, 0));
}

/// Commands that name others take effect whatever comes first.
#[test]
fn who_is_not_here_is_heard_once_it_has_come_and_falls_silent_when_it_goes() {
    let mut two = Two::new(&[PCMU, PCMA]);
    two.go(1, 1);
    two.hear(1, &[0]);
    two.run(400);
    assert!(two.fars[1].heard.is_empty() || two.fars[1].level(400, 200) < -45.0);
    two.go(0, 1);
    two.run(600);
    two.assert_heard(1, 0);
    two.go(0, 0);
    two.run(600);
    assert_silent(two.fars[1].level(400, 300), "gone");
    two.go(0, 1);
    two.run(600);
    two.assert_heard(1, 0);
}

#[test]
fn a_recording_goes_along_and_misses_nothing_of_either_side() {
    let mut two = Two::call([PCMU, PCMU]);
    two.run(500);
    let mut ids = CallIds::new(ShardId(0), Wall(0));
    let ears = [Ear::From(port(0)), Ear::From(port(1))];
    let recorder = Recorder { channels: Channels::Stereo, ..recorder(&mut ids, ears) };
    two.obey(MediaCommand::Record { port: port(0), recorder: Box::new(recorder.clone()) });
    for round in 0..10 {
        two.run(200);
        two.go(0, 1 - round % 2);
        two.go(1, 1 - round % 2);
    }
    two.run(200);
    let (recording, act) = (recorder.id, RecordingAct::Stop);
    two.obey(MediaCommand::Recording { port: port(0), recording, act });
    two.run(20);
    assert_eq!(two.recorded.len(), (2_200 + 10) * 8 * 2, "every beat once, from that of the beginning on");
    let pairs = two.recorded.chunks_exact(2).skip(8 * 200);
    let sides: [Vec<i16>; 2] =
        [pairs.clone().map(|pair| pair[0]).collect(), pairs.map(|pair| pair[1]).collect()];
    for (side, hz) in sides.iter().zip([400, 700]) {
        for part in side.chunks_exact(8 * 100) {
            assert_near(level::tone_dbm0(part, hz, 8_000), dbm0(PEAK), "each tenth of a second");
        }
    }
    assert!(two.events.iter().all(|event| !matches!(event, MediaEvent::RecordingFailed { .. })));
}

/// A recording of one call hears who is at its worker, and goes on.
#[test]
fn what_a_recording_hears_of_who_has_gone_is_silence_until_it_is_back() {
    let mut two = Two::call([PCMU, PCMU]);
    let mut ids = CallIds::new(ShardId(0), Wall(0));
    let recorder = Recorder { channels: Channels::Mono, ..recorder(&mut ids, [Ear::From(port(1))]) };
    two.obey(MediaCommand::Record { port: port(0), recorder: Box::new(recorder.clone()) });
    two.run(500);
    two.go(1, 1);
    two.run(500);
    two.go(1, 0);
    two.run(500);
    let (recording, act) = (recorder.id, RecordingAct::Stop);
    two.obey(MediaCommand::Recording { port: port(0), recording, act });
    two.run(20);
    let levels: Vec<f32> = two
        .recorded
        .chunks(8 * 500)
        .map(|part| level::tone_dbm0(part.get(8 * 200..).unwrap_or(&[]), 700, 8_000))
        .collect();
    assert_near(levels[0], dbm0(PEAK), "before");
    assert_silent(levels[1], "away");
    assert_near(levels[2], dbm0(PEAK), "back");
}

#[test]
fn what_plays_is_tapped_and_is_typed_goes_on_at_the_other_worker() {
    let mut two = Two::new(&[PCMU]);
    let tone = Tone {
        parts: [TonePart { hz: [1_700, 0, 0, 0], dbm0: -10.0, ms: 900 }].into_iter().collect(),
        times: 1,
    };
    let items = [Sound::Tone(tone)].into();
    let play =
        Play { id: PlayId(1), items, times: 1, over: Over::Alone, gain: Gain::UNITY, until_digit: false };
    two.obey(MediaCommand::Play { port: port(0), play: Arc::new(play) });
    two.obey(MediaCommand::Tap(Tap { id: TapId(1), port: port(0), ear: Ear::From(port(0)), hz: 8_000 }));
    let collect = Collect {
        id: CollectId(1),
        most: 2,
        first: Duration::from_secs(9),
        between: Duration::from_secs(9),
        terminators: DigitSet::default(),
        barges_in: false,
        type_ahead: false,
    };
    two.obey(MediaCommand::Collect { port: port(0), collect: Box::new(collect) });
    let digit = |digit| MediaCommand::DigitCame { port: port(0), digit, lasted: Duration::from_millis(100) };
    two.obey(digit('4'));
    for round in 0..4 {
        two.run(300);
        two.go(0, 1 - round % 2);
    }
    two.obey(digit('2'));
    two.run(40);
    assert_eq!(two.events.iter().filter(|event| matches!(event, MediaEvent::Played { .. })).count(), 1);
    let typed = two.events.iter().any(
        |event| matches!(event, MediaEvent::Collected { port: of, digits, .. } if *of == port(0) && digits == "42"),
    );
    assert!(typed, "{:?}", two.events);
    let heard = &two.fars[0].heard[..8 * 880];
    for part in heard[80..].chunks_exact(800) {
        assert_near(level::tone_dbm0(part, 1_700, 8_000), -10.0, "the tone");
    }
    two.fars[0].assert_whole();
    assert_near(level::tone_dbm0(&two.tapped[8 * 300..], 400, 8_000), dbm0(PEAK), "the tap");
    two.obey(MediaCommand::Close { port: port(0) });
    assert!(two.events.iter().any(|event| matches!(event, MediaEvent::TapEnded { .. })));
}

/// Who has the name of a closed port next is nobody's whom the last one talked to.
#[test]
fn who_waited_for_a_port_that_was_closed_elsewhere_does_not_hear_the_next_of_its_name() {
    let mut two = Two::call([PCMU, PCMU]);
    two.run(200);
    two.go(0, 1);
    two.obey(MediaCommand::Close { port: port(0) });
    let place = two.engines[1].place_of(port(0)).expect("kept while its sockets are there");
    two.engines[1].unhost(place);
    assert_eq!(two.engines[1].place_of(port(0)), None);
    two.engines[0].forget(two.now, port(0));
    two.fars[1].forget();
    two.at[0] = 0;
    let remote = remote(&two.fars[0], PCMU, Wishes::default());
    two.obey(MediaCommand::Open { port: port(0) });
    two.obey(MediaCommand::Remote { port: port(0), remote });
    two.run(400);
    assert!(two.fars[1].heads.is_empty());
    assert_eq!(two.closed().len(), 1);
}
