//! Comfort noise (RFC 3389): white, as loud as the far end's background.

/// Makes noise without outside randomness: nobody guesses anything from it.
#[derive(Clone, Debug)]
pub(super) struct Noise {
    state: u32,
    before: f32,
    /// dB below overload.
    level: Option<u8>,
}

impl Noise {
    pub(super) fn new() -> Self {
        Self { state: 0x9e37_79b9, before: 0.0, level: None }
    }

    /// As loud as that from now on; `None` for silence.
    pub(super) fn set(&mut self, level: Option<u8>) {
        self.level = level;
    }

    /// Whether there is any.
    pub(super) fn is_on(&self) -> bool {
        self.level.is_some()
    }

    /// Fills with noise, or with silence.
    pub(super) fn fill(&mut self, out: &mut [i16]) {
        let Some(level) = self.level else {
            out.fill(0);
            return;
        };
        // Overload is a square wave at full scale; evenly spread numbers have 1/√3 of their peak, and the mean of two
        // neighbours 1/√2 of that.
        let peak = 32_767.0 * 10f32.powf(-f32::from(level.min(127)) / 20.0) * 6f32.sqrt();
        for sample in out {
            let next = self.next();
            *sample = ((next + self.before) * 0.5 * peak) as i16;
            self.before = next;
        }
    }

    /// −1…1.
    fn next(&mut self) -> f32 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 17;
        self.state ^= self.state << 5;
        self.state.cast_signed() as f32 / 2_147_483_648.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3389 §3.1: the level is in −dBov.
    #[test]
    fn noise_is_as_loud_as_its_level_says() {
        let mut noise = Noise::new();
        noise.set(Some(40));
        let mut out = [0; 8_000];
        noise.fill(&mut out);
        let square: f64 = out.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / 8_000.0;
        let level = 20.0 * (square.sqrt() / 32_767.0).log10();
        assert!((-41.0..=-39.0).contains(&level), "{level}");
        noise.set(None);
        noise.fill(&mut out);
        assert!(out.iter().all(|sample| *sample == 0));
    }
}
