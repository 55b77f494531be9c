//! Putting a server's folder together again. It is made beside the place where it belongs, and moved
//! there when it is whole: what fails leaves nothing in the way of the next try.

use super::{owned, stream, sync_folder_of};
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::keystore::Head;
use crate::store::{Reader, SqliteStore};
use age::Decryptor;
use age::x25519::Identity;
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a restore is made of.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// The backup.
    pub from: &'a Path,
    /// The file with the age identity that opens it.
    pub identity: &'a Path,
    /// The copy of the key store.
    pub keys: &'a Path,
    /// The server's key; `None`: it is where `store.key_file` says.
    pub server_key: Option<&'a Path>,
    /// Also when the copy of the key store is older than the backup, and lacks keys of the living.
    pub with_older_keys: bool,
}

/// What became of the people in a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Accounts that were in the backup and are left out: their keys are gone.
    pub left_out: u32,
    /// Whether the copy of the key store was older than the backup: then some of those that were left
    /// out may not have been deleted.
    pub with_older_keys: bool,
}

/// Puts a server's folder together out of a backup, the copy of the key store and the server's key.
/// People whose keys are gone are left out.
///
/// # Errors
/// When the folder is not empty, the copy of the key store is older than the backup, or which file is
/// of no use. Nothing has changed then.
pub async fn restore(config: &Config, parts: &Parts<'_>) -> Result<Restored, String> {
    let folder = &config.store.data;
    if std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(named(
            folder,
            &"expected an empty folder, or none: nothing is overwritten",
        ));
    }
    let beside = beside(folder)?;
    // Left by a try that was cut short; the name is ours.
    match std::fs::remove_dir_all(&beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(named(&beside, &error));
        }
        _ => {}
    }
    let made = put_together(config, parts, &beside).await;
    let moved = made.and_then(|restored| {
        std::fs::rename(&beside, folder)
            .and_then(|()| sync_folder_of(folder))
            .map_err(|error| named(folder, &error))?;
        Ok(restored)
    });
    if moved.is_err() {
        let _ = std::fs::remove_dir_all(&beside);
    }
    moved
}

/// `data.restoring` beside `data`.
fn beside(folder: &Path) -> Result<PathBuf, String> {
    let name = folder.file_name();
    let mut name = name
        .ok_or_else(|| named(folder, &"expected a folder with a name"))?
        .to_owned();
    name.push(".restoring");
    Ok(folder.with_file_name(name))
}

async fn put_together(
    config: &Config,
    parts: &Parts<'_>,
    folder: &Path,
) -> Result<Restored, String> {
    let mut builder = std::fs::DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(folder);
    made.map_err(|error| named(folder, &error))?;
    let settings = config::Store {
        data: folder.to_owned(),
        key_file: key_file(&config.store, parts, folder)?,
        // Replaced by the first start, when all of this has come out well.
        keys_copy: PathBuf::new(),
        ..config.store.clone()
    };
    copy(parts.keys, &folder.join("keys"))?;
    let database = folder.join("stereo.db");
    unseal(parts, &database)?;
    let reader = Reader::open(&settings).map_err(|error| error.to_string())?;
    let (name, generation) = (reader.belongs_to()).map_err(|error| error.to_string())?;
    drop(reader);
    let keys = Head::read(parts.keys).map_err(|error| error.to_string())?;
    let older = keys.name == name && keys.generation < generation;
    if older && !parts.with_older_keys {
        return Err(named(
            parts.keys,
            &format!(
                "older than the backup: keys or addresses were added {} times in between, and whoever they are of would be lost; take the newest copy, or an older backup, or --with-older-keys to lose them",
                generation - keys.generation
            ),
        ));
    }
    let clock = Arc::new(Clock::start());
    let store = SqliteStore::open(&settings, clock).map_err(|error| error.to_string())?;
    let left_out = store.agree_with_keys().await;
    Ok(Restored {
        left_out: left_out.map_err(|error| error.to_string())?,
        with_older_keys: older,
    })
}

/// Where the server's key is from now on: where the config says, or in the folder.
fn key_file(config: &config::Store, parts: &Parts<'_>, folder: &Path) -> Result<PathBuf, String> {
    let kept = Some(&config.key_file).filter(|path| !path.as_os_str().is_empty());
    match (kept, parts.server_key) {
        (None, None) => {
            Err("expected the server's key: --server-key FILE, or store.key_file".into())
        }
        (Some(kept), None) => Ok(kept.clone()),
        (Some(kept), Some(given)) if kept.exists() => {
            let same = std::fs::read(kept).ok() == std::fs::read(given).ok();
            same.then(|| kept.clone())
                .ok_or_else(|| named(kept, &"another server's key is there (store.key_file)"))
        }
        (Some(kept), Some(given)) => copy(given, kept).map(|()| kept.clone()),
        (None, Some(given)) => copy(given, &folder.join("server.key")).map(|()| PathBuf::new()),
    }
}

/// Writes the database that the backup holds.
fn unseal(parts: &Parts<'_>, database: &Path) -> Result<(), String> {
    let plain = opened(parts.from, parts.identity);
    let mut plain = plain.map_err(|error| named(parts.from, &error))?;
    let file = owned(database).map_err(|error| named(database, &error))?;
    let read = stream::read_into(&mut plain, &file);
    read.map_err(|error| named(parts.from, &error))?;
    file.sync_all().map_err(|error| named(database, &error))
}

/// What an identity opens: what is inside of an encrypted file.
///
/// # Errors
/// When the file cannot be read, or the identity does not open it. Of these alone `NotFound` says that
/// the encrypted file is not there.
pub fn opened(from: &Path, identity: &Path) -> std::io::Result<impl Read + use<>> {
    let identities = identities_in(identity).map_err(std::io::Error::other)?;
    let file = BufReader::new(File::open(from)?);
    let sealed = Decryptor::new(file).map_err(std::io::Error::other)?;
    let known = identities
        .iter()
        .map(|identity| identity as &dyn age::Identity);
    sealed.decrypt(known).map_err(std::io::Error::other)
}

fn identities_in(path: &Path) -> Result<Vec<Identity>, String> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| named(path, &error))?;
    let lines = text.lines().map(str::trim);
    let identities: Vec<Identity> = lines.filter_map(|line| line.parse().ok()).collect();
    match identities.is_empty() {
        true => Err(named(
            path,
            &"expected an age identity in it: AGE-SECRET-KEY-1…",
        )),
        false => Ok(identities),
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let bytes = std::fs::read(from).map_err(|error| named(from, &error))?;
    let written = owned(to).and_then(|mut file| {
        file.write_all(&bytes)?;
        file.sync_all()
    });
    written.map_err(|error| named(to, &error))
}

fn named(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("{}: {error}", path.display())
}
