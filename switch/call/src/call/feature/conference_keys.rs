//! Keys in the room of a conference, and what is ordered there. Codes of ordinary calls mean nothing here.
//!
//! | keys | who | what |
//! |---|---|---|
//! | `*2` | all | how many are there |
//! | `*3` | all | who is there, by number |
//! | `*6` | all | mutes oneself, or no longer |
//! | `*1` | moderators | records, or no longer |
//! | `*4` | moderators | mutes all others, or no longer |
//! | `*5` | moderators | locks, or opens |
//! | `*9` | moderators | ends it for all |
//! | `*#` | moderators | takes out who came last |

use std::time::Duration;

use base::fact::Conferring;
use base::media::Sound;
use base::{LegId, RoomOrder};
use sounds::say::Agreement;

use super::super::{Call, Ctx};
use crate::act::Act;

/// How long after `*` the next key counts.
const AFTER_STAR: Duration = Duration::from_secs(5);
/// Numbers that a roll call reads out.
const READ_OUT: usize = 20;

impl Call {
    /// A key of somebody in a room; `false` when the call is in none.
    pub(in crate::call) fn room_key(&mut self, ctx: &mut Ctx<'_>, leg: LegId, digit: char) -> bool {
        let now = ctx.now.mono;
        let Some(inside) = &mut self.inside else { return false };
        let after_star = inside.star.take().is_some_and(|at| now.since(at) < AFTER_STAR);
        if after_star && !inside.waits {
            let done = self.room_code(ctx, leg, digit);
            self.coded(ctx.now, leg, format!("*{digit}"), done);
            if !done {
                self.tell_inside(ctx, vec![Sound::Tone(sounds::tones::refused())]);
            }
        } else if digit == '*' {
            inside.star = Some(now);
        }
        true
    }

    fn room_code(&mut self, ctx: &mut Ctx<'_>, leg: LegId, digit: char) -> bool {
        let Some(inside) = &self.inside else { return false };
        let (law, youngest) = (inside.picture.law, inside.picture.youngest);
        match digit {
            '2' => return self.say_how_many(ctx),
            '3' => return self.read_roll(ctx),
            '6' => return self.mute_oneself(ctx, leg),
            _ if !inside.moderates => return false,
            _ => {}
        }
        let (order, did) = match digit {
            '1' => (RoomOrder::Record(!law.recorded), Conferring::Recorded(!law.recorded)),
            '4' => (RoomOrder::MuteAll(!law.muted), Conferring::MutedAll(!law.muted)),
            '5' => (RoomOrder::Lock(!law.locked), Conferring::Locked(!law.locked)),
            '9' => (RoomOrder::End, Conferring::Ended),
            '#' => match youngest.filter(|youngest| *youngest != self.id) {
                Some(youngest) => (RoomOrder::Remove(youngest), Conferring::Asks),
                None => return false,
            },
            _ => return false,
        };
        if did != Conferring::Asks {
            self.note_inside(ctx, leg, did);
        }
        if let Some(inside) = &self.inside {
            ctx.out.push(Act::RoomOrder { room: inside.room, order });
        }
        true
    }

    fn say_how_many(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let Some((_, speaker)) = self.host_voice(ctx) else { return false };
        let present = self.inside.as_ref().map_or(0, |inside| inside.picture.present);
        let said = match present {
            0 | 1 => vec![speaker.prompt("conference/only-one")],
            2 => vec![speaker.prompt("conference/one-other")],
            more => {
                let more = speaker.number(u64::try_from(more).unwrap_or(u64::MAX), Agreement::Feminine);
                let people = speaker.prompt("conference/people");
                [speaker.prompt("conference/there-are")].into_iter().chain(more).chain([people]).collect()
            }
        };
        self.tell_inside(ctx, said);
        true
    }

    fn read_roll(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let Some((_, speaker)) = self.host_voice(ctx) else { return false };
        let Some(inside) = &self.inside else { return false };
        let mut said = Vec::new();
        for number in ctx.rooms.roll(inside.room).iter().take(READ_OUT) {
            match speaker.spell(number) {
                spelt if spelt.is_empty() => said.push(speaker.prompt("screen/unknown-caller")),
                spelt => said.extend(spelt),
            }
            said.push(Sound::Silence(400));
        }
        said.truncate(base::limits::PLAY_ITEMS);
        self.tell_inside(ctx, said);
        true
    }

    fn mute_oneself(&mut self, ctx: &mut Ctx<'_>, leg: LegId) -> bool {
        let locked = self.inside.as_ref().is_some_and(|it| it.picture.law.muted && !it.moderates);
        let muted = !self.voice(leg).muted;
        if locked && !muted {
            return false;
        }
        self.mute_inside(ctx, leg, muted);
        true
    }

    fn mute_inside(&mut self, ctx: &mut Ctx<'_>, leg: LegId, muted: bool) {
        self.set_voice(leg, |voice| voice.muted = muted);
        self.note_inside(ctx, leg, Conferring::Muted(muted));
        self.hear_word(ctx, if muted { "conference/muted" } else { "conference/unmuted" });
    }

    fn hear_word(&mut self, ctx: &mut Ctx<'_>, prompt: &str) {
        if let Some((_, speaker)) = self.host_voice(ctx) {
            self.tell_inside(ctx, vec![speaker.prompt(prompt)]);
        }
    }

    /// Something is ordered for the room, by a moderator's keys or the API.
    pub(super) fn room_ordered(&mut self, ctx: &mut Ctx<'_>, order: RoomOrder) {
        let Some(inside) = &self.inside else { return };
        let (moderates, waits) = (inside.moderates, inside.waits);
        match order {
            RoomOrder::Lock(on) if !waits => {
                self.hear_word(ctx, if on { "conference/locked" } else { "conference/unlocked" });
            }
            RoomOrder::Record(true) if !waits => self.hear_word(ctx, "conference/recorded"),
            RoomOrder::Lock(_) | RoomOrder::Record(_) => {}
            RoomOrder::MuteAll(on) if moderates => {
                self.hear_word(ctx, if on { "conference/all-muted" } else { "conference/all-unmuted" });
            }
            RoomOrder::MuteAll(on) => {
                let talks = |leg: &&crate::leg::Leg| leg.talking().is_some();
                let legs: Vec<LegId> = self.legs.iter().filter(talks).map(|leg| leg.id).collect();
                for leg in legs {
                    self.set_voice(leg, |voice| voice.muted = on);
                    self.note_inside(ctx, leg, Conferring::Muted(on));
                }
                if !waits {
                    self.hear_word(ctx, if on { "conference/muted" } else { "conference/unmuted" });
                }
            }
            RoomOrder::Remove(call) if call == self.id => {
                let attendee = self.attendee();
                self.note_inside(ctx, attendee, Conferring::Removed);
                self.put_out(ctx, "conference/removed");
            }
            RoomOrder::Remove(_) => {}
            RoomOrder::End => self.put_out(ctx, "conference/ended"),
        }
    }
}
