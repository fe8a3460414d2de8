//! Which of the calls that a phone holds shall be brought in: it is asked (E48).

use std::time::Duration;

use base::LegId;
use base::media::{Collect, CollectId, DigitSet, MediaCommand, Over, Sound};
use phone::floor::SpotState;
use sounds::say::Agreement;

use super::super::joining::open_port;
use super::super::{Call, Ctx};
use super::conference::OtherLine;
use crate::act::Act;

/// Lines that can be named by a key, 1…8.
const LINES: usize = 8;
/// All of them.
const ALL: &str = "9";
/// How long the phone may think.
const THINKS: Duration = Duration::from_secs(8);
/// Between two lines, in milliseconds.
const PAUSE_MS: u32 = 250;

/// What a phone is asked.
#[derive(Debug)]
pub(in crate::call) struct Menu {
    by: LegId,
    collect: CollectId,
    lines: Vec<OtherLine>,
}

impl Call {
    /// The calls that a phone holds beside this one, oldest first.
    pub(super) fn held_lines(&self, ctx: &Ctx<'_>, by: LegId) -> Vec<OtherLine> {
        let Some(extension) = self.extension_of(by) else { return Vec::new() };
        let held = ctx.floor.calls_of(&extension);
        held.filter(|at| at.call != self.id && at.spot.state == SpotState::Held)
            .map(|at| OtherLine {
                call: at.call,
                leg: Some(at.spot.leg),
                number: if at.spot.remote.withheld {
                    String::new()
                } else {
                    at.spot.remote.number.to_string()
                },
            })
            .take(LINES)
            .collect()
    }

    pub(super) fn ask_which(&mut self, ctx: &mut Ctx<'_>, by: LegId, lines: Vec<OtherLine>) -> bool {
        let Some(port) = self.leg(by).and_then(open_port) else { return false };
        let said = self.choices(ctx, by, &lines);
        if self.play(ctx, by, said, 1, Over::Alone).is_none() {
            return false;
        }
        self.plays += 1;
        let id = CollectId(self.plays);
        let collect = Box::new(Collect {
            id,
            most: 1,
            first: THINKS,
            between: THINKS,
            terminators: DigitSet::of(""),
            barges_in: true,
            type_ahead: false,
        });
        ctx.out.push(Act::Media(MediaCommand::Collect { port, collect }));
        self.conference_of(by).menu = Some(Menu { by, collect: id, lines });
        true
    }

    fn choices(&self, ctx: &Ctx<'_>, by: LegId, lines: &[OtherLine]) -> Vec<Sound> {
        let speaker = self.speaker(ctx, by, "");
        let agreement = Agreement::Feminine;
        let mut said = Vec::new();
        for (line, key) in lines.iter().zip(1_u64..) {
            said.push(speaker.prompt("menu/for"));
            match line.number.as_str() {
                "" => said.push(speaker.prompt("screen/unknown-caller")),
                number => said.extend(speaker.spell(number)),
            }
            said.push(speaker.prompt("menu/press"));
            said.extend(speaker.number(key, Agreement::Alone));
            said.push(Sound::Silence(PAUSE_MS));
        }
        let count = u64::try_from(lines.len()).unwrap_or(u64::MAX);
        said.push(speaker.prompt("menu/for"));
        said.extend(speaker.count(count, "unit/call", "unit/calls", agreement));
        said.push(speaker.prompt("menu/press"));
        said.extend(speaker.number(9, Agreement::Alone));
        said
    }

    /// Keys that a phone presses to choose are for nobody else.
    pub(in crate::call) fn is_choosing(&self, leg: LegId) -> bool {
        let menu = self.conference.as_ref().and_then(|conference| conference.menu.as_ref());
        menu.is_some_and(|menu| menu.by == leg)
    }

    /// A key was pressed, or none; `false` when nobody was asked.
    pub(in crate::call) fn chose_lines(
        &mut self,
        ctx: &mut Ctx<'_>,
        collect: CollectId,
        digits: &str,
    ) -> bool {
        let Some(conference) = &mut self.conference else { return false };
        let Some(menu) = conference.menu.take_if(|menu| menu.collect == collect) else { return false };
        let Menu { by, lines, .. } = menu;
        let one = digits.parse::<usize>().ok().and_then(|key| lines.get(key.checked_sub(1)?)).cloned();
        let chosen = match (digits, one) {
            (ALL, _) => lines,
            (_, Some(one)) => vec![one],
            (_, None) => Vec::new(),
        };
        // A line may have ended, or be talked on, while the phone was asked.
        let held = self.held_lines(ctx, by);
        let chosen: Vec<OtherLine> = chosen.into_iter().filter(|line| held.contains(line)).collect();
        if !self.gather(ctx, by, &chosen) {
            self.tell_failure(ctx, by);
        }
        true
    }
}
