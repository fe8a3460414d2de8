//! Sounds from file to samples: what ships, what users bring in every kind, and what is wrong with damaged files.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use std::f64::consts::TAU;
use std::io::Cursor;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base::media::PromptName;
use media::play::{Clip, Clips, Lookup};
use media_io::Prompts;
use sounds::catalogue;
use sounds::shelf::{Levelling, Origin, SoundName, UploadFault};

/// A folder of one test; it goes with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("tandem-prompts-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn prompts(&self) -> Prompts {
        Prompts::start(Some(self.0.join("sounds"))).unwrap()
    }

    /// A tone of 1,000 Hz turned into another kind of file by other people's programs; `None` without them.
    fn by(&self, command: &str, file: &str) -> Option<Vec<u8>> {
        std::fs::write(self.0.join("in.wav"), wav(44_100, 2, 1_500)).unwrap();
        let shell = Command::new("sh").current_dir(&self.0).args(["-c", command]).output().ok()?;
        shell.status.success().then(|| std::fs::read(self.0.join(file)).unwrap())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// 1,000 Hz at half of full scale.
fn wav(rate: u32, channels: u16, ms: u32) -> Vec<u8> {
    let spec = hound::WavSpec {
        channels,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut file, spec).unwrap();
    for n in 0..(u64::from(rate) * u64::from(ms) / 1_000) as u32 {
        let sample = (16_384.0 * (TAU * 1_000.0 * f64::from(n) / f64::from(rate)).sin()) as i16;
        (0..channels).for_each(|_| writer.write_sample(sample).unwrap());
    }
    writer.finalize().unwrap();
    file.into_inner()
}

fn name(text: &str) -> SoundName {
    text.parse().unwrap()
}

fn samples(wav: &[u8]) -> Vec<i16> {
    hound::WavReader::new(Cursor::new(wav)).unwrap().samples().map(Result::unwrap).collect()
}

/// Amplitude of one pitch at 16 kHz.
fn amplitude(samples: &[i16], hz: f64) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let angle = TAU * hz * n as f64 / 16_000.0;
        re += f64::from(*sample) * angle.cos();
        im += f64::from(*sample) * angle.sin();
    }
    2.0 * (re * re + im * im).sqrt() / samples.len() as f64
}

fn ask(prompts: &Prompts, look: impl Fn(&dyn Clips) -> Lookup) -> Option<Arc<Clip>> {
    for _ in 0..5_000 {
        match look(&**prompts.shelf()) {
            Lookup::Ready(clip) => return Some(clip),
            Lookup::Missing => return None,
            Lookup::Loading => std::thread::park_timeout(Duration::from_millis(1)),
        }
    }
    panic!("the loader never answered");
}

fn prompt(prompts: &Prompts, language: &str, id: &str) -> Option<Arc<Clip>> {
    let name = PromptName { language: Arc::from(language), id: Arc::from(id) };
    ask(prompts, |clips| clips.prompt(&name))
}

#[test]
fn a_shipped_prompt_is_ready_a_moment_after_it_was_asked_for() {
    let prompts = Prompts::start(None).unwrap();
    let clip = prompt(&prompts, "es", "queue/welcome").unwrap();
    let shipped = catalogue::find("es", "queue/welcome").unwrap();
    assert_eq!(clip.samples().len() as u32 / 16, shipped.ms());
    assert_eq!(prompts.stats().clips, 1);
}

#[test]
fn a_language_without_the_prompt_hears_the_next_best() {
    let prompts = Prompts::start(None).unwrap();
    let mexican = prompt(&prompts, "es-MX", "number/7").unwrap();
    let spanish = prompt(&prompts, "es", "number/7").unwrap();
    let french = prompt(&prompts, "fr", "number/7").unwrap();
    let english = prompt(&prompts, "en", "number/7").unwrap();
    assert_eq!(mexican.samples(), spanish.samples());
    assert_eq!(french.samples(), english.samples());
}

