//! baresip in a person's hands: [`Desk`] by its control port.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::desk::Desk;
use super::sound::read_wav;
use super::{Baresip, Block, Transport, header, until};

/// Seconds for which a phone keeps hearing.
const HEARS_SECS: i64 = 240;

impl Baresip {
    /// A phone on `host` of the block that registers as `user` over UDP, rings until somebody answers and has this tone
    /// in front of its microphone.
    ///
    /// # Panics
    /// When it is not installed or does not start.
    pub fn desk(block: &Block, host: u8, user: &str, hertz: f64) -> Self {
        Self::desk_with(block, host, user, hertz, "")
    }

    /// The same with a lamp for messages that wait; see [`Self::waiting`].
    ///
    /// # Panics
    /// As [`Self::desk`].
    pub fn with_lamp(block: &Block, host: u8, user: &str, hertz: f64) -> Self {
        Self::desk_with(block, host, user, hertz, ";mwi=yes")
    }

    /// What it was last told waits for it, as RFC 3842 writes it; empty before.
    pub fn waiting(&self) -> String {
        let log = self.log();
        let told = log.rsplit_once("----- MWI for").map(|(_, told)| told.split("\n\n").next());
        told.flatten().unwrap_or_default().to_owned()
    }

    fn desk_with(block: &Block, host: u8, user: &str, hertz: f64, more: &str) -> Self {
        let heard = block.folder().join(format!("baresip-{user}/heard"));
        fs::create_dir_all(&heard).expect("our folder");
        keep_hearing(&heard);
        let registrar = (block.at(1, 5_060), Transport::Udp.word());
        let mut phone =
            Self::start_as(block, host, user, registrar, hertz, &format!(";answermode=manual{more}"));
        until("baresip to register", || phone.log().contains(" binding").then_some(()));
        phone.lines.clear();
        phone
    }

    /// Makes the `line`th of its calls that are up the one that its keys are for.
    fn select(&mut self, line: usize) {
        let id = self.lines.get(line).unwrap_or_else(|| panic!("no line {line} among {:?}", self.lines));
        let id = id.clone();
        self.command("callfind", &id);
    }

    /// Waits for the far end's description of its media: `offer` or `answer`.
    fn described(&mut self, as_what: &str) {
        while self.event("CALL_REMOTE_SDP")["param"] != as_what {}
    }

    /// The far end of a call, with the call as Replaces names it there (RFC 3891 §3): from what came or went last, since
    /// a challenge before had a tag of its own.
    fn refer_to(&self, id: &str) -> String {
        let log = self.log();
        let me = self.me.to_string();
        let ends = log.rsplit("\nUDP ").find_map(|message| Ends::of(message, &me, id));
        let Ends { far, far_tag, own_tag } = ends.unwrap_or_else(|| panic!("a call {id} with tags"));
        format!("<{far}?Replaces={id}%3Bto-tag%3D{far_tag}%3Bfrom-tag%3D{own_tag}>")
    }
}

impl Desk for Baresip {
    fn dial(&mut self, number: &str) {
        let to = format!("sip:{number}@{}", self.switch);
        self.command("dial", &to);
    }

    fn answer(&mut self) {
        self.command("accept", "");
    }

    fn reject(&mut self) {
        self.command("hangup", "");
        self.ended();
    }

    fn hang_up(&mut self) {
        self.command("hangup", "");
    }

    fn hold(&mut self) {
        self.command("hold", "");
        self.described("answer");
    }

    fn resume(&mut self, line: usize) {
        self.select(line);
        self.command("resume", "");
        self.described("answer");
    }

    fn press(&mut self, digits: &str) {
        for digit in digits.chars() {
            self.command("sndcode", &digit.to_string());
            // The key is let go.
            self.command("sndcode", "\u{4}");
        }
    }

    fn transfer(&mut self, number: &str) {
        let to = format!("sip:{number}@{}", self.switch);
        self.command("transfer", &to);
    }

    fn connect_both(&mut self) {
        let second = self.lines.get(1).unwrap_or_else(|| panic!("two calls are up: {:?}", self.lines));
        let to = self.refer_to(second);
        self.select(0);
        self.command("transfer", &to);
    }

    fn rings(&mut self) -> String {
        self.event("CALL_INCOMING")["peeruri"].as_str().unwrap_or_default().to_owned()
    }

    fn hears_ringing(&mut self) {
        self.event("CALL_RINGING");
    }

    fn talks(&mut self) {
        self.event("CALL_ESTABLISHED");
    }

    fn is_held(&mut self) {
        self.described("offer");
    }

    fn is_retrieved(&mut self) {
        self.described("offer");
    }

    fn ended(&mut self) -> String {
        self.event("CALL_CLOSED")["param"].as_str().unwrap_or_default().to_owned()
    }

    fn digit(&mut self) -> char {
        let event = self.event("CALL_DTMF_START");
        event["param"].as_str().and_then(|digits| digits.chars().next()).expect("a digit")
    }

    fn heard(&self) -> Vec<i16> {
        let mut files = Self::heard(self);
        files.sort();
        // One without a sound has no header yet.
        files.retain(|file| fs::metadata(file).is_ok_and(|file| file.len() > 44));
        files.iter().flat_map(|file| read_wav(file)).collect()
    }
}

/// Who is at the far end of a call, and its tags.
struct Ends<'a> {
    far: &'a str,
    far_tag: &'a str,
    own_tag: &'a str,
}

impl<'a> Ends<'a> {
    /// From a message of that call, which the phone prints after who sent it to whom.
    fn of(printed: &'a str, me: &str, id: &str) -> Option<Self> {
        let (way, message) = printed.split_once('\n')?;
        if header(message, "Call-ID") != id {
            return None;
        }
        let (from, to) = (header(message, "From"), header(message, "To"));
        let is_from_me = way.starts_with(me) != message.starts_with("SIP/2.0");
        let (own, far) = if is_from_me { (from, to) } else { (to, from) };
        let uri = far.split_once('<')?.1.split_once('>')?.0;
        let tag = |end: &'a str| Some(end.split_once(";tag=")?.1.split(';').next()?.trim());
        Some(Self { far: uri, far_tag: tag(far)?, own_tag: tag(own)? })
    }
}

/// It drops its recorder of what it hears when it holds or is held, and makes a new one only if it has none of its
/// microphone. So folders stand where the files of its microphone would be, one for each second to come.
fn keep_hearing(heard: &Path) {
    let made = fs::metadata(heard).and_then(|folder| folder.modified()).expect("our folder has a time");
    let now = Timestamp::try_from(made).expect("a time of today").as_second();
    for second in now - 1..now + HEARS_SECS {
        let then = Timestamp::from_second(second).expect("a time of today").to_zoned(TimeZone::UTC);
        let name = then.strftime("dump-%Y-%m-%d-%H-%M-%S-enc.wav").to_string();
        fs::create_dir_all(heard.join(name)).expect("our folder");
    }
}
