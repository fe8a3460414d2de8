//! Texts from phone to phone, and from carriers to phones: MESSAGE outside dialogs (RFC 3428).

use base::Now;
use base::limits::{FORK_LEGS, SIP_TEXT_OCTETS, TEXTS};
use base::wire::{Flow, Target, Transport};
use peer::Binding;
use route::{Inquiry, Verdict};
use sip::message::{Draft, Header, Host, Message, Method, NameAddr, Uri};
use sip::{ClientId, ServerId};

use super::admit::{Caller, dialled, origin};
use super::{Asker, Shard};
use crate::headers::{self, Border, Identity, Known, Trust};
use crate::reply::reply;

/// Texts that phones understand; others are answered 415.
const TAKEN: [&str; 3] = ["text/plain", "message/cpim", "application/im-iscomposing+xml"];

/// A text on its way to the phones of an extension.
#[derive(Debug)]
pub(super) struct Text {
    server: ServerId,
    waiting: usize,
    /// The refusal to pass on when no phone takes it.
    refusal: u16,
}

impl Shard {
    /// A text of somebody we know, for every phone of the extension or number it is sent to.
    pub(super) fn texted(&mut self, now: Now, id: ServerId, request: &Message, flow: Flow) {
        let Some(caller) = self.identify(now, id, request, flow) else { return };
        if let Some(status) = unfit(request, flow) {
            return self.refuse_text(now, id, request, status);
        }
        let phones = match self.phones_for(now, request, &caller) {
            Ok(phones) => phones,
            Err(status) => return self.refuse_text(now, id, request, status),
        };
        let text = self.next_text;
        self.next_text += 1;
        let (mut waiting, mut too_long) = (0, false);
        for phone in phones {
            let target = Target::Flow(phone.flow);
            let Some(draft) = self.text_draft(request, &caller, &phone, target) else { continue };
            if target.transport() == Transport::Udp && draft.finish().len() > SIP_TEXT_OCTETS {
                too_long = true;
                continue;
            }
            if let Ok(client) = self.stack.request(now, &mut *self.entropy, target, &*self.locals, draft) {
                self.clients.insert(client, Asker::Text { text });
                waiting += 1;
            }
        }
        if waiting == 0 {
            return self.refuse_text(now, id, request, if too_long { 513 } else { 480 });
        }
        self.texts.insert(text, Text { server: id, waiting, refusal: 480 });
    }

    /// Where a text goes; the status that refuses it otherwise.
    fn phones_for(&self, now: Now, request: &Message, caller: &Caller) -> Result<Vec<Binding>, u16> {
        if self.texts.len() >= TEXTS {
            return Err(503);
        }
        let to = request.uri().ok().as_ref().and_then(dialled).ok_or(404_u16)?;
        let from = origin(&caller.from);
        let inquiry = Inquiry {
            from,
            dialled: &to,
            caller: &caller.claimed,
            withheld: caller.withheld,
            settings: &self.settings,
            seed: 0,
            at: now.wall,
        };
        let extensions = match route::decide(&self.routes, &inquiry).0 {
            Verdict::Ring(plan) => plan.extensions(),
            // Forwards are for calls: a text is read where it was sent to.
            Verdict::Onward(onward) => vec![onward.by.name().to_owned()],
            Verdict::Refuse(cause) => return Err(cause.sip()),
            Verdict::Trunks { .. } | Verdict::Local(_) => return Err(404),
        };
        let mut phones: Vec<Binding> = Vec::new();
        for phone in extensions.iter().flat_map(|extension| self.registrar.lookup(now, extension)) {
            // A phone with several flows reads its text once (RFC 5626 §5.3).
            let again = phone
                .flow_phone()
                .is_some_and(|it| phones.iter().any(|known| known.flow_phone() == Some(it)));
            if !again && phones.len() < FORK_LEGS {
                phones.push(phone.clone());
            }
        }
        if phones.is_empty() { Err(480) } else { Ok(phones) }
    }

