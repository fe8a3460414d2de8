//! A process may end at any octet it writes.

use std::collections::HashSet;
use std::fs;
use std::time::Duration;

use base::fact::{Fact, What};
use base::{CallId, Cause, Party, ShardId, Wall};

use crate::files::{Run, SegmentName, to_the_millisecond};
use crate::line;
use crate::recover::{Recovered, recover};
use crate::testing::{Folder, START, Story, ids};

fn name(part: u32) -> SegmentName {
    SegmentName { run: Run { shard: ShardId(0), start: START }, part }
}

/// Facts of three calls as one shard would interleave them.
fn interleaved() -> Vec<Fact> {
    let mut ids = ids();
    let stories = [Story::answered(&mut ids), Story::echo(&mut ids), Story::answered(&mut ids)];
    let longest = stories.iter().map(|story| story.facts.len()).max().unwrap_or(0);
    (0..longest).flat_map(|at| stories.iter().filter_map(move |story| story.facts.get(at).cloned())).collect()
}

fn calls_where(facts: &[Fact], is: fn(&What) -> bool) -> HashSet<CallId> {
    facts.iter().filter(|fact| is(&fact.what)).map(|fact| fact.call).collect()
}

fn answered(recovered: &Recovered) -> HashSet<CallId> {
    recovered.records.iter().filter(|it| it.answered_at.is_some()).map(|it| it.call).collect()
}

#[test]
fn killed_at_any_octet_no_answered_call_is_lost() {
    let folder = Folder::new();
    let facts = interleaved();
    let (mut text, mut ends) = (Vec::new(), Vec::new());
    for fact in &facts {
        line::encode(fact, &mut text);
        ends.push(text.len());
    }
    for cut in 0..=text.len() {
        fs::write(name(0).path(folder.path()), &text[..cut]).expect("writable");
        let recovered = recover(folder.path()).expect("readable");
        // A line is whole without its newline too.
        let whole = &facts[..ends.iter().filter(|end| **end <= cut + 1).count()];
        assert_eq!(
            answered(&recovered),
            calls_where(whole, |what| matches!(what, What::Answered { .. })),
            "cut at {cut}"
        );
        let ended = calls_where(whole, |what| matches!(what, What::CallEnded { .. }));
        for record in &recovered.records {
            assert_eq!(record.cause == Cause::Interrupted, !ended.contains(&record.call), "cut at {cut}");
        }
        assert_eq!(recovered.interrupted, recovered.records.len() - ended.len());
        assert!(recovered.torn_lines <= 1);
    }
}

#[test]
fn recovered_twice_gives_the_same_even_after_a_new_process_wrote_on() {
    let folder = Folder::new();
    let facts = interleaved();
    let mut text = Vec::new();
    facts.iter().take(15).for_each(|fact| line::encode(fact, &mut text));
    fs::write(name(0).path(folder.path()), &text).expect("writable");
    let first = recover(folder.path()).expect("readable");
    assert_eq!(first.interrupted, 2);

    let mut later_ids = base::CallIds::new(ShardId(0), Wall(START.0 + 9_000_000_000));
    let mut text = Vec::new();
    for fact in Story::echo(&mut later_ids).facts {
        line::encode(&Fact { at: Wall(fact.at.0 + 9_000_000_000), ..fact }, &mut text);
    }
    let run = Run { shard: ShardId(0), start: Wall(START.0 + 9_000_000_000) };
    fs::write(SegmentName { run, part: 0 }.path(folder.path()), &text).expect("writable");
    let second = recover(folder.path()).expect("readable");
    assert_eq!(second.records[..first.records.len()], first.records);
    assert_eq!(second.records.len(), first.records.len() + 1);
}

#[test]
fn a_call_that_goes_on_in_the_next_segment_is_one_call() {
    let folder = Folder::new();
    let story = Story::answered(&mut ids());
    for (part, facts) in (0..).zip(story.facts.chunks(3)) {
        let mut text = Vec::new();
        facts.iter().for_each(|fact| line::encode(fact, &mut text));
        fs::write(name(part).path(folder.path()), &text).expect("writable");
    }
    let recovered = recover(folder.path()).expect("readable");
    assert_eq!((recovered.records.len(), recovered.interrupted), (1, 0));
    assert_eq!(recovered.places.len(), 3);
}

#[test]
fn a_damaged_line_amid_others_costs_only_itself() {
    let folder = Folder::new();
    let facts = interleaved();
    for hit in 0..facts.len() {
        let mut text = Vec::new();
        for (at, fact) in facts.iter().enumerate() {
            let begin = text.len();
            line::encode(fact, &mut text);
            if at == hit {
                text[begin + 40] ^= 0x20;
            }
        }
        fs::write(name(0).path(folder.path()), &text).expect("writable");
        let recovered = recover(folder.path()).expect("readable");
        assert_eq!((recovered.torn_lines, recovered.records.len()), (1, 3), "line {hit}");
        let kept: Vec<Fact> =
            facts.iter().enumerate().filter(|(at, _)| *at != hit).map(|(_, fact)| fact.clone()).collect();
        let expected = calls_where(&kept, |what| matches!(what, What::Answered { .. }));
        assert_eq!(answered(&recovered), expected, "line {hit}");
    }
}

#[test]
fn an_interrupted_call_is_billed_until_the_process_was_last_alive() {
    let folder = Folder::new();
    let mut ids = ids();
    let (cut_off, other) = (Story::answered(&mut ids), Story::answered(&mut ids));
    let mut text = Vec::new();
    cut_off.facts.iter().take(5).chain(&other.facts).for_each(|fact| line::encode(fact, &mut text));
    fs::write(name(0).path(folder.path()), &text).expect("writable");
    let recovered = recover(folder.path()).expect("readable");
    let record = recovered.records.iter().find(|it| it.call == cut_off.call).expect("kept");
    assert_eq!((record.cause, record.released_by), (Cause::Interrupted, Party::System));
    assert_eq!(record.billed_secs(), 61);
}

#[test]
fn an_interrupted_call_on_a_quiet_node_is_billed_until_its_segment_was_last_marked() {
    let folder = Folder::new();
    let story = Story::answered(&mut ids());
    let mut text = Vec::new();
    story.facts.iter().take(5).for_each(|fact| line::encode(fact, &mut text));
    let path = name(0).path(folder.path());
    fs::write(&path, &text).expect("writable");
    let billed = |modified| {
        let file = fs::File::options().append(true).open(&path).expect("writable");
        file.set_modified(modified).expect("its owner may");
        recover(folder.path()).expect("readable").records[0].billed_secs()
    };
    let answered_at = story.facts[4].at;
    let marked = to_the_millisecond(Wall(answered_at.0 + 3_600_000_000));
    assert_eq!(billed(marked), 3_600);
    assert_eq!(billed(to_the_millisecond(Wall(answered_at.0 - 5_000_000))), 0, "facts count when later");
    assert_eq!(billed(marked + Duration::from_nanos(4_321)), 0, "a copy's time is not the process's");
}
