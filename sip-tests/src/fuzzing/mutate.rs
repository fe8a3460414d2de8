//! Changes that fuzzers make, from a seed.

use base::Entropy as _;
use base::testing::Seeded;

/// Octets that mean something to one of our readers.
const TELLING: &[u8] = b"\r\n \t:;,<>\"\\@?=/-%[]*0129aAzZ\0\x7f\xff\x80";
/// Pieces that mean something.
const PIECES: &[&[u8]] = &[
    b"\r\n\r\n",
    b"\r\n ",
    b"Content-Length: ",
    b"l: 4294967297",
    b"Via: SIP/2.0/UDP h;branch=z9hG4bK1",
    b"Contact: *",
    b"%00",
    b"[::1]",
    b"a=rtpmap:96 x/0",
    b"m=audio 0 RTP/AVP 0",
    b"c=IN IP4 0.0.0.0",
    b";expires=-1",
    b"\xef\xbb\xbf",
];
/// Changes of one input at most.
const CHANGES: u64 = 6;
/// Octets of a changed input at most.
const LONGEST: usize = 8_192;

/// Makes inputs out of others: the same seed, the same inputs.
#[derive(Clone, Debug)]
pub struct Mutator {
    random: Seeded,
}

impl Mutator {
    /// The sequence of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { random: Seeded::new(seed) }
    }

    /// One of `seeds` with a few changes.
    ///
    /// # Panics
    /// Without seeds.
    pub fn change(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut octets = self.pick(seeds).clone();
        for _ in 0..=self.random.next_u64() % CHANGES {
            self.change_once(&mut octets, seeds);
        }
        octets.truncate(LONGEST);
        octets
    }

    fn change_once(&mut self, octets: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let (at, end) = (self.below(octets.len() + 1), self.below(octets.len() + 1));
        let range = at.min(end)..at.max(end).min(at.min(end) + 40);
        match self.random.next_u64() % 7 {
            0 if at < octets.len() => octets[at] = *self.pick(TELLING),
            1 if at < octets.len() => octets[at] ^= 1 << self.below(8),
            2 => drop(octets.drain(range)),
            3 => {
                let again: Vec<u8> = octets[range].repeat(self.below(8) + 1);
                drop(octets.splice(at..at, again));
            }
            4 => drop(octets.splice(at..at, self.pick(PIECES).iter().copied())),
            5 => {
                let other = self.pick(seeds);
                let from = self.below(other.len() + 1);
                octets.truncate(at);
                octets.extend_from_slice(&other[from..]);
            }
            _ => octets.insert(at, *self.pick(TELLING)),
        }
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.random.next_u64() % bound as u64).expect("below a usize")
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
