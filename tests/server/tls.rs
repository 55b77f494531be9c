//! Encryption in transit: real handshakes with certificates made for the test.

use crate::person::Mailbox;
use crate::support::{Server, WAIT, config};
use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use stereo::config::Config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// Writes a certificate of `localhost` and its key into a folder; the certificate.
pub(crate) fn certify(folder: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(folder.join("certificate.pem"), made.cert.pem()).unwrap();
    made.cert.der().clone()
}

pub(crate) fn with_tls(folder: &Path) -> Config {
    let mut config = config();
    config.tls.certificate = folder.join("certificate.pem");
    config.tls.key = folder.join("key.pem");
    config
}

/// A client that trusts this certificate alone.
pub(crate) fn trusting(
    certificate: &CertificateDer<'static>,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> TlsConnector {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

async fn connect(
    address: SocketAddr,
    connector: &TlsConnector,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    connector.connect(name, stream).await
}

async fn get(
    mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin,
    host: &str,
    path: &str,
) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(WAIT, stream.read_to_end(&mut answer))
        .await
        .unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

async fn open(address: SocketAddr, connector: &TlsConnector, room: &str) -> Socket {
    let stream = connect(address, connector).await.unwrap();
    let url = format!("wss://localhost:{}/rooms/{room}/socket", address.port());
    let mut request = url.into_client_request().unwrap();
    let protocol = "stereo.v1".parse().unwrap();
    request
        .headers_mut()
        .insert("sec-websocket-protocol", protocol);
    tokio_tungstenite::client_async(request, stream)
        .await
        .unwrap()
        .0
}

async fn ask(socket: &mut Socket, id: u64, method: &str, params: Value) -> Value {
    let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
    socket
        .send(Message::text(request.to_string()))
        .await
        .unwrap();
    until(socket, |message| message["id"] == id).await
}

async fn until(socket: &mut Socket, mut wanted: impl FnMut(&Value) -> bool) -> Value {
    loop {
        let next = tokio::time::timeout(WAIT, socket.next())
            .await
            .expect("in time");
        if let Message::Text(text) = next.expect("not the end").expect("a frame") {
            let message: Value = serde_json::from_str(&text).unwrap();
            if wanted(&message) {
                return message;
            }
        }
    }
}

/// Opens a room: its id.
async fn room(server: &Server, connector: &TlsConnector) -> String {
    let mut stream = connect(server.address, connector).await.unwrap();
    let head = "POST /api/rooms HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    let body = answer.split("\r\n\r\n").nth(1).unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    body["room"]["id"].as_str().unwrap().into()
}

#[tokio::test]
async fn a_room_is_heard_over_tls_of_both_versions() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = certify(folder.path());
    let server = Server::start_with(with_tls(folder.path())).await;
    let new = trusting(&certificate, &[&rustls::version::TLS13]);
    let room = room(&server, &new).await;
    let old = trusting(&certificate, &[&rustls::version::TLS12]);
    let mut one = open(server.address, &new, &room).await;
    let mut other = open(server.address, &old, &room).await;
    assert!(ask(&mut one, 1, "join", json!({"name": "Ada"})).await["result"].is_object());
    assert!(ask(&mut other, 1, "join", json!({"name": "Bob"})).await["result"].is_object());
    for number in 0..20 {
        let text = format!("{number} {}", "x".repeat(400));
        // Over the rate that people chat at, some are refused: enough go through.
        ask(&mut one, 2 + number, "chat.send", json!({"text": text})).await;
    }
    let heard = until(&mut other, |message| {
        let text = &message["params"]["event"]["message"]["text"];
        text.as_str().is_some_and(|text| text.starts_with("19 "))
    });
    heard.await;
    let page = get(
        connect(server.address, &new).await.unwrap(),
        "localhost",
        "/",
    )
    .await;
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    let page = page.to_lowercase();
    assert!(
        page.contains("strict-transport-security: max-age=31536000"),
        "{page}"
    );
}

#[tokio::test]
async fn what_speaks_no_tls_is_not_answered_and_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = certify(folder.path());
    let mut config = with_tls(folder.path());
    config.server.header_timeout_ms = 300;
    let server = Server::start_with(config).await;
    let silent = TcpStream::connect(server.address).await.unwrap();
    let plain = TcpStream::connect(server.address).await.unwrap();
    let heard = get(plain, "localhost", "/").await;
    assert!(!heard.contains("HTTP/1.1"), "{heard}");
    let connector = trusting(&certificate, &[&rustls::version::TLS13]);
    let page = get(
        connect(server.address, &connector).await.unwrap(),
        "localhost",
        "/",
    )
    .await;
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    // Who says nothing is let go of.
    let mut silent = silent;
    let end = tokio::time::timeout(WAIT, silent.read(&mut [0]))
        .await
        .expect("the end");
    assert!(matches!(end, Ok(0) | Err(_)));
}

