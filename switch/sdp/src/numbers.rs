//! Which payload type number means what in a dialog: it never means anything else there (RFC 3264 §8.3.2).

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::formats::{self, Format};
use crate::text::Sdp;

/// Numbers below mean the same everywhere (RFC 3551 §3).
const DYNAMIC: std::ops::RangeInclusive<u8> = 96..=127;

/// The dynamic numbers that either side has given in a dialog, each with a hash of what it means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers(Vec<(u32, u8)>);

impl Numbers {
    /// Remembers what the stream of a body says.
    pub fn learn(&mut self, body: &Sdp) {
        let Some(audio) = body.audio() else { return };
        for format in formats::read(audio) {
            if DYNAMIC.contains(&format.number) && !self.knows(format.number) {
                self.0.reserve_exact(1);
                self.0.push((meaning(&format), format.number));
            }
        }
    }

    /// Gives each format the number it has had here, else the one it brings, else a free one; no two the same. Formats
    /// for which no number is left are dropped, and so are those whose parameters name others by number that changed.
    pub(crate) fn assign(&self, formats: &mut Vec<Format>) {
        let mut used = Vec::with_capacity(formats.len());
        let mut moved = false;
        formats.retain_mut(|format| {
            let Some(number) = self.number_for(format, &used) else { return false };
            moved |= number != format.number;
            format.number = number;
            used.push(number);
            true
        });
        if moved {
            formats.retain(|format| !format.name.eq_ignore_ascii_case("red"));
        }
    }

    fn number_for(&self, format: &Format, used: &[u8]) -> Option<u8> {
        let is_free = |number: &u8| !used.contains(number);
        let wanted = meaning(format);
        let had =
            self.0.iter().filter(|(known, _)| *known == wanted).map(|(_, number)| *number).find(is_free);
        let unknown = |number: &u8| is_free(number) && !self.knows(*number);
        had.or_else(|| Some(format.number).filter(unknown)).or_else(|| DYNAMIC.into_iter().find(unknown))
    }

    fn knows(&self, number: u8) -> bool {
        self.0.iter().any(|(_, known)| *known == number)
    }
}

fn meaning(format: &Format) -> u32 {
    let mut hasher = DefaultHasher::new();
    (format.codec, format.clock_hz).hash(&mut hasher);
    // Half of a hash is enough to tell a handful of formats apart.
    (hasher.finish() >> 32) as u32
}
