//! Every test that the lists of features and RFCs name is there.

use std::fs;
use std::path::{Path, PathBuf};

/// Where the sources of a package stand, by its name; a file of `sip-tests/tests` otherwise.
fn sources(root: &Path, named: &str) -> Vec<PathBuf> {
    let file = root.join(format!("sip-tests/tests/{named}.rs"));
    if file.is_file() {
        return vec![file];
    }
    let homes = ["", "switch"].map(|home| root.join(home).join(named));
    let homes = homes.into_iter().filter(|home| home.join("Cargo.toml").is_file());
    let mut folders: Vec<PathBuf> =
        homes.flat_map(|home| ["src", "tests"].map(|part| home.join(part))).collect();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(path);
            }
        }
    }
    files
}

/// `file::test` or `package::test` between backticks; a name of two words or less is of something else.
fn named_tests(text: &str) -> Vec<(&str, &str)> {
    let quoted = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let named = quoted.filter_map(|quoted| quoted.split_once("::"));
    named.filter(|(_, test)| test.matches('_').count() >= 2 && !test.contains("::")).collect()
}

fn missing_tests(page: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs::read_to_string(root.join(page)).unwrap_or_else(|error| panic!("{page}: {error}"));
    let named = named_tests(&text);
    assert!(named.len() >= 10, "{page} names too few: {named:?}");
    let is_there = |home: &str, test: &str| {
        sources(&root, home)
            .iter()
            .any(|file| fs::read_to_string(file).is_ok_and(|code| code.contains(&format!("fn {test}("))))
    };
    let missing = named.into_iter().filter(|(home, test)| !is_there(home, test));
    missing.map(|(home, test)| format!("{home}::{test}")).collect()
}

#[test]
fn every_test_that_the_list_of_features_names_is_there() {
    assert_eq!(missing_tests("switch/docs/FEATURES.md"), Vec::<String>::new());
}

#[test]
fn every_test_that_the_list_of_rfcs_names_is_there() {
    assert_eq!(missing_tests("switch/docs/RFCS.md"), Vec::<String>::new());
}