#[tokio::test]
async fn a_new_certificate_is_taken_up_and_open_connections_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let first = certify(folder.path());
    let server = Server::start_with(with_tls(folder.path())).await;
    let tls = server.tls.clone().unwrap();
    let of_first = trusting(&first, &[&rustls::version::TLS13]);
    let room = room(&server, &of_first).await;
    let mut open_before = open(server.address, &of_first, &room).await;
    ask(&mut open_before, 1, "join", json!({})).await;
    // Half of a new pair changes nothing.
    let good = std::fs::read(folder.path().join("key.pem")).unwrap();
    std::fs::write(folder.path().join("key.pem"), "no key").unwrap();
    assert!(!tls.reload());
    assert!(connect(server.address, &of_first).await.is_ok());
    std::fs::write(folder.path().join("key.pem"), good).unwrap();
    let second = certify(folder.path());
    assert!(tls.reload());
    let of_second = trusting(&second, &[&rustls::version::TLS13]);
    assert!(connect(server.address, &of_second).await.is_ok());
    assert!(
        connect(server.address, &of_first).await.is_err(),
        "the former one is gone"
    );
    let answer = ask(
        &mut open_before,
        2,
        "chat.send",
        json!({"text": "still here"}),
    )
    .await;
    assert_eq!(answer["result"]["changed"], true, "{answer}");
}

#[tokio::test]
async fn a_certificate_that_changes_on_the_disk_is_taken_up_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let first = certify(folder.path());
    let server = Server::start_with(with_tls(folder.path())).await;
    let of_first = trusting(&first, &[&rustls::version::TLS13]);
    assert!(connect(server.address, &of_first).await.is_ok());
    let second = certify(folder.path());
    let of_second = trusting(&second, &[&rustls::version::TLS13]);
    let taken_up = async {
        while connect(server.address, &of_second).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(WAIT, taken_up).await.expect("in time");
    assert!(connect(server.address, &of_first).await.is_err());
}

/// A greeting (RFC 5246 §7.4.1.2) of a client that speaks no more than `version`.
fn greeting(version: [u8; 2]) -> Vec<u8> {
    // Of these the last but one is of TLS 1.2 alone, and fits the certificate.
    let suites = [0xc0, 0x13, 0xc0, 0x09, 0x00, 0x2f, 0xc0, 0x2b, 0x00, 0xff];
    let groups = [
        0x00, 0x0a, 0x00, 0x06, 0x00, 0x04, 0x00, 0x1d, 0x00, 0x17, // x25519, secp256r1
        0x00, 0x0b, 0x00, 0x02, 0x01, 0x00, // uncompressed points
        0x00, 0x0d, 0x00, 0x04, 0x00, 0x02, 0x04, 0x03, // ECDSA with SHA-256
    ];
    let mut hello = version.to_vec();
    hello.extend([7; 32]);
    hello.push(0);
    hello.extend([0, suites.len() as u8]);
    hello.extend(suites);
    hello.extend([1, 0]);
    hello.extend([0, groups.len() as u8]);
    hello.extend(groups);
    let mut record = vec![0x16, 3, 1, 0, hello.len() as u8 + 4];
    record.extend([1, 0, 0, hello.len() as u8]);
    record.extend(hello);
    record
}

#[tokio::test]
async fn older_versions_of_tls_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path());
    let server = Server::start_with(with_tls(folder.path())).await;
    for version in [[3, 1], [3, 2]] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(&greeting(version)).await.unwrap();
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        let _ = tokio::time::timeout(WAIT, read).await.expect("the end");
        let [0x15, 3, _, 0, 2, 2, alert] = answer[..] else {
            panic!("{version:?}: expected an alert and nothing else: {answer:?}");
        };
        assert_eq!(alert, 70, "{version:?}: protocol_version (RFC 5246 §7.2.2)");
    }
    // The version is all that was wrong: the same greeting with another is answered by a handshake.
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(&greeting([3, 3])).await.unwrap();
    let mut answer = [0; 3];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, [0x16, 3, 3]);
}

#[tokio::test]
async fn behind_a_proxy_that_speaks_https_browsers_are_told_to_stay_with_it() {
    let mut config = config();
    config.server.public_url = "https://stereo.example".into();
    let server = Server::start_with(config).await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let page = get(stream, "stereo.example", "/").await.to_lowercase();
    assert!(page.starts_with("http/1.1 200"), "{page}");
    let told = "\r\nstrict-transport-security: max-age=31536000\r\n";
    assert!(page.contains(told), "{page}");
    let plain = Server::start().await;
    let stream = TcpStream::connect(plain.address).await.unwrap();
    let page = get(stream, "localhost", "/").await.to_lowercase();
    assert!(!page.contains("strict-transport-security"), "{page}");
}

