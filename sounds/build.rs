//! Turns the manifest into a table that holds every file it names.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

use serde::Deserialize;

#[derive(Deserialize)]
struct Manifest {
    prompts: BTreeMap<String, BTreeMap<String, Prompt>>,
    #[serde(default)]
    music: BTreeMap<String, BTreeMap<String, Prompt>>,
}

#[derive(Deserialize)]
struct Prompt {
    text: String,
    voice: String,
    licence: String,
    ms: u32,
    sha256: String,
}

fn main() {
    println!("cargo::rerun-if-changed=manifest.toml");
    println!("cargo::rerun-if-changed=en");
    println!("cargo::rerun-if-changed=es");
    println!("cargo::rerun-if-changed=music");
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let text = fs::read_to_string(here.join("manifest.toml")).expect("the manifest stands beside this file");
    let manifest: Manifest = toml::from_str(&text).expect("the manifest is TOML of this shape");
    let table = table("PROMPTS", "", &manifest.prompts) + &table("MUSIC", "music/", &manifest.music);
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("shipped.rs"), table).expect("the build folder can be written to");
}

/// Names files by where the package is when it is compiled: build folders outlive clones.
fn table(name: &str, folder: &str, all: &BTreeMap<String, BTreeMap<String, Prompt>>) -> String {
    let mut table = format!("pub(super) static {name}: &[Shipped] = &[\n");
    for (group, prompts) in all {
        for (id, Prompt { text, voice, licence, ms, sha256 }) in prompts {
            let file = format!("/{folder}{group}/{id}.opus");
            writeln!(
                table,
                "Shipped {{ group: {group:?}, id: {id:?}, text: {text:?}, voice: {voice:?}, licence: {licence:?}, \
                 ms: {ms}, sha256: {sha256:?}, \
                 ogg: include_bytes!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {file:?})) }},"
            )
            .expect("a String takes everything");
        }
    }
    table + "];\n"
}
