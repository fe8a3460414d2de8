use std::fmt;

use crate::message::malformed::Malformed;
use crate::message::method::Method;
use crate::message::octets::{digits, is_blank, trim};

/// The largest sequence number a peer may send (RFC 3261 §8.1.1.5).
const LARGEST: u64 = 0x7fff_ffff;

/// A CSeq: the place of a request within its dialog or call, and its method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CSeq {
    /// Below 2³¹.
    pub number: u32,
    /// The method; an ACK or CANCEL has the number of its INVITE.
    pub method: Method,
}

impl CSeq {
    /// Reads `number method`.
    ///
    /// # Errors
    /// `Malformed::Syntax` also for a number beyond 2³¹-1.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let bad = Malformed::Syntax("CSeq");
        let (number, method) =
            trim(text).split_once(|c: char| c.is_ascii() && is_blank(c as u8)).ok_or(bad)?;
        let number = digits(number.as_bytes()).filter(|number| *number <= LARGEST).ok_or(bad)?;
        let number = u32::try_from(number).map_err(|_beyond_32_bits| bad)?;
        Ok(Self { number, method: Method::parse(trim(method)).ok_or(bad)? })
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_zeros_and_blanks_are_fine_and_2_to_the_31_is_not() {
        assert_eq!(CSeq::parse("0009     INVITE").unwrap().to_string(), "9 INVITE");
        assert_eq!(CSeq::parse("2147483647 BYE").unwrap().number, 2_147_483_647);
        for bad in ["2147483648 BYE", "36893488147419103232 REGISTER", "INVITE", "1", "-1 BYE", "1 BY E", ""]
        {
            assert_eq!(CSeq::parse(bad), Err(Malformed::Syntax("CSeq")), "{bad}");
        }
    }
}
