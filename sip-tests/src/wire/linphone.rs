//! linphonec as a phone: its account, a WAV file as microphone, a recording of what it hears.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use super::desk::Desk;
use super::sound::write_tone;
use super::{Block, until};

const SIP: u16 = 5_060;
const TONE_SECS: u32 = 30;
/// Name, rate and whether it may be used, the wanted one first; what is not named here it would offer too.
const CODECS: [(&str, u32, u8); 6] = [
    ("PCMU", 8_000, 1),
    ("opus", 48_000, 0),
    ("speex", 16_000, 0),
    ("speex", 8_000, 0),
    ("PCMA", 8_000, 0),
    ("G729", 8_000, 0),
];
/// Octets.
const WAV_HEADER: usize = 44;
const INCOMING: &str = "Receiving new incoming call from ";
const MEDIA: &str = "Media streams established with ";

/// A running linphonec; dropping it ends it.
#[derive(Debug)]
pub struct Linphone {
    child: Child,
    keys: ChildStdin,
    folder: PathBuf,
    /// The switch, as a Refer-To names it.
    switch: SocketAddr,
    /// Octets of what it has said that were waited for.
    read: usize,
}

impl Linphone {
    /// A phone on `host` of the block that registers as `user` and has this tone in front of its microphone.
    ///
    /// # Panics
    /// When it is not installed or does not start.
    pub fn start(block: &Block, host: u8, user: &str, hertz: f64) -> Self {
        let folder = block.folder().join(format!("linphone-{user}"));
        // It does not start without its folder for data, and makes it only where the one above it exists.
        for inner in [".local/share/linphone", ".config/linphone"] {
            fs::create_dir_all(folder.join(inner)).expect("our folder");
        }
        write_tone(&folder.join("microphone.wav"), hertz, TONE_SECS);
        fs::write(folder.join("rc"), configuration(block, host, user, &folder)).expect("our folder");
        let said = File::create(folder.join("said")).expect("our folder");
        let mut child = Command::new("linphonec")
            .args(["-c", "rc", "-d", "5", "-l", "log"])
            .current_dir(&folder)
            .env("HOME", &folder)
            .stdin(Stdio::piped())
            .stdout(said.try_clone().expect("a file"))
            .stderr(said)
            .spawn()
            .expect("linphonec is installed, as sip-tests/run does");
        let keys = child.stdin.take().expect("its standard input is piped");
        let mut phone = Self { child, keys, folder, switch: block.at(1, SIP), read: 0 };
        phone.command("soundcard use files");
        phone.command(&format!("play {}", phone.folder.join("microphone.wav").display()));
        phone.command(&format!("record {}", phone.folder.join("heard.wav").display()));
        phone.command("status register");
        until("linphonec to register", || {
            if phone.said().contains("registered, identity=") {
                return Some(());
            }
            phone.command("status register");
            None
        });
        phone
    }

    /// Gives a command, such as `call` with an address.
    ///
    /// # Panics
    /// When it has ended.
    pub fn command(&mut self, command: &str) {
        writeln!(self.keys, "{command}").expect("a living linphonec");
    }

    /// Waits until it says this, and returns the rest of that line.
    ///
    /// # Panics
    /// When it does not.
    pub fn says(&mut self, text: &str) -> String {
        self.says_one_of(&[text])
    }

    /// Mixes the calls that are up. Its own microphone is not in it: that takes a sound card.
    ///
    /// # Panics
    /// When it has ended.
    pub fn confer(&mut self) {
        for id in self.lines() {
            self.command(&format!("conference add {id}"));
        }
    }

    /// Sends the call that rings elsewhere with 302.
    ///
    /// # Panics
    /// When it has ended.
    pub fn redirect(&mut self, number: &str) {
        let Some(id) = self.lines().last().copied() else { return };
        self.command(&format!("redirect {id} sip:{number}@{}", self.switch));
    }

    /// The numbers of its calls that are up, the oldest first.
    pub fn lines(&self) -> Vec<u32> {
        let mut up = Vec::new();
        for line in self.said().lines() {
            if let Some((_, id)) = line.split_once(", assigned id ") {
                up.extend(id.trim().parse::<u32>());
            }
            let Some((_, call)) = line.split_once("Call ") else { continue };
            let over = call.contains(" ended (") || call.ends_with(" error.");
            let id = call.split(' ').next().and_then(|id| id.parse::<u32>().ok());
            up.retain(|up| !over || id != Some(*up));
        }
        up
    }

    fn says_one_of(&mut self, texts: &[&str]) -> String {
        let (end, rest) = until(&format!("linphonec to say one of {texts:?}"), || {
            let unread = self.unread();
            let lines = unread.split_inclusive('\n').filter(|line| line.ends_with('\n'));
            let mut end = self.read;
            for line in lines {
                end += line.len();
                let found = texts.iter().find_map(|text| line.split_once(text));
                if let Some((_, rest)) = found {
                    return Some((end, rest.trim().to_owned()));
                }
            }
            None
        });
        self.read = end;
        rest
    }

