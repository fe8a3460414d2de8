//! A call as pages show it.

use base::media::Detected;

use super::{Call, Phase};
use crate::headers;
use crate::leg::{Leg, LegState};
use crate::negotiate::Negotiation;
use crate::view::{CallView, LegView};

impl Call {
    pub(crate) fn view(&self) -> CallView {
        CallView {
            id: self.id,
            started_at: self.started.wall,
            answered_at: self.answered_at,
            state: match (&self.phase, self.answered_at) {
                (Phase::Over(_), _) => "ending",
                (Phase::Hunting(_) | Phase::Local(_) | Phase::Talking { .. }, None) => "ringing",
                (Phase::Hunting(_) | Phase::Local(_) | Phase::Talking { .. }, Some(_)) => "talking",
            },
            from: self.facts.origin.to_string(),
            caller: self.facts.caller.clone(),
            caller_name: self.facts.caller_name.clone(),
            dialled: self.facts.dialled.clone(),
            to: self.facts.to.clone(),
            codec: self.facts.codec.clone(),
            session: self.session.pair(),
            user_to_user: headers::user_to_user(&self.invite).unwrap_or_default().join(", "),
            legs: self.legs.iter().map(Leg::view).collect(),
        }
    }
}

impl Leg {
    fn view(&self) -> LegView {
        let state = match &self.state {
            LegState::Incoming(_) => "incoming",
            LegState::Calling(calling) if calling.ringing => "ringing",
            LegState::Calling(_) => "calling",
            LegState::Talking(_) => "talking",
            LegState::Cancelling | LegState::Ended => "ended",
        };
        let secured = match self.media.as_ref().is_some_and(Negotiation::is_secured) {
            true if self.target.transport().is_secure() => "srtp",
            true => "srtp-open",
            false => "",
        };
        let heard = self.heard.map(Detected::word).unwrap_or_default();
        LegView { endpoint: self.endpoint.to_string(), state, silent: self.silent, secured, heard }
    }
}
