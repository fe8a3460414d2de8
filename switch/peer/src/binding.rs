//! Where one phone of an extension is reached.

use std::net::SocketAddr;

use base::Wall;
use base::wire::{Flow, Transport};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
    /// Route to the phone through edge proxies (RFC 3327), the nearest to us first.
    #[serde(default)]
    pub path: Vec<String>,
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
    /// The phone itself, by `+sip.instance` (RFC 5626).
    #[serde(default)]
    pub instance: Option<String>,
    /// Which of the phone's flows, by `reg-id` (RFC 5626).
    #[serde(default)]
    pub reg_id: Option<u32>,
    /// When it was last registered.
    pub registered_at: Wall,
}

/// A difference between two states of the registrar; applying it twice is applying it once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "nearly every change is a Put")]
pub enum BindingChange {
    /// The binding is new or replaces the one of the same contact.
    Put(Binding),
    /// The contact is gone.
    Removed {
        /// The extension.
        aor: String,
        /// The contact URI.
        contact: String,
    },
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
