//! The store in SQLite: one file beside the key store, one thread that writes, a few that read.

mod accounts;
mod attempts;
mod copier;
mod correspondence;
mod deletions;
mod erase;
mod eraser;
mod fault;
mod image;
mod mails;
mod passkeys;
mod pictures;
mod readers;
mod restore;
mod rooms;
mod rows;
mod schema;
mod search;
mod sessions;
mod settle;
#[cfg(test)]
mod tests;
mod visits;
mod writer;

pub use visits::visits;

use super::erasure::{Erasures, Obstacle, Receipt, ReceiptId};
use super::error::{OpenError, StoreError};
use super::folder::{self, Folder};
use super::{AccountId, Call, Day, Health, Store};
use crate::clock::Clock;
use crate::config;
use crate::keystore::{KeyStore, Paths};
use attempts::Ends;
use copier::Copier;
use deletions::Deletions;
use eraser::Eraser;
use fault::Fault;
use parking_lot::RwLock;
use readers::{Readers, Reading};
use rusqlite::{Connection, InterruptHandle};
use search::{Held, Needles};
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use writer::{SharedHealth, Work, Writer};

pub use image::{Image, ImageError, Pages, Reader};

/// The store of one server, in a folder of its own.
#[derive(Debug)]
pub struct SqliteStore {
    /// Gone when closing: the threads end when nobody can ask them any more.
    asked: Option<Asked>,
    threads: Vec<JoinHandle<()>>,
    /// Last: its files are closed when SQLite has closed its own.
    shared: Arc<Shared>,
}

/// The ways to the threads.
#[derive(Debug)]
struct Asked {
    writer: Arc<Writer>,
    readers: Readers,
    eraser: Eraser,
}

/// What the threads have in common.
struct Shared {
    folder: Folder,
    database: PathBuf,
    keys: KeyStore,
    health: SharedHealth,
    ends: Ends,
    clock: Arc<Clock>,
    /// Held by every read; whoever empties the log of writes holds it alone.
    gate: RwLock<()>,
    /// Of the readers, who give way.
    interrupts: Vec<InterruptHandle>,
    held: Held,
    deletions: Deletions,
    /// The server's key, when it is not in the folder.
    key_file: Option<PathBuf>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    /// Tells the operator what went wrong, and gives the word for whoever called. What is damaged is
    /// not written to any more: that would damage what is left.
    fn report(&self, fault: impl Into<Fault>) -> StoreError {
        let fault = fault.into();
        if fault.is_damage() {
            self.health.set(Health::Damaged);
        }
        fault.report(&self.database)
    }

    fn interrupt_readers(&self) {
        self.interrupts.iter().for_each(InterruptHandle::interrupt);
    }
}

impl SqliteStore {
    /// Opens the folder that the config names, making what is missing.
    ///
    /// # Errors
    /// What is wrong with the folder or a file in it, and what to do.
    pub fn open(config: &config::Store, clock: Arc<Clock>) -> Result<Self, OpenError> {
        let folder = Folder::take(&config.data)?;
        let database = folder.file(folder::DATABASE);
        let data_exist = std::fs::metadata(&database).is_ok_and(|file| file.len() > 0);
        let paths = paths(config, &folder);
        let keys = KeyStore::open(&paths, data_exist)?;
        // SQLite gives its other files the mode of this one.
        let file = folder::owned_file(&database);
        let file = file.map_err(|error| OpenError::io(&database, "made", error))?;
        let db = schema::open_writer(folder.path(), &database, &keys, &paths.keys)?;
        let settled = settle::settle(&db, &keys);
        settled.map_err(|fault| told(fault, &folder, &database))?;
        let readers = (0..config.readers).map(|_| schema::open_reader(folder.path(), &database));
        let readers: Vec<Connection> = readers.collect::<Result<_, _>>()?;
        let shared = Arc::new(Shared {
            held: Held {
                database: file,
                shared_memory: File::open(folder.file("stereo.db-shm")).ok(),
            },
            key_file: paths_elsewhere(config),
            folder,
            database,
            keys,
            deletions: Deletions::default(),
            health: SharedHealth::default(),
            ends: Ends::default(),
            clock,
            gate: RwLock::new(()),
            interrupts: readers
                .iter()
                .map(Connection::get_interrupt_handle)
                .collect(),
        });
        Self::start(db, readers, shared)
    }

