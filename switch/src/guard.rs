//! The roll and the doors, as the node sets them up.

use std::sync::Arc;

use base::{ShardId, limits};
use call::ShardInput;
use net::GuardConfig;
use peer::BindingChange;
use peer::guard::{DoorLimits, Entry, Notice, Roll};

use crate::clock::Clock;
use crate::config::NodeConfig;
use crate::entropy::OsEntropy;
use crate::inbox::{InboxSender, Lane};

/// Entries of trunks, emergency numbers and bans, beside two for each registration.
const OTHERS: usize = 2 * limits::OFFENDERS;

/// A roll on which the phones that registered before a restart stand.
pub(crate) fn roll(config: &NodeConfig, clock: Clock, known: &[BindingChange]) -> Arc<Roll> {
    let registrations = usize::try_from(config.limits.registrations).unwrap_or(usize::MAX);
    let roll = Roll::new(registrations.saturating_mul(2).saturating_add(OTHERS), &mut OsEntropy::new());
    let now = clock.now();
    for change in known {
        let BindingChange::Put(binding) = change else { continue };
        let until = now.mono + binding.expires_at.since(now.wall);
        for entry in [Entry::flow(binding.flow.remote), Entry::known(binding.flow.remote.ip())] {
            roll.note(now.mono, &Notice { entry, until });
        }
    }
    Arc::new(roll)
}

/// What the network's doors are told.
pub(crate) fn doors(
    config: &NodeConfig,
    clock: Clock,
    roll: &Arc<Roll>,
    senders: Vec<InboxSender<ShardInput>>,
) -> GuardConfig {
    let told = &config.limits;
    let crowded = move |shard: ShardId| {
        senders.get(usize::from(shard.0)).is_some_and(|inbox| inbox.is_crowded(Lane::Net))
    };
    GuardConfig {
        roll: Arc::clone(roll),
        limits: DoorLimits::new(told.stranger_per_sec, told.strangers_per_sec, told.known_per_sec)
            .with_calls(told.calls_per_sec),
        clock: Arc::new(move || clock.now().mono),
        crowded: Arc::new(crowded),
    }
}
