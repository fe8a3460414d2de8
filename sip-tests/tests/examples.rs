//! Every file of `switch/examples/config` is one that `tandem apply` takes.

use std::fs;
use std::path::Path;

use provision::{CannotHash, Directory, PasswordHasher, Reading, plan};

/// Reading needs somebody who hashes; what comes out does not matter here.
struct Plain;

impl PasswordHasher for Plain {
    fn hash(&self, _password: &str) -> Result<String, CannotHash> {
        Ok("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g".to_owned())
    }

    fn verify(&self, _password: &str, _hash: &str) -> bool {
        false
    }
}

#[test]
fn every_example_is_valid_provisioning_that_sets_something_up() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../switch/examples/config"));
    let files = fs::read_dir(folder).expect("the examples are there");
    let mut seen = 0;
    for file in files {
        let path = file.expect("a readable folder").path();
        let text = fs::read_to_string(&path).expect("a text file");
        let name = path.display().to_string();
        let current = Directory::default();
        let reading = Reading { realm: "tandem", current: &current, hasher: &Plain };
        let plan = plan(&[(&name, &text)], &reading).unwrap_or_else(|problems| panic!("{problems:#?}"));
        assert!(!plan.changes.is_empty(), "{name} sets nothing up");
        seen += 1;
    }
    assert!(seen >= 3, "{seen} examples");
}
