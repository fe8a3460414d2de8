use std::fmt;

use crate::message::malformed::Malformed;
use crate::message::octets::{is_token, trim};
use crate::message::params::Params;

/// A body's media type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentType {
    /// `application`, lower case.
    pub kind: String,
    /// `sdp`, lower case.
    pub subtype: String,
    /// `charset`, `boundary`…
    pub params: Params,
}

impl ContentType {
    /// Reads `type/subtype;params`.
    ///
    /// # Errors
    /// `Malformed::Syntax` when it is none.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let bad = Malformed::Syntax("Content-Type");
        let (media, params) = text.split_at(text.find(';').unwrap_or(text.len()));
        let (kind, subtype) = media.split_once('/').ok_or(bad)?;
        let (kind, subtype) = (trim(kind).to_ascii_lowercase(), trim(subtype).to_ascii_lowercase());
        if !is_token(kind.as_bytes()) || !is_token(subtype.as_bytes()) {
            return Err(bad);
        }
        Ok(Self { kind, subtype, params: Params::parse(params, "Content-Type")? })
    }

    /// Whether it is this type, parameters aside: `is("application/sdp")`.
    #[must_use]
    pub fn is(&self, media: &str) -> bool {
        media.split_once('/').is_some_and(|(kind, subtype)| {
            kind.eq_ignore_ascii_case(&self.kind) && subtype.eq_ignore_ascii_case(&self.subtype)
        })
    }
}

impl fmt::Display for ContentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}{}", self.kind, self.subtype, self.params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_ignore_case_and_keep_parameters() {
        let mixed = ContentType::parse("Multipart/Mixed; boundary=\"a;b\"").unwrap();
        assert!(mixed.is("multipart/mixed"));
        assert_eq!(mixed.params.get("boundary"), Some("a;b"));
        assert!(ContentType::parse("sdp").is_err());
    }
}
