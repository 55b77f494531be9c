use super::*;
use crate::clock::Clock;
use crate::store::{
    AccountId, Accounts, Erasures, Identity as Way, NewAccount, ReceiptId, SqliteStore,
};
use age::x25519::Identity;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

const NOW: u64 = 20_781 * DAY_MS;

/// A server with a disk for its data, and another for what must survive it.
struct Server {
    root: tempfile::TempDir,
    config: Config,
}

impl Server {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let identity = Identity::generate();
        let secret = age::secrecy::ExposeSecret::expose_secret(&identity.to_string()).to_owned();
        std::fs::write(root.path().join("identity"), secret).unwrap();
        let mut config = Config::default();
        config.store.data = root.path().join("disk/data");
        config.store.keys_copy = root.path().join("elsewhere/copy");
        config.store.key_file = root.path().join("elsewhere/server.key");
        config.backup.folder = root.path().join("elsewhere/backups");
        config.backup.recipients = vec![identity.to_public().to_string()];
        std::fs::create_dir_all(&config.backup.folder).unwrap();
        Self { root, config }
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.config.store, Arc::new(Clock::manual(NOW as f64))).unwrap()
    }

    fn write(&self) -> PathBuf {
        write(&self.config, &Wanted::default(), NOW).unwrap().path
    }

    /// All that lay on the disk of the data is gone.
    fn lose_the_disk(&self) {
        std::fs::remove_dir_all(self.root.path().join("disk")).unwrap();
    }

    async fn restored_with(
        &self,
        from: &Path,
        keys: &Path,
        with_older_keys: bool,
    ) -> Result<Restored, String> {
        let parts = Parts {
            from,
            identity: &self.root.path().join("identity"),
            keys,
            server_key: None,
            with_older_keys,
        };
        restore(&self.config, &parts).await
    }

    async fn restored(&self, from: &Path) -> Result<Restored, String> {
        self.restored_with(from, &self.config.store.keys_copy, false)
            .await
    }

    /// How many entries the key store has.
    fn entries(&self) -> usize {
        let keys = std::fs::read(self.config.store.data.join("keys")).unwrap();
        let entries = keys.chunks(128).skip(1);
        entries
            .filter(|entry| entry.iter().any(|byte| *byte != 0))
            .count()
    }

    fn names_in(&self, folder: &Path) -> Vec<String> {
        let names = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = names
            .map(|it| it.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn person(name: &str) -> NewAccount {
    NewAccount {
        handle: name.into(),
        identities: vec![address(name)],
    }
}

fn address(name: &str) -> Way {
    Way::Email(format!("{name}@example.org").into())
}

async fn handle_of(store: &SqliteStore, id: AccountId) -> Option<Box<str>> {
    let account = store.account(id).await.unwrap()?;
    Some((*account.handle).into())
}

const GONE: Restored = Restored {
    left_out: 1,
    with_older_keys: false,
};

#[tokio::test]
async fn a_lost_disk_is_restored_and_a_deleted_person_stays_gone() {
    let server = Server::new();
    let store = server.open();
    let ada = store.create_account(person("ada")).await.unwrap();
    let bob = store.create_account(person("bob")).await.unwrap();
    // While the server has the folder.
    let backup = server.write();
    assert_eq!(backup.file_name().unwrap(), "stereo-2026-11-24.age");
    let bytes = std::fs::read(&backup).unwrap();
    let mode = std::fs::metadata(&backup).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(bytes.starts_with(b"age-encryption.org/v1"));
    assert!(!bytes.windows(6).any(|window| window == b"SQLite"));
    let erased = store.erase_account(ada, ReceiptId::random()).await;
    assert!(erased.unwrap().erased);
    drop(store);
    let refused = server.restored(&backup).await.unwrap_err();
    assert!(refused.contains("empty folder"), "{refused}");
    server.lose_the_disk();
    assert_eq!(server.restored(&backup).await, Ok(GONE));
    let data = &server.config.store.data;
    assert!(!data.join("server.key").exists(), "it is kept elsewhere");
    let store = server.open();
    assert_eq!(handle_of(&store, ada).await, None);
    assert_eq!(handle_of(&store, bob).await.as_deref(), Some("bob"));
    assert_eq!(store.account_of(address("bob")).await, Ok(Some(bob)));
}

#[tokio::test]
async fn who_signs_up_while_others_write_without_end_is_in_the_copy_of_the_keys() {
    let server = Server::new();
    let store = Arc::new(server.open());
    let writing = tokio::spawn({
        let store = store.clone();
        async move {
            for number in 0_u32.. {
                let change = store.create_account(person(&format!("other{number}")));
                change.await.unwrap();
            }
        }
    });
    let ada = store.create_account(person("ada")).await.unwrap();
    // It returns when the copy holds every key that it needs: nobody was quiet meanwhile.
    let backup = tokio::task::spawn_blocking({
        let config = server.config.clone();
        move || write(&config, &Wanted::default(), NOW).unwrap().path
    });
    let backup = backup.await.unwrap();
    writing.abort();
    let _ = writing.await;
    // Killed: nothing is tidied up. The threads go on, with files that are not there any more.
    let copy = std::fs::read(&server.config.store.keys_copy).unwrap();
    std::mem::forget(store);
    server.lose_the_disk();
    let saved = server.root.path().join("saved");
    std::fs::write(&saved, copy).unwrap();
    let restored = server.restored_with(&backup, &saved, false).await.unwrap();
    assert_eq!(restored.left_out, 0, "the living are all there");
    let restored = server.open();
    assert_eq!(handle_of(&restored, ada).await.as_deref(), Some("ada"));
}

#[tokio::test]
async fn a_copy_of_the_keys_that_is_older_than_the_backup_is_refused() {
    let server = Server::new();
    let store = server.open();
    store.create_account(person("ada")).await.unwrap();
    drop(store);
    let older = server.root.path().join("older");
    std::fs::copy(&server.config.store.keys_copy, &older).unwrap();
    let store = server.open();
    let bob = store.create_account(person("bob")).await.unwrap();
    let backup = server.write();
    drop(store);
    server.lose_the_disk();
    let refused = server.restored_with(&backup, &older, false).await;
    let refused = refused.unwrap_err();
    assert!(refused.contains("older than the backup"), "{refused}");
    // Nothing is in the way of the next try: neither a folder nor a half of one.
    assert!(!server.root.path().join("disk/data").exists());
    assert_eq!(server.names_in(&server.root.path().join("disk")).len(), 0);
    let lost = server.restored_with(&backup, &older, true).await.unwrap();
    assert!(lost.with_older_keys && lost.left_out == 1, "{lost:?}");
    server.lose_the_disk();
    let all = server.restored(&backup).await.unwrap();
    assert_eq!(all.left_out, 0);
    let store = server.open();
    assert_eq!(handle_of(&store, bob).await.as_deref(), Some("bob"));
}

#[tokio::test]
async fn who_came_after_the_backup_leaves_nothing_and_who_moved_is_found_again() {
    let server = Server::new();
    let store = server.open();
    let bob = store.create_account(person("bob")).await.unwrap();
    let backup = server.write();
    let before = server.entries();
    store.create_account(person("late")).await.unwrap();
    store.add_identity(bob, address("robert")).await.unwrap();
    store.remove_identity(bob, address("bob")).await.unwrap();
    drop(store);
    server.lose_the_disk();
    server.restored(&backup).await.unwrap();
    let store = server.open();
    assert_eq!(server.entries(), before, "hashes that nobody could erase");
    assert_eq!(store.account_of(address("late")).await, Ok(None));
    assert_eq!(store.account_of(address("robert")).await, Ok(None));
    assert_eq!(store.account_of(address("bob")).await, Ok(Some(bob)));
}

/// Erases somebody whenever a page goes where pages go.
struct Meanwhile<'a> {
    store: &'a SqliteStore,
    runtime: &'a tokio::runtime::Runtime,
    left: Vec<AccountId>,
    pages: std::collections::BTreeMap<u32, Vec<u8>>,
}

impl crate::store::Pages for Meanwhile<'_> {
    fn page(&mut self, number: u32, bytes: &[u8]) -> std::io::Result<()> {
        if self.pages.len().is_multiple_of(4)
            && let Some(next) = self.left.pop()
        {
            let erased = self.store.erase_account(next, ReceiptId::random());
            let receipt = self.runtime.block_on(erased).unwrap();
            assert!(receipt.erased, "waits for {:?}", receipt.waits_for);
        }
        self.pages.insert(number, bytes.to_vec());
        Ok(())
    }
}

