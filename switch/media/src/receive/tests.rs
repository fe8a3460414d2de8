use base::media::{OpusWishes, Wishes};
use proptest::prelude::*;

use super::*;
use crate::codec;
use crate::dsp::level::{dbm0, tone_dbm0};

/// A far end that sends, and a network that does as it is told.
struct Far {
    codec: Codec,
    packet_ms: u64,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    sent: u64,
    seed: u64,
    wire: Vec<(u64, Header, Codec, Vec<u8>)>,
}

/// What came out at our end.
struct Heard {
    rate: Rate,
    audio: Vec<i16>,
    kinds: Vec<Pulled>,
    delays_ms: Vec<u32>,
    figures: Figures,
}

impl Far {
    fn new() -> Self {
        Self {
            codec: Codec::Pcmu,
            packet_ms: 20,
            ssrc: 7,
            sequence: 65_000,
            timestamp: 4_294_960_000,
            sent: 0,
            seed: 42,
            wire: Vec::new(),
        }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % below
    }

    /// Sends so many ms of a sound, sample by sample of the stream's whole time; `late` says after how many ms each
    /// packet comes, `None` for never.
    fn say(
        &mut self,
        ms: u64,
        sound: impl Fn(f64) -> f64,
        mut late: impl FnMut(&mut Self, u64) -> Option<u64>,
    ) {
        let rate = match self.codec {
            Codec::Opus => Rate::Hz48000,
            Codec::G722 => Rate::Hz16000,
            Codec::Pcmu | Codec::Pcma | Codec::TelephoneEvent | Codec::ComfortNoise | Codec::Other(_) => {
                Rate::Hz8000
            }
        };
        let wishes = Wishes { opus: OpusWishes { fec: true, ..OpusWishes::default() }, ..Wishes::default() };
        let mut encoder = codec::encoder(self.codec, &wishes, rate).unwrap();
        encoder.expect_loss(20);
        let per_ms = u64::from(rate.hz()) / 1_000;
        let ticks = if self.codec == Codec::Opus { 48 } else { 8 };
        for packet in 0..ms / self.packet_ms {
            let first = self.sent * per_ms;
            let audio: Vec<i16> = (first..first + self.packet_ms * per_ms)
                .map(|n| (8_000.0 * sound(n as f64 / f64::from(rate.hz()))) as i16)
                .collect();
            let mut payload = vec![0; 1_500];
            let octets = encoder.encode(&audio, &mut payload).unwrap();
            payload.truncate(octets);
            self.sent += self.packet_ms;
            let at = self.sent * 1_000;
            if let Some(late) = late(self, packet) {
                self.wire.push((at + late * 1_000, self.header(octets), self.codec, payload));
            }
            self.sequence = self.sequence.wrapping_add(1);
            self.timestamp = self.timestamp.wrapping_add((self.packet_ms * ticks) as u32);
        }
    }

    /// Says nothing for so long, and sends nothing.
    fn pause(&mut self, ms: u64) {
        self.sent += ms;
        self.timestamp = self.timestamp.wrapping_add(ms as u32 * 8);
    }

    fn header(&self, octets: usize) -> Header {
        Header {
            payload_type: 0,
            marker: false,
            sequence: self.sequence,
            timestamp: self.timestamp,
            ssrc: self.ssrc,
            payload_octets: octets,
        }
    }

    fn other(&mut self, late: u64, codec: Codec, payload: &[u8]) {
        let packet = (self.sent * 1_000 + late * 1_000, self.header(payload.len()), codec, payload.to_vec());
        self.wire.push(packet);
        self.sequence = self.sequence.wrapping_add(1);
    }

    fn heard(self) -> Heard {
        self.heard_at(Rate::Hz8000)
    }

    fn heard_at(mut self, rate: Rate) -> Heard {
        self.wire.sort_by_key(|(at, ..)| *at);
        let mut receiver = Receiver::new(rate);
        let mut frame = Frame::silent(rate);
        let (mut audio, mut kinds, mut delays_ms) = (Vec::new(), Vec::new(), Vec::new());
        let end = self.wire.last().map_or(0, |(at, ..)| *at);
        let mut wire = self.wire.into_iter().peekable();
        for now in (3_000..end + 400_000).step_by(10_000) {
            while let Some((at, header, codec, payload)) = wire.next_if(|(at, ..)| *at <= now) {
                receiver.take(Mono(at), &header, codec, &payload);
            }
            kinds.push(receiver.pull(Mono(now), &mut frame));
            audio.extend_from_slice(frame.samples());
            delays_ms.push(receiver.figures().delay_ms);
        }
        Heard { rate, audio, kinds, delays_ms, figures: receiver.figures() }
    }
}

