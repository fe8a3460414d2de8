//! Who hears whom, and how loud, as a value: what changes from one to the next is told to the media workers.

use base::media::{Gain, Heard, MediaCommand};
use base::{PortId, RoomId};
use smallvec::SmallVec;

/// What each open port of a call hears and where it is heard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mix(SmallVec<[Part; 2]>);

/// One port's part in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) port: PortId,
    /// The media worker that it is at.
    pub(crate) at: u8,
    /// The room that it hears.
    pub(crate) room: Option<RoomId>,
    /// Whom it hears beside that.
    pub(crate) sources: SmallVec<[Heard; 1]>,
    /// The room that hears it, and how loud.
    pub(crate) speaks: Option<(RoomId, Gain)>,
}

impl Part {
    /// Hears nothing and is not heard.
    pub(crate) fn alone(port: PortId, at: u8) -> Self {
        Self { port, at, room: None, sources: SmallVec::new(), speaks: None }
    }

    fn hears(&self) -> (Option<RoomId>, &[Heard]) {
        (self.room, &self.sources)
    }
}

impl FromIterator<Part> for Mix {
    fn from_iter<T: IntoIterator<Item = Part>>(parts: T) -> Self {
        Self(parts.into_iter().collect())
    }
}

impl Mix {
    /// The commands that make this mix into `wanted`. Ports that are not in it are closed, and are told nothing.
    pub(crate) fn changes_to(&self, wanted: &Self) -> SmallVec<[MediaCommand; 2]> {
        let before = |port: PortId| self.0.iter().find(|before| before.port == port);
        // Together at once, so that those who hear each other go on doing so.
        let moved = |part: &&Part| before(part.port).map_or(part.port.worker, |before| before.at) != part.at;
        let mut commands: SmallVec<[MediaCommand; 2]> = wanted
            .0
            .iter()
            .filter(moved)
            .map(|part| MediaCommand::Move { port: part.port, to: part.at })
            .collect();
        for part in &wanted.0 {
            let before = before(part.port);
            let hears = before.map_or((None, &[][..]), Part::hears);
            if hears != part.hears() {
                let sources = part.sources.iter().copied().collect();
                commands.push(MediaCommand::Hear { port: part.port, room: part.room, sources });
            }
            if before.and_then(|before| before.speaks) != part.speaks {
                let (room, gain) = part.speaks.map_or((None, Gain::UNITY), |(room, gain)| (Some(room), gain));
                commands.push(MediaCommand::Speak { port: part.port, room, gain });
            }
        }
        commands
    }

    /// The parts, one for each open port.
    pub(crate) fn parts(&self) -> &[Part] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use smallvec::smallvec;

    use super::*;

    const A: PortId = PortId { worker: 0, slot: 1 };
    const B: PortId = PortId { worker: 0, slot: 2 };

    fn pair() -> Mix {
        let hears = |port, other| Part { sources: smallvec![Heard::plain(other)], ..Part::alone(port, 0) };
        [hears(A, B), hears(B, A)].into_iter().collect()
    }

    #[test]
    fn only_differences_are_told() {
        assert_eq!(Mix::default().changes_to(&pair()).len(), 2);
        assert!(pair().changes_to(&pair()).is_empty());
        let muted: Mix = [Part::alone(A, 0), pair().parts()[1].clone()].into_iter().collect();
        let told = pair().changes_to(&muted);
        assert_eq!(told.as_slice(), [MediaCommand::Hear { port: A, room: None, sources: smallvec![] }]);
    }

    #[test]
    fn a_closed_port_is_told_nothing() {
        let left: Mix = [Part::alone(A, 0)].into_iter().collect();
        assert_eq!(pair().changes_to(&left).len(), 1, "the other one hears nobody now");
        assert!(pair().changes_to(&Mix::default()).is_empty());
    }

    #[test]
    fn a_room_is_heard_and_spoken_in() {
        let room = RoomId::new(0, 7);
        let inside = Part { room: Some(room), speaks: Some((room, Gain::UNITY)), ..Part::alone(A, 0) };
        let wanted: Mix = [inside].into_iter().collect();
        let told = Mix::default().changes_to(&wanted);
        let expected = [
            MediaCommand::Hear { port: A, room: Some(room), sources: smallvec![] },
            MediaCommand::Speak { port: A, room: Some(room), gain: Gain::UNITY },
        ];
        assert_eq!(told.as_slice(), expected);
        let left = wanted.changes_to(&[Part::alone(A, 0)].into_iter().collect());
        assert!(matches!(left.last(), Some(MediaCommand::Speak { room: None, .. })));
    }

    #[test]
    fn a_port_that_is_at_another_worker_than_it_is_to_be_goes_there_first() {
        let there: Mix = pair().parts().iter().map(|part| Part { at: 1, ..part.clone() }).collect();
        let moves = [A, B].map(|port| MediaCommand::Move { port, to: 1 });
        assert_eq!(pair().changes_to(&there).to_vec(), moves);
        assert_eq!(Mix::default().changes_to(&there)[..2], moves);
        assert!(there.changes_to(&there).is_empty());
    }
}
