//! What trunks want done: OPTIONS to see whether a peer is there, REGISTER where we are the client.

use std::net::{IpAddr, SocketAddr};

use base::{Now, wire};
use peer::{Failing, PeerAt, RegisterFail, TrunkAction, TrunkGossip};
use sip::message::{Contacts, Draft, Header, Host, Message, Method, NameAddr};
use sip::{ClientId, NoSocket};

use super::{Asker, Shard};
use crate::io::{Gossip, ShardOutput};
use crate::{password, reply};

/// One registration of ours: its dialog-like identity stays the same for life (RFC 3261 §10.2.4).
#[derive(Debug)]
pub(super) struct Registration {
    call_id: String,
    tag: String,
    cseq: u32,
    /// The lifetime asked for, seconds; 0 takes the registration back.
    expires: u32,
}

/// A challenge, and one more that says our nonce was stale.
const MOST_CHALLENGES: u8 = 2;

impl Shard {
    /// Does one thing that trunks or their gossip wait for; `false` when there is none.
    pub(super) fn trunk_work(&mut self, now: Now) -> bool {
        let Some(action) = self.trunks.poll() else {
            self.tell_usage();
            return false;
        };
        match action {
            TrunkAction::Resolve { question } => self.outputs.push_back(ShardOutput::Resolve { question }),
            TrunkAction::Probe { trunk, at } => self.probe(now, trunk, at),
            TrunkAction::Register { trunk, expires } => self.send_register(now, &trunk, expires, None, 0),
            TrunkAction::Unregister { trunk } => self.send_register(now, &trunk, 0, None, 0),
            TrunkAction::Changed { trunk, peer, hop, up } => {
                let (shard, over, addr) = (self.config.shard.0, hop.transport, hop.addr);
                tracing::info!(shard, %trunk, peer, %over, %addr, up, "a target of a trunk changed");
                if self.config.shards > 1 {
                    let gossip = Gossip::Trunk(TrunkGossip { trunk, peer, hop, up });
                    self.outputs.push_back(ShardOutput::Gossip(gossip));
                }
            }
        }
        true
    }

    pub(super) fn unregister_trunks(&mut self, now: Now) {
        for trunk in self.registrations.keys().cloned().collect::<Vec<_>>() {
            self.send_register(now, &trunk, 0, None, 0);
        }
    }

    fn tell_usage(&mut self) {
        if self.config.shards < 2 {
            return;
        }
        for trunk in self.routes.trunks() {
            let calls = self.trunks.usage(&trunk.name);
            if self.told_usage.get(&trunk.name).copied().unwrap_or(0) != calls {
                self.told_usage.insert(trunk.name.clone(), calls);
                let gossip = Gossip::Usage { shard: self.config.shard, trunk: trunk.name.clone(), calls };
                self.outputs.push_back(ShardOutput::Gossip(gossip));
            }
        }
    }

    pub(super) fn heard_gossip(&mut self, now: Now, gossip: Gossip) {
        match gossip {
            Gossip::Binding(change) => {
                let aor = change.aor().to_owned();
                self.registrar.apply(*change);
                self.registrations_changed(&aor);
            }
            Gossip::Offence(offence) => self.heard_of_offence(now, &offence),
            Gossip::Trunk(told) => self.trunks.gossip(now, &told),
            Gossip::Seat { room, call, seat } => self.heard_of_seat(room, call, seat),
            Gossip::RoomOrder { room, order } => self.heard_of_order(room, order),
            Gossip::Settings { extension, settings } => self.settings_changed(now, &extension, *settings),
            Gossip::Reach { extension, changes } if self.is_owner() => {
                self.change_reach(now, &extension, &changes);
            }
            Gossip::Reach { .. } => {}
            Gossip::Floor { call, spots } => self.heard_of_spots(call, &spots),
            Gossip::Usage { shard, trunk, calls } => self.trunks.remote_usage(shard, &trunk, calls),
        }
    }

    fn probe(&mut self, now: Now, trunk: String, at: PeerAt) {
        let draft = self.outside_request(Method::Options, &at, None);
        match self.request(now, &at, draft) {
            Ok(client) => drop(self.clients.insert(client, Asker::Probe { trunk, at })),
            Err(_no_socket) => self.trunks.probed(now, &trunk, &at, false),
        }
    }

