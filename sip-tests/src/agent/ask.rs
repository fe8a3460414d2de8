//! What an agent begins: calls, registrations, and taking an INVITE back.

use std::net::SocketAddr;

use base::Mono;

use super::dialog::tail;
use super::{Agent, Role, State, Talk};
use crate::digest;
use crate::offer::spoken;
use crate::{Msg, body};

impl Agent {
    /// Calls a user at the switch. `offer` is `None` for an INVITE without a body. The caller is named in
    /// From; `headers` are whole lines.
    pub fn dial(
        &mut self,
        now: Mono,
        caller: &str,
        dialled: &str,
        with_offer: bool,
        headers: &[String],
    ) -> usize {
        let index = self.prepare(caller, dialled, with_offer, headers);
        self.invite(now, index, None);
        index
    }

    /// A call that is yet to begin.
    fn prepare(&mut self, caller: &str, dialled: &str, with_offer: bool, headers: &[String]) -> usize {
        let (call_id, local_tag) = (format!("{}@{}", self.unique("id"), self.addr.ip()), self.unique("tag"));
        let port = 40_000 + 2 * u16::try_from(self.talks.len()).expect("few calls");
        let domain = host(self.switch);
        let talk = Talk {
            role: Role::Caller,
            state: State::Calling,
            call_id,
            local: format!("<sip:{caller}@{domain}>;tag={local_tag}"),
            remote: format!("<sip:{dialled}@{domain}>"),
            local_tag,
            remote_tag: String::new(),
            statuses: Vec::new(),
            refusal: None,
            reinvites: Vec::new(),
            updates: Vec::new(),
            rseqs: Vec::new(),
            pracks: Vec::new(),
            remote_body: String::new(),
            invite: Msg::default(),
            acks: 0,
            bye: None,
            media: SocketAddr::new(self.media_host.unwrap_or_else(|| self.addr.ip()), port),
            direction: "sendrecv",
            version: 1,
            target: format!("sip:{dialled}@{}", self.switch),
            routes: Vec::new(),
            cseq: 0,
            delayed: !with_offer,
            cancelled: false,
            branch: String::new(),
            headers: headers.to_vec(),
            tries: 0,
            asked: None,
            asking: false,
            offered_early: false,
            described: false,
            offering: false,
            updating: None,
        };
        self.talks.push(talk);
        self.talks.len() - 1
    }

    /// Calls a Request-URI as it is written, with these header lines.
    pub fn dial_uri(&mut self, now: Mono, uri: &str, headers: &[String]) -> usize {
        let caller = self.name.clone();
        let index = self.prepare(&caller, "someone", true, headers);
        uri.clone_into(&mut self.talks[index].target);
        self.invite(now, index, None);
        index
    }

    /// Sends the INVITE, or sends it again with credentials.
    pub(super) fn invite(&mut self, now: Mono, index: usize, credentials: Option<String>) {
        let branch = self.branch();
        let (via, contact) = (self.via(&branch), self.contact());
        let talk = &mut self.talks[index];
        talk.cseq += 1;
        talk.branch.clone_from(&branch);
        let mut text = format!(
            "INVITE {} SIP/2.0\r\n{via}Max-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\n\
             CSeq: {} INVITE\r\nContact: {contact}\r\n",
            talk.target, talk.local, talk.remote, talk.call_id, talk.cseq
        );
        for line in talk.headers.iter().chain(&credentials) {
            text.push_str(line);
            text.push_str("\r\n");
        }
        let offer = spoken(&body(talk.media, talk.version, talk.direction), self.formats, None);
        let offer = if talk.delayed { String::new() } else { self.secured(offer, None) };
        let whole = self.wrap.as_ref().map(|wrap| wrap.replace("{sdp}", &offer));
        text.push_str(&tail(whole.as_ref().unwrap_or(&offer)));
        self.talks[index].invite = Msg::split(text.as_bytes());
        self.start(now, &branch, "INVITE", Some(index), self.switch, text.into_bytes());
    }

