//! Files on the servers of others: taken where the operator allows them, looked at once and never
//! inside, kept under the key of whoever added them, and gone with that person.

use crate::folder::Folder;
use crate::person::{Browser, Mailbox};
use crate::portability::exported;
use crate::process::Process;
use crate::support::{Client, Server, config};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use stereo::config::Config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A piece of silence in a WAV, with a title: RIFF, with its INFO list.
pub(crate) fn wav(title: &str, millis: u32) -> Vec<u8> {
    let chunk = |name: &[u8; 4], data: &[u8]| {
        let padding = vec![0; data.len() % 2];
        let length = (data.len() as u32).to_le_bytes();
        [&name[..], &length, data, &padding].concat()
    };
    // PCM, one channel of 8,000 samples of 8 bits a second.
    let format = [
        &1u16.to_le_bytes()[..],
        &1u16.to_le_bytes(),
        &8_000u32.to_le_bytes(),
        &8_000u32.to_le_bytes(),
        &1u16.to_le_bytes(),
        &8u16.to_le_bytes(),
    ];
    let title = chunk(b"INAM", format!("{title}\0").as_bytes());
    let parts = [
        b"WAVE".to_vec(),
        chunk(b"fmt ", &format.concat()),
        chunk(b"LIST", &[&b"INFO"[..], &title].concat()),
        chunk(b"data", &vec![128; millis as usize * 8]),
    ];
    chunk(b"RIFF", &parts.concat())
}

/// How a file is given.
#[derive(Clone)]
pub(crate) enum Given {
    /// In parts, as they are asked for.
    InParts(Vec<u8>),
    /// Word for word.
    Said(String),
    /// Nothing ever comes.
    Silence,
}

/// A server of somebody else. What was asked of it is noted.
#[derive(Clone)]
pub(crate) struct Elsewhere {
    pub(crate) origin: String,
    files: Arc<Mutex<HashMap<String, Given>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Elsewhere {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let elsewhere = Self {
            origin: format!("http://{}", listener.local_addr().unwrap()),
            files: Arc::default(),
            asked: Arc::default(),
        };
        let serving = elsewhere.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        elsewhere
    }

    /// The address of a file that is given so from now on.
    pub(crate) fn give(&self, path: &str, given: Given) -> String {
        self.files.lock().insert(path.into(), given);
        format!("{}{path}", self.origin)
    }

    /// The heads of all requests so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().clone()
    }

    async fn serve(self, mut stream: TcpStream) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut head).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        self.asked.lock().push(head.clone());
        let given = self.files.lock().get(&path).cloned();
        let answer = match given {
            None => b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_vec(),
            Some(Given::Said(text)) => text.into_bytes(),
            Some(Given::Silence) => std::future::pending().await,
            Some(Given::InParts(file)) => part(&head, &file),
        };
        let _ = stream.write_all(&answer).await;
    }
}

fn part(head: &str, file: &[u8]) -> Vec<u8> {
    let range = head
        .lines()
        .find_map(|line| line.strip_prefix("range: bytes="));
    let (first, last) = range.and_then(|range| range.split_once('-')).expect(head);
    let first: usize = first.parse().unwrap();
    let end = file.len().min(last.parse::<usize>().unwrap() + 1);
    let body = &file[first..end];
    let head = format!(
        "HTTP/1.1 206 Partial Content\r\ncontent-type: audio/wav\r\ncontent-length: {}\r\ncontent-range: bytes {first}-{}/{}\r\n\r\n",
        body.len(),
        end - 1,
        file.len()
    );
    [head.as_bytes(), body].concat()
}

/// A config that takes files of these, or of anybody.
pub(crate) fn taking(mut config: Config, origins: &[&str]) -> Config {
    config.media.direct = true;
    config.media.direct_origins = origins.iter().map(ToString::to_string).collect();
    config
}

async fn add(client: &mut Client, url: &str) -> Result<Value, Value> {
    client.call("queue.add", json!({"tracks": [url]})).await
}

