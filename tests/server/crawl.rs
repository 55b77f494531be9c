//! What others see of somebody, and what is left of a visit: everything is asked for by everybody,
//! and then what was answered, logged and kept is searched.

use crate::folder::Folder;
use crate::needles::{all_keys, ask_everything, say_everything};
use crate::person::{Browser, Mailbox};
use crate::process::Process;
use crate::support::{Client, exchange, open_socket, operators_word};
use rusqlite::types::ValueRef;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};
use stereo::keystore;
use stereo::privacy::inventory::{INVENTORY, Kept, Owner, Place};

const EMAIL: &str = "ndl-mail@example.org";

/// Every answer to a `GET` of what is described, with the ids that there are.
async fn crawled(server: &Process, browser: &mut Browser, known: &[(&str, String)]) -> String {
    let (_, described) = browser.ask("GET", "/api/openapi.json", Value::Null).await;
    let paths = described["paths"].as_object().unwrap();
    let (mut heard, mut asked) = (String::new(), 0);
    let pages = [
        "/",
        "/settings",
        "/privacy",
        "/sign-in",
        "/source.tar.gz",
        "/favicon.ico",
    ];
    let described = paths.keys().map(String::as_str);
    for path in described.chain(pages) {
        let mut paths = vec![path.to_owned()];
        for (name, value) in known {
            let filled: Vec<String> = paths.iter().map(|path| path.replace(name, value)).collect();
            paths.extend(filled);
        }
        paths.retain(|path| !path.contains('{'));
        paths.sort_unstable();
        paths.dedup();
        for path in paths {
            let (status, head, body) = browser.send("GET", &path, "", b"").await;
            assert_ne!(status, 500, "{path}");
            heard += &format!("{path} {head} {}\n", String::from_utf8_lossy(&body));
            asked += 1;
        }
    }
    assert!(asked > 30, "{asked}");
    for path in ["/metrics", "/live", "/ready", "/support"] {
        let (_, head, body) = exchange(server.ops, "GET", path, &[], b"").await;
        heard += &format!("{head} {}\n", String::from_utf8_lossy(&body));
    }
    heard
}

/// Every answer of a socket that is in, and every notice that came by itself.
async fn listened(client: &mut Client, about: &str) -> String {
    let mut heard = client.joined.to_string();
    let epoch = client.joined["epoch"].clone();
    for (method, params) in [
        ("clock", json!({"t0": 1})),
        ("snapshot", json!({})),
        ("events", json!({"epoch": epoch, "after": 0})),
        ("queue", json!({})),
        ("members", json!({})),
        ("history", json!({})),
        ("log", json!({})),
        ("bans", json!({})),
        ("invites", json!({})),
        (
            "member.role",
            json!({"member": about, "role": "collaborator"}),
        ),
        ("member.mute", json!({"member": about, "muted": false})),
        ("me.rename", json!({"name": "Somebody else"})),
    ] {
        heard += &match client.call(method, params).await {
            Ok(answer) | Err(answer) => answer.to_string(),
        };
    }
    heard += &json!(client.seen).to_string();
    heard
}

