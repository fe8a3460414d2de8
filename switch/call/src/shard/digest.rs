//! Who a phone is (RFC 3261 §22, RFC 7616, RFC 8760).

use std::borrow::Cow;

use base::wire::Flow;
use base::{Entropy, Now, ShardId};
use peer::Stands;
use peer::guard::{Entry, Offence, Place, Verdict};
use phone::login::{LoginName, extension_of};
use provision::{ha1_md5, ha1_sha256};
use sip::ServerId;
use sip::auth::{self, Ha1, NonceState, Staleness, Uses};
use sip::message::{Credentials, Draft, Header, Message, Method, Uri};

use super::Shard;
use crate::io::{Gossip, ShardOutput};
use crate::reply::reply;

/// Whether we ask as the registrar (401) or as what stands in front of others (407).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AskAs {
    Registrar,
    Proxy,
}

impl AskAs {
    fn words(self) -> (u16, Header<'static>, Header<'static>) {
        match self {
            Self::Registrar => (401, Header::WwwAuthenticate, Header::Authorization),
            Self::Proxy => (407, Header::ProxyAuthenticate, Header::ProxyAuthorization),
        }
    }
}

/// The hashes of a user that does not exist, in the form in which those of stations are kept: no password fits them,
/// and trying one takes the same steps.
pub(super) struct Nobody {
    md5: String,
    sha256: String,
}

impl Nobody {
    pub(super) fn new(entropy: &mut dyn Entropy) -> Self {
        let mut tokens = |count: usize| (0..count).map(|_| entropy.token()).collect();
        Self { md5: tokens(2), sha256: tokens(4) }
    }
}

/// The hashes that somebody's answer is compared with, and whether he exists.
struct Kept<'a> {
    md5: Cow<'a, str>,
    sha256: Cow<'a, str>,
    exists: bool,
}

impl Shard {
    /// The extension whose password the request shows to know; otherwise the request has been challenged. A user
    /// that does not exist is taken through the same steps.
    pub(super) fn authenticate(
        &mut self,
        now: Now,
        id: ServerId,
        request: &Message,
        ask: AskAs,
    ) -> Option<String> {
        let flow = self.stack.server_flow(id)?;
        let credentials = self.credentials(request, ask);
        let shown = match &credentials {
            Some(credentials) => self.shown(now, request, credentials, flow),
            None => Err(Staleness::First),
        };
        if let (Ok(()), Some(credentials)) = (shown, credentials) {
            self.proved(now, flow);
            return Some(extension_of(&credentials.username).to_owned());
        }
        let draft = self.challenged(now, request, flow, ask, shown.err().unwrap_or(Staleness::First));
        self.stack.respond(now, id, draft);
        None
    }

    /// Whether a request bears an answer to a fresh challenge of ours, sent to where it comes from. Whether the answer
    /// is right is not looked at. For an old challenge it is, since that decides what is said, and a wrong one counts; an
    /// answer to a challenge that was sent elsewhere is asked for anew whatever it says, so that nobody learns from it.
    pub(super) fn plausible(
        &mut self,
        now: Now,
        request: &Message,
        flow: Flow,
        ask: AskAs,
    ) -> Result<(), Staleness> {
        let credentials = self.credentials(request, ask).ok_or(Staleness::First)?;
        match self.worth(now, &credentials, flow) {
            NonceState::Fresh => Ok(()),
            NonceState::Forged => Err(Staleness::First),
            NonceState::Elsewhere => Err(Staleness::Stale),
            NonceState::Stale => {
                Err(self.shown(now, request, &credentials, flow).err().unwrap_or(Staleness::Stale))
            }
        }
    }