#[tokio::test]
async fn a_file_elsewhere_is_a_track_once_it_was_looked_at() {
    let elsewhere = Elsewhere::open().await;
    let server = Server::start_with(taking(config(), &[&elsewhere.origin])).await;
    let file = wav("Blue in \u{202e}Green", 90_000);
    let url = elsewhere.give("/a%20file.wav", Given::InParts(file.clone()));
    let (room, token) = server.room(json!({})).await;
    let mut host = server.join(&room, json!({"token": token})).await;
    add(&mut host, &format!("{url}#t=10")).await.unwrap();
    let added = host.event("queue.added").await;
    let track = &added["event"]["items"][0]["track"];
    assert_eq!(track["provider"], "direct");
    assert_eq!(track["title"], "Blue in Green");
    assert_eq!(track["duration_ms"], 90_000);
    assert_eq!(track["url"], url);
    assert_eq!(track["artwork"], Value::Null);
    let asked = elsewhere.asked();
    assert_eq!(
        asked.len(),
        1,
        "{} bytes are looked at in part: {asked:?}",
        file.len()
    );
    // Of whoever added it nothing is told.
    for word in ["cookie", "referer", "origin", "forwarded", &room] {
        assert!(
            !asked[0].to_lowercase().contains(&word.to_lowercase()),
            "{}",
            asked[0]
        );
    }
    // A page asks the same before anything is added.
    let wanted = json!({"tracks": [url]}).to_string();
    let kind = [("content-type", "application/json")];
    let resolved = server
        .http("POST", "/api/tracks/resolve", &kind, wanted.as_bytes())
        .await;
    assert_eq!(resolved.0, 200, "{}", resolved.1);
    let resolved: Value = serde_json::from_str(&resolved.1).unwrap();
    assert_eq!(resolved["tracks"][0]["title"], "Blue in Green");
    // What others serve and what we serve come in one act, or not at all.
    let mixed = json!({"tracks": [server.track(0), url]});
    host.call("queue.add", mixed).await.unwrap();
    let broken = json!({"tracks": [url, server.track(0), "t_nope"]});
    let before = elsewhere.asked().len();
    let refused = host.call("queue.add", broken).await.unwrap_err();
    assert_eq!(refused["data"]["field"], "tracks[2]");
    assert_eq!(elsewhere.asked().len(), before, "nobody was asked in vain");
    let snapshot = host.call("snapshot", json!({})).await.unwrap();
    assert_eq!(snapshot["queue_count"], 2);
}

#[tokio::test]
async fn the_tracks_of_another_server_of_ours_are_read_as_it_gives_them() {
    let other = Server::start().await;
    let demo = other.app.library.search("")[0].clone();
    let origin = format!("http://{}", other.address);
    let server = Server::start_with(taking(config(), &[&origin])).await;
    let (room, token) = server.room(json!({})).await;
    let mut host = server.join(&room, json!({"token": token})).await;
    add(&mut host, &format!("{origin}{}", demo.url))
        .await
        .unwrap();
    let added = host.event("queue.added").await;
    let track = &added["event"]["items"][0]["track"];
    let length = track["duration_ms"].as_u64().unwrap();
    assert!(length.abs_diff(demo.duration_ms) <= 1, "{length}");
}

#[tokio::test]
async fn until_the_operator_allows_it_nothing_elsewhere_is_asked() {
    let elsewhere = Elsewhere::open().await;
    let url = elsewhere.give("/a.wav", Given::InParts(wav("A", 1_000)));
    let nobody = Server::start().await;
    let others = Server::start_with(taking(config(), &["https://music.example.org"])).await;
    for server in [nobody, others] {
        let (room, token) = server.room(json!({})).await;
        let mut host = server.join(&room, json!({"token": token})).await;
        let refused = add(&mut host, &url).await.unwrap_err();
        assert_eq!(refused["data"]["kind"], "not_found");
        assert_eq!(refused["data"]["field"], "tracks[0]");
        let path = format!("/elsewhere?origin={}", elsewhere.origin);
        assert_eq!(server.http("GET", &path, &[], b"").await.0, 404);
    }
    assert_eq!(elsewhere.asked(), [""; 0]);
}

#[tokio::test]
async fn an_address_that_leads_inside_is_refused_however_it_is_written() {
    let inside = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = inside.local_addr().unwrap().port();
    let server = Server::start_with(taking(config(), &[])).await;
    let (room, token) = server.room(json!({})).await;
    let mut host = server.join(&room, json!({"token": token})).await;
    for url in [
        format!("https://127.0.0.1:{port}/a.mp3"),
        format!("https://localhost:{port}/a.mp3"),
        format!("https://2130706433:{port}/a.mp3"),
        format!("https://0x7f.1:{port}/a.mp3"),
        format!("https://[::ffff:127.0.0.1]:{port}/a.mp3"),
        format!("https://0.0.0.0:{port}/a.mp3"),
        format!("http://127.0.0.1:{port}/a.mp3"),
        "https://169.254.169.254/latest/meta-data".into(),
        "https://[fd00::1]/a.mp3".into(),
        "file:///etc/passwd".into(),
    ] {
        let refused = add(&mut host, &url).await.unwrap_err();
        assert_eq!(refused["data"]["kind"], "not_found", "{url}: {refused}");
    }
    let came = tokio::time::timeout(std::time::Duration::from_millis(50), inside.accept());
    assert!(came.await.is_err(), "nobody inside is spoken to");
}

