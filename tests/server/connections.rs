//! Connections: slow, many, cut, and at the end.

use crate::support::{Server, config};
use serde_json::{Value, json};

#[tokio::test]
async fn a_slow_listener_is_dropped_without_delaying_others() {
    let mut settings = config();
    settings.limits.0.outbox_bytes = 64 << 10;
    settings.limits.0.commands_per_second = 100_000;
    settings.limits.0.commands_burst = 100_000;
    let server = Server::start_with(settings).await;
    let (room, token) = server.room(json!({})).await;
    let mut host = server.join(&room, json!({"token": token})).await;
    let mut slow = server.join(&room, json!({"name": "Slow"})).await;
    let mut quick = server.join(&room, json!({"name": "Quick"})).await;
    // The kernel's buffers take some megabytes before the outbox fills; then it has some seconds.
    let mut gone = false;
    let text = "x".repeat(500);
    for round in 0..400_000u64 {
        let sent = host.call("chat.send", json!({"text": text})).await.unwrap();
        host.seen.clear();
        if round % 64 == 0 {
            quick
                .until(|message| message["params"]["seq"] == sent["seq"])
                .await;
            quick.seen.clear();
            gone = server.app.wheel.count() < 3;
            if gone {
                break;
            }
        }
    }
    assert!(gone, "its place is free, though it never read");
    slow.ended().await;
    let last = host
        .call("chat.send", json!({"text": "still here"}))
        .await
        .unwrap()["seq"]
        .clone();
    quick
        .until(|message| message["params"]["seq"] == last)
        .await;
}

#[tokio::test]
async fn the_oldest_of_too_many_connections_goes() {
    let mut settings = config();
    settings.limits.0.connections_per_member = 2;
    let server = Server::start_with(settings).await;
    let (room, token) = server.room(json!({})).await;
    let mut first = server.join(&room, json!({"token": token.clone()})).await;
    let _second = server.join(&room, json!({"token": token.clone()})).await;
    let _third = server.join(&room, json!({"token": token})).await;
    assert_eq!(first.close_code().await, 4505);
}

#[tokio::test]
async fn foreign_pages_and_names_are_refused() {
    let mut settings = config();
    settings.server.allowed_origins = vec!["https://friend.example".into()];
    let server = Server::start_with(settings).await;
    let (room, _) = server.room(json!({})).await;
    assert_eq!(
        server
            .socket_with(&room, &[("origin", "https://evil.example")])
            .await
            .err(),
        Some(403)
    );
    assert_eq!(
        server
            .socket_with(&room, &[("host", "evil.example")])
            .await
            .err(),
        Some(421)
    );
    assert_eq!(
        server
            .socket_with(&room, &[("sec-websocket-protocol", "other")])
            .await
            .err(),
        Some(400)
    );
    assert!(
        server
            .socket_with(&room, &[("origin", "https://friend.example")])
            .await
            .is_ok()
    );
    let own = format!("http://{}", server.address);
    assert!(server.socket_with(&room, &[("origin", &own)]).await.is_ok());
    assert_eq!(
        server.socket_with("not%20an%20id", &[]).await.err(),
        Some(404)
    );
}

#[tokio::test]
async fn stopping_tells_everyone_and_ends_every_task() {
    let mut server = Server::start().await;
    let (room, token) = server.room(json!({})).await;
    let mut host = server.join(&room, json!({"token": token})).await;
    let mut waiting = server.socket(&room).await;
    let (_, ready) = ops(&server, "/ready").await;
    assert_eq!(ready, "ready\n");
    server.stop().await;
    assert_eq!(
        host.close_code().await,
        4501,
        "a guest's room ends with the process"
    );
    assert_eq!(waiting.close_code().await, 4000);
    assert_eq!(host.notice("closing").await["reason"], "restart");
    assert_eq!(
        host.event("room.closed").await["event"]["reason"],
        "restart"
    );
    assert_eq!(server.app.node.tracker.len(), 0);
    assert_eq!(server.app.wheel.count(), 0);
    assert_eq!(server.app.node.registry.count(), 0);
}

