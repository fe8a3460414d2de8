//! In the room of a conference: who may come in, who waits for whom, what is heard of the others, what is recorded.

use std::sync::Arc;
use std::time::Duration;

use base::fact::{Conferring, What};
use base::media::{Over, PlayId, RecordingAct, Sound, Tone, TonePart};
use base::{Cause, LegId, Mono, Party, RecordOrder, RoomId, RoomOrder, Wall};
use provision::Announce;
use smallvec::smallvec;
use sounds::say::Speaker;

use super::super::happenings::Typing;
use super::super::joining::Joined;
use super::super::service::Service;
use super::super::{Call, CallTimer, Ctx, Refusal};
use crate::act::Act;
use crate::leg::Leg;
use crate::rooms::{RoomPicture, Seat, room_of};

/// What is heard first after the answer, in milliseconds: phones need a moment.
const MOMENT_MS: u32 = 300;
/// Above so many members nobody hears who comes and goes.
const ANNOUNCED_UP_TO: usize = 16;
/// That somebody speaks is written down this often at most.
const SPEAKS_EVERY: Duration = Duration::from_secs(10);

/// A call in a room, or waiting to be let in.
#[derive(Debug)]
pub(in crate::call) struct Inside {
    pub(super) conference: String,
    pub(super) room: RoomId,
    pub(super) moderates: bool,
    pub(super) waits: bool,
    /// What it hears while it is alone or waits.
    alone: Option<PlayId>,
    /// The room as it was last told.
    pub(super) picture: RoomPicture,
    /// What the room hears is recorded here.
    records: bool,
    /// A `*` was pressed then.
    pub(super) star: Option<Mono>,
    spoke: Option<Mono>,
    since: Wall,
}

/// Why a room is other than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RoomChange {
    /// Somebody has come.
    Came(Box<str>),
    /// Somebody has gone.
    Left(Box<str>),
    /// Something that nobody hears of.
    Seats,
    /// Something was ordered.
    Ordered(RoomOrder),
}

impl Inside {
    /// Its conference's name.
    pub(in crate::call) fn conference(&self) -> &str {
        &self.conference
    }

    pub(in crate::call) fn moderates(&self) -> bool {
        self.moderates
    }

    pub(in crate::call) fn waits(&self) -> bool {
        self.waits
    }
}

impl Call {
    /// The PIN fits: the call comes in, unless the room is locked or full.
    pub(in crate::call) fn enter(&mut self, ctx: &mut Ctx<'_>, conference: String, moderates: bool) {
        let Some(set_up) = ctx.routes.conference(&conference) else {
            return self.finish(ctx, Refusal::of(Cause::NoRoute), Party::System);
        };
        let caller = self.caller();
        let room = room_of(&conference, ctx.config.workers);
        let picture = ctx.rooms.picture(room);
        let speaker = self.speaker(ctx, caller, &set_up.language);
        let most = usize::try_from(set_up.max_members).ok().filter(|most| *most > 0).unwrap_or(usize::MAX);
        let refused = match picture.law.locked {
            true if !moderates => Some("conference/locked"),
            true | false if picture.seated >= most => Some("conference/full"),
            true | false => None,
        };
        if let Some(prompt) = refused {
            ctx.out.push(Act::Count("conference_entries_refused"));
            return self.say(ctx, vec![speaker.prompt(prompt)], 1);
        }
        let waits = set_up.wait_for_moderator && !moderates && picture.moderators == 0;
        let muted = !moderates && (set_up.entry_muted || picture.law.muted);
        let recorded = set_up.record || picture.law.recorded;
        self.set_voice(caller, |voice| voice.muted |= muted);
        self.joined = if waits { Joined::Nobody } else { Joined::Room(room) };
        self.worker = room.worker();
        self.typing = Typing::Open;
        self.stand(Service::Inside);
        let since = ctx.now.wall;
        let inside = Inside {
            conference,
            room,
            moderates,
            waits,
            alone: None,
            picture,
            records: false,
            star: None,
            spoke: None,
            since,
        };
        self.inside = Some(Box::new(inside));
        let told = match (waits, moderates) {
            (true, _) => Conferring::Waits,
            (false, true) => Conferring::Moderates,
            (false, false) => Conferring::Joined,
        };
        self.note_inside(ctx, caller, told);
        self.take_seat(ctx);
        if waits {
            let until = self.music_after(ctx, speaker.prompt("conference/waiting-for-leader"));
            self.keep_playing(until);
        }
        for (is_so, prompt) in [(muted, "conference/muted"), (recorded, "conference/recorded")] {
            if is_so && !waits {
                self.tell_inside(ctx, vec![speaker.prompt(prompt)]);
            }
        }
    }

    /// The room that the call is in, or waits for.
    pub(in crate::call) fn seated_in(&self) -> Option<RoomId> {
        match (&self.inside, self.joined) {
            (Some(inside), _) => Some(inside.room),
            (None, Joined::Room(room)) => Some(room),
            (None, Joined::Nobody | Joined::Two(..) | Joined::Itself(_) | Joined::Sides) => None,
        }
    }

