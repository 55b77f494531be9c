//! Asking providers over HTTP: one request, one connection, no redirect followed, everything
//! bounded. Plain HTTP only to this machine, and only when the provider itself is here.

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use std::fmt;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
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
/// Bytes of a document or token.
const MOST: usize = 256 << 10;

/// Asks one provider.
#[derive(Clone)]
pub(super) struct Client {
    tls: TlsConnector,
    /// The provider is on this machine, and may speak plain HTTP.
    is_here: bool,
}

/// Why there is no answer. Says nothing of what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientError {
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

impl Client {
    /// For a provider whose address begins so.
    pub(super) fn of(issuer: &str) -> Self {
        Self {
            tls: TlsConnector::from(Arc::new(tls())),
            is_here: issuer.starts_with("http://"),
        }
    }

    /// One request, and its answer of at most [`MOST`] bytes.
    pub(super) async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, ClientError> {
        self.ask_for(request, MOST, |_| true).await
    }

    /// A picture, of at most `most` bytes; never from inside the network that we are in, since
    /// who names it is a person elsewhere.
    pub(super) async fn picture(&self, url: &str, most: usize) -> Result<Vec<u8>, ClientError> {
        let request = http::Request::get(url).body(Vec::new());
        let request = request.map_err(|_| ClientError::Address)?;
        let may = |address| self.is_here || is_public(address);
        let response = self.ask_for(request, most, may).await?;
        match response.status().is_success() {
            true => Ok(response.into_body()),
            false => Err(ClientError::Broken),
        }
    }

    async fn ask_for(
        &self,
        request: HttpRequest,
        most: usize,
        may: impl Fn(IpAddr) -> bool,
    ) -> Result<HttpResponse, ClientError> {
        let answer = self.exchange(request, most, may);
        let answer = tokio::time::timeout(WAIT, answer).await;
        answer.map_err(|_| ClientError::Silent)?
    }

    async fn exchange(
        &self,
        request: HttpRequest,
        most: usize,
        may: impl Fn(IpAddr) -> bool,
    ) -> Result<HttpResponse, ClientError> {
        let is_plain = match request.uri().scheme_str() {
            Some("https") => false,
            Some("http") if self.is_here => true,
            _ => return Err(ClientError::Address),
        };
        let authority = request.uri().authority().ok_or(ClientError::Address)?;
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let port = authority
            .port_u16()
            .unwrap_or(if is_plain { 80 } else { 443 });
        let found = tokio::net::lookup_host((host.as_str(), port)).await;
        let found = found.map_err(|_| ClientError::Silent)?;
        let allowed = |address: IpAddr| may(address) && (!is_plain || address.is_loopback());
        let stream = reach(found.filter(|address| allowed(address.ip()))).await?;
        if is_plain {
            return send(stream, request, most).await;
        }
        let name = ServerName::try_from(host.clone()).map_err(|_| ClientError::Address)?;
        let stream = self.tls.connect(name, stream).await;
        send(stream.map_err(|_| ClientError::Silent)?, request, most).await
    }
}

/// The first of a host's addresses that answers; each has only a part of the whole time, so that
/// one that is silent does not keep us from the others.
async fn reach(addresses: impl Iterator<Item = SocketAddr>) -> Result<TcpStream, ClientError> {
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

impl<'c> AsyncHttpClient<'c> for Client {
    type Error = ClientError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, ClientError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}

async fn send(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: HttpRequest,
    most: usize,
) -> Result<HttpResponse, ClientError> {
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
        let body = Limited::new(body, most).collect().await;
        let body = body.map_err(|_| ClientError::Broken)?.to_bytes();
        Ok(http::Response::from_parts(parts, body.to_vec()))
    };
    // Both end with the answer; whoever does not wait for it any more ends both.
    let mut answer = std::pin::pin!(answer);
    tokio::select! {
        biased;
        done = &mut answer => done,
        _ = connection => answer.await,
    }
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
                || a == 0
                || a >= 240
                || shared)
        }
        // Global unicast, without what carries another address inside (6to4, NAT64, Teredo).
        IpAddr::V6(address) => {
            let [first, second, ..] = address.segments();
            first & 0xe000 == 0x2000 && first != 0x2002 && !(first == 0x2001 && second < 0x0200)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_networks_of_ones_own_are_not_public() {
        for address in ["8.8.8.8", "203.0.114.1", "2606:4700::1111"] {
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
        let reached = reach([away, there.0].into_iter()).await.unwrap();
        assert_eq!(reached.peer_addr().unwrap(), there.0);
        let silent = reach([away].into_iter()).await.unwrap_err();
        assert_eq!(silent, ClientError::Silent);
        assert_eq!(
            reach([].into_iter()).await.unwrap_err(),
            ClientError::Address
        );
    }

    #[tokio::test]
    async fn plain_http_is_spoken_only_to_a_provider_on_this_machine() {
        let ask = |issuer: &str, url: &str| {
            let client = Client::of(issuer);
            let request = http::Request::get(url).body(Vec::new()).unwrap();
            async move { client.ask(request).await.unwrap_err() }
        };
        let elsewhere = ask("https://id.example", "http://127.0.0.1:1/").await;
        assert_eq!(elsewhere, ClientError::Address);
        let plain = ask("http://127.0.0.1:1", "http://192.0.2.1:1/").await;
        assert_eq!(plain, ClientError::Address);
        let here = ask("http://127.0.0.1:1", "http://127.0.0.1:1/").await;
        assert_eq!(here, ClientError::Silent);
    }
}
