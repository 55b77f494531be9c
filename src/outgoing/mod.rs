//! Asking others over HTTP: one request, one connection, no redirect followed, everything bounded.
//! Where a person says whom to ask, nobody inside the network that we are in is asked. Knows
//! neither providers nor music.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

/// How long a whole answer may take.
const WAIT: Duration = Duration::from_secs(10);
/// How long one address may take to answer.
const STEP: Duration = Duration::from_secs(3);

/// A request, with its whole body.
pub type Request = http::Request<Vec<u8>>;
/// An answer, with as much of its body as was wanted.
pub type Answer = http::Response<Vec<u8>>;

/// Whom may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Whom the operator named, wherever that is; in the clear only on this machine.
    Named,
    /// Whom the operator named, wherever that is, as it was named: in the clear too.
    NamedPlain,
    /// Whoever has an address of the open Internet, by TLS: a person elsewhere says who it is.
    Open,
}

/// How much of an answer's body is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Much {
    /// All of it; more than so many bytes is an error.
    Whole(usize),
    /// Its first so many bytes; the rest is not waited for.
    Start(usize),
}

/// Asks others.
#[derive(Clone)]
pub struct Client {
    tls: TlsConnector,
}

/// Why there is no answer. Says nothing of what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientError {
    /// Not an address that may be asked.
    Address,
    /// Nobody answers there, or not in time.
    Silent,
    /// The answer is broken, or too long.
    Broken,
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address => "its address may not be asked",
            Self::Silent => "it does not answer",
            Self::Broken => "its answer is broken or too long",
        })
    }
}

impl std::error::Error for ClientError {}

impl Default for Client {
    fn default() -> Self {
        Self {
            tls: TlsConnector::from(Arc::new(tls())),
        }
    }
}

impl Client {
    /// One request, and its answer.
    ///
    /// # Errors
    /// `Address` for one that may not be asked, `Silent` and `Broken` as they say.
    pub async fn ask(
        &self,
        request: Request,
        reach: Reach,
        much: Much,
    ) -> Result<Answer, ClientError> {
        let answer = self.exchange(request, reach, much);
        let answer = tokio::time::timeout(WAIT, answer).await;
        answer.map_err(|_| ClientError::Silent)?
    }

    async fn exchange(
        &self,
        request: Request,
        reach: Reach,
        much: Much,
    ) -> Result<Answer, ClientError> {
        let is_plain = match request.uri().scheme_str() {
            Some("https") => false,
            Some("http") if reach != Reach::Open => true,
            _ => return Err(ClientError::Address),
        };
        let authority = request.uri().authority().ok_or(ClientError::Address)?;
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let port = authority
            .port_u16()
            .unwrap_or(if is_plain { 80 } else { 443 });
        // Looked up once: what is judged is what is connected to, whatever the name says later.
        let found = tokio::net::lookup_host((host.as_str(), port)).await;
        let found = found.map_err(|_| ClientError::Silent)?;
        let found = found.filter(|address| reach.allows(address.ip(), is_plain));
        let stream = connect(found).await?;
        if is_plain {
            return send(stream, request, much).await;
        }
        let name = ServerName::try_from(host.clone()).map_err(|_| ClientError::Address)?;
        let stream = self.tls.connect(name, stream).await;
        send(stream.map_err(|_| ClientError::Silent)?, request, much).await
    }
}

impl Reach {
    fn allows(self, address: IpAddr, is_plain: bool) -> bool {
        match self {
            Self::Named => !is_plain || address.is_loopback(),
            Self::NamedPlain => true,
            Self::Open => is_public(address),
        }
    }
}

/// The first of a host's addresses that answers; each has only a part of the whole time, so that
/// one that is silent does not keep us from the others.
async fn connect(addresses: impl Iterator<Item = SocketAddr>) -> Result<TcpStream, ClientError> {
    let mut reached = Err(ClientError::Address);
    for address in addresses {
        let stream = tokio::time::timeout(STEP, TcpStream::connect(address)).await;
        match stream {
            Ok(Ok(stream)) => return Ok(stream),
            _ => reached = Err(ClientError::Silent),
        }
    }
    reached
}

async fn send(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request,
    much: Much,
) -> Result<Answer, ClientError> {
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|_| ClientError::Broken)?;
    let (parts, body) = request.into_parts();
    let host = parts.uri.authority().map(|it| it.as_str().to_owned());
    let path = parts
        .uri
        .path_and_query()
        .map_or("/", |path| path.as_str())
        .to_owned();
    let mut request = http::Request::new(Full::<Bytes>::from(body));
    *request.method_mut() = parts.method;
    *request.headers_mut() = parts.headers;
    *request.uri_mut() = path.parse().map_err(|_| ClientError::Address)?;
    let host = host.and_then(|host| host.parse().ok());
    let host = host.ok_or(ClientError::Address)?;
    request.headers_mut().insert("host", host);
    let answer = async move {
        let response = sender.send_request(request).await;
        let (parts, body) = response.map_err(|_| ClientError::Broken)?.into_parts();
        Ok(http::Response::from_parts(parts, read(body, much).await?))
    };
    // Both end with the answer; whoever does not wait for it any more ends both.
    let mut answer = std::pin::pin!(answer);
    tokio::select! {
        biased;
        done = &mut answer => done,
        _ = connection => answer.await,
    }
}

