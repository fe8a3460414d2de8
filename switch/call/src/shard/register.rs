//! REGISTER: a phone says where it is (RFC 3261 §10.3).

use base::Now;
use base::limits::RECORD_CHARS;
use base::wire::Flow;
use peer::{Binding, ContactAsk, Register, RegisterRefusal};
use sip::ServerId;
use sip::message::{Contacts, Header, Message, NameAddr, Scheme};

use super::Shard;
use super::digest::AskAs;
use crate::io::{Gossip, ShardOutput};
use crate::reply::reply;

impl Shard {
    pub(super) fn register(&mut self, now: Now, id: ServerId, request: &Message, flow: Flow) {
        let Some(extension) = self.authenticate(now, id, request, AskAs::Registrar) else { return };
        let asked_for = request.to().ok().and_then(|to| to.uri.user_decoded());
        if asked_for.as_deref() != Some(extension.as_str()) {
            self.count("registrations_refused");
            return self.refuse(now, id, 403);
        }
        let ask = match self.ask(&extension, request, flow) {
            Ok(ask) => ask,
            Err(status) => return self.refuse(now, id, status),
        };
        match self.registrar.register(now, ask) {
            Ok(bindings) => self.registered(now, id, request, &bindings),
            Err(refusal) => self.not_registered(now, id, request, refusal),
        }
    }

    fn ask(&self, extension: &str, request: &Message, flow: Flow) -> Result<Register, u16> {
        let contacts = request.contacts().map_err(|_malformed| 400_u16)?;
        let (wildcard, contacts) = match contacts {
            Contacts::Star => (true, Vec::new()),
            Contacts::List(list) => (false, list.iter().map(contact).collect::<Result<_, _>>()?),
        };
        let user_agent = request.header(Header::UserAgent).unwrap_or_default();
        Ok(Register {
            aor: extension.to_owned(),
            call_id: request.call_id().unwrap_or_default().to_owned(),
            cseq: request.cseq().map_err(|_malformed| 400_u16)?.number,
            contacts,
            wildcard,
            expires: request.expires().unwrap_or(None),
            max_contacts: self.routes.station(extension).map_or(1, |station| station.max_contacts),
            flow,
            path: request.values(Header::Path).map(str::to_owned).collect(),
            user_agent: user_agent.chars().take(RECORD_CHARS).collect(),
        })
    }

    fn registered(&mut self, now: Now, id: ServerId, request: &Message, bindings: &[Binding]) {
        self.count("registrations_granted");
        let mut draft = reply(request, 200, None, &self.config.user_agent);
        for binding in bindings {
            let left = binding.expires_at.since(now.wall).as_secs();
            draft.push(Header::Contact, &format!("<{}>;expires={left}", binding.contact));
        }
        for path in request.values(Header::Path) {
            draft.push(Header::Path, path);
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
    pub(super) fn tell_bindings(&mut self) {
        while let Some(change) = self.registrar.poll() {
            if !self.is_owner() {
                continue;
            }
            if self.config.shards > 1 {
                self.outputs.push_back(ShardOutput::Gossip(Gossip::Binding(Box::new(change.clone()))));
            }
            self.outputs.push_back(ShardOutput::Binding(change));
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
            .map(|text| text.trim_matches('"').chars().take(RECORD_CHARS).collect()),
        reg_id: param("reg-id").and_then(|text| text.parse().ok()),
    })
}
