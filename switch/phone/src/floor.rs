//! Who is on which line: the same table in every shard, for lamps, pickup, park and whoever asks whether somebody is busy.
//!
//! A line is an extension, or the name of something else that calls can stand at: `park.701`, `conf.team`. Each call
//! tells all of its spots at once whenever one has changed, so what it told last is all there is to know; a call that
//! tells none is gone.
//!
//! Deliberately absent: trunks, whose far ends nobody here may watch, and calls themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::limits::SPOTS;
use base::{CallId, LegId, Mono, Now, ShardId};

/// One far end of a call, as it stands on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The extension, or the name of what it stands at: `park.701`.
    pub line: Box<str>,
    /// The leg. What is no leg of its own, such as a slot, names the one that stands there.
    pub leg: LegId,
    /// How far it has come.
    pub state: SpotState,
    /// Who began, as the phone sees it.
    pub role: Role,
    /// Whom it talks to.
    pub remote: Remote,
    /// Since when it stands there.
    pub since: Now,
    /// The SIP dialog, for Replaces (RFC 3891) and dialog-info.
    pub dialog: DialogIds,
    /// What is said in it is being recorded.
    pub recorded: bool,
}

/// How far a spot has come (RFC 4235 §3.7.1); one that has ended is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpotState {
    /// An INVITE is out, and nothing has come back.
    Trying,
    /// It rings.
    Early,
    /// Answered.
    Confirmed,
    /// Answered, and the phone holds the other side.
    Held,
}

/// Who began a dialog, as the phone on the line sees it (RFC 4235 §4.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The phone called.
    Initiator,
    /// The phone was called.
    Recipient,
}

/// The other party.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remote {
    /// Its number or extension.
    pub number: Box<str>,
    /// Its name; empty where none is known.
    pub name: Box<str>,
    /// It wants to stay unknown: number and name are for the switch alone.
    pub withheld: bool,
}

/// What names the dialog between the phone and us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DialogIds {
    /// Call-ID.
    pub call_id: Box<str>,
    /// Our tag.
    pub ours: Box<str>,
    /// The phone's tag; empty before it has said one.
    pub theirs: Box<str>,
}

/// A spot and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing<'a> {
    /// The call.
    pub call: CallId,
    /// Its spot.
    pub spot: &'a Spot,
}

/// The table. Of one call at most `limits::SPOTS` spots are kept; the node's cap on calls bounds the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Floor {
    calls: BTreeMap<CallId, Arc<[Spot]>>,
    lines: BTreeMap<Box<str>, BTreeSet<At>>,
}

/// A spot in the order of its age.
type At = (Mono, CallId, usize);

impl Floor {
    /// A call tells where it stands now; none at all when it is over. Returns the lines on which something has changed.
    pub fn tell(&mut self, call: CallId, spots: &Arc<[Spot]>) -> Vec<Box<str>> {
        let former = self.calls.remove(&call);
        let former = former.as_deref().unwrap_or_default();
        for (index, spot) in former.iter().enumerate().take(SPOTS) {
            self.leave(spot, (spot.since.mono, call, index));
        }
        for (index, spot) in spots.iter().enumerate().take(SPOTS) {
            self.lines.entry(spot.line.clone()).or_default().insert((spot.since.mono, call, index));
        }
        if !spots.is_empty() {
            self.calls.insert(call, spots.clone());
        }
        let gone = former.iter().filter(|spot| !spots.contains(spot));
        let new = spots.iter().filter(|spot| !former.contains(spot));
        let changed: BTreeSet<&str> = gone.chain(new).map(|spot| &*spot.line).collect();
        changed.into_iter().map(Box::from).collect()
    }

    fn leave(&mut self, spot: &Spot, at: At) {
        let Some(line) = self.lines.get_mut(&spot.line) else { return };
        line.remove(&at);
        if line.is_empty() {
            self.lines.remove(&spot.line);
        }
    }

    /// Everything that stands on a line, oldest first: an extension, `park.701`, `conf.team`.
    pub fn line(&self, name: &str) -> impl Iterator<Item = Standing<'_>> {
        self.lines.get(name).into_iter().flatten().filter_map(|(_, call, index)| {
            let spot = self.calls.get(call)?.get(*index)?;
            Some(Standing { call: *call, spot })
        })
    }

    /// What rings at an extension, oldest first: what a pickup takes. Phones that ring together stand here one by one.
    pub fn ringing(&self, extension: &str) -> impl Iterator<Item = Standing<'_>> {
        self.line(extension).filter(|at| at.spot.role == Role::Recipient && !at.spot.state.is_answered())
    }

    /// The answered calls of an extension, oldest first; `SpotState::Held` tells those that it holds.
    pub fn calls_of(&self, extension: &str) -> impl Iterator<Item = Standing<'_>> {
        self.line(extension).filter(|at| at.spot.state.is_answered())
    }

    /// How many calls of other shards an extension has, ringing or answered; phones that ring together count once.
    #[must_use]
    pub fn calls_elsewhere(&self, extension: &str, own: ShardId) -> u32 {
        let calls: BTreeSet<CallId> =
            self.line(extension).map(|at| at.call).filter(|call| call.shard() != own).collect();
        u32::try_from(calls.len()).unwrap_or(u32::MAX)
    }

    /// Whether an extension has any call, ringing or answered, or a slot is taken.
    #[must_use]
    pub fn is_busy(&self, name: &str) -> bool {
        self.lines.contains_key(name)
    }

    /// Where a call stands.
    #[must_use]
    pub fn spots_of(&self, call: CallId) -> &[Spot] {
        self.calls.get(&call).map_or(&[], |spots| spots)
    }

    /// The spot whose dialog is named so, whichever tag is ours: what Replaces asks for (RFC 3891 §3).
    #[must_use]
    pub fn by_dialog(&self, call_id: &str, tags: [&str; 2]) -> Option<Standing<'_>> {
        self.calls.iter().find_map(|(call, spots)| {
            let is_named = |spot: &&Spot| {
                let DialogIds { call_id: known, ours, theirs } = &spot.dialog;
                let (ours, theirs): (&str, &str) = (ours, theirs);
                **known == *call_id && (tags == [ours, theirs] || tags == [theirs, ours])
            };
            spots.iter().find(is_named).map(|spot| Standing { call: *call, spot })
        })
    }

    /// The names of lines that begin so, in order: `park.` gives the slots that are taken.
    pub fn names<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        let from =
            self.lines.range::<str, _>((std::ops::Bound::Included(prefix), std::ops::Bound::Unbounded));
        from.map(|(name, _)| &**name).take_while(move |name| name.starts_with(prefix))
    }

    /// Calls that stand anywhere.
    #[must_use]
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether nobody stands anywhere.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }
}

