//! Requests inside a call whose next hop is a host by name (RFC 3261 §12.2.1.1, RFC 3263): found by the DNS, and
//! held back until it has answered.

use base::wire::Target;
use base::{CallId, LegId, Now};

use super::rejoin::server_named;
use super::{Shard, Slot};
use crate::act::Act;
use crate::leg::along;

/// Acts of one call that wait for an answer of the DNS, in order.
#[derive(Debug, Default)]
pub(super) struct Held {
    acts: Vec<(LegId, Act)>,
}

impl Shard {
    /// Where a request of a leg goes, or the act back when that is not known yet.
    pub(super) fn aimed(&mut self, now: Now, id: CallId, slot: &mut Slot, act: Act) -> Option<Act> {
        let (Act::Request { leg, target, .. } | Act::Ack { leg, target, .. }) = &act else {
            return Some(act);
        };
        let (leg, target) = (*leg, *target);
        let Some(server) = slot.call.aim(leg) else { return Some(act) };
        // A lost connection says nothing of the protocol to find the host by.
        let lost = matches!(target, Target::Flow(flow) if self.is_gone(flow));
        let named = if lost { server_named(&act) } else { None };
        let server = named.as_ref().unwrap_or(server);
        let from = match target {
            Target::Flow(flow) if lost => Target::Addr { transport: flow.transport, remote: flow.remote },
            Target::Flow(_) | Target::Addr { .. } | Target::Peer { .. } => target,
        };
        let waits = slot.held.as_ref().is_some_and(|held| held.acts.iter().any(|(of, _)| *of == leg));
        match self.trunks.find(now, server) {
            Ok(hop) if !waits => {
                Some(redirected(act, hop.map_or(target, |hop| along(from, hop.transport, hop.addr))))
            }
            Ok(_) | Err(peer::Awaited) => {
                slot.held.get_or_insert_default().acts.push((leg, act));
                self.waiting.insert(id);
                None
            }
        }
    }

    /// An answer of the DNS has come: what waited for it goes out.
    pub(super) fn release_held(&mut self, now: Now) {
        for id in std::mem::take(&mut self.waiting) {
            let Some(mut slot) = self.calls.remove(&id) else { continue };
            let held = slot.held.take().map(|held| held.acts).unwrap_or_default();
            for (_, act) in held {
                self.apply(now, id, &mut slot, act);
            }
            self.calls.insert(id, slot);
        }
    }
}

/// The same request, elsewhere.
pub(super) fn redirected(mut act: Act, to: Target) -> Act {
    if let Act::Request { target, .. } | Act::Ack { target, .. } = &mut act {
        *target = to;
    }
    act
}
