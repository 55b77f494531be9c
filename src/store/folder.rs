//! The folder for data: one server's own, and nobody else's to read.

use super::error::OpenError;
use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The database.
pub(super) const DATABASE: &str = "stereo.db";
/// The key store.
pub(super) const KEYS: &str = "keys";
/// The server's key, unless the operator keeps it elsewhere.
pub(super) const SERVER_KEY: &str = "server.key";
/// What lets the operator in; `support` writes it.
pub const OPERATOR_TOKEN: &str = "operator.token";
/// Held by the server that has the folder; empty.
pub(super) const LOCK: &str = "lock";

/// A folder that is ours until this is dropped.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// The system lets go of it when the process ends, however it ends.
    _lock: File,
}

impl Folder {
    /// Makes the folder if need be, closes it to others, and takes it for this process.
    pub(super) fn take(path: &Path) -> Result<Self, OpenError> {
        let mut builder = std::fs::DirBuilder::new();
        let made = builder.recursive(true).mode(0o700).create(path);
        made.map_err(|error| OpenError::io(path, "made", error))?;
        close_to_others(path)?;
        let lock =
            owned_file(&path.join(LOCK)).map_err(|error| OpenError::io(path, "written", error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse {
                    folder: path.into(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(OpenError::io(path, "locked", error)),
        }
        let path = path.to_owned();
        Ok(Self { path, _lock: lock })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

/// A folder that was there is closed when it holds nothing but ours: never somebody's home.
fn close_to_others(path: &Path) -> Result<(), OpenError> {
    let failed = |error| OpenError::io(path, "read", error);
    let mode = std::fs::metadata(path)
        .map_err(failed)?
        .permissions()
        .mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let ours = name.to_str().is_some_and(is_ours);
        if !ours {
            return Err(OpenError::Shared {
                folder: path.into(),
            });
        }
    }
    std::fs::set_permissions(path, Permissions::from_mode(0o700))
        .map_err(|error| OpenError::io(path, "closed to others", error))
}

/// Whether a file of this name may be one that we wrote (or what a new disk comes with).
fn is_ours(name: &str) -> bool {
    let stem = name.strip_suffix(".new").unwrap_or(name);
    let stem = stem.strip_prefix(DATABASE).map_or(stem, |_| DATABASE);
    let ours = [DATABASE, KEYS, SERVER_KEY, LOCK, OPERATOR_TOKEN];
    ours.contains(&stem) || stem == "lost+found"
}

/// Opens a file that only its owner may read, making it if need be.
pub(super) fn owned_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create(true).truncate(false);
    options.mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_new_folder_is_closed_to_others() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("deep/data");
        let folder = Folder::take(&path).unwrap();
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(&folder.file(LOCK)), 0o600);
    }

    #[test]
    fn one_server_has_a_folder_and_the_other_is_told_which() {
        let root = tempfile::tempdir().unwrap();
        let first = Folder::take(root.path()).unwrap();
        let told = Folder::take(root.path()).unwrap_err().to_string();
        let expected = format!("{}: another server has this folder", root.path().display());
        assert!(told.starts_with(&expected), "{told}");
        drop(first);
        Folder::take(root.path()).unwrap();
    }

    #[test]
    fn an_open_folder_is_closed_only_when_it_holds_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let open = || std::fs::set_permissions(root.path(), Permissions::from_mode(0o755)).unwrap();
        open();
        drop(Folder::take(root.path()).unwrap());
        assert_eq!(mode(root.path()), 0o700);
        open();
        std::fs::write(root.path().join("letters.txt"), "").unwrap();
        let told = Folder::take(root.path()).unwrap_err().to_string();
        assert!(told.contains("holds other files"), "{told}");
        assert_eq!(mode(root.path()), 0o755, "left as it was");
        std::fs::set_permissions(root.path(), Permissions::from_mode(0o700)).unwrap();
        Folder::take(root.path()).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_is_named() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        std::fs::write(&file, "").unwrap();
        let path = file.join("data");
        let told = Folder::take(&path).unwrap_err().to_string();
        assert!(
            told.starts_with(&format!("{}: cannot be made: ", path.display())),
            "{told}"
        );
    }
}
