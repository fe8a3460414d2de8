//! The head of a WAV file with 16 bit PCM (RIFF, 44 octets).

/// Octets before the audio.
pub(crate) const WAV_HEAD: usize = 44;

/// The head of a file with so many octets of audio. What is longer than the format can say is called as long as it can.
pub(crate) fn wav_head(channels: u8, hz: u32, audio_octets: u64) -> [u8; WAV_HEAD] {
    let (channels, frame) = (u16::from(channels), u16::from(channels) * 2);
    let most = u32::MAX - WAV_HEAD as u32;
    let audio = u32::try_from(audio_octets).unwrap_or(most).min(most);
    let audio = audio - audio % u32::from(frame);
    let mut head = [0; WAV_HEAD];
    let mut put = |at: usize, octets: &[u8]| head[at..at + octets.len()].copy_from_slice(octets);
    put(0, b"RIFF");
    put(4, &(audio + WAV_HEAD as u32 - 8).to_le_bytes());
    put(8, b"WAVEfmt ");
    put(16, &16u32.to_le_bytes());
    put(20, &1u16.to_le_bytes());
    put(22, &channels.to_le_bytes());
    put(24, &hz.to_le_bytes());
    put(28, &(hz * u32::from(frame)).to_le_bytes());
    put(32, &frame.to_le_bytes());
    put(34, &16u16.to_le_bytes());
    put(36, b"data");
    put(40, &audio.to_le_bytes());
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_independent_reader_understands_the_head() {
        let mut file = wav_head(2, 16_000, 8).to_vec();
        [1i16, -2, 3, -4].iter().for_each(|sample| file.extend_from_slice(&sample.to_le_bytes()));
        let mut reader = hound::WavReader::new(file.as_slice()).unwrap();
        let spec = reader.spec();
        assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (2, 16_000, 16));
        assert_eq!(reader.samples::<i16>().map(Result::unwrap).collect::<Vec<_>>(), [1, -2, 3, -4]);
    }
}
