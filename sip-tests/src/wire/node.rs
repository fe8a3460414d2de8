//! A switch of its own for one test: provisioned, started, ended by its pid.

use std::collections::HashSet;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{Block, Http, until};

const SIP: u16 = 5_060;
const TLS: u16 = 5_061;
const WS: u16 = 8_088;
const WSS: u16 = 8_443;
const HTTP: u16 = 8_080;

/// A switch on host 1 of its block; dropping it kills it.
#[derive(Debug)]
pub struct Node {
    /// Its addresses and those of the parties around it.
    pub block: Block,
    config: PathBuf,
    data: PathBuf,
    token: String,
    serving: Option<Child>,
}

impl Node {
    /// A ready switch with this provisioning.
    ///
    /// # Panics
    /// When it does not come up; the message has its last log lines.
    pub fn start(block: Block, provisioning: &str) -> Self {
        Self::start_with(block, provisioning, "")
    }

    /// The same with more lines of configuration; tables that it has already (`node`, `sip`, `media`, `http`,
    /// `log`) cannot be opened again.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub fn start_with(block: Block, provisioning: &str, more: &str) -> Self {
        let listeners = [block.at(1, SIP)];
        Self::start_on(block, &listeners, provisioning, more)
    }

    /// The same, taking SIP over TLS and both kinds of WebSocket too.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub fn start_secure(block: Block, provisioning: &str, more: &str) -> Self {
        let (tls, ws, wss) = (block.at(1, TLS), block.at(1, WS), block.at(1, WSS));
        let secure = format!("tls = [\"{tls}\"]\nws = [\"{ws}\"]\nwss = [\"{wss}\"]\n");
        let text = configuration(&block, &[block.at(1, SIP)], &secure) + more;
        Self::start_as(block, &text, provisioning)
    }

    /// The same, taking SIP at these addresses.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub fn start_on(block: Block, listeners: &[SocketAddr], provisioning: &str, more: &str) -> Self {
        let text = configuration(&block, listeners, "") + more;
        Self::start_as(block, &text, provisioning)
    }

    /// The same with more lines for `[sip]`.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub fn start_sip(block: Block, provisioning: &str, sip: &str) -> Self {
        let text = configuration(&block, &[block.at(1, SIP)], sip);
        Self::start_as(block, &text, provisioning)
    }

    /// The same with the web panel under TLS too, where [`Self::https`] says.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub fn start_https(block: Block, provisioning: &str) -> Self {
        let http = format!("[http]\ntls_listen = \"{}\"\n", block.at(1, WSS));
        let text = configuration(&block, &[block.at(1, SIP)], "").replace("[http]\n", &http);
        Self::start_as(block, &text, provisioning)
    }

    /// Where the web panel speaks TLS.
    pub fn https(&self) -> SocketAddr {
        self.block.at(1, WSS)
    }

    /// The same with so many media workers.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub fn start_working(block: Block, provisioning: &str, workers: u8) -> Self {
        let text = configuration(&block, &[block.at(1, SIP)], "");
        let text = text.replace("workers = 1\n", &format!("workers = {workers}\n"));
        Self::start_as(block, &text, provisioning)
    }

    fn start_as(block: Block, configuration: &str, provisioning: &str) -> Self {
        let config = block.folder().join("tandem.toml");
        let data = block.folder().join("data");
        fs::write(&config, configuration).expect("our folder");
        let mut node = Self { block, config, data, token: String::new(), serving: None };
        node.apply(provisioning);
        node.token = node.run(&["token", "new", "test", "--role", "owner"]).trim().to_owned();
        node.serve();
        node
    }

    /// Starts the process and waits until it is ready.
    ///
    /// # Panics
    /// When it ends or does not become ready.
    pub fn serve(&mut self) {
        let log = File::options().create(true).append(true).open(self.log_path()).expect("our folder");
        let mut command = self.command();
        command.arg("serve").stdout(log.try_clone().expect("a file")).stderr(log);
        self.with_paths(&mut command);
        let mut child = command.spawn().expect("the switch is built: cargo build -p switch");
        let anyone = Http::new(self.http(), "");
        until("the switch to be ready", || {
            let ended = child.try_wait().expect("our child");
            assert!(ended.is_none(), "tandem serve ended, {ended:?}:\n{}", self.log());
            anyone.get("/readyz").ok().filter(|(status, _)| *status == 200)
        });
        self.serving = Some(child);
    }

    /// Sets up what `provisioning` says, on the stopped node.
    ///
    /// # Panics
    /// When it is refused.
    pub fn apply(&self, provisioning: &str) {
        let file = self.block.folder().join("provisioning.toml");
        fs::write(&file, provisioning).expect("our folder");
        self.run(&["apply", file.to_str().expect("a plain path")]);
    }

    /// Ends the process as a power cut would.
    ///
    /// # Panics
    /// When none is running.
    pub fn kill(&mut self) {
        let mut child = self.serving.take().expect("a running switch");
        child.kill().expect("our child");
        child.wait().expect("our child");
    }

    /// Sends SIGTERM.
    ///
    /// # Panics
    /// When none is running.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Sends SIGHUP: files are read again.
    ///
    /// # Panics
    /// When none is running.
    pub fn reload(&self) {
        self.signal(Signal::HUP);
    }

    /// Waits for the process to end by itself.
    ///
    /// # Panics
    /// When it does not.
    pub fn ended(&mut self) -> ExitStatus {
        let mut child = self.serving.take().expect("a running switch");
        until("the switch to end", || child.try_wait().expect("our child"))
    }

    /// Whether the process lives.
    pub fn lives(&mut self) -> bool {
        self.serving.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// Octets of memory that it holds (`VmRSS`).
    ///
    /// # Panics
    /// When none is running.
    pub fn resident_octets(&self) -> u64 {
        let pid = self.serving.as_ref().expect("a running switch").id();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("our child's");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a size");
        let kilo: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kilo * 1_024
    }

    /// Where it takes SIP.
    pub fn sip(&self) -> SocketAddr {
        self.block.at(1, SIP)
    }

    /// Where it takes SIP over TLS.
    pub fn tls(&self) -> SocketAddr {
        self.block.at(1, TLS)
    }

    /// Where it takes WebSockets.
    pub fn ws(&self) -> String {
        format!("ws://{}", self.block.at(1, WS))
    }

    /// Where it takes WebSockets under TLS.
    pub fn wss(&self) -> String {
        format!("wss://{}", self.block.at(1, WSS))
    }

    /// The certificate that it made of itself.
    pub fn own_certificate(&self) -> PathBuf {
        self.data.join("tls-cert.pem")
    }

    /// Where it takes HTTP.
    pub fn http(&self) -> SocketAddr {
        self.block.at(1, HTTP)
    }

    /// The owner's token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Its API, asked as the owner.
    pub fn api(&self) -> Http {
        Http::new(self.http(), &self.token)
    }

    /// A gauge of `/metrics` without labels; 0 when it is not there.
    ///
    /// # Panics
    /// When the metrics cannot be had.
    pub fn gauge(&self, name: &str) -> u64 {
        let (status, text) = self.api().get("/metrics").expect("an answer");
        assert_eq!(status, 200, "{text}");
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.trim().split('.').next()?.parse().ok()).unwrap_or(0)
    }

    /// Files and connections that the process holds; not its UDP sockets, which stay bound for later calls.
    ///
    /// # Panics
    /// When none is running.
    pub fn open_files(&self) -> usize {
        let pid = self.serving.as_ref().expect("a running switch").id();
        let udp =
            ["/proc/net/udp", "/proc/net/udp6"].map(|table| fs::read_to_string(table).unwrap_or_default());
        let inodes: HashSet<&str> = udp
            .iter()
            .flat_map(|table| table.lines())
            .filter_map(|line| line.split_whitespace().nth(9))
            .collect();
        let is_udp = |link: PathBuf| {
            let name = link.to_string_lossy().into_owned();
            let inode = name.strip_prefix("socket:[").and_then(|name| name.strip_suffix(']'));
            inode.is_some_and(|inode| inodes.contains(inode))
        };
        let files = fs::read_dir(format!("/proc/{pid}/fd")).expect("our child's files");
        files
            .filter_map(|file| fs::read_link(file.ok()?.path()).ok())
            .filter(|link| !is_udp(link.clone()))
            .count()
    }

    /// Records of ended calls, once there are `count`, the latest first.
    ///
    /// # Panics
    /// When there are more, or not so many in time.
    pub fn records(&self, count: usize) -> Vec<Value> {
        let mut seen = 0;
        let records = until(&format!("{count} call records"), || {
            let records = self.api().items("/api/v1/calls");
            seen = records.len();
            (seen >= count).then_some(records)
        });
        assert_eq!(seen, count, "call records");
        records
    }

    /// Calls that are up.
    pub fn live(&self) -> Vec<Value> {
        self.api().items("/api/v1/calls?state=live")
    }

    /// Runs a command of the switch on this node's data and returns what it prints.
    ///
    /// # Panics
    /// When it fails.
    pub fn run(&self, arguments: &[&str]) -> String {
        let mut command = self.command();
        command.args(arguments);
        self.with_paths(&mut command);
        let output =
            command.stdin(Stdio::null()).output().expect("the switch is built: cargo build -p switch");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "tandem {arguments:?}: {}\n{complaint}", output.status);
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn signal(&self, signal: Signal) {
        let child = self.serving.as_ref().expect("a running switch");
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(pid, signal).expect("our child");
    }

    fn log_path(&self) -> PathBuf {
        self.block.folder().join("log")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(program());
        command.current_dir(self.block.folder());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TANDEM_")) {
            command.env_remove(name);
        }
        command
    }

    fn with_paths(&self, command: &mut Command) {
        command.arg("--config").arg(&self.config).arg("--data").arg(&self.data);
    }
}

