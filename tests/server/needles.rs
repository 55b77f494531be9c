//! Needles: a person fills every field that there is, with something that is found nowhere else;
//! then goes, and everything is searched that the server wrote or said: every file of its folder,
//! its log, its metrics, and what other people are told afterwards.

use crate::elsewhere::{Elsewhere, Given, wav};
use crate::folder::Folder;
use crate::person::{Browser, Mailbox};
use crate::portability::unzipped;
use crate::process::Process;
use crate::support::{Client, exchange, open_socket};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusqlite::types::ValueRef;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use stereo::keystore::{self, FieldKey, KeyId, KeyStore, Paths};
use stereo::privacy::inventory::{INVENTORY, Kept, Place};
use stereo::store::{AccountId, Accounts, Identity, NewPasskey, Passkeys, SqliteStore};

/// What people of the test write, by where the inventory says that it lives, sealed. A sealed
/// column that is not in here fails the test: it has to be planted.
const PLANTED: &[(&str, &str, &[&str])] = &[
    ("accounts", "handle", &["ndl_handle"]),
    // Of a closed set: it is in the export, and no needle elsewhere.
    ("accounts", "preferences", &[]),
    ("accounts", "picture", &[]),
    ("accounts", "policy_told", &[]),
    ("mails", "content", &[]),
    ("pictures", "small", &[]),
    ("pictures", "large", &[]),
    ("emails", "address", &["ndl-mail@example.org"]),
    (
        "subjects",
        "subject",
        &["https://ndl-issuer.example", "ndl-person"],
    ),
    ("passkeys", "credential_id", &[]),
    ("passkeys", "credential", &[]),
    ("passkeys", "label", &["ndl passkey"]),
    ("sessions", "label", &["ndl label", "ndl robot"]),
    ("threads", "content", &["ndl subject"]),
    ("letters", "content", &["ndl letter", "ndl second letter"]),
    ("rooms", "settings", &["ndl retitled", "ndl locked"]),
    ("room_members", "person", &["ndl Name"]),
    ("room_bans", "banned", &[]),
    ("room_tracks", "content", &["ndl track", "ndl-track"]),
];

/// What is only there while a mail waits, or after a new version of the policy; the tests of mails
/// plant it.
const AT_TIMES: [&str; 2] = ["mails", "policy_told"];

/// What people of the test write that is kept nowhere, or in memory alone.
const VOLATILE: &[&str] = &[
    "ndl title",
    "ndl First",
    "ndl password",
    "ndl chat",
    "ndl guest",
    "ndl of guest",
    "ndl-of-guest",
    "ndl said",
    "ndl-agent",
    "ndl-path",
    "ndl-query",
    "ndl-header",
    "ndl-body",
    "ndl-socket",
    "ndl-eve@example.org",
    "ndl-nobody@example.org",
    "203.0.113.77",
];

/// What is in the picture file beside its points.
const METADATA: &str = "ndl-metadata";

fn needles() -> impl Iterator<Item = &'static str> {
    let planted = PLANTED.iter().flat_map(|(_, _, needles)| *needles);
    planted.chain(VOLATILE).copied().chain([METADATA])
}

impl Folder {
    fn keys_copy(&self) -> PathBuf {
        self.beside("keys_copy")
    }

    /// What is in the rows of guests, and their entries in the key store.
    fn traces_of_guests(&self) -> Vec<Vec<u8>> {
        let db = self.database();
        let mut traces = Vec::new();
        for select in [
            "SELECT key, person FROM room_members WHERE key IS NOT NULL",
            "SELECT key, banned FROM room_bans WHERE key IS NOT NULL",
            "SELECT key, content FROM room_tracks WHERE key IS NOT NULL",
        ] {
            let mut select = db.prepare(select).unwrap();
            let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
            for row in rows.unwrap() {
                let (key, sealed): (Vec<u8>, Vec<u8>) = row.unwrap();
                traces.push(sealed[..sealed.len().min(64)].to_vec());
                traces.push(entry(&self.keys(), &key).expect("a guest's key"));
                traces.push(key);
            }
        }
        traces
    }

    fn keys(&self) -> Vec<u8> {
        std::fs::read(self.data().join("keys")).unwrap()
    }

