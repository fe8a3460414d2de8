//! How many legs a call may have at once over all switches on its way (RFC 5393 §5).

use sip::message::{Header, Message};

/// What a call has that says nothing (RFC 5393 §5.3.3.1).
const DEFAULT: u8 = 60;

/// The call may not take as many legs at once: 440.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooBroad;

/// The share of each of so many legs that ring together; `None` needs no word, since a leg alone has all there is.
pub(crate) fn breadth_shares(
    invite: &Message,
    legs: usize,
) -> Result<impl Iterator<Item = Option<u8>> + use<>, TooBroad> {
    let said = invite.header(Header::MaxBreadth);
    let breadth = said.map_or(DEFAULT, |value| value.trim().parse::<u8>().unwrap_or(DEFAULT));
    let legs = u8::try_from(legs).unwrap_or(u8::MAX).max(1);
    if breadth < legs {
        return Err(TooBroad);
    }
    let (share, over) = (breadth / legs, breadth % legs);
    let is_said = said.is_some() || legs > 1;
    Ok((0..legs).map(move |leg| is_said.then_some(share + u8::from(leg < over))))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use sip::message::Framing;

    use super::*;

    fn shares(line: &str, legs: usize) -> Result<Vec<Option<u8>>, TooBroad> {
        let text = format!("INVITE sip:b@h SIP/2.0\r\n{line}\r\n");
        let invite = Message::parse(Bytes::from(text), Framing::Datagram).unwrap();
        breadth_shares(&invite, legs).map(Iterator::collect)
    }

    /// RFC 5393 §5.3.3.
    #[test]
    fn legs_that_ring_together_share_the_breadth_and_more_than_that_are_refused() {
        assert_eq!(shares("", 1), Ok(vec![None]));
        assert_eq!(shares("", 7).unwrap().iter().flatten().map(|share| u32::from(*share)).sum::<u32>(), 60);
        assert_eq!(shares("Max-Breadth: 5\r\n", 2), Ok(vec![Some(3), Some(2)]));
        assert_eq!(shares("Max-Breadth: 1\r\n", 1), Ok(vec![Some(1)]));
        assert_eq!(shares("Max-Breadth: 1\r\n", 2), Err(TooBroad));
        assert_eq!(shares("Max-Breadth: 0\r\n", 1), Err(TooBroad));
        assert_eq!(shares("Max-Breadth: nonsense\r\n", 1), Ok(vec![Some(60)]));
    }
}
