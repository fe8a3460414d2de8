//! What a phone that rings is told beside who calls, whether it is to answer by itself, and whether it does so (CROCO-38,
//! CROCO-43, CROCO-49; E82).

use std::net::IpAddr;
use std::time::Duration;

use base::fact::{Endpoint, What};
use base::{LegId, Mono};
use phone::ring::{self, Kind};
use provision::{AutoAnswer, AutoAnswerFor};
use route::Manner;
use sip::message::{Draft, Header};

use super::invite::LegOut;
use super::{Call, CallTimer, Ctx};
use crate::act::Act;

/// A phone that is told to answer by itself and has not done so by then does not obey (E82).
pub(super) const OBEYS: Duration = Duration::from_secs(3);

/// A phone that was told to answer by itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub(super) leg: LegId,
    pub(super) until: Mono,
}

impl Call {
    /// What the plan that is being walked says of how phones ring.
    pub(super) fn manner(&self) -> Option<&Manner> {
        Some(&self.hunt.as_ref()?.walk.as_ref()?.manner)
    }

    /// Whether whoever answers at a phone hears words before the caller.
    pub(super) fn whispers(&self) -> bool {
        self.manner().is_some_and(|manner| !manner.whisper.is_empty())
    }

    /// The name that a leg out shows, the label before it.
    pub(super) fn labelled(&self, out: &LegOut, (number, name): (String, String)) -> (String, String) {
        let label = self.manner().map(|manner| manner.label.as_str()).filter(|label| !label.is_empty());
        match (&out.endpoint, label) {
            (Endpoint::Station(_), Some(label)) => {
                let name = ring::display(label, &name, &number);
                (number, name)
            }
            (Endpoint::Station(_), None)
            | (Endpoint::Trunk(_) | Endpoint::Local(_) | Endpoint::Stranger(_), _) => (number, name),
        }
    }

    /// Tells a phone of ours what kind of call it is, to answer by itself, and where a record about the caller is.
    pub(super) fn tell_manner(&self, ctx: &Ctx<'_>, out: &LegOut, our_ip: IpAddr, draft: &mut Draft) {
        let Endpoint::Station(extension) = &out.endpoint else { return };
        let Some(station) = ctx.routes.station(extension) else { return };
        let usual = Manner::default();
        let manner = self.manner().unwrap_or(&usual);
        let host = match our_ip {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        let of_call = Some(manner.ring.as_str()).filter(|ring| !ring.is_empty());
        let said = ring::Call {
            vendor: out.vendor,
            kind: self.kind(manner),
            answers: self.answers_alone(ctx, extension),
            ring: of_call.unwrap_or(&station.ring),
            host: &host,
        };
        let record = Some(manner.call_info_url.as_str()).filter(|url| !url.is_empty());
        let caller = if self.facts.withheld { "anonymous" } else { self.facts.caller.as_str() };
        let id = self.id.to_string();
        let record = record.and_then(|url| ring::record(url, caller, &self.facts.dialled, &id));
        for (name, value) in ring::lines(&said).into_iter().chain(record) {
            draft.push(Header::of(name), &value);
        }
        if station.call_data {
            draft.push(Header::of("X-CC-Call-Id"), &id);
            draft.push(
                Header::of("X-CC-Wait-Secs"),
                &ctx.now.mono.since(self.started.mono).as_secs().to_string(),
            );
            if !manner.group.is_empty() {
                draft.push(Header::of("X-CC-Queue"), &manner.group);
            }
        }
    }

    /// How a phone of this extension is told to answer by itself; `Off` where it is to ring.
    fn answers_alone(&self, ctx: &Ctx<'_>, extension: &str) -> AutoAnswer {
        let Some(station) = ctx.routes.station(extension) else { return AutoAnswer::Off };
        let of_group = || {
            let group = self.manner().is_some_and(|manner| !manner.group.is_empty());
            group && station.auto_answer_for == AutoAnswerFor::Groups && !ctx.is_engaged(extension, self.id)
        };
        let spoken_to = self.page.is_some() || self.manner().is_some_and(|manner| manner.intercom);
        if spoken_to || of_group() { station.auto_answer } else { AutoAnswer::Off }
    }

    fn kind(&self, manner: &Manner) -> Kind {
        match (&self.facts.origin, self.page.is_some()) {
            (_, true) => Kind::Page,
            _ if manner.intercom => Kind::Intercom,
            _ if self.recalls() => Kind::Recall,
            _ if !manner.group.is_empty() => Kind::Group,
            (Endpoint::Station(_), false) => Kind::Internal,
            (Endpoint::Trunk(_) | Endpoint::Local(_) | Endpoint::Stranger(_), false) => Kind::Outside,
        }
    }

    /// Keeps in mind that a phone was told to answer by itself.
    pub(super) fn expect_obedience(&mut self, ctx: &Ctx<'_>, leg: LegId, out: &Endpoint) {
        let Endpoint::Station(extension) = out else { return };
        if self.answers_alone(ctx, extension) == AutoAnswer::Off {
            return;
        }
        let told = Told { leg, until: ctx.now.mono + OBEYS };
        if let Some(walk) = self.walk_mut() {
            walk.told.push(told);
        }
        if self.timers.at(CallTimer::Obeys).is_none() {
            self.timers.set(CallTimer::Obeys, told.until);
        }
    }

    /// Whether a phone has answered by itself, as it was told.
    pub(super) fn has_obeyed(&self, leg: LegId) -> bool {
        let walk = self.hunt.as_ref().and_then(|hunt| hunt.walk.as_ref());
        walk.is_some_and(|walk| walk.told.iter().any(|told| told.leg == leg))
    }

    /// Phones that were to answer by themselves and still ring are flagged, and ring on.
    pub(super) fn obedience_due(&mut self, ctx: &mut Ctx<'_>) {
        if self.page_due(ctx) {
            return;
        }
        let now = ctx.now.mono;
        let Some(walk) = self.walk_mut() else { return };
        let late: Vec<LegId> =
            walk.told.extract_if(.., |told| told.until <= now).map(|told| told.leg).collect();
        if let Some(next) = walk.told.iter().map(|told| told.until).min() {
            self.timers.set(CallTimer::Obeys, next);
        }
        for leg in late {
            if self.leg(leg).is_some_and(|leg| leg.calling().is_some()) {
                self.disobeyed(ctx, leg);
            }
        }
    }

    /// A phone does not answer by itself.
    pub(super) fn disobeyed(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        ctx.out.push(Act::Count("auto_answer_ignored"));
        ctx.out.push(Act::Fact(What::AutoAnswerIgnored { leg }));
        let extension = self.leg(leg).map(|leg| leg.dialled.clone()).unwrap_or_default();
        self.ignored(ctx.now, leg, extension);
    }
}