async fn read(mut body: Incoming, much: Much) -> Result<Vec<u8>, ClientError> {
    let (Much::Whole(most) | Much::Start(most)) = much;
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ClientError::Broken)?;
        read.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
        if read.len() > most {
            read.truncate(most);
            return match much {
                Much::Whole(_) => Err(ClientError::Broken),
                Much::Start(_) => Ok(read),
            };
        }
    }
    Ok(read)
}

fn tls() -> ClientConfig {
    let roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        // The provider knows every version that is on by default.
        .unwrap_or_else(|_| {
            tracing::error!("no version of TLS can be spoken");
            std::process::abort()
        });
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

/// Whether an address is one of the open Internet.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, ..] = address.octets();
            let shared = a == 100 && (64..128).contains(&b);
            !(address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_multicast()
                || address.is_documentation()
                || a == 0
                || a >= 240
                || (a, b) == (192, 0) && address.octets()[2] == 0
                || (a, b) == (192, 88) && address.octets()[2] == 99
                || a == 198 && (18..20).contains(&b)
                || shared)
        }
        // Global unicast, without what carries another address inside (6to4, NAT64, Teredo) and what
        // stands in books (RFC 3849, RFC 9637).
        IpAddr::V6(address) => {
            let [first, second, ..] = address.segments();
            let is_special = first == 0x2001 && (second < 0x0200 || second == 0x0db8)
                || first == 0x2002
                || first == 0x3fff && second < 0x1000;
            first & 0xe000 == 0x2000 && !is_special
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_networks_of_ones_own_are_not_public() {
        for address in ["8.8.8.8", "203.0.114.1", "198.20.0.1", "2606:4700::1111"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "127.0.0.1",
            "10.0.0.1",
            "192.168.1.1",
            "172.16.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "198.18.0.1",
            "2001:db8::1",
            "3fff::1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[tokio::test]
    async fn an_address_that_does_not_answer_leaves_the_next_one_to_try() {
        let there = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let there = (there.local_addr().unwrap(), there);
        let away = SocketAddr::from(([127, 0, 0, 1], 1));
        let reached = connect([away, there.0].into_iter()).await.unwrap();
        assert_eq!(reached.peer_addr().unwrap(), there.0);
        let silent = connect([away].into_iter()).await.unwrap_err();
        assert_eq!(silent, ClientError::Silent);
        assert_eq!(
            connect([].into_iter()).await.unwrap_err(),
            ClientError::Address
        );
    }

    #[tokio::test]
    async fn plain_http_is_spoken_only_to_who_was_named_so() {
        let ask = |url: &str, reach| {
            let request = http::Request::get(url).body(Vec::new()).unwrap();
            let client = Client::default();
            async move {
                client
                    .ask(request, reach, Much::Whole(1))
                    .await
                    .unwrap_err()
            }
        };
        let here = "http://127.0.0.1:1/";
        assert_eq!(ask(here, Reach::Open).await, ClientError::Address);
        let elsewhere = ask("http://192.0.2.1:1/", Reach::Named).await;
        assert_eq!(elsewhere, ClientError::Address);
        assert_eq!(ask(here, Reach::Named).await, ClientError::Silent);
        assert_eq!(ask(here, Reach::NamedPlain).await, ClientError::Silent);
    }

    #[tokio::test]
    async fn nobody_inside_is_asked_for_who_is_elsewhere_by_whatever_name() {
        let there = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = there.local_addr().unwrap().port();
        let client = Client::default();
        for host in [
            "127.0.0.1",
            "localhost",
            "2130706433",
            "0x7f.1",
            "127.1",
            "0",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "169.254.169.254",
            "10.0.0.1",
        ] {
            let url = format!("https://{host}:{port}/a.mp3");
            let request = http::Request::get(url).body(Vec::new()).unwrap();
            let asked = client.ask(request, Reach::Open, Much::Start(1));
            // A spelling that the system does not take for an address is a name that nobody has.
            let refused = asked.await.unwrap_err();
            assert_ne!(refused, ClientError::Broken, "{host}");
            let came = tokio::time::timeout(Duration::from_millis(20), there.accept()).await;
            assert!(came.is_err(), "{host}");
        }
    }
}