    /// The draft of a challenge. Over datagrams a small request gets a small answer, with MD5 alone.
    pub(super) fn challenged(
        &mut self,
        now: Now,
        request: &Message,
        flow: Flow,
        ask: AskAs,
        staleness: Staleness,
    ) -> Draft {
        let (status, header, _) = ask.words();
        let issued = self.nonces.issue(now, flow.remote.ip(), &mut *self.entropy);
        let nonce = format!("{:02x}{issued}", self.config.shard.0);
        let mut draft = reply(request, status, None, &self.config.user_agent);
        let values = auth::challenge(&self.config.realm, &nonce, staleness);
        let asked = request.bytes().len();
        let whole = draft.finish().len() + values.iter().map(String::len).sum::<usize>() + OVERHEAD;
        let small = !flow.transport.is_connected() && whole > asked + asked / 5;
        // MD5 comes last; every client may use it anyway, so leaving the rest out gives nothing away.
        let skipped = if small || trips_over_sha256(request) { values.len().saturating_sub(1) } else { 0 };
        for value in values.iter().skip(skipped) {
            draft.push(header, value);
        }
        draft
    }

    fn credentials(&self, request: &Message, ask: AskAs) -> Option<Credentials> {
        let (_, _, answered) = ask.words();
        request
            .headers(answered)
            .filter_map(|value| Credentials::parse(value).ok())
            .find(|credentials| credentials.realm == self.config.realm)
    }

    fn worth(&self, now: Now, credentials: &Credentials, flow: Flow) -> NonceState {
        let (issuer, nonce) = issuer_of(&credentials.nonce);
        match self.nonces.check(now, flow.remote.ip(), nonce) {
            NonceState::Fresh if issuer != Some(self.config.shard) => NonceState::Stale,
            state @ (NonceState::Fresh | NonceState::Stale | NonceState::Elsewhere | NonceState::Forged) => {
                state
            }
        }
    }

    /// Whether the answer is right and its nonce good for it; a wrong one is counted.
    fn shown(
        &mut self,
        now: Now,
        request: &Message,
        credentials: &Credentials,
        flow: Flow,
    ) -> Result<(), Staleness> {
        let state = self.worth(now, credentials, flow);
        if state == NonceState::Elsewhere {
            return Err(Staleness::Stale);
        }
        let extension = extension_of(&credentials.username);
        let stance = self.stance(now, extension, flow);
        let kept = self.kept(credentials, stance == Verdict::Try);
        let right = match (Ha1::from_hex(&kept.md5, &kept.sha256), request.method()) {
            (Some(ha1), Some(method)) => auth::verify(credentials, method, &ha1) && kept.exists,
            (None, _) | (_, None) => false,
        };
        if !right {
            self.count("auth_failures");
            if matches!(state, NonceState::Fresh | NonceState::Stale) {
                let account = Some(extension).filter(|_| stance == Verdict::Try);
                self.offended(now, flow, account);
            }
            return Err(Staleness::First);
        }
        if !is_about(&credentials.uri, request) {
            return Err(Staleness::First);
        }
        let at_home = self.registrar.stands(now, extension, &flow) != Stands::Elsewhere;
        let first_call = request.method() == Some(&Method::Invite) && !at_home;
        let uses = if first_call { Uses::Once } else { Uses::Counted };
        let (_, nonce) = issuer_of(&credentials.nonce);
        let spent = match state {
            NonceState::Fresh => self.nonces.spend(now, flow.remote.ip(), nonce, credentials.nc, uses),
            NonceState::Stale | NonceState::Elsewhere | NonceState::Forged => state,
        };
        match spent {
            NonceState::Fresh => Ok(()),
            NonceState::Stale | NonceState::Elsewhere => Err(Staleness::Stale),
            NonceState::Forged => Err(Staleness::First),
        }
    }

