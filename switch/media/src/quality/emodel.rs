//! The E-model (ITU-T G.107, G.107.1): from loss, bursts, codec and delay to a rating and a mean opinion score.
//!
//! Echo, noise and levels stand at their defaults, so that R = R₀ − Id − Ie,eff: what the network did, and nothing else.
//! R₀ is 93.2 for narrow band and 129 for wide band (G.107.1), whose ratings are brought to the scale of narrow band by
//! 1.29 before they become a score. Opus has no values in G.113; ours are those of a codec that is as good as the line
//! and gets over losses with copies.

use base::media::Codec;

/// What speech went through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Path {
    pub(crate) codec: Codec,
    /// Share of packets not played, 0…1.
    pub(crate) loss: f32,
    /// How many are lost in a row beside how many would be if loss were random; 1 or more.
    pub(crate) burst: f32,
    /// From mouth to ear.
    pub(crate) delay_ms: f32,
}

/// What listeners think of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rating {
    /// R, 0…100.
    pub(crate) rating: u8,
    /// Hundredths of a mean opinion score, 100…450.
    pub(crate) mos_centi: u16,
}

/// A codec's impairment and how well it stands loss (ITU-T G.113 Appendix I and IV).
struct Impairment {
    best: f32,
    codec: f32,
    robustness: f32,
}

/// The rating of a path.
pub(crate) fn rate(path: &Path) -> Rating {
    let Impairment { best, codec, robustness } = impairment(path.codec);
    let percent = path.loss.clamp(0.0, 1.0) * 100.0;
    let loss = (95.0 - codec) * percent / (percent / path.burst.max(1.0) + robustness);
    let rating = (best - delay(path.delay_ms) - codec - loss).max(0.0);
    let narrow = if best > 100.0 { rating / 1.29 } else { rating };
    Rating { rating: narrow.min(100.0).round() as u8, mos_centi: (score(narrow) * 100.0).round() as u16 }
}

fn impairment(codec: Codec) -> Impairment {
    match codec {
        // With concealment (G.711 Appendix I).
        Codec::Pcmu | Codec::Pcma => Impairment { best: 93.2, codec: 0.0, robustness: 25.1 },
        Codec::G722 => Impairment { best: 129.0, codec: 13.0, robustness: 20.0 },
        Codec::Opus => Impairment { best: 129.0, codec: 2.0, robustness: 30.0 },
        // Those that are only passed on are mostly like G.729A.
        Codec::TelephoneEvent | Codec::ComfortNoise | Codec::Other(_) => {
            Impairment { best: 93.2, codec: 11.0, robustness: 19.0 }
        }
    }
}

/// Idd of G.107 §7.4: nothing up to 100 ms.
fn delay(ms: f32) -> f32 {
    if ms <= 100.0 {
        return 0.0;
    }
    let x = (ms / 100.0).log2();
    let bend = |x: f32| (1.0 + x.powi(6)).powf(1.0 / 6.0);
    25.0 * (bend(x) - 3.0 * bend(x / 3.0) + 2.0)
}

/// G.107 Annex B.
fn score(rating: f32) -> f32 {
    if rating >= 100.0 {
        return 4.5;
    }
    (1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mos(codec: Codec, loss: f32, burst: f32, delay_ms: f32) -> u16 {
        rate(&Path { codec, loss, burst, delay_ms }).mos_centi
    }

    /// ITU-T G.107: R of 93.2 is a score of 4.41, and of G.729A with 11 less 4.1.
    #[test]
    fn a_clean_line_scores_what_the_tables_say() {
        assert_eq!(mos(Codec::Pcmu, 0.0, 1.0, 20.0), 441);
        assert_eq!(rate(&Path { codec: Codec::Pcma, loss: 0.0, burst: 1.0, delay_ms: 0.0 }).rating, 93);
        let foreign = Codec::Other(base::media::Foreign::of("G729", 8_000, 1, ""));
        assert!((408..=412).contains(&mos(foreign, 0.0, 1.0, 20.0)));
    }

    #[test]
    fn loss_bursts_and_delay_each_cost() {
        let clean = mos(Codec::Pcmu, 0.0, 1.0, 50.0);
        let (one, five) = (mos(Codec::Pcmu, 0.01, 1.0, 50.0), mos(Codec::Pcmu, 0.05, 1.0, 50.0));
        assert!(clean > one && one > five && (370..=400).contains(&five), "{clean} {one} {five}");
        assert!(mos(Codec::Pcmu, 0.05, 3.0, 50.0) < five);
        let (near, far) = (mos(Codec::Pcmu, 0.0, 1.0, 150.0), mos(Codec::Pcmu, 0.0, 1.0, 400.0));
        assert!(near > 430 && (300..=370).contains(&far), "{near} {far}");
        assert_eq!(mos(Codec::Pcmu, 1.0, 1.0, 5_000.0), 100);
    }
}
