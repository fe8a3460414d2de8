//! What went over the loopback interface, decoded by tshark.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use super::{Block, until};

/// A running capture of everything that a block's addresses send.
#[derive(Debug)]
pub struct Capture {
    dumpcap: Child,
    file: PathBuf,
}

impl Capture {
    /// Starts it; what is sent from now on is in it.
    ///
    /// # Panics
    /// When dumpcap does not start.
    pub fn start(block: &Block) -> Self {
        let file = block.folder().join("capture.pcapng");
        let log = block.folder().join("capture.log");
        let network = format!("udp and net {}/24", block.ip(0));
        let mut dumpcap = Command::new("dumpcap")
            .args(["-q", "-i", "lo", "-f", &network, "-w"])
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("our folder"))
            .spawn()
            .expect("tshark is installed, as sip-tests/run does");
        until("dumpcap to capture on lo", || {
            let said = fs::read_to_string(&log).unwrap_or_default();
            let ended = dumpcap.try_wait().expect("our child");
            assert!(ended.is_none(), "dumpcap ended, {ended:?}: {said}");
            said.contains("File: ").then_some(())
        });
        Self { dumpcap, file }
    }

    /// Ends it once `text` stands in the captured packets this often: the kernel hands them over with a delay. What
    /// was captured must decode.
    ///
    /// # Panics
    /// When it does not come to that, or tshark finds a malformed packet.
    pub fn stop_after(&mut self, text: &str, times: usize) {
        until("the capture to be complete", || {
            let octets = fs::read(&self.file).ok()?;
            let found = octets.windows(text.len()).filter(|window| *window == text.as_bytes()).count();
            (found >= times).then_some(())
        });
        let pid = i32::try_from(self.dumpcap.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(pid, Signal::INT).expect("a running dumpcap");
        self.dumpcap.wait().expect("our child");
        let malformed = self.fields("_ws.malformed", &["frame.number", "_ws.col.Info"]);
        assert_eq!(malformed, Vec::<String>::new());
    }

    /// These fields of the packets that pass a display filter, a line for each packet.
    ///
    /// # Panics
    /// When tshark does not take the filter.
    pub fn fields(&self, filter: &str, fields: &[&str]) -> Vec<String> {
        decoded(&self.file, filter, fields)
    }
}

/// How tshark reads these datagrams as SIP: the first value of each field, a list for each datagram.
///
/// # Panics
/// When tshark fails or leaves one out.
pub fn read_by_tshark(folder: &Path, datagrams: &[Vec<u8>], fields: &[&str]) -> Vec<Vec<String>> {
    let file = folder.join("datagrams.pcap");
    fs::write(&file, pcap(datagrams)).expect("our folder");
    let lines = decoded(&file, "", fields);
    assert_eq!(lines.len(), datagrams.len());
    lines.iter().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// A capture file of UDP datagrams from port 5060 to port 5060: classic format, link type 101 (IPv4 without more).
fn pcap(datagrams: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 101] {
        file.extend(word.to_le_bytes());
    }
    for data in datagrams {
        let octets = u16::try_from(data.len() + 28).expect("a datagram");
        for word in [0, 0, u32::from(octets), u32::from(octets)] {
            file.extend(word.to_le_bytes());
        }
        file.extend([0x45, 0]);
        file.extend(octets.to_be_bytes());
        file.extend([0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
        for half in [5_060, 5_060, octets - 20, 0] {
            file.extend(half.to_be_bytes());
        }
        file.extend_from_slice(data);
    }
    file
}

fn decoded(file: &Path, filter: &str, fields: &[&str]) -> Vec<String> {
    let mut tshark = Command::new("tshark");
    tshark.arg("-r").arg(file).args(["-d", "udp.port==5060-5099,sip", "-T", "fields", "-E", "occurrence=f"]);
    if !filter.is_empty() {
        tshark.args(["-Y", filter]);
    }
    for field in fields {
        tshark.args(["-e", field]);
    }
    let output = tshark.stderr(Stdio::piped()).output().expect("tshark is installed");
    assert!(output.status.success(), "tshark: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

impl Drop for Capture {
    fn drop(&mut self) {
        if matches!(self.dumpcap.try_wait(), Ok(None)) {
            self.dumpcap.kill().ok(); // a test that failed before it stopped the capture
            self.dumpcap.wait().ok();
        }
    }
}