impl Heard {
    fn between(&self, from_ms: usize, to_ms: usize) -> &[i16] {
        let per_ms = self.rate.hz() as usize / 1_000;
        &self.audio[from_ms * per_ms..to_ms * per_ms]
    }

    /// Level of a frequency, and how far all else lies below it.
    fn tone(&self, hz: u32, from_ms: usize, to_ms: usize) -> (f32, f32) {
        let part = self.between(from_ms, to_ms);
        let tone = tone_dbm0(part, hz, self.rate.hz());
        let all = 10f32.powf(dbm0(part) / 10.0) - 10f32.powf(tone / 10.0);
        (tone, tone - 10.0 * all.max(1e-9).log10())
    }

    fn count(&self, kind: Pulled) -> usize {
        self.kinds.iter().filter(|other| **other == kind).count()
    }

    /// When it first gets loud.
    fn starts_ms(&self) -> usize {
        let first = self.audio.iter().position(|sample| sample.abs() > 1_000).unwrap();
        first * 1_000 / self.rate.hz() as usize
    }

    fn longest_delay(&self, from_ms: usize, to_ms: usize) -> u32 {
        self.delays_ms[from_ms / 10..to_ms / 10].iter().max().copied().unwrap()
    }
}

fn sine(hz: f64) -> impl Fn(f64) -> f64 {
    move |t| (std::f64::consts::TAU * hz * t).sin()
}

/// Another frequency each 100 ms.
fn steps(t: f64) -> f64 {
    (std::f64::consts::TAU * step_hz((t * 10.0) as u64) * t).sin()
}

fn step_hz(step: u64) -> f64 {
    [400.0, 900.0, 600.0, 1_500.0, 700.0, 1_100.0, 500.0, 1_300.0][step as usize % 8]
}

/// The steps come out complete and in order: whichever is loudest at a time follows the one before it.
fn steps_heard(heard: &Heard) -> Vec<u64> {
    let mut order: Vec<u64> = Vec::new();
    for from in (0..heard.kinds.len() * 10 - 20).step_by(10) {
        let part = heard.between(from, from + 20);
        let (best, level) = (0..8)
            .map(|step| (step, tone_dbm0(part, step_hz(step) as u32, heard.rate.hz())))
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .unwrap();
        if level > -18.0 && order.last() != Some(&best) {
            order.push(best);
        }
    }
    order
}

/// A sine of amplitude 8,000 in dBm0.
const LEVEL: f32 = -9.1;

fn is_level(level: f32, off: f32) -> bool {
    (level - LEVEL).abs() < off
}

#[test]
fn an_even_stream_is_heard_as_it_was_sent_with_little_delay() {
    for packet_ms in [10, 20, 30, 40, 60] {
        for rate in [Rate::Hz8000, Rate::Hz16000, Rate::Hz48000] {
            let mut far = Far::new();
            far.packet_ms = packet_ms;
            far.say(3_000, sine(400.0), |_, _| Some(0));
            let heard = far.heard_at(rate);
            let (level, purity) = heard.tone(400, 1_500, 2_500);
            assert!(is_level(level, 0.3) && purity > 25.0, "{packet_ms} {level} {purity}");
            assert!(heard.starts_ms() <= packet_ms as usize + 52, "{} {packet_ms}", heard.starts_ms());
            assert_eq!((heard.figures.lost, heard.figures.late, heard.figures.concealed_ms), (0, 0, 0));
            assert!(heard.longest_delay(2_000, 2_500) < 45, "{:?}", heard.figures);
        }
    }
}

#[test]
fn speech_comes_out_complete_and_in_order() {
    let mut far = Far::new();
    far.say(4_000, steps, |far, _| Some(far.random(30)));
    let heard = far.heard();
    let want: Vec<u64> = (0..40).map(|n| n % 8).collect();
    assert_eq!(steps_heard(&heard), want);
}

