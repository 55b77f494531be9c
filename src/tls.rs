//! Encryption in transit: TLS 1.2 and 1.3 by rustls, with a certificate that is read again when its
//! files change. Connections that are open go on under the one they began with.

use crate::config;
use arc_swap::ArcSwap;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert, ServerConfig};
use rustls::sign::CertifiedKey;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio_rustls::TlsAcceptor;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// A certificate with its private key.
#[derive(Clone, Debug)]
pub struct Certificate(Arc<CertifiedKey>);

/// Why the files are of no use.
#[derive(Debug)]
pub enum Fault {
    /// A file cannot be read, or holds nothing of the kind.
    Unreadable {
        /// Which.
        file: PathBuf,
        /// What was expected in it.
        expected: &'static str,
        /// Whether it is the key's.
        key: bool,
    },
    /// The key is another certificate's, or of a kind that is not known.
    Unfit {
        /// The key's file.
        key: PathBuf,
    },
}

impl Fault {
    /// Whether the fault lies with the key's file.
    pub fn is_of_the_key(&self) -> bool {
        matches!(
            self,
            Self::Unfit { .. } | Self::Unreadable { key: true, .. }
        )
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { file, expected, .. } => {
                write!(
                    f,
                    "expected a file that can be read, with {expected} (PEM): {}",
                    file.display()
                )
            }
            Self::Unfit { key } => {
                write!(
                    f,
                    "expected the private key of that certificate: {}",
                    key.display()
                )
            }
        }
    }
}

impl Certificate {
    /// Reads both files.
    ///
    /// # Errors
    /// Which file is of no use, and why.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, Fault> {
        let unreadable = || Fault::Unreadable {
            file: certificate.into(),
            expected: "a certificate",
            key: false,
        };
        let chain = CertificateDer::pem_file_iter(certificate).map_err(|_| unreadable())?;
        let chain: Vec<_> = chain.collect::<Result<_, _>>().map_err(|_| unreadable())?;
        if chain.is_empty() {
            return Err(unreadable());
        }
        let private = PrivateKeyDer::from_pem_file(key).map_err(|_| Fault::Unreadable {
            file: key.into(),
            expected: "a private key",
            key: true,
        })?;
        let provider = aws_lc_rs::default_provider();
        let fit = CertifiedKey::from_der(chain, private, &provider);
        let fit = fit.map_err(|_| Fault::Unfit { key: key.into() })?;
        Ok(Self(Arc::new(fit)))
    }
}

/// TLS of one listener.
pub struct Tls {
    acceptor: TlsAcceptor,
    current: Arc<Current>,
    files: [PathBuf; 2],
}

/// The certificate that new connections are shown.
#[derive(Debug)]
struct Current(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl Tls {
    /// By the config; `None` when it names no certificate.
    ///
    /// # Errors
    /// When the files are of no use, or the library refuses.
    pub fn new(config: &config::Tls) -> Result<Option<Self>, String> {
        if !config.is_on() {
            return Ok(None);
        }
        let certificate = Certificate::read(&config.certificate, &config.key);
        let certificate = certificate.map_err(|fault| format!("tls: {fault}"))?;
        let current = Arc::new(Current(ArcSwap::new(certificate.0)));
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|error| format!("tls: {error}"))?;
        let mut server = builder
            .with_no_client_auth()
            .with_cert_resolver(current.clone());
        // Whoever comes back shows a ticket; nothing is remembered of them here.
        server.session_storage = Arc::new(NoServerSessionStorage {});
        server.ticketer = aws_lc_rs::Ticketer::new().map_err(|error| format!("tls: {error}"))?;
        server.send_tls13_tickets = 1;
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Some(Self {
            acceptor: TlsAcceptor::from(Arc::new(server)),
            current,
            files: [config.certificate.clone(), config.key.clone()],
        }))
    }

    /// What makes a connection a TLS one.
    pub fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }

    /// Looks at the files now and then, and takes up what has changed. Half of a pair, or a pair
    /// that does not fit, changes nothing: it is looked at again.
    pub async fn follow_files(self: Arc<Self>) {
        let mut seen = self.state();
        loop {
            tokio::time::sleep(LOOK).await;
            let now = self.state();
            if now != seen && self.reload() {
                seen = now;
            }
        }
    }

    /// Takes up the files as they are. Returns whether they are of use.
    pub fn reload(&self) -> bool {
        let [certificate, key] = &self.files;
        match Certificate::read(certificate, key) {
            Ok(certificate) => {
                self.current.0.store(certificate.0);
                tracing::info!("the certificate was read again");
                true
            }
            Err(fault) => {
                tracing::warn!(%fault, "the certificate stays as it was");
                false
            }
        }
    }

    /// By what a change of the files is noticed.
    fn state(&self) -> [Option<(SystemTime, u64)>; 2] {
        let of = |path: &PathBuf| {
            let file = std::fs::metadata(path).ok()?;
            Some((file.modified().ok()?, file.len()))
        };
        let [certificate, key] = &self.files;
        [of(certificate), of(key)]
    }
}
