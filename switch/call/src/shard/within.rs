//! Requests inside dialogs: whether the far end itself speaks.

use base::fact::Endpoint;
use base::wire::Flow;
use base::{CallId, LegId, Now};
use sip::ServerId;
use sip::message::Message;

use super::Shard;
use super::digest::AskAs;
use crate::sender::{OfTrunk, Voice, voice};

impl Shard {
    /// Whether a request is the far end's; otherwise it has been answered.
    pub(super) fn is_far_ends(
        &mut self,
        now: Now,
        id: ServerId,
        request: &Message,
        flow: Flow,
        at: (CallId, LegId),
    ) -> bool {
        match self.voice_of(flow, at) {
            Voice::Heard => true,
            Voice::Refused => {
                self.count("requests_out_of_place");
                self.refuse(now, id, 403);
                false
            }
            Voice::Asked => {
                self.count("requests_out_of_place");
                let Some(extension) = self.authenticate(now, id, request, AskAs::Proxy) else { return false };
                let own = match self.calls.get(&at.0).and_then(|slot| slot.call.far_end(at.1)) {
                    Some((Endpoint::Station(name), _)) => *name == extension,
                    Some((Endpoint::Trunk(_) | Endpoint::Local(_) | Endpoint::Stranger(_), _)) | None => {
                        false
                    }
                };
                if !own {
                    self.refuse(now, id, 403);
                }
                own
            }
        }
    }

    /// As whose a request in this leg's dialog counts.
    pub(super) fn voice_of(&self, flow: Flow, (call, leg): (CallId, LegId)) -> Voice {
        let far_end = self.calls.get(&call).and_then(|slot| slot.call.far_end(leg));
        let Some((endpoint, target)) = far_end else { return Voice::Heard };
        let source = flow.remote.ip();
        if matches!(endpoint, Endpoint::Station(_)) && self.config.is_edge(source) {
            // Edge proxies see to it that a phone speaks for itself.
            return Voice::Heard;
        }
        let elsewhere = target.remote().ip() != source;
        let of_trunk = match endpoint {
            Endpoint::Trunk(name)
                if elsewhere
                    && (self.trunk_at(flow).as_ref() == Some(name) || self.trunks.has_at(name, source)) =>
            {
                OfTrunk::Same
            }
            Endpoint::Trunk(_) | Endpoint::Station(_) | Endpoint::Local(_) | Endpoint::Stranger(_) => {
                OfTrunk::Other
            }
        };
        voice(endpoint, target, &flow, of_trunk)
    }
}
