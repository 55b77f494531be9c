//! What leaves the real process when something of ours fails.

use crate::person::{Browser, Mailbox};
use crate::process::Process;
use crate::support::exchange;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

/// A server that takes reports: its DSN, and each request as it came.
fn report_server() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let dsn = format!("http://key@{}/1", listener.local_addr().unwrap());
    let (sender, taken) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut request, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).unwrap();
                if let Some(value) = line.to_lowercase().strip_prefix("content-length: ") {
                    length = value.trim().parse().unwrap();
                }
                request += &line;
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut content = vec![0; length];
            stream.read_exact(&mut content).unwrap();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
            stream.get_mut().write_all(answer).unwrap();
            if sender
                .send(request + &String::from_utf8(content).unwrap())
                .is_err()
            {
                return;
            }
        }
    });
    (dsn, taken)
}

#[tokio::test]
async fn an_unexpected_error_is_reported_once_by_stack_version_and_reference() {
    let mut mailbox = Mailbox::open().await;
    let (dsn, reports) = report_server();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("needle-data");
    let server = Process::start_with(&data, &mailbox, &[("STEREO_TELEMETRY__SENTRY_DSN", &dsn)]);
    let mut ada = Browser::at(server.address);
    ada.sign_in(&mut mailbox, "ada.needle@example.org").await;
    let named = ada
        .ask("PATCH", "/api/me", json!({"handle": "needle_ada"}))
        .await;
    assert_eq!(named.0, 200, "{}", named.1);
    assert!(reports.try_recv().is_err(), "nothing has failed yet");
    // A disk that turns a few bits, as far as the server can tell.
    let db = rusqlite::Connection::open(data.join("stereo.db")).unwrap();
    db.busy_timeout(Duration::from_secs(20)).unwrap();
    let turned = db.execute("UPDATE accounts SET handle = zeroblob(length(handle))", []);
    assert_eq!(turned.unwrap(), 1);
    drop(db);
    let cookie = ada.cookie();
    let headers = [
        ("cookie", cookie.as_str()),
        ("user-agent", "needle-agent"),
        ("x-forwarded-for", "192.0.2.77"),
    ];
    let asked = exchange(server.address, "GET", "/api/me?needle=query", &headers, b"").await;
    let problem: Value = serde_json::from_slice(&asked.2).unwrap();
    assert_eq!(
        (asked.0, &problem["kind"]),
        (500, &json!("internal")),
        "{problem}"
    );
    let reference = problem["reference"].as_str().unwrap();
    let report = reports.recv_timeout(Duration::from_secs(60)).unwrap();
    let lines: Vec<Value> = report
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let event = lines
        .iter()
        .find(|line| line.get("exception").is_some())
        .unwrap();
    assert_eq!(event["tags"], json!({"reference": reference}));
    assert!(
        event["release"].as_str().unwrap().starts_with("stereo@"),
        "{event}"
    );
    let frames = event["exception"]["values"][0]["stacktrace"]["frames"]
        .as_array()
        .unwrap();
    assert!(!frames.is_empty());
    let (_, _, metrics) = exchange(server.ops, "GET", "/metrics", &[], b"").await;
    let metrics = String::from_utf8(metrics).unwrap();
    assert!(metrics.contains("stereo_connections 0"), "{metrics}");
    assert!(!metrics.contains('{'), "no labels at all: {metrics}");
    let log = server.kill();
    assert!(reports.try_recv().is_err(), "one report");
    assert_eq!(log.matches(reference).count(), 1, "{log}");
    let token = cookie.split_once('=').unwrap().1;
    for needle in [
        token,
        "needle",
        "127.0.0.1:",
        "192.0.2.77",
        "/api/me",
        "/home/",
        "/root/",
        env!("CARGO_MANIFEST_DIR"),
    ] {
        // The address of the report server itself stands in the head.
        let content = report.split_once("\r\n\r\n").unwrap().1;
        assert!(!content.contains(needle), "{needle}: {content}");
        let of_visits = !["127.0.0.1:", "/root/", "/home/", "needle"].contains(&needle);
        assert!(!of_visits || !log.contains(needle), "{needle}: {log}");
    }
    for needle in ["needle-agent", "needle_ada", "ada.needle", "needle=query"] {
        assert!(!log.contains(needle), "{needle}: {log}");
    }
}

#[tokio::test]
async fn a_crash_leaves_no_core_dump() {
    let mailbox = Mailbox::open().await;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Process::start(&data, &mailbox);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.id())).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let core: Vec<&str> = core.unwrap().split_whitespace().collect();
    assert_eq!(core[4..6], ["0", "0"], "{core:?}");
    server.kill();
    // Even where the operator's shell allows them: the status says whether one was written.
    let mut child = Command::new("sh")
        .args(["-c", "ulimit -c unlimited 2>/dev/null; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_stereo"))
        .args([
            "--listen",
            "127.0.0.1:0",
            "--ops-listen",
            "127.0.0.1:0",
            "--data",
        ])
        .arg(folder.path().join("other"))
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    assert!(first.starts_with("http://"), "it serves: {first}");
    // SAFETY: kill takes numbers only, and the child has not been waited for.
    assert_eq!(unsafe { libc::kill(child.id() as i32, libc::SIGABRT) }, 0);
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(libc::SIGABRT));
    assert!(!status.core_dumped(), "a core was dumped");
    let left = std::fs::read_dir(folder.path()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        !left
            .iter()
            .any(|name| name.to_string_lossy().starts_with("core")),
        "{left:?}"
    );
}
