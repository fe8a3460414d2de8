//! A far end that plays its script.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use base::{Entropy, Machine, Mono, Now};

use super::agenda::Agenda;
use super::cue::{Act, Cue, Hold, Kind, Speech, Story};
use super::far_end::{CallKey, End, FarEnd, News, Said};
use super::script::{Dial, Reaction, Script};
use super::tone::Side;

/// After a registration that failed.
const AGAIN: Duration = Duration::from_secs(5);
/// Who says sooner that nobody answers has not rung.
const RINGS_AT_LEAST: Duration = Duration::from_secs(3);
/// A call without answer, by then the caller gives up and the carrier too.
const UNAVAILABLE: u16 = 480;

#[derive(Clone, Copy, Debug)]
enum Step {
    Register,
    Place,
    Answer(CallKey),
    Refuse(CallKey, u16),
    GiveUp(CallKey),
    HangUp(CallKey),
    Hold(CallKey, Hold),
}

/// What is known of a call.
#[derive(Clone, Copy, Debug)]
struct Part {
    side: Side,
    kind: Kind,
    since: Mono,
    answered: bool,
}

/// A far end with a script.
pub(super) struct Player {
    name: String,
    end: FarEnd,
    script: Script,
    agenda: Agenda<Step>,
    parts: BTreeMap<CallKey, Part>,
    acts: VecDeque<Act>,
    registered: bool,
    placed: u64,
    taken: u64,
}

impl Player {
    /// Waits for its first step, which is at `now` or soon after.
    pub(super) fn new(now: Now, name: String, mut end: FarEnd, script: Script) -> Self {
        let mut agenda = Agenda::new();
        if script.registers() {
            agenda.note(now.mono, Step::Register);
        }
        agenda.note(now.mono + script.pause(end.entropy(), 0), Step::Place);
        Self {
            name,
            end,
            script,
            agenda,
            parts: BTreeMap::new(),
            acts: VecDeque::new(),
            registered: false,
            placed: 0,
            taken: 0,
        }
    }

    /// Calls that are not over.
    pub(super) fn live(&self) -> usize {
        self.end.live()
    }

    /// Its randomness, for the voices of its calls.
    pub(super) fn entropy(&mut self) -> &mut dyn Entropy {
        self.end.entropy()
    }

    fn act(&mut self, now: Now, step: Step) {
        match step {
            Step::Register => self.end.register(now),
            Step::Place => {
                self.place(now);
                let pause = self.script.pause(self.end.entropy(), self.placed);
                self.agenda.note(now.mono + pause, Step::Place);
            }
            Step::Answer(key) => self.end.answer(now, key),
            Step::Refuse(key, status) => self.end.refuse(now, key, status),
            Step::GiveUp(key) if self.parts.get(&key).is_some_and(|part| part.answered) => {}
            Step::GiveUp(key) | Step::HangUp(key) => self.end.hang_up(now, key),
            Step::Hold(key, hold) => self.end.hold(now, key, hold),
        }
        self.listen(now);
    }

    fn place(&mut self, now: Now) {
        let live = self.end.live();
        let dial = self.script.dial(self.end.entropy(), self.placed, live);
        let Some(Dial { caller, number, patience, kind }) = dial else { return };
        // Without a free channel there is one caller less.
        let Some(key) = self.end.call(now, &caller, &number) else { return };
        self.placed += 1;
        self.parts.insert(key, Part { side: Side::Caller, kind, since: now.mono, answered: false });
        self.agenda.note(now.mono + patience, Step::GiveUp(key));
        self.tell(Story::Placed);
    }

    /// Takes what the far end says until it is silent.
    fn listen(&mut self, now: Now) {
        while let Some(said) = self.end.poll() {
            match said {
                Said::Send(outbound) => self.acts.push_back(Act::Send(outbound)),
                Said::Speak { key, channel, to, side, coding } => {
                    let kind = self.parts.get(&key).map_or(Kind::Talk, |part| part.kind);
                    let speech = Speech { to, side, kind, coding };
                    self.acts.push_back(Act::Speak { channel, speech });
                }
                Said::Hold { channel, hold } => self.acts.push_back(Act::Hold { channel, hold }),
                Said::Hush { channel } => self.acts.push_back(Act::Hush { channel }),
                Said::Told(news) => self.handle_news(now, news),
            }
        }
    }

