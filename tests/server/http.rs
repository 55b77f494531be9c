//! Pages, the small API and media.

use crate::support::{Server, config};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use stereo::app::App;
use stereo::config::Config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn every_response_keeps_to_itself() {
    let server = Server::start().await;
    for path in [
        "/",
        "/rooms/x",
        "/api/rooms",
        "/nowhere",
        "/assets/app.js",
        "/protocol/stereo.js",
    ] {
        let (_, head, _) = server
            .http_full(server.address, "GET", path, &[], b"")
            .await;
        let head = head.to_lowercase();
        for part in [
            "content-security-policy: default-src 'self'; script-src 'self' 'sha256-",
            "frame-ancestors 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
        ] {
            assert!(head.contains(part), "{path}: {part}\n{head}");
        }
        assert!(!head.contains("set-cookie"), "{path}");
    }
}

#[tokio::test]
async fn rooms_are_opened_with_json_from_our_own_pages() {
    let server = Server::start().await;
    let post = async |headers: &[(&str, &str)], body: &str| {
        server
            .http("POST", "/api/rooms", headers, body.as_bytes())
            .await
    };
    for (headers, body, status, field) in [
        (
            &[("content-type", "text/plain")][..],
            "{}",
            415,
            Value::Null,
        ),
        (
            &[JSON, ("origin", "https://evil.example")][..],
            "{}",
            403,
            Value::Null,
        ),
        (&[JSON][..], "nonsense", 400, Value::Null),
        (&[JSON][..], "[]", 400, Value::Null),
        (&[JSON][..], r#"{"title":7}"#, 400, json!("title")),
        (&[JSON][..], r#"{"title":"  "}"#, 400, json!("title")),
        (
            &[JSON][..],
            r#"{"visibility":"secret"}"#,
            400,
            json!("visibility"),
        ),
        (
            &[JSON][..],
            r#"{"visibility":"public","password":"x"}"#,
            400,
            json!("password"),
        ),
        (
            &[JSON][..],
            r#"{"vote_skip_percent":101}"#,
            400,
            json!("vote_skip_percent"),
        ),
        (
            &[JSON][..],
            &format!("{{\"title\":{:?}}}", "x".repeat(81)),
            413,
            json!("title"),
        ),
        (
            &[JSON][..],
            &format!("{{\"title\":{:?}}}", "x".repeat(70_000)),
            413,
            Value::Null,
        ),
    ] {
        let (answered, body) = post(headers, body).await;
        let problem: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (answered, &problem["field"], &problem["status"]),
            (status, &field, &json!(status)),
            "{body}"
        );
    }
    assert_eq!(server.app.node.registry.count(), 0, "nothing was opened");
    assert_eq!(post(&[JSON], "{}").await.0, 201);
    assert_eq!(
        server.http("PUT", "/api/rooms", &[JSON], b"{}").await.0,
        405
    );
}

#[tokio::test]
async fn only_public_rooms_are_listed() {
    let server = Server::start().await;
    let (public, token) = server
        .room(json!({"title": "Open house", "visibility": "public"}))
        .await;
    server
        .room(json!({"title": "Quiet", "visibility": "unlisted"}))
        .await;
    server
        .room(json!({"title": "Secret", "password": "x"}))
        .await;
    let mut host = server.join(&public, json!({"token": token})).await;
    host.call("queue.add", json!({"tracks": [server.track(0)]}))
        .await
        .unwrap();
    let (_, body) = server
        .http("GET", "/api/rooms?query=open+h", &[], b"")
        .await;
    let listed: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(listed["total"], 1);
    assert_eq!(listed["rooms"][0]["id"], json!(public));
    assert_eq!(listed["rooms"][0]["listeners"], 1);
    assert!(listed["rooms"][0]["current"]["title"].is_string());
    let (_, body) = server.http("GET", "/api/rooms", &[], b"").await;
    assert!(
        !body.contains("Quiet") && !body.contains("Secret"),
        "{body}"
    );
    assert_eq!(
        server.http("GET", "/api/rooms?page=x", &[], b"").await.0,
        400
    );
    assert_eq!(
        server
            .http("GET", "/api/rooms?page=18446744073709551615", &[], b"")
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn an_address_may_open_only_so_many_rooms() {
    let mut settings = config();
    settings.rooms.per_address_per_hour = 2;
    let server = Server::start_with(settings).await;
    for status in [201, 201, 429] {
        assert_eq!(
            server.http("POST", "/api/rooms", &[JSON], b"{}").await.0,
            status
        );
    }
}

#[tokio::test]
async fn tracks_are_served_in_ranges() {
    let server = Server::start().await;
    let (_, body) = server.http("GET", "/api/tracks?query=", &[], b"").await;
    let tracks: Value = serde_json::from_str(&body).unwrap();
    let tracks = tracks["tracks"].as_array().unwrap();
    assert!(tracks.len() >= 6, "at least six demo tracks");
    for track in tracks {
        let length = track["duration_ms"].as_u64().unwrap();
        assert!((20_000..=60_000).contains(&length), "{track}");
        let artwork = track["artwork"].as_str().unwrap();
        assert_eq!(server.http("GET", artwork, &[], b"").await.0, 200);
    }
    let url = tracks[0]["url"].as_str().unwrap();
    let get = async |headers: &[(&str, &str)]| {
        server
            .http_full(server.address, "GET", url, headers, b"")
            .await
    };
    let (status, head, whole) = get(&[]).await;
    assert_eq!(status, 200);
    let head = head.to_lowercase();
    assert!(
        head.contains("accept-ranges: bytes") && !head.contains("content-encoding"),
        "{head}"
    );
    let etag = head
        .lines()
        .find_map(|line| line.strip_prefix("etag: "))
        .unwrap()
        .to_owned();
    let (status, head, part) = get(&[("range", "bytes=10-19")]).await;
    assert_eq!((status, &part[..]), (206, &whole[10..20]));
    assert!(
        head.to_lowercase()
            .contains(&format!("content-range: bytes 10-19/{}", whole.len())),
        "{head}"
    );
    let (status, head, part) = get(&[("range", &format!("bytes={}-", whole.len()))]).await;
    assert_eq!((status, part.len()), (416, 0));
    assert!(
        head.to_lowercase()
            .contains(&format!("content-range: bytes */{}", whole.len())),
        "{head}"
    );
    assert_eq!(get(&[("if-none-match", &etag)]).await.0, 304);
    assert_eq!(
        get(&[("range", "bytes=0-0"), ("if-range", "\"other\"")])
            .await
            .0,
        200
    );
    assert_eq!(
        server.http("GET", "/media/../Cargo.toml", &[], b"").await.0,
        404
    );
    assert_eq!(
        server.http("GET", "/media/nope.flac", &[], b"").await.0,
        404
    );
}

#[tokio::test]
async fn nothing_is_there_that_was_not_meant_to_be() {
    let server = Server::start().await;
    for path in [
        "/assets/tsconfig.json",
        "/assets/tests/x.js",
        "/assets/../main.rs",
        "/protocol/types.d.ts",
        "/metrics",
        "/live",
        "//",
        "/rooms",
        "/rooms/a/b",
    ] {
        assert_eq!(server.http("GET", path, &[], b"").await.0, 404, "{path}");
    }
    assert_eq!(server.http("DELETE", "/", &[], b"").await.0, 405);
    assert_eq!(server.http("GET", "/rooms/x/socket", &[], b"").await.0, 426);
}

/// What a listener answers to whoever comes from `peer`, which no test can come from by itself.
async fn answered(config: Config, peer: &str, path: &str, ops: bool) -> String {
    let data = tempfile::tempdir().unwrap();
    let mut config = config;
    config.store.data = data.path().join("data");
    let app = Arc::new(App::open(config).unwrap());
    let peer: IpAddr = peer.parse().unwrap();
    let (mut near, far) = tokio::io::duplex(1 << 16);
    let service = hyper::service::service_fn(move |request| {
        let app = app.clone();
        async move {
            Ok::<_, Infallible>(match ops {
                true => stereo::http::serve_ops(app, request, peer).await,
                false => stereo::http::serve(app, request, peer).await,
            })
        }
    });
    let connection = hyper::server::conn::http1::Builder::new();
    let served = tokio::spawn(connection.serve_connection(TokioIo::new(far), service));
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    near.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    near.read_to_end(&mut answer).await.unwrap();
    served.await.unwrap().unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn nobody_is_served_in_the_clear_past_the_proxy() {
    let proxied = || {
        let mut config = config();
        config.server.trusted_proxies = vec!["10.0.0.0/8".to_owned().try_into().unwrap()];
        config
    };
    for (peer, status) in [
        ("203.0.113.9", "403"),
        ("2001:db8::1", "403"),
        ("11.0.0.1", "403"),
        ("10.1.2.3", "200"),
        ("::ffff:10.1.2.3", "200"),
        ("127.0.0.1", "200"),
        ("::1", "200"),
    ] {
        let answer = answered(proxied(), peer, "/", false).await;
        let expected = format!("HTTP/1.1 {status}");
        assert!(answer.starts_with(&expected), "{peer}: {answer}");
        assert!(!answer.to_lowercase().contains("set-cookie"));
    }
    let mut told = proxied();
    told.server.allow_plain = true;
    let answer = answered(told, "203.0.113.9", "/", false).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn operations_keep_to_themselves_and_support_to_this_machine() {
    for (peer, path, status) in [
        ("127.0.0.1", "/support", "401"),
        ("::ffff:127.0.0.1", "/support/x", "401"),
        ("10.1.2.3", "/support", "403"),
        ("10.1.2.3", "/support/x/look", "403"),
        ("10.1.2.3", "/live", "200"),
        ("127.0.0.1", "/supporters", "404"),
    ] {
        let answer = answered(config(), peer, path, true).await.to_lowercase();
        let expected = format!("http/1.1 {status}");
        assert!(answer.starts_with(&expected), "{peer} {path}: {answer}");
        for part in [
            "x-content-type-options: nosniff",
            "content-security-policy: default-src 'none'",
        ] {
            assert!(answer.contains(part), "{path}: {answer}");
        }
    }
}
