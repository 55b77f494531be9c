//! What is inside of a backup, before it is encrypted: a head, then pages of the database, each behind
//! its number, some more than once; the last of each counts. Then 0, and how many pages there are.
//! Numbers are of 4 bytes, big end first.

use crate::store::Pages;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;

const MAGIC: &[u8; 16] = b"stereo backup 1\n";

/// A backup being written.
pub(super) struct Out<W>(W);

impl<W: Write> Out<W> {
    pub(super) fn begin(mut to: W, page_size: u32) -> io::Result<Self> {
        to.write_all(MAGIC)?;
        to.write_all(&page_size.to_be_bytes())?;
        Ok(Self(to))
    }

    pub(super) fn end(mut self, pages: u32) -> io::Result<W> {
        self.0.write_all(&0u32.to_be_bytes())?;
        self.0.write_all(&pages.to_be_bytes())?;
        Ok(self.0)
    }
}

impl<W: Write> Pages for Out<W> {
    fn page(&mut self, number: u32, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(&number.to_be_bytes())?;
        self.0.write_all(bytes)
    }
}

/// Writes the database that a backup holds into a new file.
///
/// # Errors
/// When the backup ends too early or is none, or the file cannot be written.
pub(super) fn read_into(from: &mut impl Read, file: &File) -> io::Result<()> {
    let wrong = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why);
    let mut head = [0; 16];
    let begun = from.read_exact(&mut head);
    if head != *MAGIC {
        // What does not open says so; what opens and is something else is none of ours.
        begun.or_else(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Ok(()),
            _ => Err(error),
        })?;
        return Err(wrong("it holds no database of this program"));
    }
    let size = number(from)?;
    if !size.is_power_of_two() || !(512..=65_536).contains(&size) {
        return Err(wrong("it holds no database of this program"));
    }
    let mut page = vec![0; size as usize];
    loop {
        match number(from)? {
            0 => break,
            place => {
                from.read_exact(&mut page)?;
                file.write_all_at(&page, u64::from(place - 1) * u64::from(size))?;
            }
        }
    }
    let pages = number(from)?;
    if from.read(&mut [0])? != 0 {
        return Err(wrong("there is more behind its end"));
    }
    // Pages that were let go of while it was written.
    file.set_len(u64::from(pages) * u64::from(size))
}

fn number(from: &mut impl Read) -> io::Result<u32> {
    let mut bytes = [0; 4];
    from.read_exact(&mut bytes)?;
    Ok(u32::from_be_bytes(bytes))
}
