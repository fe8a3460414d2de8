//! Nonces that prove their own age, so that none needs to be kept before somebody has authenticated with it.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use base::{Entropy, Mono, Now};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// How long a nonce is good; afterwards the answer is a new challenge with `stale=true`.
const LIFE: Duration = Duration::from_secs(300);
/// Nonces whose counts are kept; beyond, the older half is forgotten and its nonces count as stale.
const COUNTED: usize = 65_536;

const TIME_CHARS: usize = 10;
const SALT_CHARS: usize = 8;
const PLACE_CHARS: usize = 8;
const STAMP_CHARS: usize = TIME_CHARS + SALT_CHARS + PLACE_CHARS;
const MAC_CHARS: usize = 20;
/// Counts below the highest one seen that may still come, since datagrams overtake each other.
const WINDOW: u32 = 32;

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

/// The counts of one nonce that were used: the highest, and which of those just below it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    highest: u32,
    below: u32,
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
                std::mem::replace(&mut used, Counts { highest: u32::MAX, below: u32::MAX })
                    == Counts::default()
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

impl Counts {
    /// Uses a count up; `false` when it was used, or is 0, or too far below the highest.
    fn take(&mut self, count: u32) -> bool {
        let Some(below) = self.highest.checked_sub(count) else {
            let above = count.saturating_sub(self.highest);
            let moved = self.below.checked_shl(above).unwrap_or(0);
            let former = 1_u32.checked_shl(above.saturating_sub(1)).unwrap_or(0);
            *self = Self { highest: count, below: moved | former };
            return true;
        };
        let bit = 1_u32.checked_shl(below.saturating_sub(1)).unwrap_or(0);
        let good = count > 0 && (1..=WINDOW).contains(&below) && self.below & bit == 0;
        self.below |= if good { bit } else { 0 };
        good
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
mod tests {
    use base::testing::Counting;

    use super::*;

    fn at(secs: u64) -> Now {
        Now { mono: Mono(secs * 1_000_000), ..Now::default() }
    }

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    fn spend(nonces: &mut Nonces, secs: u64, nonce: &str, count: Option<u32>) -> NonceState {
        nonces.spend(at(secs), HERE, nonce, count, Uses::Counted)
    }

    #[test]
    fn a_nonce_is_fresh_for_five_minutes_then_stale() {
        let nonces = Nonces::new([7; 32]);
        let nonce = nonces.issue(at(10), HERE, &mut Counting::default());
        assert_eq!(nonces.check(at(10), HERE, &nonce), NonceState::Fresh);
        assert_eq!(nonces.check(at(310), HERE, &nonce), NonceState::Fresh);
        assert_eq!(nonces.check(at(311), HERE, &nonce), NonceState::Stale);
    }

    /// S2: bound to the address it was sent to.
    #[test]
    fn a_nonce_is_good_only_where_it_was_sent() {
        let nonces = Nonces::new([7; 32]);
        let nonce = nonces.issue(at(10), HERE, &mut Counting::default());
        assert_eq!(nonces.check(at(10), THERE, &nonce), NonceState::Elsewhere);
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        assert_eq!(
            nonces.check(at(10), mapped, &nonce),
            NonceState::Fresh,
            "the same address in IPv6's words"
        );
    }

    #[test]
    fn a_foreign_or_altered_nonce_is_forged() {
        let nonces = Nonces::new([7; 32]);
        let nonce = nonces.issue(at(10), HERE, &mut Counting::default());
        assert_eq!(Nonces::new([8; 32]).check(at(10), HERE, &nonce), NonceState::Forged);
        for place in 0..nonce.len() {
            let mut altered = nonce.clone();
            let other = if &nonce[place..=place] == "1" { "2" } else { "1" };
            altered.replace_range(place..=place, other);
            assert_eq!(nonces.check(at(10), HERE, &altered), NonceState::Forged, "{place}");
        }
        assert_eq!(nonces.check(at(10), HERE, "é"), NonceState::Forged);
        assert_eq!(nonces.check(at(10), HERE, ""), NonceState::Forged);
    }

    /// S2, RFC 7616 §3.4: datagrams overtake each other, and nobody repeats them.
    #[test]
    fn each_count_is_good_once_in_whatever_order_they_come() {
        let mut nonces = Nonces::new([7; 32]);
        let nonce = nonces.issue(at(10), HERE, &mut Counting::default());
        let counts = [1, 1, 3, 2, 2, 3, 40, 8, 9, 9, 7, 40, 39, 39, 0];
        let states = counts.map(|count| spend(&mut nonces, 12, &nonce, Some(count)) == NonceState::Fresh);
        let good = [
            true, false, true, true, false, false, true, true, true, false, false, false, true, false, false,
        ];
        assert_eq!(states, good);
    }

    #[test]
    fn a_nonce_without_count_is_good_once() {
        let mut nonces = Nonces::new([7; 32]);
        let nonce = nonces.issue(at(10), HERE, &mut Counting::default());
        assert_eq!(spend(&mut nonces, 11, &nonce, None), NonceState::Fresh);
        assert_eq!(spend(&mut nonces, 11, &nonce, None), NonceState::Stale);
        assert_eq!(spend(&mut nonces, 11, &nonce, Some(1)), NonceState::Stale);
    }

    /// S2: one-time for the INVITE of somebody who is not registered.
    #[test]
    fn a_nonce_that_is_good_once_takes_no_second_count() {
        let mut nonces = Nonces::new([7; 32]);
        let nonce = nonces.issue(at(10), HERE, &mut Counting::default());
        let mut once = |count| nonces.spend(at(11), HERE, &nonce, Some(count), Uses::Once);
        assert_eq!([once(1), once(2)], [NonceState::Fresh, NonceState::Stale]);
        assert_eq!(spend(&mut nonces, 11, &nonce, Some(3)), NonceState::Stale);
    }

    #[test]
    fn a_flood_of_nonces_is_bounded_and_replays_nothing() {
        let mut nonces = Nonces::new([7; 32]);
        let mut entropy = Counting::default();
        let first = nonces.issue(at(1), HERE, &mut entropy);
        assert_eq!(spend(&mut nonces, 2, &first, Some(1)), NonceState::Fresh);
        for _ in 0..COUNTED + 1 {
            let nonce = nonces.issue(at(2), HERE, &mut entropy);
            spend(&mut nonces, 2, &nonce, Some(1));
        }
        assert!(nonces.young.len() + nonces.old.len() <= COUNTED);
        assert_eq!(spend(&mut nonces, 2, &first, Some(1)), NonceState::Stale);
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
