//! How a leg's media is secured: its setting, and our keys (RFC 4568).

use std::fmt;

use base::Entropy;
use base::fact::Endpoint;
use base::media::{MasterKey, MediaFlow, Remote, Srtp, Suite};
use route::Snapshot;
use sdp::Sdp;

use crate::negotiate::BadBody;

/// What a leg does about SRTP. Keys live as long as the leg: a re-INVITE changes nothing for a far end that keeps its
/// own (RFC 4568 §7.1.4).
pub(crate) struct Secure {
    srtp: Srtp,
    /// One of each suite; none where nothing is secured.
    keys: Box<[(Suite, MasterKey)]>,
}

impl Secure {
    pub(crate) fn new(srtp: Srtp, entropy: &mut dyn Entropy) -> Self {
        let keys = match srtp {
            Srtp::Off => Box::default(),
            Srtp::Optional | Srtp::Required => {
                Suite::ALL.iter().filter_map(|suite| Some((*suite, fresh(*suite, entropy)?))).collect()
            }
        };
        Self { srtp, keys }
    }

    /// Secures an offer of ours; `before` is what we said last.
    pub(crate) fn offer(&self, body: &mut Sdp, before: Option<&Sdp>) {
        body.secure_offer(self.srtp, &self.keys, before);
    }

    /// Secures an answer of ours to the far end's `offer`.
    pub(crate) fn answer(&self, body: &mut Sdp, offer: &Sdp) {
        body.secure_answer(offer, &self.keys);
    }

    /// A fax goes in the clear; where nothing may, it goes as sound.
    pub(crate) fn permit_fax(&self) -> Result<(), BadBody> {
        match self.srtp {
            Srtp::Off | Srtp::Optional => Ok(()),
            Srtp::Required => Err(BadBody::Secrecy),
        }
    }

    /// What was agreed, with nothing in the clear where keys were due and did not fit.
    pub(crate) fn enforce(&self, mut agreed: Remote, theirs: &Sdp) -> Remote {
        let is_due = self.srtp == Srtp::Required || theirs.audio().is_some_and(sdp::Media::is_srtp);
        if is_due && agreed.keys.is_none() {
            (agreed.rtp, agreed.rtcp, agreed.flow) = (None, None, MediaFlow::Neither);
        }
        agreed
    }
}

impl fmt::Debug for Secure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Secure").field(&self.srtp).finish()
    }
}

/// The setting of a trunk or station; strangers and our own services have none.
pub(crate) fn setting(routes: &Snapshot, at: &Endpoint) -> Srtp {
    let found = match at {
        Endpoint::Trunk(name) => routes.trunk(name).map(|route| route.trunk().srtp),
        Endpoint::Station(extension) => routes.station(extension).map(|station| station.srtp),
        Endpoint::Local(_) | Endpoint::Stranger(_) => None,
    };
    found.unwrap_or_default()
}

fn fresh(suite: Suite, entropy: &mut dyn Entropy) -> Option<MasterKey> {
    let (key, salt) = suite.lengths();
    let mut octets = Vec::with_capacity(key + salt + 7);
    while octets.len() < key + salt {
        octets.extend(entropy.next_u64().to_be_bytes());
    }
    MasterKey::new(suite, octets.get(..key + salt)?)
}
