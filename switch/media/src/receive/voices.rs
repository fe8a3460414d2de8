//! The decoders of one receiver, each made with the first packet of its codec.

use base::limits;
use base::media::Codec;

use crate::codec::{self, Decoder};
use crate::frame::Rate;

/// A decoder for each codec that speaks.
#[derive(Debug)]
pub(super) struct Voices {
    rate: Rate,
    voices: [Option<Box<dyn Decoder>>; Codec::SPEECH.len()],
    /// For the part of a lost packet that was made up already.
    spare: Box<[i16]>,
}

impl Voices {
    pub(super) fn new(rate: Rate) -> Self {
        let spare = vec![0; samples(rate, limits::AUDIO_PACKET_MS)].into_boxed_slice();
        Self { rate, voices: [const { None }; Codec::SPEECH.len()], spare }
    }

    /// Samples in a payload; `None` when it is damaged, empty or longer than a packet may be.
    pub(super) fn samples_in(&mut self, codec: Codec, payload: &[u8]) -> Option<usize> {
        let most = samples(self.rate, limits::AUDIO_PACKET_MS);
        self.voice(codec)?.samples_in(payload).filter(|samples| (1..=most).contains(samples))
    }

    /// Decodes into the front of `out`; `None` for a damaged payload.
    pub(super) fn decode(&mut self, codec: Codec, payload: &[u8], out: &mut [i16]) -> Option<usize> {
        // What is damaged is concealed like what is lost.
        self.voice(codec)?.decode(payload, out).ok()
    }

    /// Fills `out` with what the codec makes up for a loss.
    pub(super) fn conceal(&mut self, codec: Codec, out: &mut [i16]) -> bool {
        self.voice(codec).is_some_and(|voice| voice.conceal(None, out))
    }

    /// Fills `out` with the end of the packet before `next`, which has `lost` samples.
    pub(super) fn recover(&mut self, codec: Codec, next: &[u8], lost: usize, out: &mut [i16]) -> bool {
        let lost = lost.clamp(out.len(), self.spare.len().max(out.len()));
        let mut spare = std::mem::take(&mut self.spare);
        let mut done = false;
        if let (Some(voice), Some(whole)) = (self.voice(codec), spare.get_mut(..lost)) {
            done = voice.conceal(Some(next), whole);
            if done {
                out.copy_from_slice(&whole[lost - out.len()..]);
            }
        }
        self.spare = spare;
        done
    }

    fn voice(&mut self, codec: Codec) -> Option<&mut Box<dyn Decoder>> {
        let place = Codec::SPEECH.iter().position(|speech| *speech == codec)?;
        let voice = self.voices.get_mut(place)?;
        if voice.is_none() {
            *voice = codec::decoder(codec, self.rate);
        }
        voice.as_mut()
    }
}

/// How many samples so many milliseconds are.
pub(super) fn samples(rate: Rate, ms: u32) -> usize {
    rate.hz() as usize * ms as usize / 1_000
}