#[tokio::test]
async fn where_an_address_leads_to_is_judged_as_the_address_is() {
    let (elsewhere, other) = (Elsewhere::open().await, Elsewhere::open().await);
    let server = Server::start_with(taking(config(), &[&elsewhere.origin])).await;
    let (room, token) = server.room(json!({})).await;
    let mut host = server.join(&room, json!({"token": token})).await;
    let leads = |to: &str| {
        Given::Said(format!(
            "HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n"
        ))
    };
    let there = elsewhere.give("/there.wav", Given::InParts(wav("There", 2_000)));
    let inside = other.give("/a.wav", Given::InParts(wav("Inside", 2_000)));
    let good = elsewhere.give("/good", leads("/there.wav"));
    add(&mut host, &good).await.unwrap();
    let added = host.event("queue.added").await;
    let track = &added["event"]["items"][0]["track"];
    assert_eq!(
        track["url"], there,
        "listeners ask, and agree to, who serves it"
    );
    for to in [&*inside, "https://169.254.169.254/", "/round"] {
        let round = elsewhere.give("/round", leads(to));
        let refused = add(&mut host, &round).await.unwrap_err();
        assert_eq!(refused["data"]["kind"], "not_found", "{to}");
    }
    assert_eq!(other.asked(), [""; 0]);
    assert!(elsewhere.asked().len() < 12, "no more than a few steps");
}

#[tokio::test]
async fn what_is_no_audio_is_told_plainly_and_changes_nothing() {
    let elsewhere = Elsewhere::open().await;
    let server = Server::start_with(taking(config(), &[&elsewhere.origin])).await;
    let (room, token) = server.room(json!({})).await;
    let mut host = server.join(&room, json!({"token": token})).await;
    let said = |head: &str, body: &str| Given::Said(format!("HTTP/1.1 {head}\r\n\r\n{body}"));
    let long = "<p>".repeat(100_000);
    for (what, given, kind) in [
        (
            "a page",
            said("200 OK\r\ncontent-length: 300000", &long),
            "invalid",
        ),
        (
            "nothing",
            said("200 OK\r\ncontent-length: 0", ""),
            "invalid",
        ),
        ("no length", said("200 OK", "RIFF"), "invalid"),
        (
            "not there",
            said("404 Not Found\r\ncontent-length: 0", ""),
            "not_found",
        ),
        (
            "a failure",
            said("500 Oh\r\ncontent-length: 0", ""),
            "not_found",
        ),
        ("not HTTP", Given::Said("hello\r\n".into()), "not_found"),
        (
            "cut",
            said(
                "206 X\r\ncontent-range: bytes 0-9/9000000\r\ncontent-length: 4",
                "RIFF",
            ),
            "invalid",
        ),
        (
            "another part",
            said(
                "206 X\r\ncontent-range: bytes 5-9/90\r\ncontent-length: 4",
                "RIFF",
            ),
            "invalid",
        ),
        ("an instant", Given::InParts(wav("Too short", 1)), "invalid"),
        ("noise", Given::InParts(vec![0xff; 300_000]), "invalid"),
    ] {
        let url = elsewhere.give("/x", given);
        let refused = add(&mut host, &url).await.unwrap_err();
        assert_eq!(refused["data"]["kind"], kind, "{what}: {refused}");
        assert_eq!(refused["data"]["field"], "tracks[0]", "{what}");
    }
    let snapshot = host.call("snapshot", json!({})).await.unwrap();
    assert_eq!(
        (&snapshot["seq"], &snapshot["current"]),
        (&json!(0), &Value::Null)
    );
}

#[tokio::test]
async fn nobody_waits_for_who_serves_slowly_but_what_is_theirs() {
    let elsewhere = Elsewhere::open().await;
    let server = Server::start_with(taking(config(), &[&elsewhere.origin])).await;
    let (room, token) = server.room(json!({})).await;
    let mut host = server.join(&room, json!({"token": token})).await;
    let url = elsewhere.give("/slow", Given::Silence);
    let wish =
        json!({"jsonrpc": "2.0", "id": 77, "method": "queue.add", "params": {"tracks": [url]}});
    host.send_text(wish.to_string()).await;
    while elsewhere.asked().is_empty() {
        tokio::task::yield_now().await;
    }
    // The same socket goes on, and so does the room.
    host.call("clock", json!({"t0": 1.0})).await.unwrap();
    let track = server.track(0);
    host.call("queue.add", json!({"tracks": [track]}))
        .await
        .unwrap();
    host.event("playback.changed").await;
}