    /// Everything sealed, hashed or random that a table keeps in rows of one person.
    fn traces(&self, account: i64) -> Vec<Vec<u8>> {
        let db = self.database();
        let mut traces = vec![account.to_be_bytes().to_vec()];
        for (table, of) in [
            ("accounts", "id"),
            ("emails", "account"),
            ("subjects", "account"),
            ("passkeys", "account"),
            ("pictures", "account"),
            ("sessions", "account"),
            ("threads", "account"),
            ("letters", "account"),
            ("rooms", "owner"),
            ("room_members", "account"),
            ("room_bans", "account"),
            ("room_tracks", "account"),
        ] {
            let select = format!("SELECT * FROM {table} WHERE {of} = ?1");
            let mut select = db.prepare(&select).unwrap();
            let columns = select.column_count();
            let mut rows = select.query([account]).unwrap();
            let mut some = false;
            while let Some(row) = rows.next().unwrap() {
                some = true;
                for column in 0..columns {
                    if let ValueRef::Blob(bytes) = row.get_ref(column).unwrap()
                        && bytes.len() >= 8
                    {
                        // A long one does not lie in one piece.
                        traces.push(bytes[..bytes.len().min(64)].to_vec());
                    }
                }
            }
            assert!(some, "nothing in {table}");
        }
        let key = "SELECT key FROM accounts WHERE id = ?1";
        let key: Vec<u8> = db.query_row(key, [account], |row| row.get(0)).unwrap();
        traces.push(entry(&self.keys(), &key).expect("the account's key, wrapped"));
        traces
    }

    /// Every sealed field of an account, with where it stands.
    fn sealed(&self, account: i64) -> Vec<SealedField> {
        let db = self.database();
        let mut fields = Vec::new();
        for kind in INVENTORY.iter().filter(|kind| kind.kept == Kept::Sealed) {
            let Place::Column(table, column) = kind.place else {
                continue;
            };
            let (of, row) = match table {
                "accounts" => ("id", "id"),
                "pictures" => ("account", "account"),
                "rooms" => ("owner", "id"),
                "room_members" => ("account", "room || '/' || member"),
                "room_bans" => ("account", "room || '/' || ban"),
                "room_tracks" => ("account", "room || '/' || track"),
                _ => ("account", "id"),
            };
            let select = format!(
                "SELECT {row}, {column} FROM {table} WHERE {of} = ?1 AND {column} IS NOT NULL"
            );
            let mut select = db.prepare(&select).unwrap();
            let rows = select.query_map([account], |row| {
                let place = match row.get_ref(0)? {
                    ValueRef::Integer(number) => number.to_be_bytes().to_vec(),
                    other => other.as_bytes().unwrap().to_vec(),
                };
                Ok(SealedField {
                    table,
                    column,
                    row: place,
                    sealed: row.get(1)?,
                })
            });
            let rows: Vec<_> = rows.unwrap().map(Result::unwrap).collect();
            let at_times = kind
                .exported
                .is_some_and(|section| AT_TIMES.contains(&section));
            assert!(
                at_times || !rows.is_empty(),
                "{table}.{column}: nothing was planted"
            );
            fields.extend(rows);
        }
        fields
    }

    fn only_account_with_an_address(&self) -> Vec<i64> {
        let database = self.data().join("stereo.db");
        let db = rusqlite::Connection::open(database).unwrap();
        let mut select = db.prepare("SELECT account FROM emails").unwrap();
        let rows = select.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }
}

/// A sealed field, as it stands in a table.
struct SealedField {
    table: &'static str,
    column: &'static str,
    row: Vec<u8>,
    sealed: Vec<u8>,
}

/// The sealed content of the key store's entry of this name.
fn entry(keys: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let (places, _) = keys.as_chunks::<128>();
    let place = places.iter().find(|place| place[8..].starts_with(name))?;
    Some(place[64..112].to_vec())
}

/// All keys that a key store holds.
pub(crate) fn all_keys(folder: &Path) -> Vec<FieldKey> {
    let paths = Paths {
        keys: folder.join("keys"),
        server_key: folder.join("server.key"),
        copy: None,
    };
    let bytes = std::fs::read(&paths.keys).unwrap();
    let store = KeyStore::open(&paths, true).unwrap();
    let (places, _) = bytes.as_chunks::<128>();
    let names = places.iter().skip(1).map(|place| {
        let name: [u8; 16] = place[8..24].try_into().unwrap();
        store.key(KeyId(name)).unwrap()
    });
    names.flatten().collect()
}

