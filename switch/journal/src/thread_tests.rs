//! The journal as a shard and a store see it.

use std::collections::HashSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use base::record::CallRecord;
use base::{CallId, CallIds, Mono, Now, ShardId, Wall};

use crate::recover::{Recovered, recover};
use crate::testing::{Folder, START, Story, ids};
use crate::{Journal, JournalConfig, SinkError};

const PATIENCE: Duration = Duration::from_secs(20);

#[expect(clippy::disallowed_methods, reason = "a test of threads needs time that passes")]
fn clock() -> impl Fn() -> Now + Clone + Send + 'static {
    let start = Instant::now();
    move || {
        let passed = Duration::from_micros(
            u64::try_from(Instant::now().duration_since(start).as_micros()).unwrap_or(u64::MAX),
        );
        Now { mono: Mono(1), wall: Wall(START.0 + 60_000_000) }.later(passed)
    }
}

fn config(folder: &Folder) -> JournalConfig {
    JournalConfig {
        segment_octets: 4_096,
        housekeeping: Duration::from_millis(20),
        ..JournalConfig::new(folder.path())
    }
}

type Sink = Box<dyn FnMut(Vec<CallRecord>) -> Result<(), SinkError> + Send>;

fn collecting() -> (Sink, Receiver<CallRecord>) {
    let (sender, records) = sync_channel(100_000);
    let sink = move |batch: Vec<CallRecord>| {
        for record in batch {
            sender.send(record).map_err(|_gone| SinkError::Later("gone".into()))?;
        }
        Ok(())
    };
    (Box::new(sink), records)
}

fn start(folder: &Folder, recovered: Recovered, sink: Sink) -> Journal {
    Journal::start(config(folder), recovered, clock(), sink).expect("the journal starts")
}

fn receive(records: &Receiver<CallRecord>, count: usize) -> HashSet<CallId> {
    (0..count).map(|_| records.recv_timeout(PATIENCE).expect("a record comes").call).collect()
}

fn write(journal: &Journal, ids: &mut CallIds, calls: usize) -> HashSet<CallId> {
    let mut writer = journal.writer(ids.call().shard()).expect("a first segment");
    (0..calls)
        .map(|_| {
            let story = Story::answered(ids);
            story.facts.chunks(3).for_each(|turn| writer.append(turn.to_vec()).expect("written"));
            story.call
        })
        .collect()
}

#[test]
fn facts_are_on_disk_when_append_returns() {
    let folder = Folder::new();
    let journal = start(&folder, Recovered::default(), Box::new(|_| Err(SinkError::Later("down".into()))));
    let mut writer = journal.writer(ShardId(0)).expect("a first segment");
    let story = Story::answered(&mut ids());
    for (told, fact) in story.facts.iter().enumerate() {
        writer.append(vec![fact.clone()]).expect("written");
        let seen = recover(folder.path()).expect("readable");
        assert_eq!(seen.records.iter().any(|it| it.answered_at.is_some()), told >= story.answered);
    }
    drop(writer);
    assert_eq!(journal.finish(Duration::ZERO), 1);
    let again = recover(folder.path()).expect("readable");
    assert_eq!((again.records.len(), again.interrupted), (1, 0), "it stays on disk for the next start");
}

#[test]
fn records_reach_the_sink_and_full_segments_go_away() {
    let folder = Folder::new();
    let (sink, records) = collecting();
    let journal = start(&folder, Recovered::default(), sink);
    let calls = write(&journal, &mut ids(), 50);
    assert_eq!(receive(&records, 50), calls);
    assert_eq!(journal.finish(PATIENCE), 0);
    assert_eq!(folder.segments(), Vec::<String>::new(), "an orderly end leaves nothing to do again");
}

#[test]
fn a_segment_with_a_live_call_stays_while_others_go() {
    let folder = Folder::new();
    let (sink, records) = collecting();
    let journal = start(&folder, Recovered::default(), sink);
    let mut ids = ids();
    let mut writer = journal.writer(ShardId(0)).expect("a first segment");
    let live = Story::answered(&mut ids);
    writer.append(live.facts[..5].to_vec()).expect("written");
    for _ in 0..40 {
        writer.append(Story::answered(&mut ids).facts).expect("written");
    }
    receive(&records, 40);
    drop(writer);
    assert_eq!(journal.finish(PATIENCE), 1);
    assert_eq!(folder.segments().len(), 1, "{:?}", folder.segments());
    let recovered = recover(folder.path()).expect("readable");
    let calls: Vec<CallId> = recovered.records.iter().map(|it| it.call).collect();
    assert_eq!(calls.first(), Some(&live.call), "calls after it in the segment may come again: {calls:?}");
    assert_eq!(recovered.interrupted, 1);
}

#[test]
fn a_store_that_is_down_for_a_while_costs_nothing() {
    let folder = Folder::new();
    let down = Arc::new(AtomicBool::new(true));
    let attempts = Arc::new(AtomicUsize::new(0));
    let (mut sink, records) = collecting();
    let (is_down, count) = (Arc::clone(&down), Arc::clone(&attempts));
    let (failed, failures) = sync_channel(1_000);
    let journal = start(
        &folder,
        Recovered::default(),
        Box::new(move |batch| {
            count.fetch_add(1, Ordering::SeqCst);
            if is_down.load(Ordering::SeqCst) {
                failed.try_send(()).expect("a thousand failures do not happen");
                return Err(SinkError::Later("connection refused".into()));
            }
            sink(batch)
        }),
    );
    let calls = write(&journal, &mut ids(), 300);
    (0..3).for_each(|_| failures.recv_timeout(PATIENCE).expect("it is asked again"));
    assert!(!folder.segments().is_empty(), "nothing is removed before it is settled");
    down.store(false, Ordering::SeqCst);
    assert_eq!(receive(&records, 300), calls);
    assert_eq!(journal.finish(PATIENCE), 0);
    assert!(attempts.load(Ordering::SeqCst) < 20, "it is not asked in a tight loop");
    assert!(folder.segments().is_empty());
}

