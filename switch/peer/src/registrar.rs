//! The registrar: which phones are reached where (RFC 3261 §10.3).

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use base::wire::{ConnId, Flow};
use base::{Mono, Now, Wall};

use crate::agenda::Agenda;
use crate::{Binding, BindingChange, Reach, contact};

/// The shortest lifetime granted; less is refused with 423.
const MIN_SECS: u32 = 60;
/// The longest lifetime granted; more is cut to it. Also granted to those who ask for none.
const MAX_SECS: u32 = 3_600;
/// Flows that each phone of an extension may have (RFC 5626 §4.2.1 has phones keep two).
const FLOWS: usize = 4;
/// Addresses of record cleaned up in one tick; the rest is due at once again.
const EXPIRED_PER_TICK: usize = 1_000;

/// One REGISTER that has been authenticated and may speak for its address of record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register {
    /// The extension.
    pub aor: String,
    /// Its Call-ID.
    pub call_id: String,
    /// Its CSeq number.
    pub cseq: u32,
    /// Its contacts; none asks for the list.
    pub contacts: Vec<ContactAsk>,
    /// Whether its Contact is `*`.
    pub wildcard: bool,
    /// Its Expires header, seconds.
    pub expires: Option<u32>,
    /// Phones this extension may have registered at once.
    pub max_contacts: u32,
    /// The path it came by.
    pub flow: Flow,
    /// Its Path values (RFC 3327), the nearest to us first.
    pub path: Vec<String>,
    /// The phone's own host, when an edge proxy tells it.
    pub host: Option<IpAddr>,
    /// Its User-Agent.
    pub user_agent: String,
}

/// One contact of a REGISTER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactAsk {
    /// The URI.
    pub uri: String,
    /// Its `expires` parameter, seconds; 0 removes it.
    pub expires: Option<u32>,
    /// Its `q` parameter in thousandths, 0…1000; 1000 when it has none.
    pub q_milli: u16,
    /// Its `+sip.instance` parameter.
    pub instance: Option<String>,
    /// Its `reg-id` parameter; counts only with an instance.
    pub reg_id: Option<u32>,
}

/// Why a REGISTER changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegisterRefusal {
    /// 423: the lifetime asked for is shorter than `min` seconds.
    #[error("the lifetime is shorter than {min} s")]
    IntervalTooBrief {
        /// Seconds, for Min-Expires.
        min: u32,
    },
    /// 403: the extension has as many phones as it may.
    #[error("the extension has as many contacts as it may")]
    TooMany,
    /// 500: an older request of the same Call-ID came later.
    #[error("the request is older than what is registered")]
    OutOfOrder,
    /// 400: `*` with other contacts, or without Expires: 0.
    #[error("a wildcard stands alone and with Expires: 0")]
    BadRequest,
    /// 503: the node has as many registrations as it may.
    #[error("the node has as many registrations as it may")]
    Full,
}

/// Where an extension is registered, seen from one flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// By this very flow.
    Here,
    /// From the same address.
    SameAddress,
    /// Not there.
    Elsewhere,
}

/// All bindings of a node. One shard owns them; others follow by `apply`.
#[derive(Debug)]
pub struct Registrar {
    limit: usize,
    count: usize,
    aors: HashMap<Arc<str>, Vec<Binding>>,
    expiry: Agenda<Arc<str>, Wall>,
    by_conn: BTreeSet<(ConnId, Arc<str>)>,
    changes: VecDeque<BindingChange>,
    seen: Now,
}

impl Registrar {
    /// A registrar for at most `limit_total` bindings.
    #[must_use]
    pub fn new(limit_total: u32) -> Self {
        Self {
            limit: limit_total as usize,
            count: 0,
            aors: HashMap::new(),
            expiry: Agenda::new(),
            by_conn: BTreeSet::new(),
            changes: VecDeque::new(),
            seen: Now::default(),
        }
    }

    /// Does what a REGISTER asks, all of it or nothing, and gives the bindings as they are then.
    ///
    /// # Errors
    /// See `RegisterRefusal`; nothing has changed then.
    pub fn register(&mut self, now: Now, ask: Register) -> Result<Vec<Binding>, RegisterRefusal> {
        self.seen = now;
        let current = self.aors.get(ask.aor.as_str()).map_or(&[][..], Vec::as_slice);
        let alive: Vec<Binding> = current.iter().filter(|it| it.expires_at > now.wall).cloned().collect();
        let mut wanted = wanted(now, &ask, &alive)?;
        if wanted.len() > alive.len() {
            make_room(&mut wanted, &ask)?;
            if self.count - current.len() + wanted.len() > self.limit {
                return Err(RegisterRefusal::Full);
            }
        }
        if ask.wildcard || !ask.contacts.is_empty() || alive.len() < current.len() {
            self.replace(&ask.aor, wanted);
        }
        Ok(self.lookup(now, &ask.aor).into_iter().cloned().collect())
    }

