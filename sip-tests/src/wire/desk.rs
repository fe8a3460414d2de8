//! What a test asks of a real phone, whoever made it: a person's hands on the keys, and an ear.
//!
//! | | linphonec 5.1 | baresip 1.0 |
//! |---|---|---|
//! | dial, answer, hang up, digits by RFC 4733 both ways | yes | yes |
//! | a call declined | 603 | 486 |
//! | hold (`sendonly`) and retrieve, told when held by the other | yes | yes, told of an offer alone |
//! | several lines | yes, by number | yes, by Call-ID |
//! | blind transfer (REFER), REFER taken | yes, takes it too | yes, takes it too |
//! | attended transfer (REFER with Replaces) | yes | by a Refer-To that is put together here |
//! | INVITE with Replaces taken | yes | no |
//! | conference in the phone | yes, of its calls without its own microphone | no |
//! | phone-side forwarding (302) | yes | no |
//! | message lamp (RFC 3842) | no | yes, [`Baresip::with_lamp`](super::Baresip::with_lamp) |
//! | lamps of others (RFC 4235) | no | no |
//! | auto-answer by Call-Info or Alert-Info | no, only for all calls | no, only for all calls |
//! | texts (RFC 3428) | yes | not by its control port |

use super::sound::level_at;
use super::until;

/// The share of the power that a tone has to have to count as heard alone.
const CLEAR: f64 = 0.8;
/// The share below which a tone counts as absent.
const ABSENT: f64 = 0.05;
/// Milliseconds of one look at what is heard.
const LOOK: usize = 250;
/// Samples of a millisecond; all of these phones speak PCMU.
const PER_MS: usize = 8;
/// Amplitudes below this are silence.
const QUIET: u16 = 40;

/// A phone with a tone of its own in front of its microphone.
pub trait Desk {
    /// Dials an extension, a number or a code.
    fn dial(&mut self, number: &str);
    /// Takes the call that rings.
    fn answer(&mut self);
    /// Declines the call that rings, and waits until it is gone.
    fn reject(&mut self);
    /// Ends the call that it talks in.
    fn hang_up(&mut self);
    /// Holds the call that it talks in, and waits until that is so.
    fn hold(&mut self);
    /// Takes the call back that was begun as the `line`th of those that are up, from 0 on, and waits until that is so.
    fn resume(&mut self, line: usize);
    /// Sends digits in the media.
    fn press(&mut self, digits: &str);
    /// Transfers the call that it talks in, without asking.
    fn transfer(&mut self, number: &str);
    /// Connects the far end of the first call that is up with that of the second, which it has asked.
    fn connect_both(&mut self);

    /// Waits for a call that comes in, and returns whose it is.
    fn rings(&mut self) -> String;
    /// Waits until the far end rings.
    fn hears_ringing(&mut self);
    /// Waits until a call is up.
    fn talks(&mut self);
    /// Waits until the far end holds.
    fn is_held(&mut self);
    /// Waits until the far end has taken the call back.
    fn is_retrieved(&mut self);
    /// Waits until a call has ended, and returns what the phone says of it.
    fn ended(&mut self) -> String;
    /// Waits for a digit.
    fn digit(&mut self) -> char;
    /// All that it has heard so far.
    fn heard(&self) -> Vec<i16>;

    /// What it hears from now on for so many milliseconds.
    ///
    /// # Panics
    /// When not so much comes.
    fn hears(&self, ms: usize) -> Vec<i16> {
        let from = self.heard().len();
        until("a phone to hear something", || self.heard().get(from..from + ms * PER_MS).map(<[i16]>::to_vec))
    }

    /// Waits until it hears this tone alone.
    ///
    /// # Panics
    /// When it does not.
    fn hears_tone(&self, hertz: f64) {
        let mut last = Vec::new();
        until(&format!("{hertz} Hz to be heard"), || {
            last = self.hears(LOOK);
            (level_at(&last, hertz) > CLEAR).then_some(())
        });
    }

    /// Waits until it hears something that is none of these tones.
    ///
    /// # Panics
    /// When it does not.
    fn hears_music(&self, tones: &[f64]) {
        until("music to be heard", || {
            let heard = self.hears(LOOK * 2);
            let loud = heard.iter().filter(|sample| sample.unsigned_abs() > QUIET).count() > heard.len() / 4;
            let other = tones.iter().all(|hertz| level_at(&heard, *hertz) < ABSENT);
            (loud && other).then_some(())
        });
    }
}
