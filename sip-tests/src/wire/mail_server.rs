//! A mail server of another make (aiosmtpd) that keeps what it takes in a folder.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::{Block, until};

/// A running mail server; dropping it ends it.
#[derive(Debug)]
pub struct MailServer {
    child: Child,
    folder: PathBuf,
}

impl MailServer {
    /// Takes mail at `at`, in the clear.
    ///
    /// # Panics
    /// When it is not installed or does not start.
    pub fn start(block: &Block, at: SocketAddr) -> Self {
        let folder = block.folder().join("mail");
        let log = File::options().create(true).append(true).open(block.folder().join("mail.log"));
        let log = log.expect("our folder");
        let mut command = Command::new("/usr/bin/python3");
        command.args(["-m", "aiosmtpd", "-n", "-l", &at.to_string(), "-c", "aiosmtpd.handlers.Mailbox"]);
        command.arg(&folder).stdin(Stdio::null()).stdout(log.try_clone().expect("a file")).stderr(log);
        let child = command.spawn().expect("aiosmtpd is installed, as sip-tests/run does");
        let server = Self { child, folder };
        until("the mail server to listen", || TcpStream::connect(at).ok());
        server
    }

    /// The letters that came, whole, in no order.
    pub fn letters(&self) -> Vec<String> {
        let new = fs::read_dir(self.folder.join("new")).into_iter().flatten().flatten();
        new.filter_map(|entry| fs::read_to_string(entry.path()).ok()).collect()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        // It may have ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
