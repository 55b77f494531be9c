//! The SQLite store on real files.

mod erasing;
mod mails;
mod rooms;

use super::super::account::Accounts;
use super::super::suite::{self, NOW, TODAY, attempt, confirm, email, named, session_of};
use super::super::{AccountId, Attempts, Pictures, Sessions};
use super::*;
use crate::media::picture::Picture;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A data folder of its own, gone with the test.
struct Data(tempfile::TempDir);

impl Data {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn copy(&self) -> PathBuf {
        self.0.path().join("keys.copy")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// With a copy of the key store, as a careful operator has it.
    fn config(&self) -> config::Store {
        config::Store {
            data: self.path(),
            keys_copy: self.copy(),
            ..config::Store::default()
        }
    }

    fn clock(&self) -> Arc<Clock> {
        Arc::new(Clock::manual(NOW as f64))
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.config(), self.clock()).unwrap()
    }

    fn refused(&self) -> String {
        SqliteStore::open(&self.config(), self.clock())
            .unwrap_err()
            .to_string()
    }

    /// Every file that holds `needle`, by name.
    fn holding(&self, needle: &[u8]) -> Vec<String> {
        let files = std::fs::read_dir(self.path()).unwrap();
        let mut files: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
        files.extend(self.copy().exists().then(|| self.copy()));
        // The log of writes before the database: what moves from one to the other meanwhile is
        // seen in one of them.
        files.sort_by(|one, other| other.cmp(one));
        let holding = files.into_iter().filter(|path| holds(path, needle));
        let names = holding.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    /// Whether the database or its log of writes holds `needle`, and nothing else does.
    fn only_the_database_holds(&self, needle: &[u8]) -> bool {
        let holding = self.holding(needle);
        !holding.is_empty() && holding.iter().all(|name| name.starts_with("stereo.db"))
    }
}

fn holds(path: &Path, needle: &[u8]) -> bool {
    let bytes = std::fs::read(path).unwrap();
    bytes.windows(needle.len()).any(|window| window == needle)
}

async fn ada(store: &SqliteStore) -> AccountId {
    let ada = named("Ada Lovelace", &[email("ada@example.org")]);
    store.create_account(ada).await.unwrap()
}

#[tokio::test]
async fn every_change_that_waits_is_carried_out_however_many_there_are() {
    let data = Data::new();
    let store = data.open();
    let (release, held) = std::sync::mpsc::channel();
    let writer = store.asked().unwrap().writer.clone();
    let busy = writer.alone(move |_| held.recv());
    // More than wait at a time, and more than one transaction takes.
    let changes = (0..2_000).map(|_| store.change(|_| Ok(())));
    let begin = async { release.send(()).unwrap() };
    let (_, done, ()) = tokio::join!(busy, futures_util::future::join_all(changes), begin);
    assert!(done.iter().all(|done| done.is_ok()), "none is lost");
}

#[tokio::test]
async fn the_sqlite_store_holds_what_every_store_must() {
    suite::whole(&Data::new().open()).await;
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let data = Data::new();
    let store = data.open();
    let id = ada(&store).await;
    store.begin_session(session_of(id, 1)).await.unwrap();
    store
        .begin_attempt(attempt("bob@example.org", "b"))
        .await
        .unwrap();
    let before = store.account(id).await.unwrap();
    drop(store);
    let store = data.open();
    assert_eq!(store.account(id).await.unwrap(), before);
    assert_eq!(
        store.account_of(email("ada@example.org")).await,
        Ok(Some(id))
    );
    assert!(store.session([1; 32], TODAY).await.unwrap().is_some());
    store.sweep(NOW).await.unwrap();
    let confirmed = confirm(&store, "link b", NOW).await;
    assert_eq!(&*confirmed.unwrap().email, "bob@example.org");
}

#[tokio::test]
async fn an_attempt_of_an_earlier_run_goes_after_the_longest_time() {
    let data = Data::new();
    let store = data.open();
    store
        .begin_attempt(attempt("bob@example.org", "b"))
        .await
        .unwrap();
    drop(store);
    let store = data.open();
    store.sweep(NOW).await.unwrap();
    assert_eq!(store.shared.keys.len(), 1);
    store.sweep(NOW + 10 * 60_000).await.unwrap();
    assert_eq!(store.shared.keys.len(), 0);
    assert_eq!(confirm(&store, "link b", NOW).await, None);
}

#[tokio::test]
async fn what_people_say_of_themselves_is_in_no_file_as_they_said_it() {
    let data = Data::new();
    let store = data.open();
    let id = ada(&store).await;
    store
        .set_picture(
            id,
            Some(Picture {
                small: (*b"needle: small").into(),
                large: (*b"needle: large").into(),
            }),
        )
        .await
        .unwrap();
    store.begin_session(session_of(id, 1)).await.unwrap();
    store
        .begin_attempt(attempt("needle@example.org", "b"))
        .await
        .unwrap();
    for needle in [
        "ada@",
        "Ada L",
        "needle",
        "kitchen",
        "/rooms/x",
        "link b",
        "browser b",
        "123456",
    ] {
        assert_eq!(data.holding(needle.as_bytes()), [""; 0], "{needle}");
    }
    assert!(
        data.only_the_database_holds(&[1; 32]),
        "the search does find"
    );
    let hash = store.shared.keys.lookups_of(id.bits())[0];
    store.shared.keys.refresh_copy().unwrap();
    assert_eq!(
        data.holding(&hash.0),
        ["keys", "keys.copy"],
        "lookups are in the key store and its copy alone"
    );
}

#[tokio::test]
async fn nobody_else_can_read_the_folder_or_any_file_in_it() {
    let data = Data::new();
    let store = data.open();
    ada(&store).await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data.path()), 0o700);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(data.path()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
    }
    names.sort();
    let expected = [
        "keys",
        "lock",
        "server.key",
        "stereo.db",
        "stereo.db-shm",
        "stereo.db-wal",
    ];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn every_connection_overwrites_what_it_deletes() {
    let data = Data::new();
    let store = data.open();
    let pragmas = |db: &Connection| {
        let number = |pragma: &str| -> i64 {
            db.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0))
                .unwrap()
        };
        let journal = db.query_row("PRAGMA journal_mode", [], |row| row.get::<_, String>(0));
        (
            number("secure_delete"),
            number("temp_store"),
            number("synchronous"),
            journal.unwrap(),
        )
    };
    let full = 2;
    let found = store
        .change(move |work| Ok(pragmas(work.db)))
        .await
        .unwrap();
    assert_eq!(found, (1, 2, full, "wal".to_owned()));
    let found = store
        .ask(move |reading| Ok(pragmas(reading.db)))
        .await
        .unwrap();
    assert_eq!((found.0, found.1), (1, 2));
}