impl Drop for Node {
    #[expect(clippy::print_stdout, reason = "a failed test shows what the switch said last")]
    fn drop(&mut self) {
        if let Some(child) = &mut self.serving {
            // It may have ended already, which is what this wants.
            child.kill().ok();
            child.wait().ok();
        }
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().rev().take(40).collect();
            println!("the switch's last log lines:");
            lines.iter().rev().for_each(|line| println!("  {line}"));
        }
    }
}

/// The binary under test: `TANDEM_BIN`, or what `cargo build` has left beside this test.
///
/// # Panics
/// When there is none.
pub fn program() -> PathBuf {
    if let Some(path) = std::env::var_os("TANDEM_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().expect("a running test");
    let beside = test.ancestors().nth(2).map(|debug| debug.join("tandem"));
    beside.filter(|path| Path::exists(path)).expect("the switch is built: cargo build -p switch")
}

fn configuration(block: &Block, listeners: &[SocketAddr], more: &str) -> String {
    let (http, ports) = (block.at(1, HTTP), block.media_ports());
    let sip: Vec<String> = listeners.iter().map(SocketAddr::to_string).collect();
    format!(
        "[node]\ndrain_secs = 20\n[sip]\nudp = {sip:?}\ntcp = {sip:?}\n{more}[media]\nports = \"{ports}\"\n\
         workers = 1\n[http]\nlisten = \"{http}\"\n[log]\nlevel = \"info\"\n"
    )
}
