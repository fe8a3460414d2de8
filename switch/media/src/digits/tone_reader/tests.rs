use base::media::digit_of;

use super::*;
use crate::digits::frequencies;

/// Two tones among noise.
#[derive(Clone, Copy)]
struct Signal {
    low_hz: f64,
    high_hz: f64,
    low_dbm0: f64,
    high_dbm0: f64,
    ms: f64,
    noise_dbm0: f64,
}

fn of(digit: char) -> Signal {
    let (low, high) = frequencies(digit).unwrap();
    Signal {
        low_hz: f64::from(low),
        high_hz: f64::from(high),
        low_dbm0: -10.0,
        high_dbm0: -10.0,
        ms: 50.0,
        noise_dbm0: -90.0,
    }
}

struct Noise(u64);

impl Noise {
    /// Evenly spread within ±1, the same each time.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

fn peak(dbm0: f64) -> f64 {
    32_767.0 * 10f64.powf((dbm0 - 3.17) / 20.0)
}

/// `before` milliseconds of noise alone, the tones, and 100 ms more.
fn audio(signal: Signal, before_ms: f64, rate: Rate, noise: &mut Noise) -> Vec<i16> {
    let hz = f64::from(rate.hz());
    let (from, to) = (before_ms / 1_000.0, (before_ms + signal.ms) / 1_000.0);
    let count = ((to + 0.1) * hz) as usize;
    let (low, high) = (peak(signal.low_dbm0), peak(signal.high_dbm0));
    // An even spread has a third of its peak squared, a sine one half.
    let hiss = peak(signal.noise_dbm0) * 1.5f64.sqrt();
    let samples = (0..count).map(|at| {
        let t = at as f64 / hz;
        let on = f64::from(u8::from(t >= from && t < to));
        let tau = std::f64::consts::TAU;
        let tones = low * (tau * signal.low_hz * t).sin() + high * (tau * signal.high_hz * t + 1.0).sin();
        (on * tones + hiss * noise.next()) as i16
    });
    samples.collect()
}

fn heard(reader: &mut ToneReader, samples: &[i16], rate: Rate, mute: Mute) -> (Vec<Key>, Vec<i16>) {
    let mut keys = Vec::new();
    let mut out = Vec::new();
    for part in samples.chunks_exact(rate.frame()) {
        let mut frame = Frame::silent(rate);
        frame.samples_mut().copy_from_slice(part);
        keys.extend(reader.hear(&mut frame, mute));
        out.extend_from_slice(frame.samples());
    }
    (keys, out)
}

fn presses(samples: &[i16]) -> Vec<(char, u64)> {
    let (keys, _) = heard(&mut ToneReader::new(Rate::Hz8000), samples, Rate::Hz8000, Mute::No);
    let ups = keys.into_iter().filter_map(|key| match key {
        Key::Down(_) => None,
        Key::Up(press) => Some((press.digit, press.lasted.as_millis() as u64)),
    });
    ups.collect()
}

/// How many of so many tries at different places of the grid are read as exactly this key.
fn hits(signal: Signal, digit: char, tries: usize) -> usize {
    let mut noise = Noise(7);
    (0..tries)
        .filter(|n| {
            let told = presses(&audio(signal, 40.0 + *n as f64 * 0.7, Rate::Hz8000, &mut noise));
            told.len() == 1 && told[0].0 == digit
        })
        .count()
}

fn digits() -> impl Iterator<Item = char> {
    (0..16).filter_map(digit_of)
}

/// ITU-T Q.24: 40 ms are enough.
#[test]
fn every_key_is_read_from_40_ms() {
    for digit in digits() {
        assert_eq!(hits(Signal { ms: 40.0, ..of(digit) }, digit, 30), 30, "{digit}");
    }
}

/// ITU-T Q.24: 23 ms are none.
#[test]
fn a_tone_of_23_ms_is_no_key() {
    for digit in digits() {
        let mut noise = Noise(1);
        for n in 0..30 {
            let samples =
                audio(Signal { ms: 23.0, ..of(digit) }, 40.0 + f64::from(n) * 0.7, Rate::Hz8000, &mut noise);
            assert_eq!(presses(&samples), [], "{digit}");
        }
    }
}

/// ITU-T Q.24: 1.5 % beside its frequency a tone counts, 3.5 % beside it does not.
#[test]
fn frequencies_1_5_percent_off_count_and_3_5_percent_off_do_not() {
    for digit in digits() {
        for (low, high) in [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)] {
            let off = |share: f64| Signal {
                low_hz: of(digit).low_hz * (1.0 + low * share),
                high_hz: of(digit).high_hz * (1.0 + high * share),
                ..of(digit)
            };
            assert_eq!(hits(Signal { ms: 40.0, ..off(0.015) }, digit, 10), 10, "{digit} {low} {high}");
            assert_eq!(hits(off(0.035), digit, 10), 0, "{digit} {low} {high}");
        }
        let one = |share: f64| Signal { high_hz: of(digit).high_hz * (1.0 + share), ..of(digit) };
        assert_eq!(hits(one(0.035), digit, 10) + hits(one(-0.035), digit, 10), 0, "{digit}");
    }
}

