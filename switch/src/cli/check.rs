//! `tandem check`.

use std::path::{Path, PathBuf};

use clap::Args;
use provision::{CannotHash, Directory, Kind, PasswordHasher, Reading};
use switch::config::{NodeConfig, environment};
use webadmin::auth;

use super::files::Files;
use super::{Failure, reach, say};

/// The tables of a node configuration.
const NODE_TABLES: [&str; 8] = ["node", "sip", "tls", "media", "http", "store", "log", "limits"];

#[derive(Args, Debug)]
pub(crate) struct CheckArgs {
    /// Node configurations, and provisioning files, which are checked together
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Checks the files; every problem is told before it fails.
pub(crate) fn run(args: &CheckArgs) -> Result<(), Failure> {
    let mut problems = Vec::new();
    let mut provisioning = Vec::new();
    for path in &args.files {
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|error| Failure::input(format!("{}: {error}", path.display())))?;
        if is_provisioning(&text) {
            provisioning.push(path.clone());
        } else if let Err(error) = NodeConfig::parse(Some((path.as_path(), &text)), environment()) {
            problems.push(error.to_string());
        }
    }
    if let Err(failure) = check_together(&provisioning) {
        problems.push(failure.to_string());
    }
    if !problems.is_empty() {
        return Err(Failure::Input(problems.join("\n")));
    }
    for path in &args.files {
        say::note(&format_args!("{}: good", Path::display(path)));
    }
    Ok(())
}

/// Whether a text is meant for `apply`: it has a table of entities and none of a node. A text that is no
/// TOML is nobody's; the node's reader then says where it breaks.
fn is_provisioning(text: &str) -> bool {
    let Ok(table) = text.parse::<toml::Table>() else {
        return text.trim_start().starts_with("[[") || text.contains("\n[[");
    };
    let named = |words: &[&str]| table.keys().any(|key| words.contains(&key.as_str()));
    let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.word()).collect();
    named(&kinds) || (!named(&NODE_TABLES) && table.values().any(toml::Value::is_array))
}

fn check_together(paths: &[PathBuf]) -> Result<(), Failure> {
    let files = Files::read(paths)?;
    let sample = Sample(auth::Hasher::default().hash("a sample").map_err(Failure::running)?);
    let reading = Reading { realm: "tandem", current: &Directory::default(), hasher: &sample };
    let plan = provision::plan(&files.texts(), &reading).map_err(|problems| reach::of_problems(&problems))?;
    let snapshot = route::Snapshot::build(&plan.wanted);
    snapshot.map(drop).map_err(|error| Failure::input(format!("{}: {}", error.key, error.reason)))
}

/// One hash for every password: a check keeps none, and a thousand real ones would take a minute.
struct Sample(String);

impl PasswordHasher for Sample {
    fn hash(&self, _password: &str) -> Result<String, CannotHash> {
        Ok(self.0.clone())
    }

    fn verify(&self, _password: &str, _hash: &str) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_tables() {
        assert!(is_provisioning("[[station]]\nextension = \"1\""));
        assert!(is_provisioning("[[stations]]\nextension = \"1\""));
        assert!(is_provisioning("\n[[station]]\nextension = "));
        assert!(!is_provisioning("[sip]\nudp = []"));
        assert!(!is_provisioning("[spi]\nudp = []"));
        assert!(!is_provisioning(""));
    }
}
