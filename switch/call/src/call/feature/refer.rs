//! REFER: a phone leads its call on (RFC 3515, RFC 5589), and hears by NOTIFY how that goes.

use base::LegId;
use base::fact::Endpoint;
use sip::ServerId;
use sip::message::{Header, Message, Method};
use sip::usage::{Refer, Referral, Report, UsageRefusal};

use super::super::requests::refuse;
use super::super::{Call, Ctx};
use super::errand::Errand;
use super::transfer::Blind;
use crate::act::{Act, Purpose};
use crate::headers::{self, Trust};
use crate::leg::Leg;
use crate::letter::{DialogName, Place};
use crate::reply::{self, Agent, introduce, reply};

impl Call {
    /// A REFER in one of the call's dialogs.
    pub(in crate::call) fn referred(
        &mut self,
        ctx: &mut Ctx<'_>,
        leg: LegId,
        server: ServerId,
        request: &Message,
    ) {
        let refer = match Refer::read(request) {
            Ok(refer) if self.may_refer(leg) && refer.method == Method::Invite => refer,
            Ok(_) | Err(UsageRefusal::Status(_) | UsageRefusal::TooBrief(_)) => {
                let draft = reply::not_referred(request, &ctx.config.user_agent);
                return ctx.out.push(Act::Respond { server, draft });
            }
        };
        if self.refer_waits(ctx, leg, server, request) {
            return;
        }
        let replaces = match refer.headers.as_deref().map(replaces_in) {
            Some(Some(Ok(name))) => Some(name),
            Some(Some(Err(_malformed))) => return refuse(ctx, server, request, 400),
            Some(None) | None => None,
        };
        let report = (refer.report == Report::Implicit).then(|| Referral::new(&refer));
        let mut accepted = reply(request, 202, None, &ctx.config.user_agent);
        if let Some(at) = self.leg(leg) {
            introduce(&mut accepted, &at.contact, Agent::Server(&ctx.config.user_agent));
        }
        refer.accept(&mut accepted);
        // What follows is told in NOTIFYs, which come after the 202.
        let at = ctx.out.len();
        let led = match replaces {
            Some(name) => self.lead_together(ctx, leg, Place::Dialog(name), report),
            None => {
                let to = headers::user_of(&refer.to);
                self.referred_by = refer.by.clone();
                let blind = Blind { to: &to, failing: None, stays: false, report };
                self.lead_on(ctx, leg, blind)
            }
        };
        match led {
            Ok(()) => ctx.out.insert(at, Act::Respond { server, draft: accepted }),
            Err(491) => refuse(ctx, server, request, 500),
            Err(status) => {
                let mut draft = reply(request, status, None, &ctx.config.user_agent);
                draft.push(Header::Warning, "399 tandem \"The call cannot be led there\"");
                ctx.out.push(Act::Respond { server, draft });
            }
        }
    }

    /// A phone may lead its calls on, and so may a carrier that is trusted; others would spend our money (S8).
    fn may_refer(&self, leg: LegId) -> bool {
        self.leg(leg).is_some_and(|leg| match leg.endpoint {
            Endpoint::Station(_) => true,
            Endpoint::Trunk(_) => leg.trust == Trust::Full,
            Endpoint::Local(_) | Endpoint::Stranger(_) => false,
        })
    }

    /// Tells whoever referred how far it is.
    pub(in crate::call) fn report(&mut self, ctx: &mut Ctx<'_>, status: u16) {
        let Some(Errand::Transfer(transfer)) = self.errand() else { return };
        let Some((leg, mut referral)) = transfer.report.take() else { return };
        let told = self.notify(ctx, leg, status, &mut referral);
        if let Some(Errand::Transfer(transfer)) = self.errand().filter(|_| told && !referral.is_over()) {
            transfer.report = Some((leg, referral));
        }
    }

    pub(super) fn notify(
        &mut self,
        ctx: &mut Ctx<'_>,
        leg: LegId,
        status: u16,
        referral: &mut Referral,
    ) -> bool {
        let Some(at) = self.leg_mut(leg) else { return false };
        let contact = at.contact.clone();
        let Some(talking) = at.talking_mut() else { return false };
        let mut draft = talking.dialog.request(Method::Notify);
        introduce(&mut draft, &contact, Agent::Client(&ctx.config.user_agent));
        if referral.report(status, &mut draft) {
            at.send(&mut ctx.out, Purpose::Report, draft);
        }
        true
    }
}

/// The Replaces among the headers embedded in a URI, where there is one (RFC 3891 §6.1).
fn replaces_in(headers: &str) -> Option<Result<DialogName, Malformed>> {
    let value = headers.split('&').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.eq_ignore_ascii_case("Replaces").then_some(value)
    })?;
    Some(read_replaces(&sip::message::unescaped(value)))
}

/// A Replaces that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Reads a Replaces value: a Call-ID and both tags (RFC 3891 §6.1).
pub(crate) fn read_replaces(value: &str) -> Result<DialogName, Malformed> {
    let mut parts = value.split(';').map(str::trim);
    let call_id = parts.next().filter(|id| !id.is_empty()).ok_or(Malformed)?.to_owned();
    let mut name = DialogName { call_id, to: String::new(), from: String::new(), early_only: false };
    for part in parts {
        match part.split_once('=') {
            Some((tag, value)) if tag.eq_ignore_ascii_case("to-tag") => value.trim().clone_into(&mut name.to),
            Some((tag, value)) if tag.eq_ignore_ascii_case("from-tag") => {
                value.trim().clone_into(&mut name.from)
            }
            None if part.eq_ignore_ascii_case("early-only") => name.early_only = true,
            Some(_) | None => {}
        }
    }
    if name.to.is_empty() || name.from.is_empty() { Err(Malformed) } else { Ok(name) }
}

impl Leg {
    /// Whether its far end names its dialog so: our tag, its tag.
    pub(crate) fn is_named(&self, ours: &str, theirs: &str) -> bool {
        use crate::leg::LegState;
        match &self.state {
            LegState::Talking(talking) => {
                talking.dialog.local_tag() == ours && talking.dialog.remote_tag() == theirs
            }
            LegState::Calling(calling) => {
                self.local_tag == ours && calling.forks.iter().any(|fork| fork.tag == theirs)
            }
            LegState::Incoming(incoming) => {
                self.local_tag == ours && incoming.request.from_tag() == Some(theirs)
            }
            LegState::Cancelling | LegState::Ended => false,
        }
    }
}
