//! One playing on a port.

use std::fmt;
use std::sync::Arc;

use base::limits;
use base::mail::MailFile;
use base::media::{Play, PlayEnd, PromptName, Sound};

use super::Clip;
use super::tone::ToneState;
use crate::frame::{Frame, Rate};

/// Ticks of a millisecond.
const MS_TICKS: u64 = 48;
/// Ticks of a frame at any rate.
const FRAME_TICKS: u64 = 480;

/// Where prompts and music come from.
pub trait Clips: fmt::Debug {
    /// A prompt, in its language or in one that stands in for it.
    fn prompt(&self, name: &PromptName) -> Lookup;

    /// A message or a greeting of a mailbox.
    fn message(&self, file: &MailFile) -> Lookup;

    /// The pieces of a class of music, one after the other.
    fn music(&self, class: &Arc<str>) -> Lookup;
}

/// What there is of a clip.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// Here it is.
    Ready(Arc<Clip>),
    /// It was asked for: ask again.
    Loading,
    /// It does not exist, or cannot be read.
    Missing,
}

/// What a frame of a playing was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Part of it.
    Playing,
    /// Silence, since a clip is still on its way.
    Waiting,
    /// The last of it; there is nothing after this frame.
    Over(PlayEnd),
}

/// Turns a playing into frames. Allocates nothing while it plays.
#[derive(Debug)]
pub struct Player {
    play: Arc<Play>,
    /// Which of its sounds is next or now.
    item: usize,
    now: Option<Now>,
    /// Times that it was played to the end.
    rounds: u16,
    /// Whether this round made any sound; a round of nothing is the last.
    sounded: bool,
    /// Frames waited for the clip that is next.
    waited: u32,
    missing: Option<PromptName>,
    stopping: Option<PlayEnd>,
    /// The factor of its gain.
    factor: f32,
}

/// The sound that plays.
#[derive(Debug)]
enum Now {
    Clip { clip: Arc<Clip>, at: u64 },
    Music { clip: Arc<Clip>, at: u64 },
    Tone(ToneState),
    Silence { left: u64 },
}

impl Player {
    /// Before its first frame.
    #[must_use]
    pub fn new(play: Arc<Play>) -> Self {
        let factor = play.gain.factor();
        Self {
            play,
            item: 0,
            now: None,
            rounds: 0,
            sounded: false,
            waited: 0,
            missing: None,
            stopping: None,
            factor,
        }
    }

    /// What it plays.
    #[must_use]
    pub fn play(&self) -> &Arc<Play> {
        &self.play
    }