#[tokio::test]
async fn a_change_that_fails_leaves_the_others_of_its_commit() {
    let data = Data::new();
    let store = Arc::new(data.open());
    ada(&store).await;
    let change = |number: usize| {
        let store = store.clone();
        tokio::spawn(async move {
            let address = match number % 3 {
                0 => "ada@example.org".to_owned(),
                _ => format!("{number}@example.org"),
            };
            let handle = format!("x{number}.");
            store
                .create_account(named(&handle, &[email(&address)]))
                .await
        })
    };
    let changes: Vec<_> = (0..60).map(change).collect();
    let mut made = Vec::new();
    for (number, change) in changes.into_iter().enumerate() {
        let done = change.await.unwrap();
        assert_eq!(done.is_err(), number % 3 == 0, "{number}: {done:?}");
        made.extend(done.ok().map(|id| (number, id)));
    }
    assert_eq!(store.shared.keys.unsettled(), []);
    assert_eq!(
        store.shared.keys.len(),
        3 * 41,
        "a key and two lookups each, nothing of those refused"
    );
    drop(Arc::into_inner(store));
    let store = data.open();
    for (number, id) in made {
        let found = store
            .account_of(email(&format!("{number}@example.org")))
            .await;
        assert_eq!(found, Ok(Some(id)));
    }
}