#[tokio::test]
async fn plain_http_is_led_to_https_and_to_no_other_name() {
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path());
    let mut config = with_tls(folder.path());
    config.tls.redirect_listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    let server = Server::start_with(config).await;
    let plain = server.redirect.unwrap();
    let led = get(
        TcpStream::connect(plain).await.unwrap(),
        "localhost",
        "/rooms/x?y=z",
    )
    .await;
    assert!(led.starts_with("HTTP/1.1 308"), "{led}");
    assert!(led.contains("/rooms/x?y=z"), "{led}");
    let there = format!(
        "location: https://localhost:{}/rooms",
        server.address.port()
    );
    assert!(led.contains(&there), "{led}");
    assert!(led.contains("x-content-type-options: nosniff"), "{led}");
    assert!(
        led.contains("content-security-policy: default-src 'none'"),
        "{led}"
    );
    let led = get(
        TcpStream::connect(plain).await.unwrap(),
        "evil.example",
        "/",
    )
    .await;
    assert!(led.starts_with("HTTP/1.1 421"), "{led}");
}

#[tokio::test]
async fn a_listener_who_stops_reading_tls_is_dropped_without_delaying_others() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = certify(folder.path());
    let mut config = with_tls(folder.path());
    config.limits.0.outbox_bytes = 64 << 10;
    config.limits.0.commands_per_second = 100_000;
    config.limits.0.commands_burst = 100_000;
    let server = Server::start_with(config).await;
    let connector = trusting(&certificate, &[&rustls::version::TLS13]);
    let room = room(&server, &connector).await;
    let mut talker = open(server.address, &connector, &room).await;
    let mut stopped = open(server.address, &connector, &room).await;
    ask(&mut talker, 1, "join", json!({})).await;
    ask(&mut stopped, 1, "join", json!({})).await;
    let text = "x".repeat(480);
    let mut number = 2;
    // Until the room says that somebody left; each answer shows that the others go on.
    let left = |message: &Value| {
        message["params"]["left"]
            .as_array()
            .is_some_and(|left| !left.is_empty())
    };
    let mut gone = false;
    while !gone && number < 400_000 {
        let request = json!({"jsonrpc": "2.0", "id": number, "method": "chat.send", "params": {"text": text}});
        talker
            .send(Message::text(request.to_string()))
            .await
            .unwrap();
        until(&mut talker, |message| {
            gone |= left(message);
            message["id"] == number
        })
        .await;
        number += 1;
        if number % 500 == 0 {
            gone |= server.app.wheel.count() < 2;
        }
    }
    assert!(gone, "it was let go of");
}

/// One request over TLS, of a page of ours: head and body.
async fn post(
    server: &Server,
    connector: &TlsConnector,
    path: &str,
    cookie: &str,
    body: Value,
) -> (String, Value) {
    let mut stream = connect(server.address, connector).await.unwrap();
    let host = format!("localhost:{}", server.address.port());
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\norigin: https://{host}\r\nconnection: close\r\ncookie: {cookie}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), serde_json::from_str(body).unwrap())
}

/// The cookies that a response sets, whole.
fn set_cookies(head: &str) -> Vec<&str> {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    let cookies = lines.filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    cookies.map(|(_, value)| value).collect()
}

#[tokio::test]
async fn a_cookie_that_comes_over_tls_goes_back_over_tls_alone_and_to_this_host() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = certify(folder.path());
    let mut mailbox = Mailbox::open().await;
    let mut config = with_tls(folder.path());
    config.mail = mailbox.config().mail;
    let server = Server::start_with(config).await;
    let connector = trusting(&certificate, &[&rustls::version::TLS13]);
    let asked = json!({"email": "ada@example.org"});
    let (head, _) = post(&server, &connector, "/api/sign-in/email", "", asked).await;
    let asking = set_cookies(&head);
    assert!(asking[0].starts_with("__Host-stereo-signin="), "{head}");
    let browser = asking[0].split(';').next().unwrap();
    let shown = json!({"token": mailbox.token().await});
    let confirm = "/api/sign-in/email/confirm";
    let (head, told) = post(&server, &connector, confirm, browser, shown).await;
    assert_eq!(told["me"]["email"], "ada@example.org", "{head}");
    let signed_in = set_cookies(&head);
    assert_eq!(signed_in.len(), 2, "one comes, one goes: {head}");
    assert!(signed_in[0].starts_with("__Host-stereo="), "{head}");
    for cookie in asking.iter().chain(&signed_in) {
        for part in ["; Path=/;", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
            assert!(cookie.contains(part), "{part} in {cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    // And it is what signs in.
    let session = signed_in[0].split(';').next().unwrap();
    let label = json!({"label": "robot"});
    let (head, _) = post(
        &server,
        &connector,
        "/api/me/sessions",
        session,
        label.clone(),
    )
    .await;
    assert!(head.starts_with("HTTP/1.1 201"), "{head}");
    let plain = session.replace("__Host-", "");
    let (head, _) = post(&server, &connector, "/api/me/sessions", &plain, label).await;
    assert!(head.starts_with("HTTP/1.1 401"), "{head}");
}