#[test]
fn an_erasure_does_not_wait_for_a_backup_and_the_backup_is_of_one_moment() {
    let server = Server::new();
    let store = server.open();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let people = (0..40).map(|number| {
        let made = store.create_account(person(&format!("person{number}")));
        runtime.block_on(made).unwrap()
    });
    let people: Vec<AccountId> = people.collect();
    let mut to = Meanwhile {
        store: &store,
        runtime: &runtime,
        left: people[..6].to_vec(),
        pages: std::collections::BTreeMap::new(),
    };
    let mut reader = Reader::open(&server.config.store).unwrap();
    let image = reader.copy(&mut to).unwrap();
    assert!(to.left.is_empty(), "all while it was under way");
    let pages: Vec<u8> = (1..=image.pages)
        .flat_map(|number| to.pages[&number].clone())
        .collect();
    let file = server.root.path().join("image.db");
    std::fs::write(&file, pages).unwrap();
    let db = rusqlite::Connection::open(&file).unwrap();
    let sound: String = db
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
    let left: i64 = db
        .query_row("SELECT count(*) FROM accounts", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 34);
}

#[tokio::test]
async fn old_backups_go_and_nothing_else_does() {
    let server = Server::new();
    drop(server.open());
    let folder = &server.config.backup.folder;
    for name in [
        "stereo-2026-10-25.age",
        "stereo-2026-10-26.age",
        "stereo-2026-11-20.age.new",
        "stereo-2026-11-23.age.new",
        "notes-2020-01-01.age",
        "stereo-mine.age",
        "stereo-2020-0101x.age",
    ] {
        std::fs::write(folder.join(name), "").unwrap();
    }
    let cut_short = File::options()
        .write(true)
        .open(folder.join("stereo-2026-11-20.age.new"));
    let days_ago = std::time::SystemTime::now() - Duration::from_secs(2 * 86_400);
    cut_short.unwrap().set_modified(days_ago).unwrap();
    server.write();
    let left = [
        "notes-2020-01-01.age",
        "stereo-2020-0101x.age",
        "stereo-2026-10-26.age",
        "stereo-2026-11-23.age.new",
        "stereo-2026-11-24.age",
        "stereo-mine.age",
    ];
    assert_eq!(server.names_in(folder), left);
}

