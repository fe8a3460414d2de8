//! A switch of its own for one measurement: configured, provisioned, started, and ended by its pid.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::clock;
use crate::load::unique;

const LOOK: Duration = Duration::from_millis(20);
const READY: Duration = Duration::from_secs(20);
const APPLY: Duration = Duration::from_secs(60);
const DRAIN: Duration = Duration::from_secs(5);

/// What the switch must know: the trunk that calls come from and go to, `stations` phones from 100000 on.
pub fn provisioning(stations: u32) -> String {
    let mut text = "[[trunk]]\nname = \"load\"\nhosts = [\"127.0.0.2\"]\npeer = \"sip:127.0.0.3:5070\"\n\
                    health_secs = 0\n\n[[number]]\ndid = \"^9[0-9]{7}$\"\nto = \"trunk:load\"\n"
        .to_owned();
    for extension in (100_000_u32..).take(usize::try_from(stations).unwrap_or(0)) {
        text.push_str(&format!("\n[[station]]\nextension = \"{extension}\"\npassword = \"secret\"\n"));
    }
    text
}

/// A running switch; dropping it ends the process and removes its folder.
#[derive(Debug)]
pub struct Node {
    child: Child,
    folder: PathBuf,
    /// Where it takes SIP over UDP.
    pub sip: SocketAddr,
}

impl Node {
    /// Applies the provisioning, starts `tandem serve`, and returns when it is ready.
    pub fn start(tandem: &Path, provisioning: &str) -> io::Result<Self> {
        Self::start_with(tandem, provisioning, "")
    }

    /// The same with more lines under `[limits]`.
    pub fn start_with(tandem: &Path, provisioning: &str, limits: &str) -> io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("tandem-measure-{}", unique()));
        let data = folder.join("data");
        fs::create_dir_all(&folder)?;
        let sip = UdpSocket::bind("127.0.0.1:0")?.local_addr()?;
        let http = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let (config, load) = (folder.join("tandem.toml"), folder.join("load.toml"));
        fs::write(&config, configuration(sip, http, &data) + limits)?;
        fs::write(&load, provisioning)?;
        let with = |command: &mut Command| {
            command.arg("--config").arg(&config).arg("--data").arg(&data).current_dir(&folder);
        };
        let log = File::create(folder.join("log"))?;
        let mut apply = Command::new(tandem);
        apply.arg("apply").arg(&load).stdout(log.try_clone()?).stderr(log.try_clone()?);
        with(&mut apply);
        let mut serve = Command::new(tandem);
        serve.arg("serve").stdout(log.try_clone()?).stderr(log);
        with(&mut serve);
        let applied = wait_for(&mut apply.spawn()?, APPLY)?;
        if !applied.is_some_and(|status| status.success()) {
            return Err(complaint(&folder, "tandem apply failed"));
        }
        let mut node = Self { child: serve.spawn()?, folder, sip };
        node.await_ready(http)?;
        Ok(node)
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    fn await_ready(&mut self, http: SocketAddr) -> io::Result<()> {
        let until = clock::nanos() + clock::span_ns(READY);
        while clock::nanos() < until {
            if let Some(status) = self.child.try_wait()? {
                return Err(complaint(&self.folder, &format!("tandem serve ended with {status}")));
            }
            if is_ready(http).unwrap_or(false) {
                return Ok(());
            }
            clock::wait(LOOK);
        }
        Err(complaint(&self.folder, "tandem serve did not become ready"))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        end(&mut self.child);
        // A folder that cannot be removed harms no measurement.
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// A running `floor`; dropping it ends the process.
#[derive(Debug)]
pub struct Floor(Child);

impl Floor {
    /// Starts the bare forwarder and returns when its sockets are bound.
    pub fn start(floor: &Path, calls: u32) -> io::Result<Self> {
        let mut command = Command::new(floor);
        command.args(["--calls", &calls.to_string(), "--for", "240"]).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        if line.trim() == "ready" {
            return Ok(Self(child));
        }
        end(&mut child);
        Err(io::Error::other("floor did not become ready"))
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        end(&mut self.0);
    }
}

/// Waits at most `limit`; a child that takes longer is ended and `None` returned.
pub fn wait_for(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let until = clock::nanos() + clock::span_ns(limit);
    while clock::nanos() < until {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        clock::wait(LOOK);
    }
    end(child);
    Ok(None)
}

fn end(child: &mut Child) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    // Each step may find the process gone already, which is what it wants.
    for signal in [Signal::TERM, Signal::TERM, Signal::KILL] {
        if matches!(child.try_wait(), Ok(Some(_))) {
            return;
        }
        pid.map(|pid| kill_process(pid, signal).ok());
        let until = clock::nanos() + clock::span_ns(DRAIN);
        while clock::nanos() < until && matches!(child.try_wait(), Ok(None)) {
            clock::wait(LOOK);
        }
    }
}

fn configuration(sip: SocketAddr, http: SocketAddr, data: &Path) -> String {
    format!(
        "[node]\ndrain_secs = 1\n[sip]\nudp = [\"{sip}\"]\ntcp = []\n[media]\nports = \"20000-29999\"\n\
         [http]\nlisten = \"{http}\"\n[store]\nurl = \"sqlite:{}/tandem.db\"\n[log]\nlevel = \"warn\"\n\
         [limits]\ncalls = 10000\ncalls_per_sec = 2000\nregistrations = 200000\n\
         known_per_sec = 100000\n",
        data.display()
    )
}

fn is_ready(http: SocketAddr) -> io::Result<bool> {
    let mut stream = TcpStream::connect_timeout(&http, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut status = [0; 12];
    stream.read_exact(&mut status)?;
    Ok(status.ends_with(b" 200"))
}

/// An error with the last lines that the switch wrote.
fn complaint(folder: &Path, what: &str) -> io::Error {
    let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
    let last: Vec<&str> = log.lines().rev().take(8).collect();
    let last = last.into_iter().rev().collect::<Vec<_>>().join("\n  ");
    io::Error::other(format!("{what}\n  {last}"))
}
