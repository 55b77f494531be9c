//! The key store's own backup: one file that is replaced as a whole, never a series, so that what
//! was destroyed is gone from it after the next replacement.

use super::error::KeyStoreError;
use parking_lot::Mutex;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// The one copy. Stale until it was replaced once: whatever stands there is of an earlier run.
#[derive(Debug)]
pub(super) struct ReplacedCopy {
    path: PathBuf,
    stale: AtomicBool,
    /// One replacement at a time: whoever waits for another's finds the copy fresh, or replaces it.
    replacing: Mutex<()>,
}

impl ReplacedCopy {
    pub(super) fn new(path: PathBuf) -> Self {
        let stale = AtomicBool::new(true);
        Self {
            path,
            stale,
            replacing: Mutex::new(()),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn mark_stale(&self) {
        self.stale.store(true, Ordering::Release);
    }

    /// Replaces the copy by what `read` gives, when it is stale. `read` keeps writers away.
    pub(super) fn refresh(
        &self,
        read: impl FnOnce() -> Result<Vec<u8>, KeyStoreError>,
    ) -> Result<(), KeyStoreError> {
        let _alone = self.replacing.lock();
        // Before reading: what changes meanwhile makes it stale again.
        if !self.stale.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        let replaced = read().and_then(|bytes| {
            replace(&self.path, &bytes)
                .map_err(|error| KeyStoreError::io(&self.path, "replaced", error))
        });
        if replaced.is_err() {
            self.mark_stale();
        }
        replaced
    }
}

/// Puts `bytes` in the place of a file, readable by its owner alone: either the old content or the
/// new is there, whatever happens, and the new is on the disk when this returns.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    // Left by a crash: its mode may be anybody's.
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    let mut file = (options.write(true).create_new(true).mode(0o600)).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    sync_folder_of(path)
}

/// Makes a new or renamed file's name safe.
fn sync_folder_of(path: &Path) -> std::io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
