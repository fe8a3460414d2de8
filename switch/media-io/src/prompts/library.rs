//! The handle to all sounds: what there is, what users bring, what workers play.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread;

use base::limits;
use base::mail::MailFile;
use base::media::PromptName;
use media::play::Clip;
use sounds::catalogue::{self, Shipped};
use sounds::shelf::{Held, Levelling, Origin, SoundName, UploadFault};

use super::folder::{self, Folder};
use super::level;
use super::read::{go_on, read};
use crate::recordings::Library;

use super::shelf::{Shelf, ShelfStats, Wanted};

/// All sounds of a node. Its methods but `shelf` read and write files: none of them is for a media worker.
#[derive(Clone, Debug)]
pub struct Prompts {
    shelf: Arc<Shelf>,
    folder: Option<Folder>,
    mail: Arc<OnceLock<Library>>,
}

impl Prompts {
    /// With users' sounds below `folder`; starts the loader, a thread that ends when nobody holds the shelf any more.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(folder: Option<PathBuf>) -> io::Result<Self> {
        let (asks, asked) = sync_channel(limits::CLIPS_ASKED);
        let folder = folder.map(Folder::new);
        let shelf = Arc::new(Shelf::new(asks, limits::CLIP_OCTETS));
        let mail = Arc::new(OnceLock::new());
        let loader =
            Loader { folder: folder.clone(), shelf: Arc::downgrade(&shelf), mail: Arc::clone(&mail) };
        thread::Builder::new().name("sounds".to_owned()).spawn(move || loader.run(&asked))?;
        Ok(Self { shelf, folder, mail })
    }

    /// Messages and greetings come from there from now on; said once.
    pub fn read_mail_from(&self, library: Library) {
        if self.mail.set(library).is_err() {
            tracing::debug!("where messages come from was known");
        }
    }

    /// What workers look into.
    #[must_use]
    pub fn shelf(&self) -> &Arc<Shelf> {
        &self.shelf
    }

    /// How full the shelf is, and what was not found.
    #[must_use]
    pub fn stats(&self) -> ShelfStats {
        self.shelf.stats()
    }

    /// Files may have changed: everything is looked for again.
    pub fn forget(&self) {
        self.shelf.clear();
    }

    /// Every sound, by name; one of a user stands for the shipped one that it overrides.
    #[must_use]
    pub fn list(&self) -> Vec<Held> {
        let mut held: Vec<Held> = shipped().collect();
        for file in self.folder.as_ref().map(Folder::list).unwrap_or_default() {
            let overrides = held.iter().position(|held| held.name == file.name);
            let user = Held {
                ms: folder::length_ms(&file.path),
                octets: file.octets,
                origin: Origin::User { at_s: file.at_s, overrides: overrides.is_some() },
                name: file.name,
            };
            match overrides {
                Some(at) => held[at] = user,
                None => held.push(user),
            }
        }
        held.sort_by(|a, b| a.name.cmp(&b.name));
        held
    }

    /// Whether there is a sound of exactly this name.
    #[must_use]
    pub fn find(&self, name: &SoundName) -> Option<Held> {
        self.list().into_iter().find(|held| held.name == *name)
    }

    /// A sound as a WAV file, 16 bit mono at 16 kHz. `None` when there is none, or it cannot be read.
    #[must_use]
    pub fn wav(&self, name: &SoundName) -> Option<Vec<u8>> {
        let samples = samples_of(self.folder.as_ref(), name)?;
        folder::wav(&samples).ok()
    }

    /// Takes in a file of a user; one of the same name is replaced. Nothing is kept once `stop` is set.
    ///
    /// # Errors
    /// What is wrong with the file, or with the place where it was to be kept.
    pub fn upload(
        &self,
        name: &SoundName,
        file: &[u8],
        levelling: Levelling,
        stop: &AtomicBool,
    ) -> Result<Held, UploadFault> {
        let folder = self.folder.as_ref().ok_or(UploadFault::NoFolder)?;
        let samples = self.prepared(name, file, levelling, stop)?;
        go_on(stop)?;
        let held = folder.list();
        if held.len() >= limits::USER_SOUNDS && !held.iter().any(|held| held.name == *name) {
            return Err(UploadFault::Full);
        }
        folder.write(name, &samples).map_err(|error| UploadFault::Disk(error.to_string()))?;
        self.forget();
        self.find(name).ok_or_else(|| UploadFault::Disk("it was gone at once".to_owned()))
    }

    fn prepared(
        &self,
        name: &SoundName,
        file: &[u8],
        levelling: Levelling,
        stop: &AtomicBool,
    ) -> Result<Vec<i16>, UploadFault> {
        if !name.is_music() {
            return Self::speech(file, levelling, stop);
        }
        let mut samples = read(file, self.music_left(name), stop)?;
        level::check(&samples)?;
        if levelling == Levelling::Level {
            samples = level::music(&samples);
        }
        level::soften(&mut samples);
        Ok(samples)
    }

    /// A user's file as speech, mono at 16 kHz: with the bounds and at the level of prompts.
    ///
    /// # Errors
    /// What is wrong with the file; nothing more is read once `stop` is set.
    pub fn speech(file: &[u8], levelling: Levelling, stop: &AtomicBool) -> Result<Vec<i16>, UploadFault> {
        let mut samples = read(file, limits::PROMPT_MS, stop)?;
        level::check(&samples)?;
        if levelling == Levelling::Level {
            samples = level::speech(&samples);
        }
        level::soften(&mut samples);
        go_on(stop)?;
        Ok(samples)
    }

    /// Milliseconds that a piece may play so that its class stays within its bound.
    fn music_left(&self, name: &SoundName) -> u64 {
        let others = self
            .list()
            .into_iter()
            .filter(|held| held.name.is_music() && held.name.group() == name.group() && held.name != *name);
        let ms: u64 = others.filter_map(|held| held.ms).sum();
        limits::MUSIC_MS.saturating_sub(ms)
    }

    /// Deletes a user's sound; whether there was one.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn remove(&self, name: &SoundName) -> io::Result<bool> {
        let removed = self.folder.as_ref().map_or(Ok(false), |folder| folder.remove(name))?;
        self.forget();
        Ok(removed)
    }
}

