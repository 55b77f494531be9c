//! What can go wrong inside a call, and what is made of it: the operator is told here, once, with
//! the file; whoever called gets a word.

use super::super::error::StoreError;
use crate::keystore::KeyStoreError;
use rusqlite::ErrorCode;
use rusqlite::ffi;
use std::path::Path;

/// A failure inside a call.
#[derive(Debug)]
pub(super) enum Fault {
    /// Decided by the call itself.
    Told(StoreError),
    Sql(rusqlite::Error),
    Keys(KeyStoreError),
    /// A sealed field does not open, though its key is there; which one.
    Unreadable(&'static str),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<KeyStoreError> for Fault {
    fn from(error: KeyStoreError) -> Self {
        Self::Keys(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Told(error)
    }
}

impl Fault {
    /// A reader that gave way: to be done again.
    pub(super) fn is_interruption(&self) -> bool {
        let Self::Sql(error) = self else { return false };
        error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted)
    }

    /// The file is not what was written to it.
    pub(super) fn is_damage(&self) -> bool {
        let Self::Sql(error) = self else { return false };
        let code = error.sqlite_error_code();
        matches!(
            code,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        )
    }

    /// What the caller is told; the operator reads the rest in the log. By way of
    /// [`super::Shared::report`], which draws the consequences.
    pub(super) fn report(self, database: &Path) -> StoreError {
        let file = database.display();
        match self {
            Self::Told(error) => error,
            Self::Sql(error) => report_sql(error, database),
            Self::Keys(error) => {
                let full = error.is_full();
                tracing::error!(%error, "the key store failed");
                if full {
                    StoreError::Full
                } else {
                    StoreError::Broken
                }
            }
            Self::Unreadable(field) => {
                tracing::error!(%file, field, "a sealed field does not open: the database is damaged, or of another backup than the keys");
                StoreError::Broken
            }
        }
    }
}

fn report_sql(error: rusqlite::Error, database: &Path) -> StoreError {
    let file = database.display();
    // SQLite's own words name tables and columns, never values.
    match error.sqlite_extended_error_code() {
        Some(ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => return StoreError::Gone,
        Some(ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => {
            return StoreError::Taken;
        }
        _ => {}
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            tracing::error!(%file, "no room on the disk: free some; changes are refused until then");
            StoreError::Full
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            tracing::error!(%file, %error, "the database is damaged: no more changes are taken; stop the server and restore a backup");
            StoreError::Broken
        }
        _ => {
            tracing::error!(%file, %error, "the database failed");
            StoreError::Broken
        }
    }
}
