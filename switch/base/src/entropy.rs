//! Randomness as an argument.

/// A source of random bits. Production reads the operating system; tests count or seed.
pub trait Entropy: Send {
    /// The next 64 bits. In production unpredictable: tags, Call-IDs, branches and nonces come from here.
    fn next_u64(&mut self) -> u64;

    /// The next 32 bits.
    fn next_u32(&mut self) -> u32 {
        (self.next_u64() >> 32) as u32
    }

    /// A number in `0..bound`; 0 when `bound` is 0.
    fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64 }
    }

    /// Sixteen lower-case hexadecimal characters: a tag, half a Call-ID, the end of a branch.
    fn token(&mut self) -> String {
        format!("{:016x}", self.next_u64())
    }
}
