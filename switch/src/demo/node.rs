//! The switch of the demo: a whole node in a folder that lasts as long as it.

use std::fs::DirBuilder;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use base::Entropy;
use provision::{Directory, Reading};
use store::{CallFilter, MOST_CALLS, Store};
use switch::assemble::{self, Parts, Running, StartError};
use switch::clock::Clock;
use switch::config::{NodeConfig, PortRange};
use tokio::runtime::{Builder, Runtime};
use webadmin::auth;

use super::DemoError;
use super::recordings::{self, Recording};

const THREADS: usize = 2;
/// Where the switch listens unless somebody else does.
const SIP: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 5_080);
const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
/// Apart from the ports of a switch in earnest, and from those the system hands out.
const MEDIA: PortRange = PortRange { first: 20_000, last: 25_999 };
/// Calls of a demo of a day at full house would fill more pages; none lasts that long.
const MOST_PAGES: usize = 2_000;

/// A running node and its folder.
pub(super) struct Node {
    running: Running,
    runtime: Runtime,
    folder: Folder,
}

/// What a node has kept of its calls.
#[derive(Debug)]
pub(super) struct Kept {
    /// Records of answered calls.
    pub(super) answered: u64,
    /// What is heard in its recordings.
    pub(super) recordings: Vec<Recording>,
}

/// What a start needs, and another start if the first one fails.
struct Setting {
    http: SocketAddr,
    data: PathBuf,
    clock: Clock,
}

/// Removed when dropped.
struct Folder(PathBuf);

impl Node {
    /// A node that is set up as `toml` says and serves the web at `http`.
    pub(super) fn start(
        clock: Clock,
        entropy: &mut dyn Entropy,
        http: SocketAddr,
        toml: &str,
    ) -> Result<Self, DemoError> {
        let folder = Folder::make(entropy)?;
        let runtime = Builder::new_multi_thread().worker_threads(THREADS).enable_all().build()?;
        let setting = Setting { http, data: folder.0.clone(), clock };
        runtime.block_on(setting.set_up(toml))?;
        let running = match setting.start(SIP, &runtime) {
            Err(DemoError::Start(StartError::Sip(_))) => setting.start(ANY_PORT, &runtime),
            started => started,
        };
        Ok(Self { running: running?, runtime, folder })
    }

    /// Where SIP is spoken over UDP.
    pub(super) fn sip(&self) -> Result<SocketAddr, DemoError> {
        self.running.sip(base::wire::Transport::Udp).first().copied().ok_or(DemoError::NoSip)
    }

    /// Where the pages are.
    pub(super) fn http(&self) -> SocketAddr {
        self.running.http()
    }

    /// Runs tasks of the demo itself.
    pub(super) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Ends the node; what it kept.
    pub(super) fn finish(self) -> Result<Kept, DemoError> {
        let Self { running, runtime, folder } = self;
        running.stop(runtime.handle());
        runtime.block_on(kept(&folder.0))
    }
}

impl Setting {
    async fn set_up(&self, toml: &str) -> Result<(), DemoError> {
        let NodeConfig { sip, store, .. } = self.config(SIP);
        let store = Store::open(&store.url_in(&self.data)).await?;
        let reading =
            Reading { realm: &sip.realm, current: &Directory::default(), hasher: &auth::Hasher::default() };
        let plan = provision::plan(&[("demo", toml)], &reading).map_err(|problems| {
            DemoError::Scene(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        })?;
        store.apply(&plan.changes, None, self.clock.now().wall).await?;
        store.close().await;
        Ok(())
    }

    fn start(&self, sip: SocketAddr, runtime: &Runtime) -> Result<Running, DemoError> {
        let (config, data) = (self.config(sip), self.data.clone());
        let store = runtime.block_on(Store::open(&config.store.url_in(&data)))?;
        let parts = Parts { config, data, store, local_token: None, clock: self.clock };
        Ok(assemble::start(parts, runtime.handle())?)
    }

    fn config(&self, sip: SocketAddr) -> NodeConfig {
        let mut config = NodeConfig::default();
        config.node.name = "demo".to_owned();
        config.sip.udp = vec![sip];
        config.sip.tcp = Vec::new();
        config.media.ports = MEDIA;
        config.http.listen = self.http;
        config
    }
}

async fn kept(data: &Path) -> Result<Kept, DemoError> {
    let store = Store::open(&NodeConfig::default().store.url_in(data)).await?;
    let answered = answered(&store).await?;
    let recordings = recordings::listen(&store, data).await?;
    store.close().await;
    Ok(Kept { answered, recordings })
}

async fn answered(store: &Store) -> Result<u64, DemoError> {
    let filter = CallFilter { answered: Some(true), ..CallFilter::default() };
    let (mut count, mut after) = (0, None);
    for _ in 0..MOST_PAGES {
        let page = store.calls(&filter, after, MOST_CALLS).await?;
        count += page.calls.len() as u64;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(count)
}

impl Folder {
    fn make(entropy: &mut dyn Entropy) -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("tandem-demo-{}", entropy.token()));
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(folder = %self.0.display(), %error, "the demo's folder stays behind");
        }
    }
}
