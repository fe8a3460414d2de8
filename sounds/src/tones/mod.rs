//! Tones that tell a caller what becomes of the call, as each country has them.

mod country;
mod notation;

use base::media::{Announcement, Tone, TonePart};
use smallvec::smallvec;

pub use country::{Country, Signal};

/// Level of one frequency of an announcing tone where a country says nothing else: ITU-T E.180 §7 has −10 dBm0 in all.
pub const LEVEL_DBM0: f32 = -10.0;

/// What is heard before one speaks after the tone: 1,000 Hz for 200 ms.
#[must_use]
pub fn beep() -> Tone {
    once([1_000, 0, 0, 0], -13.0, 200)
}

/// The tone that tells both sides that they are recorded: 1,400 Hz for 200 ms, to be heard every 15 s
/// (47 CFR §64.501; ITU-T E.180 supplement 2).
#[must_use]
pub fn record_beep() -> Tone {
    once([1_400, 0, 0, 0], -18.0, 200)
}

/// What tells a phone that a code was taken: the confirmation tone of North America, 350 and 440 Hz for 100 ms, thrice.
#[must_use]
pub fn accepted() -> Tone {
    let part = |hz| TonePart { hz, dbm0: -16.0, ms: 100 };
    Tone { parts: smallvec![part([350, 440, 0, 0]), part([0; 4])], times: 3 }
}

/// What tells a phone that a code was not: the reorder tone of North America, 480 and 620 Hz for 250 ms, twice.
#[must_use]
pub fn refused() -> Tone {
    let part = |hz| TonePart { hz, dbm0: -16.0, ms: 250 };
    Tone { parts: smallvec![part([480, 620, 0, 0]), part([0; 4])], times: 2 }
}

/// The test tone of the digital milliwatt: 1,004 Hz at 0 dBm0, without end.
#[must_use]
pub fn milliwatt() -> Tone {
    once([1_004, 0, 0, 0], 0.0, 0)
}

/// The three rising tones of North America whose pitches and lengths say to machines what was wrong
/// (Telcordia SR-2275 §6.21.2), once.
#[must_use]
pub fn special_information(announcement: Announcement) -> Tone {
    const SHORT: u32 = 276;
    const LONG: u32 = 380;
    let [first, second, third] = match announcement {
        Announcement::General => [(950, 330), (1_400, 330), (1_800, 330)],
        Announcement::Intercept => [(914, SHORT), (1_371, SHORT), (1_777, LONG)],
        Announcement::VacantCode => [(985, LONG), (1_371, SHORT), (1_777, LONG)],
        Announcement::Reorder => [(914, SHORT), (1_429, LONG), (1_777, LONG)],
        Announcement::NoCircuit => [(985, LONG), (1_429, LONG), (1_777, LONG)],
    };
    let part = |(hz, ms)| TonePart { hz: [hz, 0, 0, 0], dbm0: -14.0, ms };
    Tone { parts: smallvec![part(first), part(second), part(third)], times: 1 }
}

fn once(hz: [u16; 4], dbm0: f32, ms: u32) -> Tone {
    Tone { parts: smallvec![TonePart { hz, dbm0, ms }], times: 1 }
}