/// ITU-T G.711 Appendix I: losses of up to 10 ms…60 ms are filled with what was said.
#[test]
fn a_tone_with_one_or_five_percent_lost_keeps_its_level() {
    for (percent, purest) in [(1, 20.0), (5, 13.0)] {
        let mut far = Far::new();
        far.say(20_000, sine(400.0), |far, _| (far.random(100) >= percent).then_some(0));
        let sent = far.wire.len() as u64;
        let heard = far.heard();
        let (level, purity) = heard.tone(400, 2_000, 19_000);
        assert!(is_level(level, 1.0) && purity > purest, "{percent} {level} {purity} {:?}", heard.figures);
        let lost = 1_000 - sent;
        assert!(heard.figures.lost.abs_diff(lost) <= 1, "{:?} {lost}", heard.figures);
        assert!(
            heard.figures.concealed_ms.abs_diff(lost * 20) <= lost * 5 + 20,
            "{:?} {lost}",
            heard.figures
        );
        assert!(heard.longest_delay(2_000, 19_000) < 60, "loss alone is no reason to wait");
    }
}

#[test]
fn a_long_loss_fades_to_silence_and_what_follows_is_in_time() {
    let mut far = Far::new();
    far.say(2_000, sine(400.0), |_, packet| (!(50..60).contains(&packet)).then_some(0));
    let heard = far.heard();
    assert_eq!((heard.figures.lost, heard.figures.late), (10, 0));
    assert!(dbm0(heard.between(1_150, 1_200)) < -50.0);
    let (level, purity) = heard.tone(400, 1_300, 1_900);
    assert!(is_level(level, 0.5) && purity > 20.0, "{level} {purity}");
    assert!(heard.longest_delay(1_300, 1_900) < 60);
}

#[test]
fn uneven_arrival_is_waited_for_as_long_as_it_takes() {
    for spread in [10, 40, 80, 120] {
        let mut far = Far::new();
        far.say(20_000, sine(400.0), |far, _| Some(far.random(spread + 1)));
        let heard = far.heard();
        let (level, purity) = heard.tone(400, 5_000, 19_000);
        assert!(is_level(level, 1.0) && purity > 12.0, "{spread} {level} {purity} {:?}", heard.figures);
        let longest = heard.longest_delay(5_000, 19_000);
        assert!(longest < spread as u32 + 60, "{spread} {longest} {:?}", heard.figures);
        assert!(heard.figures.late + heard.figures.lost < 25, "{spread} {:?}", heard.figures);
        assert!(heard.figures.concealed_ms < 700, "{spread} {:?}", heard.figures);
    }
}

#[test]
fn the_delay_grows_at_once_and_returns_low_after_a_spike() {
    let mut far = Far::new();
    let stall =
        |_: &mut Far, packet: u64| Some(if (200..206).contains(&packet) { (206 - packet) * 20 } else { 0 });
    far.say(20_000, sine(400.0), stall);
    let heard = far.heard();
    assert_eq!(heard.figures.late, 0, "all of it was played: {:?}", heard.figures);
    assert!(heard.longest_delay(4_000, 4_400) > 100, "{}", heard.longest_delay(4_000, 4_400));
    assert!(heard.longest_delay(8_000, 19_000) < 60, "{}", heard.longest_delay(8_000, 19_000));
    let (level, purity) = heard.tone(400, 8_000, 19_000);
    assert!(is_level(level, 0.5) && purity > 20.0, "{level} {purity}");
}

#[test]
fn a_burst_after_a_long_stall_is_shortened_to_what_may_wait() {
    let mut far = Far::new();
    far.say(10_000, sine(400.0), |_, packet| {
        Some(if (100..140).contains(&packet) { (140 - packet) * 20 } else { 0 })
    });
    let heard = far.heard();
    assert!(heard.longest_delay(2_900, 3_100) <= 230, "{}", heard.longest_delay(2_900, 3_100));
    assert!(heard.figures.late > 20 && heard.figures.lost == 0, "{:?}", heard.figures);
    assert!(heard.longest_delay(8_000, 9_800) < 60, "{}", heard.longest_delay(8_000, 9_800));
}

