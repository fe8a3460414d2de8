//! `tandem check`.

use std::path::{Path, PathBuf};

use clap::Args;
use provision::{CannotHash, Directory, Kind, PasswordHasher, Reading};
use store::Store;
use switch::config::{NodeConfig, environment};
use switch::realm::Realms;
use tokio::runtime::Builder;
use webadmin::auth;

use super::data::{DataError, Held, announced};
use super::files::{Files, text_of};
use super::remote::Remote;
use super::{Failure, reach, say};

/// The tables of a node configuration.
const NODE_TABLES: [&str; 8] = ["node", "sip", "tls", "media", "http", "store", "log", "limits"];

#[derive(Args, Debug)]
pub(crate) struct CheckArgs {
    /// Node configurations, and provisioning files, which are checked together
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The data folder of the node, if it is here: what is set up there is compared with the configuration
    #[arg(long, value_name = "DIR", default_value = "tandem-data")]
    data: PathBuf,
}

/// Checks the files; every problem is told before it fails.
pub(crate) fn run(args: &CheckArgs) -> Result<(), Failure> {
    let mut problems = Vec::new();
    let mut provisioning = Vec::new();
    let mut nodes = Vec::new();
    for path in &args.files {
        let text = text_of(path)?;
        if is_provisioning(&text) {
            provisioning.push(path.clone());
            continue;
        }
        match NodeConfig::parse(Some((path.as_path(), &text)), environment()) {
            Ok(config) => {
                let wrong = switch::security::problems(&config);
                problems.extend(wrong.iter().map(|problem| format!("{}: {problem}", path.display())));
                nodes.push(config);
            }
            Err(error) => problems.push(error.to_string()),
        }
    }
    let phones_have_tls = nodes.iter().all(|node| !(node.sip.tls.is_empty() && node.sip.wss.is_empty()));
    let mut exposed = Vec::new();
    match check_together(&provisioning) {
        Ok(directory) => exposed = directory.exposed_keys(phones_have_tls),
        Err(failure) => problems.push(failure.to_string()),
    }
    if !problems.is_empty() {
        return Err(Failure::Input(problems.join("\n")));
    }
    for warning in nodes.iter().flat_map(|config| warnings(config, &args.data)).chain(exposed) {
        say::note(&format_args!("warning: {warning}"));
    }
    for path in &args.files {
        say::note(&format_args!("{}: good", Path::display(path)));
    }
    Ok(())
}

/// What a configuration would do to the node in a data folder; nothing when there is none.
fn warnings(config: &NodeConfig, data: &Path) -> Vec<String> {
    if !data.is_dir() {
        return Vec::new();
    }
    let found = match Held::take(data) {
        Ok(held) => stored(config, &held),
        Err(error @ DataError::InUse { .. }) => match announced(data) {
            Some(run) => Remote::new(&run.url, &run.token).and_then(|node| running(config, &node)),
            None => Err(Failure::running(error)),
        },
        Err(error @ DataError::Io { .. }) => Err(Failure::running(error)),
    };
    found.unwrap_or_else(|failure| vec![format!("what is set up could not be looked at: {failure}")])
}

fn stored(config: &NodeConfig, held: &Held) -> Result<Vec<String>, Failure> {
    let url = config.store.url_in(held.path());
    if url.strip_prefix("sqlite:").is_some_and(|file| !Path::new(file).exists()) {
        return Ok(Vec::new());
    }
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::running)?;
    let look = async {
        let store = Store::open(&url).await?;
        let directory = store.load_directory().await?;
        let realms = Realms::read(&store, &config.sip.realm, &directory).await?;
        store.close().await;
        Ok(realms.stale().iter().map(ToString::to_string).collect())
    };
    runtime.block_on(look).map_err(reach::of_store)
}

fn running(config: &NodeConfig, node: &Remote) -> Result<Vec<String>, Failure> {
    let (realm, mut warnings) = node.realm()?;
    let wanted = &config.sip.realm;
    if realm != *wanted {
        let change = format!("[sip] realm becomes {wanted:?} at the next start and is {realm:?} now");
        warnings.push(format!("{change}: every station's password must be set again then"));
    }
    Ok(warnings)
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

fn check_together(paths: &[PathBuf]) -> Result<Directory, Failure> {
    let files = Files::read(paths)?;
    let sample = Sample(auth::Hasher::default().hash("a sample").map_err(Failure::running)?);
    let reading = Reading { realm: "tandem", current: &Directory::default(), hasher: &sample };
    let plan = provision::plan(&files.texts(), &reading).map_err(|problems| reach::of_problems(&problems))?;
    let snapshot = route::Snapshot::build(std::sync::Arc::new(plan.wanted.clone()));
    snapshot.map_err(|error| Failure::input(format!("{}: {}", error.key, error.reason)))?;
    Ok(plan.wanted)
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
