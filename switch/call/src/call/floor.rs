//! Where a call stands, told to the floor that all shards share whenever it has changed.

use std::sync::Arc;

use base::fact::Endpoint;
use base::{LegId, Now};
use phone::floor::{DialogIds, Remote, Role, Spot, SpotState};
use sdp::Direction;

use super::feature::SUPERVISES;
use super::{Call, Ctx};
use crate::act::Act;
use crate::leg::{Leg, LegState};

/// A spot as it is now, compared with what was told before anything is copied.
struct Seen<'a> {
    /// `""` for an extension, `conf.` for a conference, `park.` for a slot.
    kind: &'static str,
    name: &'a str,
    leg: LegId,
    state: SpotState,
    role: Role,
    number: &'a str,
    called: &'a str,
    withheld: bool,
    call_id: &'a str,
    ours: &'a str,
    theirs: &'a str,
    recorded: bool,
}

impl Call {
    /// Tells the floor where the call stands, if that has changed in this turn.
    pub(super) fn tell_floor(&mut self, ctx: &mut Ctx<'_>) {
        let told = self.on_floor.as_deref().unwrap_or_default();
        let mut known = told.iter();
        let is_same = self.seen(ctx).all(|it| known.next().is_some_and(|spot| it.is(spot)));
        if is_same && known.next().is_none() {
            return;
        }
        let spots: Arc<[Spot]> = self.seen(ctx).map(|it| it.spot(told, ctx.now)).collect();
        self.on_floor = (!spots.is_empty()).then(|| spots.clone());
        ctx.out.push(Act::Stand(spots));
    }

    fn seen<'a>(&'a self, ctx: &'a Ctx<'_>) -> impl Iterator<Item = Seen<'a>> {
        let seen = |leg| {
            let special = [self.seen_in_room(leg), self.seen_parked(leg), self.seen_supervising(leg)];
            [self.seen_at(ctx, leg)].into_iter().chain(special)
        };
        self.legs.iter().flat_map(seen).flatten()
    }

    /// A phone's leg, on the line of its station.
    fn seen_at<'a>(&'a self, ctx: &'a Ctx<'_>, leg: &'a Leg) -> Option<Seen<'a>> {
        let Endpoint::Station(extension) = &leg.endpoint else { return None };
        let (state, theirs) = standing(leg)?;
        let is_caller = leg.id == self.caller();
        let (number, called, withheld) = if self.supervises.is_some() {
            ("", "", true)
        } else if is_caller {
            let name = ctx.routes.station(&self.facts.dialled).map_or("", |station| &station.name);
            (&*self.facts.dialled, name, false)
        } else {
            (&*self.facts.caller, &*self.facts.caller_name, self.facts.withheld)
        };
        Some(Seen {
            kind: "",
            name: extension,
            leg: leg.id,
            state,
            role: if is_caller { Role::Initiator } else { Role::Recipient },
            number,
            called,
            withheld,
            call_id: &leg.call_id,
            ours: &leg.local_tag,
            theirs,
            recorded: !self.recording_word().is_empty(),
        })
    }

    /// Somebody who is parked, on the slot's line.
    fn seen_parked<'a>(&'a self, leg: &'a Leg) -> Option<Seen<'a>> {
        let slot = self.slot_word(leg.id)?;
        let (_, theirs) = standing(leg)?;
        let of_guest = self.guests.iter().find(|(guest, _, _)| *guest == leg.id);
        let (number, called) = match of_guest {
            Some((_, number, name)) => (&**number, &**name),
            None if leg.id == self.caller() => (&*self.facts.caller, &*self.facts.caller_name),
            None => (&*leg.dialled, ""),
        };
        Some(Seen {
            kind: "park.",
            name: slot,
            leg: leg.id,
            state: SpotState::Confirmed,
            role: Role::Initiator,
            number,
            called,
            withheld: leg.id == self.caller() && self.facts.withheld,
            call_id: &leg.call_id,
            ours: &leg.local_tag,
            theirs,
            recorded: false,
        })
    }

    /// A supervisor, on a line where others of its own look for it.
    fn seen_supervising<'a>(&'a self, leg: &'a Leg) -> Option<Seen<'a>> {
        let agent = self.supervised_agent().filter(|_| leg.id == self.caller())?;
        let Endpoint::Station(extension) = &leg.endpoint else { return None };
        let (state, theirs) = standing(leg)?;
        Some(Seen {
            kind: SUPERVISES,
            name: extension,
            leg: leg.id,
            state,
            role: Role::Initiator,
            number: agent,
            called: "",
            withheld: true,
            call_id: &leg.call_id,
            ours: &leg.local_tag,
            theirs,
            recorded: false,
        })
    }

    /// A member of a conference, on the conference's line.
    fn seen_in_room<'a>(&'a self, leg: &'a Leg) -> Option<Seen<'a>> {
        let conference = self.inside.as_ref()?.conference();
        let (state, theirs) = standing(leg)?;
        Some(Seen {
            kind: "conf.",
            name: conference,
            leg: leg.id,
            state,
            role: Role::Recipient,
            number: &self.facts.caller,
            called: &self.facts.caller_name,
            withheld: self.facts.withheld,
            call_id: &leg.call_id,
            ours: &leg.local_tag,
            theirs,
            recorded: false,
        })
    }
}

