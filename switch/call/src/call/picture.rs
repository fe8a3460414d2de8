//! A call as pages show it.

use base::media::Detected;
use sdp::Direction;

use super::joining::open_port;
use super::{Call, Phase};
use crate::headers;
use crate::leg::{Leg, LegState};
use crate::negotiate::Negotiation;
use crate::rooms::Rooms;
use crate::view::{CallView, LegView};

impl Call {
    pub(crate) fn view(&self, rooms: &Rooms) -> CallView {
        CallView {
            id: self.id,
            started_at: self.started.wall,
            answered_at: self.answered_at,
            state: match (&self.phase, self.answered_at) {
                (Phase::Over(_), _) => "ending",
                (_, None) => "ringing",
                (_, Some(_)) => "talking",
            },
            from: self.facts.origin.to_string(),
            caller: self.facts.caller.clone(),
            caller_name: self.facts.caller_name.clone(),
            dialled: self.facts.dialled.clone(),
            to: self.facts.to.clone(),
            codec: self.facts.codec.clone(),
            session: self.session.pair(),
            user_to_user: headers::user_to_user(&self.invite).unwrap_or_default().join(", "),
            legs: self.legs.iter().map(|leg| self.leg_view(leg, rooms)).collect(),
            recording: self.recording_word(),
            slot: self.slot_held(),
            supervision: self.supervision_view(),
            worker: self.worker,
            doing: self.doing(),
            conference: self.inside.as_ref().map(|it| it.conference().to_owned()).unwrap_or_default(),
            moderates: self.inside.as_ref().is_some_and(|inside| inside.moderates()),
            waits: self.inside.as_ref().is_some_and(|inside| inside.waits()),
            happenings: self.happenings.clone(),
        }
    }
}

impl Call {
    fn leg_view(&self, leg: &Leg, rooms: &Rooms) -> LegView {
        let part = open_port(leg).and_then(|port| self.mix.parts().iter().find(|part| part.port == port));
        let place = |port| self.legs.iter().position(|leg| open_port(leg) == Some(port));
        let voice = self.voice(leg.id);
        let media = leg.media.as_ref();
        LegView {
            codec: media.map(|media| media.codec().to_owned()).unwrap_or_default(),
            flow: media.and_then(Negotiation::theirs).map_or("", Direction::name),
            hears: part
                .map(|part| part.sources.iter().filter_map(|heard| place(heard.port)).collect())
                .unwrap_or_default(),
            speaking: part
                .is_some_and(|part| part.speaks.is_some_and(|(room, _)| rooms.is_speaker(room, part.port))),
            in_room: part.is_some_and(|part| part.room.is_some() || part.speaks.is_some()),
            muted: voice.muted,
            deaf: voice.deaf,
            gain: voice.gain.hundredths_of_db(),
            on_hold: self.hears_music(leg.id),
            ..leg.view()
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
        LegView {
            endpoint: self.endpoint.to_string(),
            state,
            silent: self.silent,
            wants_help: self.wants_help,
            secured,
            heard: self.heard.map(Detected::word).unwrap_or_default(),
            media: self.quality.figures.as_deref().copied().unwrap_or_default(),
            troubles: self.quality.troubles(),
            ..LegView::default()
        }
    }
}
