//! OPTIONS outside dialogs: whether we live, and what an INVITE to the same address would get (RFC 3261 §11.2).

use base::Now;
use base::wire::{Flow, Target};
use provision::TestTarget;
use route::{Inquiry, Local, Verdict};
use sip::ServerId;
use sip::message::{Draft, Header, Message, Uri};

use super::Shard;
use super::admit::{dialled, origin};
use crate::reply::{self, Agent, introduce, reply};

impl Shard {
    /// Who asks for an address of ours is asked for its password as an INVITE would be, and then learns what that
    /// would get; who asks for nobody is told that we live.
    pub(super) fn options(&mut self, now: Now, id: ServerId, request: &Message, flow: Flow) {
        if flow.conn.is_some() && self.trunk_at(flow).is_some() {
            self.knows(flow);
        }
        let asked = asked_about(request);
        let status = match asked {
            _ if self.gate.draining => 503,
            None => 200,
            Some(dialled) => match self.would_get(now, id, request, flow, &dialled) {
                Some(status) => status,
                None => return,
            },
        };
        let draft = self.capabilities(request, flow, status);
        self.stack.respond(now, id, draft);
    }

    /// What we take, and a status.
    pub(super) fn capabilities(&self, request: &Message, flow: Flow, status: u16) -> Draft {
        let mut draft = reply(request, status, None, &self.config.user_agent);
        if let Some(contact) = reply::contact(&*self.locals, &Target::Flow(flow)) {
            introduce(&mut draft, &contact, Agent::Server(&self.config.user_agent));
        }
        draft.set(Header::Accept, reply::ACCEPTED);
        draft.set(Header::AllowEvents, reply::PACKAGES);
        reply::support(&mut draft, sip::reliable::OPTION);
        if status == 503 {
            draft.push(Header::RetryAfter, "5");
        }
        draft
    }

    /// The status an INVITE for this number would get at once; `None` when the request has been answered.
    fn would_get(
        &mut self,
        now: Now,
        id: ServerId,
        request: &Message,
        flow: Flow,
        dialled: &str,
    ) -> Option<u16> {
        let caller = self.identify(now, id, request, flow)?;
        let from = origin(&caller.from);
        let inquiry = Inquiry {
            from,
            dialled,
            caller: &caller.claimed,
            withheld: caller.withheld,
            settings: &self.settings,
            seed: 0,
            at: now.wall,
        };
        Some(match route::decide(&self.routes, &inquiry).0 {
            Verdict::Refuse(cause) => cause.sip(),
            Verdict::Ring(plan) => match plan.extensions() {
                extensions if extensions.is_empty() => 200,
                extensions => self.reaches(now, &extensions),
            },
            Verdict::Local(Local::Test(TestTarget::Busy)) => 486,
            Verdict::Local(_) | Verdict::Trunks { .. } | Verdict::Onward(_) => 200,
        })
    }

    /// 200 when one of these has a free line and a phone, 486 when all are taken, 480 when none is registered.
    fn reaches(&self, now: Now, extensions: &[String]) -> u16 {
        let cap = |extension: &str| {
            let station = self.routes.station(extension);
            station.map_or(0, |station| if station.call_waiting { station.max_calls } else { 1 })
        };
        let mut free =
            extensions.iter().filter(|extension| !self.has_full_line(extension, cap(extension))).peekable();
        if free.peek().is_none() {
            return 486;
        }
        let has_phone = |extension: &String| !self.registrar.lookup(now, extension).is_empty();
        if free.any(has_phone) { 200 } else { 480 }
    }
}

/// Whom an OPTIONS asks about; `None` when it only asks whether we live.
pub(super) fn asked_about(request: &Message) -> Option<String> {
    request.uri().ok().as_ref().filter(|uri| !is_ourselves(uri)).and_then(dialled)
}

/// The user of our own Contacts.
fn is_ourselves(uri: &Uri) -> bool {
    uri.user_decoded().is_some_and(|user| user == reply::US)
}
