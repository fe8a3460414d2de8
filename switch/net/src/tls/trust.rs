//! Whose word about others we take.

use std::sync::Arc;

use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{WebPkiSupportedAlgorithms, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier, danger::ClientCertVerifier};
use rustls::{Error, RootCertStore};

use super::TlsError;
use base::limits;

/// A set of certificate authorities.
#[derive(Clone, Debug)]
pub struct Trust {
    roots: Arc<RootCertStore>,
    /// Judges certificates made for clients; none without any authority.
    clients: Option<Arc<dyn ClientCertVerifier>>,
}

pub(crate) fn algorithms() -> WebPkiSupportedAlgorithms {
    aws_lc_rs::default_provider().signature_verification_algorithms
}

impl Trust {
    /// Trusts nobody.
    #[must_use]
    pub fn nobody() -> Self {
        Self { roots: Arc::new(RootCertStore::empty()), clients: None }
    }

    /// Reads the authorities of a PEM file's text.
    ///
    /// # Errors
    /// When it has none that can be used.
    pub fn from_pem(pem: &[u8]) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        let found = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| TlsError::Authorities(error.to_string()))?;
        roots.add_parsable_certificates(found);
        if roots.is_empty() {
            return Err(TlsError::Authorities("there is none in it".to_owned()));
        }
        let roots = Arc::new(roots);
        let provider = Arc::new(aws_lc_rs::default_provider());
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), provider)
            .build()
            .map_err(|error| TlsError::Authorities(error.to_string()))?;
        Ok(Self { roots, clients: Some(clients) })
    }

    /// Whether one of the authorities vouches for this server.
    pub(crate) fn vouches_for_server(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        if others.len() >= limits::CERTIFICATE_CHAIN {
            return Err(Error::General("the certificate chain is too long".to_owned()));
        }
        let parsed = ParsedCertificate::try_from(certificate)?;
        verify_server_cert_signed_by_trust_anchor(&parsed, &self.roots, others, now, algorithms().all)
    }

    /// Whether one of the authorities vouches for who opened a connection. Switches show the certificate they
    /// serve with, which is often made for servers only.
    pub(crate) fn vouches_for_client(&self, chain: &[CertificateDer<'_>], now: UnixTime) -> bool {
        let (Some((certificate, others)), Some(clients)) = (chain.split_first(), &self.clients) else {
            return false;
        };
        others.len() < limits::CERTIFICATE_CHAIN
            && (clients.verify_client_cert(certificate, others, now).is_ok()
                || self.vouches_for_server(certificate, others, now).is_ok())
    }
}