    /// A request of the node itself to a trunk's peer.
    fn outside_request(&mut self, method: Method, at: &PeerAt, user: Option<(&str, &str)>) -> Draft {
        let ours = self.locals.signalling(at.transport, at.addr);
        let host = ours.map_or_else(|| "invalid".to_owned(), |ours| ours.ip().to_string());
        let (address, to) = match user {
            Some((user, domain)) => {
                let address = format!("<sip:{user}@{domain}>");
                (address.clone(), address)
            }
            None => (format!("<sip:tandem@{}>", bracketed(&host)), format!("<{}>", at.uri)),
        };
        let call_id =
            wire::marked_call_id(self.config.shard, self.entropy.next_u64(), self.entropy.next_u64());
        let place = format!("1 {method}");
        let mut draft = Draft::request(method, &at.uri);
        draft.push(Header::MaxForwards, "70");
        draft.push(Header::From, &format!("{address};tag={}", self.entropy.token()));
        draft.push(Header::To, &to);
        draft.push(Header::CallId, &call_id);
        draft.push(Header::CSeq, &place);
        draft.push(Header::UserAgent, &self.config.user_agent);
        draft
    }

    fn request(&mut self, now: Now, at: &PeerAt, draft: Draft) -> Result<ClientId, NoSocket> {
        self.send_request(now, at.target(), draft)
    }