#[tokio::test]
async fn an_address_is_seen_by_its_owner_alone() {
    let (folder, mut mailbox) = (Folder::new(), Mailbox::open().await);
    let server = Process::start(&folder.data(), &mailbox);
    let (mut ada, mut bob) = (Browser::at(server.address), Browser::at(server.address));
    ada.sign_in(&mut mailbox, EMAIL).await;
    bob.sign_in(&mut mailbox, "bob@example.org").await;
    let png = include_bytes!("picture.png");
    let (_, _, picture) = ada.send("PUT", "/api/me/picture", "image/png", png).await;
    let picture: Value = serde_json::from_slice(&picture).unwrap();
    let picture = picture["picture"]["large"].as_str().unwrap().to_owned();
    let mut rooms = Vec::new();
    for browser in [&mut ada, &mut bob] {
        let public = json!({"title": "Open", "visibility": "public"});
        rooms.push(browser.open_room(public).await);
    }
    let letter = json!({"subject": "Hello", "text": "It is quiet."});
    let (_, thread) = ada.ask("POST", "/api/me/correspondence", letter).await;
    let thread = thread["id"].as_str().unwrap().to_owned();
    let (_, sessions) = ada.ask("GET", "/api/me/sessions", Value::Null).await;
    let session = sessions["sessions"][0]["id"].as_str().unwrap().to_owned();

    let mut known = vec![
        ("{thread}", thread.clone()),
        ("{session}", session),
        ("{provider}", "google".to_owned()),
        ("{receipt}", "0".repeat(32)),
        (
            "{file}",
            picture.trim_start_matches("/pictures/").to_owned(),
        ),
    ];
    known.extend(rooms.iter().map(|room| ("{room}", room.clone())));
    // Others: as the host of a room that she is in, in a room of hers, with an account and without.
    let mut heard = String::new();
    for (place, room) in rooms.iter().enumerate() {
        let mut guest = open_socket(server.address, room, &[]).await.unwrap();
        guest.joined = guest.call("join", json!({"name": "Gus"})).await.unwrap();
        let mut bobs = bob.join(room, json!({})).await;
        let mut adas = ada.join(room, json!({})).await;
        adas.call("chat.send", json!({"text": "Hello"}))
            .await
            .unwrap();
        for client in [&mut guest, &mut bobs] {
            heard += &listened(client, &adas.you).await;
        }
        assert!(heard.contains("Hello"), "they hear of her: {place}");
        adas.close().await;
        for client in [&mut guest, &mut bobs] {
            client.notice("presence").await;
            heard += &listened(client, &adas_member(&heard)).await;
        }
    }
    for browser in [&mut Browser::at(server.address), &mut bob] {
        heard += &crawled(&server, browser, &known).await;
    }
    // Whoever runs the server, who sees what she wrote and her handle.
    let bearer = operators_word(&folder.data());
    let headers = [("authorization", bearer.as_str())];
    for path in ["/support".to_owned(), format!("/support/{thread}")] {
        let (status, _, body) = exchange(server.ops, "GET", &path, &headers, b"").await;
        let body = String::from_utf8_lossy(&body).into_owned();
        assert_eq!(status, 200, "{body}");
        assert!(body.contains("Hello"), "{body}");
        heard += &body;
    }
    let look = format!("/support/{thread}/look");
    let (status, _, refused) = exchange(server.ops, "POST", &look, &headers, b"").await;
    assert_eq!(status, 403, "without her consent");
    heard += &String::from_utf8_lossy(&refused);
    for part in [EMAIL, "ndl-mail", "ndl-mail%40example.org"] {
        assert!(!heard.contains(part), "{part} is told to others");
    }
    // She herself is told it, where the promise says.
    let own = crawled(&server, &mut ada, &known).await;
    let telling: Vec<&str> = own
        .lines()
        .filter(|line| line.contains("ndl-mail"))
        .collect();
    assert!(!telling.is_empty());
    for line in own
        .split("\n/")
        .filter(|answer| answer.contains("ndl-mail"))
    {
        assert!(
            line.starts_with("api/me ") || line.starts_with("api/me/export "),
            "{line}"
        );
    }
    let said = server.kill();
    assert!(!said.contains("ndl-mail"), "{said}");
}

/// A member of whom something was told.
fn adas_member(heard: &str) -> String {
    let at = heard.find("\"m_").expect("a member") + 1;
    heard[at..at + 14].to_owned()
}

fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis() as u64
}

/// Numbers of a text that are times between two, in milliseconds, seconds or nanoseconds.
fn times_in(text: &str, (from, to): (u64, u64)) -> Vec<String> {
    let numbers = text.split(|letter: char| !letter.is_ascii_digit());
    let is_time = |number: &&str| {
        let digits = |count: usize| number.get(..count).and_then(|digits| digits.parse().ok());
        let exactly = |count: usize, unit: u64| {
            let told: Option<u64> = digits(count).filter(|_| number.len() == count);
            told.is_some_and(|told| (from / unit..=to / unit).contains(&told))
        };
        exactly(13, 1) || exactly(10, 1_000) || {
            let told: Option<u64> = digits(13).filter(|_| number.len() > 13);
            told.is_some_and(|told| (from..=to).contains(&told))
        }
    };
    numbers.filter(is_time).map(str::to_owned).collect()
}

#[test]
fn times_are_seen_in_texts() {
    let between = (1_764_000_000_000, 1_764_000_060_000);
    for text in [
        "at 1764000000123.",
        "{\"s\":1764000059}",
        "1764000000123456789",
    ] {
        assert_eq!(times_in(text, between).len(), 1, "{text}");
    }
    for text in ["1764000061000", "176400000", "x", "9764000000123"] {
        assert!(times_in(text, between).is_empty(), "{text}");
    }
}

/// Columns of a person whose content tells a time of now, as the inventory says of them.
const STATED: [(&str, &str); 2] = [("rooms", "playing"), ("mails", "due_ms")];

