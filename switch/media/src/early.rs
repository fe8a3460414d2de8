//! What a far end gets that has not shown yet that it reads what we send: whose request may bear a forged source.

/// Packets of another's call that a third host gets: 20 s of a ringing tone that somebody else sends.
const PASSED: u16 = 1_000;
/// Packets that we make ourselves for a third host: enough for its address translator to open.
const OWN_ELSEWHERE: u16 = 25;
/// The same for the host that signalling comes from: 5 s.
const OWN: u16 = 250;

/// Packets left until the far end is heard or has answered to what only its true address can have read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Early {
    /// Of others' calls; `None` for as many as come.
    passed: Option<u16>,
    /// Made by us: prompts, tones, music, rooms.
    own: u16,
}

impl Early {
    /// What is left of `before` once the far end has named an address, maybe that of a third host.
    pub(crate) fn after(before: Option<Self>, is_third_host: bool) -> Self {
        let passed = is_third_host.then_some(PASSED);
        let own = if is_third_host { OWN_ELSEWHERE } else { OWN };
        match before {
            None => Self { passed, own },
            Some(before) => Self { passed: before.passed.or(passed), own: before.own.min(own) },
        }
    }

    /// Takes one packet off; `None` when it may not be sent.
    pub(crate) fn take(&mut self, is_own: bool) -> Option<()> {
        if is_own {
            self.own = self.own.checked_sub(1)?;
        } else if let Some(left) = &mut self.passed {
            *left = left.checked_sub(1)?;
        }
        Some(())
    }
}
