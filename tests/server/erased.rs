//! What was said waits for those who read slowly. Once it is erased it waits for nobody: when the
//! answer comes, nothing of it is left to be sent, and whoever was behind comes back to a log without
//! it. Those who keep up notice nothing.

use crate::crowd::{Host, Net, Way, request_frame, send};
use crate::support::{Server, WAIT, config, exchange};
use crate::tls::{certify, trusting, with_tls};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use stereo::config::Config;
use stereo::connection::Outlet;
use tokio::io::AsyncReadExt;
use tokio::task::JoinSet;

const NEEDLE: &str = "a needle in what was said";
const END: &str = "and that was the end of it";
/// Bytes that wait with us, behind all that the system takes of a connection.
const BACKLOG: usize = 256 << 10;

/// How something is erased.
#[derive(Clone, Copy, Debug)]
enum Erasure {
    /// The one message, by who wrote it.
    Message,
    /// Its author, over the socket.
    Guest,
    /// Its author, who is not in the room any more, by a request.
    GuestFromOutside,
}

const ERASURES: [Erasure; 3] = [Erasure::Message, Erasure::Guest, Erasure::GuestFromOutside];

fn settings(mut config: Config) -> Config {
    let limits = &mut config.limits.0;
    (limits.chat, limits.frame_bytes) = (8_000, 64 << 10);
    limits.outbox_bytes = 64 << 20;
    limits.commands_per_second = 100_000;
    limits.commands_burst = 100_000;
    config
}