    /// Tells all shards where the call sits.
    fn take_seat(&self, ctx: &mut Ctx<'_>) {
        let Some(inside) = &self.inside else { return };
        let number = if self.facts.withheld { "" } else { &*self.facts.caller };
        let seat = Box::new(Seat {
            conference: Arc::from(&*inside.conference),
            number: number.into(),
            moderates: inside.moderates,
            waits: inside.waits,
            since: inside.since,
        });
        ctx.out.push(Act::Sit { room: inside.room, seat });
    }

    /// Both sides of a call were moved in.
    pub(in crate::call) fn sit_as_moved(&self, ctx: &mut Ctx<'_>, room: RoomId, conference: &str) {
        let number = if self.facts.withheld { "" } else { &*self.facts.caller };
        let seat = Box::new(Seat {
            conference: conference.into(),
            number: number.into(),
            moderates: false,
            waits: false,
            since: ctx.now.wall,
        });
        ctx.out.push(Act::Sit { room, seat });
    }

    /// The room is other than before.
    pub(in crate::call) fn room_changed(
        &mut self,
        ctx: &mut Ctx<'_>,
        picture: RoomPicture,
        change: &RoomChange,
    ) {
        let Some(inside) = &mut self.inside else { return };
        let before = std::mem::replace(&mut inside.picture, picture);
        if inside.waits && picture.moderators > 0 {
            self.let_in(ctx);
        }
        if let RoomChange::Ordered(order) = change {
            self.room_ordered(ctx, *order);
        }
        if self.inside.as_ref().is_none_or(|inside| inside.waits) {
            return;
        }
        self.announce(ctx, change);
        self.moderators_changed(ctx, before);
        self.alone_or_not(ctx);
        self.record_what_is_heard(ctx);
    }

    /// A moderator is there: the talk begins.
    fn let_in(&mut self, ctx: &mut Ctx<'_>) {
        let Some(inside) = &mut self.inside else { return };
        inside.waits = false;
        let (room, alone) = (inside.room, inside.alone.take());
        self.joined = Joined::Room(room);
        let attendee = self.attendee();
        self.stop_play(ctx, attendee, alone);
        self.note_inside(ctx, attendee, Conferring::Joined);
        self.take_seat(ctx);
    }

    fn announce(&mut self, ctx: &mut Ctx<'_>, change: &RoomChange) {
        let Some((announce, speaker)) = self.host_voice(ctx) else { return };
        if self.inside.as_ref().is_none_or(|inside| inside.picture.present > ANNOUNCED_UP_TO) {
            return;
        }
        let (number, came) = match change {
            RoomChange::Came(number) => (number, true),
            RoomChange::Left(number) => (number, false),
            RoomChange::Seats | RoomChange::Ordered(_) => return,
        };
        let said = match announce {
            Announce::Off => return,
            Announce::Tones => vec![Sound::Tone(room_tone(came))],
            Announce::Names => named(&speaker, number, came),
        };
        self.tell_inside(ctx, said);
    }

    /// The last moderator has gone, or one is there again.
    fn moderators_changed(&mut self, ctx: &mut Ctx<'_>, before: RoomPicture) {
        let Some(inside) = &self.inside else { return };
        let (now, moderates) = (inside.picture.moderators, inside.moderates);
        let secs = ctx.routes.conference(&inside.conference).map_or(0, |it| it.ends_after_moderator_secs);
        if now > 0 {
            self.timers.stop(CallTimer::Script);
        } else if before.moderators > 0 && secs > 0 && !moderates {
            if let Some((_, speaker)) = self.host_voice(ctx) {
                self.tell_inside(ctx, vec![speaker.prompt("conference/leader-left")]);
            }
            self.timers.set(CallTimer::Script, ctx.now.mono + Duration::from_secs(secs.into()));
        }
    }

    /// Music while nobody else is there.
    fn alone_or_not(&mut self, ctx: &mut Ctx<'_>) {
        let Some((_, speaker)) = self.host_voice(ctx) else { return };
        let Some(inside) = &mut self.inside else { return };
        let is_alone = inside.picture.present <= 1 && self.meeting.is_none();
        match (is_alone, inside.alone) {
            (true, None) => {
                let play = self.music_after(ctx, speaker.prompt("conference/only-one"));
                self.keep_playing(play);
            }
            (false, Some(play)) => {
                inside.alone = None;
                let attendee = self.attendee();
                self.stop_play(ctx, attendee, Some(play));
            }
            (true, Some(_)) | (false, None) => {}
        }
    }

