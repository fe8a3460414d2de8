use std::time::Duration;

use super::Dial;
use crate::demo::cue::Kind;

/// What the switch waits for at the start: every phone's registration.
const OVERTURE: Duration = Duration::from_millis(800);
/// After the call to the conference comes the one to the announcement.
const NEXT: Duration = Duration::from_millis(500);
/// Until the guests meet again.
const AGAIN: Duration = Duration::from_secs(12);
/// Both are answered at once.
const PATIENCE: Duration = Duration::from_secs(5);
/// Long enough for three to hear each other, short enough for a demo of ten seconds.
const MEETING: Duration = Duration::from_secs(5);
/// Whoever says something hangs up itself.
const LISTENING: Duration = Duration::from_secs(30);

/// Somebody outside who meets others in a conference, and listens to an announcement.
#[derive(Clone, Debug)]
pub(in crate::demo) struct Guest {
    /// Its number.
    pub(in crate::demo) number: String,
    /// The conference's.
    pub(in crate::demo) conference: String,
    /// The announcement's.
    pub(in crate::demo) announcement: String,
}

impl Guest {
    pub(super) fn pause(placed: u64) -> Duration {
        match placed {
            0 => OVERTURE,
            odd if !odd.is_multiple_of(2) => NEXT,
            _even => AGAIN,
        }
    }

    pub(super) fn dial(&self, placed: u64) -> Dial {
        let (number, kind) = if placed.is_multiple_of(2) {
            (&self.conference, Kind::Conference)
        } else {
            (&self.announcement, Kind::Announcement)
        };
        Dial { caller: self.number.clone(), number: number.clone(), patience: PATIENCE, kind }
    }

    pub(super) fn talk(kind: Kind) -> Duration {
        match kind {
            Kind::Conference | Kind::Talk => MEETING,
            Kind::Announcement => LISTENING,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_goes_to_the_conference_and_meanwhile_to_the_announcement() {
        let guest = Guest { number: "1".into(), conference: "2".into(), announcement: "3".into() };
        let numbers: Vec<String> = (0..4).map(|placed| guest.dial(placed).number).collect();
        assert_eq!(numbers, ["2", "3", "2", "3"]);
        assert!(Guest::pause(1) < MEETING && Guest::pause(2) > MEETING);
    }
}
