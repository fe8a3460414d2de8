//! SIPp with the scenarios of `sip-tests/sipp`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{Script, until};

/// Seconds until a SIPp that hangs is ended.
const LIMIT: &str = "90";

/// How SIPp speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// One UDP socket.
    Udp,
    /// One TCP connection.
    Tcp,
    /// One connection under TLS; Debian's SIPp has none.
    Tls,
}

impl Transport {
    /// `udp`, `tcp` or `tls`, as provisioning writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        }
    }
}

/// A SIPp that has not started.
#[derive(Debug)]
pub struct Sipp {
    command: Command,
    local: SocketAddr,
    transport: Transport,
    files: PathBuf,
}

/// A SIPp that runs; dropping it ends it.
#[derive(Debug)]
pub struct Running {
    child: Child,
    files: PathBuf,
}

/// What SIPp counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Calls whose scenario ran to its end.
    pub successful: u64,
    /// Calls that took another course.
    pub failed: u64,
    /// Requests and answers that had to be sent again.
    pub retransmissions: u64,
}

impl Sipp {
    /// A SIPp at `local` that plays `scenario`, a file name of `sip-tests/sipp`, and keeps its files in `folder`.
    pub fn new(scenario: &str, folder: &Path, local: SocketAddr, transport: Transport) -> Self {
        let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/sipp")).join(scenario);
        Self::playing(&path, scenario, folder, local, transport)
    }

    /// A SIPp at `local` that plays a script under this name.
    pub fn script(
        script: &Script,
        name: &str,
        folder: &Path,
        local: SocketAddr,
        transport: Transport,
    ) -> Self {
        Self::playing(&script.write(folder, name), name, folder, local, transport)
    }

    fn playing(path: &Path, name: &str, folder: &Path, local: SocketAddr, transport: Transport) -> Self {
        let name = format!("sipp-{name}-{local}").replace(['.', ':'], "-");
        let files = folder.join(name);
        let mut command = Command::new("timeout");
        command.args(["-k", "2", LIMIT, "sipp", "-nostdin", "-sf"]);
        command.arg(path);
        command.args(["-i", &local.ip().to_string(), "-p", &local.port().to_string()]);
        command.args(["-mi", &local.ip().to_string(), "-mp", &media_port(local).to_string()]);
        command.args(["-t", if transport == Transport::Udp { "u1" } else { "t1" }]);
        command.args(["-trace_stat", "-fd", "1", "-stf"]).arg(files.with_extension("csv"));
        command.args(["-trace_err", "-error_file"]).arg(files.with_extension("err"));
        Self { command, local, transport, files }
    }

    /// Plays the scenario this often, ten times a second, and then ends.
    #[must_use]
    pub fn calls(self, count: u32) -> Self {
        self.with(&["-m", &count.to_string(), "-r", "10"])
    }

    /// Lets each call talk for so long.
    #[must_use]
    pub fn talking_ms(self, millis: u32) -> Self {
        self.with(&["-d", &millis.to_string()])
    }

    /// Calls this number.
    #[must_use]
    pub fn to(self, number: &str) -> Self {
        self.with(&["-s", number])
    }

    /// Calls as this user or number.
    #[must_use]
    pub fn from(self, caller: &str) -> Self {
        self.with(&["-key", "caller", caller])
    }

    /// Answers challenges so.
    #[must_use]
    pub fn password(self, user: &str, password: &str) -> Self {
        self.with(&["-au", user, "-ap", password])
    }

    /// Sets a `[key]` of the scenario.
    #[must_use]
    pub fn key(self, key: &str, value: &str) -> Self {
        self.with(&["-key", key, value])
    }