#[test]
fn a_missing_prompt_is_counted_and_named() {
    let prompts = Prompts::start(None).unwrap();
    assert!(prompt(&prompts, "en", "no/such").is_none());
    assert!(prompt(&prompts, "en", "../etc/passwd").is_none());
    let stats = prompts.stats();
    assert!(prompt(&prompts, "en", "no/such").is_none());
    assert_eq!(prompts.stats().missing, stats.missing + 1);
    assert_eq!(stats.missing_names, ["en/../etc/passwd", "en/no/such"]);
    let warning = "sounds that calls should have heard do not exist: en/../etc/passwd, en/no/such";
    assert_eq!(stats.missing_text().as_deref(), Some(warning));
}

#[test]
fn music_is_all_pieces_of_its_class() {
    let prompts = Prompts::start(None).unwrap();
    let class: Arc<str> = Arc::from("default");
    let clip = ask(&prompts, |clips| clips.music(&class)).unwrap();
    let ms: u32 = catalogue::music().iter().map(|music| music.ms()).sum();
    assert_eq!(clip.samples().len() as u32 / 16, ms);
    let none: Arc<str> = Arc::from("nothing");
    assert!(ask(&prompts, |clips| clips.music(&none)).is_none());
}

#[test]
fn every_kind_of_file_is_taken_and_becomes_the_same_tone() {
    let scratch = Scratch::new("kinds");
    let prompts = scratch.prompts();
    let mut files = vec![
        ("wav", Some(wav(44_100, 2, 1_500))),
        ("wav-8k", Some(wav(8_000, 1, 1_500))),
        ("wav-48k", Some(wav(48_000, 1, 1_500))),
    ];
    for (kind, command, file) in [
        ("alaw", "sox -D in.wav -r 8000 -c 1 -e a-law a.wav", "a.wav"),
        ("float", "sox -D in.wav -e float -b 32 f.wav", "f.wav"),
        ("24-bit", "sox -D in.wav -b 24 b.wav", "b.wav"),
        ("flac", "sox -D in.wav a.flac", "a.flac"),
        ("vorbis", "sox -D in.wav a.ogg", "a.ogg"),
        ("mp3", "lame --quiet in.wav a.mp3", "a.mp3"),
        ("opus", "opusenc --quiet in.wav a.opus", "a.opus"),
    ] {
        files.push((kind, scratch.by(command, file)));
    }
    let mut taken = 0;
    for (kind, file) in files {
        let Some(file) = file else { continue };
        let name = SoundName::prompt("en", &format!("mine/{kind}")).unwrap();
        let held = prompts
            .upload(&name, &file, Levelling::Leave, &AtomicBool::new(false))
            .unwrap_or_else(|fault| panic!("{kind}: {fault}"));
        let ms = held.ms.unwrap();
        assert!((1_495..1_580).contains(&ms), "{kind}: {ms} ms");
        let heard = samples(&prompts.wav(&name).unwrap());
        let found = amplitude(&heard[4_000..20_000], 1_000.0);
        assert!((found / 16_384.0 - 1.0).abs() < 0.06, "{kind}: {found}");
        taken += 1;
    }
    assert!(taken >= 3, "only {taken} kinds could be made here");
}

#[test]
fn what_is_wrong_with_a_file_is_said_and_where() {
    let scratch = Scratch::new("damage");
    let prompts = scratch.prompts();
    let fault = |file: &[u8]| {
        prompts.upload(&name("en/mine"), file, Levelling::Level, &AtomicBool::new(false)).unwrap_err()
    };
    assert_eq!(fault(b""), UploadFault::Empty);
    assert_eq!(fault(b"%PDF-1.7 not a sound"), UploadFault::UnknownKind);
    assert_eq!(fault(&wav(8_000, 1, 0)), UploadFault::TooShort);
    assert_eq!(fault(&vec![0; 33 * 1_048_576]), UploadFault::TooLarge { most: 32 * 1_048_576 });
    let whole = wav(8_000, 1, 3_000);
    let UploadFault::Damaged { at_ms, detail } = fault(&whole[..whole.len() / 3]) else { panic!() };
    assert!((900..1_000).contains(&at_ms), "{at_ms} {detail}");
    let mut silent = whole.clone();
    silent[44..].fill(0);
    assert_eq!(fault(&silent), UploadFault::Silent);
    assert!(matches!(fault(&wav(8_000, 1, 601_000)), UploadFault::TooLong { .. }));
    assert!(prompts.list().iter().all(|held| matches!(held.origin, Origin::Shipped { .. })));
}

