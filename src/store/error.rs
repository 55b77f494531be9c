//! Two kinds of fault: the store cannot be opened (told to the operator, with the file and what to
//! do), and a call failed (told to whoever called, in a word; the operator finds the rest in the
//! log).

use crate::keystore::KeyStoreError;
use std::fmt;
use std::path::{Path, PathBuf};

/// Why a call failed. Nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// What should be unique belongs to somebody else.
    Taken,
    /// Somebody has the handle, or one that looks like it.
    HandleTaken,
    /// There is no such account, or not any more.
    Gone,
    /// It is the last that signs in: without it nobody could come back.
    LastWay,
    /// There are as many already as may be.
    TooMany,
    /// There is no room on the disk; the same call may succeed later.
    Full,
    /// The database or the key store failed; the log says how. The same call may succeed later.
    Broken,
    /// No more changes are taken: the process has to be started again.
    Stopped,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Taken => "it belongs to another account",
            Self::HandleTaken => "somebody has that handle, or one that looks like it",
            Self::Gone => "there is no such account",
            Self::LastWay => "the last way to sign in stays: without it nobody could come back",
            Self::TooMany => "there are as many already as may be",
            Self::Full => "the disk is full",
            Self::Broken => "the store failed",
            Self::Stopped => "the store has stopped",
        })
    }
}

impl std::error::Error for StoreError {}

/// Why a store cannot be opened.
#[derive(Debug)]
pub enum OpenError {
    /// Another server has the folder.
    InUse {
        /// Which.
        folder: PathBuf,
    },
    /// Others may read the folder, and it holds more than data.
    Shared {
        /// Which.
        folder: PathBuf,
    },
    /// Nothing can be written there.
    ReadOnly {
        /// The folder, or the file in it.
        path: PathBuf,
    },
    /// There is no room on its disk.
    Full {
        /// Which.
        folder: PathBuf,
    },
    /// The system refused.
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// `made`, `read`, `written`.
        what: &'static str,
        /// Why.
        error: std::io::Error,
    },
    /// The database is damaged, or is none.
    Damaged {
        /// Which file.
        database: PathBuf,
        /// What SQLite says.
        why: String,
    },
    /// The database was written by a newer version of this program.
    Newer {
        /// Which file.
        database: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest that this version knows.
        known: i64,
    },
    /// The database belongs to another key store.
    OtherKeys {
        /// Which file.
        database: PathBuf,
        /// The key store beside it.
        keys: PathBuf,
    },
    /// The key store cannot be used.
    Keys(KeyStoreError),
}

impl OpenError {
    pub(super) fn io(path: &Path, what: &'static str, error: std::io::Error) -> Self {
        use std::io::ErrorKind::{
            PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull,
        };
        let path = path.to_owned();
        match error.kind() {
            ReadOnlyFilesystem => Self::ReadOnly { path },
            PermissionDenied if what != "read" => Self::ReadOnly { path },
            StorageFull | QuotaExceeded => Self::Full { folder: path },
            _ => Self::Io { path, what, error },
        }
    }

    pub(super) fn database(folder: &Path, database: &Path, error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{CannotOpen, DiskFull, PermissionDenied, ReadOnly};
        let path = folder.to_owned();
        match error.sqlite_error_code() {
            Some(DiskFull) => Self::Full { folder: path },
            Some(ReadOnly | PermissionDenied | CannotOpen) => Self::ReadOnly { path },
            _ => Self::Damaged {
                database: database.into(),
                why: error.to_string(),
            },
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse { folder } => {
                write!(
                    f,
                    "{}: another server has this folder; stop that one, or give this one a folder of its own with --data",
                    folder.display()
                )
            }
            Self::Shared { folder } => {
                write!(
                    f,
                    "{0}: holds other files, and others may read it; give the data a folder of their own with --data, or close this one: chmod 700 {0}",
                    folder.display()
                )
            }
            Self::ReadOnly { path } => {
                write!(
                    f,
                    "{}: nothing can be written there; let this user write to it, or choose another folder with --data",
                    path.display()
                )
            }
            Self::Full { folder } => {
                write!(
                    f,
                    "{}: there is no room on its disk; free some, or choose another folder with --data",
                    folder.display()
                )
            }
            Self::Io { path, what, error } => {
                write!(f, "{}: cannot be {what}: {error}", path.display())
            }
            Self::Damaged { database, why } => {
                write!(
                    f,
                    "{}: damaged, or no database of this program ({why}); restore a backup into an empty folder with `stereo restore`, or choose another folder with --data to begin anew",
                    database.display()
                )
            }
            Self::Newer {
                database,
                found,
                known,
            } => {
                write!(
                    f,
                    "{}: written by a newer version of this program (schema {found}; this one knows {known}); run that version",
                    database.display()
                )
            }
            Self::OtherKeys { database, keys } => {
                write!(
                    f,
                    "{}: belongs to another key store than {}; put the two files of one server together",
                    database.display(),
                    keys.display()
                )
            }
            Self::Keys(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<KeyStoreError> for OpenError {
    fn from(error: KeyStoreError) -> Self {
        Self::Keys(error)
    }
}
