//! Cadences as engineers write them: `440+480/2000,0/4000`.

use base::limits::TONE_PARTS;
use base::media::{Tone, TonePart};

/// Reads `hz[+hz…][/ms],…`: parts after each other, repeated without end. A part without a length has no end.
/// `None` when it is not written so.
pub(super) fn read(text: &str, dbm0: f32) -> Option<Tone> {
    let parts = text.split(',').map(|part| read_part(part.trim(), dbm0)).collect::<Option<_>>()?;
    let tone = Tone { parts, times: 0 };
    (tone.parts.len() <= TONE_PARTS).then_some(tone)
}

fn read_part(text: &str, dbm0: f32) -> Option<TonePart> {
    let (pitches, ms) = match text.split_once('/') {
        Some((pitches, ms)) => (pitches, ms.parse().ok()?),
        None => (text, 0),
    };
    let mut hz = [0; 4];
    for (n, pitch) in pitches.split('+').enumerate() {
        *hz.get_mut(n)? = pitch.parse().ok()?;
    }
    Some(TonePart { hz, dbm0, ms })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_pitches_and_lengths() {
        let tone = read("440+480/2000, 0/4000", -19.0).unwrap();
        assert_eq!(tone.times, 0);
        assert_eq!(tone.parts[0], TonePart { hz: [440, 480, 0, 0], dbm0: -19.0, ms: 2_000 });
        assert_eq!(tone.parts[1], TonePart { hz: [0; 4], dbm0: -19.0, ms: 4_000 });
    }

    #[test]
    fn a_part_without_a_length_has_no_end() {
        assert_eq!(read("425", -10.0).unwrap().parts[0].ms, 0);
    }

    #[test]
    fn nonsense_is_no_tone() {
        for text in ["", "x/100", "440/", "1+2+3+4+5/100", "440/100,,440/100"] {
            assert_eq!(read(text, -10.0), None, "{text}");
        }
    }
}
