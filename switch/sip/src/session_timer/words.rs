//! What messages say of session timers: `Session-Expires` and `Min-SE`.

use crate::message::{Header, Message, Params};

/// The smallest interval anybody may ask for, in seconds. RFC 4028 §4.
pub(super) const SMALLEST: u32 = 90;
/// The longest interval taken seriously, in seconds: a day.
pub(super) const LONGEST: u32 = 86_400;

/// `Session-Expires: 1800;refresher=uac`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SessionExpires {
    pub(super) seconds: u32,
    pub(super) refresher: Option<Role>,
}

/// Who refreshes, as seen from the request that the header belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Uac,
    Uas,
}

impl SessionExpires {
    /// `None` when the header is absent or cannot be read: then there is no timer.
    pub(super) fn of(message: &Message) -> Option<Self> {
        let value = message.header(Header::SessionExpires)?;
        let (seconds, params) = value.split_at(value.find(';').unwrap_or(value.len()));
        let refresher = Params::parse(params, "Session-Expires").ok()?;
        let refresher = match refresher.get("refresher") {
            Some(role) if role.eq_ignore_ascii_case("uac") => Some(Role::Uac),
            Some(role) if role.eq_ignore_ascii_case("uas") => Some(Role::Uas),
            Some(_) | None => None,
        };
        Some(Self { seconds: delta(seconds)?, refresher })
    }
}

impl Role {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Uac => "uac",
            Self::Uas => "uas",
        }
    }
}

/// The Min-SE of a message, 90 when it says none.
pub(super) fn min_se(message: &Message) -> u32 {
    let value = message.header(Header::MinSe).unwrap_or_default();
    let seconds = value.split(';').next().and_then(delta);
    seconds.unwrap_or(SMALLEST).max(SMALLEST)
}

/// Whether the sender knows session timers.
pub(super) fn knows_timers(message: &Message) -> bool {
    message.lists(Header::Supported, "timer") || message.lists(Header::Require, "timer")
}

/// Seconds; what no number can hold counts as the largest.
fn delta(text: &str) -> Option<u32> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(u32::MAX))
}
