//! The life of a running node: signals, drain, reload, end.

use std::time::Duration;

use tokio::runtime::Handle;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::assemble::Running;
use crate::config::{ConfigError, LogLevel, NodeConfig};

/// How often is looked whether calls are left.
const LOOK: Duration = Duration::from_millis(50);
/// The age at most of what the shards show of themselves, and a little more.
const SHOWN: Duration = Duration::from_millis(350);
/// How long far ends have to answer our BYEs and un-REGISTERs.
const FAREWELL: Duration = Duration::from_secs(2);

/// How a node ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was asked to.
    Drained,
    /// A part of it broke.
    Failed,
}

/// Waits for the end of a node: the first SIGTERM or SIGINT drains, the second ends the calls that are left,
/// SIGHUP calls `reload`. Blocks; call it outside the runtime.
pub fn until_ended(
    running: Running,
    runtime: &Handle,
    mut signals: Signals,
    config: NodeConfig,
    reload: impl FnMut() -> Result<NodeConfig, ConfigError>,
    set_level: impl FnMut(LogLevel),
) -> Outcome {
    let outcome = runtime.block_on(async {
        let mut reloading = Reloading { config, reload, set_level };
        let outcome = serve(&running, &mut signals, &mut reloading).await;
        if outcome == Outcome::Drained {
            let patience = reloading.config.node.drain;
            drain(&running, patience, signals.asked_to_end()).await;
        }
        outcome
    });
    running.stop(runtime);
    outcome
}

/// Takes no new calls, waits for those that are up for at most `patience` or until `hurry`, and ends the rest.
pub async fn drain(running: &Running, patience: Duration, hurry: impl Future<Output = ()>) {
    let hub = running.hub();
    tracing::info!(calls = hub.calls_up(), ?patience, "draining: no new calls");
    hub.drain().await;
    tokio::select! {
        () = quiet(running) => {}
        () = tokio::time::sleep(patience) => tracing::info!(calls = hub.calls_up(), "the time for draining is over"),
        () = hurry => tracing::info!(calls = hub.calls_up(), "asked again: ending the calls that are left"),
    }
    hub.end_all().await;
    tokio::time::timeout(FAREWELL, silent(running)).await.ok();
}

/// Resolves when nobody is on a call.
async fn quiet(running: &Running) {
    tokio::time::sleep(SHOWN).await;
    while running.hub().calls_up() > 0 {
        tokio::time::sleep(LOOK).await;
    }
}

/// Resolves when our last requests are answered.
async fn silent(running: &Running) {
    tokio::time::sleep(SHOWN).await;
    while running.hub().views().any(|view| !view.calls.is_empty()) {
        tokio::time::sleep(LOOK).await;
    }
}

async fn serve<R, L>(running: &Running, signals: &mut Signals, reloading: &mut Reloading<R, L>) -> Outcome
where
    R: FnMut() -> Result<NodeConfig, ConfigError>,
    L: FnMut(LogLevel),
{
    loop {
        tokio::select! {
            () = running.broken() => {
                tracing::error!("ending, because a shard or a media worker broke");
                return Outcome::Failed;
            }
            asked = signals.next() => {
                if asked == Asked::End {
                    return Outcome::Drained;
                }
                reloading.reload();
                if let Err(error) = running.hub().reload().await {
                    tracing::error!(%error, "what is set up stays as it was");
                }
            }
        }
    }
}

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    End,
    Reload,
}

/// The signals a node listens to. From the moment this exists none is lost: one that comes while the node still
/// starts is heard once it serves.
pub struct Signals {
    term: Signal,
    int: Signal,
    hup: Signal,
}

impl Signals {
    /// Takes the signals over from the system's own handling, which would end the process.
    ///
    /// # Errors
    /// When the system does not let us.
    pub fn listen(runtime: &Handle) -> std::io::Result<Self> {
        let _inside = runtime.enter();
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
            hup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.term.recv() => Asked::End,
            _ = self.int.recv() => Asked::End,
            _ = self.hup.recv() => Asked::Reload,
        }
    }

    /// Resolves at SIGTERM or SIGINT; a SIGHUP means nothing any more.
    async fn asked_to_end(&mut self) {
        while self.next().await == Asked::Reload {}
    }
}

struct Reloading<R, L> {
    config: NodeConfig,
    reload: R,
    set_level: L,
}

impl<R, L> Reloading<R, L>
where
    R: FnMut() -> Result<NodeConfig, ConfigError>,
    L: FnMut(LogLevel),
{
    /// Takes over what can change while calls are up; says what waits for a restart.
    fn reload(&mut self) {
        let fresh = match (self.reload)() {
            Ok(fresh) => fresh,
            Err(error) => {
                tracing::error!(%error, "the configuration stays as it was");
                return;
            }
        };
        let waiting = fresh.needs_restart(&self.config);
        if !waiting.is_empty() {
            tracing::warn!(changed = waiting.join(", "), "changed, but only used after a restart");
        }
        (self.set_level)(fresh.log.level);
        self.config.log.level = fresh.log.level;
        self.config.node.drain = fresh.node.drain;
        tracing::info!("the configuration is loaded again");
    }
}
