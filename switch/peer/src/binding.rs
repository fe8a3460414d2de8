//! Where one phone of an extension is reached.

use std::net::{IpAddr, SocketAddr};

use base::Wall;
use base::wire::{Flow, Transport};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::contact;

/// One contact registered for an address of record (RFC 3261 §10.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The extension.
    pub aor: String,
    /// The contact URI as it was registered.
    pub contact: String,
    /// The path its REGISTER came by. A connection is not kept when the binding is written down: it ends
    /// with the process.
    #[serde(with = "flow_text")]
    pub flow: Flow,
    /// The Call-ID of its REGISTERs.
    pub call_id: String,
    /// The CSeq of the last one.
    pub cseq: u32,
    /// When it ends.
    pub expires_at: Wall,
    /// Its preference, 0…1000; higher is rung first.
    pub q_milli: u16,
    /// The phone's User-Agent.
    pub user_agent: String,
    /// When it was last registered.
    pub registered_at: Wall,
    /// What only phones behind edge proxies or with a name of their own have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<Box<Reach>>,
}

/// How one phone among several is reached: rare beside plain contacts, so kept apart from them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// Route to the phone through edge proxies (RFC 3327), the nearest to us first.
    #[serde(default)]
    pub path: Vec<String>,
    /// The phone's own host as the edge nearest to it saw it; its media comes from there.
    #[serde(default)]
    pub host: Option<IpAddr>,
    /// The phone itself, by `+sip.instance` (RFC 5626), quotes and angle brackets left out.
    #[serde(default)]
    pub instance: Option<String>,
    /// Which of the phone's flows, by `reg-id` (RFC 5626); only with `instance`.
    #[serde(default)]
    pub reg_id: Option<u32>,
}

impl Binding {
    /// Route values towards the phone, the nearest to us first; none for a phone that is reached directly.
    #[must_use]
    pub fn path(&self) -> &[String] {
        self.reach.as_ref().map_or(&[], |reach| &reach.path)
    }

    /// The phone itself, by `+sip.instance`.
    #[must_use]
    pub fn instance(&self) -> Option<&str> {
        self.reach.as_ref()?.instance.as_deref()
    }

    /// Which of the phone's flows, by `reg-id`.
    #[must_use]
    pub fn reg_id(&self) -> Option<u32> {
        self.reach.as_ref()?.reg_id
    }

    /// The phone that this is one of several flows of; `None` for a plain contact.
    #[must_use]
    pub fn flow_phone(&self) -> Option<&str> {
        self.flow_key().map(|(instance, _)| instance)
    }

    /// The host that the phone's media comes from when it is not the one its signalling comes from.
    #[must_use]
    pub fn media_host(&self) -> Option<IpAddr> {
        self.reach.as_ref()?.host
    }

    /// What tells it from the other bindings of its extension: the phone's flow (RFC 5626 §6), else the contact and
    /// the phone.
    #[must_use]
    pub fn key(&self) -> String {
        match (self.flow_key(), self.instance()) {
            (Some((instance, reg_id)), _) => format!("{instance};{reg_id}"),
            (None, Some(instance)) => format!("{} {instance}", contact::key(&self.contact)),
            (None, None) => contact::key(&self.contact),
        }
    }

    /// The phone and which of its flows.
    pub(crate) fn flow_key(&self) -> Option<(&str, u32)> {
        Some((self.instance()?, self.reg_id()?))
    }
}

/// A difference between two states of the registrar; applying it twice is applying it once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum BindingChange {
    /// The binding is new or replaces the one of the same key.
    Put(Binding),
    /// It is gone.
    Removed {
        /// The extension.
        aor: String,
        /// From [`Binding::key`].
        key: String,
    },
}

impl BindingChange {
    /// Whose binding it is.
    #[must_use]
    pub fn aor(&self) -> &str {
        match self {
            Self::Put(binding) => &binding.aor,
            Self::Removed { aor, .. } => aor,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct FlowText {
    transport: Transport,
    local: SocketAddr,
    remote: SocketAddr,
}

mod flow_text {
    use super::{Deserialize, Deserializer, Flow, FlowText, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(flow: &Flow, to: S) -> Result<S::Ok, S::Error> {
        FlowText { transport: flow.transport, local: flow.local, remote: flow.remote }.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Flow, D::Error> {
        let text = FlowText::deserialize(from)?;
        Ok(Flow { transport: text.transport, local: text.local, remote: text.remote, conn: None })
    }
}
