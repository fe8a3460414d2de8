//! baresip as a phone: its account, a WAV file as microphone, a recording of what it hears.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::sound::write_tone_in;
use super::{Block, Transport, until};

const CONTROL: u16 = 4_444;
const SIP: u16 = 5_070;
/// It hangs up when its microphone has nothing more to say.
const TONE_SECS: u32 = 60;
const PATIENCE: Duration = Duration::from_secs(15);
/// Events that may pass by before the expected one.
const OTHERS: usize = 100;
/// Octets of one control message.
const LONGEST: usize = 65_536;

/// A running baresip; dropping it ends it.
#[derive(Debug)]
pub struct Baresip {
    child: Child,
    control: TcpStream,
    pub(super) folder: PathBuf,
    /// The switch, as a Refer-To names it.
    pub(super) switch: SocketAddr,
    /// Where it speaks SIP from.
    pub(super) me: SocketAddr,
    /// The Call-IDs of its calls that are up, the oldest first.
    pub(super) lines: Vec<String>,
}

impl Baresip {
    /// A phone on `host` of the block that speaks as `user`, answers by itself and has this tone in front of its
    /// microphone.
    ///
    /// # Panics
    /// When it is not installed or does not start.
    pub fn start(block: &Block, host: u8, user: &str, transport: Transport, hertz: f64) -> Self {
        let port = if transport == Transport::Tls { 5_061 } else { 5_060 };
        Self::start_at(block, host, user, (block.at(1, port), transport.word()), hertz)
    }

