//! The database as it is at one moment, page by page, while a server may write to it. Never are more
//! than some pages in memory, and never is the database held while pages go where they go: erasures,
//! which need it to themselves, wait for a step and not for a backup.
//!
//! A first round reads every page in short steps; meanwhile some change. Then all pages are looked at
//! under one snapshot, and those given that have changed since they were; when that comes to its end
//! within its time, it is the whole truth. When not, the rest is done in steps, and tried again. Who
//! puts the pages together lets the last of each number count.

use super::super::error::OpenError;
use super::super::folder;
use super::schema;
use crate::config;
use rusqlite::{Connection, ErrorCode, OptionalExtension};
use sha2::{Digest, Sha256};
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Pages read in one step.
const STEP: usize = 256;
/// Changed pages kept in memory under a snapshot, at most.
const MOST: usize = 4_096;
/// How long the first look under a snapshot may take, which erasures wait for; each further one may
/// take twice as long, so that a large database on a slow disk comes to its end too.
const PATIENCE: Duration = Duration::from_millis(500);
/// Between two snapshots, for those who wait.
const PAUSE: Duration = Duration::from_millis(200);
/// Steps of SQLite, or pages, after which a look for damage asks whether its time is over.
const ASKED: i32 = 100;

/// Where pages go, in no order and some more than once: the last of each number counts.
pub trait Pages {
    /// Takes a page; the first is 1.
    ///
    /// # Errors
    /// When it cannot be written.
    fn page(&mut self, number: u32, bytes: &[u8]) -> io::Result<()>;
}

/// What the pages that were given are together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// How many pages it has. Those beyond, which were given before some were let go of, do not count.
    pub pages: u32,
    /// The name of its key store.
    pub keys: [u8; 16],
    /// The generation of the key store that its rows need.
    pub generation: u64,
}

/// A database that is read, while a server has it open or not.
#[derive(Debug)]
pub struct Reader {
    db: Connection,
    folder: PathBuf,
    database: PathBuf,
    /// What was given of each page; 16 bytes for each.
    given: Vec<[u8; 16]>,
}

/// What came of looking at all pages under one snapshot.
enum Looked {
    /// All of them, as they are in this moment.
    Whole(Image),
    /// Those up to this one, and then it was enough.
    UpTo(u32),
}

/// Why an image could not be taken.
#[derive(Debug)]
pub enum ImageError {
    /// The database.
    Database(rusqlite::Error),
    /// Where the pages go.
    Pages(io::Error),
}

impl std::fmt::Display for ImageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Database(error) => write!(f, "the database cannot be read: {error}"),
            Self::Pages(error) => error.fmt(f),
        }
    }
}

impl From<rusqlite::Error> for ImageError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl Reader {
    /// Opens the database of a folder.
    ///
    /// # Errors
    /// When there is none, or it is damaged.
    pub fn open(config: &config::Store) -> Result<Self, OpenError> {
        let database = config.data.join(folder::DATABASE);
        let db = schema::open_reader(&config.data, &database)?;
        Ok(Self {
            db,
            folder: config.data.clone(),
            database,
            given: Vec::new(),
        })
    }

    /// Looks for damage in every page: it shows in how they hang together, and not in one page by
    /// itself as [`Reader::copy`] meets it. Under a snapshot, too, and by the same rule: erasures wait
    /// for a while, and not until it is over.
    ///
    /// # Errors
    /// Which file is damaged, or cannot be read.
    pub fn refuse_damaged(&self) -> Result<(), OpenError> {
        let mut patience = PATIENCE;
        loop {
            if let Some(looked) = self.look_for_damage(patience) {
                return looked;
            }
            std::thread::sleep(PAUSE);
            patience *= 2;
        }
    }

    /// `None`: it takes longer.
    pub(super) fn look_for_damage(&self, patience: Duration) -> Option<Result<(), OpenError>> {
        let began = Instant::now();
        let is_over = move || began.elapsed() > patience;
        let looked = self.db.progress_handler(ASKED, Some(is_over));
        let looked = looked.and_then(|()| schema::refuse_damaged(&self.db, &self.database));
        let freed = self.db.progress_handler(0, None::<fn() -> bool>);
        match looked.and_then(|looked| freed.map(|()| looked)) {
            Ok(looked) => Some(looked),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => {
                None
            }
            Err(error) => Some(Err(OpenError::database(
                &self.folder,
                &self.database,
                error,
            ))),
        }
    }

