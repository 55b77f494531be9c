//! What people do in a room, as they see it.

use crate::support::{Server, config};
use serde_json::{Value, json};

#[tokio::test]
async fn two_people_hear_of_the_same_track_at_the_same_time() {
    let server = Server::start().await;
    let (room, token) = server.room(json!({"title": "Kitchen"})).await;
    let mut host = server
        .join(&room, json!({"name": "Ada", "token": token}))
        .await;
    let mut guest = server.join(&room, json!({"name": "Bo"})).await;
    assert_eq!(host.joined["you"]["role"], "host");
    assert_eq!(guest.joined["you"]["role"], "listener");
    assert_eq!(guest.joined["room"]["title"], "Kitchen");
    let done = guest
        .call(
            "queue.add",
            json!({"tracks": [server.track(0), server.track(1)]}),
        )
        .await
        .unwrap();
    assert_eq!(done["changed"], true);
    let (one, two) = (
        host.event("playback.changed").await,
        guest.event("playback.changed").await,
    );
    assert_eq!(one, two);
    let ahead = one["event"]["playback"]["at_ms"].as_u64().unwrap() - one["at"].as_u64().unwrap();
    assert!(
        (400..=1500).contains(&ahead),
        "a start is scheduled {ahead} ms ahead"
    );
    assert_eq!(
        one["people"][&guest.you]["name"],
        Value::Null,
        "introduced by the event before"
    );
    assert_eq!(one["seq"], 2);
}

#[tokio::test]
async fn the_author_gets_the_events_of_a_command_before_its_answer() {
    let server = Server::start().await;
    let (room, token) = server.room(json!({})).await;
    let mut host = server.join(&room, json!({"token": token})).await;
    let done = host
        .call("chat.send", json!({"text": "hello", "op": "a"}))
        .await
        .unwrap();
    let event = host
        .seen
        .iter()
        .find(|message| message["method"] == "event")
        .expect("came before")
        .clone();
    assert_eq!(event["params"]["seq"], done["seq"]);
    assert_eq!(event["params"]["op"], "a");
    assert_eq!(event["params"]["event"]["message"]["text"], "hello");
}

#[tokio::test]
async fn an_operation_sent_twice_is_applied_once() {
    let server = Server::start().await;
    let (room, token) = server.room(json!({})).await;
    let mut host = server.join(&room, json!({"token": token})).await;
    let add = json!({"tracks": [server.track(0)], "op": "once"});
    let first = host.call("queue.add", add.clone()).await.unwrap();
    let again = host.call("queue.add", add).await.unwrap();
    assert_eq!(first, again);
    let other = host
        .refusal(
            "queue.add",
            json!({"tracks": [server.track(1)], "op": "once"}),
        )
        .await;
    assert_eq!(other, "conflict");
    let queue = host.call("queue", json!({})).await.unwrap();
    assert_eq!(queue["count"], 0, "it plays, and nothing else came");
}

