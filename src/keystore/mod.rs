//! The key store: a file of its own, and the one thing that makes sealed fields readable. It holds
//! the keys of people (wrapped by the server's key), the keyed hashes by which an account is looked
//! up, and nothing else; a backup of the data never holds it. Whoever destroys an entry makes every
//! copy of what it unlocked unreadable, backups included. No SQL and no HTTP in here.
//!
//! An entry is written before the data that needs it and destroyed after the data that named it, so
//! that a crash between the two leaves an entry *unsettled*: at the next start the data say whether
//! it stays. Destroying overwrites the entry's place with zeros and waits for the disk.

mod copy;
mod error;
mod file;
mod index;
mod record;
mod seal;
mod server_key;
#[cfg(test)]
mod tests;

pub use error::KeyStoreError;
pub use file::Head;
pub use record::{AttemptId, EntryId, KeyId, LookupHash, NewEntry};
pub use seal::{FieldKey, Place};
pub use server_key::{LookupKind, ServerKey};

use copy::ReplacedCopy;
use file::{KeyFile, Places};
use index::Index;
use parking_lot::{Mutex, RwLock};
use record::{Record, Says, State};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Where a key store is.
#[derive(Clone, Debug)]
pub struct Paths {
    /// The key store itself.
    pub keys: PathBuf,
    /// The file of the server's key.
    pub server_key: PathBuf,
    /// Its one replaced copy, on another disk; `None`: there is none.
    pub copy: Option<PathBuf>,
}

/// All keys and lookups of one server. Reads need no disk but for keys themselves; writes are
/// serialised in here.
#[derive(Debug)]
pub struct KeyStore {
    server: ServerKey,
    file: KeyFile,
    index: RwLock<Index>,
    /// One writer at a time; the index is only locked while memory changes.
    writing: Mutex<()>,
    copy: Option<ReplacedCopy>,
}

impl KeyStore {
    /// Opens the key store, or makes an empty one (and the server's key) unless `data_exist`: data
    /// without their keys cannot be read, and new keys would only hide that.
    ///
    /// # Errors
    /// A file that is missing, damaged, or of another server key; the text names it and what to do.
    pub fn open(paths: &Paths, data_exist: bool) -> Result<Self, KeyStoreError> {
        let keys_exist = paths.keys.exists();
        if data_exist && !keys_exist {
            return Err(KeyStoreError::KeysMissing {
                keys: paths.keys.clone(),
                copy: paths.copy.clone(),
            });
        }
        let server = ServerKey::open(&paths.server_key, keys_exist.then_some(&*paths.keys))?;
        let (file, records) = match keys_exist {
            true => KeyFile::open(&paths.keys, &server, &paths.server_key)?,
            false => (KeyFile::create(&paths.keys, &server)?, Vec::new()),
        };
        let store = Self {
            index: RwLock::new(Index::default()),
            writing: Mutex::new(()),
            copy: paths.copy.clone().map(ReplacedCopy::new),
            server,
            file,
        };
        store.load(records)?;
        Ok(store)
    }

    fn load(&self, records: Places) -> Result<(), KeyStoreError> {
        let mut index = self.index.write();
        for (place, bytes) in records {
            if Record::is_free(&bytes) {
                index.free(place);
                continue;
            }
            let damaged = || KeyStoreError::Damaged {
                keys: self.file.path().to_owned(),
                place,
                copy: self.copy.as_ref().map(|copy| copy.path().to_owned()),
            };
            let record = Record::decode(&bytes).ok_or_else(damaged)?;
            let says = match record.id {
                EntryId::Key(_) => Says::Nothing,
                id => {
                    let content = self.unwrap(&record).ok_or_else(damaged)?;
                    Says::read(id, &content)
                }
            };
            index.insert(record.id, place, record.state, says);
        }
        Ok(())
    }

    /// The random name of this key store: data that belong to it hold the same.
    pub fn name(&self) -> [u8; 16] {
        self.file.name()
    }

    /// How often keys or lookups were added. Data that were written under a generation need a copy
    /// of that generation, or of a later one.
    pub fn generation(&self) -> u64 {
        self.file.generation()
    }

