//! Recordings; issue row "Recording".

use base::media::{Gap, RecordingFile, RecordingFormat};
use base::{CallIds, ShardId, TenantId, Wall};

use crate::tests::on_both;
use crate::{Deleted, Listened, NewRecording, RecordingFilter, Store};

fn at(millis: i64) -> Wall {
    Wall::from_millis(1_700_000_000_000 + millis)
}

fn ids() -> CallIds {
    CallIds::new(ShardId(2), at(0))
}

fn recording(ids: &mut CallIds, millis: i64) -> NewRecording {
    let (call, recording) = (ids.call(), ids.recording());
    NewRecording {
        recording,
        call,
        tenant: TenantId::DEFAULT,
        policy: "sales".into(),
        keep_until: Some(at(millis + 86_400_000)),
        cut: false,
        file: RecordingFile {
            path: format!("2023/11/14/{call}-{recording}.wav"),
            octets: 5_000_000_000,
            sha256: "0".repeat(64),
            audio_ms: 12_345,
            started_at: at(millis),
            ended_at: at(millis + 20_000),
            gaps: vec![Gap { at_ms: 500, ms: 7_655 }],
            format: RecordingFormat::Opus,
            channels: 2,
            encrypted: true,
        },
    }
}

async fn a_recording_comes_back_as_it_was_kept_and_twice_is_once(store: &Store) {
    let new = recording(&mut ids(), 0);
    assert!(store.add_recording(&new).await.unwrap());
    assert!(!store.add_recording(&NewRecording { cut: true, ..new.clone() }).await.unwrap());
    let kept = store.recording(new.recording).await.unwrap().unwrap();
    assert_eq!((kept.file, kept.call, kept.policy), (new.file, new.call, new.policy));
    assert_eq!((kept.keep_until, kept.cut, kept.deleted), (new.keep_until, false, None));
    assert_eq!(store.recording(ids().recording()).await.unwrap(), None);
}

async fn pages_are_newest_first_and_filters_hold(store: &Store) {
    let mut ids = ids();
    let mut all = Vec::new();
    for n in 0..5 {
        let new = recording(&mut ids, n / 2 * 1_000);
        store.add_recording(&new).await.unwrap();
        all.push(new.recording);
    }
    all.reverse();
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.recordings(&RecordingFilter::default(), cursor, 2).await.unwrap();
        found.extend(page.recordings.iter().map(|it| it.recording));
        let Some(next) = page.next else { break };
        cursor = Some(next.to_string().parse().unwrap());
    }
    assert_eq!(found, all);
    let filter = RecordingFilter { from: Some(at(1_000)), to: Some(at(2_000)), ..RecordingFilter::default() };
    assert_eq!(store.recordings(&filter, None, 100).await.unwrap().recordings.len(), 2);
    let call = store.recording(all[0]).await.unwrap().unwrap().call;
    let filter = RecordingFilter { call: Some(call), ..RecordingFilter::default() };
    let of_call = store.recordings(&filter, None, 100).await.unwrap().recordings;
    assert_eq!(of_call.iter().map(|it| it.recording).collect::<Vec<_>>(), [all[0]]);
}

async fn what_is_deleted_keeps_its_row_and_is_deleted_once(store: &Store) {
    let mut ids = ids();
    let (old, new) = (recording(&mut ids, 0), recording(&mut ids, 5_000));
    let good = NewRecording { keep_until: None, ..recording(&mut ids, -1_000) };
    for it in [&new, &old, &good] {
        store.add_recording(it).await.unwrap();
    }
    let ids_of = |found: Vec<crate::StoredRecording>| found.iter().map(|it| it.recording).collect::<Vec<_>>();
    assert_eq!(
        ids_of(store.oldest_recordings(10).await.unwrap()),
        [good.recording, old.recording, new.recording]
    );
    assert_eq!(ids_of(store.unkept_recordings(at(86_400_000), 10).await.unwrap()), [old.recording]);

    assert!(store.recording_deleted(old.recording, at(9), "ana").await.unwrap());
    assert!(!store.recording_deleted(old.recording, at(10), "retention").await.unwrap());
    let row = store.recording(old.recording).await.unwrap().unwrap();
    assert_eq!(row.deleted, Some(Deleted { at: at(9), by: "ana".into() }));
    assert_eq!(ids_of(store.unkept_recordings(at(86_400_000), 10).await.unwrap()), []);
    let shown = store.recordings(&RecordingFilter::default(), None, 10).await.unwrap().recordings;
    assert_eq!(shown.len(), 2);
    let filter = RecordingFilter { deleted_too: true, ..RecordingFilter::default() };
    assert_eq!(store.recordings(&filter, None, 10).await.unwrap().recordings.len(), 3);
}

async fn every_listening_is_noted(store: &Store) {
    let new = recording(&mut ids(), 0);
    store.add_recording(&new).await.unwrap();
    // Within five minutes it is the same listening.
    let listened =
        [(1, "ana"), (1, "ana"), (2, "boss"), (300_000, "ana"), (300_001, "ana"), (300_002, "ana")];
    for (millis, who) in listened {
        store.recording_listened(new.recording, at(millis), who).await.unwrap();
    }
    let expected = [(300_001, "ana"), (2, "boss"), (1, "ana")]
        .map(|(millis, who)| Listened { at: at(millis), who: who.into() });
    assert_eq!(store.listens(new.recording).await.unwrap(), expected);
}

on_both!(
    a_recording_comes_back_as_it_was_kept_and_twice_is_once,
    pages_are_newest_first_and_filters_hold,
    what_is_deleted_keeps_its_row_and_is_deleted_once,
    every_listening_is_noted,
);
