//! Which counts of a nonce were used (`nc`, RFC 7616 §3.4), in whatever order they came.

/// Counts below the highest one seen that may still come, since datagrams overtake each other.
const WINDOW: u32 = 32;

/// The counts of one nonce that were used: the highest, and which of those just below it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    highest: u32,
    below: u32,
}

impl Counts {
    /// Every count is used up.
    pub(super) const SPENT: Self = Self { highest: u32::MAX, below: u32::MAX };

    /// Uses a count up; `false` when it was used, or is 0, or too far below the highest.
    pub(super) fn take(&mut self, count: u32) -> bool {
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