#[tokio::test]
async fn a_guest_who_comes_back_with_the_token_is_the_same_and_misses_nothing() {
    let server = Server::start().await;
    let (room, token) = server.room(json!({})).await;
    let mut host = server.join(&room, json!({"token": token})).await;
    let guest = server.join(&room, json!({"name": "Bo"})).await;
    let (epoch, seq, member) = (
        guest.joined["epoch"].clone(),
        guest.joined["seq"].clone(),
        guest.you.clone(),
    );
    let own = guest.joined["you"]["token"].clone();
    assert!(own.is_string());
    guest.close().await;
    for text in ["one", "two", "three"] {
        host.call("chat.send", json!({"text": text})).await.unwrap();
    }
    let back = server
        .join(
            &room,
            json!({"token": own, "resume": {"epoch": epoch, "seq": seq}}),
        )
        .await;
    assert_eq!(back.you, member);
    assert_eq!(
        back.joined["you"]["token"],
        Value::Null,
        "the token is told once"
    );
    let missed = back.joined["missed"]
        .as_array()
        .expect("events in place of the snapshot");
    let texts: Vec<&str> = missed
        .iter()
        .map(|event| event["event"]["message"]["text"].as_str().unwrap())
        .collect();
    assert_eq!(texts, ["one", "two", "three"]);
    let seqs: Vec<u64> = missed
        .iter()
        .map(|event| event["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(seqs, [1, 2, 3]);
    let stranger = server
        .join(
            &room,
            json!({"resume": {"epoch": "e_000000000000", "seq": 0}}),
        )
        .await;
    assert!(
        stranger.joined["missed"].is_null(),
        "another epoch: a snapshot"
    );
    assert_eq!(stranger.joined["chat"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn presence_is_of_people_and_not_of_tabs() {
    let mut settings = config();
    settings.rooms.leave_grace_ms = 0;
    let server = Server::start_with(settings).await;
    let (room, token) = server.room(json!({})).await;
    let mut host = server.join(&room, json!({"token": token.clone()})).await;
    let tab = server.join(&room, json!({"token": token})).await;
    assert_eq!(tab.joined["presence"]["count"], 1);
    let guest = server.join(&room, json!({"name": "Bo"})).await;
    assert_eq!(guest.joined["presence"]["count"], 2);
    let came = host
        .until(|message| message["method"] == "presence" && message["params"]["count"] == 2)
        .await;
    assert_eq!(came["params"]["people"][&guest.you]["name"], "Bo");
    tab.close().await;
    guest.close().await;
    let left = host
        .until(|message| message["method"] == "presence" && message["params"]["count"] == 1)
        .await;
    assert_eq!(left["params"]["left"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn two_skips_of_the_same_item_advance_once() {
    let server = Server::start().await;
    let (room, token) = server.room(json!({})).await;
    let mut one = server.join(&room, json!({"token": token.clone()})).await;
    let mut two = server.join(&room, json!({"token": token})).await;
    one.call(
        "queue.add",
        json!({"tracks": [server.track(0), server.track(1), server.track(2)]}),
    )
    .await
    .unwrap();
    let item = one.event("playback.changed").await["event"]["current"]["id"].clone();
    let first = one
        .call("playback.skip", json!({"item": item}))
        .await
        .unwrap();
    let second = two
        .call("playback.skip", json!({"item": item}))
        .await
        .unwrap();
    assert_eq!(
        (&first["changed"], &second["changed"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(one.call("queue", json!({})).await.unwrap()["count"], 1);
}

#[tokio::test]
async fn what_a_listener_may_not_do_changes_nothing() {
    let server = Server::start().await;
    let (room, token) = server.room(json!({})).await;
    let mut host = server.join(&room, json!({"token": token})).await;
    let mut guest = server.join(&room, json!({})).await;
    host.call(
        "queue.add",
        json!({"tracks": [server.track(0), server.track(1)]}),
    )
    .await
    .unwrap();
    let item = host.event("playback.changed").await["event"]["current"]["id"].clone();
    let seq = host.call("snapshot", json!({})).await.unwrap()["seq"].clone();
    for (method, params) in [
        ("playback.seek", json!({"item": item, "position_ms": 5})),
        ("playback.pause", json!({"item": item})),
        ("playback.skip", json!({"item": item})),
        ("queue.clear", json!({"seq": 1})),
        ("room.update", json!({"title": "Mine"})),
        ("room.close", json!({})),
        ("member.kick", json!({"member": host.you})),
        ("bans", json!({})),
    ] {
        assert_eq!(
            guest.refusal(method, params).await,
            "not_allowed",
            "{method}"
        );
    }
    assert_eq!(host.call("snapshot", json!({})).await.unwrap()["seq"], seq);
}

#[tokio::test]
async fn a_kicked_guest_does_not_come_back_until_the_ban_ends() {
    let server = Server::start().await;
    let (room, token) = server.room(json!({})).await;
    let mut host = server.join(&room, json!({"token": token})).await;
    let mut guest = server.join(&room, json!({"name": "Bo"})).await;
    let own = guest.joined["you"]["token"].clone();
    let ban = host
        .call(
            "member.kick",
            json!({"member": guest.you, "ban_ms": 3_600_000}),
        )
        .await
        .unwrap()["ban"]
        .clone();
    assert_eq!(guest.close_code().await, 4500);
    let mut again = server.socket(&room).await;
    assert_eq!(
        again.refusal("join", json!({"token": own})).await,
        "not_allowed"
    );
    assert_eq!(again.close_code().await, 4500);
    host.call("member.unban", json!({"ban": ban}))
        .await
        .unwrap();
    server.join(&room, json!({"token": own})).await;
}

#[tokio::test]
async fn a_private_room_looks_like_none() {
    let server = Server::start().await;
    let (room, token) = server
        .room(json!({"visibility": "private", "password": "open sesame"}))
        .await;
    let mut refused = Vec::new();
    for room in [room.as_str(), "0000000000000000", "nope"] {
        for params in [
            json!({}),
            json!({"password": "wrong"}),
            json!({"invite": "wrong"}),
            json!({"token": "wrong"}),
        ] {
            let mut client = server.socket(room).await;
            refused.push(client.call("join", params).await.unwrap_err());
        }
        assert_eq!(
            server
                .http("GET", &format!("/api/rooms/{room}"), &[], b"")
                .await
                .0,
            404
        );
    }
    assert!(
        refused.iter().all(|error| *error == refused[0]),
        "{refused:?}"
    );
    let mut host = server.join(&room, json!({"token": token})).await;
    server.join(&room, json!({"password": "open sesame"})).await;
    let invite = host
        .call("invite.create", json!({"uses": 1}))
        .await
        .unwrap()["token"]
        .clone();
    server.join(&room, json!({"invite": invite.clone()})).await;
    let mut used = server.socket(&room).await;
    assert_eq!(
        used.refusal("join", json!({"invite": invite})).await,
        "not_found"
    );
    for _ in 0..2 {
        used.call("join", json!({"password": "wrong"}))
            .await
            .unwrap_err();
    }
    assert_eq!(used.close_code().await, 4502);
}

#[tokio::test]
async fn wrong_passwords_are_throttled() {
    let mut settings = config();
    settings.rooms.wrong_passwords_per_hour = 4;
    let server = Server::start_with(settings).await;
    let (room, _) = server.room(json!({"password": "right"})).await;
    let mut kinds = Vec::new();
    for _ in 0..3 {
        let mut client = server.socket(&room).await;
        for _ in 0..2 {
            kinds.push(client.refusal("join", json!({"password": "wrong"})).await);
        }
    }
    assert_eq!(kinds[..4], ["not_found"; 4]);
    assert_eq!(kinds[4..], ["rate_limited"; 2]);
}

#[tokio::test]
async fn a_guest_who_is_forgotten_leaves_no_text_and_no_name() {
    let server = Server::start().await;
    let (room, token) = server.room(json!({})).await;
    let mut host = server.join(&room, json!({"token": token})).await;
    let mut guest = server.join(&room, json!({"name": "Needle-in-name"})).await;
    guest
        .call("chat.send", json!({"text": "needle in text"}))
        .await
        .unwrap();
    guest
        .call("queue.add", json!({"tracks": [server.track(0)]}))
        .await
        .unwrap();
    guest.call("me.forget", json!({})).await.unwrap();
    assert_eq!(guest.close_code().await, 1000);
    host.event("member.erased").await;
    let epoch = host.joined["epoch"].clone();
    let mut all = String::new();
    for (method, params) in [
        ("events", json!({"epoch": epoch, "after": 0})),
        ("snapshot", json!({})),
        ("log", json!({})),
        ("history", json!({})),
        ("members", json!({})),
        ("queue", json!({})),
    ] {
        all += &host.call(method, params).await.unwrap().to_string();
    }
    assert!(!all.to_lowercase().contains("needle"), "{all}");
    assert!(
        all.contains("redacted") && all.contains("queue.added"),
        "the events keep their numbers"
    );
}

#[tokio::test]
async fn reactions_are_tallied() {
    let server = Server::start().await;
    let (room, token) = server.room(json!({})).await;
    let mut host = server.join(&room, json!({"token": token})).await;
    host.call("queue.add", json!({"tracks": [server.track(0)]}))
        .await
        .unwrap();
    let item = host.event("playback.changed").await["event"]["current"]["id"].clone();
    host.call("react", json!({"item": item, "reaction": "🔥"}))
        .await
        .unwrap();
    assert_eq!(host.notice("tally").await["counts"], json!({"🔥": 1}));
    host.call("react", json!({"item": item, "reaction": null}))
        .await
        .unwrap();
    assert_eq!(host.notice("tally").await["counts"], json!({}));
    assert_eq!(
        host.refusal("react", json!({"item": item, "reaction": "<b>"}))
            .await,
        "invalid"
    );
}

#[tokio::test]
async fn an_empty_room_goes_and_a_room_of_people_stays() {
    let mut settings = config();
    settings.rooms.empty_ms = 50;
    settings.rooms.leave_grace_ms = 0;
    let server = Server::start_with(settings).await;
    let (room, token) = server.room(json!({})).await;
    let host = server.join(&room, json!({"token": token})).await;
    assert_eq!(
        server
            .http("GET", &format!("/api/rooms/{room}"), &[], b"")
            .await
            .0,
        200
    );
    host.close().await;
    while server
        .http("GET", &format!("/api/rooms/{room}"), &[], b"")
        .await
        .0
        == 200
    {
        tokio::task::yield_now().await;
    }
    let mut late = server.socket(&room).await;
    assert_eq!(late.refusal("join", json!({})).await, "not_found");
}

#[tokio::test]
async fn a_join_that_races_the_disposal_is_always_answered() {
    let mut settings = config();
    settings.rooms.empty_ms = 1;
    settings.rooms.leave_grace_ms = 0;
    let server = Server::start_with(settings).await;
    let (mut inside, mut outside) = (0, 0);
    for _ in 0..100 {
        let (room, token) = server.room(json!({})).await;
        let mut client = server.socket(&room).await;
        match client.call("join", json!({"token": token})).await {
            Ok(_) => {
                inside += 1;
                client
                    .call("chat.send", json!({"text": "alive"}))
                    .await
                    .expect("whoever is in is in a room that lives");
            }
            Err(error) => {
                outside += 1;
                assert_eq!(error["data"]["kind"], "not_found");
            }
        }
    }
    assert_eq!(inside + outside, 100);
}
