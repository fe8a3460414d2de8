//! Tones in WAV files, made and recognised.

use std::f64::consts::TAU;
use std::fs;
use std::path::Path;

/// Samples per second of every file here.
const RATE: u32 = 8_000;

/// Writes a sine of `hertz` with a quarter of full scale, mono, 16 bits, 8000 Hz.
///
/// # Panics
/// When the file cannot be written.
pub fn write_tone(file: &Path, hertz: f64, seconds: u32) {
    write_tone_in(file, hertz, seconds, 1);
}

/// The same in so many channels, all alike.
///
/// # Panics
/// When the file cannot be written.
pub(crate) fn write_tone_in(file: &Path, hertz: f64, seconds: u32, channels: u8) {
    let count = RATE * seconds;
    let octets = count * 2 * u32::from(channels);
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + octets).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    wav.extend([1, 0, channels, 0]); // PCM
    wav.extend(RATE.to_le_bytes());
    wav.extend((RATE * 2 * u32::from(channels)).to_le_bytes());
    wav.extend([2 * channels, 0, 16, 0]); // octets of a moment and bits of a sample
    wav.extend(b"data");
    wav.extend(octets.to_le_bytes());
    for at in 0..count {
        let sample = (TAU * hertz * f64::from(at) / f64::from(RATE)).sin() * 8_192.0;
        #[expect(clippy::cast_possible_truncation, reason = "a quarter of the range of i16")]
        (0..channels).for_each(|_| wav.extend((sample as i16).to_le_bytes()));
    }
    fs::write(file, wav).expect("our folder");
}

/// The samples of a mono WAV file with 16 bits; also of one whose header was never completed.
///
/// # Panics
/// When it is none.
pub fn read_wav(file: &Path) -> Vec<i16> {
    let wav = fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let data = wav.windows(4).position(|four| four == b"data").expect("a WAV file") + 8;
    wav[data..].chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect()
}

/// The share of the sound's power at `hertz`, 0 to 1, by Goertzel's algorithm; 0 for silence.
pub fn level_at(samples: &[i16], hertz: f64) -> f64 {
    let turn = 2.0 * (TAU * hertz / f64::from(RATE)).cos();
    let (mut last, mut before, mut power) = (0.0, 0.0, 0.0);
    for sample in samples.iter().map(|sample| f64::from(*sample)) {
        (last, before) = (sample + turn * last - before, last);
        power += sample * sample;
    }
    let tone = last * last + before * before - turn * last * before;
    let count = samples.iter().fold(0.0, |count, _| count + 1.0);
    if power > 0.0 { 2.0 * tone / (count * power) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_that_was_written_is_found_at_its_frequency_and_no_other() {
        let file = std::env::temp_dir().join(format!("tandem-tone-{}.wav", std::process::id()));
        write_tone(&file, 440.0, 1);
        let samples = read_wav(&file);
        fs::remove_file(&file).unwrap();
        assert_eq!(samples.len(), 8_000);
        assert!(level_at(&samples, 440.0) > 0.99);
        assert!(level_at(&samples, 1_000.0) < 0.01);
    }

    #[test]
    fn silence_has_no_level() {
        assert!(level_at(&[0; 800], 440.0).abs() < f64::EPSILON);
    }
}