    /// Goes on from `generation` when that is later than its own: for a key store that was put back
    /// from an older copy, so that no generation stands for two states.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn go_on_from(&self, generation: u64) -> Result<(), KeyStoreError> {
        let _alone = self.writing.lock();
        if generation <= self.file.generation() {
            return Ok(());
        }
        self.file.set_generation(generation)?;
        self.file.sync()
    }

    /// The keyed hash by which an account is looked up.
    pub fn lookup(&self, kind: LookupKind, value: &[u8]) -> LookupHash {
        self.server.lookup(kind, value)
    }

    /// Adds entries, unsettled. They are safe after [`KeyStore::sync`].
    ///
    /// # Errors
    /// The file cannot be written; then some of the entries may be there, unsettled.
    pub fn add(&self, entries: &[NewEntry]) -> Result<(), KeyStoreError> {
        let _alone = self.writing.lock();
        for entry in entries {
            let (id, content, says) = entry.parts();
            let record = self.wrap(id, &content);
            let place = self.index.write().take_place();
            self.file.write(place, &record.encode())?;
            self.index.write().insert(id, place, State::Unsettled, says);
        }
        // Sign-ins under way come and go, and nobody needs them back.
        let lasting = |entry: &NewEntry| !matches!(entry, NewEntry::Attempt(..));
        if entries.iter().any(lasting) {
            self.file.set_generation(self.file.generation() + 1)?;
        }
        Ok(())
    }

    /// Marks entries whose data are about to go. The mark is safe after [`KeyStore::sync`].
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn unsettle(&self, entries: &[EntryId]) -> Result<(), KeyStoreError> {
        self.mark(entries, State::Unsettled)
    }

    /// Marks entries whose data are there. Need not be synced: unsettled entries with data stay.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn settle(&self, entries: &[EntryId]) -> Result<(), KeyStoreError> {
        self.mark(entries, State::Settled)
    }

    fn mark(&self, entries: &[EntryId], state: State) -> Result<(), KeyStoreError> {
        let _alone = self.writing.lock();
        for id in entries {
            let Some(place) = self.index.read().place_of(*id) else {
                continue;
            };
            self.file.set_state(place, state)?;
            self.index.write().set_state(*id, state);
        }
        Ok(())
    }

    /// Waits until everything written is on the disk.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn sync(&self) -> Result<(), KeyStoreError> {
        self.mark_copy_stale();
        self.file.sync()
    }

    /// Destroys entries: their places are overwritten with zeros, and the disk has confirmed that
    /// when this returns. The copy still holds them until [`KeyStore::refresh_copy`]. Entries that
    /// are not there are no error, so that an interrupted erasure can be repeated.
    ///
    /// # Errors
    /// The file cannot be written; what was destroyed so far stays destroyed.
    pub fn destroy(&self, entries: &[EntryId]) -> Result<(), KeyStoreError> {
        let _alone = self.writing.lock();
        self.mark_copy_stale();
        let index = self.index.read();
        let there = entries.iter();
        let there = there.filter_map(|id| Some((*id, index.place_of(*id)?)));
        let there: Vec<(EntryId, u32)> = there.collect();
        drop(index);
        if there.is_empty() {
            return Ok(());
        }
        for (_, place) in &there {
            self.file.zero(*place)?;
        }
        self.file.sync()?;
        // Only now are they gone: before, a crash could bring them back, and an error must leave
        // something to repeat.
        let mut index = self.index.write();
        for (id, place) in there {
            index.remove(id);
            index.free(place);
        }
        Ok(())
    }

    /// A person's key; `None` when it was destroyed or never was.
    ///
    /// # Errors
    /// The file cannot be read, or the entry is damaged.
    pub fn key(&self, id: KeyId) -> Result<Option<FieldKey>, KeyStoreError> {
        let Some(place) = self.index.read().place_of(EntryId::Key(id)) else {
            return Ok(None);
        };
        let bytes = self.file.read(place)?;
        // Destroyed meanwhile, and perhaps taken by another.
        let record = Record::decode(&bytes);
        if Record::is_free(&bytes)
            || record
                .as_ref()
                .is_some_and(|record| record.id != EntryId::Key(id))
        {
            return Ok(None);
        }
        let content = record.as_ref().and_then(|record| self.unwrap(record));
        let content = content.ok_or_else(|| KeyStoreError::Damaged {
            keys: self.file.path().to_owned(),
            place,
            copy: self.copy.as_ref().map(|copy| copy.path().to_owned()),
        })?;
        Ok(Some(FieldKey::new(content)))
    }

    /// The account that a lookup leads to.
    pub fn find(&self, hash: LookupHash) -> Option<u64> {
        self.index.read().account_of(hash)
    }

    /// All lookups that lead to an account.
    pub fn lookups_of(&self, account: u64) -> Vec<LookupHash> {
        self.index.read().lookups_of(account)
    }

    /// Sign-in attempts under way for the address that `hash` stands for.
    pub fn attempts_of(&self, hash: LookupHash) -> Vec<AttemptId> {
        self.index.read().attempts_of(hash)
    }

    /// Entries of which only the data can say whether they stay.
    pub fn unsettled(&self) -> Vec<EntryId> {
        self.index.read().unsettled()
    }

    /// All entries, in no order.
    pub fn entries(&self) -> Vec<EntryId> {
        self.index.read().ids()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.index.read().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What stands for an entry in the file: its id, and its sealed content. For proving that it is
    /// gone.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn traces(&self, id: EntryId) -> Result<Vec<Vec<u8>>, KeyStoreError> {
        let Some(place) = self.index.read().place_of(id) else {
            return Ok(Vec::new());
        };
        Ok(Record::traces(&self.file.read(place)?))
    }

    /// Replaces the copy when it is older than the key store. Nothing to do without one.
    ///
    /// # Errors
    /// The copy cannot be reached or written.
    pub fn refresh_copy(&self) -> Result<(), KeyStoreError> {
        let Some(copy) = &self.copy else {
            return Ok(());
        };
        copy.refresh(|| {
            // Held so that what is copied is one state of the file, and no longer: changes do not
            // wait for the copy's disk.
            let _alone = self.writing.lock();
            self.file.read_all()
        })
    }

    /// Where the copy is, if there is one.
    pub fn copy_path(&self) -> Option<&Path> {
        self.copy.as_ref().map(ReplacedCopy::path)
    }

    fn mark_copy_stale(&self) {
        if let Some(copy) = &self.copy {
            copy.mark_stale();
        }
    }

    fn wrap(&self, id: EntryId, content: &[u8; 32]) -> Record {
        let (nonce, sealed) = self.server.wrap(&self.bound_to(id), content);
        Record {
            state: State::Unsettled,
            id,
            nonce,
            sealed,
        }
    }

    fn unwrap(&self, record: &Record) -> Option<Zeroizing<[u8; 32]>> {
        let bound = self.bound_to(record.id);
        self.server.unwrap(&bound, &record.nonce, &record.sealed)
    }

    /// An entry opens only as itself and in this key store.
    fn bound_to(&self, id: EntryId) -> Vec<u8> {
        [&self.file.name()[..], &[id.kind()], &id.bytes()].concat()
    }
}
