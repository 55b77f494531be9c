//! The key store's file: a head, then places of 128 bytes. Thin I/O; what stands in a place is
//! decided elsewhere.
//!
//! The head: 16 bytes that say what it is, 16 of its random name, 32 that only the right server key
//! makes, 8 of its generation (how often keys or lookups were added; big end first), zeros.

use super::error::KeyStoreError;
use super::record::{SIZE, State};
use super::server_key::ServerKey;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

const MAGIC: &[u8; 16] = b"stereo keys v1\n\0";

/// Where the generation stands in the head.
const GENERATION: std::ops::Range<usize> = 64..72;

/// What a key store, or a copy of one, says of itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Its random name: data that belong to it hold the same.
    pub name: [u8; 16],
    /// How often keys or lookups were added to it. A copy with the generation that data were written
    /// under holds every key that they need, but for those that were destroyed.
    pub generation: u64,
}

impl std::fmt::Debug for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Head").finish_non_exhaustive()
    }
}

impl Head {
    /// Reads what the file at `path` says.
    ///
    /// # Errors
    /// It cannot be read, or is no key store.
    pub fn read(path: &Path) -> Result<Self, KeyStoreError> {
        let failed = |error| KeyStoreError::io(path, "read", error);
        let mut head = Vec::with_capacity(SIZE);
        let file = File::open(path).map_err(failed)?;
        std::io::Read::read_to_end(&mut std::io::Read::take(file, SIZE as u64), &mut head)
            .map_err(failed)?;
        let head = head.first_chunk().and_then(Self::decode);
        head.ok_or_else(|| KeyStoreError::NotAKeyStore { keys: path.into() })
    }

    fn decode(head: &[u8; SIZE]) -> Option<Self> {
        let name = head[16..32].try_into().ok()?;
        let generation = u64::from_be_bytes(head[GENERATION].try_into().ok()?);
        (head[..16] == MAGIC[..]).then_some(Self { name, generation })
    }
}

/// What stands in each place.
pub(super) type Places = Vec<(u32, [u8; SIZE])>;

/// An open key file. Only this server has it open: the data folder is locked.
#[derive(Debug)]
pub(super) struct KeyFile {
    path: PathBuf,
    file: File,
    name: [u8; 16],
    generation: AtomicU64,
}

impl KeyFile {
    /// A new, empty file, on the disk when this returns.
    pub(super) fn create(path: &Path, server: &ServerKey) -> Result<Self, KeyStoreError> {
        let failed = |error| KeyStoreError::io(path, "made", error);
        let name = crate::secret::random();
        let mut head = [0; SIZE];
        head[..16].copy_from_slice(MAGIC);
        head[16..32].copy_from_slice(&name);
        head[32..64].copy_from_slice(&server.check(&name));
        super::copy::replace(path, &head).map_err(failed)?;
        let file = open(path).map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            name,
            generation: AtomicU64::new(0),
        })
    }

    /// Opens a file and reads every place of it.
    pub(super) fn open(
        path: &Path,
        server: &ServerKey,
        server_key: &Path,
    ) -> Result<(Self, Places), KeyStoreError> {
        let failed = |error| KeyStoreError::io(path, "read", error);
        let bytes = std::fs::read(path).map_err(failed)?;
        let (places, rest) = bytes.as_chunks::<SIZE>();
        let head = places
            .first()
            .and_then(|head| Some((head, Head::decode(head)?)));
        let Some((head, Head { name, generation })) = head else {
            return Err(KeyStoreError::NotAKeyStore { keys: path.into() });
        };
        if head[32..64] != server.check(&name) {
            return Err(KeyStoreError::WrongServerKey {
                server_key: server_key.into(),
                keys: path.into(),
            });
        }
        let file = open(path).map_err(failed)?;
        if !rest.is_empty() {
            // An addition that a crash cut short: it was never confirmed to anybody.
            let whole = (places.len() * SIZE) as u64;
            file.set_len(whole).map_err(failed)?;
        }
        let places = places[1..].iter().zip(0..).map(|(bytes, at)| (at, *bytes));
        let places = places.collect();
        let opened = Self {
            path: path.to_owned(),
            file,
            name,
            generation: AtomicU64::new(generation),
        };
        Ok((opened, places))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn name(&self) -> [u8; 16] {
        self.name
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Written in one piece, within a sector.
    pub(super) fn set_generation(&self, generation: u64) -> Result<(), KeyStoreError> {
        let bytes = generation.to_be_bytes();
        let written = self.file.write_all_at(&bytes, GENERATION.start as u64);
        written.map_err(|error| self.failed("written", error))?;
        self.generation.store(generation, Ordering::Release);
        Ok(())
    }

    pub(super) fn read(&self, place: u32) -> Result<[u8; SIZE], KeyStoreError> {
        let mut bytes = [0; SIZE];
        let read = self.file.read_exact_at(&mut bytes, offset(place));
        read.map_err(|error| self.failed("read", error))?;
        Ok(bytes)
    }

    pub(super) fn read_all(&self) -> Result<Vec<u8>, KeyStoreError> {
        std::fs::read(&self.path).map_err(|error| self.failed("read", error))
    }

    pub(super) fn write(&self, place: u32, bytes: &[u8; SIZE]) -> Result<(), KeyStoreError> {
        let written = self.file.write_all_at(bytes, offset(place));
        written.map_err(|error| self.failed("written", error))
    }

    pub(super) fn set_state(&self, place: u32, state: State) -> Result<(), KeyStoreError> {
        let written = self.file.write_all_at(&[state as u8], offset(place));
        written.map_err(|error| self.failed("written", error))
    }

    pub(super) fn zero(&self, place: u32) -> Result<(), KeyStoreError> {
        self.write(place, &[0; SIZE])
    }

    pub(super) fn sync(&self) -> Result<(), KeyStoreError> {
        let synced = self.file.sync_data();
        synced.map_err(|error| self.failed("written", error))
    }

    fn failed(&self, what: &'static str, error: std::io::Error) -> KeyStoreError {
        KeyStoreError::io(&self.path, what, error)
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600).open(path)
}

/// The head takes the room of one place.
fn offset(place: u32) -> u64 {
    (u64::from(place) + 1) * SIZE as u64
}