    fn start(
        db: Connection,
        readers: Vec<Connection>,
        shared: Arc<Shared>,
    ) -> Result<Self, OpenError> {
        let failed = |error| OpenError::io(shared.folder.path(), "served by a thread", error);
        let (copier, copying) = Copier::start(shared.clone()).map_err(failed)?;
        let (writer, writing) = Writer::start(db, shared.clone(), copier).map_err(failed)?;
        let (readers, mut threads) = Readers::start(readers, &shared).map_err(failed)?;
        let writer = Arc::new(writer);
        let (eraser, erasing) = Eraser::start(writer.clone(), shared.clone()).map_err(failed)?;
        threads.extend([writing, erasing, copying]);
        let asked = Asked {
            writer,
            readers,
            eraser,
        };
        Ok(Self {
            asked: Some(asked),
            threads,
            shared,
        })
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    fn asked(&self) -> Result<&Asked, StoreError> {
        self.asked.as_ref().ok_or(StoreError::Stopped)
    }

    async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Work<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.asked()?.writer.change(change).await
    }

    /// A change that deletes: returns when nothing of what it says is in any file, or something
    /// keeps it there: [`Store::obstacle`] says what, and it goes on by itself.
    async fn delete<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Work<'_>, &mut Needles) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let deleted = self.change(move |work| {
            let mut needles = Needles::default();
            let value = change(work, &mut needles)?;
            let some = !needles.is_empty();
            work.deleted.extend(needles);
            Ok((value, some))
        });
        let (value, some) = deleted.await?;
        if some {
            let deletions = &self.shared.deletions;
            deletions.looked_for(deletions.number()).await;
        }
        Ok(value)
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl Fn(&Reading<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.asked()?.readers.ask(question).await
    }
}

impl Store for SqliteStore {
    fn health(&self) -> Health {
        self.shared.health.get()
    }

    fn probe(&self) -> Call<'_, ()> {
        // Writes a page, though nothing becomes different.
        let write = "UPDATE store SET keys = keys";
        Box::pin(self.change(move |work| {
            (work.db.prepare_cached(write)?).execute([])?;
            Ok(())
        }))
    }

    fn obstacle(&self) -> Option<Obstacle> {
        self.shared.deletions.obstacle()
    }

    fn sweep(&self, now_ms: u64) -> Call<'_, ()> {
        let shared = self.shared.clone();
        Box::pin(self.delete(move |work, needles| {
            let today = [Day::of(now_ms).0];
            let over = "SELECT hash, label FROM sessions WHERE ends_day <= ?1";
            needles.add_columns(work.db, over, today)?;
            for over in [
                "DELETE FROM sessions WHERE ends_day <= ?1",
                "DELETE FROM erasures WHERE ends_day <= ?1",
            ] {
                (work.db.prepare_cached(over)?).execute(today)?;
            }
            attempts::sweep(work, &shared.ends, now_ms)
        }))
    }
}

impl Erasures for SqliteStore {
    fn begin_erasure(&self, id: AccountId, receipt: ReceiptId) -> Call<'_, ()> {
        Box::pin(self.change(move |work| erase::begin(work, id, receipt)))
    }

    fn erase_account(&self, id: AccountId, receipt: ReceiptId) -> Call<'_, Receipt> {
        Box::pin(async move { self.asked()?.eraser.erase(id, receipt).await })
    }

    fn conclude_erasure(&self, id: ReceiptId, receipt: Receipt) -> Call<'_, ()> {
        let now = self.shared.clock.now_ms();
        Box::pin(self.change(move |work| erase::conclude(work.db, id, &receipt, now)))
    }

    fn unfinished_erasures(&self) -> Call<'_, Vec<(ReceiptId, AccountId)>> {
        Box::pin(self.ask(|reading| Ok(erase::unfinished(reading.db)?)))
    }

    fn receipt(&self, id: ReceiptId) -> Call<'_, Option<Receipt>> {
        Box::pin(self.ask(move |reading| erase::read(reading.db, id)))
    }
}

impl Drop for SqliteStore {
    /// Waits until what was asked for is done and the files are closed.
    fn drop(&mut self) {
        self.asked = None;
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

/// The server's key, when the config says that it is elsewhere.
fn paths_elsewhere(config: &config::Store) -> Option<PathBuf> {
    let path = &config.key_file;
    (!path.as_os_str().is_empty()).then(|| path.clone())
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
    // Waiting here would hold up every change.
    db.busy_timeout(Duration::ZERO)?;
    let busy = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
    db.busy_timeout(schema::PATIENCE)?;
    busy.map(|busy: i64| busy == 0)
}
