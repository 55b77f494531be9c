//! `stereo backup` and `stereo restore`: the data, as they are at one moment, encrypted to the
//! operator's recipients by age (age-encryption.org/v1). Nothing plain is ever written to a file,
//! and the key store is never in it: what a deleted person left in an older backup opens for nobody.

use crate::config::Config;
use crate::store::{self, Day, SqliteStore};
use age::x25519::{Identity, Recipient};
use age::{Decryptor, Encryptor};
use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const DAY_MS: u64 = 86_400_000;

/// Writes a backup into the folder that the config names, or to a file, and removes those from the
/// folder that are too old at `now` (Unix milliseconds). A server may be running. Returns where it
/// is.
///
/// # Errors
/// What is missing in the config, or which file refuses.
pub fn write(config: &Config, to: Option<&Path>, now: u64) -> Result<PathBuf, String> {
    let settings = &config.backup;
    if settings.recipients.is_empty() {
        return Err("backup.recipients: expected who can read it: an age recipient, age1…".into());
    }
    let target = match to {
        Some(path) => path.to_owned(),
        None if settings.folder.as_os_str().is_empty() => {
            return Err("expected where to: --to FILE, or backup.folder".into());
        }
        None => settings.folder.join(name_of(Day::of(now))),
    };
    let image = store::image(&config.store).map_err(|error| error.to_string())?;
    let recipients = settings.recipients.iter().map(|text| text.parse());
    let recipients: Vec<Recipient> = recipients.collect::<Result<_, _>>()?;
    let fresh = target.with_extension("age.new");
    let failed = |error: std::io::Error| format!("{}: {error}", fresh.display());
    let file = owned(&fresh).map_err(failed)?;
    let told = recipients
        .iter()
        .map(|recipient| recipient as &dyn age::Recipient);
    let encryptor = Encryptor::with_recipients(told).map_err(|error| error.to_string())?;
    let mut sealed = encryptor.wrap_output(&file).map_err(failed)?;
    sealed.write_all(&image).map_err(failed)?;
    sealed.finish().map_err(failed)?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&fresh, &target).map_err(failed)?;
    if to.is_none() {
        remove_old(&settings.folder, Day::of(now), settings.keep_days)?;
    }
    Ok(target)
}

/// What a restore is made of.
pub struct Parts<'a> {
    /// The backup.
    pub from: &'a Path,
    /// The file with the age identity that opens it.
    pub identity: &'a Path,
    /// The copy of the key store.
    pub keys: &'a Path,
    /// The server's key.
    pub server_key: &'a Path,
}

/// Puts a server's folder together again out of a backup, the copy of the key store and the
/// server's key. People whose keys are gone are left out; returns how many.
///
/// # Errors
/// When the folder is not empty, or which file is of no use.
pub async fn restore(config: &Config, parts: &Parts<'_>) -> Result<u32, String> {
    let folder = &config.store.data;
    let named = |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    if std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(named(
            folder,
            &"expected an empty folder, or none: nothing is overwritten",
        ));
    }
    let image = opened(parts)?;
    if !image.starts_with(b"SQLite format 3\0") {
        return Err(named(parts.from, &"it holds no database of this program"));
    }
    let made = std::fs::create_dir_all(folder);
    made.map_err(|error| named(folder, &error))?;
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        let written = owned(&path).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        written.map_err(|error| named(&path, &error))
    };
    let read = |path: &Path| std::fs::read(path).map_err(|error| named(path, &error));
    put("server.key", &read(parts.server_key)?)?;
    put("keys", &read(parts.keys)?)?;
    put("stereo.db", &image)?;
    let clock = std::sync::Arc::new(crate::clock::Clock::start());
    let mut settings = config.store.clone();
    settings.key_file = PathBuf::new();
    let store = SqliteStore::open(&settings, clock).map_err(|error| error.to_string())?;
    let gone = store.leave_out_unreadable().await;
    gone.map_err(|error| error.to_string())
}

fn opened(parts: &Parts<'_>) -> Result<Vec<u8>, String> {
    let named = |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = std::fs::read_to_string(parts.identity);
    let text = text.map_err(|error| named(parts.identity, &error))?;
    let identities: Vec<Identity> = text
        .lines()
        .filter_map(|line| line.trim().parse().ok())
        .collect();
    if identities.is_empty() {
        return Err(named(
            parts.identity,
            &"expected an age identity in it: AGE-SECRET-KEY-1…",
        ));
    }
    let file = File::open(parts.from).map_err(|error| named(parts.from, &error))?;
    let sealed = Decryptor::new(BufReader::new(file)).map_err(|error| named(parts.from, &error))?;
    let known = identities
        .iter()
        .map(|identity| identity as &dyn age::Identity);
    let mut plain = sealed
        .decrypt(known)
        .map_err(|error| named(parts.from, &error))?;
    let mut image = Vec::new();
    let read = plain.read_to_end(&mut image);
    read.map_err(|error| named(parts.from, &error))?;
    Ok(image)
}

fn name_of(day: Day) -> String {
    format!("stereo-{}.age", day.date())
}

