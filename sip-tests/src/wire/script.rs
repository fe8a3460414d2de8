//! SIPp scenarios written step by step, so that a flow reads beside its test.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

const SDP: &str = "v=0
o=sipp 1 [cseq] IN IP[media_ip_type] [media_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0 8 101
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
";

/// One side of a flow. Steps of a caller are `ask` and `expect`, those of a callee `take` and `reply`.
#[derive(Clone, Debug, Default)]
pub struct Script {
    steps: Vec<String>,
    /// Variables that only look, which SIPp wants mentioned.
    looks: Vec<String>,
    /// The method asked or taken last.
    method: String,
    cseq: u32,
    /// Where the INVITE that CANCEL and the ACK of a refusal belong to stands, and its number.
    invite: (usize, u32),
    /// There is a dialog.
    begun: bool,
    with_sdp: bool,
    with_login: bool,
    headers: Vec<String>,
}

impl Script {
    /// A side that has nothing to do yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the next message a body.
    #[must_use]
    pub fn sdp(mut self) -> Self {
        self.with_sdp = true;
        self
    }

    /// Lets the next request answer the challenge that was expected before it.
    #[must_use]
    pub fn login(mut self) -> Self {
        self.with_login = true;
        self
    }

    /// Gives the next message this header line; keywords of SIPp are filled in.
    #[must_use]
    pub fn header(mut self, line: &str) -> Self {
        self.headers.push(line.to_owned());
        self
    }

    /// Sends a request: `INVITE`, `CANCEL`, `BYE`, `REGISTER`, …; `ACK` is that of a 2xx, `ACK-REFUSAL` the other.
    #[must_use]
    pub fn ask(mut self, what: &str) -> Self {
        let at = self.steps.len();
        let method = what.strip_suffix("-REFUSAL").unwrap_or(what);
        let of_invite = what == "ACK-REFUSAL" || method == "CANCEL";
        if !matches!(method, "ACK" | "CANCEL") {
            self.cseq += 1;
        }
        if method == "INVITE" {
            self.invite = (at, self.cseq);
        }
        let number = if matches!(method, "ACK" | "CANCEL") { self.invite.1 } else { self.cseq };
        let branch =
            if of_invite { format!("[branch-{}]", at - self.invite.0) } else { "[branch]".to_owned() };
        let inside = self.begun && !of_invite;
        let uri = match (method, inside) {
            ("REGISTER", _) => "sip:[remote_ip]:[remote_port]",
            (_, true) => "[next_url]",
            (_, false) => "sip:[service]@[remote_ip]:[remote_port]",
        };
        let to = if method == "REGISTER" { "[caller]" } else { "[service]" };
        let tag = if inside || what == "ACK-REFUSAL" { "[peer_tag_param]" } else { "" };
        let mut text = format!(
            "{method} {uri} SIP/2.0\nVia: SIP/2.0/[transport] [local_ip]:[local_port];branch={branch}\n\
             From: <sip:[caller]@[local_ip]:[local_port]>;tag=[pid]f[call_number]\n\
             To: <sip:{to}@[remote_ip]:[remote_port]>{tag}\nCall-ID: [call_id]\nCSeq: {number} {method}\n\
             Max-Forwards: 70\n"
        );
        if inside {
            text.push_str("[routes]\n");
        }
        method.clone_into(&mut self.method);
        self.send(text, method != "ACK", !matches!(method, "CANCEL" | "REGISTER"))
    }

    /// Waits for this status; provisional ones may come before a final one.
    #[must_use]
    pub fn expect(mut self, status: u16) -> Self {
        let before: &[u16] = if status < 200 { &[100] } else { &[100, 180, 183] };
        self.steps
            .extend(before.iter().map(|status| format!("<recv response=\"{status}\" optional=\"true\"/>")));
        let opens = self.method == "INVITE" && (200..300).contains(&status);
        let more = match status {
            401 | 407 => " auth=\"true\"",
            _ if opens => " rrs=\"true\"",
            _ => "",
        };
        self.begun |= opens;
        self.steps.push(format!("<recv response=\"{status}\"{more}/>"));
        self
    }

    /// Takes a request.
    #[must_use]
    pub fn take(mut self, method: &str) -> Self {
        let action = if method == "INVITE" {
            "<action><ereg regexp=\"[0-9]+ INVITE\" search_in=\"hdr\" header=\"CSeq:\" check_it=\"true\" \
             assign_to=\"invite\"/></action>"
        } else {
            ""
        };
        method.clone_into(&mut self.method);
        self.steps.push(format!("<recv request=\"{method}\">{action}</recv>"));
        self
    }

    /// Wants what was taken or expected last to match this regular expression.
    #[must_use]
    pub fn saying(mut self, pattern: &str) -> Self {
        let last = self.steps.pop().expect("a step to look at");
        let name = format!("seen{}", self.looks.len());
        let look =
            format!("<ereg regexp=\"{pattern}\" search_in=\"msg\" check_it=\"true\" assign_to=\"{name}\"/>");
        let (head, actions) = match (last.strip_suffix("</action></recv>"), last.strip_suffix("/>")) {
            (Some(head), _) => (head.to_owned(), look),
            (None, Some(head)) => (format!("{head}>"), format!("<action>{look}")),
            (None, None) => (last.trim_end_matches("</recv>").to_owned(), format!("<action>{look}")),
        };
        self.steps.push(format!("{head}{actions}</action></recv>"));
        self.looks.push(name);
        self
    }

    /// Answers the request taken last; 487 answers the INVITE.
    #[must_use]
    pub fn reply(mut self, status: u16) -> Self {
        let of_invite = self.method == "INVITE" || status == 487;
        let cseq = if status == 487 { "CSeq: [$invite]" } else { "[last_CSeq:]" };
        let tag = if self.begun { "" } else { ";tag=[pid]t[call_number]" };
        let text = format!(
            "SIP/2.0 {status} Said\n[last_Via:]\n[last_From:]\n[last_To:]{tag}\n[last_Call-ID:]\n{cseq}\n"
        );
        self.begun |= of_invite && (200..300).contains(&status);
        self.send(text, of_invite && status >= 200, status < 300)
    }

    /// Waits so long.
    #[must_use]
    pub fn pause(mut self, millis: u32) -> Self {
        self.steps.push(format!("<pause milliseconds=\"{millis}\"/>"));
        self
    }

    /// A whole call: the INVITE is answered, both talk a moment, the caller hangs up.
    #[must_use]
    pub fn talk(self) -> Self {
        self.expect(200).ask("ACK").pause(100).ask("BYE").expect(200)
    }

    /// The other side of `talk`.
    #[must_use]
    pub fn listen(self) -> Self {
        self.sdp().reply(200).take("ACK").take("BYE").reply(200)
    }

    fn send(mut self, mut text: String, repeats: bool, contact: bool) -> Self {
        if contact {
            text.push_str("Contact: <sip:[caller]@[local_ip]:[local_port];transport=[transport]>\n");
        }
        for line in self.headers.drain(..) {
            text.push_str(&line);
            text.push('\n');
        }
        if std::mem::take(&mut self.with_login) {
            text.push_str("[authentication]\n");
        }
        if std::mem::take(&mut self.with_sdp) {
            text.push_str("Content-Type: application/sdp\nContent-Length: [len]\n\n");
            text.push_str(SDP);
        } else {
            text.push_str("Content-Length: 0\n");
        }
        let repeats = if repeats { " retrans=\"500\"" } else { "" };
        self.steps.push(format!("<send{repeats}><![CDATA[\n\n{text}\n]]></send>"));
        self
    }

    /// Writes the scenario into a folder.
    ///
    /// # Panics
    /// When the folder cannot be written.
    pub(super) fn write(&self, folder: &Path, name: &str) -> PathBuf {
        let path = folder.join(format!("{name}.xml"));
        let mut text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<scenario name=\"{name}\">\n");
        for step in &self.steps {
            writeln!(text, "{step}").expect("a string takes it");
        }
        let takes_invite = text.contains("assign_to=\"invite\"") && !text.contains("[$invite]");
        let looks = self.looks.iter().map(String::as_str).chain(takes_invite.then_some("invite"));
        for name in looks {
            writeln!(text, "<Reference variables=\"{name}\"/>").expect("a string takes it");
        }
        fs::write(&path, text + "</scenario>\n").expect("our folder");
        path
    }
}
