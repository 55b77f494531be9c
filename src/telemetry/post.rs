//! Brings reports to their server: one thread, a short queue, one connection each; TLS by the same
//! stack as everything else. A report that finds the queue full, or its server away, is lost: the
//! log has said the error already.

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use sentry::types::{Dsn, Scheme};
use sentry::{Envelope, Transport};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::time::{Duration, Instant};

/// Reports that wait at most.
const QUEUE: usize = 16;
/// How long one step of sending may take.
const STEP: Duration = Duration::from_secs(10);
/// How long a server that had enough is left alone.
const REST: Duration = Duration::from_secs(60);

/// The way to the thread.
pub(super) struct Post(SyncSender<Job>);

enum Job {
    Send(Vec<u8>),
    /// Answered when everything before it was tried.
    Flush(SyncSender<()>),
}

impl Post {
    pub(super) fn start(dsn: &Dsn) -> Self {
        let (sender, jobs) = mpsc::sync_channel(QUEUE);
        let to = Recipient::of(dsn);
        // Without the thread the queue has no other end, and every report is lost.
        let _ = std::thread::Builder::new()
            .name("reports".into())
            .spawn(move || deliver(&to, &jobs));
        Self(sender)
    }
}

impl Transport for Post {
    fn send_envelope(&self, envelope: Envelope) {
        let mut bytes = Vec::new();
        if envelope.to_writer(&mut bytes).is_ok() {
            let _ = self.0.try_send(Job::Send(bytes));
        }
    }

    fn flush(&self, timeout: Duration) -> bool {
        let (done, waited) = mpsc::sync_channel(1);
        self.0.try_send(Job::Flush(done)).is_ok() && waited.recv_timeout(timeout).is_ok()
    }
}

fn deliver(to: &Recipient, jobs: &Receiver<Job>) {
    let mut rests_until: Option<Instant> = None;
    for job in jobs {
        match job {
            Job::Flush(done) => {
                let _ = done.try_send(());
            }
            Job::Send(_) if rests_until.is_some_and(|until| Instant::now() < until) => {}
            Job::Send(envelope) => match to.send(&envelope) {
                Ok(200..=299) => {}
                Ok(429) => rests_until = Some(Instant::now() + REST),
                Ok(status) => tracing::warn!(status, "a report was not taken"),
                Err(error) => tracing::warn!(kind = ?error.kind(), "a report could not be sent"),
            },
        }
    }
}

/// Where reports go.
struct Recipient {
    host: String,
    port: u16,
    /// The request, up to the length of its content.
    head: String,
    sealed: bool,
    tls: Option<Arc<ClientConfig>>,
}

impl Recipient {
    fn of(dsn: &Dsn) -> Self {
        let agent = concat!("stereo/", env!("CARGO_PKG_VERSION"));
        let url = dsn.envelope_api_url();
        let host = dsn.host();
        Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: dsn.port(),
            head: format!(
                "POST {} HTTP/1.1\r\nHost: {host}:{}\r\nUser-Agent: {agent}\r\nX-Sentry-Auth: {}\r\nContent-Type: application/x-sentry-envelope\r\nConnection: close\r\nContent-Length: ",
                url.path(),
                dsn.port(),
                dsn.to_auth(Some(agent)),
            ),
            sealed: dsn.scheme() == Scheme::Https,
            tls: tls(),
        }
    }

    /// Sends one envelope: the status of the answer.
    fn send(&self, envelope: &[u8]) -> io::Result<u16> {
        let stream = self.connect()?;
        stream.set_read_timeout(Some(STEP))?;
        stream.set_write_timeout(Some(STEP))?;
        match &self.tls {
            _ if !self.sealed => self.ask(stream, envelope),
            None => Err(io::ErrorKind::Unsupported.into()),
            Some(config) => {
                let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
                let tls = ClientConnection::new(config.clone(), name).map_err(io::Error::other)?;
                self.ask(StreamOwned::new(tls, stream), envelope)
            }
        }
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in (self.host.as_str(), self.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, STEP) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn ask(&self, mut stream: impl Read + Write, envelope: &[u8]) -> io::Result<u16> {
        let head = format!("{}{}\r\n\r\n", self.head, envelope.len());
        stream.write_all(head.as_bytes())?;
        stream.write_all(envelope)?;
        stream.flush()?;
        let mut line = String::new();
        BufReader::new(stream.take(1024)).read_line(&mut line)?;
        let status = line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        status.ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

/// What every browser trusts, by our one TLS stack; `None` when it knows no version of TLS.
fn tls() -> Option<Arc<ClientConfig>> {
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.into(),
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?;
    let config = config.with_root_certificates(roots).with_no_client_auth();
    Some(Arc::new(config))
}