/// Whether a text was among what came, up to another one. Says something now and then, as browsers
/// answer pings.
async fn heard(mut stream: Box<dyn Net>, text: &str, end: &str) -> bool {
    let (mut came, mut found) = (Vec::new(), false);
    let mut alive = tokio::time::interval(Duration::from_secs(5));
    loop {
        tokio::select! {
            read = stream.read_buf(&mut came) => {
                assert!(read.unwrap() > 0, "who keeps up is not closed");
            }
            _ = alive.tick() => {
                send(&mut stream, &request_frame(2, "clock", json!({"t0": 0}))).await;
                continue;
            }
        }
        found |= holds(&came, text);
        if holds(&came, end) {
            return found;
        }
        let rest = came.len().saturating_sub(text.len().max(end.len()));
        came.drain(..rest);
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    let mut windows = bytes.windows(text.len());
    windows.any(|window| window == text.as_bytes())
}

/// Somebody joins and reads nothing any more.
async fn fall_asleep(way: &Way, room: &str) -> Box<dyn Net> {
    let name = json!({"name": "Slow"});
    let mut slow = way.join(room, name, false, true).await;
    let mut first = [0; 2];
    slow.read_exact(&mut first).await.unwrap();
    slow
}

/// Fills what the system takes for somebody who does not read, and more.
async fn fill(server: &Server, host: &mut Host) -> Arc<Outlet> {
    let texts = vec!["x".repeat(7_900); 32];
    loop {
        host.say(&texts).await;
        let all = server.app.wheel.all().into_iter();
        let behind = all.max_by_key(|outlet| outlet.waiting()).unwrap();
        if behind.waiting() > BACKLOG {
            return behind;
        }
    }
}

async fn erase(erasure: Erasure, way: &Way, room: &str, mut author: Host, message: Value) {
    match erasure {
        Erasure::Message => {
            author.ask("chat.remove", json!({"message": message})).await;
        }
        Erasure::Guest => {
            author.ask("me.forget", json!({})).await;
        }
        Erasure::GuestFromOutside => {
            let request = json!({"token": author.token}).to_string();
            let path = format!("/api/rooms/{room}/me");
            drop(author);
            let (host, kind) = ("host", "content-type");
            let named = format!("localhost:{}", way.server.port());
            let headers = [(host, named.as_str()), (kind, "application/json")];
            let body = request.as_bytes();
            match &way.tls {
                None => {
                    let answer = exchange(way.server, "DELETE", &path, &headers, body).await;
                    assert_eq!(answer.0, 204);
                }
                Some(_) => {
                    let mut stream = way.connect(false).await;
                    let head = format!(
                        "DELETE {path} HTTP/1.1\r\nhost: {named}\r\nconnection: close\r\n\
                         {kind}: application/json\r\ncontent-length: {}\r\n\r\n{request}",
                        request.len()
                    );
                    send(&mut stream, head.as_bytes()).await;
                    let mut answer = String::new();
                    let _ = stream.read_to_string(&mut answer).await;
                    assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
                }
            }
        }
    }
}

/// `crowd`: how many keep up.
async fn nothing_waits(server: &Server, way: &Way, crowd: usize, erasure: Erasure) {
    let (room, token) = way.room().await;
    let mut host = Host::enter(way, &room, json!({"token": token})).await;
    let mut slow = fall_asleep(way, &room).await;
    let mut listening = JoinSet::new();
    for _ in 0..crowd {
        let name = json!({"name": "Quick"});
        let quick = way.join(&room, name, false, false).await;
        listening.spawn(heard(quick, NEEDLE, END));
    }
    let behind = fill(server, &mut host).await;
    let before = behind.waiting();
    let mut author = Host::enter(way, &room, json!({"name": "Author"})).await;
    let said = author.ask("chat.send", json!({"text": NEEDLE})).await;
    // It is in the room's log now, and on the way to everybody.
    host.say(&["after it".into()]).await;
    assert!(behind.waiting() > before, "{erasure:?}: it waits");
    // On a busy machine the others have yet to read.
    let keeps_up = |outlet: &Arc<Outlet>| outlet.id() == behind.id() || outlet.waiting() == 0;
    while !server.app.wheel.all().iter().all(keeps_up) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }

    erase(erasure, way, &room, author, said["message"].clone()).await;
    // At most the code with which it is closed.
    assert!(behind.waiting() < 128, "{erasure:?}: {}", behind.waiting());
    // Who holds it keeps it open.
    drop(behind);
    let mut rest = Vec::new();
    let end = tokio::time::timeout(WAIT, slow.read_to_end(&mut rest));
    let _ = end.await.expect("it was closed");
    assert!(!holds(&rest, NEEDLE), "{erasure:?}");

    host.say(&[END.into()]).await;
    while let Some(heard) = listening.join_next().await {
        assert!(heard.unwrap(), "{erasure:?}: before it was erased");
    }
    let params = json!({"resume": {"epoch": host.epoch, "seq": 1}});
    let back = way.join(&room, params, false, false).await;
    host.say(&["and once more".into()]).await;
    let found = heard(back, NEEDLE, "and once more").await;
    assert!(!found, "{erasure:?}: what they missed is without it");
}

async fn plain() -> (Server, Way) {
    let server = Server::start_with(settings(config())).await;
    let way = Way {
        server: server.address,
        tls: None,
    };
    (server, way)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_erased_waits_for_nobody_who_reads_slowly() {
    let (server, way) = plain().await;
    for erasure in ERASURES {
        nothing_waits(&server, &way, 3, erasure).await;
    }
}

/// Written by shards.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_erased_waits_for_nobody_in_a_large_room() {
    let (server, way) = plain().await;
    for erasure in ERASURES {
        nothing_waits(&server, &way, 150, erasure).await;
    }
}

/// Each connection is written by its own task, and keeps something of what it was given.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_erased_waits_for_nobody_over_tls_and_who_keeps_up_stays() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = certify(folder.path());
    let server = Server::start_with(settings(with_tls(folder.path()))).await;
    let way = Way {
        server: server.address,
        tls: Some(trusting(&certificate, &[&rustls::version::TLS13])),
    };
    for erasure in ERASURES {
        nothing_waits(&server, &way, 20, erasure).await;
    }
}
