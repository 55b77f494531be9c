//! What a file of audio says of itself: how long it is, what it is called, by whom.

use lofty::config::{GlobalOptions, ParseOptions, apply_global_options};
use lofty::file::{AudioFile, TaggedFileExt};
use lofty::probe::Probe;
use lofty::tag::Accessor;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Shortest and longest piece, in milliseconds: a hundredth of a second, and a day.
const BOUNDS_MS: std::ops::RangeInclusive<u64> = 10..=86_400_000;
/// Longest title or artist, in characters.
const LONGEST: usize = 200;
/// Artists of one piece.
const MOST_ARTISTS: usize = 8;
/// Bytes that reading one thing of a file may take at once.
const MOST_BYTES: usize = 4 << 20;
/// Small reads are gathered: formats are read a few bytes at a time.
const GATHERED: usize = 4 << 10;
/// Bytes that are read in all, the same ones again included, and what each step counts at least: what
/// is malformed sends readers round and round.
const MOST_READ: usize = 64 << 20;
const STEP: usize = 256;

/// What is told of a piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Milliseconds.
    pub duration_ms: u64,
    /// Its title, if it has one.
    pub title: Option<String>,
    /// Who made it.
    pub artists: Vec<String>,
}

impl Measured {
    /// As it may be shown; `None` when it cannot be that long.
    pub(super) fn tidied(self) -> Option<Self> {
        let tidied = |text: &String| crate::text::tidied(text, LONGEST);
        BOUNDS_MS.contains(&self.duration_ms).then(|| Self {
            duration_ms: self.duration_ms,
            title: self.title.as_ref().and_then(tidied),
            artists: (self.artists.iter())
                .filter_map(tidied)
                .take(MOST_ARTISTS)
                .collect(),
        })
    }
}

/// Reads what a file says of itself; `None` when it is no audio, or does not say how long it is.
///
/// What reads formats gives up by a panic now and then (the length of an Opus file, multiplied, where
/// sums are checked): such a file is no audio neither.
pub fn measure(file: impl Read + Seek) -> Option<Measured> {
    catch_unwind(AssertUnwindSafe(|| read(file))).ok().flatten()
}

fn read(file: impl Read + Seek) -> Option<Measured> {
    apply_global_options(GlobalOptions::new().allocation_limit(MOST_BYTES));
    let options = ParseOptions::new().read_cover_art(false);
    let left = MOST_READ;
    let file = BufReader::with_capacity(GATHERED, Bounded { file, left });
    let probe = Probe::new(file).options(options).guess_file_type().ok()?;
    let file = probe.read().ok()?;
    let duration = file.properties().duration().as_millis();
    let tag = file.primary_tag().or_else(|| file.first_tag());
    let told = Measured {
        duration_ms: u64::try_from(duration).ok()?,
        title: tag.and_then(|tag| tag.title().map(String::from)),
        artists: tag
            .and_then(|tag| tag.artist().map(String::from))
            .into_iter()
            .collect(),
    };
    told.tidied()
}

/// A file that can be read for so long.
struct Bounded<R> {
    file: R,
    left: usize,
}

impl<R> Bounded<R> {
    fn spend(&mut self, bytes: usize) -> io::Result<()> {
        let left = self.left.checked_sub(bytes.max(STEP));
        self.left = left.ok_or_else(|| io::Error::other("it is read again and again"))?;
        Ok(())
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(into)?;
        self.spend(read)?;
        Ok(read)
    }
}

impl<R: Seek> Seek for Bounded<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.spend(0)?;
        self.file.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_again_and_again_ends() {
        let bounded = || Bounded {
            file: io::Cursor::new(vec![0; 1 << 20]),
            left: MOST_READ,
        };
        let mut buffer = vec![0; 1 << 20];
        let mut rounds = bounded();
        let ends = (0..1_000).find(|_| {
            rounds
                .rewind()
                .and_then(|()| rounds.read_exact(&mut buffer))
                .is_err()
        });
        assert_eq!(ends, Some(63), "each round has its step back, too");
        // At the end nothing is read, as often as one likes.
        let mut at_the_end = bounded();
        at_the_end.seek(SeekFrom::End(0)).unwrap();
        let ends = (0..usize::MAX).find(|_| at_the_end.read(&mut buffer).is_err());
        assert_eq!(ends, Some(MOST_READ / STEP - 1));
    }
}
