//! Nonces that prove their own age, so that none needs to be kept before somebody has authenticated with it.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use base::{Entropy, Mono, Now};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// How long a nonce is good; afterwards the answer is a new challenge with `stale=true`.
const LIFE: Duration = Duration::from_secs(300);
/// Nonces whose counts are kept; beyond, the older half is forgotten and its nonces count as stale.
const COUNTED: usize = 65_536;

const TIME_CHARS: usize = 16;
const SALT_CHARS: usize = 16;
const MAC_CHARS: usize = 32;

/// Issues nonces and tells its own, fresh ones from all others. RFC 7616 §5.4, §5.5.
///
/// A nonce is 64 hexadecimal characters: issue time, salt, and a keyed hash of both.
#[derive(Debug)]
pub struct Nonces {
    secret: [u8; 32],
    young: HashMap<Stamp, u32>,
    old: HashMap<Stamp, u32>,
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
    /// Not ours: challenge again.
    Forged,
}

impl Nonces {
    /// Nonces under a secret that outlives no process and is shared by all who check them.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        Self { secret, young: HashMap::new(), old: HashMap::new(), turned: Mono(0), forgotten: None }
    }

    /// A new nonce.
    pub fn issue(&self, now: Now, entropy: &mut dyn Entropy) -> String {
        let mut nonce = format!("{:016x}{:016x}", now.mono.0, entropy.next_u64());
        let mac = self.mac(&nonce);
        nonce.push_str(&mac);
        nonce
    }

    /// Judges a nonce from a request, before its answer is looked at. Changes nothing.
    #[must_use]
    pub fn check(&self, now: Now, nonce: &str) -> NonceState {
        let Some((issued, signed)) = read(nonce) else { return NonceState::Forged };
        let (stamp, mac) = signed;
        if !bool::from(self.mac(stamp).as_bytes().ct_eq(mac.as_bytes())) {
            return NonceState::Forged;
        }
        let forgotten = self.forgotten.is_some_and(|until| issued <= until);
        if forgotten || now.mono < issued || now.mono.since(issued) > LIFE {
            return NonceState::Stale;
        }
        NonceState::Fresh
    }

    /// Uses up a count of a nonce whose answer was right. `Stale` when this or a later count was used
    /// before: somebody replays. `count` is `nc`; without one the nonce is good once.
    pub fn spend(&mut self, now: Now, nonce: &str, count: Option<u32>) -> NonceState {
        match self.check(now, nonce) {
            NonceState::Fresh => {}
            state @ (NonceState::Stale | NonceState::Forged) => return state,
        }
        self.turn(now.mono);
        let count = count.unwrap_or(u32::MAX);
        let Some(stamp) = stamp(nonce) else { return NonceState::Forged };
        let used = self.young.get(&stamp).or_else(|| self.old.get(&stamp)).copied().unwrap_or(0);
        if count <= used {
            return NonceState::Stale;
        }
        self.young.insert(stamp, count);
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

    fn mac(&self, stamp: &str) -> String {
        let mac = hmac_sha256(&self.secret, stamp.as_bytes());
        hex(&mac[..MAC_CHARS / 2])
    }
}

/// Issue time, and what is signed with its signature.
fn read(nonce: &str) -> Option<(Mono, (&str, &str))> {
    if nonce.len() != TIME_CHARS + SALT_CHARS + MAC_CHARS || !nonce.is_ascii() {
        return None;
    }
    let issued = u64::from_str_radix(nonce.get(..TIME_CHARS)?, 16).ok()?;
    Some((Mono(issued), nonce.split_at_checked(TIME_CHARS + SALT_CHARS)?))
}

/// What tells our nonces apart: issue time and salt.
type Stamp = (Mono, u64);

fn stamp(nonce: &str) -> Option<Stamp> {
    let (issued, _) = read(nonce)?;
    let salt = nonce.get(TIME_CHARS..TIME_CHARS + SALT_CHARS)?;
    Some((issued, u64::from_str_radix(salt, 16).ok()?))
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
mod tests {
    use base::testing::Counting;

    use super::*;

    fn at(secs: u64) -> Now {
        Now { mono: Mono(secs * 1_000_000), ..Now::default() }
    }

    #[test]
    fn a_nonce_is_fresh_for_five_minutes_then_stale() {
        let nonces = Nonces::new([7; 32]);
        let nonce = nonces.issue(at(10), &mut Counting::default());
        assert_eq!(nonces.check(at(10), &nonce), NonceState::Fresh);
        assert_eq!(nonces.check(at(310), &nonce), NonceState::Fresh);
        assert_eq!(nonces.check(at(311), &nonce), NonceState::Stale);
    }

    #[test]
    fn a_foreign_or_altered_nonce_is_forged() {
        let nonces = Nonces::new([7; 32]);
        let mut nonce = nonces.issue(at(10), &mut Counting::default());
        assert_eq!(Nonces::new([8; 32]).check(at(10), &nonce), NonceState::Forged);
        nonce.replace_range(..1, "1");
        assert_eq!(nonces.check(at(10), &nonce), NonceState::Forged);
        assert_eq!(nonces.check(at(10), "é"), NonceState::Forged);
        assert_eq!(nonces.check(at(10), ""), NonceState::Forged);
    }

    #[test]
    fn each_count_is_good_once_and_counts_only_rise() {
        let mut nonces = Nonces::new([7; 32]);
        let nonce = nonces.issue(at(10), &mut Counting::default());
        assert_eq!(nonces.spend(at(11), &nonce, Some(1)), NonceState::Fresh);
        assert_eq!(nonces.spend(at(12), &nonce, Some(1)), NonceState::Stale);
        assert_eq!(nonces.spend(at(12), &nonce, Some(3)), NonceState::Fresh);
        assert_eq!(nonces.spend(at(12), &nonce, Some(2)), NonceState::Stale);
    }

    #[test]
    fn a_nonce_without_count_is_good_once() {
        let mut nonces = Nonces::new([7; 32]);
        let nonce = nonces.issue(at(10), &mut Counting::default());
        assert_eq!(nonces.spend(at(11), &nonce, None), NonceState::Fresh);
        assert_eq!(nonces.spend(at(11), &nonce, None), NonceState::Stale);
    }

    #[test]
    fn a_flood_of_nonces_is_bounded_and_replays_nothing() {
        let mut nonces = Nonces::new([7; 32]);
        let mut entropy = Counting::default();
        let first = nonces.issue(at(1), &mut entropy);
        assert_eq!(nonces.spend(at(2), &first, Some(1)), NonceState::Fresh);
        for _ in 0..COUNTED + 1 {
            let nonce = nonces.issue(at(2), &mut entropy);
            nonces.spend(at(2), &nonce, Some(1));
        }
        assert!(nonces.young.len() + nonces.old.len() <= COUNTED);
        assert_eq!(nonces.spend(at(2), &first, Some(1)), NonceState::Stale);
    }

    /// RFC 4231 §4.3 with its short key, which zeros extend to the same block.
    #[test]
    fn the_keyed_hash_is_hmac() {
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        assert_eq!(
            hex(&hmac_sha256(&key, b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
