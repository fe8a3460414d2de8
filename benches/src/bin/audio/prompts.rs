//! Prompts played to many, without a codec.

use std::sync::Arc;

use base::media::{Gain, Over, Play, PlayId, PromptName, Sound};
use media::frame::{Frame, Rate};
use media::play::{Clip, Clips, Lookup, Player};

use crate::race::Course;
use crate::signal;

/// Three seconds at 16 kHz.
const CLIP_SAMPLES: usize = 48_000;

/// Players of one prompt, each at its own place in it.
#[derive(Debug)]
pub(crate) struct Players {
    shelf: Shelf,
    players: Vec<(Player, Frame)>,
}

/// The same audio copied out of memory.
#[derive(Debug)]
pub(crate) struct Copies {
    audio: Vec<i16>,
    listeners: Vec<(usize, Frame)>,
}

#[derive(Debug)]
struct Shelf(Arc<Clip>);

impl Clips for Shelf {
    fn prompt(&self, _name: &PromptName) -> Lookup {
        Lookup::Ready(Arc::clone(&self.0))
    }

    fn message(&self, _file: &base::mail::MailFile) -> Lookup {
        Lookup::Missing
    }

    fn music(&self, _class: &Arc<str>) -> Lookup {
        Lookup::Missing
    }
}

impl Players {
    /// So many of them.
    pub(crate) fn new(listeners: u32) -> Self {
        let wide = signal::voice(Rate::Hz16000, 1, CLIP_SAMPLES);
        let shelf = Shelf(Arc::new(Clip::new(wide.into_boxed_slice())));
        let name = PromptName { language: Arc::from("en"), id: Arc::from("bench") };
        let play = Arc::new(Play {
            id: PlayId(1),
            items: [Sound::Prompt(name)].into(),
            times: 0,
            over: Over::Alone,
            until_digit: false,
            gain: Gain::UNITY,
        });
        let mut players: Vec<(Player, Frame)> =
            (0..listeners).map(|_| (Player::new(Arc::clone(&play)), Frame::silent(Rate::Hz8000))).collect();
        for (place, (player, frame)) in players.iter_mut().enumerate() {
            (0..place % 300).for_each(|_| drop(player.frame(&shelf, frame)));
        }
        Self { shelf, players }
    }
}

impl Copies {
    /// So many of them.
    pub(crate) fn new(listeners: u32) -> Self {
        let audio = signal::voice(Rate::Hz8000, 1, CLIP_SAMPLES / 2);
        let listener = |place: u32| (place as usize % 300 * 80, Frame::silent(Rate::Hz8000));
        Self { audio, listeners: (0..listeners).map(listener).collect() }
    }
}

impl Course for Players {
    fn legs(&self) -> u32 {
        self.players.len() as u32
    }

    fn step(&mut self) {
        for (player, frame) in &mut self.players {
            player.frame(&self.shelf, frame);
            player.frame(&self.shelf, frame);
        }
    }
}

impl Course for Copies {
    fn legs(&self) -> u32 {
        self.listeners.len() as u32
    }

    fn step(&mut self) {
        for (at, frame) in &mut self.listeners {
            for _ in 0..2 {
                frame.samples_mut().copy_from_slice(&self.audio[*at..*at + 80]);
                *at = (*at + 80) % self.audio.len();
            }
        }
    }
}
