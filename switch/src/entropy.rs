//! The one reader of the operating system's randomness.

use base::Entropy;

const BUFFER: usize = 4_096;

/// Unpredictable bits, fetched 4 KiB at a time so that a message costs no system call.
pub struct OsEntropy {
    buffer: Box<[u8; BUFFER]>,
    used: usize,
}

impl OsEntropy {
    /// An empty buffer; the first use fills it.
    #[must_use]
    pub fn new() -> Self {
        Self { buffer: Box::new([0; BUFFER]), used: BUFFER }
    }

    /// Thirty-two octets, for secrets.
    pub fn secret(&mut self) -> [u8; 32] {
        let mut secret = [0; 32];
        for chunk in secret.chunks_exact_mut(8) {
            chunk.copy_from_slice(&self.next_u64().to_le_bytes());
        }
        secret
    }
}

impl Default for OsEntropy {
    fn default() -> Self {
        Self::new()
    }
}

impl Entropy for OsEntropy {
    fn next_u64(&mut self) -> u64 {
        if self.used + 8 > BUFFER {
            getrandom::fill(&mut *self.buffer).expect("without randomness nothing here is safe");
            self.used = 0;
        }
        let mut octets = [0; 8];
        let taken = &mut self.buffer[self.used..self.used + 8];
        octets.copy_from_slice(taken);
        taken.fill(0);
        self.used += 8;
        u64::from_le_bytes(octets)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn numbers_do_not_repeat_over_several_buffers() {
        let mut entropy = OsEntropy::new();
        let seen: HashSet<u64> = (0..2_000).map(|_| entropy.next_u64()).collect();
        assert_eq!(seen.len(), 2_000);
        assert_ne!(entropy.secret(), entropy.secret());
    }
}