    /// The contacts of an extension: by preference, the freshest first.
    #[must_use]
    pub fn lookup(&self, now: Now, aor: &str) -> Vec<&Binding> {
        let all = self.aors.get(aor).into_iter().flatten();
        let mut alive: Vec<&Binding> = all.filter(|it| it.expires_at > now.wall).collect();
        alive.sort_by_key(|it| Reverse((it.q_milli, it.registered_at)));
        alive
    }

    /// Whether an extension is registered where a request came from.
    #[must_use]
    pub fn stands(&self, now: Now, aor: &str, flow: &Flow) -> Stands {
        let alive = || self.aors.get(aor).into_iter().flatten().filter(|it| it.expires_at > now.wall);
        let here = |it: &Binding| {
            it.flow.transport == flow.transport && (it.flow.remote == flow.remote || is_same_conn(it, flow))
        };
        if alive().any(here) {
            Stands::Here
        } else if alive().any(|it| it.flow.remote.ip() == flow.remote.ip()) {
            Stands::SameAddress
        } else {
            Stands::Elsewhere
        }
    }

    /// Takes over a change made elsewhere: by another shard, or before a restart. Reports nothing.
    pub fn apply(&mut self, change: BindingChange) {
        match change {
            BindingChange::Put(binding) => {
                let aor = binding.aor.clone();
                let mut bindings = self.take(&aor);
                let key = binding.key();
                bindings.retain(|it| it.key() != key);
                bindings.push(binding);
                self.put(&aor, bindings);
            }
            BindingChange::Removed { aor, key } => {
                let mut bindings = self.take(&aor);
                bindings.retain(|it| it.key() != key);
                self.put(&aor, bindings);
            }
        }
    }

    /// A connection has closed: a phone's own flows of RFC 5626 end with it, other contacts and edge proxies are
    /// reached by a new one.
    pub fn flow_closed(&mut self, conn: ConnId) {
        let from = (conn, Arc::from(""));
        let aors: Vec<Arc<str>> = self
            .by_conn
            .range(from..)
            .take_while(|(it, _)| *it == conn)
            .map(|(_, aor)| aor.clone())
            .collect();
        for aor in aors {
            let bindings = self.aors.get(&aor).cloned().unwrap_or_default();
            let on_it = |it: &Binding| it.flow.conn == Some(conn);
            let is_lost = |it: &Binding| on_it(it) && it.reg_id().is_some() && it.path().is_empty();
            let left = bindings.into_iter().filter(|it| !is_lost(it));
            let left = left.map(|mut it| {
                if on_it(&it) {
                    it.flow.conn = None;
                }
                it
            });
            let left = left.collect();
            self.replace(&aor, left);
        }
    }

    /// Removes what has ended.
    pub fn tick(&mut self, now: Now) {
        self.seen = now;
        for _ in 0..EXPIRED_PER_TICK {
            let Some(aor) = self.expiry.due(now.wall) else { break };
            let mut left = self.aors.get(&aor).cloned().unwrap_or_default();
            left.retain(|it| it.expires_at > now.wall);
            self.replace(&aor, left);
        }
    }

    /// When `tick` is next wanted.
    #[must_use]
    pub fn deadline(&self) -> Option<Mono> {
        let at = self.expiry.next()?;
        // Until the first turn it is not known how the two clocks stand to each other.
        let unseen = self.seen == Now::default();
        Some(if unseen { Mono(0) } else { self.seen.mono + at.since(self.seen.wall) })
    }

    /// The next change to write down and to tell the other shards.
    pub fn poll(&mut self) -> Option<BindingChange> {
        self.changes.pop_front()
    }

    /// How many bindings there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Every binding, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Binding> {
        self.aors.values().flatten()
    }

    /// Puts a new list in the place of the old one and reports the difference.
    fn replace(&mut self, aor: &str, wanted: Vec<Binding>) {
        let old = self.take(aor);
        for gone in &old {
            let key = gone.key();
            if !wanted.iter().any(|it| it.key() == key) {
                self.changes.push_back(BindingChange::Removed { aor: gone.aor.clone(), key });
            }
        }
        for binding in wanted.iter().filter(|it| !old.contains(it)) {
            self.changes.push_back(BindingChange::Put(binding.clone()));
        }
        self.put(aor, wanted);
    }

    fn take(&mut self, aor: &str) -> Vec<Binding> {
        let Some((aor, bindings)) = self.aors.remove_entry(aor) else { return Vec::new() };
        self.count -= bindings.len();
        for conn in bindings.iter().filter_map(|it| it.flow.conn) {
            self.by_conn.remove(&(conn, aor.clone()));
        }
        self.expiry.stop(&aor);
        bindings
    }

    fn put(&mut self, aor: &str, mut bindings: Vec<Binding>) {
        let Some(soonest) = bindings.iter().map(|it| it.expires_at).min() else { return };
        let aor: Arc<str> = Arc::from(aor);
        bindings.shrink_to_fit();
        self.count += bindings.len();
        for conn in bindings.iter().filter_map(|it| it.flow.conn) {
            self.by_conn.insert((conn, aor.clone()));
        }
        self.expiry.set(aor.clone(), soonest);
        self.aors.insert(aor, bindings);
    }
}