/// How many of these fields some key opens.
fn opened(fields: &[SealedField], keys: &[FieldKey]) -> usize {
    let opens = |field: &&SealedField| {
        let place = || keystore::Place {
            table: field.table,
            column: field.column,
            row: &field.row,
        };
        keys.iter()
            .any(|key| key.open(place(), &field.sealed).is_some())
    };
    fields.iter().filter(opens).count()
}

/// Asks for everything that there is, and more, by every method, with something of a person in
/// every part of it.
pub(crate) async fn ask_everything(server: &Process, browser: &mut Browser) {
    let (_, _, described) = exchange(server.address, "GET", "/api/openapi.json", &[], b"").await;
    let described: Value = serde_json::from_slice(&described).unwrap();
    let mut paths: Vec<String> = described["paths"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    paths.extend(
        [
            "/",
            "/settings",
            "/privacy",
            "/ndl-path",
            "/api/ndl-path",
            "/assets/ndl-path",
            "/rooms/{id}/socket",
        ]
        .map(str::to_owned),
    );
    // What ends the session comes last.
    paths.sort_by_key(|path| path.contains("sign-out") || path.ends_with("/sessions"));
    let cookie = browser.cookie();
    let origin = format!("http://{}", server.address);
    for path in paths {
        let mut asked = String::new();
        for part in path.split_inclusive('/') {
            match part.starts_with('{') {
                true => asked += &format!("ndl-path{}", if part.ends_with('/') { "/" } else { "" }),
                false => asked += part,
            }
        }
        let asked =
            format!("{asked}?query=ndl-query&code=ndl-query&state=ndl-query&email=ndl-query");
        for method in [
            "GET",
            "HEAD",
            "POST",
            "PUT",
            "PATCH",
            "DELETE",
            "OPTIONS",
            "NDL-METHOD",
        ] {
            let mut headers = vec![
                ("user-agent", "ndl-agent"),
                ("referer", "http://ndl-agent/"),
                ("x-forwarded-for", "203.0.113.77"),
                ("x-request-id", "ndl-header"),
                ("accept-language", "ndl-header"),
                ("authorization", "Basic ndl-header"),
                ("content-type", "application/json"),
                ("origin", origin.as_str()),
            ];
            if !cookie.is_empty() {
                headers.push(("cookie", &cookie));
            }
            let body = r#"{"email":"ndl-nobody@example.org","token":"ndl-body","code":"ndl-body","title":"ndl-body\u0007","text":7,"label":["ndl-body"],"handle":"ndl-body","confirm":"ndl-body","tracks":["ndl-body"],"language":"ndl-body"}"#;
            exchange(server.address, method, &asked, &headers, body.as_bytes()).await;
        }
    }
}

/// Every method of the socket, and what is none, with something of a person in every part of it.
pub(crate) async fn say_everything(server: &Process, room: &str) {
    const METHODS: [&str; 32] = [
        "clock",
        "snapshot",
        "events",
        "queue",
        "members",
        "history",
        "log",
        "bans",
        "invites",
        "queue.add",
        "queue.remove",
        "queue.move",
        "queue.clear",
        "queue.shuffle",
        "queue.vote",
        "queue.undo",
        "playback.play",
        "playback.pause",
        "playback.seek",
        "playback.skip",
        "playback.vote_skip",
        "playback.jump",
        "react",
        "chat.remove",
        "member.role",
        "member.mute",
        "member.kick",
        "member.unban",
        "member.admit",
        "invite.create",
        "invite.revoke",
        "ndl-socket",
    ];
    let params = json!({"name": "ndl-socket", "tracks": ["ndl-socket"], "item": "ndl-socket", "member": "ndl-socket", "epoch": "ndl-socket", "after": "ndl-socket", "reaction": "ndl-socket", "token": "ndl-socket", "ticket": "ndl-socket", "role": "ndl-socket", "t0": "ndl-socket", "op": "ndl-socket"});
    for joined in [false, true] {
        let mut client = open_socket(server.address, room, &[]).await.unwrap();
        if joined {
            client
                .call("join", json!({"name": "ndl guest"}))
                .await
                .unwrap();
        }
        for method in METHODS {
            let _ = client.call(method, params.clone()).await;
        }
        client.send_text("{\"jsonrpc\":\"ndl-socket").await;
        client
            .until(|message| message["error"]["code"] == -32700)
            .await;
        let mut wrong = open_socket(server.address, room, &[]).await.unwrap();
        for password in ["ndl password", "ndl-socket", "ndl-socket"] {
            let shown = json!({"name": "ndl guest", "ticket": password, "invite": password, "password": password});
            let _ = wrong.call("join", shown).await;
        }
        if joined {
            client.call("me.forget", json!({})).await.ok();
        }
    }
}

async fn join(address: std::net::SocketAddr, room: &str, params: Value) -> Client {
    let mut client = open_socket(address, room, &[]).await.unwrap();
    client.joined = client.call("join", params).await.expect("joined");
    client
}

/// Everything that somebody who comes in now is told.
pub(crate) async fn told(client: &mut Client) -> String {
    let mut told = client.joined.to_string();
    let after = json!({"epoch": client.joined["epoch"], "after": 0});
    for (method, params) in [
        ("snapshot", json!({})),
        ("events", after),
        ("queue", json!({})),
        ("members", json!({})),
        ("history", json!({})),
        ("log", json!({})),
    ] {
        let answer = client.call(method, params).await;
        told += &match answer {
            Ok(answer) | Err(answer) => answer.to_string(),
        };
    }
    told
}

/// A PNG with a text in it that is no point of the picture (PNG §11.3.4.3, `tEXt`).
fn picture_with_metadata() -> Vec<u8> {
    let png = include_bytes!("picture.png");
    let text = [b"tEXtAuthor\0", METADATA.as_bytes()].concat();
    let mut crc = flate2::Crc::new();
    crc.update(&text);
    let length = (text.len() as u32 - 4).to_be_bytes();
    // Behind the signature and the first chunk.
    let (head, rest) = png.split_at(33);
    [head, &length, &text, &crc.sum().to_be_bytes(), rest].concat()
}

/// What cannot be filled without a provider and an authenticator is put into the store itself.
async fn plant_in_store(folder: &Folder, account: i64) {
    let config = stereo::config::Store {
        data: folder.data(),
        keys_copy: folder.keys_copy(),
        ..stereo::config::Store::default()
    };
    let clock = std::sync::Arc::new(stereo::clock::Clock::start());
    let store = SqliteStore::open(&config, clock).unwrap();
    let account = AccountId::from_bits(account as u64);
    let subject = Identity::Subject {
        provider: "https://ndl-issuer.example".into(),
        subject: "ndl-person".into(),
    };
    store.add_identity(account, subject).await.unwrap();
    (store
        .add_contact(account, "ndl-contact@example.org".into())
        .await)
        .unwrap();
    let passkey = NewPasskey {
        account,
        credential_id: CREDENTIAL.as_bytes().into(),
        credential: CREDENTIAL.as_bytes().into(),
        label: "ndl passkey".into(),
    };
    store.add_passkey(passkey).await.unwrap();
}

/// Stands for what an authenticator makes.
const CREDENTIAL: &str = "ndl-credential-of-an-authenticator";

async fn export(browser: &mut Browser) -> (Value, String) {
    let (status, _, zip) = browser.send("GET", "/api/me/export", "", b"").await;
    assert_eq!(status, 200);
    let document = unzipped(&zip, "stereo-export.json").unwrap();
    assert!(unzipped(&zip, "picture.jpg").is_some());
    let page = unzipped(&zip, "index.html").unwrap();
    let document = serde_json::from_slice(&document).unwrap();
    (document, String::from_utf8(page).unwrap())
}

/// The export has everything that the inventory says is exported, and every needle.
async fn the_export_equals_the_store(browser: &mut Browser) {
    let (document, page) = export(browser).await;
    for kind in INVENTORY {
        let Some(section) = kind.exported else {
            continue;
        };
        let part = &document[section];
        let empty = part.is_null() || *part == json!([]) || *part == json!("");
        assert!(document.get(section).is_some(), "{section}");
        assert!(
            !empty || AT_TIMES.contains(&section),
            "{section}, for {:?}",
            kind.place
        );
    }
    for kind in INVENTORY.iter().filter(|kind| kind.kept == Kept::Sealed) {
        let Place::Column(table, column) = kind.place else {
            continue;
        };
        let planted = PLANTED.iter().find(|(t, c, _)| (*t, *c) == (table, column));
        let (_, _, needles) = planted.unwrap_or_else(|| panic!("{table}.{column}: no needle"));
        let section = kind.exported.expect("what is sealed is its owner's");
        let part = document[section].to_string();
        for needle in *needles {
            assert!(
                part.contains(needle),
                "{needle} is not in {section}: {part}"
            );
            assert!(page.contains(needle), "{needle} is not on the page");
        }
    }
    let preferences = &document["preferences"];
    assert_eq!(
        (&preferences["language"], &preferences["room_mails"]),
        (&json!("vi"), &json!(true))
    );
    let credential = URL_SAFE_NO_PAD.encode(CREDENTIAL);
    let passkey = &document["passkeys"][0];
    assert_eq!(
        (&passkey["credential"], &passkey["credential_id"]),
        (&json!(credential), &json!(credential))
    );
    let rooms = document["rooms"].as_array().unwrap();
    let bans = rooms
        .iter()
        .flat_map(|room| room["bans"].as_array().unwrap());
    assert_eq!(
        bans.count(),
        2,
        "the one she set, and the one that is about her"
    );
    let live = document["live"].to_string();
    for needle in ["ndl chat at home", "ndl chat"] {
        assert!(live.contains(needle), "{needle} is not in {live}");
    }
}

#[tokio::test]
async fn nothing_of_a_person_is_found_anywhere_after_they_went() {
    let (folder, mut mailbox) = (Folder::new(), Mailbox::open().await);
    let (copied, elsewhere) = (folder.keys_copy(), Elsewhere::open().await);
    let more = [
        ("STEREO_STORE__KEYS_COPY", copied.to_str().unwrap()),
        ("STEREO_MEDIA__DIRECT", "true"),
        ("STEREO_MEDIA__DIRECT_ORIGINS", &*elsewhere.origin),
    ];
    let away = |path: &str, title: &str| {
        let url = elsewhere.give(path, Given::InParts(wav(title, 60_000)));
        json!({"tracks": [url]})
    };
    let server = Process::start_with(&folder.data(), &mailbox, &more);
    let (mut bob, mut ada) = (Browser::at(server.address), Browser::at(server.address));
    bob.sign_in(&mut mailbox, "bob@example.org").await;
    let of_bob = folder.only_account_with_an_address();
    let bobs = bob.open_room(json!({"title": "Bob's"})).await;
    let against = bob.open_room(json!({"title": "Bob's, without her"})).await;
    ada.sign_in(&mut mailbox, "ndl-mail@example.org").await;
    let account = folder.only_account_with_an_address();
    let account = *account.iter().find(|id| !of_bob.contains(id)).unwrap();
    server.kill();
    plant_in_store(&folder, account).await;
    let server = Process::start_with(&folder.data(), &mailbox, &more);
    (bob.address, ada.address) = (server.address, server.address);

    // Ada fills everything.
    let choices = json!({"handle": "ndl_handle", "language": "vi", "mails": {"rooms": true}});
    assert_eq!(ada.ask("PATCH", "/api/me", choices).await.0, 200);
    let png = picture_with_metadata();
    let (status, _, picture) = ada.send("PUT", "/api/me/picture", "image/png", &png).await;
    let picture: Value = serde_json::from_slice(&picture).unwrap();
    assert_eq!(status, 200, "{picture}");
    let picture = picture["picture"]["small"].as_str().unwrap().to_owned();
    let (_, sessions) = ada.ask("GET", "/api/me/sessions", Value::Null).await;
    let session = sessions["sessions"][0]["id"].as_str().unwrap();
    let session = format!("/api/me/sessions/{session}");
    let label = json!({"label": "ndl label"});
    assert_eq!(ada.ask("PATCH", &session, label).await.0, 200);
    let label = json!({"label": "ndl robot"});
    let (_, robot) = ada.ask("POST", "/api/me/sessions", label).await;
    let robot = robot["token"].as_str().unwrap().to_owned();
    let letter = json!({"subject": "ndl subject", "text": "ndl letter"});
    let (status, thread) = ada.ask("POST", "/api/me/correspondence", letter).await;
    assert_eq!(status, 201, "{thread}");
    let thread = format!("/api/me/correspondence/{}", thread["id"].as_str().unwrap());
    let letter = json!({"text": "ndl second letter"});
    assert_eq!(ada.ask("POST", &thread, letter).await.0, 201);
    let locked = json!({"title": "ndl locked", "password": "ndl password"});
    let locked = ada.open_room(locked).await;
    let adas = ada.open_room(json!({"title": "ndl title"})).await;
    let mut at_home = ada.join(&adas, json!({"name": "ndl First"})).await;
    for (method, params) in [
        ("room.update", json!({"title": "ndl retitled"})),
        ("me.rename", json!({"name": "ndl Name"})),
        ("chat.send", json!({"text": "ndl chat at home"})),
    ] {
        at_home.call(method, params).await.unwrap();
    }
    let invited = json!({"role": "collaborator", "uses": 3});
    let invited = at_home.call("invite.create", invited).await.unwrap();
    let invitation = invited["token"].as_str().unwrap().to_owned();
    let mut banned = join(server.address, &adas, json!({"name": "ndl guest"})).await;
    let ban = json!({"member": banned.joined["you"]["member"], "ban_ms": 3_600_000});
    at_home.call("member.kick", ban).await.unwrap();
    assert_eq!(banned.close_code().await, 4500);
    let mut visiting = ada.join(&bobs, json!({"name": "ndl Name"})).await;
    let (_, tracks) = ada.ask("GET", "/api/tracks", Value::Null).await;
    let track = tracks["tracks"][0]["id"].as_str().unwrap().to_owned();
    visiting
        .call("chat.send", json!({"text": "ndl chat"}))
        .await
        .unwrap();
    for _ in 0..2 {
        let add = json!({"tracks": [track]});
        visiting.call("queue.add", add).await.unwrap();
    }
    let add = away("/ndl-track.wav", "ndl track");
    visiting.call("queue.add", add).await.unwrap();
    let mut unwelcome = ada.join(&against, json!({"name": "ndl Name"})).await;
    let mut host = bob.join(&against, json!({})).await;
    let ban = json!({"member": unwelcome.you, "ban_ms": 3_600_000});
    host.call("member.kick", ban).await.unwrap();
    assert_eq!(unwelcome.close_code().await, 4500);
    // A guest, who is erased by themselves, of whom the room keeps something until then.
    let mut guest = join(server.address, &bobs, json!({"name": "ndl guest"})).await;
    guest
        .call("chat.send", json!({"text": "ndl said"}))
        .await
        .unwrap();
    guest
        .call("queue.add", json!({"tracks": [track]}))
        .await
        .unwrap();
    let add = away("/ndl-of-guest.wav", "ndl of guest");
    guest.call("queue.add", add).await.unwrap();
    // What nobody should keep: addresses, agents, paths, wrong requests of everybody.
    let mut eve = Browser::signed_in(server.address, &mut mailbox, "ndl-eve@example.org").await;
    for browser in [&mut Browser::at(server.address), &mut eve] {
        ask_everything(&server, browser).await;
        assert!(
            mailbox.letter().await.contains("ndl-nobody"),
            "asked for with the rest"
        );
    }
    say_everything(&server, &bobs).await;
    let mut other = bob.join(&bobs, json!({})).await;
    let before = told(&mut other).await;
    // What he was told when he came is his; from here on only what he is told now counts.
    other.joined = json!({"epoch": other.joined["epoch"]});
    host.joined = json!({"epoch": host.joined["epoch"]});
    other.seen.clear();
    host.seen.clear();
    for shown in ["ndl Name", "ndl chat", "ndl guest", "ndl said", "ndl track"] {
        assert!(before.contains(shown), "{shown}: others see it");
    }
    assert!(
        !before.contains("ndl-mail"),
        "an address is never seen by others"
    );
    the_export_equals_the_store(&mut ada).await;

    // While she is here: sealed, and found as what it is sealed to, where the inventory says.
    let held = ada.cookie();
    let shown: Vec<String> = needles().map(str::to_owned).collect();
    let secrets = [
        &held[held.find('=').unwrap() + 1..],
        &robot,
        &invitation,
        CREDENTIAL,
    ];
    let texts: Vec<&str> = shown.iter().map(String::as_str).chain(secrets).collect();
    assert_eq!(folder.saying(&texts), [""; 0], "in the clear");
    let traces = [folder.traces(account), folder.traces_of_guests()].concat();
    let places = ["stereo.db", "stereo.db-wal", "keys", "keys_copy"];
    for trace in &traces {
        let found = folder.holding(trace);
        assert!(!found.is_empty(), "it can be found");
        assert!(
            found.iter().all(|file| places.contains(&&**file)),
            "{found:?}"
        );
    }
    let fields = folder.sealed(account);
    let copy = tempfile::tempdir().unwrap();
    let (data, keys) = (copy.path().join("data"), copy.path().join("keys"));
    for folder in [&data, &keys] {
        std::fs::create_dir(folder).unwrap();
    }
    let take = |file: &str, to: &Path| {
        let from = folder.data().join(file);
        if from.exists() {
            std::fs::copy(from, to.join(file)).unwrap();
        }
    };
    for file in ["stereo.db", "stereo.db-wal"] {
        take(file, &data);
    }
    for file in ["keys", "server.key"] {
        take(file, &keys);
    }
    assert_eq!(
        opened(&fields, &all_keys(&keys)),
        fields.len(),
        "each opens now"
    );

    // She goes.
    let wrong = json!({"confirm": "ndl_handl"});
    let (status, refused) = ada.ask("DELETE", "/api/me", wrong).await;
    assert_eq!((status, &refused["field"]), (400, &json!("confirm")));
    let confirmed = json!({"confirm": "ndl_handle"});
    let (status, receipt) = ada.ask("DELETE", "/api/me", confirmed).await;
    assert_eq!(
        (status, &receipt["erased"]),
        (200, &json!(true)),
        "{receipt}"
    );
    assert!(receipt["sought"].as_u64().unwrap() > 10, "{receipt}");
    let searched = receipt["places"].as_array().unwrap();
    assert!(
        searched.iter().all(|place| place["found"] == 0),
        "{receipt}"
    );
    assert!(ada.cookies.is_empty());
    assert_eq!(at_home.close_code().await, 4503);
    assert_eq!(visiting.close_code().await, 4503);
    guest.call("me.forget", json!({})).await.ok();
    let path = format!("/api/receipts/{}", receipt["receipt"].as_str().unwrap());
    let mut anybody = Browser::at(server.address);
    let (status, again) = anybody.ask("GET", &path, Value::Null).await;
    assert_eq!((status, &again["erased"]), (200, &json!(true)));

    // Nobody is her any more, and nobody is told of her.
    for headers in [
        [("cookie", held.as_str())],
        [("authorization", &format!("Bearer {robot}"))],
    ] {
        let (status, _, _) = exchange(server.address, "GET", "/api/me", &headers, b"").await;
        assert_eq!(status, 401);
    }
    let (status, _, _) = exchange(server.address, "GET", &picture, &[], b"").await;
    assert_eq!(status, 404);
    for room in [&adas, &locked] {
        let mut gone = open_socket(server.address, room, &[]).await.unwrap();
        let gone = gone.refusal("join", json!({"invite": invitation})).await;
        assert_eq!(gone, "not_found", "her room is gone");
    }
    other.event("member.erased").await;
    let mut nowhere: Vec<&str> = needles().collect();
    nowhere.push(&picture);
    for _ in 0..2 {
        // Both who were there, and somebody new; and what is listed for everybody.
        let mut new = join(server.address, &bobs, json!({"name": "New"})).await;
        let (_, rooms) = bob.ask("GET", "/api/rooms", Value::Null).await;
        let (_, own) = bob.ask("GET", "/api/me/rooms", Value::Null).await;
        let (_, _, taken) = bob.send("GET", "/api/me/export", "", b"").await;
        let taken = unzipped(&taken, "stereo-export.json").unwrap();
        for heard in [
            told(&mut other).await,
            told(&mut new).await,
            told(&mut host).await,
            format!("{rooms}{own}{}", String::from_utf8_lossy(&taken)),
        ] {
            for needle in nowhere.iter() {
                assert!(!heard.contains(needle), "{needle} in {heard}");
            }
        }
    }
    let metrics = exchange(server.ops, "GET", "/metrics", &[], b"").await.2;
    assert!(!String::from_utf8_lossy(&metrics).contains("ndl"));
    let written: Vec<String> = traces.iter().map(|trace| hex(trace)).collect();
    let written: Vec<&str> = written.iter().map(String::as_str).chain(texts).collect();
    let nothing = |when: &str| {
        for trace in &traces {
            assert_eq!(folder.holding(trace), [""; 0], "{when}");
        }
        // The log is among the files.
        assert_eq!(folder.saying(&written), [""; 0], "{when}");
    };
    nothing("after the answer");
    let said = server.kill();
    assert!(
        !said.contains("ndl") && !said.contains("203.0.113"),
        "{said}"
    );
    nothing("after the end of the process");
    let server = Process::start_with(&folder.data(), &mailbox, &more);
    nothing("after a restart");
    let mut fresh = Browser::at(server.address);
    let told = fresh.sign_in(&mut mailbox, "ndl-mail@example.org").await;
    assert_eq!(told["fresh"], true, "she would be somebody new");
    server.kill();

    // A copy of the folder from before opens for nobody with the keys that remain.
    for file in ["keys", "server.key"] {
        take(file, &data);
    }
    let remaining = all_keys(&data);
    assert!(!remaining.is_empty(), "others have theirs");
    assert_eq!(
        opened(&fields, &remaining),
        0,
        "no key that remains opens anything"
    );
    let config = stereo::config::Store {
        data,
        ..stereo::config::Store::default()
    };
    let clock = std::sync::Arc::new(stereo::clock::Clock::start());
    let store = SqliteStore::open(&config, clock).unwrap();
    let of_ada = AccountId::from_bits(account as u64);
    assert_eq!(store.account(of_ada).await, Ok(None), "unreadable");
    let of_bob = AccountId::from_bits(of_bob[0] as u64);
    assert!(
        store.account(of_bob).await.unwrap().is_some(),
        "others are not"
    );
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Runs `stereo prove-purge`: its status, and what it said.
fn prove(folder: &Folder, needles: &str, also: &Path) -> (i32, String) {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let mut child = Command::new(env!("CARGO_BIN_EXE_stereo"))
        .arg("prove-purge")
        .arg("--data")
        .arg(folder.data())
        .arg("--also")
        .arg(also)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(needles.as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(said).unwrap(),
    )
}

#[tokio::test]
async fn an_operator_can_look_for_anything_in_what_is_kept() {
    let (folder, mut mailbox) = (Folder::new(), Mailbox::open().await);
    let server = Process::start(&folder.data(), &mailbox);
    Browser::at(server.address)
        .sign_in(&mut mailbox, "ndl-mail@example.org")
        .await;
    let elsewhere = tempfile::tempdir().unwrap();
    let backup = elsewhere.path().join("backup.json");
    std::fs::write(&backup, r#"{"mail":"ndl-mail@example.org"}"#).unwrap();
    // Beside the running server; in its folder everything is sealed.
    let (status, said) = prove(
        &folder,
        "ndl-mail@example.org\n\nndl-other\n",
        elsewhere.path(),
    );
    assert_eq!(status, 1, "{said}");
    assert!(
        said.contains("stereo.db") && said.contains("keys"),
        "{said}"
    );
    assert_eq!(said.matches("found needle").count(), 1, "{said}");
    assert!(said.contains("found needle 1 as it is: 1 times"), "{said}");
    assert!(
        !said.contains("ndl"),
        "it does not say what it looked for: {said}"
    );
    std::fs::remove_file(backup).unwrap();
    assert_eq!(
        prove(&folder, "ndl-mail@example.org\n", elsewhere.path()).0,
        0
    );
    for (needles, also) in [
        ("", elsewhere.path()),
        ("abc\n", elsewhere.path()),
        ("ndl-mail\n", Path::new("/nowhere")),
    ] {
        assert_eq!(prove(&folder, needles, also).0, 2);
    }
    server.kill();
}