/// How far a leg has come and its far end's tag; `None` when it is over.
fn standing(leg: &Leg) -> Option<(SpotState, &str)> {
    Some(match &leg.state {
        LegState::Incoming(incoming) => {
            let rings = incoming.told.as_ref().is_some_and(|told| told.status > 100);
            let state = if rings { SpotState::Early } else { SpotState::Trying };
            (state, incoming.request.from_tag().unwrap_or_default())
        }
        LegState::Calling(calling) => {
            let state = if calling.ringing { SpotState::Early } else { SpotState::Trying };
            (state, calling.forks.first().map_or("", |fork| &fork.tag))
        }
        LegState::Talking(talking) => {
            let theirs = leg.media.as_ref().and_then(|media| media.theirs());
            let state = match theirs {
                _ if talking.bye_due.is_some() => return None,
                Some(Direction::SendOnly | Direction::Inactive) => SpotState::Held,
                Some(Direction::SendRecv | Direction::RecvOnly) | None => SpotState::Confirmed,
            };
            (state, talking.dialog.remote_tag())
        }
        LegState::Cancelling | LegState::Ended => return None,
    })
}

impl Seen<'_> {
    fn is(&self, spot: &Spot) -> bool {
        self.leg == spot.leg
            && spot.line.strip_prefix(self.kind) == Some(self.name)
            && (self.state, self.role, self.recorded) == (spot.state, spot.role, spot.recorded)
            && (self.number, self.called) == (&*spot.remote.number, &*spot.remote.name)
            && self.withheld == spot.remote.withheld
            && (self.call_id, self.ours) == (&*spot.dialog.call_id, &*spot.dialog.ours)
            && *self.theirs == *spot.dialog.theirs
    }

    /// The spot to tell; one that is known stands there as long as it did.
    fn spot(&self, told: &[Spot], now: Now) -> Spot {
        let line = format!("{}{}", self.kind, self.name).into_boxed_str();
        let known = told.iter().find(|spot| spot.leg == self.leg && spot.line == line);
        Spot {
            since: known.map_or(now, |spot| spot.since),
            line,
            leg: self.leg,
            state: self.state,
            role: self.role,
            remote: Remote { number: self.number.into(), name: self.called.into(), withheld: self.withheld },
            dialog: DialogIds {
                call_id: self.call_id.into(),
                ours: self.ours.into(),
                theirs: self.theirs.into(),
            },
            recorded: self.recorded,
        }
    }
}
