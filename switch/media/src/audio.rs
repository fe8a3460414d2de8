//! What a port has while its audio is worked on. A port that only relays has none of it.

use base::{Mono, RoomId};
use smallvec::SmallVec;

use crate::detect::Listener;
use crate::digits::{Sender, ToneReader};
use crate::dsp::{Resampler, level};
use crate::engine::play::Plays;
use crate::frame::{Frame, Rate};
use crate::hearing::Source;
use crate::lull::Lull;
use crate::mix::{Factor, Limiter, Ramp};
use crate::receive::{Pulled, Receiver};
use crate::speech::Speech;
use crate::tap::Inlet;

/// A moment in which a change is not heard, as mean square: −48 dBov.
pub(crate) const QUIET: f32 = 1.6e-5;
/// Beats after which the rate is changed in any moment.
const MOST_OFF: u16 = 300;

/// Audio of one port. Each part belongs to the file of its name in `engine/`.
#[derive(Debug)]
pub(crate) struct Audio {
    /// Where the port stands in the engine's list of those worked on.
    pub(crate) place: usize,
    /// Makes the far end's packets into frames; from its first packet on.
    pub(crate) receiver: Option<Box<Receiver>>,
    /// What the far end said in this beat.
    pub(crate) said: Frame,
    /// What kind of audio that is.
    pub(crate) kind: Pulled,
    /// Mean square of it, full scale being 1; 0 when it is silent.
    pub(crate) power: f32,
    /// The rate that whoever listens would have best, and for how many beats it has not been that.
    pub(crate) wanted_rate: Rate,
    pub(crate) off_rate: u16,
    /// What it said at other rates.
    lifted: [Option<Box<Lifted>>; 3],
    /// Its part in the sum of a room in this beat.
    pub(crate) part: Option<(RoomId, Ramp)>,
    /// What it hears in this beat; its rate is the one that it is mixed at.
    pub(crate) heard: Frame,
    /// What plays to it.
    pub(crate) plays: Plays,
    /// What a tap says to it.
    pub(crate) inlet: Option<Box<Inlet>>,
    /// Digits on their way to it, and the timestamp at which the event that is sent began.
    pub(crate) sender: Option<Box<Sender>>,
    pub(crate) event_at: u32,
    /// Reads keypad tones in what it says.
    pub(crate) tones: Option<Box<ToneReader>>,
    /// Listens to what it says.
    pub(crate) listener: Option<Box<Listener>>,
    /// How loud those of its list are at the moment.
    pub(crate) levels: SmallVec<[(u32, Ramp); 2]>,
    fresh: bool,
    /// How loud all whom it hears are at the moment: less while something plays instead.
    pub(crate) sources: Ramp,
    pub(crate) limiter: Limiter,
    /// Its packets are held back until what it is to hear goes on where it stopped.
    pub(crate) hold: Option<Hold>,
    /// It could get packets as they are again, and waits for a quiet moment so many beats longer.
    pub(crate) returns: Option<u16>,
    pub(crate) speech: Speech,
    pub(crate) lull: Lull,
    /// In this beat it has got what it hears with others who hear the same.
    pub(crate) served: bool,
}

/// A pause in what is sent, while a stream that was passed on packet by packet goes through its jitter buffer for the
/// first time: what was heard last is followed by what comes next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hold {
    pub(crate) source: u32,
    pub(crate) beats: u8,
    /// It ends when the source speaks.
    pub(crate) until_speech: bool,
}

#[derive(Debug)]
struct Lifted {
    resampler: Resampler,
    frame: Frame,
    beat: u64,
}

impl Audio {
    pub(crate) fn new(place: usize) -> Self {
        let silent = Frame::silent(Rate::default());
        Self {
            place,
            receiver: None,
            said: silent.clone(),
            kind: Pulled::Silence,
            power: 0.0,
            wanted_rate: Rate::default(),
            off_rate: 0,
            lifted: [const { None }; 3],
            part: None,
            heard: silent,
            plays: Plays::default(),
            inlet: None,
            sender: None,
            event_at: 0,
            tones: None,
            listener: None,
            levels: SmallVec::new(),
            fresh: true,
            sources: Ramp { from: Factor::ONE, to: Factor::ONE },
            limiter: Limiter::default(),
            hold: None,
            returns: None,
            speech: Speech::default(),
            lull: Lull::default(),
            served: false,
        }
    }

