//! Every test that FEATURES.md names is there.

use std::fs;
use std::path::Path;

/// `file::test` between backticks.
fn named_tests(text: &str) -> Vec<(&str, &str)> {
    let quoted = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    quoted.filter_map(|quoted| quoted.split_once("::")).collect()
}

#[test]
fn every_test_that_the_list_of_features_names_is_there() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let features = fs::read_to_string(here.join("../switch/docs/FEATURES.md")).expect("the list is there");
    let named = named_tests(&features);
    assert!(named.len() >= 10, "{named:?}");
    let missing: Vec<_> = named
        .into_iter()
        .filter(|(file, test)| {
            let code = fs::read_to_string(here.join(format!("tests/{file}.rs"))).unwrap_or_default();
            !code.contains(&format!("fn {test}("))
        })
        .collect();
    assert!(missing.is_empty(), "FEATURES.md names tests that do not exist: {missing:?}");
}
