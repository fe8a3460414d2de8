//! Where phones registered, kept over a restart.

use std::time::Duration;

use base::Wall;
use peer::{Binding, BindingChange};
use store::{BindingRow, Store, StoreError};
use tokio::sync::mpsc;

/// Changes waiting for the store.
pub(crate) const CHANGES: usize = 16_384;
/// Changes written in one transaction.
const BATCH: usize = 500;
const FIRST_RETRY: Duration = Duration::from_millis(200);
const LAST_RETRY: Duration = Duration::from_secs(5);
/// Attempts for a store that fails while the process ends.
const LAST_ATTEMPTS: u32 = 3;

/// The bindings an earlier process left; one that cannot be read is left out, its phone registers again.
///
/// # Errors
/// When the store fails.
pub(crate) async fn load(store: &Store, now: Wall) -> Result<Vec<BindingChange>, StoreError> {
    let rows = store.load_bindings(now).await?;
    let read = |row: BindingRow| match serde_json::from_str::<Binding>(&row.body) {
        Ok(binding) => Some(BindingChange::Put(binding)),
        Err(error) => {
            tracing::warn!(%error, "a stored registration cannot be read and is left out");
            None
        }
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

/// Writes changes in batches until every sender is gone and everything is written.
pub(crate) async fn keep(store: Store, mut changes: mpsc::Receiver<BindingChange>) {
    let mut batch = Vec::with_capacity(BATCH);
    while changes.recv_many(&mut batch, BATCH).await > 0 {
        let rows: Vec<_> = batch.drain(..).filter_map(row).collect();
        write(&store, &rows, || changes.is_closed()).await;
    }
}

async fn write(store: &Store, rows: &[store::BindingChange], ending: impl Fn() -> bool) {
    let mut pause = FIRST_RETRY;
    let mut attempts = 0;
    while let Err(error) = store.apply_bindings(rows).await {
        attempts += 1;
        if !error.is_transient() || (ending() && attempts >= LAST_ATTEMPTS) {
            tracing::error!(%error, rows = rows.len(), "registrations are not kept over a restart");
            return;
        }
        if attempts == 1 {
            tracing::warn!(%error, "registrations cannot be stored; trying again");
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LAST_RETRY);
    }
}

fn row(change: BindingChange) -> Option<store::BindingChange> {
    match change {
        BindingChange::Removed { aor, key } => Some(store::BindingChange::Remove { aor, contact: key }),
        BindingChange::Put(binding) => match serde_json::to_string(&binding) {
            Ok(body) => {
                let contact = binding.key();
                let Binding { aor, expires_at, .. } = binding;
                Some(store::BindingChange::Put(BindingRow { aor, contact, body, expires_at }))
            }
            Err(error) => {
                tracing::error!(%error, "a registration cannot be written down");
                None
            }
        },
    }
}
