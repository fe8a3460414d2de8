//! What a lamp can be set on, by the name that a phone subscribes to.

/// A thing to watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched<'a> {
    /// `1001`: a station's line.
    Station(&'a str),
    /// `park.701`: a slot.
    Slot(&'a str),
    /// `conf.team`: whether anybody is in a conference.
    Conference(&'a str),
    /// `rec.1001`: whether a station's call is recorded.
    Recording(&'a str),
    /// `dnd.1001`: whether a station rings.
    DoNotDisturb(&'a str),
    /// `forward.1001`: whether a station's calls are led on.
    Forward(&'a str),
    /// `mail.1001`: whether a mailbox holds new messages.
    Mail(&'a str),
    /// `login.1001`: whether an agent is signed in at a station.
    Login(&'a str),
    /// `ready.1001`: whether that agent takes calls.
    Ready(&'a str),
}

impl<'a> Watched<'a> {
    /// Reads a name; what has none of the prefixes is a station.
    #[must_use]
    pub fn read(name: &'a str) -> Self {
        let Some((kind, of)) = name.split_once('.').filter(|(_, of)| !of.is_empty()) else {
            return Self::Station(name);
        };
        match kind {
            "park" => Self::Slot(of),
            "conf" => Self::Conference(of),
            "rec" => Self::Recording(of),
            "dnd" => Self::DoNotDisturb(of),
            "forward" => Self::Forward(of),
            "mail" => Self::Mail(of),
            "login" => Self::Login(of),
            "ready" => Self::Ready(of),
            _ => Self::Station(name),
        }
    }

    /// The station that must be set up for it, where it is about one.
    #[must_use]
    pub fn station(self) -> Option<&'a str> {
        match self {
            Self::Station(of)
            | Self::Recording(of)
            | Self::DoNotDisturb(of)
            | Self::Forward(of)
            | Self::Login(of)
            | Self::Ready(of) => Some(of),
            Self::Slot(_) | Self::Conference(_) | Self::Mail(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pseudo_users_are_told_from_stations() {
        assert_eq!(Watched::read("park.701"), Watched::Slot("701"));
        assert_eq!(Watched::read("ready.1001").station(), Some("1001"));
        for station in ["1001", "j.user", "park.", ".x", ""] {
            assert_eq!(Watched::read(station), Watched::Station(station));
        }
    }
}
