use super::NameAddr;
use crate::message::malformed::Malformed;
use crate::message::split::Values;

/// All Contact values of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contacts {
    /// `*`: every binding (RFC 3261 §10.2.2).
    Star,
    /// The addresses in order, possibly none.
    List(Vec<NameAddr>),
}

impl Contacts {
    /// Reads the values of all Contact lines.
    ///
    /// # Errors
    /// `Malformed::Syntax` when a value is wrong or `*` stands beside another.
    pub fn parse<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Self, Malformed> {
        let bad = Malformed::Syntax("Contact");
        let values: Vec<&str> = lines.flat_map(Values::of).collect();
        if values.as_slice() == ["*"] {
            return Ok(Self::Star);
        }
        let list: Result<_, _> = values.into_iter().map(NameAddr::parse).collect();
        list.map(Self::List).map_err(|_which| bad)
    }

    /// The addresses; none for `*`.
    #[must_use]
    pub fn list(&self) -> &[NameAddr] {
        match self {
            Self::Star => &[],
            Self::List(list) => list,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_alone() {
        assert_eq!(Contacts::parse(["*"].into_iter()), Ok(Contacts::Star));
        assert!(Contacts::parse(["*, <sip:a@h>"].into_iter()).is_err());
        let two = Contacts::parse(["<sip:a@h>, \"B, C\" <sip:b@h>;q=0.3"].into_iter()).unwrap();
        assert_eq!(two.list().len(), 2);
        assert_eq!(Contacts::parse([].into_iter()).unwrap().list(), []);
    }
}
