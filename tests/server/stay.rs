//! Rooms that stay: what was acknowledged is there after the process was killed, the music has
//! gone on, and a room without its disk goes on too.

use crate::person::{Browser, Mailbox};
use crate::process::Process;
use crate::support::{Client, Server, config};
use serde_json::{Value, json};
use std::time::Duration;
use stereo::store::Identity;
use stereo_protocol::RoomId;

async fn my_rooms(browser: &mut Browser) -> Vec<Value> {
    let (status, told) = browser.ask("GET", "/api/me/rooms", Value::Null).await;
    assert_eq!(status, 200, "{told}");
    told["rooms"].as_array().unwrap().clone()
}

/// The same browser, of a server that was started again.
fn again(before: &Browser, process: &Process) -> Browser {
    let mut browser = Browser::at(process.address);
    browser.cookies = before.cookies.clone();
    browser
}

/// Waits until a room's task is gone: it rests.
async fn until_it_rests(server: &Server, room: &str) {
    for _ in 0..2_000 {
        if server.app.node.registry.find(RoomId::parse(room)).is_none() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the room does not rest");
}

#[tokio::test]
async fn a_killed_server_has_the_room_as_it_was_and_the_music_where_it_would_be() {
    let mut mailbox = Mailbox::open().await;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let process = Process::start(&data, &mailbox);
    let mut ada = Browser::signed_in(process.address, &mut mailbox, "ada@example.org").await;
    let room = ada
        .open_room(json!({"title": "Ours", "password": "sesame"}))
        .await;
    let mut host = ada.join(&room, json!({"name": "Ada"})).await;
    let guest = Browser::at(process.address);
    let wanted = json!({"name": "Bob", "password": "sesame"});
    let mut guest = guest.join(&room, wanted).await;
    let bob = guest.you.clone();
    let one = ada.track(0).await;
    for _ in 0..5 {
        let added = host.call("queue.add", json!({"tracks": [one]})).await;
        added.unwrap();
    }
    host.call(
        "member.role",
        json!({"member": bob, "role": "collaborator"}),
    )
    .await
    .unwrap();
    let wish = json!({"vote_skip_percent": 75, "title": "Ours, still"});
    host.call("room.update", wish).await.unwrap();
    let before = guest.call("snapshot", json!({})).await.unwrap();
    process.kill();

    let process = Process::start(&data, &mailbox);
    let mut ada = again(&ada, &process);
    let host = ada.join(&room, json!({})).await;
    let after = &host.joined;
    assert_ne!(after["epoch"], before["epoch"], "a new numbering");
    assert_eq!(after["you"]["role"], "host");
    for what in ["room", "current", "queue"] {
        assert_eq!(after[what], before[what], "{what}");
    }
    assert_eq!(
        after["playback"], before["playback"],
        "it was not started anew"
    );
    assert_eq!(after["people"][&bob]["role"], "collaborator");
    // The guest is the same member, and the password is asked of anybody else.
    let token = guest.joined["you"]["token"].clone();
    let back = Browser::at(process.address);
    let back = back.join(&room, json!({"token": token})).await;
    assert_eq!(back.you, bob);
    let mut stranger = crate::support::open_socket(process.address, &room, &[])
        .await
        .unwrap();
    assert_eq!(stranger.refusal("join", json!({})).await, "not_found");
    assert_eq!(my_rooms(&mut ada).await.len(), 1);
    process.kill();
}

#[tokio::test]
async fn a_temporary_room_ends_with_its_server_and_one_that_stays_does_not() {
    let mut mailbox = Mailbox::open().await;
    let mut server = Server::start_with(mailbox.config()).await;
    let mut ada = Browser::signed_in(server.address, &mut mailbox, "ada@example.org").await;
    let (status, told) = ada.ask("POST", "/api/rooms", json!({})).await;
    assert_eq!((status, &told["room"]["temporary"]), (201, &json!(false)));
    assert_eq!(told["token"], Value::Null, "an account needs none");
    let kept = told["room"]["id"].as_str().unwrap().to_owned();
    let (status, told) = ada
        .ask("POST", "/api/rooms", json!({"temporary": true}))
        .await;
    assert_eq!((status, &told["room"]["temporary"]), (201, &json!(true)));
    let passing = told["room"]["id"].as_str().unwrap().to_owned();
    let mut in_kept = ada.join(&kept, json!({})).await;
    let mut in_passing = ada.join(&passing, json!({})).await;
    assert_eq!(in_passing.joined["you"]["role"], "host");
    server.stop().await;
    assert_eq!(in_kept.close_code().await, 4000, "come back");
    let closed = |client: &Client| {
        let seen = client.seen.iter();
        seen.filter(|one| one["params"]["event"]["type"] == "room.closed")
            .count()
    };
    assert_eq!(closed(&in_kept), 0);
    assert_eq!(in_passing.close_code().await, 4501);
    assert_eq!(closed(&in_passing), 1);
}

#[tokio::test]
async fn the_host_keeps_a_temporary_room_by_signing_in_and_stays_the_same_member() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let (room, token) = server.room(json!({"title": "Found"})).await;
    let mut host = server
        .join(&room, json!({"token": token, "name": "Ada"}))
        .await;
    let mut listener = server.join(&room, json!({})).await;
    let path = format!("/api/me/rooms/{room}");
    let shown = json!({"token": token});
    let mut ada = Browser::of(&server);
    assert_eq!(ada.ask("PUT", &path, shown.clone()).await.0, 401);
    ada.sign_in(&mut mailbox, "ada@example.org").await;
    for wrong in [
        json!({"token": "x"}),
        json!({}),
        json!({"token": listener.joined["you"]["token"]}),
    ] {
        assert_eq!(ada.ask("PUT", &path, wrong).await.0, 404);
    }
    assert_eq!(ada.ask("PUT", &path, shown.clone()).await.0, 204);
    let changed = listener.event("room.changed").await;
    assert_eq!(changed["event"]["room"]["temporary"], false);
    let listed = my_rooms(&mut ada).await;
    assert_eq!(
        (&listed[0]["id"], &listed[0]["title"]),
        (&json!(room), &json!("Found"))
    );
    assert_eq!(listed[0]["listeners"], 2);
    // The socket that is open goes on; the next one is the account's.
    host.call("queue.add", json!({"tracks": [server.track(0)]}))
        .await
        .unwrap();
    let back = ada.join(&room, json!({})).await;
    assert_eq!(
        (&back.you, &back.joined["you"]["role"]),
        (&host.you, &json!("host"))
    );
    assert_eq!(
        ada.ask("PUT", &path, json!({})).await.0,
        204,
        "it is already"
    );
    let mut eve = Browser::signed_in(server.address, &mut mailbox, "eve@example.org").await;
    assert_eq!(eve.ask("PUT", &path, shown).await.0, 404);
    assert_eq!(eve.ask("DELETE", &path, Value::Null).await.0, 404);
}

