//! Answers and requests of ours: the headers that every one of them carries.

use base::wire::{Locals, Target, Transport};
use sip::TooBrief;
use sip::message::{Draft, Header, Message, reason_phrase};
use sip::reliable::OPTION;
use sip::usage::{EventAsk, Refer, UsageRefusal};

use crate::io::ShardConfig;

/// Methods we take, as the Allow header lists them.
pub(crate) const ALLOW: &str =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, MESSAGE, REFER, SUBSCRIBE, REGISTER";
/// Extensions we know, as the Supported header of every message lists them.
pub(crate) const SUPPORTED: &str = "timer, replaces";
/// What a request may require.
pub(crate) const UNDERSTOOD: &[&str] = &["timer", "replaces", OPTION];
/// The body of an INVITE of ours.
pub(crate) const ACCEPT: &str = "application/sdp";
/// Bodies we take in an INVITE.
pub(crate) const ACCEPTED: &str = "application/sdp, multipart/mixed, multipart/alternative";

/// Event packages that there are, as Allow-Events lists them.
pub(crate) const PACKAGES: &str = "reg, dialog, message-summary, as-feature-event";

/// A response with our To tag (where it has none yet) and the headers its status asks for.
pub(crate) fn reply(request: &Message, status: u16, tag: Option<&str>, agent: &str) -> Draft {
    let mut draft = Draft::response(request, status, reason_phrase(status));
    if let Some(tag) = tag {
        draft.add_to_tag(tag);
    }
    draft.push(Header::Server, agent);
    match status {
        405 | 501 => draft.push(Header::Allow, ALLOW),
        415 => draft.push(Header::Accept, ACCEPTED).push(Header::AcceptEncoding, "identity"),
        421 => draft.push(Header::Require, OPTION),
        _ => &mut draft,
    };
    draft
}

/// The answer to a REFER while nobody may be referred: what is wrong with it, else 603 with the reason
/// (RFC 3515 §2.4.2 leaves it to policy; S8 has nobody refer a call to where the owner may not call).
pub(crate) fn not_referred(request: &Message, agent: &str) -> Draft {
    let status = match Refer::read(request) {
        Ok(_) => 603,
        Err(UsageRefusal::Status(status)) => status,
        Err(UsageRefusal::TooBrief(_)) => 423,
    };
    let mut draft = reply(request, status, None, agent);
    match status {
        420 => draft.push(Header::Unsupported, "explicitsub"),
        603 => draft.push(Header::Warning, "399 tandem \"Transfers are not available\""),
        _ => &mut draft,
    };
    draft
}

/// The answer to a SUBSCRIBE in the dialog of a call: events are watched in a dialog of their own (RFC 6665 §4.5.1).
pub(crate) fn not_subscribed(request: &Message, agent: &str) -> Draft {
    let status = match EventAsk::read(request) {
        Ok(ask) if PACKAGES.split(", ").any(|known| known == ask.package) => 403,
        Ok(_) => 489,
        Err(UsageRefusal::Status(status)) => status,
        Err(UsageRefusal::TooBrief(_)) => 423,
    };
    let mut draft = reply(request, status, None, agent);
    if status == 489 {
        draft.push(Header::AllowEvents, PACKAGES);
    }
    draft
}

/// The refusal of a session interval that is too small (RFC 4028 §6).
pub(crate) fn too_brief(request: &Message, brief: TooBrief, config: &ShardConfig) -> Draft {
    let mut draft = reply(request, 422, None, &config.user_agent);
    draft.push(Header::MinSe, &brief.min_se.to_string());
    draft
}

/// Adds an extension to what we say we know.
pub(crate) fn support(draft: &mut Draft, extension: &str) {
    let known = draft.get(Header::Supported).map(|known| format!("{known}, {extension}"));
    draft.set(Header::Supported, known.as_deref().unwrap_or(extension));
}

/// Takes an extension out of what we say we know.
pub(crate) fn conceal(draft: &mut Draft, extension: &str) {
    let known = draft.get(Header::Supported).unwrap_or_default();
    let rest: Vec<&str> = known.split(", ").filter(|option| *option != extension).collect();
    let rest = rest.join(", ");
    if rest.is_empty() {
        draft.remove(Header::Supported);
    } else {
        draft.set(Header::Supported, &rest);
    }
}

/// Adds what a request or a 2xx of ours carries beside its body: who we are and what we take.
pub(crate) fn introduce(draft: &mut Draft, contact: &str, agent: Agent<'_>) {
    draft.set(Header::Contact, contact);
    draft.set(Header::Allow, ALLOW);
    draft.set(Header::Supported, SUPPORTED);
    match agent {
        Agent::Client(name) => draft.set(Header::UserAgent, name),
        Agent::Server(name) => draft.set(Header::Server, name),
    };
}

/// In which of its two roles we name ourselves.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Agent<'a> {
    /// In a request.
    Client(&'a str),
    /// In a response.
    Server(&'a str),
}

/// The user of our Contacts.
pub(crate) const US: &str = "tandem";

/// Whether a request asks for nothing but secure hops (RFC 5630 §3).
pub(crate) fn is_sips(request: &Message) -> bool {
    request.uri_text().get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("sips:"))
}

/// Our Contact in a call that was asked for by sips: it must be sips too (RFC 3261 §8.1.1.8, RFC 5630 §5.1.2).
pub(crate) fn sips_contact(locals: &dyn Locals, target: &Target) -> Option<String> {
    let ours = locals.signalling(target.transport(), target.remote())?;
    match target.transport() {
        Transport::Tls => Some(format!("<sips:tandem@{ours}>")),
        Transport::Wss => Some(format!("<sips:tandem@{ours};transport=ws>")),
        Transport::Udp | Transport::Tcp | Transport::Ws => None,
    }
}

/// Our Contact towards a far end: an address it can reach over the protocol it uses.
pub(crate) fn contact(locals: &dyn Locals, target: &Target) -> Option<String> {
    let ours = locals.signalling(target.transport(), target.remote())?;
    Some(match target.transport() {
        Transport::Udp => format!("<sip:tandem@{ours}>"),
        Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => {
            format!("<sip:tandem@{ours};transport={}>", target.transport().param())
        }
    })
}
