//! Ten milliseconds of audio.

/// The beat of all audio work, in milliseconds.
pub const TICK_MS: usize = 10;
/// Samples of the longest frame: 10 ms at 48 kHz.
pub const FRAME_MAX: usize = 480;

/// Sampling rates that audio is worked on in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rate {
    /// Narrow band.
    #[default]
    Hz8000,
    /// Wide band.
    Hz16000,
    /// Full band.
    Hz48000,
}

impl Rate {
    /// Samples a second.
    #[must_use]
    pub fn hz(self) -> u32 {
        match self {
            Self::Hz8000 => 8_000,
            Self::Hz16000 => 16_000,
            Self::Hz48000 => 48_000,
        }
    }

    /// Samples of a frame.
    #[must_use]
    pub fn frame(self) -> usize {
        match self {
            Self::Hz8000 => 80,
            Self::Hz16000 => 160,
            Self::Hz48000 => 480,
        }
    }
}

/// Ten milliseconds of one channel.
#[derive(Clone, Debug)]
pub struct Frame {
    rate: Rate,
    samples: [i16; FRAME_MAX],
}

impl Frame {
    /// Silence.
    #[must_use]
    pub fn silent(rate: Rate) -> Self {
        Self { rate, samples: [0; FRAME_MAX] }
    }

    /// Makes it silent, at whatever rate.
    pub fn reset(&mut self, rate: Rate) {
        self.rate = rate;
        self.samples_mut().fill(0);
    }

    /// Its rate.
    #[must_use]
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// Its samples, as many as its rate has in a frame.
    #[must_use]
    pub fn samples(&self) -> &[i16] {
        self.samples.get(..self.rate.frame()).unwrap_or(&self.samples)
    }

    /// The same, to be written.
    pub fn samples_mut(&mut self) -> &mut [i16] {
        let length = self.rate.frame();
        &mut self.samples[..length]
    }
}