#[tokio::test]
async fn a_room_that_its_account_ends_is_closed_and_nowhere_any_more() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let mut ada = Browser::signed_in(server.address, &mut mailbox, "ada@example.org").await;
    let room = ada.open_room(json!({})).await;
    let other = ada.open_room(json!({})).await;
    let mut listener = server.join(&room, json!({})).await;
    let path = format!("/api/me/rooms/{room}");
    assert_eq!(ada.ask("DELETE", &path, Value::Null).await.0, 204);
    assert_eq!(listener.close_code().await, 4501);
    assert_eq!(ada.ask("DELETE", &path, Value::Null).await.0, 404);
    let kept = server.app.store.room(RoomId::parse(&room)).await;
    assert_eq!(kept.unwrap(), None);
    let mut late = server.socket(&room).await;
    assert_eq!(late.refusal("join", json!({})).await, "not_found");
    // By the host, in the room: answered when it is gone from the disk.
    let mut host = ada.join(&other, json!({})).await;
    host.call("room.close", json!({})).await.unwrap();
    let kept = server.app.store.room(RoomId::parse(&other)).await;
    assert_eq!(kept.unwrap(), None);
    assert_eq!(host.close_code().await, 4501);
    assert!(my_rooms(&mut ada).await.is_empty());
}

#[tokio::test]
async fn an_empty_room_rests_and_has_played_on_when_somebody_comes() {
    let mut mailbox = Mailbox::open().await;
    let mut config = mailbox.config();
    config.rooms.empty_ms = 0;
    config.rooms.leave_grace_ms = 0;
    config.rooms.presence_grace_ms = 0;
    let server = Server::start_with(config).await;
    let mut ada = Browser::signed_in(server.address, &mut mailbox, "ada@example.org").await;
    let wanted = json!({"visibility": "public", "title": "Open"});
    let room = ada.open_room(wanted).await;
    let mut host = ada.join(&room, json!({})).await;
    let tracks = json!([server.track(0), server.track(1)]);
    host.call("queue.add", json!({"tracks": tracks}))
        .await
        .unwrap();
    let current = host.event("playback.changed").await["event"]["playback"].clone();
    host.close().await;
    until_it_rests(&server, &room).await;
    // It can be found all the same.
    let (_, found) = ada.ask("GET", "/api/rooms?query=open", Value::Null).await;
    assert_eq!(found["rooms"][0]["id"], json!(room), "{found}");
    assert_eq!(my_rooms(&mut ada).await[0]["title"], "Open");
    until_it_rests(&server, &room).await;
    // Many at once wake one room.
    let joins = (0..8).map(|_| server.join(&room, json!({})));
    let joined = futures_util::future::join_all(joins).await;
    let mut epochs: Vec<&str> = joined
        .iter()
        .map(|one| one.joined["epoch"].as_str().unwrap())
        .collect();
    epochs.dedup();
    assert_eq!(epochs.len(), 1, "one life for all: {epochs:?}");
    assert_eq!(joined[0].joined["playback"], current);
}

