//! Hands frames to those who listen.

use base::media::{Detected, Listen};
use smallvec::SmallVec;

use super::answer::Answer;
use super::calling::Calling;
use super::information::Information;
use super::progress::Progress;
use super::spectrum::{LONG, Peak, SHORT, Spectrum, Transform};
use super::voice::Voice;
use crate::dsp::Resampler;
use crate::frame::{Frame, Rate};

/// Samples of a frame at the rate that is listened at.
pub(super) const FRAME: usize = 80;
/// A frame's length in milliseconds.
pub(super) const FRAME_MS: u32 = 10;
/// Mean square of a tone of 0 dBm0: one that fills the scale has +3.17 dBm0.
const ZERO_DBM0: f32 = 258_738_560.0;

/// Listens to one far end.
#[derive(Debug)]
pub struct Listener {
    rate: Rate,
    narrow: Resampler,
    /// The last samples at 8 kHz.
    line: Box<[f32]>,
    transform: Transform,
    fax: Option<(Calling, Answer)>,
    progress: Option<Box<(Progress, Information)>>,
    voice: Option<Voice>,
}

/// What came in the latest frame, and how the 32 ms up to its end sound.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// Level of the frame in dBm0.
    pub(super) dbm0: f32,
    /// Level of the 32 ms.
    pub(super) long_dbm0: f32,
    /// The loudest tones in it.
    pub(super) peaks: [Peak; 2],
    /// The share of its power between the progress tones.
    pub(super) low_share: f32,
}

impl Listener {
    /// One who listens for these.
    #[must_use]
    pub fn new(listen: Listen, rate: Rate) -> Self {
        let mut listener = Self {
            rate,
            narrow: Resampler::new(rate, Rate::Hz8000),
            line: vec![0.0; LONG].into_boxed_slice(),
            transform: Transform::new(),
            fax: None,
            progress: None,
            voice: None,
        };
        listener.listen(listen);
        listener
    }

    /// Listens for these from now on; what it listened for before goes on as it stands.
    pub fn listen(&mut self, listen: Listen) {
        let Listen { digits: _, fax, progress, speech } = listen;
        self.fax = self.fax.take().filter(|_| fax).or_else(|| fax.then(Default::default));
        self.progress = self.progress.take().filter(|_| progress).or_else(|| progress.then(Box::default));
        self.voice = self.voice.take().filter(|_| speech).or_else(|| speech.then(Voice::default));
    }

    /// Takes the next frame and says what is heard in it that was not before.
    pub fn hear(&mut self, frame: &Frame) -> SmallVec<[Detected; 2]> {
        let samples = self.narrowed(frame);
        let look = self.look();
        let mut heard = SmallVec::new();
        if let Some((calling, answer)) = &mut self.fax {
            heard.extend(calling.hear(&look));
            heard.extend(answer.hear(&samples, look.dbm0));
        }
        if let Some(listeners) = &mut self.progress {
            let (progress, information) = listeners.as_mut();
            let (transform, line) = (&mut self.transform, &self.line);
            heard.extend(progress.hear(&look, || transform.spectrum(line)));
            heard.extend(information.hear(&look));
        }
        if let Some(voice) = &mut self.voice {
            heard.extend(voice.hear(&look));
        }
        heard
    }

    fn narrowed(&mut self, frame: &Frame) -> [f32; FRAME] {
        if frame.rate() != self.rate {
            self.rate = frame.rate();
            self.narrow = Resampler::new(self.rate, Rate::Hz8000);
        }
        let mut narrow = [0; FRAME];
        let _filled = self.narrow.process(frame.samples(), &mut narrow);
        let samples = narrow.map(f32::from);
        self.line.copy_within(FRAME.., 0);
        self.line[LONG - FRAME..].copy_from_slice(&samples);
        samples
    }

    fn look(&mut self) -> Look {
        let latest = &self.line[LONG - FRAME..];
        let power = latest.iter().map(|sample| sample * sample).sum::<f32>() / FRAME as f32;
        let spectrum: Spectrum = self.transform.spectrum(&self.line[LONG - SHORT..]);
        Look {
            dbm0: dbm0(power),
            long_dbm0: dbm0(spectrum.total()),
            peaks: spectrum.peaks(),
            low_share: spectrum.low_share(),
        }
    }
}

/// The level of a mean square.
fn dbm0(power: f32) -> f32 {
    10.0 * (power / ZERO_DBM0).max(1e-9).log10()
}
