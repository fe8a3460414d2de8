//! A DNS server of one test: dnsmasq with the records it is given.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use super::{Block, until};

/// A running dnsmasq; dropping it ends it.
#[derive(Debug)]
pub struct Names {
    child: Child,
    at: SocketAddr,
}

impl Names {
    /// Answers for `.test` on host 53 of a block, with records as dnsmasq's own options write them, such as
    /// `host-record=gw.carrier.test,127.0.0.3`.
    ///
    /// # Panics
    /// When dnsmasq is not installed or does not listen.
    pub fn serve(block: &Block, records: &[String]) -> Self {
        let at = block.at(53, 5_300);
        let mut command = Command::new("dnsmasq");
        command.args([
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--pid-file=",
            "--no-resolv",
            "--no-hosts",
        ]);
        command.args(["--bind-interfaces", "--local=/test/", "--local-ttl=30", "--user=", "--group="]);
        command.arg(format!("--listen-address={}", at.ip())).arg(format!("--port={}", at.port()));
        command.args(records.iter().map(|record| format!("--{record}")));
        let child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut names = Self { child: child.expect("dnsmasq is installed, as sip-tests/run does"), at };
        until("the DNS server to listen", || {
            assert!(names.lives(), "dnsmasq has ended");
            std::net::TcpStream::connect(at).ok()
        });
        names
    }

    /// The lines of configuration that make a switch ask it.
    pub fn configuration(&self) -> String {
        format!("[dns]\nservers = [\"{}\"]\ntimeout_secs = 1\n", self.at)
    }

    fn lives(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        // It may have ended already, which is what this wants.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