    /// Further arguments.
    #[must_use]
    pub fn with(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    /// Starts it towards `remote`.
    ///
    /// # Panics
    /// When SIPp is not installed.
    pub fn call(mut self, remote: SocketAddr) -> Running {
        self.command.arg(remote.to_string());
        self.spawn()
    }

    /// Starts it and waits until it listens.
    ///
    /// # Panics
    /// When SIPp is not installed or does not listen.
    pub fn listen(self) -> Running {
        let (local, transport) = (self.local, self.transport);
        let mut running = self.spawn();
        until("SIPp to listen", || {
            let ended = running.child.try_wait().expect("our child");
            assert!(ended.is_none(), "SIPp ended, {ended:?}:\n{}", running.complaint());
            listens(local, transport).then_some(())
        });
        running
    }

    fn spawn(mut self) -> Running {
        let log = File::create(self.files.with_extension("log")).expect("our folder");
        self.command.stdin(Stdio::null()).stdout(log.try_clone().expect("a file")).stderr(log);
        let child = self.command.spawn().expect("SIPp is installed, as sip-tests/run does");
        Running { child, files: self.files }
    }
}

impl Running {
    /// Waits for its end, which has to be a good one, and returns what it counted.
    ///
    /// # Panics
    /// When SIPp ends with an error; the message says what it did not expect.
    pub fn end(mut self) -> Stats {
        let status = self.child.wait().expect("our child");
        assert!(status.success(), "SIPp ended with {status}:\n{}", self.complaint());
        let stats = Stats::read(&self.files.with_extension("csv"));
        assert_eq!(stats.failed, 0, "failed calls:\n{}", self.complaint());
        stats
    }

    fn complaint(&self) -> String {
        let errors = fs::read_to_string(self.files.with_extension("err")).unwrap_or_default();
        let log = fs::read_to_string(self.files.with_extension("log")).unwrap_or_default();
        let last: Vec<&str> = log.lines().rev().take(30).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        errors.chars().take(6_000).collect::<String>() + "\n" + &last.join("\n")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already. `timeout` passes SIGTERM on; SIGKILL would leave SIPp behind.
        let pid = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        if matches!(self.child.try_wait(), Ok(None)) {
            pid.map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::TERM).ok());
            self.child.wait().ok();
        }
    }
}

impl Stats {
    /// Reads the last line of a statistics file by the names in its first.
    fn read(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap_or_default();
        let mut lines = text.lines();
        let names = lines.next().unwrap_or_default().split(';');
        let last = lines.next_back().unwrap_or_default().split(';');
        let row: BTreeMap<&str, u64> =
            names.zip(last).filter_map(|(name, value)| Some((name, value.parse().ok()?))).collect();
        let figure = |name| *row.get(name).unwrap_or_else(|| panic!("no {name} in {}", file.display()));
        Self {
            successful: figure("SuccessfulCall(C)"),
            failed: figure("FailedCall(C)"),
            retransmissions: figure("Retransmissions(C)"),
        }
    }
}

/// Whether a socket is bound there, as the kernel tells: looking by binding would take the address away.
pub(super) fn listens(at: SocketAddr, transport: Transport) -> bool {
    let (family, address) = match at.ip() {
        IpAddr::V4(ip) => ("", format!("{:08X}", u32::from_ne_bytes(ip.octets()))),
        IpAddr::V6(ip) => {
            let words = ip.octets();
            let hex =
                words.chunks(4).map(|word| word.iter().rev().map(|octet| format!("{octet:02X}")).collect());
            ("6", hex.collect::<Vec<String>>().concat())
        }
    };
    let table = format!("/proc/net/{}{family}", transport.word());
    let wanted = format!("{address}:{:04X}", at.port());
    let sockets = fs::read_to_string(table).unwrap_or_default();
    // Connections that ended at this address stand there for a minute more.
    let listening = if transport == Transport::Udp { "07" } else { "0A" };
    sockets.lines().any(|line| {
        let mut fields = line.split_whitespace().skip(1);
        fields.next() == Some(wanted.as_str()) && fields.nth(1) == Some(listening)
    })
}

/// SIPp takes four ports from here on. On `::1` everybody shares one address.
fn media_port(local: SocketAddr) -> u16 {
    match local {
        SocketAddr::V4(_) => 30_000,
        SocketAddr::V6(_) => 30_000 + local.port() % 1_000 * 4,
    }
}
