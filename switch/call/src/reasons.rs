//! The Reason header (RFC 3326): what it tells us, and what we tell with it.

use base::Cause;
use sip::message::{Header, Message};

/// Sent to forks that lost (RFC 3326 §2).
pub(crate) const ELSEWHERE: &str = "SIP;cause=200;text=\"Call completed elsewhere\"";

/// The Q.850 cause value that a message gives.
pub(crate) fn q850_of(message: &Message) -> Option<u8> {
    message.values(Header::Reason).find_map(|value| {
        let mut parts = value.split(';').map(str::trim);
        let protocol = parts.next()?;
        if !protocol.eq_ignore_ascii_case("Q.850") {
            return None;
        }
        let cause = parts.find_map(|part| {
            let (name, number) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("cause").then(|| number.trim().parse::<u8>().ok())?
        })?;
        (1..=127).contains(&cause).then_some(cause)
    })
}

/// Whether a CANCEL or BYE says that the call was taken somewhere else.
pub(crate) fn is_elsewhere(message: &Message) -> bool {
    message.values(Header::Reason).any(|value| {
        let value = value.to_ascii_lowercase();
        value.starts_with("sip") && value.contains("cause=200")
    })
}

/// Our Reason value for a cause.
pub(crate) fn q850(value: u8, cause: Cause) -> String {
    format!("Q.850;cause={value};text=\"{}\"", cause.text())
}

/// In how many seconds the sender of a refusal wants to hear from us again (RFC 3261 §20.33).
pub(crate) fn retry_after(message: &Message) -> Option<u32> {
    let value = message.header(Header::RetryAfter)?.trim_start();
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    value.get(..digits)?.parse().ok()
}
