//! Needles: a person fills every field that there is, with something that is found nowhere else;
//! then goes, and everything is searched that the server wrote or said: every file of its folder,
//! its log, its metrics, and what other people are told afterwards.

use crate::person::{Browser, Mailbox};
use crate::process::Process;
use crate::support::{Client, exchange, open_socket};
use rusqlite::types::ValueRef;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What people of the test write. Each contains `ndl`, and nothing else does.
const NEEDLES: &[&str] = &[
    "ndl-mail@example.org",
    "ndl_handle",
    "ndl label",
    "ndl subject",
    "ndl letter",
    "ndl robot",
    "ndl title",
    "ndl Name",
    "ndl chat",
    "ndl guest",
    "ndl said",
    "ndl-agent",
    "ndl-path",
];

struct Folder {
    root: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        Self { root }
    }

    fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    /// Every file below, the log beside it too.
    fn files(&self) -> Vec<PathBuf> {
        fn below(folder: &Path, found: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => below(&path, found),
                    false => found.push(path),
                }
            }
        }
        let mut found = Vec::new();
        below(self.root.path(), &mut found);
        found
    }

    /// The files that hold something.
    fn holding(&self, needle: &[u8]) -> Vec<String> {
        let holds = |path: &PathBuf| {
            let bytes = std::fs::read(path).unwrap();
            bytes.windows(needle.len()).any(|window| window == needle)
        };
        let files = self.files();
        let found = files.iter().filter(|path| holds(path));
        found
            .map(|path| path.file_name().unwrap().to_string_lossy().into())
            .collect()
    }

    /// Everything sealed, hashed or random that a table keeps in rows of one person.
    fn traces(&self, account: i64) -> Vec<Vec<u8>> {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let database = self.data().join("stereo.db");
        let db = rusqlite::Connection::open_with_flags(database, flags).unwrap();
        let mut traces = vec![account.to_be_bytes().to_vec()];
        for (table, of) in [
            ("accounts", "id"),
            ("emails", "account"),
            ("pictures", "account"),
            ("sessions", "account"),
            ("threads", "account"),
            ("letters", "account"),
            ("rooms", "owner"),
            ("room_members", "account"),
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
        traces
    }

    fn only_account_with_an_address(&self) -> Vec<i64> {
        let database = self.data().join("stereo.db");
        let db = rusqlite::Connection::open(database).unwrap();
        let mut select = db.prepare("SELECT account FROM emails").unwrap();
        let rows = select.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }
}

/// A room that belongs to whoever opens it.
async fn open_room(browser: &mut Browser, settings: Value) -> String {
    let (status, opened) = browser.ask("POST", "/api/rooms", settings).await;
    assert_eq!(status, 201, "{opened}");
    opened["room"]["id"].as_str().unwrap().into()
}

async fn join(address: std::net::SocketAddr, room: &str, params: Value) -> Client {
    let mut client = open_socket(address, room, &[]).await.unwrap();
    client.joined = client.call("join", params).await.expect("joined");
    client
}