    fn text_draft(
        &mut self,
        request: &Message,
        caller: &Caller,
        phone: &Binding,
        target: Target,
    ) -> Option<Draft> {
        let uri = Uri::parse(&phone.contact).ok()?;
        let domain: Host = self.locals.signalling(target.transport(), target.remote())?.ip().into();
        let from = Identity {
            number: &caller.number,
            name: &caller.name,
            domain: &domain,
            hidden: caller.withheld,
            withheld: caller.withheld,
            known: Known::Nothing,
        };
        let hops = request.max_forwards().ok().flatten().map_or(70, |hops| hops.saturating_sub(1).min(70));
        let call_id =
            base::wire::marked_call_id(self.config.shard, self.entropy.next_u64(), self.entropy.next_u64());
        let to = NameAddr::new(Uri::sip(Some(&phone.aor), domain.clone(), None));
        let mut draft = Draft::request(Method::Message, uri.as_str());
        for route in phone.path() {
            draft.push(Header::Route, route);
        }
        draft.push(Header::MaxForwards, &hops.to_string());
        draft.push(Header::From, &from.from().with_tag(&self.entropy.token()).to_string());
        draft.push(Header::To, &to.to_string());
        draft.push(Header::CallId, &call_id);
        draft.push(Header::CSeq, "1 MESSAGE");
        headers::pass_first(request, &mut draft, Border::between(caller.trust, Trust::None));
        headers::pass_body(request, &mut draft);
        Some(draft)
    }

    /// A phone has answered: the first that takes the text is what its sender hears.
    pub(super) fn text_told(&mut self, now: Now, client: ClientId, text: u64, status: u16) {
        if status < 200 {
            return;
        }
        self.clients.insert(client, Asker::Nobody);
        let Some(sent) = self.texts.get_mut(&text) else { return };
        sent.waiting = sent.waiting.saturating_sub(1);
        let server = sent.server;
        match status {
            200..=299 => {
                self.texts.remove(&text);
                self.count("texts_delivered");
                self.answer_text(now, server, status);
            }
            _ => {
                // What was said about our request or our way to the phone is not about the sender's.
                let is_about_us = matches!(status, 300..=399 | 400..=403 | 407 | 408 | 481 | 500..=599);
                if sent.refusal == 480 && !is_about_us {
                    sent.refusal = status;
                }
                let (waiting, refusal) = (sent.waiting, sent.refusal);
                if waiting == 0 {
                    self.texts.remove(&text);
                    self.count("texts_refused");
                    self.answer_text(now, server, refusal);
                }
            }
        }
    }

    fn answer_text(&mut self, now: Now, server: ServerId, status: u16) {
        let Some(request) = self.stack.server_request(server).cloned() else { return };
        self.stack.respond(now, server, reply(&request, status, None, &self.config.user_agent));
    }

    fn refuse_text(&mut self, now: Now, id: ServerId, request: &Message, status: u16) {
        self.count("texts_refused");
        let mut draft = reply(request, status, None, &self.config.user_agent);
        if status == 415 {
            draft.set(Header::Accept, &TAKEN.join(", "));
        }
        if status == 503 {
            draft.push(Header::RetryAfter, "5");
        }
        self.stack.respond(now, id, draft);
    }
}

/// Why a text is not taken as it stands: too long for a datagram (RFC 3428 §8), or of a kind phones do not show.
fn unfit(request: &Message, flow: Flow) -> Option<u16> {
    if flow.transport == Transport::Udp && request.bytes().len() > SIP_TEXT_OCTETS {
        return Some(513);
    }
    let packed =
        request.values(Header::ContentEncoding).any(|packing| !packing.eq_ignore_ascii_case("identity"));
    let kind = request.header(Header::ContentType).unwrap_or("text/plain");
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let known = TAKEN.iter().any(|taken| taken.eq_ignore_ascii_case(kind));
    (packed || !known).then_some(415)
}