    /// What an answer is compared with. Whoever writes a phone's name is compared with what that phone's password would
    /// be, whether there is one or not; the form of the name decides on the steps, not its existence.
    fn kept(&self, credentials: &Credentials, may_try: bool) -> Kept<'_> {
        let extension = extension_of(&credentials.username);
        let station = self.routes.station(extension).filter(|_| may_try);
        if let Some(name) = LoginName::parse(&credentials.username) {
            let (password, has_line) = self.config.phone_key.login(self.routes.directory(), name);
            let (user, realm) = (&credentials.username, &self.config.realm);
            let md5 = ha1_md5(user, realm, &password).into();
            let sha256 = ha1_sha256(user, realm, &password).into();
            return Kept { md5, sha256, exists: station.is_some() && has_line };
        }
        let (md5, sha256) = match station {
            Some(station) => (&station.ha1_md5, &station.ha1_sha256),
            None => (&self.nobody.md5, &self.nobody.sha256),
        };
        Kept { md5: md5.into(), sha256: sha256.into(), exists: station.is_some() }
    }

    fn proved(&mut self, now: Now, flow: Flow) {
        self.knows(flow);
        self.bans.proved(now, flow.remote.ip());
        self.notice(now, Entry::flow(flow.remote));
        self.notice(now, Entry::known(flow.remote.ip()));
    }

    /// Counts a wrong answer here and at every other shard: an attacker finds the same memory everywhere.
    fn offended(&mut self, now: Now, flow: Flow, account: Option<&str>) {
        let source = Some(flow.remote.ip()).filter(|source| !self.config.is_edge(*source));
        let offence = Offence { source, account: account.map(base::fact::record_text) };
        if self.config.shards > 1 {
            self.outputs.push_back(ShardOutput::Gossip(Gossip::Offence(Box::new(offence.clone()))));
        }
        self.heard_of_offence(now, &offence);
    }

    /// A wrong answer, here or at another shard.
    pub(super) fn heard_of_offence(&mut self, now: Now, offence: &Offence) {
        self.bans.offended(now, offence);
        while let Some(ban) = self.bans.poll() {
            if self.is_owner() {
                let minutes = ban.until_mono.since(now.mono).as_secs().div_ceil(60);
                tracing::warn!(place = %ban.place, times = ban.times, minutes, "failed logins: banned for a time");
            }
            if let Some(entry) = Entry::ban(&ban.place) {
                let notice = peer::guard::Notice { entry, until: ban.until_mono };
                self.outputs.push_back(ShardOutput::Notice(notice));
            }
        }
    }

    /// An operator ends a ban.
    pub(super) fn lift(&mut self, now: Now, place: &Place) {
        self.bans.lift(now, place);
        if let Some(entry) = Entry::ban(place) {
            self.outputs.push_back(ShardOutput::Notice(peer::guard::Notice { entry, until: now.mono }));
        }
    }
}

/// What header names, Via parameters and our tag add to a challenge.
const OVERHEAD: usize = 80;

/// Whether credentials were made for this request. Phones write the domain, a port or parameters into `uri` as they
/// like, and some leave the user out; nobody names another user than he calls.
fn is_about(uri: &str, request: &Message) -> bool {
    if !matches!(request.method(), Some(Method::Invite | Method::Message)) {
        return true;
    }
    let made_for = Uri::parse(uri).ok().and_then(|uri| uri.user_decoded());
    let called = request.uri().ok().and_then(|uri| uri.user_decoded());
    made_for.is_none() || made_for == called
}

/// Phones that give up when one of the challenges names an algorithm they lack, where RFC 8760 §2.4 has them take
/// another. `User-Agent` is all that tells them apart.
const TRIP_OVER_SHA256: [&str; 2] = ["baresip v0.", "baresip v1."];

fn trips_over_sha256(request: &Message) -> bool {
    let name = request.header(Header::UserAgent).unwrap_or_default();
    TRIP_OVER_SHA256.iter().any(|phone| name.starts_with(phone))
}

/// The shard that issued a nonce, and the nonce as it knows it. That shard alone counts its uses, so that it
/// cannot be replayed at another; there it is stale.
fn issuer_of(nonce: &str) -> (Option<ShardId>, &str) {
    match nonce.split_at_checked(2) {
        Some((shard, nonce)) => (u8::from_str_radix(shard, 16).ok().map(ShardId), nonce),
        None => (None, nonce),
    }
}