#[tokio::test]
async fn an_address_changes_hands_in_order_however_fast() {
    let data = Data::new();
    let store = Arc::new(data.open());
    let id = ada(&store).await;
    store.add_identity(id, email("a@b.c")).await.unwrap();
    for _ in 0..10 {
        let (remove, add) = (store.clone(), store.clone());
        let removed =
            tokio::spawn(async move { remove.remove_identity(id, email("ada@example.org")).await });
        let added =
            tokio::spawn(async move { add.add_identity(id, email("ada@example.org")).await });
        let (removed, added) = (removed.await.unwrap(), added.await.unwrap());
        assert_eq!((removed, added), (Ok(true), Ok(())));
        let there = store.account(id).await.unwrap().unwrap().identities.len();
        let found = store.account_of(email("ada@example.org")).await.unwrap();
        assert_eq!(there == 2, found == Some(id), "row and lookup agree");
        store
            .add_identity(id, email("ada@example.org"))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_over_when_there_is_room() {
    let data = Data::new();
    let store = data.open();
    let id = ada(&store).await;
    let pages = |db: &Connection, pages: i64| {
        db.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
            .unwrap();
    };
    store
        .asked()
        .unwrap()
        .writer
        .alone(move |db| pages(db, 1))
        .await
        .unwrap();
    let long: Box<str> = "x".repeat(100_000).into();
    assert_eq!(
        store.set_handle(id, long.clone()).await,
        Err(StoreError::Full)
    );
    assert_eq!(store.health(), Health::Full);
    assert_eq!(
        &*store.account(id).await.unwrap().unwrap().handle,
        "Ada Lovelace"
    );
    store
        .asked()
        .unwrap()
        .writer
        .alone(move |db| pages(db, 1 << 20))
        .await
        .unwrap();
    store.set_handle(id, long.clone()).await.unwrap();
    assert_eq!(store.health(), Health::Ready);
    assert_eq!(store.account(id).await.unwrap().unwrap().handle, long);
}

#[tokio::test]
async fn a_panic_of_the_writer_stops_changes_and_loses_nothing_acknowledged() {
    let data = Data::new();
    let store = data.open();
    let id = ada(&store).await;
    let panicked = store.change::<()>(|work| {
        work.db.execute("DELETE FROM accounts", []).unwrap();
        panic!("on purpose");
    });
    assert_eq!(panicked.await, Err(StoreError::Stopped));
    assert_eq!(
        store.set_handle(id, "x".into()).await,
        Err(StoreError::Stopped)
    );
    assert_eq!(store.health(), Health::Stopped);
    assert!(
        store.account(id).await.unwrap().is_some(),
        "reading goes on"
    );
    drop(store);
    let store = data.open();
    assert_eq!(
        &*store.account(id).await.unwrap().unwrap().handle,
        "Ada Lovelace"
    );
    assert_eq!(store.health(), Health::Ready);
}

#[tokio::test]
async fn a_question_that_panics_fails_alone() {
    let data = Data::new();
    let store = data.open();
    let id = ada(&store).await;
    for _ in 0..5 {
        let asked = store.ask::<()>(|_| panic!("on purpose")).await;
        assert_eq!(asked, Err(StoreError::Broken));
    }
    assert!(store.account(id).await.unwrap().is_some());
}

#[tokio::test]
async fn a_crash_between_key_store_and_database_is_mended_at_the_next_start() {
    let data = Data::new();
    let store = data.open();
    let id = ada(&store).await;
    let keys = &store.shared.keys;
    let address = keys.lookups_of(id.bits())[0];
    let other = keys.lookup(crate::keystore::LookupKind::Email, b"eve@example.org");
    // As if the process had ended before a commit that adds, and one that removes.
    keys.unsettle(&[crate::keystore::EntryId::Lookup(address)])
        .unwrap();
    let fresh = crate::keystore::KeyId::random();
    use crate::keystore::NewEntry;
    keys.add(&[NewEntry::Key(fresh), NewEntry::Lookup(other, id.bits())])
        .unwrap();
    keys.sync().unwrap();
    assert_eq!(keys.len(), 5);
    drop(store);
    let store = data.open();
    assert_eq!(store.shared.keys.unsettled(), []);
    assert_eq!(store.shared.keys.len(), 3);
    assert_eq!(
        store.account_of(email("ada@example.org")).await,
        Ok(Some(id))
    );
    assert_eq!(store.account_of(email("eve@example.org")).await, Ok(None));
}

#[tokio::test]
async fn one_server_has_the_folder() {
    let data = Data::new();
    let store = data.open();
    let expected = format!("{}: another server has this folder", data.path().display());
    assert!(data.refused().starts_with(&expected));
    drop(store);
    data.open();
}

#[tokio::test]
async fn what_is_wrong_with_the_database_is_told_with_the_file_and_what_to_do() {
    let data = Data::new();
    ada(&data.open()).await;
    let database = data.file("stereo.db");
    let name = database.display();
    let good = std::fs::read(&database).unwrap();

    std::fs::write(&database, "no database at all, ".repeat(300)).unwrap();
    let told = data.refused();
    assert!(
        told.starts_with(&format!("{name}: damaged, or no database of this program")),
        "{told}"
    );
    assert!(told.contains("restore a backup"), "{told}");

    let mut holed = good.clone();
    holed[100..4096].fill(0xa5);
    std::fs::write(&database, holed).unwrap();
    let told = data.refused();
    assert!(told.starts_with(&format!("{name}: damaged")), "{told}");

    std::fs::write(&database, &good).unwrap();
    let db = Connection::open(&database).unwrap();
    let newer = "INSERT INTO refinery_schema_history SELECT 900, 'later', applied_on, checksum FROM refinery_schema_history LIMIT 1";
    db.execute(newer, []).unwrap();
    drop(db);
    let known = schema::newest_known();
    let expected = format!(
        "{name}: written by a newer version of this program (schema 900; this one knows {known}); run that version"
    );
    assert_eq!(data.refused(), expected);

    std::fs::write(&database, &good).unwrap();
    let keys = data.file("keys");
    let right = std::fs::read(&keys).unwrap();
    let other = Data::new();
    drop(other.open());
    std::fs::copy(other.file("keys"), &keys).unwrap();
    std::fs::copy(other.file("server.key"), data.file("server.key")).unwrap();
    let told = data.refused();
    assert!(
        told.starts_with(&format!(
            "{name}: belongs to another key store than {}",
            keys.display()
        )),
        "{told}"
    );

    std::fs::write(&keys, right).unwrap();
    let told = data.refused();
    assert!(told.contains("another server key"), "{told}");
    std::fs::remove_file(&keys).unwrap();
    let told = data.refused();
    assert!(
        told.starts_with(&format!("{}: missing", keys.display())),
        "{told}"
    );
}

#[tokio::test]
async fn a_look_for_damage_that_takes_too_long_gives_way_and_says_nothing_of_damage() {
    let data = Data::new();
    let store = data.open();
    ada(&store).await;
    let reader = Reader::open(&data.config()).unwrap();
    assert!(reader.look_for_damage(Duration::ZERO).is_none());
    assert!(matches!(
        reader.look_for_damage(Duration::MAX),
        Some(Ok(()))
    ));
    reader.refuse_damaged().unwrap();
}

#[test]
fn what_the_disk_refuses_is_told_with_the_folder() {
    let told = |code: i32| {
        let error = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
        OpenError::database(Path::new("/d"), Path::new("/d/stereo.db"), error).to_string()
    };
    assert!(told(rusqlite::ffi::SQLITE_FULL).starts_with("/d: there is no room"));
    assert!(told(rusqlite::ffi::SQLITE_READONLY).starts_with("/d: nothing can be written"));
    assert!(told(rusqlite::ffi::SQLITE_CANTOPEN).starts_with("/d: nothing can be written"));
    assert!(told(rusqlite::ffi::SQLITE_CORRUPT).starts_with("/d/stereo.db: damaged"));
    let io = |code: i32| {
        let error = std::io::Error::from_raw_os_error(code);
        OpenError::io(Path::new("/d"), "made", error).to_string()
    };
    assert!(io(libc::EROFS).starts_with("/d: nothing can be written"));
    assert!(io(libc::ENOSPC).starts_with("/d: there is no room"));
    assert!(io(libc::EACCES).starts_with("/d: nothing can be written"));
    assert!(io(libc::EIO).starts_with("/d: cannot be made: "));
}