#[test]
fn packets_out_of_order_and_twice_are_put_right() {
    let mut far = Far::new();
    far.say(10_000, sine(400.0), |_, packet| Some(if packet % 10 == 3 { 25 } else { 0 }));
    let doubled: Vec<_> = far.wire.iter().step_by(3).cloned().collect();
    let twice = doubled.len() as u64;
    far.wire.extend(doubled);
    let heard = far.heard();
    let (level, purity) = heard.tone(400, 2_000, 9_500);
    assert!(is_level(level, 0.5) && purity > 20.0, "{level} {purity}");
    assert_eq!((heard.figures.duplicates, heard.figures.lost), (twice, 0));
    assert!(heard.figures.reordered > 40, "{:?}", heard.figures);
}

/// Plays an hour of one tone whose periods fill packets evenly; gives the audio of each seventh second.
fn an_hour(ppm: i64) -> (Vec<Vec<i16>>, Vec<u32>, Figures) {
    let mut far = Far::new();
    far.say(20, sine(400.0), |_, _| Some(0));
    let (_, mut header, _, payload) = far.wire.remove(0);
    let mut receiver = Receiver::new(Rate::Hz8000);
    let mut frame = Frame::silent(Rate::Hz8000);
    let (mut sent, mut due) = (0, 0);
    let (mut seconds, mut delays_ms) = (vec![Vec::new(); 515], Vec::new());
    for pull in 0..360_000_u64 {
        let now = pull * 10_000;
        while due <= now {
            receiver.take(Mono(due), &header, Codec::Pcmu, &payload);
            sent += 1;
            header.sequence = header.sequence.wrapping_add(1);
            header.timestamp = header.timestamp.wrapping_add(160);
            due = (sent * 20_000 - sent * 20_000 * ppm / 1_000_000) as u64 + far.random(4_000);
        }
        receiver.pull(Mono(now), &mut frame);
        delays_ms.push(receiver.figures().delay_ms);
        if pull / 100 % 7 == 0 {
            seconds[pull as usize / 700].extend_from_slice(frame.samples());
        }
    }
    (seconds, delays_ms, receiver.figures())
}

/// Two clocks are never equal: what is put in or taken out for it is not heard.
fn neither_drains_nor_overflows(ppm: i64) {
    let (seconds, delays_ms, figures) = an_hour(ppm);
    assert_eq!((figures.lost, figures.late), (0, 0), "{figures:?}");
    assert!(figures.concealed_ms < 150, "{figures:?}");
    assert!(delays_ms[1_000..].iter().all(|delay| *delay < 60), "{figures:?}");
    let changed = if ppm > 0 { figures.removed_ms } else { figures.added_ms };
    assert!((1_600..=2_000).contains(&changed), "an hour of it is 1,800 ms: {figures:?}");
    for second in &seconds[2..] {
        let tone = tone_dbm0(second, 400, 8_000);
        let rest = 10f32.powf(dbm0(second) / 10.0) - 10f32.powf(tone / 10.0);
        assert!(is_level(tone, 0.5) && tone - 10.0 * rest.max(1e-9).log10() > 20.0, "{tone}");
    }
}

#[test]
fn an_hour_with_a_far_clock_500_ppm_fast_does_not_overflow() {
    neither_drains_nor_overflows(500);
}

#[test]
fn an_hour_with_a_far_clock_500_ppm_slow_does_not_drain() {
    neither_drains_nor_overflows(-500);
}

/// RFC 3550 §8.2: a sender may begin another stream at any time.
#[test]
fn another_stream_and_jumps_of_numbers_and_timestamps_go_on_at_once() {
    let changes: [fn(&mut Far); 5] = [
        |far| (far.ssrc, far.sequence, far.timestamp) = (8, 12, 99),
        |far| far.timestamp = far.timestamp.wrapping_add(1 << 30),
        |far| far.timestamp = far.timestamp.wrapping_sub(3_000_000),
        |far| far.sequence = far.sequence.wrapping_add(2_000),
        |far| far.sequence = far.sequence.wrapping_sub(30),
    ];
    for change in changes {
        let mut far = Far::new();
        far.say(2_000, sine(400.0), |_, _| Some(0));
        change(&mut far);
        far.say(2_000, sine(400.0), |_, _| Some(0));
        let heard = far.heard();
        let (level, purity) = heard.tone(400, 2_400, 3_900);
        assert!(is_level(level, 0.5) && purity > 20.0, "{level} {purity} {:?}", heard.figures);
        assert!(heard.longest_delay(2_400, 3_900) < 60, "{:?}", heard.figures);
    }
}