    fn music_after(&mut self, ctx: &mut Ctx<'_>, said: Sound) -> Option<PlayId> {
        let attendee = self.attendee();
        let class = self.inside.as_ref().and_then(|inside| ctx.routes.conference(&inside.conference));
        let class: Arc<str> = match class.map_or("", |conference| conference.music.as_str()) {
            "" => self.class_of_music(ctx, attendee, attendee).into(),
            class => class.into(),
        };
        let at_ms = ctx.entropy.next_u64() % 86_400_000;
        let items = vec![Sound::Silence(MOMENT_MS), said, Sound::Music { class, at_ms }];
        self.play(ctx, attendee, items, 1, Over::Alone)
    }

    fn keep_playing(&mut self, play: Option<PlayId>) {
        if let Some(inside) = &mut self.inside {
            inside.alone = play;
        }
    }

    /// What was played to one who is alone is over.
    pub(in crate::call) fn alone_heard(&mut self, over: PlayId) {
        if let Some(inside) = &mut self.inside {
            inside.alone = inside.alone.filter(|play| *play != over);
        }
    }

    /// One file of what the room hears, by the call that has been there longest.
    fn record_what_is_heard(&mut self, ctx: &mut Ctx<'_>) {
        let Some(inside) = &self.inside else { return };
        let set_up = ctx.routes.conference(&inside.conference).is_some_and(|it| it.record);
        let wanted = inside.picture.law.recorded || set_up;
        let (should, does) = (wanted && inside.picture.eldest == Some(self.id), inside.records);
        let does = match (should, does) {
            (true, false) => self.record_room(ctx),
            (false, true) => {
                self.record_ordered(ctx, RecordOrder::Act(RecordingAct::Stop));
                false
            }
            (true, true) | (false, false) => does,
        };
        if let Some(inside) = &mut self.inside {
            inside.records = does;
        }
    }

    /// The media worker says that this one speaks.
    pub(in crate::call) fn speaks(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        let now = ctx.now.mono;
        let Some(inside) = &mut self.inside else { return };
        if inside.spoke.is_none_or(|at| now.since(at) >= SPEAKS_EVERY) {
            inside.spoke = Some(now);
            self.note_inside(ctx, leg, Conferring::Speaks);
        }
    }

    /// No moderator has come back in time.
    pub(in crate::call) fn room_due(&mut self, ctx: &mut Ctx<'_>) {
        if self.inside.as_ref().is_some_and(|inside| inside.picture.moderators == 0) {
            self.put_out(ctx, "conference/ended");
        }
    }

    /// Says why, and ends the call.
    pub(super) fn put_out(&mut self, ctx: &mut Ctx<'_>, why: &str) {
        let Some((_, speaker)) = self.host_voice(ctx) else { return };
        if self.meeting.is_some() {
            return self.finish(ctx, Refusal { status: 200, ..Refusal::of(Cause::Normal) }, Party::System);
        }
        if let Some(inside) = self.inside.take() {
            ctx.out.push(Act::Leave(inside.room));
            let attendee = self.attendee();
            self.stop_play(ctx, attendee, None);
        }
        self.timers.stop(CallTimer::Script);
        self.joined = Joined::Nobody;
        self.say(ctx, vec![speaker.prompt(why)], 1);
    }

    /// Who of the call is in the room: the caller, or whom it brought in once the caller has gone.
    pub(super) fn attendee(&self) -> LegId {
        let talks = |leg: &&Leg| leg.talking().is_some();
        self.legs.iter().find(talks).map_or_else(|| self.caller(), |leg| leg.id)
    }

    /// How the conference speaks to this one.
    pub(super) fn host_voice(&self, ctx: &Ctx<'_>) -> Option<(Announce, Speaker)> {
        let conference = ctx.routes.conference(&self.inside.as_ref()?.conference)?;
        Some((conference.announce, self.speaker(ctx, self.attendee(), &conference.language)))
    }

    pub(super) fn tell_inside(&mut self, ctx: &mut Ctx<'_>, said: Vec<Sound>) {
        let attendee = self.attendee();
        self.play(ctx, attendee, said, 1, Over::Mixed);
    }

    pub(super) fn note_inside(&self, ctx: &mut Ctx<'_>, leg: LegId, did: Conferring) {
        let Some(inside) = &self.inside else { return };
        ctx.out.push(Act::Fact(What::Conference { leg, name: inside.conference.clone(), did }));
    }
}

/// `1001 has joined the conference.`
fn named(speaker: &Speaker, number: &str, came: bool) -> Vec<Sound> {
    let (alone, after) = match came {
        true => ("conference/somebody-joined", "conference/joined"),
        false => ("conference/somebody-left", "conference/left"),
    };
    let mut said = speaker.spell(number);
    if said.is_empty() {
        return vec![speaker.prompt(alone)];
    }
    said.push(speaker.prompt(after));
    said
}

/// Rising for one who comes, falling for one who goes.
fn room_tone(came: bool) -> Tone {
    let part = |hz| TonePart { hz: [hz, 0, 0, 0], dbm0: -20.0, ms: 120 };
    let parts = if came { smallvec![part(523), part(784)] } else { smallvec![part(784), part(523)] };
    Tone { parts, times: 1 }
}