    fn handle_news(&mut self, now: Now, news: News) {
        match news {
            News::Registered(secs) => {
                let half = Duration::from_secs(u64::from(secs.max(10))) / 2;
                self.agenda.note(now.mono + half, Step::Register);
                if !std::mem::replace(&mut self.registered, true) {
                    self.tell(Story::Registered);
                }
            }
            News::NotRegistered(status) => {
                self.agenda.note(now.mono + AGAIN, Step::Register);
                self.fail(format_args!("not registered: {status}"));
            }
            News::Incoming(key) => self.take(now, key),
            News::Answered(key) => self.talk(now, key),
            News::NotHeld(status) => self.fail(format_args!("a hold was refused: {status}")),
            News::Ended(key, end) => self.handle_end(now, key, end),
        }
    }

    fn take(&mut self, now: Now, key: CallKey) {
        let others = self.end.live().saturating_sub(1);
        let reaction = self.script.react(self.end.entropy(), self.taken, others);
        let part = Part { side: Side::Callee, kind: Kind::Talk, since: now.mono, answered: false };
        self.parts.insert(key, part);
        let (after, step) = match reaction {
            Reaction::Busy => return self.end.refuse(now, key, 486),
            Reaction::Answer(after) => (after, Step::Answer(key)),
            Reaction::Refuse(after, status) => (after, Step::Refuse(key, status)),
        };
        self.taken += 1;
        self.end.ring(now, key);
        self.agenda.note(now.mono + after, step);
    }

    fn talk(&mut self, now: Now, key: CallKey) {
        let Some(part) = self.parts.get_mut(&key) else { return };
        part.answered = true;
        let Part { side, kind, .. } = *part;
        let talk = self.script.talk(self.end.entropy(), kind);
        self.agenda.note(now.mono + talk, Step::HangUp(key));
        match side {
            Side::Caller => self.tell(Story::Answered),
            Side::Callee => {
                if let Some([after, lasts]) = self.script.pauses(self.end.entropy(), self.taken) {
                    self.agenda.note(now.mono + after, Step::Hold(key, Hold::On));
                    self.agenda.note(now.mono + after + lasts, Step::Hold(key, Hold::Off));
                }
            }
        }
    }

    fn handle_end(&mut self, now: Now, key: CallKey, end: End) {
        let Some(part) = self.parts.remove(&key) else { return };
        let rang = now.mono.since(part.since);
        match (part.side, end) {
            (_, End::Trouble(what)) => self.fail(format_args!("{what}")),
            (Side::Callee, End::Refused(_) | End::Cancelled | End::HungUp) => {}
            (Side::Caller, End::Refused(486 | 600)) => self.tell(Story::Busy),
            (Side::Caller, End::Refused(UNAVAILABLE | 408)) if rang >= RINGS_AT_LEAST => {
                self.tell(Story::Unanswered);
            }
            (Side::Caller, End::Refused(status)) => {
                self.fail(format_args!("a call was refused: {status} after {} ms", rang.as_millis()));
            }
            (Side::Caller, End::Cancelled) => self.tell(Story::Cancelled),
            (Side::Caller, End::HungUp) => self.tell(Story::Finished),
        }
    }

    fn curtain(&mut self, now: Now) {
        self.agenda.clear();
        let placed: Vec<CallKey> =
            self.parts.iter().filter(|(_, part)| part.side == Side::Caller).map(|(key, _)| *key).collect();
        for key in placed {
            self.end.hang_up(now, key);
        }
    }

    fn fail(&mut self, what: std::fmt::Arguments<'_>) {
        let story = Story::Failed(format!("{}: {what}", self.name));
        self.tell(story);
    }

    fn tell(&mut self, story: Story) {
        self.acts.push_back(Act::Tell(story));
    }
}

impl Machine for Player {
    type Input = Cue;
    type Output = Act;

    fn handle(&mut self, now: Now, input: Cue) {
        match input {
            Cue::Sip(inbound) => self.end.receive(now, inbound),
            Cue::Curtain => self.curtain(now),
        }
        self.listen(now);
    }

    fn tick(&mut self, now: Now) {
        self.end.tick(now);
        self.listen(now);
        while let Some(step) = self.agenda.due(now.mono) {
            self.act(now, step);
        }
    }

    fn poll(&mut self) -> Option<Act> {
        self.acts.pop_front()
    }

    fn deadline(&self) -> Option<Mono> {
        self.agenda.next().into_iter().chain(self.end.deadline()).min()
    }
}

#[cfg(test)]
mod tests;
