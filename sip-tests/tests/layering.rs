//! The direction of dependencies: every arrow between packages stands in a table, and nothing pure reaches the world.
//!
//! The table repeats the layers of the house: a package uses rows below its own, never one above or beside it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::process::Command;

use serde_json::Value;

/// A package and what it may use directly; `*` is everything.
const ARROWS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("provision", &["base"]),
    ("sip", &["base"]),
    ("sdp", &["base"]),
    ("media", &["base"]),
    ("phone", &["base", "provision"]),
    ("route", &["base", "provision", "phone"]),
    ("peer", &["base", "provision"]),
    ("sounds", &["base"]),
    ("call", &["base", "provision", "sip", "sdp", "route", "peer", "phone", "sounds"]),
    ("net", &["base", "sip", "peer"]),
    ("media-io", &["base", "media", "sounds"]),
    ("store", &["base", "provision", "route", "peer"]),
    ("journal", &["base"]),
    ("webadmin", &["base", "provision", "route", "peer", "phone", "store", "sounds"]),
    ("switch", &["*"]),
    ("sip-tests", &["*"]),
    ("benches", &["*"]),
];

/// Packages that decide and never act.
const PURE: &[&str] =
    &["base", "provision", "sip", "sdp", "media", "route", "peer", "phone", "sounds", "call"];

/// Packages that bring sockets, files, clocks, threads or the system's randomness.
const WORLD: &[&str] = &[
    "arc-swap",
    "async-std",
    "axum",
    "chrono",
    "crossbeam-channel",
    "fastrand",
    "getrandom",
    "hyper",
    "libc",
    "mio",
    "nix",
    "parking_lot",
    "rand",
    "rand_core",
    "reqwest",
    "rustix",
    "rustls",
    "smol",
    "socket2",
    "sqlx",
    "time",
    "tokio",
    "tracing-subscriber",
    "ureq",
];

#[test]
fn every_arrow_between_packages_is_in_the_table() {
    let graph = Graph::read();
    let wrong: Vec<String> = graph
        .members
        .iter()
        .flat_map(|from| graph.declared[from].iter().map(move |to| (from, to)))
        .filter(|(_, to)| graph.members.contains(*to))
        .filter(|(from, to)| !may_use(from, to))
        .map(|(from, to)| format!("{from} -> {to}"))
        .collect();
    assert!(wrong.is_empty(), "arrows that are not in the table: {wrong:?}");
}

#[test]
fn every_package_has_its_row_and_every_row_its_package() {
    let rows: BTreeSet<String> = ARROWS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(rows, Graph::read().members);
}

#[test]
fn no_path_leads_from_a_pure_package_to_the_world() {
    let graph = Graph::read();
    let paths: Vec<String> = PURE.iter().flat_map(|package| graph.paths_to_the_world(package)).collect();
    assert!(paths.is_empty(), "pure packages reach the world: {paths:#?}");
}

#[test]
fn the_table_itself_has_no_cycle() {
    let mut settled = BTreeSet::new();
    for (package, uses) in ARROWS {
        if *uses != ["*"] {
            let above: Vec<_> = uses.iter().filter(|used| !settled.contains(*used)).collect();
            assert!(above.is_empty(), "{package} uses {above:?}, which stand in no row above it");
        }
        settled.insert(package);
    }
}

fn may_use(from: &str, to: &str) -> bool {
    let row = ARROWS.iter().find(|(name, _)| *name == from);
    row.is_some_and(|(_, uses)| uses.contains(&"*") || uses.contains(&to))
}

/// What cargo says of the workspace.
struct Graph {
    /// Our packages.
    members: BTreeSet<String>,
    /// Package to what its manifest names, of every kind.
    declared: BTreeMap<String, BTreeSet<String>>,
    /// Package id to the ids it is built with in normal use, as resolved.
    built_with: BTreeMap<String, BTreeSet<String>>,
    names: BTreeMap<String, String>,
}

impl Graph {
    fn read() -> Self {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let output = Command::new(cargo)
            .args(["metadata", "--format-version", "1", "--locked"])
            .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
            .args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml")])
            .output()
            .expect("cargo runs where its tests run");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
        let members: BTreeSet<&str> =
            items(&metadata["workspace_members"]).filter_map(Value::as_str).collect();
        let mut graph = Self {
            members: BTreeSet::new(),
            declared: BTreeMap::new(),
            built_with: BTreeMap::new(),
            names: BTreeMap::new(),
        };
        for package in items(&metadata["packages"]) {
            let (id, name) = (text(&package["id"]), text(&package["name"]));
            if members.contains(id.as_str()) {
                let declared = items(&package["dependencies"]).map(|used| text(&used["name"]));
                graph.declared.insert(name.clone(), declared.collect());
                graph.members.insert(name.clone());
            }
            graph.names.insert(id, name);
        }
        for node in items(&metadata["resolve"]["nodes"]) {
            let used = items(&node["deps"]).filter(|used| is_normal(used)).map(|used| text(&used["pkg"]));
            graph.built_with.insert(text(&node["id"]), used.collect());
        }
        graph
    }

    /// The shortest path to each package of the world that `package` can reach.
    fn paths_to_the_world(&self, package: &str) -> Vec<String> {
        let start = self.names.iter().find(|(id, name)| *name == package && id.starts_with("path+"));
        let (start, _) = start.unwrap_or_else(|| panic!("{package} is no package of ours"));
        let mut paths = BTreeMap::from([(start, package.to_owned())]);
        let mut queue = VecDeque::from([start]);
        let mut found = Vec::new();
        while let Some(id) = queue.pop_front() {
            for used in &self.built_with[id] {
                if paths.contains_key(used) {
                    continue;
                }
                let path = format!("{} -> {}", paths[id], self.names[used]);
                if WORLD.contains(&self.names[used].as_str()) {
                    found.push(path.clone());
                }
                paths.insert(used, path);
                queue.push_back(used);
            }
        }
        found
    }
}

fn is_normal(used: &Value) -> bool {
    items(&used["dep_kinds"]).any(|kind| kind["kind"].is_null())
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
