//! What no client should send. Each has its answer, leaves the room as it was and the server up.

use crate::support::{Client, Server, WAIT, config};
use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

async fn joined() -> (Server, String, Client) {
    let server = Server::start().await;
    let (room, token) = server.room(json!({})).await;
    let client = server.join(&room, json!({"token": token})).await;
    (server, room, client)
}

async fn error_of(client: &mut Client, text: &str) -> Value {
    client.send_text(text).await;
    client.until(|message| !message["error"].is_null()).await["error"].clone()
}

#[tokio::test]
async fn what_is_no_request_is_refused_and_the_socket_lives() {
    let (_server, _, mut client) = joined().await;
    let seq = client.call("snapshot", json!({})).await.unwrap()["seq"].clone();
    let deep = "[".repeat(7_000) + &"]".repeat(7_000);
    for (text, code) in [
        ("", -32700),
        ("nonsense", -32700),
        ("{\"jsonrpc\":\"2.0\",", -32700),
        ("7", -32600),
        ("null", -32600),
        ("\"text\"", -32600),
        ("[]", -32600),
        (r#"[{"jsonrpc":"2.0","id":1,"method":"snapshot"}]"#, -32600),
        (r#"{"id":1,"method":"snapshot"}"#, -32600),
        (r#"{"jsonrpc":"1.0","id":1,"method":"snapshot"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":[1],"method":"snapshot"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"no.such"}"#, -32601),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"chat.send","params":[1]}"#,
            -32602,
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"chat.send","params":{}}"#,
            -32602,
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"chat.send","params":{"text":7}}"#,
            -32602,
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"chat.send","params":{"text":"\ud800"}}"#,
            -32602,
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"chat.send","params":{"text":"a\u0000b"}}"#,
            -32602,
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"chat.send","params":{"text":"  "}}"#,
            -32602,
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"me.rename","params":{"name":"   "}}"#,
            -32602,
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"chat.send","params":{"text":"a","op":7}}"#,
            -32602,
        ),
        (
            &format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"chat.send","params":{{"text":{deep}}}}}"#
            ),
            -32602,
        ),
    ] {
        let error = error_of(&mut client, text).await;
        assert_eq!(error["code"], code, "{text:.80} {error}");
        assert_eq!(error["data"]["kind"], "invalid", "{text:.80}");
    }
    let after = client.call("snapshot", json!({})).await.unwrap();
    assert_eq!(after["seq"], seq, "nothing has changed");
}

#[tokio::test]
async fn errors_name_the_field_and_what_was_expected() {
    let (server, _, mut client) = joined().await;
    for (method, params, field) in [
        (
            "queue.add",
            json!({"tracks": [server.track(0), "t_nope"]}),
            "tracks[1]",
        ),
        (
            "queue.add",
            json!({"tracks": ["http://127.0.0.1/a.mp3"]}),
            "tracks[0]",
        ),
        ("queue.add", json!({"tracks": [7]}), "tracks[0]"),
        ("queue.add", json!({"tracks": []}), "tracks"),
        (
            "queue.add",
            json!({"tracks": [server.track(0)], "after": "q_gone"}),
            "after",
        ),
        (
            "queue.add",
            json!({"tracks": vec![server.track(0); 51]}),
            "tracks",
        ),
        ("queue.remove", json!({"item": "q_gone"}), "item"),
        ("chat.send", json!({"text": "x".repeat(501)}), "text"),
        ("me.rename", json!({"name": "x".repeat(33)}), "name"),
        ("room.update", json!({"title": "x".repeat(81)}), "title"),
        ("room.update", json!({"visibility": "secret"}), "visibility"),
        (
            "room.update",
            json!({"vote_skip_percent": 101}),
            "vote_skip_percent",
        ),
        (
            "member.role",
            json!({"member": "m_nobody", "role": "host"}),
            "member",
        ),
        ("clock", json!({}), "t0"),
    ] {
        let error = client.call(method, params).await.unwrap_err();
        assert_eq!(error["data"]["field"], field, "{method} {error}");
        assert!(!error["message"].as_str().unwrap().is_empty());
    }
    assert_eq!(
        client
            .call("playback.skip", json!({"item": "q_gone"}))
            .await
            .unwrap()["changed"],
        false
    );
}

