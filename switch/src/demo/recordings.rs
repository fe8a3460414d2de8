//! What is heard in the recordings of a demo: whose tone is left, whose is right.

use std::path::Path;
use std::time::Duration;

use store::{MOST_CALLS, RecordingFilter, Store};

use super::DemoError;
use super::tone::{self, Heard, PITCHES, Pitch};

/// Octets before the audio of a WAV file of ours.
const HEAD: usize = 44;
/// Where the head says how many channels there are, and how many samples a second.
const CHANNELS_AT: usize = 22;
const RATE_AT: usize = 24;
/// Moments of 20 ms that a tone is heard in a recording at least.
const LASTS: u64 = 25;
/// More pages than a demo of a day fills.
const MOST_PAGES: usize = 2_000;

/// One recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Recording {
    /// How long it is.
    pub(super) lasts: Duration,
    /// The tone that is heard most on the customer's side.
    pub(super) left: Option<Pitch>,
    /// The same on the agent's.
    pub(super) right: Option<Pitch>,
}

/// Opens every recording of a node with this data folder.
pub(super) async fn listen(store: &Store, data: &Path) -> Result<Vec<Recording>, DemoError> {
    let folder = data.join("recordings");
    let (mut found, mut after) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let page = store.recordings(&RecordingFilter::default(), after, MOST_CALLS).await?;
        for recording in page.recordings {
            found.push(open(&folder.join(&recording.file.path))?);
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(found)
}

fn open(path: &Path) -> Result<Recording, DemoError> {
    let file = std::fs::read(path)?;
    Ok(hear(&file).unwrap_or(Recording { lasts: Duration::ZERO, left: None, right: None }))
}

/// Listens to a WAV file of 16 bit samples in two channels; `None` when it is none.
fn hear(file: &[u8]) -> Option<Recording> {
    let (head, audio) = file.split_at_checked(HEAD)?;
    let channels = u16::from_le_bytes(head.get(CHANNELS_AT..)?.first_chunk().copied()?);
    let rate = u32::from_le_bytes(head.get(RATE_AT..)?.first_chunk().copied()?);
    if !head.starts_with(b"RIFF") || channels != 2 || rate == 0 {
        return None;
    }
    let of = |at: usize| -> Vec<i16> {
        audio.chunks_exact(4).map(|both| i16::from_le_bytes([both[at], both[at + 1]])).collect()
    };
    let (left, right) = (of(0), of(2));
    let lasts = Duration::from_secs_f64(left.len() as f64 / f64::from(rate));
    Some(Recording { lasts, left: most_heard(&left, rate), right: most_heard(&right, rate) })
}

fn most_heard(audio: &[i16], rate: u32) -> Option<Pitch> {
    let (mut counts, mut last) = ([0; PITCHES], None);
    for moment in audio.chunks_exact((rate as usize / 50).max(1)) {
        if let Heard::Tones(chord) = tone::listen(moment, rate, last) {
            for pitch in chord.pitches() {
                counts[pitch.index()] += 1;
                last = Some(pitch);
            }
        }
    }
    let most = Pitch::all().max_by_key(|pitch| counts[pitch.index()]);
    most.filter(|pitch| counts[pitch.index()] >= LASTS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::tone::Side;

    #[test]
    fn each_side_of_a_recording_is_heard_apart() {
        let (customer, agent) = (Pitch::of(Side::Caller, 2), Pitch::of(Side::Callee, 7));
        let mut sides = [vec![0; 16_000], vec![0; 16_000]];
        customer.write(0, 8_000, &mut sides[0]);
        agent.write(0, 8_000, &mut sides[1][..8_000]);
        let mut file = vec![0; HEAD];
        file[..4].copy_from_slice(b"RIFF");
        file[CHANNELS_AT] = 2;
        file[RATE_AT..RATE_AT + 4].copy_from_slice(&8_000u32.to_le_bytes());
        for (left, right) in sides[0].iter().zip(&sides[1]) {
            file.extend(left.to_le_bytes().into_iter().chain(right.to_le_bytes()));
        }
        let heard = hear(&file).expect("a WAV file");
        assert_eq!((heard.left, heard.right), (Some(customer), Some(agent)));
        assert_eq!(heard.lasts, Duration::from_secs(2));
        assert_eq!(hear(b"RIFF"), None);
    }
}
