//! Prompts and music for the web layer.

use std::io;
use std::sync::atomic::AtomicBool;

use sounds::shelf::{Held, Levelling, SoundName, UploadFault};
use webadmin::Sounds;

use crate::hub::Hub;

impl Sounds for Hub {
    fn list(&self) -> Vec<Held> {
        self.sounds.list()
    }

    fn wav(&self, name: &SoundName) -> Option<Vec<u8>> {
        self.sounds.wav(name)
    }

    fn upload(
        &self,
        name: &SoundName,
        file: &[u8],
        levelling: Levelling,
        stop: &AtomicBool,
    ) -> Result<Held, UploadFault> {
        self.sounds.upload(name, file, levelling, stop)
    }

    fn remove(&self, name: &SoundName) -> io::Result<bool> {
        self.sounds.remove(name)
    }
}
