//! The doorstep: what is decided on a new request before it costs more than reading it.
//!
//! A trunk's address and what belongs to a call go in. Anybody else is asked for a password, whatever the method, and
//! gets one answer for one request: nothing is kept of him and nothing is repeated to him.

use std::collections::BTreeSet;
use std::net::IpAddr;

use base::wire::{Flow, Inbound};
use base::{Mono, Now};
use peer::guard::{Entry, Notice, Place, Verdict};
use peer::{Stands, Trunks};
use provision::{HostMask, Trunk};
use route::Snapshot;
use sip::message::{Draft, Header, Message, Method};

use super::Shard;
use super::digest::AskAs;
use super::options::asked_about;
use crate::io::ShardOutput;
use crate::reply::{PACKAGES, reply};

/// What becomes of a new request.
enum Judgement {
    /// It gets a transaction and is looked at.
    Enter,
    /// It gets this answer, once.
    Answer(Draft),
    /// It gets none.
    Ignore,
}

impl Shard {
    /// A message from the network.
    pub(super) fn received(&mut self, now: Now, inbound: Inbound) {
        let speaks_for = |asked, source| {
            self.config.is_edge(source) || speaks_for(&self.routes, &self.trunks, asked, source)
        };
        let Some(new) = self.stack.take_in(now, inbound, &speaks_for) else { return };
        let (judgement, is_known) = self.judge(now, new.request(), new.flow());
        match judgement {
            Judgement::Enter => self.stack.admit(now, new),
            Judgement::Answer(draft) => {
                self.count("strangers_answered");
                self.stack.answer_once(now, &new, draft, is_known);
            }
            Judgement::Ignore => self.count("strangers_ignored"),
        }
    }

    /// What becomes of a new request, and whether it comes from a trunk, an edge proxy or where the account it names is
    /// registered. Who forges such an address gains a challenge's length, and that at the cost of somebody known alone.
    fn judge(&mut self, now: Now, request: &Message, flow: Flow) -> (Judgement, bool) {
        if self.is_within(request) {
            return (Judgement::Enter, true);
        }
        let in_dialog = request.method() != Some(&Method::Register) && request.to_tag().is_some();
        if self.is_trunks(now, flow) {
            // Whoever forges a trunk's address makes up dialogs, too: they leave nothing behind.
            return (if in_dialog { self.outside(request) } else { Judgement::Enter }, true);
        }
        let account = claimed(request).unwrap_or_default();
        let stands = self.registrar.stands(now, &account, &flow);
        let is_known = stands != Stands::Elsewhere || self.config.is_edge(flow.remote.ip());
        let judgement = match self.stance_of(now, stands, &account, flow) {
            Verdict::Ignore => Judgement::Ignore,
            Verdict::Try | Verdict::Later if in_dialog => self.outside(request),
            Verdict::Try | Verdict::Later => self.examine(now, request, flow),
        };
        (judgement, is_known)
    }

    /// What becomes of a request that belongs to no call and to no trunk.
    fn examine(&mut self, now: Now, request: &Message, flow: Flow) -> Judgement {
        if let Some(objection) = self.objection(request, flow) {
            return Judgement::Answer(objection);
        }
        let Some(method) = request.method() else { return Judgement::Ignore };
        let ask = match method {
            Method::Invite if request.header(Header::Contact).is_none() => {
                return self.say(request, 400);
            }
            Method::Register => AskAs::Registrar,
            Method::Invite | Method::Message | Method::Subscribe | Method::Refer => AskAs::Proxy,
            Method::Publish => {
                let mut draft = reply(request, 489, None, &self.config.user_agent);
                draft.push(Header::AllowEvents, PACKAGES);
                return Judgement::Answer(draft);
            }
            Method::Options if asked_about(request).is_some() => AskAs::Proxy,
            Method::Options => {
                let status = if self.gate.draining { 503 } else { 200 };
                return Judgement::Answer(self.capabilities(request, flow, status));
            }
            Method::Bye
            | Method::Notify
            | Method::Info
            | Method::Update
            | Method::Prack
            | Method::Ack
            | Method::Cancel => {
                return self.outside(request);
            }
            Method::Other(_) => return self.say(request, 501),
        };
        match self.plausible(now, request, flow, ask) {
            Ok(()) => Judgement::Enter,
            Err(staleness) => Judgement::Answer(self.challenged(now, request, flow, ask, staleness)),
        }
    }

    /// A request inside a dialog that is none of ours.
    fn outside(&mut self, request: &Message) -> Judgement {
        self.count("requests_outside_dialogs");
        self.say(request, 481)
    }

    fn say(&self, request: &Message, status: u16) -> Judgement {
        Judgement::Answer(reply(request, status, None, &self.config.user_agent))
    }

