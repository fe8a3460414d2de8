//! A far end sends a call on (RFC 3261 §8.1.3.4): a carrier to another of its own gateways, a phone to a number that
//! its station might dial.
//!
//! A trunk is followed only to addresses that its own provisioning names, a phone only by the number and never to a
//! host: anything else would let the callee choose whom we pay. Everything else of the 300 class is a refusal.

use base::LegId;
use base::fact::Endpoint;
use peer::PeerAt;
use provision::{ForwardTo, ForwardWhen};
use route::{By, LedWhen, Onward};
use sip::message::{Contacts, Message, Uri};
use sip::target_of;

use super::{Call, Ctx, Refusal};

impl Call {
    /// A redirection: followed where its way on may be, else a refusal like any other.
    pub(super) fn redirected(&mut self, ctx: &mut Ctx<'_>, leg: LegId, response: &Message) {
        let refusal = Refusal::from_response(response.status().unwrap_or(302), response);
        if self.phone_leads_on(leg, response) {
            return self.leg_refused(ctx, leg, refusal);
        }
        if !self.leads_on(ctx, leg, response) {
            return self.leg_refused(ctx, leg, refusal);
        }
        self.judge_peer(ctx, leg, refusal);
        self.drop_leg(ctx, leg, refusal);
        self.early_lost(ctx, leg);
        self.stop_ringing();
        self.next_stage(ctx);
    }

    /// Keeps where a phone leads the call, for when nobody else takes it. Members of a group lead nobody away.
    fn phone_leads_on(&mut self, leg: LegId, response: &Message) -> bool {
        let Some(Endpoint::Station(extension)) = self.leg(leg).map(|leg| leg.endpoint.clone()) else {
            return false;
        };
        let Some(walk) = self.walk_mut().filter(|walk| walk.declines_for_all()) else { return false };
        let Ok(Contacts::List(mut contacts)) = response.contacts() else { return false };
        contacts.sort_by_key(|contact| std::cmp::Reverse(contact.q_milli()));
        let number = |uri: &Uri| uri.user_decoded()?.parse::<ForwardTo>().ok();
        let is_other = |to: &ForwardTo| matches!(to, ForwardTo::Number(number) if *number != extension);
        let Some(to) = contacts.iter().filter_map(|contact| number(&contact.uri)).find(is_other) else {
            return false;
        };
        let when = LedWhen::Forward(ForwardWhen::Always);
        walk.redirect.get_or_insert(Onward { to, by: By::Station(extension), when });
        true
    }

    /// Puts the gateways that a redirection names in front of those still to be tried.
    fn leads_on(&mut self, ctx: &mut Ctx<'_>, leg: LegId, response: &Message) -> bool {
        let Some(at) = self.leg(leg) else { return false };
        let Some((trunk, peer)) = at.calling().and_then(|calling| calling.trunk.as_ref()) else {
            return false;
        };
        let from = at.target.remote();
        let mut ways = ways_on(ctx, trunk, peer.peer, response);
        ways.retain(|(_, way)| way.addr != from);
        let Some(hunt) = &mut self.hunt else { return false };
        let (Some(at), Some((number, _))) = (&mut hunt.trunk, ways.first()) else { return false };
        if let Some(number) = number {
            at.attempt.number.clone_from(number);
        }
        ways.into_iter().rev().for_each(|(_, way)| at.peers.push_front(way));
        true
    }
}

/// The Contacts that lead to a gateway of the same carrier, best first, with the number each names.
fn ways_on(ctx: &Ctx<'_>, trunk: &str, peer: usize, response: &Message) -> Vec<(Option<String>, PeerAt)> {
    let Some(route) = ctx.routes.trunk(trunk) else { return Vec::new() };
    let Some(from) = ctx.trunks.at(trunk, peer) else { return Vec::new() };
    let Ok(Contacts::List(mut contacts)) = response.contacts() else { return Vec::new() };
    contacts.sort_by_key(|contact| std::cmp::Reverse(contact.q_milli()));
    let lead_on = |uri: &Uri| {
        let target = target_of(uri)?;
        let known = route.trunk().hosts.iter().any(|host| host.contains(target.remote().ip()));
        let way = PeerAt {
            peer,
            uri: uri.as_str().to_owned(),
            transport: target.transport(),
            addr: target.remote(),
            key: from.key,
        };
        // A carrier that is reached safely does not lead on to where nobody proves anything.
        let safe = target.transport().is_secure() || !from.transport.is_secure();
        (known && safe).then(|| (uri.user_decoded().filter(|user| !user.is_empty()), way))
    };
    contacts.iter().filter_map(|contact| lead_on(&contact.uri)).collect()
}