/// Silence as FLAC (RFC 9639 §9): a few octets for each 65,535 samples of all channels. It claims as many as
/// it likes; 0 is not known.
fn silent_flac(rate: u32, channels: u8, frames: u32, claimed: u64) -> Vec<u8> {
    let crc = |octets: &[u8], width: u32, polynomial: u32| {
        octets.iter().fold(0_u32, |sum, octet| {
            (0..8).fold(sum ^ (u32::from(*octet) << (width - 8)), |sum, _| {
                let out = sum >> (width - 1) & 1;
                ((sum << 1) ^ (out * polynomial)) & ((1 << width) - 1)
            })
        })
    };
    let mut file = b"fLaC\x80\0\0\x22\xFF\xFF\xFF\xFF\0\0\0\0\0\0".to_vec();
    // Rate, channels, 16 bits, and how many samples it says it has.
    let about = u64::from(rate) << 44 | u64::from(channels - 1) << 41 | 15 << 36 | claimed;
    file.extend(about.to_be_bytes());
    file.extend([0; 16]);
    for number in 0..frames {
        let mut frame = vec![0xFF, 0xF8, 0x70, (channels - 1) << 4];
        let text = char::from_u32(number).unwrap().to_string();
        frame.extend(text.as_bytes());
        frame.extend([0xFF, 0xFE]);
        frame.push(crc(&frame, 8, 0x07) as u8);
        (0..channels).for_each(|_| frame.extend([0, 0, 0]));
        let sum = crc(&frame, 16, 0x8005) as u16;
        frame.extend(sum.to_be_bytes());
        file.extend(frame);
    }
    file
}

/// RFC 6716 §3.2.5: packets of 120 ms of which each frame is left out, two octets each.
fn silent_opus(packets: u64) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = ogg::PacketWriter::new(&mut file);
    let head = b"OpusHead\x01\x01\0\0\x80\xBB\0\0\0\0\0".to_vec();
    writer.write_packet(head, 1, ogg::PacketWriteEndInfo::EndPage, 0).unwrap();
    let tags = b"OpusTags\0\0\0\0\0\0\0\0".to_vec();
    writer.write_packet(tags, 1, ogg::PacketWriteEndInfo::EndPage, 0).unwrap();
    for n in 1..=packets {
        let info = if n == packets {
            ogg::PacketWriteEndInfo::EndStream
        } else {
            ogg::PacketWriteEndInfo::NormalPacket
        };
        writer.write_packet(vec![0x4B, 0x06], 1, info, n * 5_760).unwrap();
    }
    file
}

/// Issue row "a small file that unfolds": what costs much to read is refused before it is read.
#[test]
fn a_small_file_that_unfolds_into_hours_of_silence_is_refused_and_told_why() {
    let scratch = Scratch::new("bomb");
    let prompts = scratch.prompts();
    let fault = |to: &str, file: &[u8]| {
        assert!(file.len() < 1_048_576, "{}", file.len());
        prompts.upload(&name(to), file, Levelling::Level, &AtomicBool::new(false)).unwrap_err()
    };
    let at_192 = fault("music/a/b", &silent_flac(192_000, 1, 3_480, 0));
    assert_eq!(at_192, UploadFault::Unsupported("192000 Hz with 1 channels".to_owned()));
    // 8 channels at 96 kHz may play for a fifth as long as a stereo file of 64 kHz.
    let wide = fault("music/a/b", &silent_flac(96_000, 8, 300, 20_000_000));
    assert_eq!(wide, UploadFault::TooLong { most_ms: 150_000 });
    let long = fault("en/mine", &silent_flac(8_000, 1, 1_000, 0));
    assert_eq!(long, UploadFault::TooLong { most_ms: 600_000 });
    assert_eq!(fault("en/mine", &silent_opus(20_000)), UploadFault::TooLong { most_ms: 600_000 });
    assert_eq!(fault("en/mine", &silent_flac(44_100, 2, 2, 0)), UploadFault::Silent, "it is a good file");
}

