//! What is done every so often as long as the node runs.

use std::sync::Arc;
use std::time::Duration;

use call::ShardInput;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle as Task;

use crate::config::NodeConfig;
use crate::hub::Hub;
use crate::inbox::InboxSender;
use crate::mail::{PostOffice, send_notices};

/// How often addresses are looked at again and ended registrations are removed from the store.
const HOUSEKEEPING: Duration = Duration::from_secs(60);
/// How often is looked whether the store answers.
const STORE_LOOK: Duration = Duration::from_secs(2);
/// How often is looked whether every media worker runs.
const MEDIA_LOOK: Duration = Duration::from_millis(250);

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

/// Starts the post, and who sends its notices, where there are files of messages.
pub(super) fn carry_mail(
    office: PostOffice,
    config: &NodeConfig,
    hub: &Arc<Hub>,
    shards: Vec<InboxSender<ShardInput>>,
    runtime: &Handle,
) -> Vec<Task<()>> {
    let Some(library) = hub.library.clone() else { return Vec::new() };
    let notices = send_notices(config.mail.clone(), Arc::clone(hub), Arc::clone(&office.notices));
    let post = office.run(Arc::clone(hub), library, shards);
    vec![runtime.spawn(post), runtime.spawn(notices)]
}

/// Looks whether a media worker has ended unasked: the node must then end, as when a shard broke.
pub(super) async fn watch_media(hub: Arc<Hub>, broken: watch::Sender<bool>) {
    let mut rounds = tokio::time::interval(MEDIA_LOOK);
    while hub.media.ended().next().is_none() {
        rounds.tick().await;
    }
    broken.send_replace(true);
}

pub(super) async fn watch_store(hub: Arc<Hub>) {
    let mut rounds = tokio::time::interval(STORE_LOOK);
    loop {
        rounds.tick().await;
        hub.look_at_store().await;
    }
}