#[tokio::test]
async fn a_file_is_added_once_however_often_that_is_asked_and_only_for_who_may() {
    let elsewhere = Elsewhere::open().await;
    let server = Server::start_with(taking(config(), &[&elsewhere.origin])).await;
    let (room, token) = server.room(json!({"permissions": {"add": "host"}})).await;
    let mut host = server.join(&room, json!({"token": token})).await;
    let url = elsewhere.give("/a.wav", Given::InParts(wav("A", 60_000)));
    let wish = json!({"tracks": [url], "op": "once"});
    let first = host.call("queue.add", wish.clone()).await.unwrap();
    let asked = elsewhere.asked().len();
    let again = host.call("queue.add", wish).await.unwrap();
    assert_eq!(again, first);
    assert_eq!(elsewhere.asked().len(), asked, "it is not looked at again");
    let other = json!({"tracks": [url, url], "op": "once"});
    assert_eq!(host.refusal("queue.add", other).await, "conflict");
    let mut guest = server.join(&room, json!({})).await;
    let refused = guest.call("queue.add", json!({"tracks": [url]})).await;
    assert_eq!(refused.unwrap_err()["data"]["kind"], "not_allowed");
    assert_eq!(
        elsewhere.asked().len(),
        asked,
        "for who may not add nobody is asked"
    );
    let snapshot = host.call("snapshot", json!({})).await.unwrap();
    assert_eq!(snapshot["queue_count"], 0, "it plays, and is there once");
}

#[tokio::test]
async fn a_frame_may_load_sound_of_the_one_server_that_it_is_for() {
    let server = Server::start_with(taking(config(), &[])).await;
    let get = |origin: &'static str| {
        let path = format!("/elsewhere?origin={origin}");
        let server = &server;
        async move {
            server
                .http_full(server.address, "GET", &path, &[], b"")
                .await
        }
    };
    let (status, head, body) = get("https%3A%2F%2Fmusic.example.org").await;
    assert_eq!(status, 200);
    let head = head.to_lowercase();
    let policy = "content-security-policy: default-src 'none'; media-src https://music.example.org; base-uri 'none'; form-action 'none'; frame-ancestors 'self'\r\n";
    assert!(head.contains(policy), "{head}");
    assert_eq!(head.matches("content-security-policy").count(), 1);
    assert!(head.contains("referrer-policy: no-referrer"), "{head}");
    assert!(!String::from_utf8(body).unwrap().contains("script"));
    for refused in [
        "",
        "http://music.example.org",
        "https://music.example.org/",
        "https://*.example.org",
        "https://a;script-src",
        "https://a%0d%0ax",
        "https://a%20b",
        "data:",
        "*",
    ] {
        assert_eq!(get(refused).await.0, 404, "{refused}");
    }
    // The pages themselves load from nowhere else, whatever is allowed.
    let (_, head, _) = server.http_full(server.address, "GET", "/", &[], b"").await;
    assert!(head.contains("media-src 'self' blob:;"), "{head}");
}

/// What plays, comes and has played, as its host sees it.
async fn titles(host: &mut Client) -> (Vec<String>, Vec<String>) {
    let snapshot = host.call("snapshot", json!({})).await.unwrap();
    let queue = snapshot["queue"].as_array().unwrap().iter();
    let items = std::iter::once(&snapshot["current"]).chain(queue);
    let title = |item: &Value| Some(item["track"]["title"].as_str()?.to_owned());
    let items = items.filter_map(title).collect();
    let history = host.call("history", json!({})).await.unwrap();
    let played = history["history"].as_array().expect("a history").iter();
    (items, played.filter_map(title).collect())
}