/// RFC 3551 §4.1: timestamps go on in a pause without packets.
#[test]
fn a_pause_of_the_far_end_is_silence_and_no_loss() {
    let mut far = Far::new();
    for _ in 0..5 {
        far.say(1_000, sine(400.0), |far, _| Some(far.random(3)));
        far.pause(1_000);
    }
    far.say(100, sine(400.0), |_, _| Some(0));
    let heard = far.heard();
    assert_eq!((heard.figures.lost, heard.figures.late, heard.figures.concealed_ms), (0, 0, 0));
    assert!(heard.count(Pulled::Silence) > 350, "{}", heard.count(Pulled::Silence));
    for n in 0..5 {
        assert!(is_level(heard.tone(400, n * 2_000 + 200, n * 2_000 + 900).0, 0.5));
        assert_eq!(dbm0(heard.between(n * 2_000 + 1_200, n * 2_000 + 1_900)), dbm0(&[0]));
    }
}

/// RFC 3389 §4: noise goes on until speech does.
#[test]
fn comfort_noise_fills_a_pause_as_loud_as_it_says() {
    let mut far = Far::new();
    far.say(1_000, sine(400.0), |_, _| Some(0));
    far.other(0, Codec::ComfortNoise, &[50]);
    far.pause(1_000);
    far.say(1_000, sine(400.0), |_, _| Some(0));
    let heard = far.heard();
    assert_eq!((heard.figures.lost, heard.figures.concealed_ms), (0, 0));
    let level = crate::dsp::level::dbov(heard.between(1_200, 1_900));
    assert!((-52.0..=-48.0).contains(&level), "{level}");
    assert!(is_level(heard.tone(400, 2_200, 2_900).0, 0.5));
    assert!(heard.count(Pulled::Noise) > 80);
}

/// RFC 4733 §2.6.1.2: events share the numbers of audio.
#[test]
fn events_among_the_packets_are_no_loss() {
    let mut far = Far::new();
    for _ in 0..20 {
        far.say(100, sine(400.0), |_, _| Some(0));
        far.other(0, Codec::TelephoneEvent, &[1, 10, 0, 160]);
    }
    let heard = far.heard();
    assert_eq!((heard.figures.lost, heard.figures.concealed_ms), (0, 0));
    let (level, purity) = heard.tone(400, 500, 1_900);
    assert!(is_level(level, 0.3) && purity > 25.0, "{level} {purity}");
}

#[test]
fn codec_and_packet_size_may_change_with_each_packet() {
    let mut far = Far::new();
    for n in 0..40 {
        far.codec = if n % 2 == 0 { Codec::Pcma } else { Codec::Pcmu };
        far.packet_ms = [10, 20, 60, 30][n % 4];
        far.say(120, sine(400.0), |_, _| Some(0));
    }
    let heard = far.heard();
    let (level, purity) = heard.tone(400, 1_000, 4_500);
    assert!(is_level(level, 0.4) && purity > 20.0, "{level} {purity} {:?}", heard.figures);
    assert_eq!(heard.figures.lost, 0);
}

#[test]
fn every_codec_is_heard_at_every_rate() {
    for codec in [Codec::Pcma, Codec::G722, Codec::Opus] {
        for rate in [Rate::Hz8000, Rate::Hz16000, Rate::Hz48000] {
            let mut far = Far::new();
            far.codec = codec;
            far.say(2_000, sine(400.0), |far, _| Some(far.random(10)));
            let heard = far.heard_at(rate);
            let (level, purity) = heard.tone(400, 800, 1_800);
            assert!(is_level(level, 1.0) && purity > 15.0, "{codec:?} {rate:?} {level} {purity}");
            assert_eq!((heard.figures.lost, heard.figures.concealed_ms), (0, 0), "{codec:?} {rate:?}");
        }
    }
}