/// Everything that somebody who comes in now is told.
async fn told(client: &mut Client) -> String {
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

#[tokio::test]
async fn nothing_of_a_person_is_found_anywhere_after_they_went() {
    let (folder, mut mailbox) = (Folder::new(), Mailbox::open().await);
    let server = Process::start(&folder.data(), &mailbox);
    let (mut bob, mut ada) = (Browser::at(server.address), Browser::at(server.address));
    bob.sign_in(&mut mailbox, "bob@example.org").await;
    let of_bob = folder.only_account_with_an_address();
    let bobs = open_room(&mut bob, json!({"title": "Bob's"})).await;

    // Ada fills everything.
    ada.sign_in(&mut mailbox, "ndl-mail@example.org").await;
    let account = folder.only_account_with_an_address();
    let account = *account.iter().find(|id| !of_bob.contains(id)).unwrap();
    assert_eq!(
        ada.ask(
            "PATCH",
            "/api/me",
            json!({"handle": "ndl_handle", "language": "en"})
        )
        .await
        .0,
        200
    );
    let png = include_bytes!("picture.png");
    let (status, _, picture) = ada.send("PUT", "/api/me/picture", "image/png", png).await;
    assert_eq!(status, 200);
    let picture: Value = serde_json::from_slice(&picture).unwrap();
    let picture = picture["picture"]["small"].as_str().unwrap().to_owned();
    let (_, sessions) = ada.ask("GET", "/api/me/sessions", Value::Null).await;
    let session = format!(
        "/api/me/sessions/{}",
        sessions["sessions"][0]["id"].as_str().unwrap()
    );
    assert_eq!(
        ada.ask("PATCH", &session, json!({"label": "ndl label"}))
            .await
            .0,
        200
    );
    let (_, robot) = ada
        .ask("POST", "/api/me/sessions", json!({"label": "ndl robot"}))
        .await;
    let robot = robot["token"].as_str().unwrap().to_owned();
    let letter = json!({"subject": "ndl subject", "text": "ndl letter"});
    let written = ada.ask("POST", "/api/me/correspondence", letter).await;
    assert_eq!(written.0, 201, "{}", written.1);
    let adas = open_room(&mut ada, json!({"title": "ndl title"})).await;
    let mut at_home = ada.join(&adas, json!({"name": "ndl Name"})).await;
    at_home
        .call("chat.send", json!({"text": "ndl chat at home"}))
        .await
        .unwrap();
    let mut visiting = ada.join(&bobs, json!({"name": "ndl Name"})).await;
    let track = "demo";
    let tracks = exchange(server.address, "GET", "/api/tracks", &[], b"")
        .await
        .2;
    let tracks: Value = serde_json::from_slice(&tracks).unwrap();
    let track = tracks["tracks"][0]["id"]
        .as_str()
        .unwrap_or(track)
        .to_owned();
    visiting
        .call("chat.send", json!({"text": "ndl chat"}))
        .await
        .unwrap();
    for _ in 0..2 {
        visiting
            .call("queue.add", json!({"tracks": [track]}))
            .await
            .unwrap();
    }
    // A guest, who is erased by themselves.
    let mut guest = join(server.address, &bobs, json!({"name": "ndl guest"})).await;
    guest
        .call("chat.send", json!({"text": "ndl said"}))
        .await
        .unwrap();
    // What nobody should keep: agents, paths, wrong requests.
    for path in [
        "/ndl-path",
        "/rooms/ndl-path",
        "/api/rooms?query=ndl-path",
        "/api/ndl-path",
    ] {
        let headers = [
            ("user-agent", "ndl-agent"),
            ("referer", "http://ndl-agent/"),
            ("x-forwarded-for", "203.0.113.77"),
        ];
        exchange(server.address, "GET", path, &headers, b"").await;
    }
    let wrong = json!({"email": "ndl-mail"});
    ada.ask("POST", "/api/sign-in/email", wrong).await;
    let mut other = bob.join(&bobs, json!({})).await;
    let before = told(&mut other).await;
    // What he was told when he came is his; from here on only what he is told now counts.
    other.joined = json!({"epoch": other.joined["epoch"]});
    for shown in ["ndl Name", "ndl chat", "ndl guest", "ndl said"] {
        assert!(before.contains(shown), "{shown}: others see it");
    }
    assert!(
        !before.contains("ndl-mail"),
        "an address is never seen by others"
    );

    // While she is here: sealed, and found as what it is sealed to.
    let traces = folder.traces(account);
    for trace in &traces {
        assert!(!folder.holding(trace).is_empty(), "it can be found");
    }
    for needle in NEEDLES {
        assert_eq!(
            folder.holding(needle.as_bytes()),
            [""; 0],
            "{needle}: in the clear"
        );
    }
    let copy = tempfile::tempdir().unwrap();
    std::fs::create_dir(copy.path().join("data")).unwrap();
    for file in ["stereo.db", "stereo.db-wal"] {
        let from = folder.data().join(file);
        if from.exists() {
            std::fs::copy(from, copy.path().join("data").join(file)).unwrap();
        }
    }

    // She goes.
    let held = ada.cookie();
    let (status, refused) = ada
        .ask("DELETE", "/api/me", json!({"confirm": "ndl_handl"}))
        .await;
    assert_eq!((status, &refused["field"]), (400, &json!("confirm")));
    let (status, receipt) = ada
        .ask("DELETE", "/api/me", json!({"confirm": "ndl_handle"}))
        .await;
    assert_eq!(
        (status, &receipt["erased"]),
        (200, &json!(true)),
        "{receipt}"
    );
    assert!(receipt["sought"].as_u64().unwrap() > 10, "{receipt}");
    assert!(
        receipt["places"]
            .as_array()
            .unwrap()
            .iter()
            .all(|place| place["found"] == 0),
        "{receipt}"
    );
    assert!(ada.cookies.is_empty());
    assert_eq!(at_home.close_code().await, 4503);
    assert_eq!(visiting.close_code().await, 4503);
    guest.call("me.forget", json!({})).await.ok();
    let path = format!("/api/receipts/{}", receipt["receipt"].as_str().unwrap());
    let (status, again) = Browser::at(server.address)
        .ask("GET", &path, Value::Null)
        .await;
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
    let gone = open_socket(server.address, &adas, &[])
        .await
        .unwrap()
        .refusal("join", json!({}))
        .await;
    assert_eq!(gone, "not_found", "her room is gone");
    other.event("member.erased").await;
    for _ in 0..2 {
        // Both who were there, and somebody new.
        let mut new = join(server.address, &bobs, json!({"name": "New"})).await;
        for heard in [told(&mut other).await, told(&mut new).await] {
            for needle in NEEDLES.iter().chain(&[picture.as_str()]) {
                assert!(!heard.contains(needle), "{needle} in {heard}");
            }
        }
    }
    let metrics = exchange(server.ops, "GET", "/metrics", &[], b"").await.2;
    assert!(!String::from_utf8_lossy(&metrics).contains("ndl"));
    let nothing = |when: &str| {
        for trace in &traces {
            assert_eq!(folder.holding(trace), [""; 0], "{when}");
        }
        for needle in NEEDLES.iter().chain(&["203.0.113.77", "127.0.0.1:"]) {
            let found = folder.holding(needle.as_bytes());
            // Where the server itself listens is no person's address.
            let found: Vec<_> = found.iter().filter(|_| *needle != "127.0.0.1:").collect();
            assert!(found.is_empty(), "{needle}: {found:?} {when}");
        }
    };
    nothing("after the answer");
    let said = server.kill();
    assert!(!said.contains("ndl"), "{said}");
    nothing("after the end of the process");
    let server = Process::start(&folder.data(), &mailbox);
    nothing("after a restart");
    let told = Browser::at(server.address)
        .sign_in(&mut mailbox, "ndl-mail@example.org")
        .await;
    assert_eq!(told["fresh"], true, "she would be somebody new");
    server.kill();

    // A copy of the folder from before opens for nobody with the keys that remain.
    for file in ["keys", "server.key"] {
        std::fs::copy(
            folder.data().join(file),
            copy.path().join("data").join(file),
        )
        .unwrap();
    }
    let mut config = stereo::config::Config::default();
    config.store.data = copy.path().join("data");
    let clock = std::sync::Arc::new(stereo::clock::Clock::start());
    let store = stereo::store::SqliteStore::open(&config.store, clock).unwrap();
    use stereo::store::{AccountId, Accounts};
    let of_ada = AccountId::from_bits(account as u64);
    assert_eq!(store.account(of_ada).await, Ok(None), "unreadable");
    let of_bob = AccountId::from_bits(of_bob[0] as u64);
    assert!(
        store.account(of_bob).await.unwrap().is_some(),
        "others are not"
    );
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
    let mut ada = Browser::at(server.address);
    ada.sign_in(&mut mailbox, "ndl-mail@example.org").await;
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
