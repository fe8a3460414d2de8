//! How good a leg's media is, and for how long something was wrong with it.

use std::time::Duration;

use base::Mono;
use base::media::{LegMedia, Trouble};
use smallvec::SmallVec;

/// What is known of one leg.
#[derive(Debug, Default)]
pub(crate) struct Quality {
    /// The latest figures.
    pub(crate) figures: Option<Box<LegMedia>>,
    wrong: Option<Box<Wrong>>,
}

/// What was wrong, and what is.
#[derive(Debug, Default)]
struct Wrong {
    now: SmallVec<[Standing; 3]>,
    /// Of troubles that are over and were told, and how long they lasted.
    over: SmallVec<[Trouble; 3]>,
    lasted: [Duration; 3],
}

#[derive(Debug)]
struct Standing {
    trouble: Trouble,
    /// Since when people talk with it; `None` while they do not.
    told: Option<Mono>,
}

impl Quality {
    /// A trouble began or ended.
    pub(crate) fn note(&mut self, at: Mono, trouble: Trouble, now: bool) {
        let wrong = self.wrong.get_or_insert_default();
        if now && wrong.now.iter().any(|standing| standing.trouble == trouble) {
            return;
        }
        wrong.end(at, place(&trouble));
        if now {
            wrong.now.push(Standing { trouble, told: None });
        }
    }

    /// People talk: the troubles that are new to them, and those that are over.
    pub(crate) fn told(&mut self, at: Mono) -> SmallVec<[(Trouble, bool); 3]> {
        let Some(wrong) = self.wrong.as_deref_mut() else { return SmallVec::new() };
        let mut told: SmallVec<_> = wrong.over.drain(..).map(|trouble| (trouble, false)).collect();
        for standing in wrong.now.iter_mut().filter(|standing| standing.told.is_none()) {
            standing.told = Some(at);
            told.push((standing.trouble, true));
        }
        told
    }

    /// What people have to put up with now, in words.
    pub(crate) fn troubles(&self) -> Vec<String> {
        let now = self.wrong.iter().flat_map(|wrong| &wrong.now);
        now.filter(|standing| standing.told.is_some()).map(|standing| standing.trouble.to_string()).collect()
    }

    /// The final figures with the time that troubles took.
    pub(crate) fn close(&mut self, at: Mono, media: LegMedia) -> LegMedia {
        let Some(wrong) = self.wrong.as_deref_mut() else { return media };
        (0..3).for_each(|place| wrong.end(at, place));
        let ms = wrong.lasted.map(|lasted| u32::try_from(lasted.as_millis()).unwrap_or(u32::MAX));
        let [one_way_ms, dead_air_ms, from_nowhere_ms] = ms;
        LegMedia { one_way_ms, dead_air_ms, from_nowhere_ms, ..media }
    }
}

impl Wrong {
    fn end(&mut self, at: Mono, ended: usize) {
        let Self { now, over, lasted } = self;
        now.retain(|standing| {
            if place(&standing.trouble) != ended {
                return true;
            }
            if let Some(since) = standing.told {
                lasted[ended] += at.since(since);
                over.push(standing.trouble);
            }
            false
        });
    }
}

fn place(trouble: &Trouble) -> usize {
    match trouble {
        Trouble::OneWay => 0,
        Trouble::DeadAir => 1,
        Trouble::FromNowhere { .. } => 2,
    }
}

/// The counter of legs whose score ended up where this one's did; `None` when it has none.
pub(crate) fn bucket(mos_centi: u16) -> Option<&'static str> {
    match mos_centi {
        0 => None,
        1..260 => Some("legs_mos_below_2_6"),
        260..310 => Some("legs_mos_2_6_to_3_1"),
        310..360 => Some("legs_mos_3_1_to_3_6"),
        360..400 => Some("legs_mos_3_6_to_4_0"),
        400.. => Some("legs_mos_4_0_and_up"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Mono {
        Mono(seconds * 1_000_000)
    }

    #[test]
    fn a_trouble_is_told_once_people_talk_and_its_time_is_added_up() {
        let mut quality = Quality::default();
        quality.note(at(1), Trouble::OneWay, true);
        assert_eq!(quality.troubles(), Vec::<String>::new(), "nobody talks yet");
        assert_eq!(quality.told(at(5)).to_vec(), [(Trouble::OneWay, true)]);
        assert_eq!((quality.troubles(), quality.told(at(6)).len()), (vec!["one_way".to_owned()], 0));
        quality.note(at(8), Trouble::OneWay, false);
        assert_eq!(quality.told(at(8)).to_vec(), [(Trouble::OneWay, false)]);
        quality.note(at(9), Trouble::DeadAir, true);
        quality.told(at(9));
        let media = quality.close(at(10), LegMedia { received: 7, ..LegMedia::default() });
        assert_eq!((media.received, media.one_way_ms, media.dead_air_ms), (7, 3_000, 1_000));
    }

    #[test]
    fn a_trouble_of_early_media_that_is_over_by_the_answer_is_none() {
        let mut quality = Quality::default();
        quality.note(at(1), Trouble::OneWay, true);
        quality.note(at(3), Trouble::OneWay, false);
        assert!(quality.told(at(5)).is_empty());
        assert_eq!(quality.close(at(9), LegMedia::default()), LegMedia::default());
    }

    /// ITU-T G.107 Annex B: where users are satisfied, where many are not.
    #[test]
    fn scores_are_counted_by_what_users_think_of_them() {
        assert_eq!((bucket(0), bucket(441)), (None, Some("legs_mos_4_0_and_up")));
        assert_eq!((bucket(259), bucket(310)), (Some("legs_mos_below_2_6"), Some("legs_mos_3_1_to_3_6")));
    }
}
