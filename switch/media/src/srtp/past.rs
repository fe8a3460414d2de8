//! What has been used under keys that a far end has left: a key that comes back goes on there, or all that was ever sent
//! under it could be sent again (RFC 3711 §3.3.2, §9.1).

use base::limits::SRTP_PAST_KEYS;
use base::media::{MasterKey, Suite};

use super::index::Streams;

/// The keys left last, the latest at the end.
#[derive(Debug, Default)]
pub(super) struct Past(Vec<Left>);

#[derive(Debug)]
struct Left {
    key: (Suite, MasterKey),
    used: Streams,
}

impl Past {
    /// A key is left; the one left longest ago is forgotten for it when there are too many.
    pub(super) fn keep(&mut self, key: &(Suite, MasterKey), used: Streams) {
        if let Some(left) = self.0.iter_mut().find(|left| left.key == *key) {
            return left.used.join(used);
        }
        if self.0.len() >= SRTP_PAST_KEYS {
            self.0.remove(0);
        }
        self.0.push(Left { key: key.clone(), used });
    }

    /// What has been used under a key that is taken up; nothing for a new one.
    pub(super) fn take(&mut self, key: &(Suite, MasterKey)) -> Streams {
        let at = self.0.iter().position(|left| left.key == *key);
        at.map(|at| self.0.remove(at).used).unwrap_or_default()
    }
}