    /// Bytes of a page.
    ///
    /// # Errors
    /// When it is no database.
    pub fn page_size(&self) -> Result<u32, ImageError> {
        Ok(self
            .db
            .query_row("PRAGMA page_size", [], |row| row.get(0))?)
    }

    /// The name of its key store, and the generation that its rows need.
    ///
    /// # Errors
    /// When it is no database of this program.
    pub fn belongs_to(&self) -> Result<([u8; 16], u64), ImageError> {
        Ok(belongs_to(&self.db)?)
    }

    /// Gives every page.
    ///
    /// # Errors
    /// When the database cannot be read, or the pages cannot be written.
    pub fn copy(&mut self, to: &mut impl Pages) -> Result<Image, ImageError> {
        let mut next = 1;
        let mut patience = PATIENCE;
        let mut keep = STEP;
        loop {
            while let Some(after) = self.step(next, to)? {
                next = after;
            }
            match self.look(patience, keep, to)? {
                Looked::Whole(image) => return Ok(image),
                Looked::UpTo(number) => next = number + 1,
            }
            std::thread::sleep(PAUSE);
            patience *= 2;
            keep = (keep * 2).min(MOST);
        }
    }

    /// Gives those of some pages from `first` on that have changed since they were given. Returns which
    /// is the next, if there is one.
    fn step(&mut self, first: u32, to: &mut impl Pages) -> Result<Option<u32>, ImageError> {
        let snapshot = self.db.unchecked_transaction()?;
        let pages = page_count(&snapshot)?;
        let last = pages.min(first.saturating_add(STEP as u32 - 1));
        let mut changed = Vec::new();
        for number in first..=last {
            let bytes = page(&snapshot, number)?;
            if self.has_changed(number, &bytes) {
                changed.push((number, bytes));
            }
        }
        drop(snapshot);
        self.give(&changed, to)?;
        Ok((last < pages).then_some(last + 1))
    }

    /// Looks at all pages under one snapshot, for as long as it may, and gives those that have changed.
    fn look(
        &mut self,
        patience: Duration,
        keep: usize,
        to: &mut impl Pages,
    ) -> Result<Looked, ImageError> {
        let began = Instant::now();
        let snapshot = self.db.unchecked_transaction()?;
        let pages = page_count(&snapshot)?;
        let (keys, generation) = belongs_to(&snapshot)?;
        let mut looked = Looked::Whole(Image {
            pages,
            keys,
            generation,
        });
        let mut changed = Vec::new();
        for number in 1..=pages {
            let bytes = page(&snapshot, number)?;
            if self.has_changed(number, &bytes) {
                changed.push((number, bytes));
            }
            if number < pages && (changed.len() >= keep || began.elapsed() > patience) {
                looked = Looked::UpTo(number);
                break;
            }
        }
        drop(snapshot);
        self.give(&changed, to)?;
        Ok(looked)
    }

    fn has_changed(&self, number: u32, bytes: &[u8]) -> bool {
        self.given.get(number as usize - 1) != Some(&digest(bytes))
    }

    fn give(&mut self, pages: &[(u32, Vec<u8>)], to: &mut impl Pages) -> Result<(), ImageError> {
        for (number, bytes) in pages {
            to.page(*number, bytes).map_err(ImageError::Pages)?;
            let place = *number as usize - 1;
            if self.given.len() <= place {
                self.given.resize(place + 1, [0; 16]);
            }
            self.given[place] = digest(bytes);
        }
        Ok(())
    }
}

fn belongs_to(db: &Connection) -> rusqlite::Result<([u8; 16], u64)> {
    let keys = db.query_row("SELECT keys FROM store", [], |row| row.get(0));
    Ok((
        keys.optional()?.unwrap_or_default(),
        schema::generation(db)?,
    ))
}

fn page_count(db: &Connection) -> rusqlite::Result<u32> {
    // Not the pragma, which takes no snapshot by itself.
    db.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
    db.query_row("PRAGMA page_count", [], |row| row.get(0))
}

fn page(db: &Connection, number: u32) -> rusqlite::Result<Vec<u8>> {
    let mut select = db.prepare_cached("SELECT data FROM sqlite_dbpage WHERE pgno = ?1")?;
    select.query_row([number], |row| row.get(0))
}

fn digest(bytes: &[u8]) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    let mut short = [0; 16];
    short.copy_from_slice(&digest[..16]);
    short
}
