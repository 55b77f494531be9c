//! Opening the database: how every connection is set, and the migrations.

use super::super::error::OpenError;
use crate::keystore::KeyStore;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::path::Path;
use std::time::Duration;

#[allow(missing_docs, unreachable_pub)]
mod embedded {
    refinery::embed_migrations!("src/store/sqlite/migrations");
}

/// How long a connection waits for another process that has the database open.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// The connection that writes. Makes the database, or brings it to the newest schema.
pub(super) fn open_writer(
    folder: &Path,
    database: &Path,
    keys: &KeyStore,
    keys_path: &Path,
) -> Result<Connection, OpenError> {
    let failed = |error| OpenError::database(folder, database, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = Connection::open_with_flags(database, flags).map_err(failed)?;
    set_writer(&db).map_err(failed)?;
    refuse_newer(&db, database).map_err(failed)??;
    let migrated = embedded::migrations::runner().run(&mut db);
    migrated.map_err(|error| OpenError::Damaged {
        database: database.into(),
        why: error.to_string(),
    })?;
    // What an earlier run left in the log of writes goes into the file, and the log is emptied.
    super::checkpoint(&db).map_err(failed)?;
    if !belongs(&db, &keys.name()).map_err(failed)? {
        return Err(OpenError::OtherKeys {
            database: database.into(),
            keys: keys_path.into(),
        });
    }
    Ok(db)
}

/// A connection that only reads.
pub(super) fn open_reader(folder: &Path, database: &Path) -> Result<Connection, OpenError> {
    let failed = |error| OpenError::database(folder, database, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(database, flags).map_err(failed)?;
    set(&db).map_err(failed)?;
    Ok(db)
}

fn set(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(PATIENCE)?;
    db.set_prepared_statement_cache_capacity(128);
    // What is deleted is overwritten; nothing goes to a temporary file.
    db.execute_batch(
        "PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;",
    )
}

fn set_writer(db: &Connection) -> rusqlite::Result<()> {
    set(db)?;
    db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    // FULL: the log of writes is on the disk before a change is acknowledged.
    db.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
}

fn refuse_newer(db: &Connection, database: &Path) -> rusqlite::Result<Result<(), OpenError>> {
    let table = "SELECT 1 FROM sqlite_master WHERE name = 'refinery_schema_history'";
    if !db.prepare(table)?.exists([])? {
        return Ok(Ok(()));
    }
    let newest = "SELECT coalesce(max(version), 0) FROM refinery_schema_history";
    let found: i64 = db.query_row(newest, [], |row| row.get(0))?;
    let known = newest_known();
    Ok(match found > known {
        true => Err(OpenError::Newer {
            database: database.into(),
            found,
            known,
        }),
        false => Ok(()),
    })
}

pub(super) fn newest_known() -> i64 {
    let runner = embedded::migrations::runner();
    let versions = runner.get_migrations().iter();
    versions
        .map(|one| i64::from(one.version()))
        .max()
        .unwrap_or(0)
}

/// Whether the database is of this key store; a new one is from now on.
fn belongs(db: &Connection, name: &[u8; 16]) -> rusqlite::Result<bool> {
    let kept: Option<[u8; 16]> = db
        .query_row("SELECT keys FROM store", [], |row| row.get(0))
        .optional()?;
    if let Some(kept) = kept {
        return Ok(kept == *name);
    }
    db.execute("INSERT INTO store (keys) VALUES (?1)", [name])?;
    Ok(true)
}
