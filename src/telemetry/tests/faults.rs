//! A server in a process of its own in which handlers panic and libraries talk: what it writes and
//! what it reports are read to the end.

use super::stub::Stub;
use crate::app::App;
use crate::config::{Config, Telemetry};
use crate::server::Server;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const NEEDLE: &str = "needle-7f3a91";
const DSN: &str = "STEREO_TEST_DSN";

async fn fault_by_http(address: SocketAddr) -> Value {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /fault/{NEEDLE} HTTP/1.1\r\nhost: {address}\r\nuser-agent: {NEEDLE}\r\ncookie: stereo={NEEDLE}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

async fn fault_by_socket(address: SocketAddr) -> Value {
    let url = format!("ws://{address}/rooms/aaaaaaaaaaaaaaaa/socket");
    let mut request = url.into_client_request().unwrap();
    let headers = request.headers_mut();
    headers.insert("sec-websocket-protocol", "stereo.v1".parse().unwrap());
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut socket, _) = tokio_tungstenite::client_async(request, stream)
        .await
        .unwrap();
    let fault = json!({"jsonrpc": "2.0", "id": 1, "method": "fault", "params": {"text": NEEDLE}});
    socket.send(Message::text(fault.to_string())).await.unwrap();
    loop {
        if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

/// Not a test of its own: what the test below runs in another process.
#[tokio::test]
#[ignore = "run by panics_and_libraries_say_nothing_about_a_person"]
#[allow(clippy::print_stdout)]
async fn a_process_in_which_things_go_wrong() {
    let Ok(dsn) = std::env::var(DSN) else { return };
    let data = tempfile::tempdir().unwrap();
    let mut config = Config {
        telemetry: Telemetry {
            log: "debug".into(),
            sentry_dsn: dsn,
        },
        ..Config::default()
    };
    config.store.data = data.path().join("data");
    config.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.server.ops_listen = config.server.listen;
    crate::telemetry::start(&config.telemetry);
    let server = Server::bind(Arc::new(App::open(config).unwrap())).unwrap();
    let address = server.address().unwrap();
    tokio::spawn(server.run(std::future::pending()));
    tracing::error!(target: "hyper::proto", "{NEEDLE}");
    tracing::error!(target: "rustls", what = NEEDLE, "said by a library");
    let problem = fault_by_http(address).await;
    let answer = fault_by_socket(address).await;
    let task = tokio::spawn(async { panic!("{NEEDLE}") });
    assert!(task.await.is_err());
    crate::telemetry::finish();
    println!("\nhttp={}", problem["reference"].as_str().unwrap());
    println!(
        "socket={}",
        answer["error"]["data"]["reference"].as_str().unwrap()
    );
}

#[test]
fn panics_and_libraries_say_nothing_about_a_person() {
    let stub = Stub::open();
    let child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "telemetry::tests::faults::a_process_in_which_things_go_wrong",
        ])
        .args(["--ignored", "--nocapture"])
        .env(DSN, &stub.dsn)
        .output()
        .unwrap();
    let said = String::from_utf8(child.stdout).unwrap() + &String::from_utf8(child.stderr).unwrap();
    assert!(child.status.success(), "{said}");
    assert!(!said.contains(NEEDLE), "{said}");
    assert_eq!(said.matches("a task panicked").count(), 3, "{said}");
    assert!(!said.contains("said by a library"), "{said}");
    let wait = Duration::from_secs(60);
    let reports: Vec<String> = (0..3)
        .map(|_| stub.taken.recv_timeout(wait).unwrap())
        .collect();
    assert!(stub.taken.try_recv().is_err(), "one report for each");
    for report in &reports {
        assert!(!report.contains(NEEDLE), "{report}");
        assert!(report.contains("a task panicked"), "{report}");
        assert!(!report.contains(env!("CARGO_MANIFEST_DIR")), "{report}");
        assert!(
            report.to_lowercase().contains("x-sentry-auth: sentry "),
            "{report}"
        );
    }
    // What each person was told leads to one report, and to one line of the log.
    for by in ["http=", "socket="] {
        let reference = said.split(by).nth(1).unwrap().lines().next().unwrap();
        let tag = format!("\"reference\":\"{reference}\"");
        assert_eq!(
            reports
                .iter()
                .filter(|report| report.contains(&tag))
                .count(),
            1,
            "{tag}"
        );
        assert_eq!(
            said.matches(&format!("reference={reference}")).count(),
            1,
            "{said}"
        );
    }
}