/// ITU-T Q.24: the high tone may be 4 dB louder and 8 dB softer than the low one, each down to -25 dBm0 and below.
#[test]
fn twist_and_level_may_vary_as_far_as_networks_allow() {
    for digit in digits() {
        for (low_dbm0, high_dbm0) in
            [(-10.0, -6.0), (-6.0, -14.0), (0.0, 0.0), (-25.0, -25.0), (-32.0, -28.0), (-26.0, -34.0)]
        {
            let signal = Signal { low_dbm0, high_dbm0, ..of(digit) };
            assert_eq!(hits(signal, digit, 10), 10, "{digit} {low_dbm0} {high_dbm0}");
        }
        let soft = Signal { low_dbm0: -55.0, high_dbm0: -55.0, ..of(digit) };
        assert_eq!(hits(soft, digit, 10), 0, "too soft");
        let twisted = Signal { low_dbm0: -20.0, high_dbm0: -5.0, ..of(digit) };
        assert_eq!(hits(twisted, digit, 10), 0, "too much twist");
    }
}

#[test]
fn keys_are_read_among_noise_15_db_below_them() {
    for digit in digits() {
        let signal = Signal { low_dbm0: -13.0, high_dbm0: -13.0, noise_dbm0: -25.0, ..of(digit) };
        assert_eq!(hits(signal, digit, 40), 40, "{digit}");
    }
}

/// ITU-T Q.24: pauses of 40 ms part two keys, gaps of 10 ms do not.
#[test]
fn a_pause_of_40_ms_parts_two_keys_and_a_gap_of_10_ms_does_not() {
    let mut samples = audio(Signal { ms: 60.0, ..of('5') }, 30.0, Rate::Hz8000, &mut Noise(1));
    samples.truncate(90 * 8);
    let mut parted = samples.clone();
    parted.extend(vec![0; 10 * 8]);
    parted.extend(&samples);
    assert_eq!(presses(&[parted, vec![0; 800]].concat()).len(), 2);
    let mut gap = samples.clone();
    gap.extend(vec![0; 10 * 8]);
    gap.extend(&samples[30 * 8..]);
    let told = presses(&[gap, vec![0; 800]].concat());
    assert_eq!(told.len(), 1, "{told:?}");
}

#[test]
fn keys_right_behind_each_other_are_told_in_order() {
    let mut samples = Vec::new();
    for digit in "1234567890*#ABCD".chars() {
        let mut one = audio(Signal { ms: 50.0, ..of(digit) }, 0.0, Rate::Hz8000, &mut Noise(3));
        one.truncate(100 * 8);
        samples.extend(one);
    }
    samples.extend([0; 800]);
    let told: String = presses(&samples).iter().map(|told| told.0).collect();
    assert_eq!(told, "1234567890*#ABCD");
}

#[test]
fn a_press_is_measured_within_5_ms() {
    for ms in [45.0, 70.0, 100.0, 333.0, 2_000.0] {
        let told = presses(&audio(Signal { ms, ..of('8') }, 33.0, Rate::Hz8000, &mut Noise(3)));
        assert!(told.len() == 1 && (told[0].1 as f64 - ms).abs() <= 5.0, "{ms}: {told:?}");
    }
}

#[test]
fn wide_and_full_band_audio_is_read_too() {
    for rate in [Rate::Hz16000, Rate::Hz48000] {
        let mut reader = ToneReader::new(rate);
        let samples = audio(Signal { ms: 60.0, ..of('D') }, 33.0, rate, &mut Noise(3));
        let (keys, _) = heard(&mut reader, &samples, rate, Mute::No);
        assert_eq!((keys.len(), keys[0]), (2, Key::Down('D')), "{rate:?}");
    }
}

/// What gets out before the tones are known is too short for any detector.
#[test]
fn others_hear_less_than_20_ms_of_a_key() {
    for digit in digits() {
        for n in 0..20 {
            let before = 40.0 + f64::from(n) * 0.9;
            let samples = audio(Signal { ms: 120.0, ..of(digit) }, before, Rate::Hz8000, &mut Noise(3));
            let (_, out) = heard(&mut ToneReader::new(Rate::Hz8000), &samples, Rate::Hz8000, Mute::Yes);
            let loud = out.iter().filter(|sample| sample.unsigned_abs() > 200).count();
            assert!(loud <= 20 * 8, "{digit}: {} ms", loud as f32 / 8.0);
            assert_eq!(presses(&out), []);
        }
    }
}

#[test]
fn noise_single_tones_and_chords_are_no_keys() {
    let mut noise = Noise(9);
    let hiss: Vec<i16> = (0..8_000 * 60).map(|_| (12_000.0 * noise.next()) as i16).collect();
    assert_eq!(presses(&hiss), []);
    for hz in [350.0, 440.0, 697.0, 770.0, 941.0, 1_100.0, 1_209.0, 1_633.0, 2_100.0] {
        let single = Signal { low_hz: hz, high_hz: hz, ms: 500.0, ..of('1') };
        assert_eq!(presses(&audio(single, 20.0, Rate::Hz8000, &mut noise)), [], "{hz}");
    }
    let triad: Vec<i16> = (0..16_000)
        .map(|at| {
            let t = f64::from(at) / 8_000.0 * std::f64::consts::TAU;
            (4_000.0 * ((t * 697.0).sin() + (t * 1_209.0).sin() + (t * 2_093.0).sin())) as i16
        })
        .collect();
    assert_eq!(presses(&triad), [], "a third tone as loud as they are");
}
