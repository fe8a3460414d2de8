//! Room for file descriptors: a call with media holds four sockets.

use base::limits;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::NodeConfig;

/// Sockets of one call: RTP and RTCP of two legs.
const PER_CALL: u64 = 4;
/// For the store, the web, the journal and stream connections.
const OTHERS: u64 = 2_048;

/// Raises the process's limit as far as it is allowed to, and says when that is too little for the configured
/// number of calls.
pub(crate) fn make_room(config: &NodeConfig) {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum && setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_err() {
        tracing::warn!("the limit of open files cannot be raised");
    }
    let wanted = wanted(config);
    if let Some(allowed) = maximum.filter(|allowed| *allowed < wanted) {
        tracing::warn!(
            allowed,
            wanted,
            "open files are limited below what [limits] calls can need (ulimit -n)"
        );
    }
}

/// Connections at a time for those who have not shown yet who they are: a share of what the process may open, and
/// of all connections.
pub(crate) fn for_strangers() -> usize {
    let Rlimit { current, .. } = getrlimit(Resource::Nofile);
    share(current)
}

fn share(descriptors: Option<u64>) -> usize {
    let all = descriptors.unwrap_or(u64::MAX) / 100 * limits::STRANGERS_PERCENT;
    usize::try_from(all).unwrap_or(usize::MAX).clamp(1, limits::STRANGERS)
}

fn wanted(config: &NodeConfig) -> u64 {
    let ports = u64::from(config.media.ports.last - config.media.ports.first) + 1;
    OTHERS + ports.min(u64::from(config.limits.calls) * PER_CALL)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Conformance S11.
    #[test]
    fn strangers_have_a_fifth_of_the_descriptors_and_of_the_connections() {
        assert_eq!(share(Some(10_000)), 2_000);
        assert_eq!(share(Some(50)), 1);
        assert_eq!(share(Some(1_000_000)), limits::CONNECTIONS / 5);
        assert_eq!(share(None), limits::CONNECTIONS / 5);
    }

    #[test]
    fn neither_ports_nor_calls_that_cannot_be_need_descriptors() {
        let mut config = NodeConfig::default();
        assert_eq!(wanted(&config), 2_048 + 10_000, "the ports are the bound");
        config.limits.calls = 100;
        assert_eq!(wanted(&config), 2_048 + 400, "the calls are the bound");
    }
}