    /// Whether something of its own needs what the far end says.
    pub(crate) fn is_wanted_in(&self) -> bool {
        self.tones.is_some() || self.listener.is_some()
    }

    /// Whether something of its own is to be heard by the far end.
    pub(crate) fn is_wanted_out(&self) -> bool {
        !self.plays.is_empty() || self.sender.is_some() || self.inlet.is_some()
    }

    /// What the far end said in this beat, at some rate; `None` when there is nothing to hear in it.
    pub(crate) fn said_at(&mut self, beat: u64, rate: Rate) -> Option<&Frame> {
        if self.power <= 0.0 {
            return None;
        }
        let said = &self.said;
        if said.rate() == rate {
            return Some(said);
        }
        let place = match rate {
            Rate::Hz8000 => &mut self.lifted[0],
            Rate::Hz16000 => &mut self.lifted[1],
            Rate::Hz48000 => &mut self.lifted[2],
        };
        let lifted = place.get_or_insert_with(|| {
            let resampler = Resampler::new(said.rate(), rate);
            Box::new(Lifted { resampler, frame: Frame::silent(rate), beat: u64::MAX })
        });
        if lifted.beat != beat {
            lifted.beat = beat;
            lifted.resampler.process(said.samples(), lifted.frame.samples_mut());
        }
        Some(&lifted.frame)
    }

    /// What the far end says next.
    pub(crate) fn pull(&mut self, now: Mono) {
        let before = self.kind;
        self.kind =
            self.receiver.as_mut().map_or(Pulled::Silence, |receiver| receiver.pull(now, &mut self.said));
        // The first frame of a silence still fades out.
        let silent = (before, self.kind) == (Pulled::Silence, Pulled::Silence);
        self.power = if silent { 0.0 } else { level::mean_square(self.said.samples()) };
    }

    /// Another rate would serve better: it is changed to in a quiet moment, or after a while in any.
    pub(crate) fn follow(&mut self, wanted: Rate) {
        self.wanted_rate = wanted;
        if self.receiver.is_none() || self.said.rate() == wanted {
            self.off_rate = 0;
            return;
        }
        self.off_rate += 1;
        if self.power < QUIET || self.off_rate > MOST_OFF {
            self.retune(wanted);
        }
    }

    /// Each one's loudness goes on to what the list says. Who is heard from the first beat on does not fade in.
    pub(crate) fn follow_list(&mut self, sources: &[Source]) {
        let listed = |slot| sources.iter().rev().find(|heard| heard.slot == slot);
        for (slot, ramp) in &mut self.levels {
            *ramp = ramp.towards(listed(*slot).map_or(Factor::ZERO, |heard| Factor::of(heard.gain)));
        }
        self.levels.retain(|(slot, ramp)| !ramp.is_silent() || listed(*slot).is_some());
        for heard in sources {
            let slot = heard.slot;
            if self.levels.iter().all(|(known, _)| *known != slot) {
                let to = Factor::of(heard.gain);
                self.levels.push((slot, Ramp { from: if self.fresh { to } else { Factor::ZERO }, to }));
            }
        }
        self.fresh = false;
    }

    /// Goes on at another worker, whose slots and beats are numbered in another way.
    pub(crate) fn settle_in(&mut self, place: usize) {
        self.place = place;
        self.levels.clear();
        self.fresh = true;
        (self.hold, self.returns, self.part, self.served) = (None, None, None, false);
        self.lifted.iter_mut().flatten().for_each(|lifted| lifted.beat = u64::MAX);
    }

    /// The far end's audio has another rate from now on.
    pub(crate) fn retune(&mut self, rate: Rate) {
        if let Some(receiver) = &mut self.receiver {
            receiver.retune(rate);
        }
        self.said = Frame::silent(rate);
        (self.kind, self.power) = (Pulled::Silence, 0.0);
        self.lifted = [const { None }; 3];
        self.off_rate = 0;
    }
}