/// The list that a REGISTER leaves behind, RFC 3261 §10.3 steps 6 and 7.
fn wanted(now: Now, ask: &Register, alive: &[Binding]) -> Result<Vec<Binding>, RegisterRefusal> {
    let in_order = |it: &Binding| it.call_id != ask.call_id || ask.cseq > it.cseq;
    if ask.wildcard {
        if !ask.contacts.is_empty() || ask.expires != Some(0) {
            return Err(RegisterRefusal::BadRequest);
        }
        return if alive.iter().all(in_order) { Ok(Vec::new()) } else { Err(RegisterRefusal::OutOfOrder) };
    }
    let mut wanted = alive.to_vec();
    for asked in &ask.contacts {
        let key = contact::key(&asked.uri);
        let same = |it: &Binding| is_same(it, asked, &key);
        if alive.iter().any(|it| same(it) && !in_order(it)) {
            return Err(RegisterRefusal::OutOfOrder);
        }
        wanted.retain(|it| !same(it));
        match asked.expires.or(ask.expires).unwrap_or(MAX_SECS) {
            0 => {}
            1..MIN_SECS => return Err(RegisterRefusal::IntervalTooBrief { min: MIN_SECS }),
            secs => wanted.push(binding(now, ask, asked, secs.min(MAX_SECS))),
        }
    }
    Ok(wanted)
}

/// A phone that was restarted comes back under a new contact and a new Call-ID: over the limit, the oldest contact of the same
/// product at the same place makes room for it.
fn make_room(wanted: &mut Vec<Binding>, ask: &Register) -> Result<(), RegisterRefusal> {
    let phones = ask.max_contacts.max(1) as usize;
    while phones_of(wanted) > phones || wanted.len() > phones * FLOWS {
        let alike = |it: &Binding| {
            it.call_id != ask.call_id
                && is_same_place(it, ask)
                && it.user_agent == base::fact::record_text(&ask.user_agent)
        };
        let old = wanted.iter().enumerate().filter(|(_, it)| alike(it));
        let (oldest, _) = old.min_by_key(|(_, it)| it.registered_at).ok_or(RegisterRefusal::TooMany)?;
        wanted.remove(oldest);
    }
    Ok(())
}

fn is_same_conn(binding: &Binding, flow: &Flow) -> bool {
    binding.flow.conn.is_some() && binding.flow.conn == flow.conn
}

/// The flows of one phone count once.
fn phones_of(bindings: &[Binding]) -> usize {
    let is_further = |at: usize, it: &Binding| {
        let earlier = bindings.iter().take(at);
        it.reg_id().is_some()
            && earlier.filter(|other| other.reg_id().is_some()).any(|other| other.instance() == it.instance())
    };
    bindings.iter().enumerate().filter(|(at, it)| !is_further(*at, it)).count()
}

/// All phones behind an edge proxy share its address, so there it is their own hosts that count.
fn is_same_place(binding: &Binding, ask: &Register) -> bool {
    if binding.path().is_empty() && ask.path.is_empty() {
        return binding.flow.remote.ip() == ask.flow.remote.ip();
    }
    ask.host.is_some() && binding.media_host() == ask.host
}

/// Whether a contact asked for is this binding: for two flows it is the phone and its `reg-id` that count, whatever
/// the URIs say (RFC 5626 §6), otherwise the URI, unless two phones use the same one.
fn is_same(binding: &Binding, asked: &ContactAsk, key: &str) -> bool {
    match (binding.flow_key(), asked.flow_key()) {
        (Some(known), Some(asked)) => known == asked,
        (Some(_) | None, None) | (None, Some(_)) => {
            let phones = binding.instance().zip(asked.instance.as_deref());
            contact::key(&binding.contact) == key && phones.is_none_or(|(known, asked)| known == asked)
        }
    }
}

impl ContactAsk {
    fn flow_key(&self) -> Option<(&str, u32)> {
        Some((self.instance.as_deref()?, self.reg_id?))
    }
}

fn binding(now: Now, ask: &Register, asked: &ContactAsk, secs: u32) -> Binding {
    Binding {
        aor: ask.aor.clone(),
        contact: asked.uri.clone(),
        flow: ask.flow,
        call_id: ask.call_id.clone(),
        cseq: ask.cseq,
        expires_at: now.wall + Duration::from_secs(secs.into()),
        q_milli: asked.q_milli.min(1_000),
        user_agent: base::fact::record_text(&ask.user_agent),
        registered_at: now.wall,
        reach: reach(ask, asked),
    }
}

fn reach(ask: &Register, asked: &ContactAsk) -> Option<Box<Reach>> {
    let instance = asked.instance.clone();
    let reg_id = asked.reg_id.filter(|_| instance.is_some());
    let reach = Reach { path: ask.path.clone(), host: ask.host, instance, reg_id };
    (reach != Reach::default()).then(|| Box::new(reach))
}

#[cfg(test)]
#[path = "registrar_tests.rs"]
mod tests;