/// Removes backups of ours that are older than `keep` days; nothing else in the folder is touched.
fn remove_old(folder: &Path, today: Day, keep: u32) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let oldest = name_of(Day(today.0.saturating_sub(keep)));
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // Dates are written so that their order is that of the letters.
        let ours =
            name.len() == oldest.len() && name.starts_with("stereo-") && name.ends_with(".age");
        if ours && name <= oldest {
            std::fs::remove_file(entry.path()).map_err(failed)?;
        }
    }
    Ok(())
}

fn owned(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(true);
    options.mode(0o600).open(path)
}

/// Unix milliseconds now.
pub fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64 / DAY_MS * DAY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::store::{Accounts, Erasures, Identity as Way, NewAccount, ReceiptId};
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Arc;

    const NOW: u64 = 20_781 * DAY_MS;

    struct Server {
        root: tempfile::TempDir,
        config: Config,
    }

    impl Server {
        fn new() -> Self {
            let root = tempfile::tempdir().unwrap();
            let identity = Identity::generate();
            let secret =
                age::secrecy::ExposeSecret::expose_secret(&identity.to_string()).to_owned();
            std::fs::write(root.path().join("identity"), secret).unwrap();
            let mut config = Config::default();
            config.store.data = root.path().join("data");
            config.store.keys_copy = root.path().join("copy");
            config.backup.folder = root.path().join("backups");
            config.backup.recipients = vec![identity.to_public().to_string()];
            std::fs::create_dir(&config.backup.folder).unwrap();
            Self { root, config }
        }

        fn open(&self) -> SqliteStore {
            SqliteStore::open(&self.config.store, Arc::new(Clock::manual(NOW as f64))).unwrap()
        }

        async fn restored(&self, backup: &Path) -> Result<(Config, u32), String> {
            let mut config = self.config.clone();
            config.store.data = self.root.path().join("restored");
            config.store.keys_copy = PathBuf::new();
            let parts = Parts {
                from: backup,
                identity: &self.root.path().join("identity"),
                keys: &self.root.path().join("copy"),
                server_key: &self.config.store.data.join("server.key"),
            };
            let gone = restore(&config, &parts).await?;
            Ok((config, gone))
        }
    }

    fn person(name: &str) -> NewAccount {
        NewAccount {
            handle: name.into(),
            identities: vec![Way::Email(format!("{name}@example.org").into())],
        }
    }

    #[tokio::test]
    async fn a_lost_disk_is_restored_and_a_deleted_person_stays_gone() {
        let server = Server::new();
        let store = server.open();
        let ada = store.create_account(person("ada")).await.unwrap();
        let bob = store.create_account(person("bob")).await.unwrap();
        // While the server has the folder.
        let backup = write(&server.config, None, NOW).unwrap();
        assert_eq!(backup.file_name().unwrap(), "stereo-2026-11-24.age");
        let bytes = std::fs::read(&backup).unwrap();
        let mode = std::fs::metadata(&backup).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(bytes.starts_with(b"age-encryption.org/v1"));
        assert!(!bytes.windows(6).any(|window| window == b"SQLite"));
        assert!(
            store
                .erase_account(ada, ReceiptId::random())
                .await
                .unwrap()
                .erased
        );
        drop(store);
        let (config, gone) = server.restored(&backup).await.unwrap();
        assert_eq!(gone, 1, "her rows were in it, and her key was not");
        let store = SqliteStore::open(&config.store, Arc::new(Clock::manual(NOW as f64))).unwrap();
        assert_eq!(store.account(ada).await, Ok(None));
        let found = store.account(bob).await.unwrap().unwrap();
        assert_eq!(&*found.handle, "bob");
        let again = store.account_of(Way::Email("bob@example.org".into())).await;
        assert_eq!(again, Ok(Some(bob)));
        drop(store);
        let refused = server.restored(&backup).await.unwrap_err();
        assert!(refused.contains("empty folder"), "{refused}");
    }

    #[tokio::test]
    async fn old_backups_go_and_nothing_else_does() {
        let server = Server::new();
        drop(server.open());
        let folder = &server.config.backup.folder;
        for name in [
            "stereo-2026-10-25.age",
            "stereo-2026-10-26.age",
            "notes-2020-01-01.age",
            "stereo-mine.age",
        ] {
            std::fs::write(folder.join(name), "").unwrap();
        }
        write(&server.config, None, NOW).unwrap();
        let names = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = names
            .map(|it| it.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let left = [
            "notes-2020-01-01.age",
            "stereo-2026-10-26.age",
            "stereo-2026-11-24.age",
            "stereo-mine.age",
        ];
        assert_eq!(names, left);
    }

    #[tokio::test]
    async fn what_is_missing_is_said() {
        let mut server = Server::new();
        drop(server.open());
        let backup = write(&server.config, None, NOW).unwrap();
        std::fs::write(server.root.path().join("identity"), "nothing").unwrap();
        let told = server.restored(&backup).await.unwrap_err();
        assert!(told.contains("AGE-SECRET-KEY-1"), "{told}");
        server.config.backup.folder = PathBuf::new();
        assert!(
            write(&server.config, None, NOW)
                .unwrap_err()
                .contains("--to FILE")
        );
        server.config.backup.recipients.clear();
        assert!(
            write(&server.config, None, NOW)
                .unwrap_err()
                .contains("age1")
        );
    }
}
