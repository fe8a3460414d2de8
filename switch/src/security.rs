//! The files of TLS, read: who we are, and who vouches for others.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::dns::{Host, Protocol};
use base::wire::{PeerKey, Transport};
use net::{Authority, Identity, SelfSigned, TlsError, TlsPeer, TlsSetup, Trust};
use provision::{Directory, PeerUri, Trunk};

use crate::config::{NodeConfig, TlsConfig};

/// Where systems keep the authorities that everybody trusts; the first that is there is read.
const SYSTEM: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];
/// Where the certificate of our own making is kept.
const CERT: &str = "tls-cert.pem";
const KEY: &str = "tls-key.pem";

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SecurityError {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file has not what it should have.
    #[error("{}: {source}", path.display())]
    Content {
        /// Which.
        path: PathBuf,
        /// Why.
        source: TlsError,
    },
    /// One of two that go together.
    #[error("[tls] cert and key go together: one of them is missing")]
    Half,
}

/// Which files are ours, for the life of the process. What is in them is read again when asked.
#[derive(Clone, Debug)]
pub(crate) struct Security {
    files: TlsConfig,
    data: PathBuf,
    /// What a certificate of our own making says; none when nothing is served under TLS.
    names: Option<Vec<String>>,
}

impl Security {
    pub(crate) fn of(config: &NodeConfig, data: &Path) -> Self {
        let sip = !(config.sip.tls.is_empty() && config.sip.wss.is_empty());
        let listens = sip || config.http.tls_listen.is_some();
        Self { files: config.tls.clone(), data: data.to_owned(), names: listens.then(|| names(config)) }
    }

    /// Reads every file. What is wrong with those of one trunk only keeps us from that trunk, and is told.
    ///
    /// # Errors
    /// When the node's own files cannot be used.
    pub(crate) fn read(&self, directory: &Directory) -> Result<TlsSetup, SecurityError> {
        let identity = self.identity()?;
        let mut reading = Trusts { files: &self.files, known: BTreeMap::new() };
        if self.files.ca.is_some() {
            reading.of("")?;
        }
        let mut setup = TlsSetup { identity, ..TlsSetup::default() };
        for trunk in directory.trunks.values() {
            if let Err(error) = reading.add(trunk, &mut setup) {
                tracing::error!(trunk = trunk.name, %error, "this trunk is not reached under TLS");
            }
        }
        Ok(setup)
    }

    fn identity(&self) -> Result<Option<Identity>, SecurityError> {
        match (&self.files.cert, &self.files.key, &self.names) {
            (Some(cert), Some(key), _) => identity(cert, key).map(Some),
            (None, None, None) => Ok(None),
            (None, None, Some(names)) => self.own(names).map(Some),
            (Some(_), None, _) | (None, Some(_), _) => Err(SecurityError::Half),
        }
    }

    /// The certificate of our own making, made when it is not there yet.
    fn own(&self, names: &[String]) -> Result<Identity, SecurityError> {
        let (cert, key) = (self.data.join(CERT), self.data.join(KEY));
        if !(cert.exists() && key.exists()) {
            let made = SelfSigned::new(names.to_vec())
                .map_err(|source| SecurityError::Content { path: cert.clone(), source })?;
            write(&key, 0o600, &made.key)?;
            write(&cert, 0o644, &made.cert)?;
            tracing::info!(cert = %cert.display(), "a certificate signed by itself was made");
        }
        identity(&cert, &key)
    }
}

/// The files of authorities, each read once.
struct Trusts<'a> {
    files: &'a TlsConfig,
    known: BTreeMap<String, Arc<Trust>>,
}

