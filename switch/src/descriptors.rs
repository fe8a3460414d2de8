//! Room for file descriptors: a call with media holds four sockets.

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

fn wanted(config: &NodeConfig) -> u64 {
    let ports = u64::from(config.media.ports.last - config.media.ports.first) + 1;
    OTHERS + ports.min(u64::from(config.limits.calls) * PER_CALL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_ports_nor_calls_that_cannot_be_need_descriptors() {
        let mut config = NodeConfig::default();
        assert_eq!(wanted(&config), 2_048 + 10_000, "the ports are the bound");
        config.limits.calls = 100;
        assert_eq!(wanted(&config), 2_048 + 400, "the calls are the bound");
    }
}