    /// The same, encrypting its media as `manner` says: `srtp` for `RTP/AVP` with a key, `srtp-mand` for `RTP/SAVP`.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub fn start_encrypted(block: &Block, host: u8, user: &str, hertz: f64, manner: &str) -> Self {
        let more = format!(";mediaenc={manner}");
        Self::start_as(block, host, user, (block.at(1, 5_060), Transport::Udp.word()), hertz, &more)
    }

    /// The same with another registrar, and the transport as a URI names it.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub fn start_at(block: &Block, host: u8, user: &str, registrar: (SocketAddr, &str), hertz: f64) -> Self {
        Self::start_as(block, host, user, registrar, hertz, "")
    }

    /// The same over UDP, speaking only this codec, such as `PCMA/8000/1` or `opus/48000/2`.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub fn start_speaking(block: &Block, host: u8, user: &str, hertz: f64, codec: &str) -> Self {
        let registrar = (block.at(1, 5_060), Transport::Udp.word());
        Self::start_as(block, host, user, registrar, hertz, &format!(";audio_codecs={codec}"))
    }

    pub(super) fn start_as(
        block: &Block,
        host: u8,
        user: &str,
        registrar: (SocketAddr, &str),
        hertz: f64,
        more: &str,
    ) -> Self {
        let folder = block.folder().join(format!("baresip-{user}"));
        fs::create_dir_all(folder.join("heard")).expect("our folder");
        let channels = if more.ends_with("/2") { 2 } else { 1 };
        write_tone_in(&folder.join("microphone.wav"), hertz, TONE_SECS, channels);
        let (registrar, transport) = registrar;
        let codecs = if more.contains("audio_codecs") { "" } else { ";audio_codecs=PCMU/8000/1" };
        let answers = if more.contains("answermode") { "" } else { ";answermode=auto" };
        let account = format!(
            "<sip:{user}@{registrar};transport={transport}>;auth_user={user};auth_pass=secret-{user};regint=600\
             {answers}{codecs}{more}\n"
        );
        fs::write(folder.join("accounts"), account).expect("our folder");
        // What the switch on this block shows when it made its certificate itself.
        let own = block.folder().join("data/tls-cert.pem");
        let trusted = if own.exists() { format!("sip_cafile {}\n", own.display()) } else { String::new() };
        // Its lamp has to be there before its account: it asks for it again without end when it registers too soon.
        let lamp = if more.contains("mwi=yes") { "module_app mwi.so\n" } else { "" };
        let configuration = lamp.to_owned() + &configuration(block, host, &folder) + &trusted;
        fs::write(folder.join("config"), configuration).expect("our folder");
        fs::write(folder.join("contacts"), "").expect("our folder");
        let log = File::create(folder.join("log")).expect("our folder");
        let child = Command::new("baresip")
            .arg("-s")
            .arg("-f")
            .arg(&folder)
            .env("TZ", "UTC")
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file"))
            .stderr(log)
            .spawn()
            .expect("baresip is installed, as sip-tests/run does");
        let control = until("baresip's control port", || connect(block.at(host, CONTROL)).ok());
        Self { child, control, folder, switch: registrar, me: block.at(host, SIP), lines: Vec::new() }
    }

    /// Gives a command, such as `dial` with an address.
    ///
    /// # Panics
    /// When the control connection is gone.
    pub fn command(&mut self, command: &str, parameters: &str) {
        let message = json!({ "command": command, "params": parameters, "token": command }).to_string();
        write!(self.control, "{}:{message},", message.len()).expect("a living baresip");
    }

    /// Waits for an event such as `CALL_ESTABLISHED`.
    ///
    /// # Panics
    /// When it does not come.
    pub fn event(&mut self, kind: &str) -> Value {
        let mut others = Vec::new();
        for _ in 0..OTHERS {
            let Ok(message) = self.message() else { break };
            self.note(&message);
            if message["type"] == kind {
                return message;
            }
            others.push(message);
        }
        panic!("no {kind} came, but {others:#?}\n{}", self.log());
    }

    /// The files with what it has heard.
    pub fn heard(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.folder.join("heard")).into_iter().flatten().flatten();
        files.map(|entry| entry.path()).filter(|path| path.to_string_lossy().ends_with("-dec.wav")).collect()
    }

    /// What it has printed, with every SIP message that came and went.
    pub(super) fn log(&self) -> String {
        let log = fs::read(self.folder.join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Keeps in mind which calls are up.
    fn note(&mut self, event: &Value) {
        let Some(id) = event["id"].as_str() else { return };
        match event["type"].as_str() {
            Some("CALL_ESTABLISHED") => self.lines.push(id.to_owned()),
            Some("CALL_CLOSED") => self.lines.retain(|line| line != id),
            _ => {}
        }
    }

    /// One netstring with JSON.
    fn message(&mut self) -> io::Result<Value> {
        let mut length = String::new();
        loop {
            let mut octet = [0];
            self.control.read_exact(&mut octet)?;
            match octet[0] {
                b':' => break,
                digit => length.push(digit.into()),
            }
        }
        let length = length.parse().map_err(io::Error::other)?;
        assert!(length < LONGEST, "a control message of {length} octets");
        let mut message = vec![0; length + 1];
        self.control.read_exact(&mut message)?;
        serde_json::from_slice(&message[..length]).map_err(io::Error::other)
    }
}

impl Drop for Baresip {
    fn drop(&mut self) {
        // It may have ended already, which is what this wants.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    let control = TcpStream::connect_timeout(&to, PATIENCE)?;
    control.set_read_timeout(Some(PATIENCE))?;
    Ok(control)
}

fn configuration(block: &Block, host: u8, folder: &std::path::Path) -> String {
    let folder = folder.display();
    format!(
        "poll_method epoll\nstatmode_default off\nsip_listen {}\nnet_interface {}\nctrl_tcp_listen {}\nrtp_ports 31000-31999\n\
         audio_source aufile,{folder}/microphone.wav\naudio_channels 1\nausrc_srate 8000\nauplay_srate 8000\n\
         audio_buffer 20-160\nsnd_path {folder}/heard\nmodule_path /usr/lib/baresip/modules\n\
         module g711.so\nmodule g722.so\nmodule opus.so\nmodule srtp.so\nmodule aufile.so\nmodule sndfile.so\nmodule_app account.so\nmodule_app ctrl_tcp.so\n\
         module_app menu.so\n",
        block.at(host, SIP),
        block.ip(host),
        block.at(host, CONTROL),
    )
}