#[test]
fn an_earlier_processs_records_come_first_and_its_segments_go_when_they_are_settled() {
    let folder = Folder::new();
    let journal = start(&folder, Recovered::default(), Box::new(|_| Err(SinkError::Later("down".into()))));
    let before = write(&journal, &mut ids(), 30);
    assert_eq!(journal.finish(Duration::ZERO), 30);
    let left = folder.segments();
    assert!(left.len() > 1, "small segments rotate: {left:?}");

    let recovered = recover(folder.path()).expect("readable");
    assert_eq!(recovered.records.len(), 30);
    let (sink, records) = collecting();
    let journal = start(&folder, recovered, sink);
    let mut later = CallIds::new(ShardId(0), Wall(START.0 + 60_000_000));
    let after = write(&journal, &mut later, 5);
    assert_eq!(receive(&records, 30), before);
    assert_eq!(receive(&records, 5), after);
    assert_eq!(journal.finish(PATIENCE), 0);
    assert!(folder.segments().is_empty());
}

#[test]
fn what_was_settled_before_a_kill_is_mostly_not_handed_over_again() {
    let folder = Folder::new();
    let (sink, records) = collecting();
    let journal = Journal::start(
        JournalConfig { segment_octets: 64 << 20, ..config(&folder) },
        Recovered::default(),
        clock(),
        sink,
    )
    .expect("the journal starts");
    let mut ids = ids();
    let mut writer = journal.writer(ShardId(0)).expect("a first segment");
    for _ in 0..200 {
        writer.append(Story::answered(&mut ids).facts).expect("written");
    }
    receive(&records, 200);
    let open = Story::answered(&mut ids);
    writer.append(open.facts[..5].to_vec()).expect("written");
    assert_eq!(journal.finish(PATIENCE), 1);
    std::mem::forget(writer); // as a kill would leave it: the segment never closed
    let recovered = recover(folder.path()).expect("readable");
    let calls: Vec<CallId> = recovered.records.iter().map(|it| it.call).collect();
    assert_eq!(calls, [open.call]);
}

#[test]
fn a_segment_tells_until_when_its_process_was_alive() {
    let folder = Folder::new();
    let journal = start(&folder, Recovered::default(), collecting().0);
    let mut writer = journal.writer(ShardId(0)).expect("a first segment");
    // Answered at 4 s and nothing to write since; the clock is past 60 s.
    writer.append(Story::answered(&mut ids()).facts[..5].to_vec()).expect("written");
    assert_eq!(journal.finish(PATIENCE), 1);
    std::mem::forget(writer);
    let recovered = recover(folder.path()).expect("readable");
    assert!(recovered.records[0].billed_secs() >= 56, "{:?}", recovered.records);
}

#[test]
fn a_record_the_store_refuses_is_kept_beside_the_segments() {
    let folder = Folder::new();
    let (mut sink, records) = collecting();
    let mut ids = ids();
    let poison = ids.call();
    let journal = start(
        &folder,
        Recovered::default(),
        Box::new(move |batch| {
            if batch.iter().any(|record| record.call == poison) {
                return Err(SinkError::Never("a value the store cannot hold".into()));
            }
            sink(batch)
        }),
    );
    let mut writer = journal.writer(ShardId(0)).expect("a first segment");
    for at in 0..10 {
        let mut facts = Story::answered(&mut ids).facts;
        if at == 4 {
            facts.iter_mut().for_each(|fact| fact.call = poison);
        }
        writer.append(facts.clone()).expect("written");
    }
    receive(&records, 9);
    drop(writer);
    assert_eq!(journal.finish(PATIENCE), 0);
    let kept = fs::read_to_string(folder.path().join("refused.jsonl")).expect("kept");
    assert!(kept.contains(&poison.to_string()) && kept.lines().count() == 1, "{kept}");
}

#[test]
fn the_queue_shows_how_full_it_is_and_empties_again() {
    let folder = Folder::new();
    let (sink, records) = collecting();
    let (let_go, hold) = sync_channel::<()>(1);
    let mut sink = sink;
    let journal = start(
        &folder,
        Recovered::default(),
        Box::new(move |batch| {
            hold.recv_timeout(PATIENCE).expect_err("held until the sender is gone");
            sink(batch)
        }),
    );
    let mut ids = ids();
    let mut writer = journal.writer(ShardId(0)).expect("a first segment");
    let first = Story::echo(&mut ids);
    writer.append(first.facts.clone()).expect("written");
    let many: Vec<_> = (0..100).flat_map(|_| Story::echo(&mut ids).facts).collect();
    let mut turns = 0;
    while writer.fill() < 0.8 {
        writer.append(many.clone()).expect("written");
        turns += 1;
        assert!(turns < 1_000, "the thread is held in the sink");
    }
    drop(let_go);
    drop(writer);
    receive(&records, 1 + turns * 100);
    assert_eq!(journal.finish(PATIENCE), 0);
}

#[test]
fn a_segments_file_can_be_read_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let (sink, _records) = collecting();
    let journal = start(&folder, Recovered::default(), sink);
    let writer = journal.writer(ShardId(7)).expect("a first segment");
    let name = folder.segments().pop().expect("one segment");
    let mode = fs::metadata(folder.path().join(name)).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(journal.writer(ShardId(7)).is_err(), "a shard has one writer");
    drop(writer);
    assert_eq!(journal.finish(PATIENCE), 0);
}