#[test]
fn an_upload_that_nobody_waits_for_any_more_ends_and_keeps_nothing() {
    let scratch = Scratch::new("dropped");
    let prompts = scratch.prompts();
    let stop = AtomicBool::new(false);
    // Takes much longer than the test waits.
    let files = [silent_flac(48_000, 2, 870, 0), wav(48_000, 1, 100_000)];
    for file in files {
        stop.store(false, Ordering::Relaxed);
        let fault = std::thread::scope(|scope| {
            let upload = scope.spawn(|| prompts.upload(&name("music/a/b"), &file, Levelling::Level, &stop));
            stop.store(true, Ordering::Relaxed);
            upload.join().unwrap().unwrap_err()
        });
        assert_eq!(fault, UploadFault::Stopped);
    }
    assert!(prompts.list().iter().all(|held| matches!(held.origin, Origin::Shipped { .. })));
}

#[test]
fn no_cut_and_no_flipped_bit_of_any_kind_does_harm() {
    let scratch = Scratch::new("harm");
    let prompts = scratch.prompts();
    let shipped = catalogue::find("en", "number/7").unwrap().ogg().to_vec();
    let mut files = vec![shipped, wav(8_000, 1, 300)];
    for (command, file) in [
        ("sox -D in.wav a.flac trim 0 0.3", "a.flac"),
        ("sox -D in.wav -r 16000 a.ogg trim 0 0.3", "a.ogg"),
        ("sox -D in.wav b.wav trim 0 0.3 && lame --quiet b.wav a.mp3", "a.mp3"),
    ] {
        files.extend(scratch.by(command, file));
    }
    for file in files {
        for step in 1..20 {
            let at = file.len() * step / 20;
            prompts.upload(&name("en/mine"), &file[..at], Levelling::Level, &AtomicBool::new(false)).ok();
            let mut flipped = file.clone();
            flipped[at] ^= 1 << (step % 8);
            flipped[at / 7] ^= 0x41;
            prompts.upload(&name("en/mine"), &flipped, Levelling::Level, &AtomicBool::new(false)).ok();
        }
    }
}

#[test]
fn a_sound_of_a_user_is_heard_instead_of_the_shipped_one_until_it_is_deleted() {
    let scratch = Scratch::new("override");
    let prompts = scratch.prompts();
    let shipped = prompt(&prompts, "en", "number/7").unwrap();
    let held = prompts
        .upload(&name("en/number/7"), &wav(16_000, 1, 700), Levelling::Leave, &AtomicBool::new(false))
        .unwrap();
    assert!(matches!(held.origin, Origin::User { overrides: true, .. }));
    assert_eq!(prompt(&prompts, "en", "number/7").unwrap().samples().len(), 11_200);
    assert_eq!(prompts.list().iter().filter(|held| held.name == name("en/number/7")).count(), 1);
    assert!(prompts.remove(&name("en/number/7")).unwrap());
    assert!(!prompts.remove(&name("en/number/7")).unwrap());
    assert_eq!(prompt(&prompts, "en", "number/7").unwrap().samples(), shipped.samples());
}

#[test]
fn a_class_of_users_music_has_only_their_pieces() {
    let scratch = Scratch::new("music");
    let prompts = scratch.prompts();
    prompts
        .upload(&name("music/default/b"), &wav(16_000, 1, 2_000), Levelling::Leave, &AtomicBool::new(false))
        .unwrap();
    prompts
        .upload(&name("music/default/a"), &wav(16_000, 1, 1_000), Levelling::Leave, &AtomicBool::new(false))
        .unwrap();
    let class: Arc<str> = Arc::from("default");
    let clip = ask(&prompts, |clips| clips.music(&class)).unwrap();
    assert_eq!(clip.samples().len(), 48_000);
}

#[test]
fn a_file_put_into_the_folder_by_hand_counts() {
    let scratch = Scratch::new("hand");
    let prompts = scratch.prompts();
    assert!(prompt(&prompts, "deu", "hallo").is_none());
    std::fs::create_dir_all(scratch.0.join("sounds/deu")).unwrap();
    std::fs::write(
        scratch.0.join("sounds/deu/hallo.opus"),
        catalogue::find("en", "menu/hello").unwrap().ogg(),
    )
    .unwrap();
    prompts.forget();
    assert!(prompt(&prompts, "deu", "hallo").is_some());
    assert!(prompts.find(&name("deu/hallo")).is_some());
}
