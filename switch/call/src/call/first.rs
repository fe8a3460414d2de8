//! The INVITE a leg out begins with: what of the caller's crosses, and what is said instead.

use std::net::IpAddr;

use base::LegId;
use base::fact::Endpoint;
use provision::ForwardWhen;
use sdp::Sdp;
use sip::message::{Draft, Header, Host, Method, NameAddr, Uri};
use sip::reliable::OPTION;

use super::invite::LegOut;
use super::{Call, Ctx};
use crate::headers::{self, Border, Forwards, Identity, Known, Trust};
use crate::leg::Leg;
use crate::reply::{self, Agent, introduce};
use crate::ringing::Reliability;

impl Call {
    /// The first INVITE of a leg; the rules of its trunk have the last word.
    pub(super) fn first_invite(
        &self,
        ctx: &mut Ctx<'_>,
        out: &LegOut,
        leg: &Leg,
        our_ip: IpAddr,
        offer: Option<&Sdp>,
    ) -> Draft {
        let domain = out.domain.clone().unwrap_or_else(|| our_ip.into());
        let shown = self.rings_for.map_or_else(
            || (self.facts.caller.clone(), self.facts.caller_name.clone()),
            |(leg, _)| self.shown_as(ctx, leg),
        );
        let shown = self.labelled(out, shown);
        let identity = self.identity(out, &domain, &shown);
        let mut draft = self.invite_draft(out, leg, &identity);
        introduce(&mut draft, &leg.contact, Agent::Client(&ctx.config.user_agent));
        leg.ask_for_timer(&mut draft);
        if self.invites_reliably(out.reliability) {
            reply::support(&mut draft, OPTION);
        }
        if out.reliability == Reliability::Always {
            draft.push(Header::Require, OPTION);
        }
        let border = self.border_out(out);
        headers::pass_first(&self.invite, &mut draft, border);
        if out.trust == Trust::Full {
            identity.assert(&mut draft, out.shown);
            self.forwards(out).tell(&mut draft, out.forwards, &out.uri);
        }
        for rule in &out.rules {
            match &rule.value {
                Some(value) => draft.set(Header::of(&rule.name), value),
                None => draft.remove(Header::of(&rule.name)),
            };
        }
        if let Some(offer) = offer {
            draft.body(reply::ACCEPT, offer.to_bytes().into());
        }
        headers::carry(&self.invite, &mut draft, border, ctx.entropy);
        self.tell_manner(ctx, out, our_ip, &mut draft);
        if let Some(by) =
            self.referred_by.as_ref().filter(|_| self.meeting.is_some() && tells_who_refers(out))
        {
            draft.set(Header::ReferredBy, by);
        }
        draft
    }

    /// Who calls, as this leg is told. Those who send help are always told.
    fn identity<'a>(
        &'a self,
        out: &'a LegOut,
        domain: &'a Host,
        shown: &'a (String, String),
    ) -> Identity<'a> {
        let withheld = self.facts.withheld;
        Identity {
            number: out.caller.as_deref().unwrap_or(&shown.0),
            name: &shown.1,
            domain,
            hidden: withheld && !self.is_emergency(),
            withheld,
            known: match (self.facts.asserted, out.caller_is_ours) {
                (true, _) => Known::All,
                (false, true) => Known::Number,
                (false, false) => Known::Nothing,
            },
        }
    }

    /// By which numbers the call has come, this switch's own included: a number of ours that leads to another.
    fn forwards(&self, out: &LegOut) -> Forwards {
        let mut forwards = self.forwards_so_far();
        let host = out.domain.clone().unwrap_or_else(|| out.target.remote().ip().into());
        if self.led.is_empty() && self.renumbers(out) {
            forwards
                .lead_on(Uri::sip(Some(&self.facts.dialled), host.clone(), None), ForwardWhen::Always.into());
        }
        for led in &self.led {
            forwards.lead_on(Uri::sip(Some(led.by.name()), host.clone(), None), led.when);
        }
        forwards
    }

    fn forwards_so_far(&self) -> Forwards {
        let is_trusted = self.legs.first().is_some_and(|caller| caller.trust == Trust::Full);
        if is_trusted { Forwards::of(&self.invite) } else { Forwards::default() }
    }

    fn renumbers(&self, out: &LegOut) -> bool {
        let trunks = [&self.facts.origin, &out.endpoint];
        trunks.iter().all(|end| matches!(end, Endpoint::Trunk(_)))
            && !route::same_number(&self.facts.dialled, &out.dialled)
    }

    /// Whether a leg would lead the call on once too often.
    pub(super) fn is_led_too_far(&self, out: &LegOut) -> bool {
        (!self.led.is_empty() || self.renumbers(out)) && self.forwards_so_far().is_full()
    }

    /// Who rings or answers, as a phone that calls is shown it: the extension and its name (RFC 5876 §4.1).
    pub(super) fn callee_shown(&self, ctx: &Ctx<'_>, leg: LegId) -> Option<String> {
        let caller = self.legs.first()?;
        let (Endpoint::Station(_), Endpoint::Station(extension)) =
            (&caller.endpoint, &self.leg(leg)?.endpoint)
        else {
            return None;
        };
        let station = ctx.routes.station(extension)?;
        let of_user = || ctx.routes.user(&station.user).map(|user| user.name.as_str());
        let name = Some(station.name.as_str()).filter(|name| !name.is_empty()).or_else(of_user);
        let ours = ctx.locals.signalling(caller.target.transport(), caller.target.remote())?;
        let uri = Uri::sip(Some(extension), ours.ip(), None);
        let display = name.filter(|name| !name.is_empty()).map(str::to_owned);
        Some(NameAddr { display, ..NameAddr::new(uri) }.to_string())
    }

    pub(super) fn is_emergency(&self) -> bool {
        self.hunt.as_ref().is_some_and(|hunt| hunt.emergency)
    }

    /// What the caller's INVITE crosses to a leg out.
    fn border_out(&self, out: &LegOut) -> Border {
        let from = self.legs.first().map_or(Trust::None, |caller| caller.trust);
        Border { emergency: self.is_emergency(), ..Border::between(from, out.trust) }
    }

    fn invite_draft(&self, out: &LegOut, leg: &Leg, identity: &Identity<'_>) -> Draft {
        let to = NameAddr::new(Uri::sip(Some(&out.dialled), identity.domain.clone(), None));
        let mut draft = Draft::request(Method::Invite, out.uri.as_str());
        if let (Endpoint::Trunk(_), true, Some(rest)) =
            (&out.endpoint, reply::is_sips(&self.invite), out.uri.as_str().strip_prefix("sip:"))
        {
            draft.set_uri(&format!("sips:{rest}"));
        }
        for route in &out.path {
            draft.push(Header::Route, route);
        }
        draft.push(Header::MaxForwards, &self.facts.max_forwards.to_string());
        if let Some(breadth) = out.breadth {
            draft.push(Header::MaxBreadth, &breadth.to_string());
        }
        draft.push(Header::From, &identity.from().with_tag(&leg.local_tag).to_string());
        draft.push(Header::To, &to.to_string());
        draft.push(Header::CallId, &leg.call_id);
        draft.push(Header::CSeq, "1 INVITE");
        draft
    }
}

/// Our own phones and carriers that are trusted are told who refers.
fn tells_who_refers(out: &LegOut) -> bool {
    out.trust == Trust::Full || matches!(out.endpoint, Endpoint::Station(_))
}