    /// The last answer to a request of its own that refused it.
    fn refusal(&self) -> String {
        let log = fs::read(self.folder.join("log")).unwrap_or_default();
        let log = String::from_utf8_lossy(&log).into_owned();
        let mut answers = log.lines().rev().filter_map(|line| line.strip_prefix("SIP/2.0 "));
        answers.find(|answer| answer.starts_with(['4', '5', '6'])).unwrap_or_default().to_owned()
    }

    fn unread(&self) -> String {
        self.said().get(self.read..).unwrap_or_default().to_owned()
    }

    fn said(&self) -> String {
        let said = fs::read(self.folder.join("said")).unwrap_or_default();
        String::from_utf8_lossy(&said).into_owned()
    }
}

impl Desk for Linphone {
    fn dial(&mut self, number: &str) {
        self.command(&format!("call {number}"));
    }

    fn answer(&mut self) {
        match self.lines().last() {
            Some(id) => self.command(&format!("answer {id}")),
            None => self.command("answer"),
        }
    }

    fn reject(&mut self) {
        match self.lines().last() {
            Some(id) => self.command(&format!("terminate {id}")),
            None => self.command("terminate"),
        }
        self.ended();
    }

    fn hang_up(&mut self) {
        self.command("terminate");
    }

    fn hold(&mut self) {
        self.command("pause");
        self.says(" is now paused.");
    }

    fn resume(&mut self, line: usize) {
        let lines = self.lines();
        let id = lines.get(line).unwrap_or_else(|| panic!("no line {line} among {lines:?}"));
        self.command(&format!("resume {id}"));
        self.says(MEDIA);
    }

    fn press(&mut self, digits: &str) {
        self.command(digits);
    }

    fn transfer(&mut self, number: &str) {
        self.command(&format!("transfer sip:{number}@{}", self.switch));
    }

    fn connect_both(&mut self) {
        let [first, second] = self.lines()[..] else { panic!("two calls are up: {:?}", self.lines()) };
        self.command(&format!("transfer {first} --to-call {second}"));
    }

    fn rings(&mut self) -> String {
        let rest = self.says(INCOMING);
        rest.split(',').next().unwrap_or_default().to_owned()
    }

    fn hears_ringing(&mut self) {
        self.says(" ringing.");
    }

    fn talks(&mut self) {
        self.says(MEDIA);
    }

    fn is_held(&mut self) {
        self.says(" has been paused by ");
    }

    fn is_retrieved(&mut self) {
        self.says(MEDIA);
    }

    fn ended(&mut self) -> String {
        let why = self.says_one_of(&[" ended (", " error."]);
        if why.is_empty() { self.refusal() } else { why.trim_end_matches(").").to_owned() }
    }

    fn digit(&mut self) -> char {
        self.says("Receiving tone ").chars().next().expect("a digit")
    }

    fn heard(&self) -> Vec<i16> {
        // The header is written when it is done.
        let heard = fs::read(self.folder.join("heard.wav")).unwrap_or_default();
        let samples = heard.get(WAV_HEADER..).unwrap_or_default();
        samples.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect()
    }
}

impl Drop for Linphone {
    #[expect(clippy::print_stdout, reason = "a failed test shows what the phone said")]
    fn drop(&mut self) {
        // It may have ended already, which is what this wants.
        self.child.kill().ok();
        self.child.wait().ok();
        if std::thread::panicking() {
            println!("{}:\n{}", self.folder.display(), self.said());
        }
    }
}

fn configuration(block: &Block, host: u8, user: &str, folder: &Path) -> String {
    let (ip, switch) = (block.ip(host), block.at(1, SIP));
    let mut text = format!(
        "[sip]\nbind_address={ip}\nsip_port={SIP}\nsip_tcp_port=0\nsip_tls_port=0\nuse_ipv6=0\nguess_hostname=0\n\
         media_encryption=none\nuse_info=0\nuse_rfc2833=1\ndefault_proxy=0\n\
         [proxy_0]\nreg_proxy=<sip:{switch};transport=udp>\nreg_route=<sip:{switch};transport=udp;lr>\n\
         reg_identity=<sip:{user}@{switch}>\nreg_sendregister=1\nreg_expires=600\npublish=0\n\
         [auth_info_0]\nusername={user}\npasswd=secret-{user}\n\
         [rtp]\nbind_address={ip}\naudio_rtp_port=31000-31999\n\
         [sound]\nechocancellation=0\nhold_music={}\n\
         [video]\nenabled=0\nautomatically_initiate=0\nautomatically_accept=0\n",
        folder.join("microphone.wav").display(),
    );
    for (number, (name, rate, enabled)) in CODECS.iter().enumerate() {
        let channels = if *name == "opus" { 2 } else { 1 };
        write!(
            text,
            "[audio_codec_{number}]\nmime={name}\nrate={rate}\nchannels={channels}\nenabled={enabled}\n"
        )
        .expect("a string takes it");
    }
    text
}
