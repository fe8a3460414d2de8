//! How people want calls to reach their stations, kept over a restart.

use std::time::Duration;

use provision::StationSettings;
use store::{Store, StoreError};
use tokio::sync::mpsc;

/// Changes waiting for the store.
pub(crate) const CHANGES: usize = 4_096;
const FIRST_RETRY: Duration = Duration::from_millis(200);
const LAST_RETRY: Duration = Duration::from_secs(5);
/// Attempts for a store that fails while the process ends.
const LAST_ATTEMPTS: u32 = 3;

/// What holds for a station from now on.
pub(crate) type Change = (String, StationSettings);

/// What an earlier process left; settings that cannot be read are left out.
///
/// # Errors
/// When the store fails.
pub(crate) async fn load(store: &Store) -> Result<Vec<Change>, StoreError> {
    let read = |(extension, body): (String, String)| match serde_json::from_str(&body) {
        Ok(settings) => Some((extension, settings)),
        Err(error) => {
            tracing::warn!(extension, %error, "the stored settings of a station cannot be read and are left out");
            None
        }
    };
    Ok(store.load_settings().await?.into_iter().filter_map(read).collect())
}

/// Writes changes until every sender is gone and everything is written.
pub(crate) async fn keep(store: Store, mut changes: mpsc::Receiver<Change>) {
    while let Some((extension, settings)) = changes.recv().await {
        let body = match (settings.is_default(), serde_json::to_string(&settings)) {
            (true, _) => None,
            (false, Ok(body)) => Some(body),
            (false, Err(error)) => {
                tracing::error!(%error, "the settings of a station cannot be written down");
                continue;
            }
        };
        write(&store, &extension, body.as_deref(), || changes.is_closed()).await;
    }
}

async fn write(store: &Store, extension: &str, body: Option<&str>, ending: impl Fn() -> bool) {
    let mut pause = FIRST_RETRY;
    let mut attempts = 0;
    while let Err(error) = store.keep_settings(extension, body).await {
        attempts += 1;
        if !error.is_transient() || (ending() && attempts >= LAST_ATTEMPTS) {
            tracing::error!(%error, extension, "the settings of a station are not kept over a restart");
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LAST_RETRY);
    }
}