/// RFC 6716 §2.1.7: the packet after a lost one may hold a copy of it.
#[test]
fn opus_and_g722_get_over_losses_in_their_own_way() {
    for (codec, purest) in [(Codec::Opus, 20.0), (Codec::G722, 20.0)] {
        let heard = |percent: u64| {
            let mut far = Far::new();
            far.codec = codec;
            far.say(10_000, sine(400.0), |far, _| (far.random(100) >= percent).then_some(0));
            far.heard_at(Rate::Hz16000)
        };
        let (whole, lossy) = (heard(0), heard(5));
        let mean = |heard: &Heard| {
            (2_000..9_500).step_by(50).fold((0.0, 0.0), |(level, purity), from| {
                let (tone, pure) = heard.tone(400, from, from + 50);
                (level + tone / 150.0, purity + pure / 150.0)
            })
        };
        let ((whole_level, _), (level, purity)) = (mean(&whole), mean(&lossy));
        assert!(
            (whole_level - level).abs() < 1.5 && purity > purest,
            "{codec:?} {whole_level} {level} {purity}"
        );
        assert!((15..40).contains(&lossy.figures.lost), "{:?}", lossy.figures);
    }
}

#[test]
fn another_rate_loses_no_packet_that_waits() {
    let mut receiver = Receiver::new(Rate::Hz8000);
    let mut far = Far::new();
    far.say(2_000, sine(400.0), |_, _| Some(0));
    let mut wire = far.wire.into_iter().peekable();
    let mut frame = Frame::silent(Rate::Hz8000);
    let mut heard = Vec::new();
    for now in (0..2_000_000).step_by(10_000) {
        while let Some((at, header, codec, payload)) = wire.next_if(|(at, ..)| *at <= now) {
            receiver.take(Mono(at), &header, codec, &payload);
        }
        if now == 1_000_000 {
            receiver.retune(Rate::Hz16000);
            frame = Frame::silent(Rate::Hz16000);
        }
        receiver.pull(Mono(now), &mut frame);
        if now >= 1_100_000 {
            heard.extend_from_slice(frame.samples());
        }
    }
    assert!(is_level(tone_dbm0(&heard, 400, 16_000), 0.3));
    assert_eq!((receiver.figures().lost, receiver.figures().late), (0, 0));
}

#[test]
fn a_flood_ends_in_the_same_few_slots() {
    let mut receiver = Receiver::new(Rate::Hz8000);
    let mut frame = Frame::silent(Rate::Hz8000);
    for n in 0..20_000_u32 {
        let header = Header {
            payload_type: 0,
            marker: false,
            sequence: n as u16,
            timestamp: n * 160,
            ssrc: 1,
            payload_octets: 160,
        };
        receiver.take(Mono(u64::from(n) * 10), &header, Codec::Pcmu, &[0x55; 160]);
    }
    for n in 0..100 {
        receiver.pull(Mono(200_000 + n * 10_000), &mut frame);
    }
    assert!(receiver.figures().delay_ms <= 1_300, "{:?}", receiver.figures());
}

proptest! {
    #[test]
    fn no_packets_panic(packets in proptest::collection::vec(
        (0..60_000_u64, any::<u32>(), any::<u16>(), 0..3_u32, 0..6_usize, proptest::collection::vec(any::<u8>(), 0..700)),
        0..200,
    )) {
        let codecs = [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus, Codec::ComfortNoise, Codec::TelephoneEvent];
        let mut receiver = Receiver::new(Rate::Hz16000);
        let mut frame = Frame::silent(Rate::Hz16000);
        let mut now = 0;
        for (step, timestamp, sequence, ssrc, codec, payload) in packets {
            now += step;
            let near = sequence % 300;
            let header = Header {
                payload_type: 0,
                marker: sequence & 1 == 1,
                sequence: if ssrc == 2 { sequence } else { near },
                timestamp: if timestamp % 3 == 0 { timestamp } else { u32::from(near) * 160 },
                ssrc: ssrc / 2,
                payload_octets: payload.len(),
            };
            receiver.take(Mono(now), &header, codecs[codec], &payload);
            for _ in 0..step / 10_000 {
                receiver.pull(Mono(now), &mut frame);
            }
        }
        let _ = receiver.figures();
    }
}