    /// Takes its INVITE or re-INVITE back, whether or not anything has been heard.
    pub fn cancel(&mut self, now: Mono, index: usize) {
        let branch = self.talks[index].branch.clone();
        let via = self.via(&branch);
        let talk = &mut self.talks[index];
        talk.cancelled = !matches!(talk.state, State::Up);
        let remote = talk.invite.header("To").filter(|_| talk.cancelled).unwrap_or(&talk.remote);
        let uri = talk.invite.uri().filter(|_| talk.cancelled).unwrap_or(&talk.target);
        let cseq = if talk.cancelled { talk.invite.cseq().0 } else { talk.cseq };
        let text = format!(
            "CANCEL {uri} SIP/2.0\r\n{via}Max-Forwards: 70\r\nFrom: {}\r\nTo: {remote}\r\nCall-ID: {}\r\n\
             CSeq: {cseq} CANCEL\r\nContent-Length: 0\r\n\r\n",
            talk.local, talk.call_id
        );
        self.start(now, &branch, "CANCEL", Some(index), self.switch, text.into_bytes());
    }

    /// Registers its Contact for another user's address from now on.
    pub fn register_user(&mut self, now: Mono, user: &str, expires: u32) {
        user.clone_into(&mut self.user);
        self.register(now, expires);
    }

    /// Registers its Contact for so many seconds; 0 takes it back.
    pub fn register(&mut self, now: Mono, expires: u32) {
        let contact = self.contact();
        self.register_as(now, &contact, Some(expires), None);
    }

    /// A REGISTER with this Contact value, or with none when it is empty; `challenge` is answered if given.
    pub fn register_as(&mut self, now: Mono, contact: &str, expires: Option<u32>, challenge: Option<&Msg>) {
        let branch = self.branch();
        self.register_cseq += 1;
        let domain = host(self.switch);
        let mut text = format!(
            "REGISTER sip:{domain} SIP/2.0\r\n{}Max-Forwards: 70\r\nFrom: <sip:{name}@{domain}>;tag=r\r\n\
             To: <sip:{name}@{domain}>\r\nCall-ID: reg-{me}@{ip}\r\nCSeq: {cseq} REGISTER\r\n",
            self.via(&branch),
            name = self.user,
            me = self.name,
            ip = self.addr.ip(),
            cseq = self.register_cseq,
        );
        if !contact.is_empty() {
            text.push_str(&format!("Contact: {contact}\r\n"));
        }
        if let Some(expires) = expires {
            text.push_str(&format!("Expires: {expires}\r\n"));
        }
        self.register_lines.iter().for_each(|line| text.push_str(&format!("{line}\r\n")));
        if let Some(line) =
            challenge.and_then(|challenge| self.credentials(challenge, "REGISTER", &format!("sip:{domain}")))
        {
            text.push_str(&format!("{line}\r\n"));
        }
        text.push_str(&tail(""));
        self.start(now, &branch, "REGISTER", None, self.switch, text.into_bytes());
    }

    /// Sends any text as a transaction of its own; `{via}` stands for the Via line. Returns the branch.
    pub fn ask(&mut self, now: Mono, method: &str, text: &str) -> String {
        let branch = self.branch();
        let text = text.replace("{via}", self.via(&branch).trim_end());
        self.start(now, &branch, method, None, self.switch, text.into_bytes());
        branch
    }

    /// Sends any text once, as it stands.
    pub fn say(&mut self, text: &str) {
        self.say_octets(text.as_bytes());
    }

    /// Sends any octets once, as they stand.
    pub fn say_octets(&mut self, octets: &[u8]) {
        self.out.push((self.switch, octets.to_vec()));
    }

    /// The header line that answers a challenge; `None` without a password or an MD5 challenge.
    pub fn credentials(&mut self, challenge: &Msg, method: &str, uri: &str) -> Option<String> {
        let password = self.password.clone()?;
        let (asks, answers) = match challenge.status()? {
            407 => ("Proxy-Authenticate", "Proxy-Authorization"),
            _ => ("WWW-Authenticate", "Authorization"),
        };
        let value =
            challenge.all(asks).find(|value| digest::field(value, "algorithm").is_none_or(|a| a == "MD5"))?;
        self.count += 1;
        let ask =
            digest::Ask { user: self.login.as_ref().unwrap_or(&self.user), password: &password, method, uri };
        Some(format!("{answers}: {}", digest::answer(value, &ask, 1)))
    }
}

/// A host as it stands in a URI.
pub(super) fn host(addr: SocketAddr) -> String {
    match addr {
        SocketAddr::V4(_) => addr.ip().to_string(),
        SocketAddr::V6(_) => format!("[{}]", addr.ip()),
    }
}
