//! The store in a process of its own that is killed, again and again, while it writes: what it
//! acknowledged over a pipe is there afterwards, and what it said is erased is in no file.
//!
//! The child is this very binary, told by the environment what to do.

// A test that cannot go on is a test that failed.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use stereo::clock::Clock;
use stereo::config;
use stereo::store::{
    AccountId, Accounts, Day, Erasures, Health, Identity, NewAccount, NewSession, ReceiptId, Rooms,
    SessionKind, Sessions, SqliteStore, Store, StoredRoom,
};
use stereo_protocol::{RoomId, RoomSettings};

const FOLDER: &str = "STEREO_TEST_KILLED_STORE";
const ROUND: &str = "STEREO_TEST_KILLED_ROUND";
const ROUNDS: u64 = 8;
/// Acknowledgements after which a child is killed, at most.
const LINES: u64 = 120;
const TODAY: Day = Day(20_000);

fn open(folder: &Path) -> SqliteStore {
    let config = config::Store {
        data: folder.join("data"),
        keys_copy: folder.join("keys.copy"),
        ..config::Store::default()
    };
    SqliteStore::open(&config, Arc::new(Clock::start())).unwrap()
}

fn acknowledge(line: &str) {
    let mut out = std::io::stdout().lock();
    // In one piece, and not kept back: the parent reads a pipe.
    out.write_all(format!("ACK {line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

fn address(name: &str) -> Identity {
    Identity::Email(format!("{name}@example.org").into())
}

fn hash_of(name: &str) -> [u8; 32] {
    stereo::secret::hash(name)
}

/// What the child does until it is killed: several at once, so that commits are shared.
#[test]
fn child() {
    let Ok(folder) = std::env::var(FOLDER) else {
        return;
    };
    let round = std::env::var(ROUND).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = Arc::new(open(Path::new(&folder)));
        let next = Arc::new(AtomicU64::new(0));
        let writers = (0..6).map(|_| {
            let (store, next, round) = (store.clone(), next.clone(), round.clone());
            tokio::spawn(async move {
                while store.health() == Health::Ready {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    write_and_tell(&store, &format!("{round}-{number}"), number).await;
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
    });
}

async fn write_and_tell(store: &SqliteStore, name: &str, number: u64) {
    let account = NewAccount {
        handle: name.into(),
        identities: vec![address(name)],
    };
    let id = store.create_account(account).await.unwrap();
    acknowledge(&format!("account {} {name}", id.bits()));
    let session = NewSession {
        account: id,
        kind: SessionKind::Browser,
        hash: hash_of(name),
        label: "".into(),
        ends: Day(30_000),
    };
    store.begin_session(session).await.unwrap();
    acknowledge(&format!("session {} {name}", id.bits()));
    let room = RoomId::from_bits(u128::from(id.bits()));
    for version in 0..3 {
        let kept = room_of(room, id, version);
        store.save_room(Arc::new(kept)).await.unwrap();
        acknowledge(&format!("room {} {version}", id.bits()));
    }
    if number.is_multiple_of(5) {
        acknowledge(&format!("erasing {} {name}", id.bits()));
        let receipt = store.erase_account(id, ReceiptId::random()).await.unwrap();
        assert!(receipt.erased, "{receipt:?}");
        // Not concluded: the next start does all of it once more.
        acknowledge(&format!("erased {} {name}", id.bits()));
    }
}

fn room_of(id: RoomId, owner: AccountId, version: u32) -> StoredRoom {
    StoredRoom {
        owner,
        settings: RoomSettings::new(id, "A room"),
        password: None,
        password_version: version,
        host: None,
        current: None,
        playback: None,
        queue: Vec::new(),
        members: BTreeMap::new(),
        bans: Vec::new(),
        invites: Vec::new(),
        history: Vec::new(),
        log: Vec::new(),
    }
}

/// What a child has acknowledged, by the account's number.
#[derive(Default)]
struct Acknowledged {
    accounts: BTreeMap<u64, String>,
    sessions: BTreeSet<u64>,
    rooms: BTreeMap<u64, u32>,
    erasing: BTreeSet<u64>,
    erased: BTreeMap<u64, String>,
}

impl Acknowledged {
    fn take(&mut self, line: &str) {
        let mut words = line.split(' ');
        let (what, id) = (words.next().unwrap(), words.next().unwrap());
        let (id, rest) = (id.parse().unwrap(), words.next().unwrap());
        match what {
            "account" => drop(self.accounts.insert(id, rest.into())),
            "session" => drop(self.sessions.insert(id)),
            "room" => drop(self.rooms.insert(id, rest.parse().unwrap())),
            "erasing" => drop(self.erasing.insert(id)),
            "erased" => drop(self.erased.insert(id, rest.into())),
            other => panic!("{other}"),
        }
    }
}

/// Runs a child, and kills it at once after so many acknowledgements.
fn run_and_kill(folder: &Path, round: u64, lines: u64, acknowledged: &mut Acknowledged) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(FOLDER, folder)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = 0;
    let mut killed = false;
    // What was in the pipe when it was killed has been acknowledged too.
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        if let Some(line) = line.unwrap().split("ACK ").nth(1) {
            acknowledged.take(line);
            told += 1;
        }
        if told >= lines && !killed {
            child.kill().unwrap();
            killed = true;
        }
    }
    let status = child.wait().unwrap();
    assert!(killed, "it ended by itself: {status}");
}

/// Returns those whose erasure was not acknowledged and is done all the same.
async fn check(store: &SqliteStore, acknowledged: &Acknowledged) -> BTreeMap<u64, String> {
    let mut gone = BTreeMap::new();
    assert_eq!(store.health(), Health::Ready);
    for (id, name) in &acknowledged.accounts {
        let account = store.account(AccountId::from_bits(*id)).await.unwrap();
        if acknowledged.erased.contains_key(id) {
            assert_eq!(account, None, "{name} was erased");
            assert_eq!(store.account_of(address(name)).await, Ok(None));
            assert_eq!(store.session(hash_of(name), TODAY).await, Ok(None));
            continue;
        }
        if account.is_none() && acknowledged.erasing.contains(id) {
            // Killed while erasing: wholly gone, or wholly there.
            assert_eq!(store.account_of(address(name)).await, Ok(None));
            assert_eq!(store.session(hash_of(name), TODAY).await, Ok(None));
            let room = RoomId::from_bits(u128::from(*id));
            assert_eq!(store.room(room).await, Ok(None));
            gone.insert(*id, name.clone());
            continue;
        }
        let account = account.unwrap_or_else(|| panic!("{name} was acknowledged"));
        assert_eq!(&*account.handle, name);
        let found = store.account_of(address(name)).await;
        assert_eq!(found, Ok(Some(account.id)), "{name}");
        let session = store.session(hash_of(name), TODAY).await.unwrap();
        assert!(
            session.is_some() || !acknowledged.sessions.contains(id),
            "{name}"
        );
        if let Some(version) = acknowledged.rooms.get(id) {
            let room = store
                .room(RoomId::from_bits(u128::from(*id)))
                .await
                .unwrap();
            assert!(room.unwrap().password_version >= *version, "{name}");
        }
    }
    gone
}

/// The numbers of erased accounts, as rows and as names of rooms hold them.
fn nothing_of_the_erased_is_in_a_file(folder: &Path, acknowledged: &Acknowledged) {
    let mut files = Vec::new();
    for holder in [folder.to_owned(), folder.join("data")] {
        let inside = std::fs::read_dir(holder).unwrap();
        let inside = inside.map(|entry| entry.unwrap().path());
        files.extend(inside.filter(|path| path.is_file()));
    }
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        for (id, name) in &acknowledged.erased {
            let room = RoomId::from_bits(u128::from(*id)).to_string();
            for needle in [&id.to_be_bytes()[..], room.as_bytes(), &hash_of(name)] {
                let found = bytes.windows(needle.len()).any(|window| window == needle);
                assert!(!found, "{} holds something of {name}", file.display());
            }
        }
    }
}

#[test]
fn what_was_acknowledged_survives_being_killed_and_what_was_erased_does_not() {
    let root = tempfile::tempdir().unwrap();
    let mut acknowledged = Acknowledged::default();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for round in 0..ROUNDS {
        let lines = 1 + u64::from_ne_bytes(stereo::secret::random()) % LINES;
        run_and_kill(root.path(), round, lines, &mut acknowledged);
        nothing_of_the_erased_is_in_a_file(root.path(), &acknowledged);
        // What was begun is finished; closing waits for smaller deletions.
        let finished = runtime.block_on(async {
            let store = open(root.path());
            for (receipt, account) in store.unfinished_erasures().await.unwrap() {
                let found = store.erase_account(account, receipt).await.unwrap();
                assert!(found.erased, "{found:?}");
                store.conclude_erasure(receipt, found).await.unwrap();
            }
            assert_eq!(store.unfinished_erasures().await, Ok(vec![]));
            check(&store, &acknowledged).await
        });
        acknowledged.erased.extend(finished);
        nothing_of_the_erased_is_in_a_file(root.path(), &acknowledged);
    }
    assert!(!acknowledged.erased.is_empty(), "some were erased");
    assert!(acknowledged.accounts.len() > acknowledged.erased.len());
}
