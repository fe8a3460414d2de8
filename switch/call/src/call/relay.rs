//! Requests that mean something to the two far ends only: INFO and MESSAGE inside the dialog.

use base::LegId;
use sip::ServerId;
use sip::message::{Header, Message};

use super::requests::refuse;
use super::{Call, Ctx, Refusal};
use crate::act::{Act, Purpose};
use crate::headers;
use crate::reply::{Agent, introduce, reply};

/// Requests of one leg that wait for the other side at a time; more get 500 with Retry-After.
const RELAYED_AT_A_TIME: usize = 8;

impl Call {
    /// Passes a request on to the other side; its answer comes back as `relay_response`.
    pub(super) fn relay(&mut self, ctx: &mut Ctx<'_>, leg: LegId, server: ServerId, request: &Message) {
        let to = self.other(leg);
        if let Some(takes) = self.lacks_package(to, request) {
            let mut draft = reply(request, 469, None, &ctx.config.user_agent);
            draft.push(Header::RecvInfo, &takes);
            return ctx.out.push(Act::Respond { server, draft });
        }
        let Some(to) = to else {
            return refuse(ctx, server, request, 200);
        };
        if self.relayed.len() >= RELAYED_AT_A_TIME {
            return refuse(ctx, server, request, 500);
        }
        let Some(method) = request.method().cloned() else { return };
        let border = self.border(leg, to);
        let Some(at) = self.leg_mut(to) else { return };
        let contact = at.contact.clone();
        let Some(talking) = at.talking_mut() else { return refuse(ctx, server, request, 481) };
        let mut draft = talking.dialog.request(method);
        introduce(&mut draft, &contact, Agent::Client(&ctx.config.user_agent));
        headers::pass(request, &mut draft, border);
        headers::pass_body(request, &mut draft);
        at.send(&mut ctx.out, Purpose::Relay(server), draft);
        self.relayed.push((server, request.clone()));
    }

    /// The packages that the far side takes, when the one of this INFO is not among them (RFC 6086 §4.2.2); who
    /// has named none takes none. INFO without a package, as phones send digits, is for the far side to judge.
    fn lacks_package(&self, to: Option<LegId>, request: &Message) -> Option<String> {
        let package = request.header(Header::InfoPackage)?.split(';').next()?.trim();
        let takes = match to {
            Some(to) => self.leg(to)?.recv_info.as_deref().unwrap_or_default(),
            None => "",
        };
        let known = takes.split(", ").any(|known| known.split(';').next() == Some(package));
        (!known).then(|| takes.to_owned())
    }

    /// The other side's answer. A far end that says that it knows no such dialog has none (RFC 3261 §12.2.1.2).
    pub(super) fn relay_response(
        &mut self,
        ctx: &mut Ctx<'_>,
        leg: LegId,
        server: ServerId,
        status: u16,
        response: &Message,
    ) {
        if status < 200 {
            return;
        }
        let Some(request) = self.relayed_request(server) else { return };
        let status = if matches!(status, 401 | 407) { 403 } else { status };
        let mut draft = reply(&request, status, None, &ctx.config.user_agent);
        if let Some(to) = self.other(leg) {
            headers::pass(response, &mut draft, self.border(leg, to));
        }
        headers::pass_body(response, &mut draft);
        ctx.out.push(Act::Respond { server, draft });
        if status == 481 {
            self.finish(ctx, Refusal::from_response(status, response), self.party(leg));
        }
    }

    pub(super) fn relay_failed(&mut self, ctx: &mut Ctx<'_>, server: ServerId) {
        if let Some(request) = self.relayed_request(server) {
            refuse(ctx, server, &request, 504);
        }
    }

    fn relayed_request(&mut self, server: ServerId) -> Option<Message> {
        let at = self.relayed.iter().position(|(waiting, _)| *waiting == server)?;
        Some(self.relayed.swap_remove(at).1)
    }
}
