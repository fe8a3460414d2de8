//! A real PostgreSQL server for one test.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Block;

const USER: &str = "postgres";
const PORT: u16 = 5_432;

/// A server on host 9 of a block; dropping it stops it.
#[derive(Debug)]
pub struct Postgres {
    url: String,
    data: PathBuf,
    /// PostgreSQL's own account must reach the folder, which it does not in ours.
    folder: PathBuf,
}

impl Postgres {
    /// Starts one.
    ///
    /// # Panics
    /// When PostgreSQL is not installed or does not start.
    pub fn start(block: &Block) -> Self {
        let address = block.at(9, PORT);
        let folder = std::env::temp_dir().join(format!("tandem-wire-postgres-{}", std::process::id()));
        drop(fs::remove_dir_all(&folder)); // of an earlier process with the same id
        fs::create_dir_all(&folder).expect("the temporary folder is writable");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("our folder");
        if is_root() {
            chown(&folder, Some(id(&["-u", USER])), Some(id(&["-g", USER]))).expect("root may give it away");
        }
        let data = folder.join("data");
        let mut initdb = command("initdb");
        run(initdb.arg("-D").arg(&data).args([
            "-U",
            USER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ]));
        let options = format!(
            "-p {PORT} -c listen_addresses={} -c unix_socket_directories={} -c fsync=off",
            address.ip(),
            folder.display()
        );
        let mut start = command("pg_ctl");
        start.arg("-D").arg(&data).args(["-w", "-t", "60", "-o", &options, "-l"]).arg(folder.join("log"));
        run(start.arg("start"));
        Self { url: format!("postgres://{USER}@{address}/postgres"), data, folder }
    }

    /// The url of an empty database.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let mut stop = command("pg_ctl");
        stop.arg("-D").arg(&self.data).args(["-w", "-m", "immediate", "stop"]);
        // A server that is down already is what this wants.
        stop.stdout(Stdio::null()).stderr(Stdio::null()).status().ok();
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// A program of the newest installed server, run by an account that is not root: PostgreSQL refuses that one.
fn command(program: &str) -> Command {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version = |entry: &fs::DirEntry| entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
    let newest = versions.max_by_key(version).expect("PostgreSQL is installed, as sip-tests/run does");
    let program = newest.path().join("bin").join(program);
    let mut command = if is_root() { as_postgres(&program) } else { Command::new(program) };
    command.current_dir("/").stdin(Stdio::null());
    command
}

fn as_postgres(program: &Path) -> Command {
    let mut command = Command::new("runuser");
    command.args(["-u", USER, "--"]).arg(program);
    command
}

fn run(command: &mut Command) {
    // A server that is started keeps its descriptors: with pipes we would wait for it to end.
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("the program is there");
    assert!(status.success(), "{command:?} ended with {status}");
}

fn is_root() -> bool {
    id(&["-u"]) == 0
}

fn id(arguments: &[&str]) -> u32 {
    let output = Command::new("id").args(arguments).output().expect("id is everywhere");
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("the user is there")
}
