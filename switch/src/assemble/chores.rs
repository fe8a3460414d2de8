//! What is done every so often as long as the node runs.

use std::sync::Arc;
use std::time::Duration;

use crate::hub::Hub;

/// How often addresses are looked at again and ended registrations are removed from the store.
const HOUSEKEEPING: Duration = Duration::from_secs(60);
/// How often is looked whether the store answers.
const STORE_LOOK: Duration = Duration::from_secs(2);

pub(super) async fn keep_house(hub: Arc<Hub>) {
    let mut rounds = tokio::time::interval(HOUSEKEEPING);
    loop {
        rounds.tick().await;
        hub.net.forget_routes();
        if let Err(error) = hub.store.remove_expired_bindings(hub.clock.now().wall).await {
            tracing::warn!(%error, "ended registrations stay in the store for now");
        }
    }
}

pub(super) async fn watch_store(hub: Arc<Hub>) {
    let mut rounds = tokio::time::interval(STORE_LOOK);
    loop {
        rounds.tick().await;
        hub.look_at_store().await;
    }
}
