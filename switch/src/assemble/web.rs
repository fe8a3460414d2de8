//! The web panel: it answers that the node starts, then opens.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle as Task;

use super::StartError;
use crate::config::NodeConfig;
use crate::hub::Hub;

/// The web panel, from before SIP listens to the end.
pub(super) struct Web {
    pub(super) end: watch::Sender<bool>,
    pub(super) task: Task<()>,
}

pub(super) async fn listen(address: SocketAddr) -> Result<tokio::net::TcpListener, StartError> {
    tokio::net::TcpListener::bind(address).await.map_err(|source| StartError::Http { address, source })
}

/// Answers that the node starts until the front is opened. Ends when asked to, and with a start that fails.
pub(super) fn start_web(listener: tokio::net::TcpListener, runtime: &Handle) -> (Web, webadmin::Front) {
    let (end, mut ended) = watch::channel(false);
    // An end that nobody can ask for any more has come.
    let until = async move { drop(ended.wait_for(|ended| *ended).await) };
    let (front, shown) = webadmin::front();
    let task = runtime.spawn(webadmin::serve(listener, shown, until));
    (Web { end, task }, front)
}

pub(super) fn web_ports(
    config: &NodeConfig,
    hub: Arc<Hub>,
    local_token: Option<[u8; 32]>,
) -> webadmin::Ports {
    webadmin::Ports {
        store: hub.store.clone(),
        sounds: Arc::clone(&hub) as Arc<dyn webadmin::Sounds>,
        node: hub,
        realm: config.sip.realm.clone(),
        public_url: config.http.public_url.clone().unwrap_or_default(),
        local_token,
    }
}
