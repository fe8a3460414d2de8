//! The web panel: it answers that the node starts, then opens.

use std::net::SocketAddr;
use std::sync::Arc;

use base::wire::Transport;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle as Task;

use super::StartError;
use net::NetGauge;
use phone::login::PhoneKey;
use phone::vendor::Transports;

use crate::config::NodeConfig;
use crate::hub::Hub;

/// The web panel, from before SIP listens to the end.
pub(super) struct Web {
    pub(super) end: watch::Sender<bool>,
    pub(super) task: Task<()>,
    /// The same under TLS.
    pub(super) secure: Option<Task<()>>,
    shown: webadmin::Shown,
}

/// The web panel's sockets, before anything answers there.
pub(super) struct Panel {
    pub(super) web: Web,
    pub(super) front: webadmin::Front,
    pub(super) address: SocketAddr,
    pub(super) secure: Option<tokio::net::TcpListener>,
    pub(super) https: Option<SocketAddr>,
}

pub(super) fn open_panel(config: &NodeConfig, runtime: &Handle) -> Result<Panel, StartError> {
    let http = runtime.block_on(listen(config.http.listen))?;
    let address =
        http.local_addr().map_err(|source| StartError::Http { address: config.http.listen, source })?;
    let secure = config.http.tls_listen.map(|address| runtime.block_on(listen(address))).transpose()?;
    let https = secure.as_ref().and_then(|listener| listener.local_addr().ok());
    let (web, front) = start_web(http, runtime);
    Ok(Panel { web, front, address, secure, https })
}

async fn listen(address: SocketAddr) -> Result<tokio::net::TcpListener, StartError> {
    tokio::net::TcpListener::bind(address).await.map_err(|source| StartError::Http { address, source })
}

/// Answers that the node starts until the front is opened. Ends when asked to, and with a start that fails.
fn start_web(listener: tokio::net::TcpListener, runtime: &Handle) -> (Web, webadmin::Front) {
    let (end, mut ended) = watch::channel(false);
    // An end that nobody can ask for any more has come.
    let until = async move { drop(ended.wait_for(|ended| *ended).await) };
    let (front, shown) = webadmin::front();
    let task = runtime.spawn(webadmin::serve(listener, shown.clone(), until));
    (Web { end, task, secure: None, shown }, front)
}

impl Web {
    /// From now on it is served under TLS too, with whatever certificate is set up when a connection comes in.
    pub(super) fn secure(&mut self, listener: tokio::net::TcpListener, net: NetGauge, runtime: &Handle) {
        let mut ended = self.end.subscribe();
        let until = async move { drop(ended.wait_for(|ended| *ended).await) };
        let acceptor: webadmin::Acceptor = Arc::new(move || net.web_acceptor());
        self.secure = Some(runtime.spawn(webadmin::serve_tls(listener, self.shown.clone(), acceptor, until)));
    }
}

pub(super) fn web_ports(
    config: &NodeConfig,
    hub: Arc<Hub>,
    local_token: Option<[u8; 32]>,
    phones: webadmin::PhoneDesk,
) -> webadmin::Ports {
    webadmin::Ports {
        store: hub.store.clone(),
        sounds: Arc::clone(&hub) as Arc<dyn webadmin::Sounds>,
        node: hub,
        realm: config.sip.realm.clone(),
        public_url: config.http.public_url.clone().unwrap_or_default(),
        local_token,
        phones,
    }
}

/// What the web layer needs to set phones up.
pub(super) fn phone_desk(
    config: &NodeConfig,
    key: PhoneKey,
    running: &net::Net,
    https: Option<SocketAddr>,
) -> webadmin::PhoneDesk {
    let port = |transport| running.addresses(transport).first().map(SocketAddr::port);
    let transports =
        Transports { udp: port(Transport::Udp), tcp: port(Transport::Tcp), tls: port(Transport::Tls) };
    let node = phone::vendor::Node {
        host: sip_host(config),
        transports,
        language: config.node.language.clone(),
        session_secs: config.sip.session_expires,
    };
    webadmin::PhoneDesk {
        key,
        node,
        https_port: https.map(|address| address.port()),
        plain: config.http.plain_provisioning,
    }
}

/// The address that phones speak SIP to, if one is set up: `external_ip`, a listener's own, or the host of
/// `public_url`; else empty, and a phone uses the name by which it asked for its settings.
fn sip_host(config: &NodeConfig) -> String {
    if let Some(ip) = config.sip.external_ip {
        return ip.to_string();
    }
    let listeners = config.sip.tls.iter().chain(&config.sip.udp).chain(&config.sip.tcp);
    if let Some(own) = listeners.map(SocketAddr::ip).find(|ip| !ip.is_unspecified()) {
        return own.to_string();
    }
    let url = config.http.public_url.as_deref().and_then(|url| url.split_once("://"));
    let authority = url.map_or("", |(_, rest)| rest.split('/').next().unwrap_or_default());
    let host = if authority.starts_with('[') {
        authority.split(']').next().map(|it| format!("{it}]"))
    } else {
        None
    };
    host.unwrap_or_else(|| authority.split(':').next().unwrap_or_default().to_owned())
}