    fn send_register(
        &mut self,
        now: Now,
        trunk: &str,
        expires: u32,
        authorization: Option<(Header<'static>, String)>,
        challenges: u8,
    ) {
        let Some(at) = self.trunks.at(trunk, 0) else { return };
        let Some(route) = self.routes.trunk(trunk) else { return };
        let trunk_set_up = route.trunk().clone();
        let Some(user) = trunk_set_up.username.as_deref() else { return };
        let domain = domain_of(&trunk_set_up, &at);
        let mut draft = self.outside_request(Method::Register, &at, Some((user, &domain)));
        draft.set_uri(&format!("sip:{domain}"));
        let target = at.target();
        let Some(contact) = reply::contact(&*self.locals, &target) else { return };
        draft.push(Header::Contact, &contact.replacen("tandem@", &format!("{user}@"), 1));
        draft.push(Header::Expires, &expires.to_string());
        let call_id = draft.get(Header::CallId).unwrap_or_default().to_owned();
        let fresh = || Registration { call_id, tag: String::new(), cseq: 0, expires };
        let known = self.registrations.entry(trunk.to_owned()).or_insert_with(fresh);
        if known.tag.is_empty() {
            known.tag = self.entropy.token();
        }
        known.cseq += 1;
        known.expires = expires;
        draft.set(Header::CallId, &known.call_id);
        draft.set(Header::From, &format!("<sip:{user}@{domain}>;tag={}", known.tag));
        draft.set(Header::CSeq, &format!("{} REGISTER", known.cseq));
        if let Some((header, value)) = authorization {
            draft.set(header, &value);
        }
        match self.request(now, &at, draft) {
            Ok(client) => {
                self.clients.insert(client, Asker::Register { trunk: trunk.to_owned(), at, challenges });
            }
            Err(_no_socket) => self.register_failed(now, trunk, &at, 0, None),
        }
    }

    pub(super) fn trunk_told(&mut self, now: Now, id: ClientId, response: &Message, from: IpAddr) {
        let status = response.status().unwrap_or(0);
        if status < 200 {
            return;
        }
        match self.clients.remove(&id) {
            Some(Asker::Probe { trunk, at }) => self.trunks.probed(now, &trunk, &at, status != 503),
            Some(Asker::Register { trunk, at, challenges }) => {
                self.register_told(now, &trunk, &at, (response, from), challenges);
            }
            Some(
                Asker::Away { .. }
                | Asker::Call { .. }
                | Asker::Text { .. }
                | Asker::Notify { .. }
                | Asker::Nobody,
            )
            | None => {}
        }
        self.clients.insert(id, Asker::Nobody);
    }

    fn register_told(
        &mut self,
        now: Now,
        trunk: &str,
        at: &PeerAt,
        (response, from): (&Message, IpAddr),
        challenges: u8,
    ) {
        let status = response.status().unwrap_or(0);
        let asked = self.registrations.get(trunk).map_or(0, |registration| registration.expires);
        if matches!(status, 401 | 407) && challenges < MOST_CHALLENGES {
            let login = self.routes.trunk(trunk).and_then(|route| {
                let trunk = route.trunk();
                Some((password::login(trunk)?, trunk.clone()))
            });
            if let Some((login, set_up)) = login
                && at.addr.ip().to_canonical() == from.to_canonical()
            {
                let uri = format!("sip:{}", domain_of(&set_up, at));
                let answer = login.answer(response, &Method::Register, &uri, &mut *self.entropy);
                if answer.is_some() {
                    return self.send_register(now, trunk, asked, answer, challenges + 1);
                }
            }
        }
        if asked == 0 {
            self.registrations.remove(trunk);
            return;
        }
        if status >= 300 {
            return self.register_failed(now, trunk, at, status, Some(response));
        }
        self.trunks.worked(now, trunk, at);
        let ours = self.locals.signalling(at.transport, at.addr);
        let granted = response
            .contacts()
            .ok()
            .and_then(|contacts| match contacts {
                Contacts::List(list) => lifetime(&list, ours?),
                Contacts::Star => None,
            })
            .or_else(|| response.expires().ok().flatten())
            .unwrap_or(asked);
        self.trunks.registered(now, trunk, Ok(granted));
    }

    fn register_failed(
        &mut self,
        now: Now,
        trunk: &str,
        at: &PeerAt,
        status: u16,
        response: Option<&Message>,
    ) {
        if self.registers_elsewhere(now, trunk, at, status) {
            return;
        }
        let number = |header| {
            response.and_then(|response| {
                let value = response.header(header)?;
                value.split([';', '(', ' ']).next()?.trim().parse().ok()
            })
        };
        let failure = RegisterFail {
            status,
            retry_after: number(Header::RetryAfter),
            min_expires: number(Header::MinExpires),
        };
        tracing::warn!(%trunk, status, "a trunk did not let us register");
        self.trunks.registered(now, trunk, Err(failure));
    }

    /// A target that does not serve is left for the next one at once (RFC 3263 §4.3); each failure takes one of them
    /// down, so this ends.
    fn registers_elsewhere(&mut self, now: Now, trunk: &str, at: &PeerAt, status: u16) -> bool {
        if !matches!(status, 0 | 503) {
            return false;
        }
        self.trunks.failed(now, trunk, at, Failing::Silent);
        let next = self.trunks.at(trunk, 0).filter(|next| !self.trunks.is_down(next.hop()));
        let expires = self.registrations.get(trunk).map_or(0, |known| known.expires);
        if next.is_none_or(|next| next.hop() == at.hop()) || expires == 0 {
            return false;
        }
        self.send_register(now, trunk, expires, None, 0);
        true
    }

    pub(super) fn trunk_unanswered(&mut self, now: Now, id: ClientId) {
        match self.clients.insert(id, Asker::Nobody) {
            Some(Asker::Probe { trunk, at }) => self.trunks.probed(now, &trunk, &at, false),
            Some(Asker::Register { trunk, at, .. }) => self.register_failed(now, &trunk, &at, 0, None),
            Some(
                Asker::Away { .. }
                | Asker::Call { .. }
                | Asker::Text { .. }
                | Asker::Notify { .. }
                | Asker::Nobody,
            )
            | None => {}
        }
    }
}

/// What our own contact was granted, seconds: the registrar lists those of others too (RFC 3261 §10.2.4). One that
/// rewrites addresses leaves us the only one.
fn lifetime(contacts: &[NameAddr], ours: SocketAddr) -> Option<u32> {
    let is_ours = |contact: &&NameAddr| {
        let uri = &contact.uri;
        uri.host().and_then(Host::ip) == Some(ours.ip()) && uri.port().unwrap_or(5060) == ours.port()
    };
    let only = || contacts.first().filter(|_| contacts.len() == 1);
    contacts.iter().find(is_ours).or_else(only)?.params.get("expires")?.parse().ok()
}

/// The domain we register in: what is set up, else the peer's host.
fn domain_of(trunk: &provision::Trunk, at: &PeerAt) -> String {
    if !trunk.domain.is_empty() {
        return trunk.domain.clone();
    }
    let host = sip::message::Uri::parse(&at.uri).ok().and_then(|uri| uri.host().map(ToString::to_string));
    host.unwrap_or_else(|| bracketed(&at.addr.ip().to_string()))
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}
