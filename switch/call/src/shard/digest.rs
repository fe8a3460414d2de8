//! Who a phone is (RFC 3261 §22, RFC 7616, RFC 8760).

use base::{Now, ShardId};
use sip::ServerId;
use sip::auth::{self, Ha1, NonceState, Staleness};
use sip::message::{Credentials, Header, Message};

use super::Shard;
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
        let (_, _, answered) = ask.words();
        let realm = &self.config.realm;
        let credentials = request
            .headers(answered)
            .filter_map(|value| Credentials::parse(value).ok())
            .find(|credentials| credentials.realm == *realm);
        let Some(credentials) = credentials else {
            self.challenge(now, id, request, ask, Staleness::First);
            return None;
        };
        let (issuer, nonce) = issuer_of(&credentials.nonce);
        let state = match self.nonces.check(now, nonce) {
            NonceState::Fresh if issuer != Some(self.config.shard) => NonceState::Stale,
            state @ (NonceState::Fresh | NonceState::Stale | NonceState::Forged) => state,
        };
        let station = self.routes.station(&credentials.username);
        let ha1 = station
            .and_then(|station| Ha1::from_hex(&station.ha1_md5, &station.ha1_sha256))
            .unwrap_or_else(|| Ha1::nobody(&mut *self.entropy));
        let right = request.method().is_some_and(|method| auth::verify(&credentials, method, &ha1));
        if !right || state == NonceState::Forged {
            self.count("auth_failures");
            self.challenge(now, id, request, ask, Staleness::First);
            return None;
        }
        if state == NonceState::Stale || self.nonces.spend(now, nonce, credentials.nc) != NonceState::Fresh {
            self.challenge(now, id, request, ask, Staleness::Stale);
            return None;
        }
        if let Some(flow) = self.stack.server_flow(id) {
            self.knows(flow);
        }
        Some(credentials.username)
    }

    fn challenge(&mut self, now: Now, id: ServerId, request: &Message, ask: AskAs, staleness: Staleness) {
        let (status, header, _) = ask.words();
        let nonce = format!("{:02x}{}", self.config.shard.0, self.nonces.issue(now, &mut *self.entropy));
        let mut draft = reply(request, status, None, &self.config.user_agent);
        let values = auth::challenge(&self.config.realm, &nonce, staleness);
        // MD5 comes last; every client may use it anyway, so leaving the rest out gives nothing away.
        let skipped = if trips_over_sha256(request) { values.len().saturating_sub(1) } else { 0 };
        for value in values.iter().skip(skipped) {
            draft.push(header, value);
        }
        self.stack.respond(now, id, draft);
    }
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