    /// Whether credentials from there are looked at. Nobody is kept out where he is registered, nor for what his account
    /// or his neighbours did at an address where he is: there only the address's own ban counts.
    pub(super) fn stance(&self, now: Now, account: &str, flow: Flow) -> Verdict {
        self.stance_of(now, self.registrar.stands(now, account, &flow), account, flow)
    }

    fn stance_of(&self, now: Now, stands: Stands, account: &str, flow: Flow) -> Verdict {
        // All phones behind an edge proxy share its address.
        let source = Some(flow.remote.ip()).filter(|source| !self.config.is_edge(*source));
        let is_banned = |it| self.bans.is_banned(now, &Place::address(it));
        match stands {
            Stands::Here => Verdict::Try,
            Stands::SameAddress if source.is_some_and(is_banned) => Verdict::Ignore,
            Stands::SameAddress => Verdict::Try,
            Stands::Elsewhere => self.bans.verdict(now, source, account),
        }
    }

    /// Whether it belongs to a dialog of ours.
    fn is_within(&self, request: &Message) -> bool {
        let Some(tag) = request.to_tag().filter(|_| request.method() != Some(&Method::Register)) else {
            return false;
        };
        let key = (request.call_id().unwrap_or_default().into(), tag.into());
        self.dialogs.contains_key(&key) || self.subscriptions.id(&key).is_some()
    }

    /// Whether a trunk sends by this path. The doors learn of its address, and of those of edge proxies, now and then.
    pub(super) fn is_trunks(&mut self, now: Now, flow: Flow) -> bool {
        let source = flow.remote.ip();
        let is_edge = self.config.is_edge(source);
        let is_trunks = !is_edge && self.trunk_at(flow).is_some();
        if is_edge || is_trunks {
            self.acquaint(now, source);
        }
        is_trunks
    }

    fn acquaint(&mut self, now: Now, source: IpAddr) {
        let told = self.trunks_seen.get(&source);
        if told.is_some_and(|told| now.mono.since(*told) < super::KNOWN_FOR / 2) {
            return;
        }
        if self.trunks_seen.len() >= TRUNKS_SEEN {
            self.trunks_seen.clear();
        }
        self.trunks_seen.insert(source, now.mono);
        self.notice(now, Entry::trunk(source));
    }

    /// Lets the doors know somebody for two hours.
    pub(super) fn notice(&mut self, now: Now, entry: Entry) {
        let until = now.mono + super::KNOWN_FOR;
        self.outputs.push_back(ShardOutput::Notice(Notice { entry, until }));
    }
}

impl Shard {
    /// What is set up has changed, or where names lead: the addresses of trunks and the emergency numbers are put on the
    /// doors' roll for good, those that are gone are taken off.
    pub(super) fn tell_doors(&mut self, now: Now) {
        if !self.is_owner() {
            return;
        }
        let hosts = self.routes.trunks().flat_map(|trunk| &trunk.hosts).chain(&self.config.edges);
        let sources = hosts.filter_map(HostMask::single);
        let mut standing: BTreeSet<Entry> =
            sources.chain(self.trunks.addresses_in_use()).map(Entry::trunk).collect();
        standing.extend(self.routes.emergency_numbers().map(Entry::Emergency));
        let former = std::mem::take(&mut self.standing);
        let gone = former.difference(&standing).map(|entry| (entry, now.mono));
        let new = standing.difference(&former).map(|entry| (entry, Mono(u64::MAX)));
        let notices: Vec<Notice> =
            gone.chain(new).map(|(entry, until)| Notice { entry: entry.clone(), until }).collect();
        self.outputs.extend(notices.into_iter().map(ShardOutput::Notice));
        self.standing = standing;
        self.trunks_seen.clear();
    }
}

/// Addresses of trunks that are remembered as told; when full all are told again.
const TRUNKS_SEEN: usize = 1_024;

/// Whether a response from `source` may be that of `asked`: both are addresses of one trunk, or `asked` is no trunk's,
/// as a Contact inside a call may be.
fn speaks_for(routes: &Snapshot, trunks: &Trunks, asked: IpAddr, source: IpAddr) -> bool {
    let has = |trunk: &Trunk, ip| {
        trunk.hosts.iter().any(|host| host.contains(ip)) || trunks.has_at(&trunk.name, ip)
    };
    let mut theirs = routes.trunks().filter(|trunk| has(trunk, source)).peekable();
    theirs.peek().is_some()
        && (theirs.any(|trunk| has(trunk, asked)) || !routes.trunks().any(|trunk| has(trunk, asked)))
}

/// The account a request says it is for: as its credentials, if any, will say too.
fn claimed(request: &Message) -> Option<String> {
    let address = match request.method() {
        Some(Method::Register) => request.to(),
        Some(_) | None => request.from(),
    };
    address.ok()?.uri.user_decoded()
}
