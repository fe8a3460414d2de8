//! Kamailio with the configurations of `sip-tests/kamailio`.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::sipp::listens;
use super::{Block, Transport, until};

/// A running Kamailio; dropping it ends it with its workers.
#[derive(Debug)]
pub struct Kamailio {
    child: Child,
    log: PathBuf,
}

impl Kamailio {
    /// Starts `config`, a file name of `sip-tests/kamailio`, with its `{words}` filled in, and waits until it takes SIP
    /// over UDP at `at`. What it writes goes to a folder of its own, which `{folder}` names.
    ///
    /// # Panics
    /// When it is not installed or does not start.
    pub fn start(block: &Block, config: &str, at: SocketAddr, words: &[(&str, String)]) -> Self {
        let folder = block.folder().join(format!("kamailio-{}", at.ip()));
        fs::create_dir_all(&folder).expect("our folder");
        let template = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/kamailio")).join(config);
        let mut text = fs::read_to_string(template).expect("a configuration of ours");
        for (word, value) in words {
            text = text.replace(&format!("{{{word}}}"), value);
        }
        let text = text.replace("{folder}", folder.to_str().expect("a plain path"));
        let file = folder.join("kamailio.cfg");
        fs::write(&file, text).expect("our folder");
        certify(&folder);
        let log = folder.join("log");
        let out = File::create(&log).expect("our folder");
        let mut command = Command::new("kamailio");
        command.arg("-f").arg(&file).args(["-DD", "-E", "-m", "32", "-M", "4"]);
        command.arg("-Y").arg(&folder).arg("-P").arg(folder.join("pid")).current_dir(&folder);
        command.stdin(Stdio::null()).stdout(out.try_clone().expect("a file")).stderr(out);
        // It ends its workers as a group, which must not be the group of the tests.
        let child = command.process_group(0).spawn().expect("Kamailio is installed, as sip-tests/run does");
        let mut kamailio = Self { child, log };
        until("Kamailio to listen", || {
            let ended = kamailio.child.try_wait().expect("our child");
            assert!(ended.is_none(), "Kamailio ended, {ended:?}:\n{}", kamailio.said());
            listens(at, Transport::Udp).then_some(())
        });
        kamailio
    }

    /// What it has logged.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Kamailio {
    #[expect(clippy::print_stdout, reason = "a failed test shows what Kamailio said")]
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // It may have ended already; the group is its own.
            kill_process(pid, Signal::TERM).ok();
            self.child.wait().ok();
            kill_process_group(pid, Signal::KILL).ok();
        }
        if std::thread::panicking() {
            println!("Kamailio said:\n{}", self.said());
        }
    }
}

/// A certificate of its own, and the configuration that names it.
fn certify(folder: &Path) {
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
    openssl.args(["-days", "2", "-subj", "/CN=edge.test", "-keyout", "key.pem", "-out", "cert.pem"]);
    let made = openssl.current_dir(folder).stdin(Stdio::null()).output().expect("openssl is installed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let side = |name: &str, own: &str| {
        format!(
            "[{name}:default]\nmethod = TLSv1.2+\nverify_certificate = no\nrequire_certificate = no\n{own}\n"
        )
    };
    let own = format!("certificate = {0}/cert.pem\nprivate_key = {0}/key.pem", folder.display());
    fs::write(folder.join("tls.cfg"), side("server", &own) + &side("client", "")).expect("our folder");
}