/// The thread that reads and decodes.
struct Loader {
    folder: Option<Folder>,
    shelf: std::sync::Weak<Shelf>,
    mail: Arc<OnceLock<Library>>,
}

impl Loader {
    fn run(&self, asked: &Receiver<Wanted>) {
        while let Ok(wanted) = asked.recv() {
            let Some(generation) = self.shelf.upgrade().map(|shelf| shelf.generation()) else { return };
            let clip = match &wanted {
                Wanted::Prompt(name) => self.prompt(name),
                Wanted::Music(class) => self.music(class),
                Wanted::Message(file) => self.message(file),
            };
            if clip.is_none() {
                tracing::warn!(sound = %wanted, "a sound that is to be played does not exist; it is left out");
            }
            let Some(shelf) = self.shelf.upgrade() else { return };
            shelf.put(wanted, clip, generation);
        }
    }

    fn prompt(&self, name: &PromptName) -> Option<Arc<Clip>> {
        let names = catalogue::fallbacks(&name.language)
            .filter_map(|language| SoundName::prompt(&language.to_ascii_lowercase(), &name.id).ok());
        let samples = names.into_iter().find_map(|name| samples_of(self.folder.as_ref(), &name))?;
        Some(Arc::new(Clip::new(samples.into_boxed_slice())))
    }

    fn message(&self, file: &MailFile) -> Option<Arc<Clip>> {
        let playback = self.mail.get()?.open_mail(&file.path, file.recording);
        let octets = playback.and_then(|playback| playback.read_all());
        let samples = match octets {
            Ok(octets) => read(&octets, limits::MUSIC_MS, &AtomicBool::new(false)),
            Err(error) => Err(UploadFault::Disk(error.to_string())),
        };
        match samples {
            Ok(samples) => Some(Arc::new(Clip::new(samples.into_boxed_slice()))),
            Err(fault) => {
                tracing::warn!(recording = %file.recording, %fault, "a message cannot be read");
                None
            }
        }
    }

    /// All pieces of the class one after the other; a class that users have pieces of has only those.
    fn music(&self, class: &str) -> Option<Arc<Clip>> {
        let of_class = |name: &SoundName| name.is_music() && name.group() == class;
        let files = self.folder.as_ref().map(Folder::list).unwrap_or_default();
        let mut names: Vec<SoundName> = files.into_iter().map(|file| file.name).filter(of_class).collect();
        if names.is_empty() {
            names.extend(shipped().map(|held| held.name).filter(of_class));
        }
        let pieces = names.iter().filter_map(|name| samples_of(self.folder.as_ref(), name));
        let samples: Vec<i16> = pieces.flatten().collect();
        (!samples.is_empty()).then(|| Arc::new(Clip::new(samples.into_boxed_slice())))
    }
}

/// A sound of exactly this name: the user's if it can be read, else the one that ships.
fn samples_of(folder: Option<&Folder>, name: &SoundName) -> Option<Vec<i16>> {
    let of_user = folder.and_then(|folder| folder.find(name)).and_then(|path| {
        let file = std::fs::read(&path).map_err(|error| UploadFault::Disk(error.to_string()));
        match file.and_then(|file| read(&file, limits::MUSIC_MS, &AtomicBool::new(false))) {
            Ok(samples) => Some(samples),
            Err(fault) => {
                tracing::warn!(path = %path.display(), %fault, "a sound of a user cannot be read");
                None
            }
        }
    });
    of_user.or_else(|| read(find_shipped(name)?.ogg(), limits::MUSIC_MS, &AtomicBool::new(false)).ok())
}

fn find_shipped(name: &SoundName) -> Option<&'static Shipped> {
    match name {
        SoundName::Prompt { language, id } => catalogue::find(language, id),
        SoundName::Music { class, piece } => {
            catalogue::music().iter().find(|music| music.group() == class && music.id() == piece)
        }
    }
}

fn shipped() -> impl Iterator<Item = Held> {
    let held = |name: SoundName, shipped: &'static Shipped| Held {
        name,
        origin: Origin::Shipped { text: shipped.text(), licence: shipped.licence() },
        ms: Some(u64::from(shipped.ms())),
        octets: shipped.ogg().len() as u64,
    };
    let prompts = catalogue::prompts()
        .iter()
        .filter_map(move |prompt| Some(held(SoundName::prompt(prompt.group(), prompt.id()).ok()?, prompt)));
    let music = catalogue::music()
        .iter()
        .filter_map(move |music| Some(held(SoundName::music(music.group(), music.id()).ok()?, music)));
    prompts.chain(music)
}