#[tokio::test]
async fn what_is_missing_is_said_before_it_is_too_late() {
    let mut server = Server::new();
    drop(server.open());
    let told = write(&server.config, &Wanted::default(), NOW).unwrap();
    assert!(told.warnings.is_empty(), "{:?}", told.warnings);
    let backup = told.path;
    std::fs::write(server.root.path().join("identity"), "nothing").unwrap();
    server.lose_the_disk();
    let told = server.restored(&backup).await.unwrap_err();
    assert!(told.contains("AGE-SECRET-KEY-1"), "{told}");
    drop(server.open_anew());
    server.config.store.key_file = PathBuf::new();
    let told = write(&server.config, &Wanted::default(), NOW).unwrap();
    assert!(told.warnings[0].contains("server.key elsewhere"));
    std::fs::remove_file(&backup).unwrap();
    server.config.store.keys_copy = PathBuf::new();
    let refused = write(&server.config, &Wanted::default(), NOW).unwrap_err();
    assert!(
        refused.starts_with("store.keys_copy: expected"),
        "{refused}"
    );
    assert_eq!(server.names_in(&server.config.backup.folder).len(), 0);
    let anyway = Wanted {
        without_keys_copy: true,
        ..Wanted::default()
    };
    let told = write(&server.config, &anyway, NOW).unwrap();
    assert!(told.warnings[0].contains("nobody can read this backup"));
    server.config.backup.folder = PathBuf::new();
    let refused = write(&server.config, &anyway, NOW).unwrap_err();
    assert!(refused.contains("--to FILE"), "{refused}");
    server.config.backup.recipients.clear();
    let refused = write(&server.config, &anyway, NOW).unwrap_err();
    assert!(refused.contains("age1"), "{refused}");
}

impl Server {
    /// A new server in the place of the lost one.
    fn open_anew(&self) -> SqliteStore {
        for file in [&self.config.store.keys_copy, &self.config.store.key_file] {
            std::fs::remove_file(file).unwrap();
        }
        self.open()
    }
}
