//! Opening the database: how every connection is set, and the migrations.
//!
//! `user_version`, a number in the head of the file that SQLite leaves to its user, is the generation
//! of the key store that the rows need: an older copy of the key store lacks keys of people who are
//! in them.

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
    refuse_damaged(&db, database).map_err(failed)??;
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
    catch_up(&db, keys, keys_path).map_err(failed)??;
    Ok(db)
}

/// A key store that is older than the data was put back from a copy: that is said, and it goes on
/// from where the data are.
fn catch_up(
    db: &Connection,
    keys: &KeyStore,
    keys_path: &Path,
) -> rusqlite::Result<Result<(), OpenError>> {
    let needed = generation(db)?;
    let missing = needed.saturating_sub(keys.generation());
    if missing > 0 {
        let keys = keys_path.display();
        tracing::warn!(%keys, missing, "the key store is older than the data: some who came last cannot be read; if there is a newer copy, stop and put it there");
    }
    Ok(keys.go_on_from(needed).map_err(OpenError::Keys))
}

/// The generation of the key store that the rows need.
pub(super) fn generation(db: &Connection) -> rusqlite::Result<u64> {
    let noted: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok(noted.unsigned_abs())
}

/// Notes the generation of the key store that the rows need, with the transaction under way.
pub(super) fn set_generation(db: &Connection, generation: u64) -> rusqlite::Result<()> {
    // As large as the head of the file has room for.
    let generation = generation.min(i32::MAX as u64);
    db.execute_batch(&format!("PRAGMA user_version = {generation}"))
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

/// Looks at every page once: what is found when somebody needs it is found too late.
pub(super) fn refuse_damaged(
    db: &Connection,
    database: &Path,
) -> rusqlite::Result<Result<(), OpenError>> {
    let found = db.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    let found = found?;
    Ok(match &*found {
        "ok" => Ok(()),
        _ => Err(OpenError::Damaged {
            database: database.into(),
            // It says in which page, over two lines.
            why: found.replace('\n', " "),
        }),
    })
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
