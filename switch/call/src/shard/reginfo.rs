//! The registrations of one extension as the `reg` event package tells them (RFC 3680).

use std::fmt::Write as _;

use base::Now;
use peer::{Binding, Registrar};
use phone::xml::escaped;

/// The body of a NOTIFY.
pub(super) const REGINFO: &str = "application/reginfo+xml";

/// What one subscriber has been told of an extension's contacts.
#[derive(Debug)]
pub(super) struct RegInfo {
    /// The extension.
    pub(super) aor: String,
    /// Its address as the subscriber asked for it.
    uri: String,
    version: u32,
    told: Vec<Told>,
    next_id: u32,
    full: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    key: String,
    id: u32,
    contact: String,
    binding: Stamp,
}

/// What changes when a contact is registered anew.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    call_id: String,
    cseq: u32,
    expires_at: base::Wall,
}

impl RegInfo {
    pub(super) fn new(aor: &str, uri: &str) -> Self {
        Self {
            aor: aor.to_owned(),
            uri: uri.to_owned(),
            version: 0,
            told: Vec::new(),
            next_id: 0,
            full: true,
        }
    }

    /// The next document tells all.
    pub(super) fn begin_anew(&mut self) {
        self.full = true;
    }

    /// The next document: everything at first, then what has changed since, each with a version one higher
    /// (RFC 3680 §5.1).
    pub(super) fn document(&mut self, now: Now, registrar: &Registrar) -> String {
        let full = std::mem::replace(&mut self.full, false);
        let bindings = registrar.lookup(now, &self.aor);
        let mut contacts = String::new();
        let mut told = Vec::with_capacity(bindings.len());
        for binding in &bindings {
            let key = binding.key();
            let known = self.told.iter().find(|it| it.key == key);
            let id = known.map_or_else(|| self.next_id, |it| it.id);
            self.next_id = self.next_id.max(id.saturating_add(1));
            let stamp = Stamp::of(binding);
            let event = match known {
                None => "registered",
                Some(known) if known.binding == stamp && !full => "",
                Some(_) => "refreshed",
            };
            if !event.is_empty() {
                contact(&mut contacts, id, ("active", event), &binding.contact, Some((now, binding)));
            }
            told.push(Told { key, id, contact: binding.contact.clone(), binding: stamp });
        }
        for gone in self.told.iter().filter(|it| told.iter().all(|still| still.key != it.key)) {
            let event = if gone.binding.expires_at <= now.wall { "expired" } else { "unregistered" };
            contact(&mut contacts, gone.id, ("terminated", event), &gone.contact, None);
        }
        self.told = told;
        self.wrapped(full, !bindings.is_empty(), &contacts)
    }

    fn wrapped(&mut self, full: bool, is_registered: bool, contacts: &str) -> String {
        let (version, uri) = (self.version, escaped(&self.uri));
        self.version = self.version.saturating_add(1);
        let (kind, state) =
            (if full { "full" } else { "partial" }, if is_registered { "active" } else { "terminated" });
        format!(
            "<?xml version=\"1.0\"?>\r\n<reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\" version=\"{version}\" \
             state=\"{kind}\">\r\n<registration aor=\"{uri}\" id=\"r\" state=\"{state}\">\r\n{contacts}</registration>\r\n\
             </reginfo>\r\n"
        )
    }
}

impl Stamp {
    fn of(binding: &Binding) -> Self {
        Self { call_id: binding.call_id.clone(), cseq: binding.cseq, expires_at: binding.expires_at }
    }
}

fn contact(
    to: &mut String,
    id: u32,
    (state, event): (&str, &str),
    uri: &str,
    registered: Option<(Now, &Binding)>,
) {
    let lifetime = registered.map(|(now, binding)| {
        let left = binding.expires_at.since(now.wall).as_secs();
        let (whole, part) = (binding.q_milli / 1_000, binding.q_milli % 1_000);
        format!(" expires=\"{left}\" q=\"{whole}.{part:03}\"")
    });
    let lifetime = lifetime.unwrap_or_default();
    let agent = registered.map(|(_, binding)| escaped(&binding.user_agent)).filter(|agent| !agent.is_empty());
    let agent = agent
        .map(|agent| format!("<unknown-param name=\"user-agent\">{agent}</unknown-param>"))
        .unwrap_or_default();
    // Writing to a String cannot fail.
    write!(
        to,
        "<contact id=\"c{id}\" state=\"{state}\" event=\"{event}\"{lifetime}><uri>{}</uri>{agent}</contact>\r\n",
        escaped(uri)
    )
    .unwrap_or_default();
}
