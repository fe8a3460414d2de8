use std::fmt;

use crate::message::malformed::Malformed;
use crate::message::octets::{digits, is_token, trim};
use crate::message::params::Params;
use crate::message::split::{quote, unescape};

/// Why a request was sent or a call ended (RFC 3326).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// `SIP`, `Q.850`…
    pub protocol: String,
    /// The status or cause number in that protocol.
    pub cause: Option<u16>,
    /// For people.
    pub text: Option<String>,
}

impl Reason {
    /// Reads one value.
    ///
    /// # Errors
    /// `Malformed::Syntax` when the protocol or a parameter is wrong.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let (protocol, params) = text.split_at(text.find(';').unwrap_or(text.len()));
        let params = Params::parse(params, "Reason")?;
        if !is_token(trim(protocol).as_bytes()) {
            return Err(Malformed::Syntax("Reason"));
        }
        let cause = params.get("cause").and_then(|cause| digits(cause.as_bytes()));
        Ok(Self {
            protocol: trim(protocol).to_owned(),
            cause: cause.and_then(|cause| u16::try_from(cause).ok()),
            text: params.get("text").map(unescape),
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.protocol)?;
        if let Some(cause) = self.cause {
            write!(f, ";cause={cause}")?;
        }
        self.text.as_ref().map_or(Ok(()), |text| write!(f, ";text={}", quote(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_reads_as_it_prints() {
        let text = r#"SIP;cause=200;text="Call completed \"elsewhere\"""#;
        let reason = Reason::parse(text).unwrap();
        assert_eq!((reason.cause, reason.to_string().as_str()), (Some(200), text));
        assert_eq!(Reason::parse("Q.850 ;cause=16").unwrap().protocol, "Q.850");
        assert!(Reason::parse(";cause=1").is_err());
    }
}
