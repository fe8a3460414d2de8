//! A prompt that was recorded by phone becomes one of the library.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use media_io::recordings::{Entry, Library};
use sounds::shelf::{Levelling, SoundName};

use crate::hub::Hub;

/// Takes it in at the level of all others; `false` where it cannot be read, is none, or the disk does not take it.
pub(super) async fn take_in(
    hub: &Arc<Hub>,
    library: &Library,
    entry: &Entry,
    id: &str,
    language: &str,
) -> bool {
    let (hub, library, entry) = (Arc::clone(hub), library.clone(), entry.clone());
    let name = match SoundName::prompt(language, id) {
        Ok(name) => name,
        Err(error) => {
            tracing::warn!(%error, id, "a recorded prompt has no usable name");
            return false;
        }
    };
    let taken = tokio::task::spawn_blocking(move || {
        let playback =
            library.open_mail(&entry.file.path, entry.recording).map_err(|error| error.to_string())?;
        let sound = playback.read_all().map_err(|error| error.to_string())?;
        hub.sounds
            .upload(&name, &sound, Levelling::Level, &AtomicBool::new(false))
            .map(|_held| tracing::info!(?name, call = %entry.call, "a prompt was recorded by phone"))
            .map_err(|fault| format!("{fault:?}"))
    });
    match taken.await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::error!(error, "a recorded prompt is not kept");
            false
        }
        Err(error) => {
            tracing::error!(%error, "a recorded prompt is not kept");
            false
        }
    }
}