impl SpotState {
    /// Whether it has been answered.
    #[must_use]
    pub fn is_answered(self) -> bool {
        matches!(self, Self::Confirmed | Self::Held)
    }
}

#[cfg(test)]
mod tests {
    use base::{CallIds, Wall};

    use super::*;

    fn spot(ids: &mut CallIds, line: &str, at: u64, state: SpotState, role: Role) -> Spot {
        let leg = ids.leg();
        Spot {
            line: line.into(),
            leg,
            state,
            role,
            remote: Remote::default(),
            since: Now { mono: Mono(at), wall: Wall(0) },
            dialog: DialogIds { call_id: leg.to_string().into(), ours: "us".into(), theirs: "them".into() },
            recorded: false,
        }
    }

    #[test]
    fn what_rings_is_told_oldest_first_and_what_is_held_is_known() {
        let mut ids = CallIds::new(ShardId(0), Wall(0));
        let (first, second, third) = (ids.call(), ids.call(), ids.call());
        let mut floor = Floor::default();
        let old = spot(&mut ids, "1001", 1, SpotState::Trying, Role::Recipient);
        let new = spot(&mut ids, "1001", 2, SpotState::Early, Role::Recipient);
        let held = spot(&mut ids, "1001", 3, SpotState::Held, Role::Initiator);
        assert_eq!(floor.tell(second, &vec![new.clone()].into()), ["1001".into()]);
        floor.tell(first, &vec![old].into());
        floor.tell(third, &vec![held].into());
        assert_eq!(floor.ringing("1001").map(|at| at.call).collect::<Vec<_>>(), [first, second]);
        let held: Vec<_> = floor.calls_of("1001").map(|at| (at.call, at.spot.state)).collect();
        assert_eq!(held, [(third, SpotState::Held)]);
        let found = floor.by_dialog(&new.dialog.call_id, ["them", "us"]).expect("the second");
        assert_eq!((found.call, found.spot.leg), (second, new.leg));
        assert!(floor.by_dialog(&new.dialog.call_id, ["them", "them"]).is_none());
    }

    #[test]
    fn phones_that_ring_together_are_one_call_and_those_of_the_own_shard_are_none_of_others() {
        let (mut ids, mut others) = (CallIds::new(ShardId(0), Wall(0)), CallIds::new(ShardId(1), Wall(0)));
        let (here, there) = (ids.call(), others.call());
        let mut floor = Floor::default();
        let rung = |ids: &mut CallIds, at| spot(ids, "1001", at, SpotState::Early, Role::Recipient);
        floor.tell(here, &vec![rung(&mut ids, 1)].into());
        floor.tell(there, &vec![rung(&mut others, 2), rung(&mut others, 3)].into());
        assert_eq!(floor.calls_elsewhere("1001", ShardId(0)), 1);
        assert_eq!(floor.calls_elsewhere("1001", ShardId(2)), 2);
        assert_eq!(floor.calls_elsewhere("1002", ShardId(0)), 0);
    }

    #[test]
    fn a_call_that_tells_nothing_any_more_leaves_nothing() {
        let mut ids = CallIds::new(ShardId(0), Wall(0));
        let call = ids.call();
        let mut floor = Floor::default();
        let mut spots = vec![
            spot(&mut ids, "1001", 1, SpotState::Confirmed, Role::Initiator),
            spot(&mut ids, "park.701", 1, SpotState::Confirmed, Role::Recipient),
        ];
        let told: Arc<[Spot]> = spots.clone().into();
        assert_eq!(floor.tell(call, &told).len(), 2);
        assert_eq!(floor.tell(call, &told), Vec::<Box<str>>::new(), "the same again changes nothing");
        assert_eq!(floor.names("park.").collect::<Vec<_>>(), ["park.701"]);
        spots.pop();
        assert_eq!(floor.tell(call, &spots.into()), ["park.701".into()], "only what has changed");
        assert!(floor.is_busy("1001") && !floor.is_busy("park.701"));
        assert_eq!(floor.tell(call, &Vec::new().into()), ["1001".into()]);
        assert_eq!(floor, Floor::default());
    }

    #[test]
    fn a_call_with_ever_so_many_places_keeps_some() {
        let mut ids = CallIds::new(ShardId(0), Wall(0));
        let call = ids.call();
        let mut floor = Floor::default();
        let many: Vec<Spot> = (0..SPOTS + 9)
            .map(|n| spot(&mut ids, "1001", n as u64, SpotState::Early, Role::Recipient))
            .collect();
        floor.tell(call, &many.into());
        assert_eq!(floor.line("1001").count(), SPOTS);
        floor.tell(call, &Vec::new().into());
        assert!(floor.is_empty() && !floor.is_busy("1001"));
    }
}