#[tokio::test]
async fn a_day_of_visits_leaves_neither_address_nor_agent_nor_time() {
    let (folder, mut mailbox) = (Folder::new(), Mailbox::open().await);
    // Behind a proxy of this machine, so that the address that counts is one to look for.
    let more = [("STEREO_SERVER__TRUSTED_PROXIES", "127.0.0.1/32")];
    let from = now_ms();
    let server = Process::start_with(&folder.data(), &mailbox, &more);
    let mut ada = Browser::signed_in(server.address, &mut mailbox, "ada@example.org").await;
    let room = ada.open_room(json!({"title": "Ours"})).await;
    let mut host = ada.join(&room, json!({"name": "Ada"})).await;
    let track = ada.track(0).await;
    host.call("queue.add", json!({"tracks": [track, track]}))
        .await
        .unwrap();
    host.call("chat.send", json!({"text": "Hello"}))
        .await
        .unwrap();
    host.call("invite.create", json!({"uses": 1}))
        .await
        .unwrap();
    let letter = json!({"subject": "Hello", "text": "It is quiet."});
    assert_eq!(
        ada.ask("POST", "/api/me/correspondence", letter).await.0,
        201
    );
    let label = json!({"label": "robot"});
    assert_eq!(ada.ask("POST", "/api/me/sessions", label).await.0, 201);
    let png = include_bytes!("picture.png");
    assert_eq!(
        ada.send("PUT", "/api/me/picture", "image/png", png).await.0,
        200
    );
    let mut eve = Browser::signed_in(server.address, &mut mailbox, "eve@example.org").await;
    for browser in [&mut Browser::at(server.address), &mut eve] {
        ask_everything(&server, browser).await;
    }
    say_everything(&server, &room).await;
    let metrics = exchange(server.ops, "GET", "/metrics", &[], b"").await.2;
    let metrics = String::from_utf8(metrics).unwrap();
    let listening = [server.address.to_string(), server.ops.to_string()];
    let log = server.kill();
    let to = now_ms();

    // What was logged and counted.
    for text in [&log, &metrics] {
        for trace in ["203.0.113", "ndl", "Ada", "ada@", "Ours", &room] {
            assert!(!text.contains(trace), "{trace} in {text}");
        }
    }
    let mut addresses = log.replace(&listening[0], "").replace(&listening[1], "");
    addresses.retain(|letter| letter != '\u{1b}');
    assert!(
        !addresses.contains("127.0.0.1:"),
        "who came is not logged: {addresses}"
    );
    assert!(times_in(&metrics, (from, to)).is_empty(), "{metrics}");
    // As many lines as of a start at which nobody came: none is about a visit.
    let lines = log.lines().filter(|line| !line.contains(" ERROR ")).count();
    assert!(lines < 20, "{log}");
    // What is kept.
    assert_eq!(
        folder.saying(&["203.0.113.77", "ndl-agent", "ndl-header"]),
        [""; 0]
    );
    let keys = folder.data();
    let keys = all_keys(&keys);
    let db = folder.database();
    let mut looked_at = 0;
    for kind in INVENTORY.iter().filter(|kind| kind.owner != Owner::Nobody) {
        let Place::Column(table, column) = kind.place else {
            continue;
        };
        let row = match table {
            "rooms" => "id",
            "pictures" | "unsubscribes" => "account",
            "room_members" => "room || '/' || member",
            "room_bans" => "room || '/' || ban",
            "room_tracks" => "room || '/' || track",
            "room_items" | "room_history" | "room_log" => "room",
            _ => "id",
        };
        let mut select = db
            .prepare(&format!("SELECT {row}, {column} FROM {table}"))
            .unwrap();
        let mut rows = select.query([]).unwrap();
        while let Some(found) = rows.next().unwrap() {
            let place = match found.get_ref(0).unwrap() {
                ValueRef::Integer(number) => number.to_be_bytes().to_vec(),
                other => other.as_bytes().unwrap().to_vec(),
            };
            let text = match found.get_ref(1).unwrap() {
                ValueRef::Integer(number) => number.to_string(),
                ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                ValueRef::Blob(sealed) if kind.kept == Kept::Sealed => {
                    let place = || keystore::Place {
                        table,
                        column,
                        row: &place,
                    };
                    let opened = keys.iter().find_map(|key| key.open(place(), sealed));
                    let opened = opened.unwrap_or_else(|| panic!("{table}.{column} opens"));
                    looked_at += 1;
                    String::from_utf8_lossy(&opened).into_owned()
                }
                _ => continue,
            };
            let times = times_in(&text, (from, to));
            let stated = STATED.contains(&(table, column));
            assert!(
                times.is_empty() || stated,
                "{table}.{column}: {times:?} in {text}"
            );
        }
    }
    assert!(looked_at > 10, "{looked_at} sealed fields");
}
