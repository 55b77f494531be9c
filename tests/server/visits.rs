//! Visits: counted when the operator wants it, of nobody who objects, and nothing kept but counts.

use crate::person::{Browser, Mailbox};
use crate::process::Process;
use crate::support::{Server, config, exchange};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use stereo::clock::Clock;
use stereo::visits::stats;

const NOON: f64 = 20_000.5 * 86_400_000.0;
const DAY: f64 = 86_400_000.0;

/// A page of ours tells of a visit.
async fn visit(address: SocketAddr, page: &str, headers: &[(&str, &str)]) -> u16 {
    let origin = format!("http://{address}");
    let mut sent = vec![("origin", &*origin), ("content-type", "application/json")];
    sent.extend(headers);
    let body = json!({ "page": page }).to_string();
    let answer = exchange(address, "POST", "/api/visits", &sent, body.as_bytes()).await;
    answer.0
}

/// What the operator is shown, a line as its words.
fn shown(server: &Server) -> Vec<String> {
    let told = stats(&server.app.config, 30).unwrap();
    let lines = told.lines().map(str::split_whitespace);
    lines
        .map(|line| line.collect::<Vec<_>>().join(" "))
        .collect()
}

#[tokio::test]
async fn nothing_is_counted_unless_the_operator_wants_it() {
    let mut server = Server::start().await;
    assert_eq!(visit(server.address, "/", &[]).await, 404);
    let (_, policy) = server.http("GET", "/api/policy", &[], b"").await;
    let policy: Value = serde_json::from_str(&policy).unwrap();
    assert_eq!(policy["analytics"], Value::Null);
    server.stop().await;
    assert_eq!(shown(&server), ["no visits were counted"]);
}

#[tokio::test]
async fn visits_are_counted_by_page_and_day_and_visitors_once_a_day() {
    let mut settings = config();
    settings.analytics.enabled = true;
    let clock = Arc::new(Clock::manual(NOON));
    let mut server = Server::start_at(settings, clock.clone()).await;
    let at = server.address;
    for (page, agent) in [
        ("/", "fox"),
        ("/", "fox"),
        ("/rooms/{room}", "fox"),
        ("/", "owl"),
    ] {
        assert_eq!(visit(at, page, &[("user-agent", agent)]).await, 204);
    }
    assert_eq!(visit(at, "/rooms/Xq2", &[]).await, 400, "no path of a room");
    clock.advance(DAY);
    assert_eq!(visit(at, "/", &[("user-agent", "fox")]).await, 204);
    server.stop().await;
    let shown = shown(&server);
    for line in [
        "2024-10-04 all pages 4 2",
        "2024-10-04 / 3 2",
        "2024-10-04 /rooms/{room} 1 1",
        "2024-10-05 / 1 1",
        "total 5 3",
    ] {
        assert!(shown.iter().any(|one| one == line), "{line}: {shown:?}");
    }
}

#[tokio::test]
async fn nobody_is_counted_who_objects() {
    let mut mailbox = Mailbox::open().await;
    let mut settings = mailbox.config();
    settings.analytics.enabled = true;
    let mut server = Server::start_with(settings).await;
    let at = server.address;
    for objection in ["dnt", "sec-gpc"] {
        assert_eq!(visit(at, "/", &[(objection, "1")]).await, 204);
    }
    let kind = [("content-type", "application/json")];
    let (status, _) = server
        .http("POST", "/api/visits", &kind, br#"{"page":"/"}"#)
        .await;
    assert_eq!(status, 204, "of no page of ours");
    let (mut kitchen, mut bus) = (Browser::of(&server), Browser::of(&server));
    kitchen.sign_in(&mut mailbox, "ada@example.org").await;
    bus.sign_in(&mut mailbox, "ada@example.org").await;
    for (objection, settled) in [
        (json!({"counted": false}), json!({"counted": true})),
        (json!({"frozen": true}), json!({"frozen": false})),
    ] {
        let (_, me) = kitchen.ask("PATCH", "/api/me", objection).await;
        assert!(me["counted"] == false || me["frozen"] == true, "{me}");
        for browser in [&kitchen, &bus] {
            let cookie = browser.cookie();
            assert_eq!(visit(at, "/", &[("cookie", &cookie)]).await, 204);
        }
        kitchen.ask("PATCH", "/api/me", settled).await;
    }
    let cookie = bus.cookie();
    assert_eq!(visit(at, "/settings", &[("cookie", &cookie)]).await, 204);
    server.stop().await;
    let shown = shown(&server);
    assert_eq!(shown.len(), 5, "who does not object is counted: {shown:?}");
    assert!(shown[2].ends_with(" /settings 1 1"), "{shown:?}");
}

#[tokio::test]
async fn counts_are_all_that_is_kept_of_a_visit() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    let mailbox = Mailbox::open().await;
    let server = Process::start_with(&data, &mailbox, &[("STEREO_ANALYTICS__ENABLED", "true")]);
    let agent = [("user-agent", "ndl-agent of a visitor")];
    assert_eq!(visit(server.address, "/privacy", &agent).await, 204);
    let said = server.stop();
    let stats = Command::new(env!("CARGO_BIN_EXE_stereo"))
        .args(["stats", "--data"])
        .arg(&data)
        .output()
        .unwrap();
    let stats = String::from_utf8(stats.stdout).unwrap();
    let line = stats.lines().find(|line| line.contains("/privacy"));
    let counts: Vec<&str> = line.expect(&stats).split_whitespace().skip(2).collect();
    assert_eq!(counts, ["1", "1"]);
    assert!(!said.contains("ndl-agent") && !stats.contains("ndl-agent"));
    for file in std::fs::read_dir(&data).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        for needle in [&b"ndl-agent"[..], b"127.0.0.1", &[127, 0, 0, 1]] {
            let found = bytes.windows(needle.len()).any(|part| part == needle);
            assert!(!found, "{needle:?} in {}", path.display());
        }
    }
    let db = rusqlite::Connection::open(data.join("stereo.db")).unwrap();
    let mut select = db.prepare("SELECT * FROM visits").unwrap();
    assert_eq!(select.column_names(), ["day", "page", "visits", "visitors"]);
    let pages = select.query_map([], |row| row.get(1)).unwrap();
    let pages: Vec<String> = pages.map(Result::unwrap).collect();
    assert_eq!(pages, ["*", "/privacy"]);
}
