//! What is wrong with a stream, found within three seconds by looking once a second.
//!
//! ```text
//!   one way      we send, nothing comes, both were agreed         two looks in a row, and two to end it
//!                or: the far end reports that it hears nothing
//!   dead air     packets come, and none has a sound in it         two looks in a row, one with sounds ends it
//!   from nowhere packets of an address that is not the far end's  two looks in a row, three without end it
//! ```

use std::net::SocketAddr;

use base::media::Trouble;
use smallvec::SmallVec;

/// Looks in a row that make a trouble.
const LOOKS: u8 = 2;
/// Looks without strays that end one.
const QUIET_LOOKS: u8 = 3;
/// Strays of one address between two looks that count.
const STRAYS: u16 = 5;

/// What happened since the last look.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pulse {
    /// Media was agreed to flow to the far end, and from it.
    pub(crate) may_send: bool,
    pub(crate) may_receive: bool,
    pub(crate) sent: u64,
    pub(crate) received: u64,
    /// The far end said that it pauses (comfort noise, DTX).
    pub(crate) paused: bool,
    /// What the packets sounded like that were looked at.
    pub(crate) heard: Heard,
    /// The far end's report says that nothing of what we send arrives; `None` when none came.
    pub(crate) far_deaf: Option<bool>,
}

/// Packets that were looked at, since the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) sounds: u8,
    pub(crate) silences: u8,
}

/// A trouble that begins, or ends.
pub(crate) type Told = SmallVec<[(Trouble, bool); 3]>;

/// The troubles of one stream.
#[derive(Clone, Debug, Default)]
pub(crate) struct Troubles {
    unheard: Sign,
    deaf: bool,
    one_way: bool,
    silent: Sign,
    nowhere: Option<Box<Nowhere>>,
}

/// How often in a row something was so, or not so.
#[derive(Clone, Copy, Debug, Default)]
struct Sign {
    looks: u8,
    is_so: bool,
}

impl Sign {
    /// Looks once more.
    fn look(&mut self, so: bool, begins: u8, ends: u8) -> bool {
        if so == self.is_so {
            self.looks = 0;
        } else {
            self.looks += 1;
            if self.looks >= if so { begins } else { ends } {
                (self.is_so, self.looks) = (so, 0);
            }
        }
        self.is_so
    }
}

/// Who sends from nowhere.
#[derive(Clone, Debug)]
struct Nowhere {
    from: SocketAddr,
    strays: u16,
    sign: Sign,
    told: Option<SocketAddr>,
}

impl Troubles {
    /// A packet like the far end's came from somebody else.
    pub(crate) fn stray(&mut self, from: SocketAddr) {
        let fresh = || Box::new(Nowhere { from, strays: 0, sign: Sign::default(), told: None });
        let nowhere = self.nowhere.get_or_insert_with(fresh);
        if nowhere.strays == 0 {
            nowhere.from = from;
        }
        nowhere.strays = nowhere.strays.saturating_add(u16::from(nowhere.from == from));
    }

    /// Looks at what happened in the last second.
    pub(crate) fn look(&mut self, pulse: &Pulse) -> Told {
        let mut told = Told::new();
        self.look_for_one_way(pulse, &mut told);
        self.look_for_dead_air(pulse, &mut told);
        self.look_for_strays(&mut told);
        told
    }

    fn look_for_one_way(&mut self, pulse: &Pulse, told: &mut Told) {
        if !(pulse.may_send && pulse.may_receive) {
            (self.unheard, self.deaf) = (Sign::default(), false);
        } else {
            let nothing = pulse.received == 0 && pulse.sent > 0 && !pulse.paused;
            // Who sends nothing itself cannot tell.
            if nothing || pulse.received > 0 || pulse.paused {
                self.unheard.look(nothing, LOOKS, LOOKS);
            }
            self.deaf = pulse.far_deaf.unwrap_or(self.deaf);
        }
        let now = self.unheard.is_so || self.deaf;
        if std::mem::replace(&mut self.one_way, now) != now {
            told.push((Trouble::OneWay, now));
        }
    }

    fn look_for_dead_air(&mut self, pulse: &Pulse, told: &mut Told) {
        let before = self.silent.is_so;
        let Heard { sounds, silences } = pulse.heard;
        if !pulse.may_receive {
            self.silent = Sign::default();
        } else if sounds > 0 || silences > 0 {
            self.silent.look(sounds == 0, LOOKS, 1);
        }
        if before != self.silent.is_so {
            told.push((Trouble::DeadAir, self.silent.is_so));
        }
    }

