//! Nonces that prove their own age, so that none needs to be kept before somebody has authenticated with it.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use base::{Entropy, Mono, Now};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::counts::Counts;

/// How long a nonce is good; afterwards the answer is a new challenge with `stale=true`.
const LIFE: Duration = Duration::from_secs(300);
/// Nonces whose counts are kept; beyond, the older half is forgotten and its nonces count as stale.
const COUNTED: usize = 65_536;

const TIME_CHARS: usize = 10;
const SALT_CHARS: usize = 8;
const PLACE_CHARS: usize = 8;
const STAMP_CHARS: usize = TIME_CHARS + SALT_CHARS + PLACE_CHARS;
const MAC_CHARS: usize = 20;

/// Issues nonces and tells its own, fresh ones from all others. RFC 7616 §5.4, §5.5.
///
/// A nonce is 46 hexadecimal characters: issue time, salt, a keyed hash of the address it was sent to, and a keyed hash
/// of all three.
#[derive(Debug)]
pub struct Nonces {
    secret: [u8; 32],
    young: HashMap<Stamp, Counts>,
    old: HashMap<Stamp, Counts>,
    turned: Mono,
    forgotten: Option<Mono>,
}

/// What a nonce is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonceState {
    /// Ours and young enough.
    Fresh,
    /// Ours, and used up or too old: challenge again with `stale=true`.
    Stale,
    /// Ours, but sent to another address: challenge again with `stale=true`.
    Elsewhere,
    /// Not ours: challenge again.
    Forged,
}

/// How often a nonce is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uses {
    /// Once, whatever its count says.
    Once,
    /// Once for each count.
    Counted,
}

impl Nonces {
    /// Nonces under a secret that outlives no process and is shared by all who check them.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        Self { secret, young: HashMap::new(), old: HashMap::new(), turned: Mono(0), forgotten: None }
    }

    /// A new nonce for whoever asks from `source`.
    pub fn issue(&self, now: Now, source: IpAddr, entropy: &mut dyn Entropy) -> String {
        let millis = (now.mono.0 / 1_000) & 0xff_ffff_ffff;
        let mut nonce = format!("{millis:010x}{:08x}", entropy.next_u64() & 0xffff_ffff);
        nonce.push_str(&self.place(source));
        let mac = self.mac(nonce.as_bytes(), MAC_CHARS);
        nonce.push_str(&mac);
        nonce
    }

    /// Judges a nonce from a request that came from `source`, before its answer is looked at. Changes nothing.
    #[must_use]
    pub fn check(&self, now: Now, source: IpAddr, nonce: &str) -> NonceState {
        let Some((issued, signed)) = read(nonce) else { return NonceState::Forged };
        let (stamp, mac) = signed;
        if !bool::from(self.mac(stamp.as_bytes(), MAC_CHARS).as_bytes().ct_eq(mac.as_bytes())) {
            return NonceState::Forged;
        }
        if !stamp.ends_with(&self.place(source)) {
            return NonceState::Elsewhere;
        }
        let forgotten = self.forgotten.is_some_and(|until| issued <= until);
        let ahead = issued > now.mono;
        if forgotten || ahead || now.mono.since(issued) > LIFE {
            return NonceState::Stale;
        }
        NonceState::Fresh
    }

    /// Uses up a count of a nonce whose answer was right. `Stale` when this count was used before, or is too far below
    /// one that was: somebody replays. `count` is `nc`; without one the nonce is good once.
    pub fn spend(
        &mut self,
        now: Now,
        source: IpAddr,
        nonce: &str,
        count: Option<u32>,
        uses: Uses,
    ) -> NonceState {
        match self.check(now, source, nonce) {
            NonceState::Fresh => {}
            state @ (NonceState::Stale | NonceState::Elsewhere | NonceState::Forged) => return state,
        }
        self.turn(now.mono);
        let Some(stamp) = stamp(nonce) else { return NonceState::Forged };
        let mut used = self.young.get(&stamp).or_else(|| self.old.get(&stamp)).copied().unwrap_or_default();
        let good = match (uses, count) {
            (Uses::Counted, Some(count)) => used.take(count),
            (Uses::Once, _) | (Uses::Counted, None) => {
                std::mem::replace(&mut used, Counts::SPENT) == Counts::default()
            }
        };
        if !good {
            return NonceState::Stale;
        }
        self.young.insert(stamp, used);
        NonceState::Fresh
    }

    /// Forgets in halves: a count is kept at least as long as its nonce lives.
    fn turn(&mut self, now: Mono) {
        let full = self.young.len() >= COUNTED / 2;
        if !full && now.since(self.turned) <= LIFE {
            return;
        }
        let dropped = std::mem::replace(&mut self.old, std::mem::take(&mut self.young));
        if full {
            let latest = dropped.keys().map(|(issued, _)| *issued).max();
            self.forgotten = self.forgotten.max(latest);
        }
        self.turned = now;
    }

    /// The address as nonces name it: nobody reads it there, and nobody finds another that looks the same.
    fn place(&self, source: IpAddr) -> String {
        match source.to_canonical() {
            IpAddr::V4(v4) => self.mac(&v4.octets(), PLACE_CHARS),
            IpAddr::V6(v6) => self.mac(&v6.octets(), PLACE_CHARS),
        }
    }

    fn mac(&self, text: &[u8], chars: usize) -> String {
        let mac = hmac_sha256(&self.secret, text);
        hex(&mac[..chars / 2])
    }
}

/// Issue time, and what is signed with its signature.
fn read(nonce: &str) -> Option<(Mono, (&str, &str))> {
    if nonce.len() != STAMP_CHARS + MAC_CHARS || !nonce.is_ascii() {
        return None;
    }
    let millis = u64::from_str_radix(nonce.get(..TIME_CHARS)?, 16).ok()?;
    Some((Mono(millis.saturating_mul(1_000)), nonce.split_at_checked(STAMP_CHARS)?))
}

/// What tells our nonces apart: issue time and salt.
type Stamp = (Mono, u32);

fn stamp(nonce: &str) -> Option<Stamp> {
    let (issued, _) = read(nonce)?;
    let salt = nonce.get(TIME_CHARS..TIME_CHARS + SALT_CHARS)?;
    Some((issued, u32::from_str_radix(salt, 16).ok()?))
}

/// RFC 2104 with SHA-256.
fn hmac_sha256(key: &[u8; 32], text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// Lower-case hexadecimal.
pub(super) fn hex(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len() * 2);
    for octet in octets {
        write!(text, "{octet:02x}").expect("a String takes all");
    }
    text
}

#[cfg(test)]
#[path = "nonce_tests.rs"]
mod tests;
