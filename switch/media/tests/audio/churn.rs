//! Whatever is joined, played, recorded and closed in whatever order: nothing is left behind.

use std::sync::Arc;
use std::time::Duration;

use base::media::{
    Channels, Ear, Gain, MediaCommand, Over, Play, PlayId, Recorder, RecordingAct, RecordingFormat, Sound,
    Tone, TonePart, WhenFull,
};
use base::{CallIds, ShardId, TenantId, Wall};
use proptest::prelude::*;

use super::world::*;

const PORTS: u32 = 5;

#[derive(Clone, Debug)]
enum Op {
    Hear { slot: u32, room: Option<u64>, sources: Vec<(u32, i32)> },
    Speak { slot: u32, room: Option<u64>, gain: i32 },
    Play { slot: u32, alone: bool },
    StopPlay { slot: u32 },
    Record { slot: u32, ears: Vec<(u8, u32)> },
    StopRecording { slot: u32 },
    Reopen { slot: u32 },
    Wait(u64),
}

fn op() -> impl Strategy<Value = Op> {
    let slot = || 0..PORTS;
    let room = || proptest::option::of(1..3_u64);
    let gain = || prop_oneof![3 => Just(0), 1 => Just(-600), 1 => Just(i32::MIN)];
    prop_oneof![
        4 => (slot(), room(), proptest::collection::vec((slot(), gain()), 0..3))
            .prop_map(|(slot, room, sources)| Op::Hear { slot, room, sources }),
        4 => (slot(), room(), gain()).prop_map(|(slot, room, gain)| Op::Speak { slot, room, gain }),
        1 => (slot(), any::<bool>()).prop_map(|(slot, alone)| Op::Play { slot, alone }),
        1 => slot().prop_map(|slot| Op::StopPlay { slot }),
        2 => (slot(), proptest::collection::vec((0..3_u8, slot()), 1..3))
            .prop_map(|(slot, ears)| Op::Record { slot, ears }),
        1 => slot().prop_map(|slot| Op::StopRecording { slot }),
        1 => slot().prop_map(|slot| Op::Reopen { slot }),
        3 => (1..12_u64).prop_map(|beats| Op::Wait(beats * 10)),
    ]
}

fn tone() -> Sound {
    let part = TonePart { hz: [440, 0, 0, 0], dbm0: -20.0, ms: 0 };
    Sound::Tone(Tone { parts: [part].into_iter().collect(), times: 0 })
}

fn ear((kind, slot): &(u8, u32)) -> Ear {
    match kind {
        0 => Ear::From(port(*slot)),
        1 => Ear::To(port(*slot)),
        _ => Ear::Room(room(1 + u64::from(slot % 2))),
    }
}

pub(crate) fn recorder(ids: &mut CallIds, ears: impl IntoIterator<Item = Ear>) -> Recorder {
    Recorder {
        id: ids.recording(),
        tenant: TenantId::DEFAULT,
        call: ids.call(),
        at: Wall(0),
        policy: Arc::from("all"),
        of: ears.into_iter().collect(),
        channels: Channels::Mono,
        format: RecordingFormat::Wav,
        when_full: WhenFull::GoOn,
        encrypted: false,
        at_most: Duration::from_secs(60),
        keep_days: 0,
        mail: None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn when_all_is_over_nobody_is_worked_on(ops in proptest::collection::vec(op(), 1..60)) {
        let mut world = World::new(&[PCMU, PCMU, PCMA, G722, PCMU]);
        let mut ids = CallIds::new(ShardId(0), Wall(0));
        let mut running = Vec::new();
        for op in ops {
            match op {
                Op::Hear { slot, room: id, sources } => world.hear_in(slot, id.map(room), &sources),
                Op::Speak { slot, room: id, gain } => world.speak(slot, id.map(room), gain),
                Op::Play { slot, alone } => {
                    let over = if alone { Over::Alone } else { Over::Mixed };
                    let (id, items) = (PlayId(1), Arc::from([tone()]));
                    let play = Play { id, items, times: 1, over, until_digit: false, gain: Gain::UNITY };
                    world.obey(MediaCommand::Play { port: port(slot), play: Arc::new(play) });
                }
                Op::StopPlay { slot } => world.obey(MediaCommand::StopPlay { port: port(slot), play: None }),
                Op::Record { slot, ears } => {
                    let recorder = recorder(&mut ids, ears.iter().map(ear));
                    running.push((slot, recorder.id));
                    world.obey(MediaCommand::Record { port: port(slot), recorder: Box::new(recorder) });
                }
                Op::StopRecording { slot } => {
                    for (_, recording) in running.extract_if(.., |(at, _)| *at == slot) {
                        let act = RecordingAct::Stop;
                        world.obey(MediaCommand::Recording { port: port(slot), recording, act });
                    }
                }
                Op::Reopen { slot } => {
                    world.obey(MediaCommand::Close { port: port(slot) });
                    world.reopen(slot);
                }
                Op::Wait(ms) => world.run(ms),
            }
        }
        for (slot, recording) in running {
            let act = RecordingAct::Stop;
            world.obey(MediaCommand::Recording { port: port(slot), recording, act });
        }
        for slot in 0..PORTS {
            world.obey(MediaCommand::StopPlay { port: port(slot), play: None });
            world.hear(slot, &[]);
            world.speak(slot, None, 0);
        }
        world.run(200);
        let load = world.engine.load();
        prop_assert_eq!((load.ports, load.rooms), (0, 0), "with all ports still open");
        // Two of them talk as if nothing had been.
        world.fars.iter_mut().for_each(Far::forget);
        world.tone(0, 440.0, 8_000.0);
        world.hear(1, &[(0, 0)]);
        world.run(600);
        prop_assert_eq!(world.engine.load().ports, 0);
        prop_assert!(world.fars[1].level(440, 300) > dbm0(8_000.0) - 1.0);
        (0..PORTS).for_each(|slot| world.obey(MediaCommand::Close { port: port(slot) }));
        prop_assert_eq!(world.engine.open_ports(), 0);
    }
}