    fn look_for_strays(&mut self, told: &mut Told) {
        let Some(nowhere) = &mut self.nowhere else { return };
        let strays = std::mem::take(&mut nowhere.strays);
        let now = nowhere.sign.look(strays >= STRAYS, LOOKS, QUIET_LOOKS);
        match (nowhere.told, now) {
            (None, true) => {
                nowhere.told = Some(nowhere.from);
                told.push((Trouble::FromNowhere { from: nowhere.from }, true));
            }
            (Some(from), false) => {
                told.push((Trouble::FromNowhere { from }, false));
                self.nowhere = None;
            }
            (None, false) if strays == 0 && nowhere.sign.looks == 0 => self.nowhere = None,
            (Some(_), true) | (None, false) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINE: Pulse = Pulse {
        may_send: true,
        may_receive: true,
        sent: 50,
        received: 50,
        paused: false,
        heard: Heard { sounds: 6, silences: 0 },
        far_deaf: None,
    };
    const UNHEARD: Pulse = Pulse { received: 0, heard: Heard { sounds: 0, silences: 0 }, ..FINE };
    const SILENT: Pulse = Pulse { heard: Heard { sounds: 0, silences: 6 }, ..FINE };

    fn looks(pulses: &[Pulse]) -> Vec<(usize, Trouble, bool)> {
        let mut troubles = Troubles::default();
        let look = |(second, pulse): (usize, &Pulse)| {
            troubles
                .look(pulse)
                .into_iter()
                .map(move |(trouble, now)| (second + 1, trouble, now))
                .collect::<Vec<_>>()
        };
        pulses.iter().enumerate().flat_map(look).collect()
    }

    /// The issue's measure: one-way audio and dead air are found within 3 s.
    #[test]
    fn one_way_audio_and_dead_air_are_told_once_within_three_seconds_and_taken_back_once() {
        assert_eq!(
            looks(&[FINE, UNHEARD, UNHEARD, UNHEARD, FINE, UNHEARD, FINE, FINE, FINE]),
            [(3, Trouble::OneWay, true), (8, Trouble::OneWay, false)]
        );
        assert_eq!(
            looks(&[FINE, SILENT, SILENT, SILENT, FINE, SILENT, FINE]),
            [(3, Trouble::DeadAir, true), (5, Trouble::DeadAir, false)]
        );
    }

    #[test]
    fn nothing_is_wrong_on_hold_in_a_pause_that_was_said_or_while_we_send_nothing_ourselves() {
        let held = Pulse { may_receive: false, ..UNHEARD };
        let paused = Pulse { paused: true, ..UNHEARD };
        let idle = Pulse { sent: 0, ..UNHEARD };
        for quiet in [held, paused, idle] {
            assert_eq!(looks(&[FINE, quiet, quiet, quiet, quiet]), []);
        }
        assert_eq!(
            looks(&[UNHEARD, UNHEARD, held, held]),
            [(2, Trouble::OneWay, true), (3, Trouble::OneWay, false)]
        );
    }

    #[test]
    fn a_far_end_that_reports_that_nothing_arrives_is_heard_one_way() {
        let deaf = Pulse { far_deaf: Some(true), ..FINE };
        let hears = Pulse { far_deaf: Some(false), ..FINE };
        assert_eq!(
            looks(&[FINE, deaf, FINE, hears]),
            [(2, Trouble::OneWay, true), (4, Trouble::OneWay, false)]
        );
    }

    #[test]
    fn packets_from_nowhere_are_told_with_their_address() {
        let from: SocketAddr = "203.0.113.9:4000".parse().unwrap();
        let mut troubles = Troubles::default();
        let mut told = Vec::new();
        for second in 1..=10 {
            for _ in 0..if second <= 4 { 50 } else { 0 } {
                troubles.stray(from);
            }
            told.extend(troubles.look(&FINE).into_iter().map(|(trouble, now)| (second, trouble, now)));
        }
        assert_eq!(
            told,
            [(2, Trouble::FromNowhere { from }, true), (7, Trouble::FromNowhere { from }, false)]
        );
        troubles.stray(from);
        assert!(troubles.look(&FINE).is_empty() && troubles.look(&FINE).is_empty());
    }
}
