//! The store in SQLite: one file beside the key store, one thread that writes, a few that read.

mod accounts;
mod attempts;
mod fault;
mod passkeys;
mod readers;
mod rows;
mod schema;
mod sessions;
mod settle;
#[cfg(test)]
mod tests;
mod writer;

use super::error::{OpenError, StoreError};
use super::folder::{self, Folder};
use super::{Call, Day, Health, Store};
use crate::config;
use crate::keystore::{KeyStore, Paths};
use attempts::Ends;
use fault::Fault;
use parking_lot::RwLock;
use readers::{Readers, Reading};
use rusqlite::Connection;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use writer::{SharedHealth, Work, Writer};

/// The store of one server, in a folder of its own.
#[derive(Debug)]
pub struct SqliteStore {
    /// Gone when closing: the threads end when nobody can ask them any more.
    writer: Option<Writer>,
    readers: Option<Readers>,
    threads: Vec<JoinHandle<()>>,
    shared: Arc<Shared>,
}

/// What the threads have in common.
#[derive(Debug)]
struct Shared {
    folder: Folder,
    database: PathBuf,
    keys: KeyStore,
    health: SharedHealth,
    ends: Ends,
    /// Held by every read; whoever empties the log of writes holds it alone.
    gate: RwLock<()>,
}

impl SqliteStore {
    /// Opens the folder that the config names, making what is missing.
    ///
    /// # Errors
    /// What is wrong with the folder or a file in it, and what to do.
    pub fn open(config: &config::Store) -> Result<Self, OpenError> {
        let folder = Folder::take(&config.data)?;
        let database = folder.file(folder::DATABASE);
        let data_exist = std::fs::metadata(&database).is_ok_and(|file| file.len() > 0);
        let paths = paths(config, &folder);
        let keys = KeyStore::open(&paths, data_exist)?;
        // SQLite gives its other files the mode of this one.
        folder::owned_file(&database).map_err(|error| OpenError::io(&database, "made", error))?;
        let db = schema::open_writer(folder.path(), &database, &keys, &paths.keys)?;
        let settled = settle::settle(&db, &keys);
        settled.map_err(|fault| told(fault, &folder, &database))?;
        let readers = (0..config.readers).map(|_| schema::open_reader(folder.path(), &database));
        let readers: Vec<Connection> = readers.collect::<Result<_, _>>()?;
        let shared = Arc::new(Shared {
            folder,
            database,
            keys,
            health: SharedHealth::default(),
            ends: Ends::default(),
            gate: RwLock::new(()),
        });
        Self::start(db, readers, shared)
    }

    fn start(
        db: Connection,
        readers: Vec<Connection>,
        shared: Arc<Shared>,
    ) -> Result<Self, OpenError> {
        let failed = |error| OpenError::io(shared.folder.path(), "served by a thread", error);
        let (writer, writing) = Writer::start(db, shared.clone()).map_err(failed)?;
        let (readers, mut threads) = Readers::start(readers, &shared).map_err(failed)?;
        threads.push(writing);
        Ok(Self {
            writer: Some(writer),
            readers: Some(readers),
            threads,
            shared,
        })
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Work<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        match &self.writer {
            Some(writer) => writer.change(change).await,
            None => Err(StoreError::Stopped),
        }
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl Fn(&Reading<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        match &self.readers {
            Some(readers) => readers.ask(question).await,
            None => Err(StoreError::Stopped),
        }
    }
}

impl Store for SqliteStore {
    fn health(&self) -> Health {
        self.shared.health.get()
    }

    fn sweep(&self, now_ms: u64) -> Call<'_, ()> {
        let shared = self.shared.clone();
        Box::pin(self.change(move |work| {
            let over = "DELETE FROM sessions WHERE ends_day <= ?1";
            (work.db.prepare_cached(over)?).execute([Day::of(now_ms).0])?;
            attempts::sweep(work, &shared.ends, now_ms)
        }))
    }
}

impl Drop for SqliteStore {
    /// Waits until what was asked for is done and the files are closed.
    fn drop(&mut self) {
        self.writer = None;
        self.readers = None;
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
    }
}

fn paths(config: &config::Store, folder: &Folder) -> Paths {
    let given = |path: &PathBuf| (!path.as_os_str().is_empty()).then(|| path.clone());
    Paths {
        keys: folder.file(folder::KEYS),
        server_key: given(&config.key_file).unwrap_or_else(|| folder.file(folder::SERVER_KEY)),
        copy: given(&config.keys_copy),
    }
}

fn told(fault: Fault, folder: &Folder, database: &std::path::Path) -> OpenError {
    match fault {
        Fault::Sql(error) => OpenError::database(folder.path(), database, error),
        Fault::Keys(error) => OpenError::Keys(error),
        Fault::Told(_) | Fault::Unreadable(_) => OpenError::Damaged {
            database: database.into(),
            why: "a sealed field does not open".into(),
        },
    }
}

/// Empties the log of writes into the database. Returns whether all of it is there: a reader
/// keeps what it may still look at.
fn checkpoint(db: &Connection) -> rusqlite::Result<bool> {
    let busy: i64 = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    Ok(busy == 0)
}
