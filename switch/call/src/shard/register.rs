//! REGISTER: a phone says where it is (RFC 3261 §10.3).

use std::collections::BTreeSet;

use base::Now;
use base::limits::RECORD_CHARS;
use base::wire::Flow;
use peer::{Binding, BindingChange, ContactAsk, Register, RegisterRefusal};
use sip::ServerId;
use sip::message::{Contacts, Header, Message, NameAddr, Scheme, date};

use super::Shard;
use super::digest::AskAs;
use super::way::{Way, lists};
use crate::io::{Gossip, ShardOutput};
use crate::reply::reply;

/// The highest `reg-id` (RFC 5626 §4.2).
const REG_IDS: u32 = i32::MAX.unsigned_abs();

impl Shard {
    pub(super) fn register(&mut self, now: Now, id: ServerId, request: &Message, flow: Flow) {
        let Some(extension) = self.authenticate(now, id, request, AskAs::Registrar) else { return };
        let asked_for = request.to().ok().and_then(|to| to.uri.user_decoded());
        if asked_for.as_deref() != Some(extension.as_str()) {
            self.count("registrations_refused");
            return self.refuse(now, id, 403);
        }
        let (way, ask, has_flow) = match self.ask(&extension, request, flow) {
            Ok(ask) => ask,
            Err(status) => return self.refuse_way(now, id, request, status),
        };
        match self.registrar.register(now, ask) {
            Ok(bindings) => self.registered(now, id, request, &way, has_flow, &bindings),
            Err(refusal) => self.not_registered(now, id, request, refusal),
        }
    }

    fn ask(&self, extension: &str, request: &Message, flow: Flow) -> Result<(Way, Register, bool), u16> {
        let contacts = request.contacts().map_err(|_malformed| 400_u16)?;
        let (wildcard, mut contacts) = match contacts {
            Contacts::Star => (true, Vec::new()),
            Contacts::List(list) => (false, list.iter().map(contact).collect::<Result<Vec<_>, _>>()?),
        };
        let way = self.way(request, flow)?;
        let has_flow = way.settle(request, &mut contacts)?;
        let user_agent = request.header(Header::UserAgent).unwrap_or_default();
        let ask = Register {
            aor: extension.to_owned(),
            call_id: request.call_id().unwrap_or_default().to_owned(),
            cseq: request.cseq().map_err(|_malformed| 400_u16)?.number,
            contacts,
            wildcard,
            expires: request.expires().unwrap_or(None),
            max_contacts: self.routes.station(extension).map_or(1, |station| station.max_contacts),
            flow: way.flow,
            path: way.path.clone(),
            host: way.host,
            user_agent: user_agent.chars().take(RECORD_CHARS).collect(),
        };
        Ok((way, ask, has_flow))
    }

    /// The bindings as they are now, each with what its phone said of it (RFC 3261 §10.3 step 8); the Path goes back to
    /// phones that know of it (RFC 3327 §5.3). Service-Route is never sent: we are no proxy to route through.
    fn registered(
        &mut self,
        now: Now,
        id: ServerId,
        request: &Message,
        way: &Way,
        has_flow: bool,
        bindings: &[Binding],
    ) {
        self.count("registrations_granted");
        let mut draft = reply(request, 200, None, &self.config.user_agent);
        if let Some(via) = way.keep(request) {
            draft.set(Header::Via, &via);
        }
        for binding in bindings {
            draft.push(Header::Contact, &listed(now, binding));
        }
        if lists(request, Header::Supported, "path") {
            way.path.iter().for_each(|hop| {
                draft.push(Header::Path, hop);
            });
        }
        if has_flow {
            draft.push(Header::Require, "outbound");
            if let Some(secs) = way.flow_secs() {
                draft.push_raw("Flow-Timer", &secs.to_string());
            }
        }
        draft.push(Header::Date, &date(now.wall));
        self.stack.respond(now, id, draft);
    }

    /// Refuses what a REGISTER says about its way.
    fn refuse_way(&mut self, now: Now, id: ServerId, request: &Message, status: u16) {
        self.count("registrations_refused");
        let mut draft = reply(request, status, None, &self.config.user_agent);
        if status == 420 {
            draft.push(Header::Unsupported, "path");
        }
        self.stack.respond(now, id, draft);
    }

    fn not_registered(&mut self, now: Now, id: ServerId, request: &Message, refusal: RegisterRefusal) {
        self.count("registrations_refused");
        let status = match refusal {
            RegisterRefusal::IntervalTooBrief { .. } => 423,
            RegisterRefusal::TooMany => 403,
            RegisterRefusal::OutOfOrder => 500,
            RegisterRefusal::BadRequest => 400,
            RegisterRefusal::Full => 503,
        };
        let mut draft = reply(request, status, None, &self.config.user_agent);
        if let RegisterRefusal::IntervalTooBrief { min } = refusal {
            draft.push(Header::MinExpires, &min.to_string());
        }
        if status >= 500 {
            draft.push(Header::RetryAfter, "5");
        }
        self.stack.respond(now, id, draft);
    }

    /// Passes changed bindings to the store and to the other shards.
    pub(super) fn tell_bindings(&mut self, now: Now) {
        let mut aors = BTreeSet::new();
        let mut came = BTreeSet::new();
        while let Some(change) = self.registrar.poll() {
            if self.subscriptions.any() {
                aors.insert(change.aor().to_owned());
            }
            if !self.is_owner() {
                continue;
            }
            if let BindingChange::Put(binding) = &change {
                came.insert(binding.aor.clone());
            }
            if self.config.shards > 1 {
                self.outputs.push_back(ShardOutput::Gossip(Gossip::Binding(Box::new(change.clone()))));
            }
            self.outputs.push_back(ShardOutput::Binding(change));
        }
        came.iter().for_each(|aor| self.tell_unasked(now, aor));
        if !aors.is_empty() {
            aors.iter().for_each(|aor| self.registrations_changed(aor));
            self.work(now);
        }
    }
}

/// One Contact of a REGISTER; a URI that no call can be sent to is refused.
fn contact(contact: &NameAddr) -> Result<ContactAsk, u16> {
    if !matches!(contact.uri.scheme(), Scheme::Sip | Scheme::Sips) {
        return Err(400);
    }
    let param = |name: &str| contact.params.get(name);
    Ok(ContactAsk {
        uri: contact.uri.without_headers().as_str().to_owned(),
        expires: param("expires").and_then(|text| text.parse().ok()),
        q_milli: contact.q_milli(),
        instance: param("+sip.instance")
            .map(|text| text.chars().filter(|c| !matches!(c, '"' | '\\')).take(RECORD_CHARS).collect()),
        reg_id: param("reg-id").and_then(|text| text.parse().ok()).filter(|id| (1..=REG_IDS).contains(id)),
    })
}

/// One binding as the answer lists it.
fn listed(now: Now, binding: &Binding) -> String {
    let left = binding.expires_at.since(now.wall).as_secs();
    let mut text = format!("<{}>;expires={left}", binding.contact);
    if binding.q_milli < 1_000 {
        text.push_str(&format!(";q=0.{:03}", binding.q_milli));
    }
    if let Some(instance) = binding.instance() {
        text.push_str(&format!(";+sip.instance=\"{instance}\""));
    }
    if let Some(reg_id) = binding.reg_id() {
        text.push_str(&format!(";reg-id={reg_id}"));
    }
    text
}
