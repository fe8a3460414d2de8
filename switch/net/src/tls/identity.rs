//! Our own certificate and its key.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};

use super::TlsError;

/// A certificate chain and the key that belongs to it.
#[derive(Clone, Debug)]
pub struct Identity {
    pub(crate) key: Arc<CertifiedKey>,
}

/// A certificate and its key as texts, new and signed by itself.
#[derive(Clone, Debug)]
pub struct SelfSigned {
    /// The certificate, PEM.
    pub cert: String,
    /// The key, PEM. A secret.
    pub key: String,
}

impl Identity {
    /// Reads a chain, our certificate first, and its key.
    ///
    /// # Errors
    /// When either cannot be read, or they do not belong together.
    pub fn from_pem(cert: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(cert)
            .collect::<Result<_, _>>()
            .map_err(|error| TlsError::Certificate(error.to_string()))?;
        if chain.is_empty() {
            return Err(TlsError::Certificate("there is none in it".to_owned()));
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| TlsError::Key(error.to_string()))?;
        let key = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider())
            .map_err(|error| TlsError::Key(error.to_string()))?;
        Ok(Self { key: Arc::new(key) })
    }

    /// The SHA-256 of our certificate, as tools show it: `AB:CD:…`.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let certificate = self.key.cert.first().map(AsRef::as_ref).unwrap_or_default();
        let octets: Vec<String> = Sha256::digest(certificate).iter().map(|it| format!("{it:02X}")).collect();
        octets.join(":")
    }
}

impl SelfSigned {
    /// A new one that bears these names and addresses.
    ///
    /// # Errors
    /// When a name cannot stand in a certificate, or there is no randomness.
    pub fn new(names: Vec<String>) -> Result<Self, TlsError> {
        let failed = |error: rcgen::Error| TlsError::Certificate(error.to_string());
        let key = rcgen::KeyPair::generate().map_err(failed)?;
        let mut params = rcgen::CertificateParams::new(names).map_err(failed)?;
        params.distinguished_name.push(rcgen::DnType::CommonName, "tandem");
        let cert = params.self_signed(&key).map_err(failed)?;
        Ok(Self { cert: cert.pem(), key: key.serialize_pem() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_of_our_own_making_is_taken_and_shows_its_fingerprint() {
        let made = SelfSigned::new(vec!["a.example".to_owned(), "192.0.2.1".to_owned()]).unwrap();
        let identity = Identity::from_pem(made.cert.as_bytes(), made.key.as_bytes()).unwrap();
        assert_eq!(identity.fingerprint().len(), 32 * 3 - 1);
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        let make = || SelfSigned::new(vec!["a.example".to_owned()]).unwrap();
        let (one, other) = (make(), make());
        let read = |cert: &str, key: &str| Identity::from_pem(cert.as_bytes(), key.as_bytes()).err();
        assert!(matches!(read(&one.cert, &other.key), Some(TlsError::Key(_))));
        assert!(matches!(read("", &one.key), Some(TlsError::Certificate(_))));
        assert!(matches!(read(&one.key, &one.key), Some(TlsError::Certificate(_))));
        assert!(matches!(read(&one.cert, &one.cert), Some(TlsError::Key(_))));
    }
}
