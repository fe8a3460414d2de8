//! TLS for streams: who we are, whom we believe, and what the far end has proven.

mod identity;
mod names;
mod trust;
mod verify;

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use base::wire::{PeerKey, Proof};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::NoClientAuth;
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

pub use identity::{Identity, SelfSigned};
pub use trust::Trust;

use names::identities;
use verify::{CallerVerifier, PeerVerifier};

/// What of TLS cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// No certificate.
    #[error("the certificate cannot be used: {0}")]
    Certificate(String),
    /// No key, or one of another certificate.
    #[error("the key cannot be used: {0}")]
    Key(String),
    /// No authority.
    #[error("the authorities cannot be used: {0}")]
    Authorities(String),
}

/// All that TLS needs to know; a change makes a new one.
#[derive(Clone, Debug, Default)]
pub struct TlsSetup {
    /// Who we are; without it nothing is served under TLS.
    pub identity: Option<Identity>,
    /// Those we open connections to. One that is not here is never reached under TLS.
    pub peers: Vec<TlsPeer>,
    /// Whose word counts for those who open connections to us.
    pub authorities: Vec<Authority>,
}

/// A host of a trunk, as we check it.
#[derive(Clone, Debug)]
pub struct TlsPeer {
    /// By what messages name it.
    pub key: PeerKey,
    /// The domain or address it must speak for, in lower case.
    pub name: String,
    /// Who must vouch for it; `None` takes anybody for it.
    pub trust: Option<Arc<Trust>>,
    /// Whom we show ourselves as; `None` for the node.
    pub identity: Option<Identity>,
}

/// Authorities with the name they have in proofs.
#[derive(Clone, Debug)]
pub struct Authority {
    /// As in `Proof::authority`.
    pub name: String,
    /// They.
    pub trust: Arc<Trust>,
}

/// What the network layer has made of the setup; swapped as a whole, so that connections that exist go on.
pub(crate) struct Tls {
    current: ArcSwap<Current>,
}

struct Current {
    /// For phones and carriers: whoever calls may show a certificate.
    sip: Option<TlsAcceptor>,
    /// For browsers, which would ask a person for a certificate.
    web: Option<TlsAcceptor>,
    peers: HashMap<PeerKey, (TlsConnector, ServerName<'static>)>,
    authorities: Vec<Authority>,
}

impl Tls {
    pub(crate) fn new(setup: &TlsSetup) -> Self {
        Self { current: ArcSwap::from_pointee(Current::new(setup)) }
    }

    /// New connections use this; those that exist stay as they are.
    pub(crate) fn replace(&self, setup: &TlsSetup) {
        self.current.store(Arc::new(Current::new(setup)));
    }

    pub(crate) fn acceptor(&self, of: Callers) -> Option<TlsAcceptor> {
        let current = self.current.load();
        match of {
            Callers::Sip => current.sip.clone(),
            Callers::Web => current.web.clone(),
        }
    }

    pub(crate) fn connector(&self, peer: PeerKey) -> Option<(TlsConnector, ServerName<'static>)> {
        self.current.load().peers.get(&peer).cloned()
    }

    /// What this chain proves to each of the authorities that vouches for it.
    pub(crate) fn proofs(&self, chain: &[CertificateDer<'_>]) -> Vec<Proof> {
        let Some(certificate) = chain.first() else { return Vec::new() };
        let names = identities(certificate);
        if names.is_empty() {
            return Vec::new();
        }
        let current = self.current.load();
        let now = UnixTime::now();
        let vouching = current.authorities.iter().filter(|it| it.trust.vouches_for_client(chain, now));
        vouching.map(|it| Proof { authority: it.name.clone(), names: names.clone() }).collect()
    }
}

/// Who connects to a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Callers {
    /// Phones and switches.
    Sip,
    /// Browsers.
    Web,
}

impl Current {
    fn new(setup: &TlsSetup) -> Self {
        let server = |of| Some(TlsAcceptor::from(Arc::new(server(setup.identity.as_ref()?, of))));
        Self {
            sip: server(Callers::Sip),
            web: server(Callers::Web),
            peers: setup.peers.iter().filter_map(|peer| connector(peer, setup.identity.as_ref())).collect(),
            authorities: setup.authorities.clone(),
        }
    }
}

/// TLS 1.2 and 1.3 with the library's choice of ciphers (RFC 9325).
const VERSIONS: &str = "the provider supports TLS 1.2 and 1.3";

fn server(identity: &Identity, callers: Callers) -> ServerConfig {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().expect(VERSIONS);
    let builder = match callers {
        Callers::Sip => builder.with_client_cert_verifier(Arc::new(CallerVerifier)),
        Callers::Web => builder.with_client_cert_verifier(Arc::new(NoClientAuth)),
    };
    builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(&identity.key))))
}

fn connector(
    peer: &TlsPeer,
    ours: Option<&Identity>,
) -> Option<(PeerKey, (TlsConnector, ServerName<'static>))> {
    let name = ServerName::try_from(peer.name.clone()).ok()?; // a name that no TLS client can ask for
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = PeerVerifier { name: peer.name.clone(), trust: peer.trust.clone() };
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().expect(VERSIONS);
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    let config = match peer.identity.as_ref().or(ours) {
        Some(identity) => {
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(&identity.key))))
        }
        None => builder.with_no_client_auth(),
    };
    Some((peer.key, (TlsConnector::from(Arc::new(config)), name)))
}
