//! Checks the certificate of a PostgreSQL server as `sslmode` says, with the meaning that `libpq`
//! gives its values.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use super::error::PostgresError;

/// The values of `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TlsMode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl TlsMode {
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "disable" => Self::Disable,
            "allow" => Self::Allow,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => return None,
        })
    }
}

/// The certificate authorities that a server's certificate is checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Roots {
    /// The certificate is not checked.
    Unchecked,
    /// Those of the operating system.
    System,
    /// Those of a PEM file.
    File(PathBuf),
}

/// A certificate of the client, and its key, as PEM files.
pub(super) type ClientCertificate = (PathBuf, PathBuf);

/// Returns the configuration of connections with TLS.
pub(super) fn client_config(
    roots: &Roots,
    checks_name: bool,
    certificate: Option<&ClientCertificate>,
) -> Result<ClientConfig, PostgresError> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(Verifier::new(&provider, roots, checks_name)?);
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| PostgresError::Database(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match certificate {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let key_der = PrivateKeyDer::from_pem_file(key);
            let key_der = key_der.map_err(|error| certificate_error(key, error))?;
            builder
                .with_client_auth_cert(read_certificates(certificate)?, key_der)
                .map_err(|error| certificate_error(certificate, error))?
        }
    };
    // The name of the protocol, which `sslnegotiation=direct` needs.
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(config)
}

fn certificate_error(path: &Path, error: impl std::fmt::Display) -> PostgresError {
    PostgresError::Certificate {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, PostgresError> {
    let certificates = CertificateDer::pem_file_iter(path)
        .map_err(|error| certificate_error(path, error))?
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| certificate_error(path, error))?;
    match certificates.is_empty() {
        true => Err(certificate_error(path, "it holds no certificate")),
        false => Ok(certificates),
    }
}

/// Checks the chain of a server's certificate, and its name, as far as the mode asks for.
#[derive(Debug)]
struct Verifier {
    /// `None` if the certificate is not checked.
    roots: Option<RootCertStore>,
    /// The certificates of the root file.
    root_certificates: Vec<CertificateDer<'static>>,
    checks_name: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    fn new(
        provider: &CryptoProvider,
        roots: &Roots,
        checks_name: bool,
    ) -> Result<Self, PostgresError> {
        let root_certificates = match roots {
            Roots::Unchecked => Vec::new(),
            Roots::File(path) => read_certificates(path)?,
            Roots::System => rustls_native_certs::load_native_certs().certs,
        };
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(root_certificates.iter().cloned());
        Ok(Self {
            roots: (*roots != Roots::Unchecked).then_some(store),
            root_certificates,
            checks_name,
            algorithms: provider.signature_verification_algorithms,
        })
    }

    /// Tells whether the certificate is itself in the root file and marked as an authority, as
    /// `openssl req -x509` makes it. `libpq` accepts it. Its dates were checked before its mark.
    fn is_trusted_itself(&self, certificate: &CertificateDer<'_>, error: &Error) -> bool {
        let Error::InvalidCertificate(CertificateError::Other(other)) = error else {
            return false;
        };
        let reason = other.0.downcast_ref::<webpki::Error>();
        reason == Some(&webpki::Error::CaUsedAsEndEntity)
            && self.root_certificates.contains(certificate)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(roots) = &self.roots else {
            return Ok(ServerCertVerified::assertion());
        };
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let chain = verify_server_cert_signed_by_trust_anchor(
            &certificate,
            roots,
            intermediates,
            now,
            self.algorithms.all,
        );
        match chain {
            Err(error) if !self.is_trusted_itself(end_entity, &error) => return Err(error),
            _ => {}
        }
        if self.checks_name {
            verify_server_name(&certificate, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