#[tokio::test]
async fn tracks_elsewhere_stay_with_the_room_and_go_with_who_added_them() {
    let (elsewhere, mut mailbox) = (Elsewhere::open().await, Mailbox::open().await);
    let kept = Folder::new();
    let data = kept.data();
    let settings = [
        ("STEREO_MEDIA__DIRECT", "true"),
        ("STEREO_MEDIA__DIRECT_ORIGINS", &*elsewhere.origin),
    ];
    let start = |mailbox: &Mailbox| Process::start_with(&data, mailbox, &settings);
    let process = start(&mailbox);
    let (mut ada, mut eve) = (Browser::at(process.address), Browser::at(process.address));
    ada.sign_in(&mut mailbox, "ada@example.org").await;
    eve.sign_in(&mut mailbox, "eve@example.org").await;
    let wish = json!({"title": "Ours", "temporary": false});
    let (_, opened) = ada.ask("POST", "/api/rooms", wish).await;
    let room = opened["room"]["id"].as_str().unwrap().to_owned();
    let mut host = ada.join(&room, json!({"name": "Ada"})).await;
    let mut other = eve.join(&room, json!({"name": "Eve"})).await;
    let guest = Browser::at(process.address);
    let mut guest = guest.join(&room, json!({"name": "Guest"})).await;
    let add = async |client: &mut Client, title: &str| {
        let path = format!("/{}.wav", title.replace(' ', "-"));
        let url = elsewhere.give(&path, Given::InParts(wav(title, 600_000)));
        let added = client.call("queue.add", json!({"tracks": [url]})).await;
        added.unwrap()
    };
    for title in ["ndl eve played", "ndl eve plays", "ndl eve comes"] {
        add(&mut other, title).await;
    }
    add(&mut guest, "ndl guest comes").await;
    add(&mut host, "ndl ada comes").await;
    let first = host.call("snapshot", json!({})).await.unwrap();
    let first = json!({"item": first["current"]["id"]});
    host.call("playback.skip", first).await.unwrap();
    let before = titles(&mut host).await;
    assert_eq!(before.0.len(), 4);
    assert_eq!(before.1, ["ndl eve played"]);
    process.kill();

    // Kept, and readable to nobody without the keys.
    let words = [
        "ndl eve",
        "ndl-eve",
        "ndl guest",
        "ndl-guest",
        "ndl ada",
        "ndl-ada",
    ];
    assert_eq!(kept.saying(&words), [""; 0], "they are sealed");
    let tracks = "SELECT count(*) FROM room_tracks";
    let rows: u32 = kept
        .database()
        .query_row(tracks, [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 5);
    let process = start(&mailbox);
    let again = |before: &Browser| {
        let mut browser = Browser::at(process.address);
        browser.cookies = before.cookies.clone();
        browser
    };
    let (mut ada, mut eve) = (again(&ada), again(&eve));
    let mut host = ada.join(&room, json!({})).await;
    assert_eq!(titles(&mut host).await, before);

    // The guest goes: their track with them, and everybody hears of it.
    let token = guest.joined["you"]["token"].clone();
    let mut guest = Browser::at(process.address)
        .join(&room, json!({"token": token}))
        .await;
    guest.call("me.forget", json!({})).await.unwrap();
    host.event("queue.removed").await;
    let (items, _) = titles(&mut host).await;
    assert_eq!(items, ["ndl eve plays", "ndl eve comes", "ndl ada comes"]);
    let rows: u32 = kept
        .database()
        .query_row(tracks, [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 4);

    // So does an account, from the rooms of others: what it added is in its export before.
    let (_, export) = exported(&mut eve).await;
    assert!(export.to_string().contains("ndl eve comes"), "{export}");
    let (_, me) = eve.ask("GET", "/api/me", Value::Null).await;
    let confirm = json!({"confirm": me["handle"]});
    // Of whose room it is, the export has only that there is something.
    let (_, of_ada) = exported(&mut ada).await;
    let of_ada = of_ada.to_string();
    assert!(
        of_ada.contains("ndl ada comes") && !of_ada.contains("ndl eve"),
        "{of_ada}"
    );
    let (status, receipt) = eve.ask("DELETE", "/api/me", confirm).await;
    assert!(matches!(status, 200 | 202), "{receipt}");
    let (items, played) = titles(&mut host).await;
    assert_eq!((items, played), (vec!["ndl ada comes".to_owned()], vec![]));
    let rows: u32 = kept
        .database()
        .query_row(tracks, [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 1);

    // And what its owner removes.
    let last = host.call("snapshot", json!({})).await.unwrap();
    let last = json!({"item": last["current"]["id"]});
    host.call("queue.remove", last).await.unwrap();
    let rows: u32 = kept
        .database()
        .query_row(tracks, [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 0);

    // What the operator takes no more is not told any more.
    add(&mut host, "ndl ada once more").await;
    assert_eq!(titles(&mut host).await.0, ["ndl ada once more"]);
    process.kill();
    let process = Process::start(&data, &mailbox);
    let mut back = Browser::at(process.address);
    back.cookies = ada.cookies.clone();
    let mut host = back.join(&room, json!({})).await;
    assert_eq!(titles(&mut host).await.0, [""; 0]);
    process.kill();
}