async fn ops(server: &Server, path: &str) -> (u16, String) {
    let (status, _, body) = server.http_full(server.ops, "GET", path, &[], b"").await;
    (status, String::from_utf8(body).unwrap())
}

#[tokio::test]
async fn operations_count_and_name_nobody() {
    let server = Server::start().await;
    let (room, token) = server.room(json!({"title": "Needle title"})).await;
    let host = server
        .join(&room, json!({"token": token, "name": "Needle name"}))
        .await;
    let (status, metrics) = ops(&server, "/metrics").await;
    assert_eq!(status, 200);
    assert!(
        metrics.contains("stereo_connections 1\n") && metrics.contains("stereo_rooms 1\n"),
        "{metrics}"
    );
    for needle in ["Needle", &room, &host.you, "127.0.0.1"] {
        assert!(!metrics.contains(needle), "{needle}");
    }
    assert_eq!(ops(&server, "/live").await.0, 200);
    assert_eq!(ops(&server, "/").await.0, 404);
    let (status, ..) = server
        .http_full(
            server.ops,
            "GET",
            "/metrics",
            &[("host", "evil.example")],
            b"",
        )
        .await;
    assert_eq!(status, 421);
}

#[tokio::test]
async fn everyone_receives_the_same_events_in_the_same_order_in_small_and_large_rooms() {
    for listeners in [5usize, 300] {
        let mut settings = config();
        settings.limits.0.commands_per_second = 100_000;
        settings.limits.0.commands_burst = 100_000;
        let server = Server::start_with(settings).await;
        let (room, token) = server.room(json!({})).await;
        let mut host = server.join(&room, json!({"token": token})).await;
        let mut others = Vec::new();
        for place in 0..listeners {
            others.push(server.join(&room, json!({})).await);
            if place % 50 == 0 {
                host.call("chat.send", json!({"text": format!("at {place}")}))
                    .await
                    .unwrap();
            }
        }
        let mut last = Value::Null;
        for round in 0..20 {
            last = host
                .call("chat.send", json!({"text": format!("round {round}")}))
                .await
                .unwrap()["seq"]
                .clone();
        }
        for client in &mut others {
            client
                .until(|message| message["params"]["seq"] == last)
                .await;
            let seqs = client
                .seen
                .iter()
                .filter(|message| message["method"] == "event")
                .map(|message| message["params"]["seq"].as_u64().unwrap());
            let first = client.joined["seq"].as_u64().unwrap() + 1;
            let expected: Vec<u64> = (first..last.as_u64().unwrap()).collect();
            assert_eq!(
                seqs.collect::<Vec<_>>(),
                expected,
                "gapless from the join on"
            );
        }
    }
}

#[tokio::test]
async fn a_socket_holds_its_place_among_the_connections_of_an_address() {
    let mut config = config();
    config.server.max_connections_per_address = 2;
    let server = Server::start_with(config).await;
    let (first, second) = (server.socket("x").await, server.socket("x").await);
    let mut refused = tokio::net::TcpStream::connect(server.address)
        .await
        .unwrap();
    use tokio::io::AsyncReadExt;
    let closed = refused.read(&mut [0]).await;
    assert!(matches!(closed, Ok(0) | Err(_)), "{closed:?}");
    first.close().await;
    drop(second);
    // It is free again as soon as the server has seen the end.
    for tries in 0.. {
        let answered = tokio::net::TcpStream::connect(server.address)
            .await
            .unwrap();
        let mut answered = tokio::io::BufStream::new(answered);
        use tokio::io::AsyncWriteExt;
        let request = format!(
            "GET /api/rooms HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
            server.address
        );
        let _ = answered.write_all(request.as_bytes()).await;
        let _ = answered.flush().await;
        let mut text = String::new();
        if answered.read_to_string(&mut text).await.is_ok() && text.starts_with("HTTP/1.1 200") {
            break;
        }
        assert!(tries < 1_000, "no place came free");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
