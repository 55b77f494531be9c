//! Why the key store cannot be used, told so that the operator knows which file it is and what to
//! do. Nothing about a person or a key.

use std::fmt;
use std::io::ErrorKind::PermissionDenied;
use std::path::{Path, PathBuf};

/// What is wrong.
#[derive(Debug)]
pub enum KeyStoreError {
    /// There are data, but not their keys.
    KeysMissing {
        /// Where they should be.
        keys: PathBuf,
        /// Where a copy may be.
        copy: Option<PathBuf>,
    },
    /// There are keys, but not the server's key that opens them.
    ServerKeyMissing {
        /// Where it should be.
        server_key: PathBuf,
        /// What it opens.
        keys: PathBuf,
    },
    /// The file of the server's key holds something else.
    NotAServerKey {
        /// Which file.
        server_key: PathBuf,
    },
    /// The keys were made under another server key.
    WrongServerKey {
        /// The file of the key that was tried.
        server_key: PathBuf,
        /// What it does not open.
        keys: PathBuf,
    },
    /// The file is none of ours.
    NotAKeyStore {
        /// Which file.
        keys: PathBuf,
    },
    /// An entry cannot be read.
    Damaged {
        /// Which file.
        keys: PathBuf,
        /// Which place in it, from 0.
        place: u32,
        /// Where a copy may be.
        copy: Option<PathBuf>,
    },
    /// The system refused.
    Io {
        /// Which file.
        path: PathBuf,
        /// `read`, `written`, `made` or `replaced`.
        what: &'static str,
        /// Why.
        error: std::io::Error,
    },
}

impl KeyStoreError {
    pub(super) fn io(path: &Path, what: &'static str, error: std::io::Error) -> Self {
        let path = path.to_owned();
        Self::Io { path, what, error }
    }

    /// Whether there is no room left on the disk.
    pub fn is_full(&self) -> bool {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        matches!(self, Self::Io { error, .. } if matches!(error.kind(), StorageFull | QuotaExceeded))
    }
}

impl fmt::Display for KeyStoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeysMissing { keys, copy } => {
                let keys = keys.display();
                write!(
                    f,
                    "{keys}: missing, and without these keys the data beside them cannot be read; put the file back{}",
                    from(copy)
                )
            }
            Self::ServerKeyMissing { server_key, keys } => {
                let (server_key, keys) = (server_key.display(), keys.display());
                write!(
                    f,
                    "{server_key}: missing, and without it {keys} cannot be opened; put the file back, or say where it is with store.key_file"
                )
            }
            Self::NotAServerKey { server_key } => {
                let server_key = server_key.display();
                write!(
                    f,
                    "{server_key}: expected a server key, 43 letters of base64url (32 random bytes)"
                )
            }
            Self::WrongServerKey { server_key, keys } => {
                let (server_key, keys) = (server_key.display(), keys.display());
                write!(
                    f,
                    "{server_key}: another server key than {keys} was made under; put the right one there, or say where it is with store.key_file"
                )
            }
            Self::NotAKeyStore { keys } => {
                let keys = keys.display();
                write!(
                    f,
                    "{keys}: not a key store of this program; put the right file back"
                )
            }
            Self::Damaged { keys, place, copy } => {
                let keys = keys.display();
                write!(
                    f,
                    "{keys}: entry {place} is damaged; put the file back{}",
                    from(copy)
                )
            }
            Self::Io { path, what, error } => {
                write!(f, "{}: cannot be {what}: {error}", path.display())?;
                match error.kind() {
                    PermissionDenied => write!(f, "; let this user read and write it"),
                    _ => Ok(()),
                }
            }
        }
    }
}

impl std::error::Error for KeyStoreError {}

fn from(copy: &Option<PathBuf>) -> String {
    copy.as_ref().map_or_else(
        || " from your copy of it".to_owned(),
        |copy| format!(" from its copy, {}", copy.display()),
    )
}