#[tokio::test]
async fn an_erased_account_is_in_no_room_any_more() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let mut ada = Browser::signed_in(server.address, &mut mailbox, "ada@example.org").await;
    let mut bob = Browser::signed_in(server.address, &mut mailbox, "bob@example.org").await;
    let own = ada.open_room(json!({"title": "Hers"})).await;
    let kept = bob.open_room(json!({"title": "His"})).await;
    let (passing, _) = server.room(json!({})).await;
    let mut watching = Vec::new();
    let mut present = Vec::new();
    for room in [&own, &kept, &passing] {
        let mut client = ada.join(room, json!({"name": "Zanzibar"})).await;
        let text = json!({"text": "I am Zanzibar"});
        client.call("chat.send", text).await.unwrap();
        present.push(client);
        let mut other = bob.join(room, json!({"name": "Bob"})).await;
        other
            .call("react", json!({"item": "q_x", "reaction": null}))
            .await
            .ok();
        watching.push(other);
    }
    // In hers somebody else is at hand, so it is handed over.
    let who = Identity::Email("ada@example.org".into());
    let account = server.app.store.account_of(who).await.unwrap().unwrap();
    server.app.erase_in_rooms(account).await.unwrap();
    for mut client in present {
        assert_eq!(client.close_code().await, 4503);
    }
    for (mut client, room) in watching.into_iter().zip([&own, &kept, &passing]) {
        client.event("member.erased").await;
        let epoch = client.joined["epoch"].clone();
        let all = [
            client.call("snapshot", json!({})).await.unwrap(),
            client.call("history", json!({})).await.unwrap(),
            client.call("log", json!({})).await.unwrap(),
            client
                .call("events", json!({"epoch": epoch, "after": 0}))
                .await
                .unwrap(),
        ];
        let text = json!(all).to_string();
        assert!(!text.contains("Zanzibar"), "{room}: {text}");
    }
    let heir = my_rooms(&mut bob).await;
    let titles: Vec<&Value> = heir.iter().map(|room| &room["title"]).collect();
    assert_eq!(titles, ["Hers", "His"], "handed over");
    assert!(my_rooms(&mut ada).await.is_empty());
    let stored = server
        .app
        .store
        .room(RoomId::parse(&kept))
        .await
        .unwrap()
        .unwrap();
    assert!(
        stored
            .members
            .values()
            .all(|member| &*member.name != "Zanzibar")
    );
}

#[tokio::test]
async fn a_temporary_room_needs_no_account_and_one_that_stays_does() {
    let server = Server::start_with(config()).await;
    let mut anyone = Browser::of(&server);
    let wanted = json!({"temporary": false});
    assert_eq!(anyone.ask("POST", "/api/rooms", wanted).await.0, 401);
    let (status, told) = anyone.ask("POST", "/api/rooms", json!({})).await;
    assert_eq!((status, &told["room"]["temporary"]), (201, &json!(true)));
    assert!(told["token"].is_string());
}

#[tokio::test]
async fn whoever_cannot_join_because_something_broke_is_told_a_reference() {
    let mut mailbox = Mailbox::open().await;
    let mut config = mailbox.config();
    config.rooms.empty_ms = 0;
    config.rooms.leave_grace_ms = 0;
    config.rooms.presence_grace_ms = 0;
    let server = Server::start_with(config).await;
    let mut ada = Browser::signed_in(server.address, &mut mailbox, "ada@example.org").await;
    let resting = ada.open_room(json!({"title": "At rest"})).await;
    ada.join(&resting, json!({})).await.close().await;
    until_it_rests(&server, &resting).await;
    let open = ada.open_room(json!({"title": "Open"})).await;
    let _guest = server.join(&open, json!({})).await;
    // Somebody writes into the file beside the server.
    let file = server.app.config.store.data.join("stereo.db");
    let db = rusqlite::Connection::open(file).unwrap();
    db.busy_timeout(Duration::from_secs(10)).unwrap();
    let spoil = "UPDATE rooms SET settings = x'00' WHERE id = ?1";
    assert_eq!(db.execute(spoil, [&resting]).unwrap(), 1);
    assert_eq!(
        db.execute("UPDATE accounts SET handle = x'00'", [])
            .unwrap(),
        1
    );
    let (origin, cookie) = (format!("http://{}", server.address), ada.cookie());
    let hers = [("origin", origin.as_str()), ("cookie", cookie.as_str())];
    for (room, headers) in [(&resting, &[][..]), (&open, &hers[..])] {
        let mut client = server.socket_with(room, headers).await.unwrap();
        let refused = client.call("join", json!({})).await.unwrap_err();
        assert_eq!(refused["data"]["kind"], "internal", "{refused}");
        let reference = refused["data"]["reference"].as_str();
        assert!(reference.is_some_and(|it| it.len() >= 8), "{refused}");
    }
}