#[tokio::test]
async fn before_joining_only_join_and_probes_are_answered() {
    let server = Server::start().await;
    let (room, _) = server.room(json!({})).await;
    let mut client = server.socket(&room).await;
    assert_eq!(
        client.refusal("chat.send", json!({"text": "hi"})).await,
        "not_joined"
    );
    assert!(client.call("clock", json!({"t0": 1.5})).await.unwrap()["t1"].is_number());
    assert_eq!(
        client.refusal("join", json!({"name": "  "})).await,
        "invalid"
    );
    client.call("join", json!({"name": "Ada"})).await.unwrap();
    assert_eq!(client.refusal("join", json!({})).await, "conflict");
}

#[tokio::test]
async fn broken_frames_end_the_connection_with_their_code() {
    for (bytes, code) in [
        (vec![0x81, 0x01, b'a'], 1002),
        (vec![0xC1, 0x81, 0, 0, 0, 0, b'a'], 1002),
        (vec![0x83, 0x80, 0, 0, 0, 0], 1002),
        (vec![0x81, 0x81, 0, 0, 0, 0, 0xFF], 1007),
        (
            vec![0x81, 0xFF, 0, 0, 0, 0, 0, 0x4C, 0x4B, 0x40, 0, 0, 0, 0],
            1009,
        ),
    ] {
        let (server, room, mut client) = joined().await;
        client.send_raw(&bytes).await;
        assert_eq!(client.close_code().await, code, "{bytes:x?}");
        server.join(&room, json!({})).await;
    }
}

#[tokio::test]
async fn binary_and_huge_messages_end_the_connection() {
    let (_server, _, mut client) = joined().await;
    client
        .socket
        .send(Message::binary(vec![1, 2, 3]))
        .await
        .unwrap();
    assert_eq!(client.close_code().await, 1003);
    let (_server, _, mut client) = joined().await;
    // The server may close before it is all written.
    let _ = client.socket.send(Message::text("x".repeat(5 << 20))).await;
    let code = tokio::time::timeout(WAIT, client.close_code()).await;
    assert_eq!(code.expect("closed"), 1009);
}

#[tokio::test]
async fn too_many_requests_are_refused_with_the_time_to_wait() {
    let (_server, _, mut client) = joined().await;
    let mut limited = None;
    for _ in 0..50 {
        if let Err(error) = client.call("chat.send", json!({"text": "again"})).await {
            limited = Some(error);
            break;
        }
    }
    let error = limited.expect("fifty at once are too many");
    assert_eq!(error["data"]["kind"], "rate_limited");
    assert!(error["data"]["retry_after_ms"].as_u64().unwrap() <= 100);
    assert_eq!(error["data"]["retry"], true);
}

#[tokio::test]
async fn endless_nonsense_is_misuse() {
    let (_server, _, mut client) = joined().await;
    for _ in 0..150 {
        if client.socket.send(Message::text("nonsense")).await.is_err() {
            break;
        }
    }
    assert_eq!(client.close_code().await, 4504);
}

#[tokio::test]
async fn a_handshake_that_trickles_and_a_join_that_never_comes_are_given_up() {
    let mut settings = config();
    settings.server.header_timeout_ms = 100;
    settings.server.join_timeout_ms = 100;
    let server = Server::start_with(settings).await;
    let mut trickle = TcpStream::connect(server.address).await.unwrap();
    trickle
        .write_all(b"GET /rooms/x/socket HTTP/1.1\r\nhost: loc")
        .await
        .unwrap();
    let mut rest = Vec::new();
    tokio::time::timeout(WAIT, trickle.read_to_end(&mut rest))
        .await
        .expect("given up")
        .unwrap();
    let (room, _) = server.room(json!({})).await;
    let mut silent = server.socket(&room).await;
    assert_eq!(silent.close_code().await, 4002);
}

#[tokio::test]
async fn markup_and_overrides_in_chat_come_out_as_plain_text() {
    let (_server, _, mut client) = joined().await;
    client
        .call("chat.send", json!({"text": "<script>alert(1)</script>"}))
        .await
        .unwrap();
    client
        .call("chat.send", json!({"text": "a\u{202e}b"}))
        .await
        .unwrap();
    assert_eq!(
        client.event("chat.added").await["event"]["message"]["text"],
        "<script>alert(1)</script>"
    );
    assert_eq!(
        client.event("chat.added").await["event"]["message"]["text"],
        "ab"
    );
}
