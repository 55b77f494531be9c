//! Looking for what stands for a person in the raw bytes of every file. SQLite's own word is not
//! enough: with `secure_delete` on, copies of rows that were moved from page to page can remain.

use super::super::erasure::SearchedPlace;
use super::super::folder::DATABASE;
use aho_corasick::{AhoCorasick, MatchKind};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Bytes read at once.
const CHUNK: usize = 1 << 20;
/// Bytes of a long field of which some are looked for: less than lies on one page.
const PART: usize = 2_000;
/// Shorter ones would be found where nobody put them.
const LEAST: usize = 8;

/// What is looked for.
#[derive(Debug, Default)]
pub(super) struct Needles(Vec<Vec<u8>>);

impl Needles {
    /// A value that is known as a whole.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        if bytes.len() >= LEAST {
            self.0.push(bytes.to_vec());
        }
    }

    /// Both ends of a sealed field: of a row that was moved a part may remain.
    pub(super) fn add_ends(&mut self, bytes: &[u8]) {
        self.add(&bytes[..bytes.len().min(16)]);
        self.add(&bytes[bytes.len().saturating_sub(16)..]);
        // A long one lies on several pages, each with a part of it.
        for part in bytes.chunks(PART).skip(1) {
            self.add(&part[..part.len().min(16)]);
        }
    }

    /// The number of a row: as a column, and as the row's own name.
    pub(super) fn add_row(&mut self, row: i64) {
        self.add(&row.to_be_bytes());
        self.add(&varint(row as u64));
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A number as SQLite writes the name of a row (file format, 1.6): seven bits a byte, the ninth
/// whole.
fn varint(number: u64) -> [u8; 9] {
    let mut bytes = [0; 9];
    bytes[8] = number as u8;
    for (place, byte) in bytes[..8].iter_mut().enumerate() {
        *byte = 0x80 | (number >> (8 + 7 * (7 - place))) as u8 & 0x7f;
    }
    bytes
}

/// Files that SQLite has locked for the process: closing any other handle of them would give its
/// locks up (POSIX), so these are opened before it opens them, and closed after it has closed them.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) database: File,
    /// Made by SQLite; there from the first connection on.
    pub(super) shared_memory: Option<File>,
}

/// Files that are not in the folder, by what they are called in a receipt.
pub(super) type Elsewhere<'a> = [(&'static str, Option<&'a Path>)];

/// Searches every file of the folder, and those elsewhere.
pub(super) fn search(
    folder: &Path,
    held: &Held,
    elsewhere: &Elsewhere<'_>,
    needles: &[&Needles],
) -> std::io::Result<Vec<SearchedPlace>> {
    let finder = Finder::new(needles)?;
    let mut places = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let searched = match name.strip_prefix(DATABASE) {
            Some("") => search_file(&name, &held.database, &finder)?,
            Some("-shm") => match &held.shared_memory {
                Some(file) => search_file(&name, file, &finder)?,
                None => continue,
            },
            _ => match open(&path)? {
                Some(file) => search_file(&name, &file, &finder)?,
                None => continue,
            },
        };
        places.push(searched);
    }
    for (name, path) in elsewhere {
        if let Some(file) = path.map(open).transpose()?.flatten() {
            places.push(search_file(name, &file, &finder)?);
        }
    }
    places.sort_by(|one, other| one.place.cmp(&other.place));
    Ok(places)
}

/// `None` when it is not there any more, or no file.
fn open(path: &Path) -> std::io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) if file.metadata()?.is_file() => Ok(Some(file)),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Looks for all needles at once.
struct Finder {
    /// Whether there is any: this is what is asked of almost every piece, and answered at the speed
    /// of memory.
    any: AhoCorasick,
    /// Which they are.
    each: AhoCorasick,
}

impl Finder {
    fn new(needles: &[&Needles]) -> std::io::Result<Self> {
        let build = |kind| {
            let all = needles.iter().flat_map(|needles| &needles.0);
            let built = AhoCorasick::builder().match_kind(kind).build(all);
            built.map_err(std::io::Error::other)
        };
        Ok(Self {
            any: build(MatchKind::LeftmostFirst)?,
            each: build(MatchKind::Standard)?,
        })
    }
}

fn search_file(name: &str, file: &File, finder: &Finder) -> std::io::Result<SearchedPlace> {
    let each = &finder.each;
    let overlap = each.max_pattern_len().saturating_sub(1);
    let mut buffer = vec![0; CHUNK + overlap];
    let mut found = vec![false; each.patterns_len()];
    let (mut at, mut kept) = (0, 0);
    loop {
        let read = file.read_at(&mut buffer[kept..], at)?;
        if read == 0 {
            break;
        }
        at += read as u64;
        let filled = kept + read;
        if finder.any.is_match(&buffer[..filled]) {
            for hit in each.find_overlapping_iter(&buffer[..filled]) {
                found[hit.pattern().as_usize()] = true;
            }
        }
        // What straddles two chunks is found in the second.
        kept = overlap.min(filled);
        buffer.copy_within(filled - kept..filled, 0);
    }
    Ok(SearchedPlace {
        place: name.into(),
        bytes: at,
        entries: None,
        found: found.into_iter().filter(|found| *found).count() as u32,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_needle_is_found_wherever_it_stands_and_counted_once() {
        let root = tempfile::tempdir().unwrap();
        let mut needles = Needles::default();
        needles.add(b"needle one");
        needles.add(b"needle two");
        needles.add(b"short");
        assert_eq!(needles.len(), 2);
        let finder = Finder::new(&[&needles]).unwrap();
        for at in [0, 100, CHUNK - 5, CHUNK, 3 * CHUNK - 1] {
            let mut bytes = vec![b'n'; 3 * CHUNK + 20];
            bytes[at..at + 10].copy_from_slice(b"needle one");
            bytes.extend_from_slice(b"needle one");
            let path = root.path().join("file");
            std::fs::write(&path, &bytes).unwrap();
            let searched = search_file("file", &File::open(&path).unwrap(), &finder).unwrap();
            assert_eq!(
                (searched.bytes, searched.found),
                (bytes.len() as u64, 1),
                "{at}"
            );
        }
    }

    #[test]
    fn rows_are_written_as_sqlite_writes_them() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("file");
        let db = rusqlite::Connection::open(&path).unwrap();
        db.execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY, other INTEGER)")
            .unwrap();
        let (one, two) = (0x2123_4567_89ab_cdef_i64, 0x3edc_ba98_7654_3210_i64);
        db.execute("INSERT INTO t VALUES (?1, ?2)", [one, two])
            .unwrap();
        drop(db);
        for (row, ways) in [(one, 1), (two, 1), (one + 1, 0)] {
            let mut needles = Needles::default();
            needles.add_row(row);
            let finder = Finder::new(&[&needles]).unwrap();
            let searched = search_file("file", &File::open(&path).unwrap(), &finder).unwrap();
            assert_eq!(searched.found, ways, "{row:x}");
        }
    }
}
