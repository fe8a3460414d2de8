//! Which recording policy a call falls under.

use base::Why;
use base::fact::Endpoint;
use provision::RecordingPolicy;

use crate::Snapshot;

/// A call that is answered, as far as policies look at it.
#[derive(Clone, Copy, Debug)]
pub struct Recordable<'a> {
    /// Where it came from.
    pub from: &'a Endpoint,
    /// What was dialled.
    pub dialled: &'a str,
    /// Who answered.
    pub answered_by: &'a Endpoint,
}

impl Snapshot {
    /// The policy that holds for a call, and why. The most specific wins: the station that answered, the station that
    /// calls, the number that was dialled, the trunk by which it came, the trunk by which it goes out. One that says
    /// `never` holds like any other. `None` when nothing names one.
    #[must_use]
    pub fn recording_policy(&self, call: &Recordable<'_>) -> Option<(&RecordingPolicy, Why)> {
        let ends = [call.answered_by, call.from];
        let stations = ends.into_iter().filter_map(|end| match end {
            Endpoint::Station(extension) => {
                let station = self.station(extension)?;
                Some((station.recording.as_str(), "station", extension.as_str()))
            }
            Endpoint::Trunk(_) | Endpoint::Local(_) | Endpoint::Stranger(_) => None,
        });
        let trunks = ends.into_iter().rev().filter_map(|end| match end {
            Endpoint::Trunk(name) => {
                let trunk = self.trunk(name)?.trunk();
                Some((trunk.recording.as_str(), "trunk", name.as_str()))
            }
            Endpoint::Station(_) | Endpoint::Local(_) | Endpoint::Stranger(_) => None,
        });
        let of_number = self.recording_of_number(call.dialled);
        let number = of_number.map(|(policy, did)| (policy, "number", did));
        let mut named = stations.chain(number).chain(trunks).filter(|(policy, ..)| !policy.is_empty());
        let (policy, kind, name) = named.next()?;
        let policy = self.recording_policy_named(policy)?;
        Some((policy, Why::new(format!("recording policy {} of {kind} {name}", policy.name))))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use provision::{Destination, Directory, Entity, Number, Station, Trunk};

    use super::*;

    /// Everything names a policy of its own, except what is listed.
    fn decided(silent: &[&str], from: Endpoint, by: Endpoint) -> Option<String> {
        let mut directory = Directory::default();
        let policy = |name: &str| if silent.contains(&name) { String::new() } else { format!("of-{name}") };
        for name in ["1001", "1002", "100", "carrier", "other"] {
            directory.put(Entity::RecordingPolicy(RecordingPolicy::named(&format!("of-{name}"))));
        }
        for name in ["1001", "1002"] {
            directory.put(Entity::Station(Station { recording: policy(name), ..Station::numbered(name) }));
        }
        for name in ["carrier", "other"] {
            directory.put(Entity::Trunk(Trunk { recording: policy(name), ..Trunk::named(name) }));
        }
        let number = Number::leading("100", Destination::Station("1001".to_owned()));
        directory.put(Entity::Number(Number { recording: policy("100"), ..number }));
        let snapshot = Snapshot::build(Arc::new(directory)).unwrap();
        let call = Recordable { from: &from, dialled: "100", answered_by: &by };
        snapshot.recording_policy(&call).map(|(_, why)| why.to_string())
    }

    /// Issue row "Recording": the most specific wins, and the decision says why.
    #[test]
    fn the_answering_station_goes_before_the_caller_the_number_and_the_trunks() {
        let carrier = || Endpoint::Trunk("carrier".to_owned());
        let other = || Endpoint::Trunk("other".to_owned());
        let station = |name: &str| Endpoint::Station(name.to_owned());
        let why = |silent: &[&str], from, by| decided(silent, from, by).unwrap_or_default();
        assert_eq!(why(&[], carrier(), station("1001")), "recording policy of-1001 of station 1001");
        assert_eq!(
            why(&["1001"], station("1002"), station("1001")),
            "recording policy of-1002 of station 1002"
        );
        assert_eq!(why(&["1001"], carrier(), station("1001")), "recording policy of-100 of number 100");
        assert_eq!(why(&["100"], carrier(), other()), "recording policy of-carrier of trunk carrier");
        assert_eq!(why(&["100", "carrier"], carrier(), other()), "recording policy of-other of trunk other");
        assert_eq!(decided(&["100", "carrier", "other"], carrier(), other()), None);
        assert_eq!(
            decided(&["100"], Endpoint::Stranger("x".to_owned()), Endpoint::Local("echo".to_owned())),
            None
        );
    }
}
