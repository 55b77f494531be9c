//! A nonblocking socket, in the clear or under TLS: the crowd's side, and the floor's. TLS is
//! rustls without a runtime; a certificate of any name is taken, for a load tester sends nobody's
//! secrets and measures servers that made their certificate themselves.

use super::address::Address;
use super::socket;
use crate::failure::{Failure, Outcome};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, Connection, DigitallySignedStruct, ServerConfig,
    ServerConnection, SignatureScheme,
};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, LazyLock};

/// One socket.
pub(crate) struct Wire {
    socket: OwnedFd,
    tls: Option<Box<Connection>>,
}

impl Wire {
    /// A client's, towards `address`.
    pub(crate) fn client(socket: OwnedFd, address: &Address) -> Outcome<Self> {
        let tls = address.tls.then(|| client(address)).transpose()?;
        Ok(Self {
            socket,
            tls: tls.map(|tls| Box::new(tls.into())),
        })
    }

    /// A server's.
    pub(crate) fn server(socket: OwnedFd, config: Option<&Arc<ServerConfig>>) -> Outcome<Self> {
        let tls = config.map(|config| ServerConnection::new(config.clone()));
        let tls = tls.transpose().map_err(|error| failed(&error))?;
        Ok(Self {
            socket,
            tls: tls.map(|tls| Box::new(tls.into())),
        })
    }

    pub(crate) fn socket(&self) -> &OwnedFd {
        &self.socket
    }

    /// Whether bytes wait that were taken, and that the system did not take yet.
    pub(crate) fn waits(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.wants_write())
    }

    /// Reads what is there: `Ok(None)` when nothing is, `Ok(Some(0))` at the end.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let Some(tls) = &mut self.tls else {
            return Ok(socket::read(&self.socket, buffer)?);
        };
        let mut filled = 0;
        while filled < buffer.len() {
            match tls.reader().read(&mut buffer[filled..]) {
                Ok(0) => return Ok(Some(filled)),
                Ok(count) => {
                    filled += count;
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // Closed without TLS's own goodbye.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Ok(Some(filled));
                }
                Err(error) => return Err(error),
            }
            match tls.read_tls(&mut Raw(&self.socket)) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
            let processed = tls.process_new_packets();
            push(tls, &self.socket)?;
            processed.map_err(|error| io::Error::other(format!("TLS: {error}")))?;
        }
        Ok((filled > 0).then_some(filled))
    }

    /// Writes what can be written now: how many bytes were taken.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else {
            return Ok(socket::write(&self.socket, bytes)?);
        };
        let taken = tls.writer().write(bytes)?;
        push(tls, &self.socket)?;
        Ok(taken)
    }
}

impl AsFd for Wire {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Gives the system what it takes of what is encrypted.
fn push(tls: &mut Connection, socket: &OwnedFd) -> io::Result<()> {
    while tls.wants_write() {
        match tls.write_tls(&mut Raw(socket)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The socket as rustls wants it.
struct Raw<'a>(&'a OwnedFd);

impl Read for Raw<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        socket::read(self.0, buffer)?.ok_or_else(|| io::ErrorKind::WouldBlock.into())
    }
}

impl Write for Raw<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match socket::write(self.0, bytes)? {
            0 if !bytes.is_empty() => Err(io::ErrorKind::WouldBlock.into()),
            count => Ok(count),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A connection that waits for its answers, for what is asked before anything is measured.
pub(crate) fn blocking(stream: TcpStream, address: &Address) -> Outcome<Box<dyn ReadWrite>> {
    Ok(match address.tls {
        true => Box::new(rustls::StreamOwned::new(client(address)?, stream)),
        false => Box::new(stream),
    })
}

/// Both ways.
pub(crate) trait ReadWrite: Read + Write {}

impl<T: Read + Write> ReadWrite for T {}

fn client(address: &Address) -> Outcome<ClientConnection> {
    static CONFIG: LazyLock<Result<Arc<ClientConfig>, rustls::Error>> = LazyLock::new(|| {
        let anyone = Arc::new(Anyone(provider()));
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(anyone)
            .with_no_client_auth();
        Ok(Arc::new(config))
    });
    let config = CONFIG.as_ref().map_err(failed)?.clone();
    let name = ServerName::try_from(address.name().to_owned());
    let name = name.map_err(|error| Failure::new(format!("{address}: {error}")))?;
    ClientConnection::new(config, name).map_err(|error| failed(&error))
}

fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> =
        LazyLock::new(|| Arc::new(aws_lc_rs::default_provider()));
    PROVIDER.clone()
}

fn failed(error: &rustls::Error) -> Failure {
    Failure::new(format!("TLS: {error}"))
}

/// A certificate for this machine and its key, as PEM.
pub(crate) fn certificate() -> Outcome<(String, String)> {
    let made = rcgen::generate_simple_self_signed(["localhost".into(), "127.0.0.1".into()]);
    let made = made.map_err(|error| Failure::new(format!("a certificate: {error}")))?;
    Ok((made.cert.pem(), made.signing_key.serialize_pem()))
}

/// What the floor serves with: a certificate that it makes itself, and no tickets, which nobody
/// would come back with.
pub(crate) fn floor() -> Outcome<Arc<ServerConfig>> {
    let made = rcgen::generate_simple_self_signed(["localhost".into(), "127.0.0.1".into()]);
    let made = made.map_err(|error| Failure::new(format!("a certificate: {error}")))?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der());
    let key = key.map_err(|error| Failure::new(format!("a key: {error}")))?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            let builder = builder.with_no_client_auth();
            builder.with_single_cert(vec![made.cert.der().clone()], key)
        })
        .map_err(|error| failed(&error))?;
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

/// Takes every certificate whose owner holds its key.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, cert, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, cert, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let known = &self.0.signature_verification_algorithms;
        known.supported_schemes()
    }
}