impl Trusts<'_> {
    fn add(&mut self, trunk: &Trunk, setup: &mut TlsSetup) -> Result<(), SecurityError> {
        let peers: Vec<PeerUri> = trunk.peers.iter().filter_map(|peer| peer.uri.parse().ok()).collect();
        let secure = |peer: &&PeerUri| match peer.server(trunk.transport).protocol() {
            Protocol::Only(transport) => transport == Transport::Tls,
            Protocol::Any => true,
            Protocol::Impossible => false,
        };
        let identity = (!trunk.tls_cert.is_empty())
            .then(|| identity(Path::new(&trunk.tls_cert), Path::new(&trunk.tls_key)))
            .transpose()?;
        for peer in peers.iter().filter(secure) {
            let trust = trunk.tls_verify.then(|| self.of(&trunk.tls_ca)).transpose()?;
            if trust.is_none() {
                tracing::warn!(
                    trunk = trunk.name,
                    "tls_verify = false: anybody is taken for this trunk's peer"
                );
            }
            let (key, name) = (PeerKey::of(&trunk.name, &peer.host), peer.host.to_string());
            setup.peers.push(TlsPeer { key, name, trust, identity: identity.clone() });
        }
        let named = PeerKey::of(&trunk.name, &Host::named(&trunk.tls_name));
        if !trunk.tls_name.is_empty() && setup.peers.iter().all(|peer| peer.key != named) {
            // Calls in that have lost their connection are followed to whoever proves this name again.
            let (trust, name) = (Some(self.of(&trunk.tls_ca)?), trunk.tls_name.clone());
            setup.peers.push(TlsPeer { key: named, name, trust, identity });
        }
        let known = setup.authorities.iter().any(|authority| authority.name == trunk.tls_ca);
        if !trunk.tls_name.is_empty() && !known {
            let trust = self.of(&trunk.tls_ca)?;
            setup.authorities.push(Authority { name: trunk.tls_ca.clone(), trust });
        }
        Ok(())
    }

    /// The authorities of a trunk's file; the node's, else the system's, without one.
    fn of(&mut self, file: &str) -> Result<Arc<Trust>, SecurityError> {
        if let Some(known) = self.known.get(file) {
            return Ok(Arc::clone(known));
        }
        let system = || SYSTEM.iter().map(PathBuf::from).find(|path| path.exists());
        let path = match file {
            "" => self.files.ca.clone().or_else(system),
            file => Some(PathBuf::from(file)),
        };
        let trust = match path {
            Some(path) => Trust::from_pem(&read(&path)?)
                .map_err(|source| SecurityError::Content { path: path.clone(), source })?,
            None => Trust::nobody(),
        };
        let trust = Arc::new(trust);
        self.known.insert(file.to_owned(), Arc::clone(&trust));
        Ok(trust)
    }
}

fn identity(cert: &Path, key: &Path) -> Result<Identity, SecurityError> {
    let texts = (read(cert)?, read(key)?);
    Identity::from_pem(&texts.0, &texts.1).map_err(|source| {
        let path = if matches!(source, TlsError::Key(_)) { key } else { cert };
        SecurityError::Content { path: path.to_owned(), source }
    })
}

fn read(path: &Path) -> Result<Vec<u8>, SecurityError> {
    fs::read(path).map_err(|source| SecurityError::File { path: path.to_owned(), source })
}

fn write(path: &Path, mode: u32, text: &str) -> Result<(), SecurityError> {
    let open = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(path);
    let written = open.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|source| SecurityError::File { path: path.to_owned(), source })
}

/// The names and addresses by which phones may know us.
fn names(config: &NodeConfig) -> Vec<String> {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let plain = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
    };
    let hosts = [config.node.name.clone(), host.trim().to_owned(), "localhost".to_owned()];
    let mut names: Vec<String> = hosts.into_iter().filter(|name| plain(name)).collect();
    let listeners = config.sip.tls.iter().chain(&config.sip.wss).chain(&config.http.tls_listen);
    let listeners = listeners.map(SocketAddr::ip);
    let shown = listeners.chain(config.sip.external_ip).filter(|ip: &IpAddr| !ip.is_unspecified());
    names.extend(shown.map(|ip| ip.to_string()));
    names.sort();
    names.dedup();
    names
}

/// What is wrong with the node's own files, for `tandem check`; nothing is written.
#[must_use]
pub fn problems(config: &NodeConfig) -> Vec<String> {
    let files = &config.tls;
    let own = match (&files.cert, &files.key) {
        (Some(cert), Some(key)) => identity(cert, key).err(),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => Some(SecurityError::Half),
    };
    let ca = files.ca.as_ref().and_then(|_| Trusts { files, known: BTreeMap::new() }.of("").err());
    own.into_iter().chain(ca).map(|error| error.to_string()).collect()
}
