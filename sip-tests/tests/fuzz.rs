//! Every reader of octets from outside against its saved corpus and thousands of seeded changes (conformance §4).

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use sip_tests::fuzzing::{Mutator, TARGETS, Target, target};

/// Changed inputs of each reader; a failure names its number, so it is found again.
const CHANGES: u64 = 5_000;

fn corpus(folder: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(folder);
    let listed = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = listed.map(|file| file.expect("readable").path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).expect("readable")).collect()
}

/// A target's own seeds, and the RFCs' messages for those that read whole messages.
fn seeds(target: &Target) -> Vec<Vec<u8>> {
    let mut seeds = corpus(&format!("fuzz/{}", target.name));
    let messages =
        ["torture/rfc4475", "torture/rfc5118", "torture/rfc5118-crlf"].into_iter().flat_map(corpus);
    match target.name {
        "message" => seeds.extend(messages),
        "framer" => seeds.extend(messages.map(|message| [vec![9], message].concat())),
        _ => {}
    }
    seeds
}

fn run(target: &Target, what: &str, octets: &[u8]) {
    let held = catch_unwind(|| (target.run)(octets));
    assert!(held.is_ok(), "{} {what}: {}", target.name, octets.escape_ascii());
}

#[test]
fn saved_inputs_break_no_promise() {
    for target in TARGETS {
        for (number, octets) in seeds(target).iter().enumerate() {
            run(target, &format!("input {number}"), octets);
        }
    }
}

fn changed_inputs_of(name: &str) {
    let target = target(name);
    let seeds = seeds(target);
    for number in 0..CHANGES {
        let octets = Mutator::new(number).change(&seeds);
        run(target, &format!("change {number}"), &octets);
    }
}

#[test]
fn changed_messages_print_as_they_were_read() {
    changed_inputs_of("message");
}

#[test]
fn changed_streams_give_the_same_messages_for_every_cut() {
    changed_inputs_of("framer");
}

#[test]
fn changed_values_print_as_they_were_read_and_parts_stay_in_their_body() {
    ["uri", "addresses", "digest", "multipart"].into_iter().for_each(changed_inputs_of);
}

#[test]
fn changed_bodies_print_as_they_were_read_and_their_answers_are_legal() {
    changed_inputs_of("sdp");
}

#[test]
fn changed_packets_of_strangers_go_nowhere() {
    ["rtp", "rtcp", "relay"].into_iter().for_each(changed_inputs_of);
}

#[test]
fn every_reader_has_a_fuzz_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("the manifest");
    for Target { name, .. } in TARGETS {
        let text = fs::read_to_string(folder.join(format!("fuzz_targets/{name}.rs"))).expect("a target");
        assert!(
            text.contains(&format!("target(\"{name}\")")) && manifest.contains(&format!("name = \"{name}\""))
        );
    }
}