    /// Whether its next frame is its last.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.is_some()
    }

    /// How it will have ended with its next frame, when it was stopped.
    #[must_use]
    pub fn stopping(&self) -> Option<&PlayEnd> {
        self.stopping.as_ref()
    }

    /// Its next frame is its last, and fades out.
    pub fn stop(&mut self, end: PlayEnd) {
        self.stopping = Some(end);
    }

    /// Fills `out`, whatever its rate, and says what that was.
    pub fn frame(&mut self, clips: &dyn Clips, out: &mut Frame) -> Step {
        let rate = out.rate();
        let samples = out.samples_mut();
        let mut filled = 0;
        let mut step = Step::Playing;
        while filled < samples.len() {
            if self.now.is_none() {
                match self.begin(clips) {
                    Begun::Sound => {}
                    Begun::Nothing => continue,
                    Begun::Loading => {
                        step = Step::Waiting;
                        break;
                    }
                    Begun::End => {
                        step = Step::Over(self.end());
                        break;
                    }
                }
            }
            filled += self.fill(rate, &mut samples[filled..]);
        }
        samples[filled..].fill(0);
        self.amplify(&mut samples[..filled]);
        match self.stopping.take() {
            Some(end) => {
                fade(samples);
                Step::Over(end)
            }
            None => step,
        }
    }

    /// Makes the next sound the one that plays.
    fn begin(&mut self, clips: &dyn Clips) -> Begun {
        let play = Arc::clone(&self.play);
        let items = &play.items[..play.items.len().min(limits::PLAY_ITEMS)];
        let Some(sound) = items.get(self.item) else { return self.next_round(play.times) };
        let now = match sound {
            Sound::Silence(ms) => Some(Now::Silence { left: u64::from(*ms) * MS_TICKS }),
            Sound::Tone(_) => Some(Now::Tone(ToneState::default())),
            Sound::Prompt(name) => match self.patiently(clips.prompt(name)) {
                Lookup::Loading => return Begun::Loading,
                Lookup::Ready(clip) => Some(Now::Clip { clip, at: 0 }),
                Lookup::Missing => {
                    self.missing.get_or_insert_with(|| name.clone());
                    None
                }
            },
            Sound::Message { file, from_ms } => match self.patiently(clips.message(file)) {
                Lookup::Loading => return Begun::Loading,
                Lookup::Ready(clip) => Some(Now::Clip { clip, at: from_ms.saturating_mul(MS_TICKS) }),
                Lookup::Missing => {
                    self.missing.get_or_insert_with(|| message_name(file));
                    None
                }
            },
            Sound::Music { class, at_ms } => match self.patiently(clips.music(class)) {
                Lookup::Loading => return Begun::Loading,
                Lookup::Ready(clip) if clip.ticks() > 0 => {
                    let at = (at_ms * MS_TICKS + u64::from(self.waited) * FRAME_TICKS) % clip.ticks();
                    Some(Now::Music { clip, at })
                }
                Lookup::Ready(_) | Lookup::Missing => {
                    self.missing.get_or_insert_with(|| music_name(class));
                    None
                }
            },
        };
        self.waited = 0;
        self.item += 1;
        self.now = now;
        if self.now.is_some() { Begun::Sound } else { Begun::Nothing }
    }

    /// A clip that does not come in time is missing.
    fn patiently(&mut self, lookup: Lookup) -> Lookup {
        match lookup {
            Lookup::Loading if self.waited >= limits::CLIP_WAIT_FRAMES => Lookup::Missing,
            Lookup::Loading => {
                self.waited += 1;
                Lookup::Loading
            }
            Lookup::Ready(_) | Lookup::Missing => lookup,
        }
    }

    fn next_round(&mut self, times: u16) -> Begun {
        self.rounds = self.rounds.saturating_add(1);
        let enough = times > 0 && self.rounds >= times;
        if enough || !std::mem::take(&mut self.sounded) {
            return Begun::End;
        }
        self.item = 0;
        Begun::Nothing
    }

    fn end(&mut self) -> PlayEnd {
        self.missing.take().map_or(PlayEnd::Finished, PlayEnd::Missing)
    }

    /// Writes what the sound that plays has for `out`, and lets it go when it is over.
    fn fill(&mut self, rate: Rate, out: &mut [i16]) -> usize {
        let tick = u64::from(48_000 / rate.hz());
        let Some(now) = &mut self.now else { return 0 };
        let filled = match now {
            Now::Clip { clip, at } => {
                let count = fitting(clip.ticks().saturating_sub(*at), tick, out.len());
                clip.read(rate, *at, &mut out[..count]);
                *at += count as u64 * tick;
                count
            }
            Now::Music { clip, at } => {
                let count = fitting(clip.ticks() - *at, tick, out.len());
                clip.read(rate, *at, &mut out[..count]);
                *at = (*at + count as u64 * tick) % clip.ticks();
                count
            }
            Now::Silence { left } => {
                let count = fitting(*left, tick, out.len());
                out[..count].fill(0);
                *left = left.saturating_sub(count as u64 * tick);
                count
            }
            Now::Tone(state) => match self.play.items.get(self.item - 1) {
                Some(Sound::Tone(tone)) => state.fill(tone, rate, out),
                Some(Sound::Prompt(_) | Sound::Silence(_) | Sound::Message { .. } | Sound::Music { .. })
                | None => 0,
            },
        };
        self.sounded |= filled > 0;
        if filled < out.len() && !matches!(self.now, Some(Now::Music { .. })) {
            self.now = None;
        }
        filled
    }

    fn amplify(&self, samples: &mut [i16]) {
        if self.factor == 1.0 {
            return;
        }
        for sample in samples {
            *sample = (f32::from(*sample) * self.factor).round() as i16;
        }
    }
}

/// Nothing to play but tones and silence.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoClips;

impl Clips for NoClips {
    fn prompt(&self, _name: &PromptName) -> Lookup {
        Lookup::Missing
    }

    fn message(&self, _file: &MailFile) -> Lookup {
        Lookup::Missing
    }

    fn music(&self, _class: &Arc<str>) -> Lookup {
        Lookup::Missing
    }
}

/// How the next sound begins.
enum Begun {
    Sound,
    /// It is left out.
    Nothing,
    Loading,
    End,
}

/// Samples of `tick` each that cover `ticks`, at most `room`.
fn fitting(ticks: u64, tick: u64, room: usize) -> usize {
    usize::try_from(ticks.div_ceil(tick)).map_or(room, |count| count.min(room))
}

/// To nothing over the whole of it.
fn fade(samples: &mut [i16]) {
    let count = samples.len() as f32;
    for (n, sample) in samples.iter_mut().enumerate() {
        *sample = (f32::from(*sample) * (1.0 - (n + 1) as f32 / count)).round() as i16;
    }
}

/// How a missing class of music is reported.
fn message_name(file: &MailFile) -> PromptName {
    PromptName { language: Arc::from(""), id: Arc::clone(&file.path) }
}

fn music_name(class: &str) -> PromptName {
    PromptName { language: Arc::from("music"), id: Arc::from(class) }
}
