//! Speech and music are taken for no keys and no tones: the prompts of both languages and the music on hold (ITU-T
//! Q.24 §3.2.6, "talk-off").

use base::media::{Detected, Listen};
use media::detect::Listener;
use media::digits::{Mute, ToneReader};
use media::dsp::Resampler;
use media::frame::{Frame, Rate};
use media_io::Prompts;
use sounds::catalogue;
use sounds::shelf::SoundName;

/// One who listens to everything, at 8 kHz.
struct Ear {
    keys: ToneReader,
    tones: Listener,
    narrow: Resampler,
    frames: usize,
    muted: usize,
}

impl Ear {
    fn new() -> Self {
        let tones = Listen { digits: false, fax: true, progress: true, speech: false };
        Self {
            keys: ToneReader::new(Rate::Hz8000),
            tones: Listener::new(tones, Rate::Hz8000),
            narrow: Resampler::new(Rate::Hz16000, Rate::Hz8000),
            frames: 0,
            muted: 0,
        }
    }

    /// A file of 16 bits at 16 kHz, mono.
    fn hear(&mut self, wav: &[u8], what: &str) {
        let samples: Vec<i16> =
            wav[44..].chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect();
        for part in samples.chunks_exact(160) {
            let mut frame = Frame::silent(Rate::Hz8000);
            self.narrow.process(part, frame.samples_mut());
            let before = frame.clone();
            let heard: Vec<Detected> = self.tones.hear(&frame).to_vec();
            assert_eq!(heard, [], "{what}");
            assert_eq!(self.keys.hear(&mut frame, Mute::Yes).to_vec(), [], "{what}");
            self.frames += 1;
            self.muted += usize::from(frame.samples() != before.samples());
        }
    }
}

#[test]
fn minutes_of_english_and_spanish_prompts_hold_no_key_and_no_tone() {
    let prompts = Prompts::start(None).unwrap();
    let mut ear = Ear::new();
    for prompt in catalogue::prompts().iter().step_by(4) {
        let name = SoundName::prompt(prompt.group(), prompt.id()).unwrap();
        ear.hear(&prompts.wav(&name).unwrap(), prompt.id());
    }
    assert!(ear.frames >= 300 * 100, "{} s of speech", ear.frames / 100);
    assert!(ear.muted * 2_000 < ear.frames, "{} frames were kept from others", ear.muted);
}

#[test]
fn music_on_hold_holds_no_key_and_no_tone() {
    let prompts = Prompts::start(None).unwrap();
    let mut ear = Ear::new();
    for piece in catalogue::music() {
        let name = SoundName::music(piece.group(), piece.id()).unwrap();
        ear.hear(&prompts.wav(&name).unwrap(), piece.id());
    }
    assert!(ear.frames >= 30 * 100, "{} s of music", ear.frames / 100);
}
